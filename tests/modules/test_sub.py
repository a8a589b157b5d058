"""The sub: a sine, a little of its octave, and nothing else; it never jumps."""

import numpy as np
import pytest

from chronus.dsp.synth import notes
from chronus.modules.sub import render
from tests.kit.listening import decibels, lines
from tests.kit.rig import Rig

RATE = 44100


def play(frames, rig=None, gate=1.0, **params):
    return (
        (rig or Rig(render))
        .render(frames, params, {"gate": gate, "velocity": 0.8}, moving=False)["out"][:, 0]
        .astype(float)
    )


def test_it_is_two_lines_and_nothing_else(quality):
    harmonics, elsewhere = lines(play(5 * RATE, freq=55)[-(1 << 17) :], 55)
    assert decibels(harmonics[1]) == pytest.approx(-18, abs=0.1)
    quality("sub", "all but its two lines", max(elsewhere, decibels(harmonics[2:40].max())), "<=", -110, "dB")


def test_a_note_begins_at_zero_of_its_wave():
    rig = Rig(render)
    play(1234, rig)
    play(RATE, rig, gate=0.0)
    y = play(441, rig, freq=50)
    assert 0 < y[1] < 1e-3 and (y[1:220] > 0).all()


def test_a_line_slides_from_note_to_note_while_it_sounds():
    rig = Rig(render)
    play(8820, rig, freq=55)
    gate = np.ones(441)
    gate[0] = 2
    play(441, rig, gate=gate, freq=110)
    assert -1 < rig.state[notes.BEND, 0] < -0.2
    play(RATE, rig, gate=0.0, freq=110)
    play(64, rig, freq=55)
    assert rig.state[notes.BEND, 0] == 0
