"""The lead: a vibrato that waits, a drive that keeps the level."""

import numpy as np

from chronus.modules.lead import render
from tests.kit.listening import centroid, decibels
from tests.kit.rig import Rig

RATE = 44100


def play(frames, **params):
    return Rig(render).render(frames, params, {"gate": 1.0, "velocity": 0.8}, moving=False)["out"][:, 0].astype(float)


def wandering(y, hertz):
    """Cents between the lowest and the highest of the pitches of a line, by its phase from 20 ms to the next."""
    n = np.arange(len(y))
    slow = (y * np.exp(-2j * np.pi * hertz * n / RATE))[: len(y) // 882 * 882].reshape(-1, 882).mean(1)
    turns = np.unwrap(np.angle(slow))
    freq = hertz + np.diff(turns) / (2 * np.pi) * RATE / 882
    return 1200 * np.log2(freq.max() / freq.min())


def test_the_vibrato_comes_in_late():
    y = play(2 * RATE, freq=400, detune=0, sub=0, vibrato=50, drive=0, env=0, cutoff=500)
    assert wandering(y[2205 : RATE // 4], 400) < 5
    assert 70 < wandering(y[RATE:], 400) < 105


def test_the_drive_makes_it_brighter_at_the_same_level():
    clean, dirty = (play(RATE, freq=220, drive=drive, cutoff=600, env=1)[RATE // 2 :] for drive in (0, 1))
    assert centroid(dirty) > 1.3 * centroid(clean)
    assert abs(decibels(dirty.std() / clean.std())) < 3
