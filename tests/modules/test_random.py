"""Random: steps and glides on time, evenly spread, each lane by itself; a note asks for a new value and for nothing else."""

import numpy as np
import pytest

from chronus.modules.random import render
from tests.kit.rig import Rig

RATE = 44100


def play(frames, gate=0.0, lanes=1, seed=1, **params):
    return Rig(render, lanes=lanes, seed=seed).render(frames, params, {"gate": gate})["out"].astype(float)


@pytest.mark.parametrize("rate", [0.5, 4, 50])
def test_it_steps_as_often_as_asked_and_on_its_frame(rate, quality):
    y = play(10 * RATE, rate=rate)[:, 0]
    steps = np.flatnonzero(np.diff(y)) + 1
    quality(
        "random",
        "a step off its time by",
        np.abs(steps - np.arange(1, len(steps) + 1) * RATE / rate).max(),
        "<=",
        1,
        "frames",
    )
    assert len(steps) in (round(10 * rate), round(10 * rate) - 1)


def test_its_values_are_evenly_spread_and_of_no_order(quality):
    y = play(2000 * 882, rate=50)[::882, 0]
    found, _ = np.histogram(y, 10, (-1, 1))
    assert abs(y.mean()) < 0.05 and found.min() > 140 and found.max() < 260
    quality("random", "correlation of neighbours", abs(np.corrcoef(y[:-1], y[1:])[0, 1]), "<=", 0.06)
    assert abs(np.corrcoef(*play(400 * 882, lanes=8, rate=50)[::882, :2].T)[0, 1]) < 0.15


def test_smooth_1_is_always_on_its_way_and_arrives_where_steps_stand(quality):
    steps, glides = play(4 * RATE, rate=4)[:, 0], play(4 * RATE, rate=4, smooth=1)[:, 0]
    quality(
        "random",
        "steepest glide, of its whole way a frame",
        np.abs(np.diff(glides)).max(),
        "<=",
        2 * 1.5 * 4 / RATE + 1e-6,
    )
    ends = np.arange(1, 16) * RATE // 4
    assert glides[ends] == pytest.approx(steps[ends - 10], abs=0.001)
    half = play(4 * RATE, rate=4, smooth=0.5)[:, 0]
    still = np.abs(np.diff(half)) < 1e-7
    assert 0.45 < still.mean() < 0.55


def test_with_the_clock_of_notes_only_a_note_asks_for_a_new_value():
    gate = np.zeros(RATE)
    gate[5000:9000] = gate[20000:40000] = 1
    gate[30000] = 2
    y = play(RATE, gate=gate, clock="note")[:, 0]
    assert list(np.flatnonzero(np.diff(y)) + 1) == [5000, 20000, 30000]
    glide = play(RATE, gate=gate, clock="note", smooth=1, rate=50)[:, 0]
    assert list(np.flatnonzero(np.diff(glide))[[0, -1]] // 1000) == [5, 30]
    assert glide[[4000, 19000, 29000, 44000]] == pytest.approx(y[[4000, 19000, 29000, 44000]], abs=1e-6)


def test_depth_0_is_exactly_off_and_another_seed_is_another_chance():
    assert not play(RATE, depth=0, rate=50).any()
    assert not np.array_equal(play(RATE, rate=50), play(RATE, rate=50, seed=2))
