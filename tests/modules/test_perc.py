"""Percussion: each model is tuned, and they do not sound alike."""

from functools import partial

import numpy as np
import pytest

from chronus.modules.perc import SPEC, render
from tests.kit.listening import RATE, centroid, struck

WORDS = SPEC.param("model").words
play = partial(struck, render)


@pytest.mark.parametrize("model", WORDS)
def test_freq_is_its_lowest_mode(model, quality):
    y = play(RATE, 0, decay=4000, drive=0, tone=0.3, freq=250, model=model)[RATE // 2 :]
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y)), 1 << 18))
    found = np.argmax(spectrum) * RATE / (1 << 18)
    quality("perc", "pitch it settles at, off freq", 100 * abs(found / 250 - 1), "<=", 0.5, "%")


def test_metal_has_partials_that_are_no_harmonics():
    y = play(RATE, 0, decay=4000, drive=0, tone=0.8, freq=250, model="metal")[400:9000]
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y)), 1 << 17))
    hertz = np.arange(spectrum.size) * RATE / (1 << 17)

    def line(f):
        return spectrum[np.abs(hertz - f) < 12].max() / spectrum.max()

    assert line(250 * 2.414) > 0.1 and line(250 * 0.414) > 0.1  # sums and differences with the modulator
    assert line(250 * 2) < 0.05


def test_a_zap_falls_four_octaves():
    y = play(RATE, 0, freq=100, drive=0, tone=0, model="zap", decay=1000)
    up = np.flatnonzero((y[:-1] < 0) & (y[1:] >= 0))
    hertz = RATE / np.diff(up)
    assert hertz[0] > 1100 and np.median(hertz[-5:]) == pytest.approx(100, rel=0.03)


def test_its_models_are_of_different_brightness():
    heard = [centroid(play(RATE, 0, model=model)) for model in WORDS]
    assert min(abs(np.log2(a / b)) for k, a in enumerate(heard) for b in heard[:k]) > 0.1


def test_tone_brightens_it():
    for model in WORDS:
        tones = [centroid(play(RATE, 0, tone=tone, model=model)) for tone in (0, 1)]
        assert tones[1] > 1.05 * tones[0], model
