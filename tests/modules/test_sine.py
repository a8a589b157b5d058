"""The sine: without aliases. What is asked of every oscillator is in laws/test_oscillators.py."""

import numpy as np
import pytest

from chronus.modules.sine import render
from tests.kit.listening import RATE, decibels, lines, sync_aliases, tone


@pytest.mark.parametrize("freq", [55, 440, 1004, 5001])
def test_its_distortion_is_below_150_decibels(freq, quality):
    harmonics, elsewhere = lines(tone(render, 1 << 17, freq=freq), freq)
    assert decibels(harmonics[1:]).max() < -165
    distortion = decibels(np.sqrt((harmonics[1:] ** 2).sum()))
    quality("sine", "distortion, 55 Hz to 5 kHz", distortion, "<=", -150, "dB", peer="Csound -159 to -183")
    assert elsewhere < -165


def test_it_reaches_one():
    y = tone(render, RATE, freq=441)
    assert np.abs(y).max() == pytest.approx(1, abs=1e-6)


def test_retrigger_begins_at_zero_and_rises():
    gate = np.zeros(6000)
    gate[3000:] = 1
    y = tone(render, 6000, skip=0, freq=441, retrigger="on", inputs={"gate": gate})
    t = np.arange(1000)
    assert np.abs(y[3203:4203] - np.sin(2 * np.pi * 441 * (t + 200) / RATE)).max() < 1e-5


def test_hard_sync_is_clean():
    assert sync_aliases(render) < -68
