"""The saw: in tune, without aliases, without clicks."""

import numpy as np
import pytest

from chronus.modules.saw import render
from tests import listening
from tests.listening import RATE, decibels, lines, sync_aliases, tone

PURITY = [(440, -90), (1004, -90), (2093, -88), (5001, -84)]
"""Hz, and what the worst line that is no harmonic must stay below, in dB relative to the fundamental."""


def test_its_pitch_is_within_a_thousandth_of_a_cent():
    listening.assert_in_tune(render)


def test_a_minute_loses_no_phase():
    listening.assert_exact_after_a_minute(render)


def test_detune_is_in_cents_and_fm_in_octaves():
    listening.assert_detune_and_fm_shift_the_pitch(render)


def test_notes_begin_change_and_end_in_straight_ramps_of_3_ms():
    listening.assert_notes_ramp(render)


def test_retrigger_starts_the_wave_anew():
    listening.assert_retrigger_starts_anew(render)


@pytest.mark.parametrize("freq, most", PURITY)
def test_no_line_but_its_harmonics(freq, most):
    harmonics, elsewhere = lines(tone(render, 1 << 17, freq=freq), freq)
    assert elsewhere < most - 8, "it was 11 dB better than asked"
    k = np.arange(1, len(harmonics) + 1)
    heard = k * freq <= 16000
    assert np.abs(decibels(harmonics * k)[heard]).max() < 0.2


@pytest.mark.parametrize("freq", [27.5, 110, 8000])
def test_it_is_clean_low_and_high(freq):
    assert lines(tone(render, 1 << 18, freq=freq), freq)[1] < -90


def test_it_has_no_mean():
    assert abs(tone(render, 442000, freq=100, skip=1000).mean()) < 1e-6


def test_a_fundamental_of_two_over_pi():
    y = tone(render, 44100 + 2000, freq=441)
    assert abs(np.exp(-2j * np.pi * 441 * np.arange(RATE) / RATE) @ y) / RATE * 2 == pytest.approx(2 / np.pi, rel=1e-4)


def test_hard_sync_is_clean():
    assert sync_aliases(render) < -80


def test_sync_follows_the_leader():
    """Slave and leader at one pitch, in any phase, settle on the leader's."""
    frames = 8820
    sync = np.sin(2 * np.pi * 300 * np.arange(frames) / RATE)
    y = tone(render, frames, freq=450, inputs={"sync": sync})
    assert np.abs(y[147 * 8 : 147 * 16] - y[: 147 * 8]).max() < 1e-4
