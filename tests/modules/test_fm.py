"""FM: the sidebands are Bessel's, index 0 is a sine, and high notes do not fold back."""

import math

import numpy as np
import pytest

from chronus.modules.fm import render
from tests.kit.listening import decibels, lines
from tests.kit.rig import Rig

RATE = 44100
PLAIN = {"attack": 0.5, "sustain": 1, "hold": 1, "feedback": 0}


def play(frames, **params):
    return Rig(render).render(frames, params, {"gate": 1.0, "velocity": 0.8}, moving=False)["out"][:, 0].astype(float)


def bessel(order, x):
    """J of whole order: the mean of cos(order t - x sin t)."""
    t = (np.arange(4096) + 0.5) * math.pi / 4096
    return float(np.cos(order * t - x * np.sin(t)).mean())


def test_index_0_is_a_sine(quality):
    harmonics, elsewhere = lines(play(1 << 17, freq=441, index=0, **PLAIN), 441)
    quality("fm", "distortion of a sine, index 0", max(elsewhere, decibels(harmonics[1:].max())), "<=", -110, "dB")


@pytest.mark.parametrize("index", [0.5, 2.0, 5.0])
def test_its_sidebands_are_those_of_the_theory(index, quality):
    """Carrier 2,000 Hz and modulator 500: each line stands alone but for those that come back through 0."""
    y = play(2 * RATE, freq=2000, ratio=0.25, index=index, **PLAIN)[RATE:]
    spectrum = np.abs(np.fft.rfft(y * np.hanning(RATE)))
    reach = range(-3, 8)
    expected = [abs(bessel(n, index) - bessel(-n - 8, index)) for n in reach]
    found = np.array([spectrum[2000 + 500 * n] for n in reach])
    found *= np.linalg.norm(expected) / np.linalg.norm(found)
    quality("fm", "sidebands off by", np.abs(found - expected).max() / max(expected) * 100, "<=", 0.5, "%")


@pytest.mark.parametrize("freq", [441, 1003, 3001])
@pytest.mark.parametrize("feedback", [0, 0.5])
def test_high_notes_do_not_fold_back(freq, feedback, quality):
    y = play(3 * RATE, freq=freq, ratio=2, index=16, **{**PLAIN, "feedback": feedback})[-(1 << 17) :]
    quality("fm", "what folds back at the highest index", lines(y, freq)[1], "<=", -45, "dB")


def sharp(y):
    """How steep a wave is, beside its height."""
    return np.abs(np.diff(y)).mean() / np.abs(y).mean()


def test_the_edge_dies_away_in_its_time():
    y = play(2 * RATE, freq=441, index=6, hold=0, fall=800, sustain=1, feedback=0)
    assert sharp(y[2000:10000]) > 2 * sharp(y[RATE:])
    assert sharp(y[RATE:]) < 1.02 * sharp(np.sin(np.arange(RATE) * 2 * np.pi * 441 / RATE))


def test_feedback_makes_it_brighter():
    def high(feedback):
        power = (
            np.abs(np.fft.rfft(play(RATE, freq=110, index=1.5, **{**PLAIN, "feedback": feedback}) * np.hanning(RATE)))
            ** 2
        )
        return power[1500:].sum() / power.sum()

    assert 10 * high(0) < high(0.5) < 0.7 * high(1)
