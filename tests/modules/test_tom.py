"""The tom: how its pitch falls, and that it is tuned."""

from functools import partial

import numpy as np
import pytest

from chronus.dsp.drum.tom import FIGURES
from chronus.modules.tom import SPEC, render
from tests.kit.listening import RATE, centroid, struck
from tests.modules.test_kick import crossings

WORDS = SPEC.param("model").words
play = partial(struck, render)


@pytest.mark.parametrize("model", WORDS)
def test_it_falls_to_freq_as_the_model_has_it(model, quality):
    m = FIGURES[WORDS.index(model)]
    y = play(RATE, 0, decay=3000, drive=0, freq=100, model=model)
    smooth = np.convolve(y, np.hanning(64) / 32, "same")
    t, hertz = crossings(smooth)
    want = 100 * (1 + m[0] * np.exp(-t / (m[2] / 1000)))
    heard = (t > 0.03) & (t < 0.7)
    quality(
        "tom", "fall of its pitch, off the curve", 100 * np.median(np.abs(hertz[heard] / want[heard] - 1)), "<=", 2, "%"
    )
    spectrum = np.abs(np.fft.rfft(y[RATE // 2 :] * np.hanning(RATE - RATE // 2), 1 << 18))
    found = np.argmax(spectrum) * RATE / (1 << 18)
    quality("tom", "pitch it settles at, off freq", 100 * abs(found / 100 - 1), "<=", 0.5, "%")


def test_an_accent_and_sweep_lift_its_beginning():
    def start(**params):
        return crossings(play(RATE, 0, drive=0, tone=0, decay=2000, **params))[1][0]

    assert start(sweep=0) < start() < start(accent=1) < start(accent=1, sweep=1)


def test_tone_brightens_it():
    tones = [centroid(play(RATE, 0, tone=tone)) for tone in (0, 0.5, 1)]
    assert tones == sorted(tones)
