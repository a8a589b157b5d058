"""The rim: two short resonators, where the circuits have them."""

from functools import partial

import numpy as np
import pytest

from chronus.modules.rim import render
from tests.kit.listening import RATE, centroid, struck

play = partial(struck, render, hold=500)


@pytest.mark.parametrize(("model", "low", "high"), [("808", 455, 1667), ("909", 500, 1065)])
def test_its_two_resonators_lie_where_the_circuit_has_them(model, low, high, quality):
    y = play(RATE, 0, model=model, drive=0, decay=3000)[4000:]
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y))))
    hertz = np.fft.rfftfreq(len(y), 1 / RATE)
    middle = (low * high) ** 0.5
    found = hertz[np.argmax(spectrum * (hertz < middle))], hertz[np.argmax(spectrum * (hertz > middle))]
    off = max(abs(found[0] / low - 1), abs(found[1] / high - 1))
    quality("rim", "pitch of its resonators, off 455 and 1667 Hz (808), 500 and 1065 Hz (909)", 100 * off, "<=", 1, "%")


def test_tone_brightens_it():
    tones = [centroid(play(RATE, 0, tone=tone)) for tone in (0, 0.5, 1)]
    assert tones == sorted(tones) and tones[2] > 1.5 * tones[0]
