"""The pad: a chord that rises slowly, brightens, never twice the same, over a soft sub-octave."""

import numpy as np

from chronus.modules.pad import SPEC, render
from tests.kit.listening import decibels
from tests.kit.rig import Rig

RATE = 44100
NOTE = {"gate": 1.0, "velocity": 0.8}


def play(frames, rig=None, inputs=None, **params):
    return (
        (rig or Rig(render)).render(frames, params, {**NOTE, **(inputs or {})}, moving=False)["out"][:, 0].astype(float)
    )


def line(y, hertz):
    """The level of a whole number of Hz in the last second, in dB."""
    return decibels(np.abs(np.fft.rfft(y[-RATE:] * np.hanning(RATE)))[hertz] / RATE * 4)


def bright(y):
    """The share of what lies above 2 kHz."""
    power = np.abs(np.fft.rfft(y * np.hanning(len(y)))) ** 2
    return power[round(2000 * len(y) / RATE) :].sum() / power.sum()


def test_it_rises_and_brightens_slowly():
    y = play(2 * RATE, sub=0, env=3)
    rms = [y[n : n + 4410].std() for n in range(0, RATE, 4410)]
    assert rms[1] < 0.4 * rms[6] and bright(y[: RATE // 8]) < 0.5 * bright(y[-RATE // 8 :])


def test_the_sub_octave_is_there_as_asked_and_soft():
    bare, full = (play(2 * RATE, freq=220, detune=0, sub=sub) for sub in (0, 1))
    assert line(bare, 110) < -80 and line(full, 110) > -20
    assert line(full, 330) < line(full, 110) - 25


def test_no_two_notes_begin_alike():
    rig = Rig(render)
    first = play(RATE, rig)
    play(8 * RATE, rig, {"gate": 0.0})
    assert not np.allclose(first[4410:], play(RATE, rig)[4410:], atol=0.01)


def test_it_drifts_only_where_it_is_detuned():
    def sway(detune):
        y = play(20 * RATE, detune=detune, sub=0, attack=1, decay=1, sustain=1)
        levels = [line(y[: n + RATE], 220) for n in range(2 * RATE, 19 * RATE, RATE)]
        return max(levels) - min(levels)

    assert sway(9) > 1 and sway(0) < 0.01


def test_its_rest_costs_no_kernel_time_and_is_silence():
    rig = Rig(render, lanes=8)
    assert not rig.render(640, {}, {})["out"].any() and SPEC.voices == 8
