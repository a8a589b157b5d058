import numpy as np

from chronus.modules.vca import render
from tests.kit.rig import Rig


def test_it_multiplies_and_a_level_of_1_changes_nothing():
    noise = np.random.default_rng(1).uniform(-1, 1, (500, 8)).astype(np.float32)
    level = np.random.default_rng(2).uniform(0, 1, (500, 8)).astype(np.float32)
    rig = Rig(render, lanes=8)
    assert np.array_equal(rig.render(500, {}, {"in": noise})["out"], noise)
    assert np.array_equal(rig.render(500, {"level": level}, {"in": noise})["out"], noise * level)
    assert not rig.render(500, {"level": 0}, {"in": noise})["out"].any()


def test_its_ring_multiplies_both_ways():
    noise = np.random.default_rng(1).uniform(-1, 1, (500, 8)).astype(np.float32)
    ring = np.random.default_rng(2).uniform(-1, 1, (500, 8)).astype(np.float32)
    rig = Rig(render, lanes=8)
    assert np.array_equal(rig.render(500, {"level": 0}, {"in": noise, "ring": ring})["out"], noise * ring)
