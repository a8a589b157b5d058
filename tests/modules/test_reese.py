"""The reese: it beats at the same speed on every note, and its lowest octave stands still."""

import numpy as np
import pytest

from chronus.modules.reese import render
from tests.kit.listening import decibels
from tests.kit.rig import Rig

RATE = 44100


def play(frames, **params):
    return Rig(render).render(frames, params, {"gate": 1.0, "velocity": 0.8}, moving=False)["out"][:, 0].astype(float)


@pytest.mark.parametrize("freq", [55, 110, 220])
def test_its_saws_are_as_many_hz_apart_on_every_note(freq):
    y = play(21 * RATE, freq=freq, detune=50, sub=0, sweep=0, drive=0)[RATE:]
    size = 20 * RATE
    spectrum = np.abs(np.fft.rfft(y * np.hanning(size)))
    apart = 55 * (2 ** (50 / 1200) - 1)
    around = slice(int((freq - 4) * 20), int((freq + 4) * 20))
    peaks = np.argsort(spectrum[around])[::-1] / 20 + freq - 4
    # the outer two of the three lines, whatever their order
    for expected in (freq - apart, freq, freq + apart):
        assert np.abs(peaks[:12] - expected).min() < 0.06


def test_the_lowest_octave_stands_still():
    """Below 90 Hz hardly anything beats; above, it does."""

    def beating(freq, sub):
        y = play(8 * RATE, freq=freq, sub=sub, sweep=0, drive=0)[RATE:]
        n = np.arange(len(y))
        line = np.abs((y * np.exp(-2j * np.pi * freq * n / RATE)).reshape(-1, RATE // 5).mean(1))
        return decibels(line.max() / line.min())

    assert beating(41, 1.0) < 4 < 9 < beating(220, 0.0)


def test_the_filter_moves_up_and_down_at_its_rate():
    y = play(12 * RATE, rate=0.5, sweep=2, detune=0, sub=0, drive=0, freq=110)[2 * RATE :]
    bright = np.array([np.abs(np.diff(y[n : n + 4410])).mean() for n in range(0, len(y), 4410)])
    spectrum = np.abs(np.fft.rfft(bright - bright.mean()))
    assert int(spectrum.argmax()) == 5
