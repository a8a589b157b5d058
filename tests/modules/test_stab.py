"""The stab: short however long its step is, with an octave on top."""

import numpy as np

from chronus.modules.stab import render
from tests.kit.listening import centroid, decibels, time_to
from tests.kit.rig import Rig

RATE = 44100


def play(frames, **params):
    return Rig(render).render(frames, params, {"gate": 1.0, "velocity": 0.8}, moving=False)["out"][:, 0].astype(float)


def test_it_is_over_soon_while_its_gate_is_held():
    y = play(2 * RATE)
    assert 100 < time_to(y, 40) < 450 and np.abs(y[RATE:]).max() < 1e-4


def test_the_filter_snaps_shut():
    y = play(RATE)
    assert centroid(y[441:2205]) > 1.5 * centroid(y[8820:13230])


def test_the_octave_is_a_saw_of_its_own():
    spectra = [
        np.abs(np.fft.rfft(play(RATE, freq=200, octave=octave, detune=0, sustain=1, drive=0))) for octave in (0, 1)
    ]
    assert abs(decibels(spectra[1][200] / spectra[0][200])) < 0.5 and decibels(spectra[1][400] / spectra[0][400]) > 1
