import numpy as np
import pytest

from chronus.modules.limiter import SPEC, render
from tests.kit.listening import decibels
from tests.kit.peaks import RATE, below_20_khz, bursts, ideal_peak, meter_peak
from tests.kit.rig import Rig

LATE = SPEC.latency


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("ceiling, gain, release", [(-1, 0, 120), (-12, 24, 10), (0, 12, 1000)])
def test_the_true_peak_is_never_above_the_ceiling(seed, ceiling, gain, release, quality):
    """Noise, squares, sines near a quarter of the rate, up to +20 dB: as a meter finds it."""
    wave = np.stack([bursts(30000, seed), bursts(30000, seed + 100)], axis=1)
    out = Rig(render).render(30000, {"ceiling": ceiling, "gain": gain, "release": release}, {"in": wave})["out"]
    over = decibels(max(meter_peak(out[:, 0]), meter_peak(out[:, 1]))) - ceiling
    quality("limiter", "true peak over the ceiling, BS.1770 meter", over, "<=", 0, "dB", peer="scsynth Limiter +2.1")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["bursts below 20 kHz", "white noise", "sine near rate / 4"])
def test_not_even_the_ideal_interpolation_finds_more(kind, seed, quality):
    rng = np.random.default_rng(seed)
    turns = np.arange(30000) * (0.25 + rng.uniform(-0.01, 0.01)) + rng.random()
    wave = {
        "bursts below 20 kHz": below_20_khz(bursts(30000, seed)),
        "white noise": 4 * rng.uniform(-1, 1, 30000),
        "sine near rate / 4": below_20_khz(3 * np.sin(2 * np.pi * turns) * (turns < 7000)),
    }[kind]
    out = Rig(render).render(30000, {"gain": 6}, {"in": wave})["out"][:, 0]
    over = decibels(ideal_peak(out)) + 1
    quality("limiter", "true peak over the ceiling, ideal interpolation", over, "<=", 0, "dB")


def test_below_the_ceiling_the_sound_comes_untouched_after_the_latency():
    noise = np.random.default_rng(1).uniform(-0.25, 0.25, (20000, 2)).astype(np.float32)
    out = Rig(render).render(20000, {}, {"in": noise})["out"]
    assert np.array_equal(out[LATE:], noise[:-LATE]) and not out[:LATE].any()


def test_both_sides_are_turned_down_alike():
    wave = np.stack([3 * np.sin(np.arange(20000) / 7), 0.1 * np.sin(np.arange(20000) / 11)], 1)
    out = Rig(render).render(20000, {}, {"in": wave})["out"]
    assert np.allclose(out[LATE:, 0] * wave[:-LATE, 1], out[LATE:, 1] * wave[:-LATE, 0], atol=1e-6)
    assert np.abs(out[5000:, 1]).max() < 0.05


def test_release_is_how_fast_it_comes_back():
    wave = np.where(np.arange(RATE * 2) < 5000, 2.0, 0.1)
    for ms in (20, 100, 400):
        out = Rig(render).render(RATE * 2, {"release": ms}, {"in": wave})["out"][:, 0].astype(float)
        lack = 1 - out[5000 + LATE + 64 :] / 0.1
        at = np.flatnonzero(lack < lack[0] / np.e)[0]
        assert at / RATE * 1000 == pytest.approx(ms, rel=0.03)


def test_gain_makes_it_louder():
    wave = 0.1 * np.sin(np.arange(20000) / 7)
    out = Rig(render).render(20000, {"gain": 12}, {"in": wave})["out"]
    assert np.abs(out).max() == pytest.approx(0.1 * 10 ** (12 / 20), rel=1e-3)
