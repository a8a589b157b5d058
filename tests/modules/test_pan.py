"""Pan: the middle leaves all as it is, the power stays the same on the way, a swing is a sine."""

import numpy as np
import pytest

from chronus.modules.pan import render
from tests.kit.rig import Rig

RATE = 44100


def panned(source, **params):
    return Rig(render).render(len(source), params, {"in": source})["out"].astype(float)


ONES = np.ones(RATE)


def test_in_the_middle_both_sides_are_the_input():
    both = np.random.default_rng(1).uniform(-1, 1, (RATE, 2))
    assert panned(both) == pytest.approx(both, abs=1e-6)


@pytest.mark.parametrize("position", np.linspace(-1, 1, 9))
def test_the_power_of_both_sides_stays_the_same(position, quality):
    left, right = panned(ONES, position=position)[0]
    quality("pan", "power off by", abs(10 * np.log10((left**2 + right**2) / 2)), "<=", 0.001, "dB")
    assert right / np.sqrt(2) == pytest.approx(np.sin(np.pi / 4 * (1 + position)), abs=1e-6)


def test_at_either_end_the_other_side_is_silent():
    assert panned(ONES, position=1)[:, 0].max() < 1e-6 and panned(ONES, position=-1)[:, 1].max() < 1e-6


def test_it_swings_from_side_to_side_by_itself_in_its_time():
    y = panned(ONES, depth=1, rate=2)
    place = 4 / np.pi * np.arctan2(y[:, 1], y[:, 0]) - 1
    assert place == pytest.approx(np.sin(2 * np.pi * 2 * np.arange(RATE) / RATE), abs=1e-4)


def test_a_cable_into_the_position_moves_it_frame_by_frame():
    position = np.random.default_rng(2).uniform(-1, 1, RATE)
    y = panned(ONES, position=position)
    assert y[:, 1] == pytest.approx(np.sqrt(2) * np.sin(np.pi / 4 * (1 + position)), abs=1e-5)
