import numpy as np
import pytest

from chronus.modules.mixer import render
from tests.kit.rig import Rig

NOISE = np.random.default_rng(1).uniform(-1, 1, (4, 500)).astype(np.float32)


def mix(levels, moving=None):
    params = {f"level{k + 1}": level for k, level in enumerate(levels)}
    return Rig(render).render(500, params, {f"in{k + 1}": NOISE[k] for k in range(4)}, moving=moving)["out"][:, 0]


def test_at_0_db_it_adds():
    assert mix([0, 0, 0, 0]) == pytest.approx(NOISE.sum(0), abs=1e-6)


def test_minus_60_db_is_exactly_off():
    assert not mix([-60, -60, -60, -60]).any()
    assert np.array_equal(mix([0, -60, -60, -60]), NOISE[0])


@pytest.mark.parametrize("level", [-50, -12, -6, 3.3, 12])
def test_levels_are_decibels(level):
    assert mix([-60, level, -60, -60]) == pytest.approx(NOISE[1] * 10 ** (level / 20), rel=2e-6)


def test_a_level_said_to_move_sounds_the_same():
    assert np.array_equal(mix([-3, -57, 0, 5]), mix([-3, -57, 0, 5], moving=True))


def test_the_way_to_off_has_no_step():
    levels = np.linspace(-50, -60, 500)
    out = Rig(render).render(500, {"level1": levels}, {"in1": 1.0})["out"][:, 0]
    assert np.abs(np.diff(out)).max() < 2e-4 and out[-1] == 0
