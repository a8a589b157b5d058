"""The LFO: its shapes, its rate, what a note does to it, and that depth 0 is off."""

import numpy as np
import pytest

from chronus.modules.lfo import SPEC, render
from tests.kit.rig import Rig

RATE = 44100
SHAPES = SPEC.param("shape").words


def play(frames, gate=0.0, seed=1, **params):
    return Rig(render, seed=seed).render(frames, params, {"gate": gate})["out"][:, 0].astype(float)


def test_each_shape_is_as_drawn():
    t = np.arange(RATE) * 2 / RATE % 1
    drawn = {
        "sine": np.sin(2 * np.pi * t),
        "triangle": np.abs(2 - np.abs(4 * t - 1)) - 1,
        "saw": 1 - 2 * t,
        "ramp": 2 * t - 1,
        "square": np.where(t < 0.5, 1, -1),
    }
    inside = (np.abs(t % 0.5) > 1e-6) & (np.abs(t % 0.5 - 0.5) > 1e-6)
    for shape, wanted in drawn.items():
        assert np.abs(play(RATE, shape=shape, rate=2) - wanted)[inside].max() < 1e-6, shape


def test_triangle_and_sine_start_at_zero_and_rise():
    for shape in ("sine", "triangle"):
        y = play(1000, shape=shape)
        assert y[0] == 0 and (np.diff(y) > 0).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_depth_0_is_exactly_off(shape):
    assert not play(RATE, shape=shape, depth=0, rate=50).any()


@pytest.mark.parametrize("shape", SHAPES)
def test_it_stays_in_its_range_and_uses_it(shape):
    y = play(60 * RATE, shape=shape, rate=20)
    assert np.abs(y).max() <= 1 and y.max() > 0.99 and y.min() < -0.99
    assert np.abs(play(RATE, shape=shape, rate=20, depth=0.25)).max() <= 0.25


@pytest.mark.parametrize("rate", [0.01, 1, 50])
def test_its_rate_is_exact(rate, quality):
    rig, seconds = Rig(render), 30
    rig.render(seconds * RATE, {"rate": rate})
    cycles = rig.state[0, 0] + rig.state[1, 0]
    quality("lfo", "rate off by, 0.01 to 50 Hz", abs(cycles / (seconds * rate) - 1) * 100, "<=", 1e-5, "%")


def test_hold_takes_a_new_value_each_cycle():
    y = play(RATE, shape="hold", rate=10).reshape(10, 4410)
    assert np.ptp(y[:, 5:-5], axis=1).max() == 0
    assert len(set(y[:, 100])) == 10


def test_random_is_smooth_and_meets_the_values_of_hold():
    held, y = play(5 * RATE, shape="hold", rate=4), play(5 * RATE, shape="random", rate=4)
    assert np.abs(np.diff(y)).max() < 2 * 1.5 * 4 / RATE * 1.01
    assert np.abs(np.diff(y, 2)).max() < 2 * 12 * (4 / RATE) ** 2 + 3e-7
    # a frame after each new cycle: the frame in which a phase is whole belongs to one or the other by the last bit
    assert np.abs(y - held)[1::11025].max() < 1e-5


def test_phase_is_where_it_starts():
    assert play(10, phase=0.25)[0] == pytest.approx(1, abs=1e-6)
    assert play(10, shape="ramp", phase=0.75)[0] == pytest.approx(0.5)


def test_a_note_starts_the_cycle_anew_only_where_asked():
    gate = np.zeros(RATE)
    gate[10000:20000] = gate[23456:30000] = 1
    free = play(RATE, gate, shape="ramp")
    anew = play(RATE, gate, shape="ramp", mode="retrigger")
    assert np.abs(free - play(RATE, shape="ramp")).max() == 0
    assert anew[9999] == free[9999] and anew[10000] == -1 and anew[23456] == -1
    assert np.abs(np.diff(anew)[10001:23454] - 2 / RATE).max() < 1e-6


def test_one_shot_rests_at_its_end_until_a_note_and_after_it():
    gate = np.zeros(RATE)
    gate[10000:12000] = gate[40000:] = 1
    for shape, end in (("ramp", 1), ("saw", -1), ("sine", 0), ("square", -1)):
        y = play(RATE, gate, shape=shape, mode="oneshot", rate=2)
        resting = np.r_[y[:10000], y[10000 + 22051 : 40000]]
        assert np.abs(resting - end).max() < 1e-6, shape
    y = play(RATE, gate, shape="ramp", mode="oneshot", rate=2)
    assert y[10000] == -1 and y[40000] == -1
    for shape in ("hold", "random"):
        y = play(RATE, gate, shape=shape, mode="oneshot", rate=2)
        assert np.ptp(y[10000 + 22051 : 40000]) < 1e-6 and abs(y[10000 + 22052] - y[10000 + 22048]) < 1e-5


def test_a_note_that_follows_without_a_gap_is_one_more():
    gate = np.ones(9000)
    gate[4000] = 2
    y = play(9000, gate, shape="ramp", mode="retrigger")
    assert y[4000] == -1 and y[3999] > -0.9
