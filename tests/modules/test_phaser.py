import numpy as np
import pytest

from chronus.modules.phaser import COUNTS, STAGES, render
from tests.kit.rig import Rig
from tests.kit.rooms import RATE, jump, pink

STILL = {"depth": 0, "centre": 1000.0, "feedback": 0}


def response(hertz, **params):
    struck = np.zeros((1 << 14, 2))
    struck[0] = 1
    answer = Rig(render).render(1 << 14, {**STILL, **params}, {"in": struck})["out"][:, 0].astype(float)
    turns = np.outer(np.asarray(hertz) / RATE, np.arange(answer.size))
    return 20 * np.log10(np.maximum(np.abs(np.exp(-2j * np.pi * turns) @ answer), 1e-6))


def notch(k, count):
    """Where the k-th notch lies: the chain has turned by an odd number of halves; each stage turns by 2 atan(g / G)."""
    corner = np.tan(np.pi * 1000 / RATE)
    return RATE / np.pi * np.arctan(corner * np.tan((2 * k + 1) * np.pi / (2 * count)))


@pytest.mark.parametrize("stages, count", list(zip(STAGES, COUNTS, strict=True)))
def test_half_as_many_notches_as_stages_each_in_its_place(quality, stages, count):
    places = [notch(k, count) for k in range(count // 2)]
    quality("phaser", "depth of its notches", response(places, stages=stages).max(), "<=", -60, "dB")
    # and all of it passes where the chain has turned full circles
    between = [
        RATE / np.pi * np.arctan(np.tan(np.pi * 1000 / RATE) * np.tan(k * np.pi / count)) for k in range(1, count // 2)
    ]
    assert np.abs(response(between, stages=stages)).max() < 0.2


def test_with_mix_1_and_no_feedback_all_passes_alike():
    assert np.abs(response(np.geomspace(30, 20000, 50), mix=1, stages="12")).max() < 0.01


def test_feedback_sharpens_the_peaks():
    grid = np.geomspace(100, 10000, 200)
    assert response(grid, feedback=0.9).max() > response(grid).max() + 10


def test_it_sweeps_as_far_as_it_says_on_both_sides_apart():
    noise = 0.3 * np.random.default_rng(1).uniform(-1, 1, (8 * RATE, 2))
    out = Rig(render).render(
        8 * RATE, {"rate": 0.25, "depth": 1, "centre": 800, "stages": "4", "width": 1}, {"in": noise}
    )["out"]
    found = []
    for k in range(RATE, 7 * RATE, RATE // 4):
        power = np.abs(np.fft.rfft(out[k : k + 8192] * np.hanning(8192)[:, None], axis=0)) ** 2
        power = np.apply_along_axis(lambda y: np.convolve(y, np.ones(9) / 9, "same"), 0, power)
        band = slice(int(60 * 8192 / RATE), int(1900 * 8192 / RATE))
        found.append(power[band].argmin(0) * RATE / 8192 + 60)
    found = np.array(found)
    assert found[:, 0].min() < 200 and found[:, 0].max() > 1000
    assert np.abs(found[:, 0] - found[:, 1]).max() > 300


JUMPS = [
    ("mix", 0, 1), ("rate", 0.1, 10), ("depth", 0, 1), ("centre", 100, 6000), ("feedback", -0.9, 0.9), ("width", 0, 1),
    ("stages", "4", "12"), ("stages", "8", "6"),
]  # fmt: skip


@pytest.mark.parametrize("param, old, new", JUMPS)
def test_a_jump_makes_no_click(quality, param, old, new):
    left = jump(render, param, old, new, **{"feedback": 0.3, param: old})
    quality("phaser", "above 10 kHz while a parameter jumps", left, "<=", -120, "dBFS", peer="scsynth Lag -127")


def test_its_tail_ends_in_exact_zeros():
    rig = Rig(render)
    rig.render(RATE, {"feedback": 0.95}, {"in": pink(RATE)})
    assert not rig.render(4 * RATE, {"feedback": 0.95})["out"][-RATE:].any()
