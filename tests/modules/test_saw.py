"""The saw: without aliases. What is asked of every oscillator is in laws/test_oscillators.py."""

import numpy as np
import pytest

from chronus.modules.saw import render
from tests.kit.listening import PEERS, PURITY, RATE, audible, decibels, lines, sync_aliases, tone


@pytest.mark.parametrize("freq, most", PURITY)
def test_no_line_but_its_harmonics(freq, most, quality):
    k, harmonics, elsewhere = audible(render, freq)
    quality("saw", f"worst line that is no harmonic, at {freq} Hz", elsewhere, "<=", most, "dB", peer=PEERS[freq])
    assert elsewhere < most - 8, "it was 11 dB better than asked"
    quality("saw", "harmonics up to 16 kHz off 1/k by", np.abs(decibels(harmonics * k)).max(), "<=", 0.5, "dB")


@pytest.mark.parametrize("freq", [27.5, 110, 8000])
def test_it_is_clean_low_and_high(freq):
    assert lines(tone(render, 1 << 18, freq=freq), freq)[1] < -90


def test_it_has_no_mean():
    assert abs(tone(render, 442000, freq=100, skip=1000).mean()) < 1e-6


def test_a_fundamental_of_two_over_pi():
    y = tone(render, 44100 + 2000, freq=441)
    assert abs(np.exp(-2j * np.pi * 441 * np.arange(RATE) / RATE) @ y) / RATE * 2 == pytest.approx(2 / np.pi, rel=1e-4)


def test_hard_sync_is_clean(quality):
    quality("saw", "worst alias of hard sync, 1,913 Hz led by 701 Hz", sync_aliases(render), "<=", -80, "dB")


def test_sync_follows_the_leader():
    """Follower and leader at one pitch, in any phase, settle on the leader's."""
    frames = 8820
    sync = np.sin(2 * np.pi * 300 * np.arange(frames) / RATE)
    y = tone(render, frames, freq=450, inputs={"sync": sync})
    assert np.abs(y[147 * 8 : 147 * 16] - y[: 147 * 8]).max() < 1e-4
