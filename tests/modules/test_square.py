"""The square: without aliases. What is asked of every oscillator is in laws/test_oscillators.py."""

import numpy as np
import pytest

from chronus.modules.square import render
from tests.kit.listening import PURITY, RATE, audible, decibels, lines, sync_aliases, tone


@pytest.mark.parametrize("freq, most", PURITY)
def test_no_line_but_its_harmonics(freq, most, quality):
    k, harmonics, elsewhere = audible(render, freq)
    quality("square", f"worst line that is no harmonic, at {freq} Hz", elsewhere, "<=", most, "dB")
    assert elsewhere < most - 8, "it was 11 dB better than asked"
    odd = k % 2 == 1
    quality(
        "square", "odd harmonics up to 16 kHz off 1/k by", np.abs(decibels(harmonics * k)[odd]).max(), "<=", 0.5, "dB"
    )
    assert decibels(harmonics[~odd]).max(initial=-200) < -90


@pytest.mark.parametrize("width", [0.05, 0.2, 0.37, 0.95])
def test_other_widths_have_the_series_of_a_pulse(width):
    width = float(np.float32(width))
    y = tone(render, 1 << 17, freq=441.5, width=width)
    harmonics, elsewhere = lines(y, 441.5)
    k = np.arange(1, int(16000 / 441.5) + 1)
    wanted = np.abs(np.sin(np.pi * k * width)) / k / np.sin(np.pi * width)
    assert np.abs(harmonics[: len(k)] - wanted)[:20].max() < 1e-3
    assert np.abs(decibels(harmonics[: len(k)] / wanted))[wanted > 0.003].max() < 0.2
    assert elsewhere < -88
    assert abs(y[:88200].mean()) < 1e-3


def test_a_moving_width_moves_only_the_edges(quality):
    """Swept at 100 Hz it has lines at multiples of 100 Hz and nothing else to speak of."""
    frames = 1 << 17
    width = 0.5 + 0.4 * np.sin(2 * np.pi * 100 * np.arange(frames) / RATE)
    alias = lines(tone(render, frames, freq=1000, width=width), 100)[1]
    quality("square", "worst alias of a width swept at 100 Hz", alias, "<=", -75, "dB")


def test_a_width_that_leaps_leaves_the_next_periods_whole():
    frames = 8000
    width = np.where(np.arange(frames) < 4000, 0.9, 0.1)
    y = tone(render, frames, skip=0, freq=100, width=width)
    steady = tone(render, frames, skip=0, freq=100, width=0.1)
    assert np.abs(y - steady)[4000 + 441 + 40 :].max() < 1e-5


def test_hard_sync_is_clean():
    assert sync_aliases(render) < -78
    assert sync_aliases(render, width=0.2) < -74
