"""The triangle: in tune, without aliases, without clicks."""

import numpy as np
import pytest

from chronus.modules.triangle import render
from tests import listening
from tests.listening import decibels, lines, sync_aliases, tone

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
    assert elsewhere < most - 25, "it was 31 dB better than asked"
    k = np.arange(1, len(harmonics) + 1)
    heard = k * freq <= 16000
    odd = heard & (k % 2 == 1)
    assert np.abs(decibels(harmonics * k**2)[odd]).max() < 0.2
    assert decibels(harmonics[heard & ~odd]).max(initial=-200) < -110


def test_it_reaches_from_minus_one_to_one():
    y = tone(render, 88200, freq=50)
    assert y.max() == pytest.approx(1, abs=0.003) and y.min() == pytest.approx(-1, abs=0.003)


def test_hard_sync_is_clean():
    assert sync_aliases(render) < -77
