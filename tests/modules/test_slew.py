"""Slew: an even pace or 95 % of the way in the time that is set, up and down each in its own."""

import numpy as np
import pytest

from chronus.modules.slew import render
from tests.kit.rig import Rig

RATE = 44100


def slowed(source, **params):
    return Rig(render).render(len(source), params, {"in": source})["out"][:, 0].astype(float)


STEP = np.concatenate([np.zeros(100), np.ones(RATE), np.zeros(RATE)])


@pytest.mark.parametrize("rise, fall", [(10, 300), (250, 1)])
def test_linear_moves_by_1_in_its_time(rise, fall, quality):
    y = slowed(STEP, rise=rise, fall=fall)
    up, down = np.argmax(y >= 1 - 1e-6) - 100 + 1, np.argmax(y[RATE + 100 :] <= 1e-6) + 1
    for took, asked in ((up, rise), (down, fall)):
        quality("slew", "a step of 1 off its time by", abs(took - asked * RATE / 1000), "<=", 1, "frames")
    assert slowed(STEP * 0.5, rise=rise)[100 + round(rise * RATE / 2000)] == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("height", [0.1, 1, 3])
def test_exponential_covers_95_percent_of_any_step_in_its_time(height, quality):
    y = slowed(STEP * height, rise=50, fall=200, curve="exponential") / height
    quality("slew", "exponential step off 95 % by", 100 * abs(y[100 + 50 * RATE // 1000] - 0.95), "<=", 0.2, "%")
    assert y[100 + RATE + 200 * RATE // 1000] == pytest.approx(0.05, abs=0.002)


def test_what_moves_more_slowly_than_it_passes_through_and_what_rests_is_exact():
    slow = np.sin(2 * np.pi * np.arange(RATE) / RATE) * 0.1
    assert slowed(slow, rise=10, fall=10) == pytest.approx(slow, abs=1e-6)
    assert slowed(STEP, rise=1, fall=1, curve="exponential")[RATE] == 1.0
