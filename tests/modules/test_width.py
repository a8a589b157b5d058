import numpy as np
import pytest

from chronus.modules.width import render
from tests.kit.listening import RATE, decibels, highest_above, jump
from tests.kit.rig import Rig

GRID = np.geomspace(20, 20000, 60)


def answers(left, right, **params):
    """The spectra of middle and side on GRID, of an impulse of these heights."""
    impulse = np.zeros((1 << 16, 2), np.float32)
    impulse[0] = left, right
    out = Rig(render).render(1 << 16, params, {"in": impulse})["out"].astype(float)
    turns = np.exp(-2j * np.pi * np.outer(GRID / RATE, np.arange(1 << 16)))
    return turns @ (out[:, 0] + out[:, 1]) / 2, turns @ (out[:, 0] - out[:, 1]) / 2


def test_as_wide_as_it_comes_and_without_a_mono_bass_it_is_the_sound_itself():
    noise = np.random.default_rng(1).uniform(-1, 1, (20000, 2)).astype(np.float32)
    assert np.array_equal(Rig(render).render(20000, {"mono_below": 20}, {"in": noise})["out"], noise)


def test_width_is_the_gain_of_the_side():
    noise = np.random.default_rng(2).uniform(-0.5, 0.5, (20000, 2)).astype(np.float32)
    for width in (0, 0.5, 2):
        out = Rig(render).render(20000, {"width": width, "mono_below": 20}, {"in": noise})["out"].astype(float)
        assert np.allclose(out[:, 0] - out[:, 1], width * (noise[:, 0] - noise[:, 1]), atol=1e-6)
        assert np.allclose(out.sum(1), noise.sum(1), atol=1e-6)


@pytest.mark.parametrize("hertz", [60, 120, 500])
def test_below_the_crossover_it_is_mono_and_the_mono_sum_is_flat(hertz, quality):
    middle, side = answers(1, 0, mono_below=hertz)
    quality("width", "mono sum off flat by", np.abs(decibels(np.abs(middle) * 2)).max(), "<=", 0.01, "dB")
    ratio = (GRID / hertz) ** 4
    slope = decibels(2 * np.abs(side)) - decibels(ratio / (1 + ratio))
    quality("width", "side off 24 dB an octave by", np.abs(slope[ratio > 1e-4]).max(), "<=", 0.1, "dB")


def test_a_sound_keeps_its_side_through_the_crossover():
    """Left alone stays left: middle and side are in phase at every frequency."""
    middle, side = answers(1, 0)
    assert np.abs(np.angle(side / middle)).max() < 1e-3


@pytest.mark.parametrize("param, before, after", [("width", 0, 2), ("mono_below", 20, 500), ("mono_below", 300, 20)])
def test_a_jump_of_a_parameter_makes_no_click(param, before, after, quality):
    wave = np.stack([0.5 * np.sin(2 * np.pi * 100 * np.arange(32768) / RATE), np.zeros(32768)], 1)
    out = Rig(render).render(32768, {param: jump(32768, 16000, before, after)}, {"in": wave})["out"]
    worst = max(highest_above(out[8192:, side].astype(float), 10000) for side in (0, 1))
    quality("width", "above 10 kHz as a parameter jumps under a 100 Hz sine", worst, "<=", -110, "dBFS")
