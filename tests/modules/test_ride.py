"""The ride's bell; what it shares with the crash is in test_crash.py."""

import numpy as np
import pytest

from chronus.modules.ride import render
from tests.kit.listening import RATE, centroid, struck


@pytest.mark.parametrize("model", ["808", "909"])
def test_the_bell_is_lower_and_clearer_than_the_bow(model):
    bow, bell = (struck(render, RATE, 0, hold=500, model=model, bell=bell) for bell in (0, 1))
    assert centroid(bell) < 0.9 * centroid(bow)

    def clearest(y):
        power = np.abs(np.fft.rfft(y[2205:] * np.hanning(RATE - 2205))) ** 2
        return np.convolve(power, np.ones(3), "same").max() / power.sum()

    assert clearest(bell) > 1.5 * clearest(bow)
