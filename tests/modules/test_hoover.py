"""The hoover: three octaves deep, falling onto its note, and its width never still."""

import numpy as np
import pytest

from chronus.dsp.synth import notes
from chronus.modules.hoover import render
from tests.kit.listening import cents_off, decibels
from tests.kit.rig import Rig

RATE = 44100


def play(frames, rig=None, **params):
    return (
        (rig or Rig(render))
        .render(frames, params, {"gate": 1.0, "velocity": 0.8}, moving=False)["out"][:, 0]
        .astype(float)
    )


def test_it_plays_three_octaves():
    y = play(2 * RATE, freq=400, interval=0, vibrato=0)[RATE:]
    spectrum = np.abs(np.fft.rfft(y * np.hanning(RATE)))
    assert (decibels(spectrum[[100, 200, 400]] / spectrum.max()) > -30).all()


def test_it_falls_from_the_interval_to_the_note():
    rig = Rig(render)
    params = {"freq": 800.0, "interval": 12, "fall": 400, "vibrato": 0, "width": 0, "chorus": 0}
    play(4, rig, **params)
    assert rig.state[notes.BEND, 0] == pytest.approx(1, abs=0.01)
    play(round(0.4 * RATE), rig, **params)
    assert rig.state[notes.BEND, 0] == pytest.approx(0.05, abs=0.001)
    play(2 * RATE, rig, **params)
    for octave in (200, 400, 800):
        assert abs(cents_off(play(2 * RATE, rig, **params), octave)) < 0.01


def test_a_stolen_note_falls_from_where_the_other_was():
    """Neither jumps: the pitch is led from the one that sounded to the interval above the new one."""
    rig = Rig(render)
    params = {"interval": 12, "fall": 1000, "vibrato": 0, "width": 0}
    play(2 * RATE, rig, freq=400.0, **params)
    gate = np.ones(2)
    gate[0] = 2
    rig.render(2, {"freq": 200.0, **params}, {"gate": gate, "velocity": 0.8}, moving=False)
    # 400 Hz is an octave above 200, and there the new note begins
    assert rig.state[notes.BEND, 0] == pytest.approx(1, abs=0.01)
    assert rig.state[notes.LEFT_FROM, 0] == pytest.approx(0, abs=0.02)


def test_the_width_moves_the_sound_though_the_pitch_stands():
    def moves(width):
        y = play(6 * RATE, freq=400, interval=0, vibrato=0, chorus=0, width=width, attack=1, sustain=1)[RATE:]
        levels = np.abs((y * np.exp(-2j * np.pi * 800 * np.arange(len(y)) / RATE)).reshape(-1, 4410).mean(1))
        return decibels(levels.max() / levels.min())

    assert moves(0) < 0.5 and moves(1) > 6
