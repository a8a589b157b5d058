"""A bus hands on what comes in; and what the graph does in its cables, which is the same for every kind."""

import numpy as np
import pytest

from chronus.modules.bus import render
from tests.kit.rig import Rig
from tests.kit.treble import treble
from tests.kit.typed import RATE, heard

TONE = ("load sine as tone freq=100 gain=1", "load bus", "patch tone > bus")
PERIOD = RATE // 100


def sides(*lines, at=0, end=3 * PERIOD * 10):
    """What the tone brings to `out` by the bus, when the tone has sounded so long before the lines: (frames, 2)."""
    return heard({0: TONE, at: lines} if at else {0: (*TONE, *lines)}, end, stems=("tone",)).astype(float)


def test_it_hands_on_what_comes_in():
    noise = np.random.default_rng(1).uniform(-1, 1, (500, 2)).astype(np.float32)
    assert np.array_equal(Rig(render, lanes=2).render(500, {}, {"in": noise})["out"], noise)


@pytest.mark.parametrize(
    "said",
    [
        "set bus.level -12db",
        "set bus.level off",
        "set tone.pan -1",
        "set bus.pan 1",
        "patch tone > bus -20db",
        "bypass tone on",
    ],
)
def test_what_jumps_in_its_cables_leaves_nothing_in_the_treble(quality, said):
    jumps = treble(sides(said, at=5003))
    quality("bus", "level, pan, gain or bypass jumps, above 10 kHz", jumps, "<=", -120, "dBFS", peer="scsynth Lag -127")


@pytest.mark.parametrize("pan", [-0.9, -0.5, 0.1, 0.7])
def test_a_pan_keeps_the_power(quality, pan):
    power = (sides(f"set tone.pan {pan}")[PERIOD * 10 : PERIOD * 20] ** 2).sum()
    plain = (sides()[PERIOD * 10 : PERIOD * 20] ** 2).sum()
    quality("bus", "power of what is panned into it", abs(10 * np.log10(power / plain)), "<=", 0.0001, "dB")
