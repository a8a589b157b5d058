import math

import numpy as np
import pytest

from chronus.modules.eq import render
from tests.kit.listening import RATE, decibels, highest_above, jump
from tests.kit.rig import Rig

LONG = 1 << 18
"""Frames: a narrow bell at 20 Hz rings for seconds."""
GRID = np.round(np.geomspace(20, 20000, 60) * LONG / RATE) * RATE / LONG


def cookbook(hertz, band, f0, gain, q):
    """dB, by the digital biquads of Robert Bristow-Johnson's Audio EQ Cookbook."""
    a, w = 10 ** (gain / 40), 2 * math.pi * f0 / RATE
    alpha, cos = math.sin(w) / (2 * q), math.cos(w)
    if band.startswith("bell"):
        b = [1 + alpha * a, -2 * cos, 1 - alpha * a]
        c = [1 + alpha / a, -2 * cos, 1 - alpha / a]
    else:
        sign = 1 if band == "low" else -1
        root = 2 * math.sqrt(a) * alpha
        b = [a * (a + 1 - sign * (a - 1) * cos + root), sign * 2 * a * (a - 1 - sign * (a + 1) * cos),
             a * (a + 1 - sign * (a - 1) * cos - root)]  # fmt: skip
        c = [a + 1 + sign * (a - 1) * cos + root, -sign * 2 * (a - 1 + sign * (a + 1) * cos),
             a + 1 + sign * (a - 1) * cos - root]  # fmt: skip
    z = np.exp(-2j * np.pi * np.asarray(hertz) / RATE)
    return decibels(np.abs(np.polyval(b[::-1], z) / np.polyval(c[::-1], z)))


def gains(hertz, **params):
    """dB, from the answer to a small impulse: a large one would be cut."""
    impulse = np.zeros(LONG, np.float32)
    impulse[0] = 0.125
    answer = Rig(render).render(impulse.size, params, {"in": impulse})["out"].astype(float)
    assert np.array_equal(answer[:, 0], answer[:, 1])
    return decibels(np.abs(np.fft.rfft(answer[:, 0])[np.round(hertz * LONG / RATE).astype(int)]) * 8)


RANGES = {
    "low": (20, 2000, 0.3, 3), "bell1": (20, 20000, 0.1, 20), "bell2": (20, 20000, 0.1, 20), "high": (500, 20000, 0.3, 3),
}  # fmt: skip


@pytest.mark.parametrize("gain", [-18, -6, 3, 18])
@pytest.mark.parametrize("band", RANGES)
def test_a_band_is_the_textbook_s(band, gain, quality):
    low, high, blunt, sharp = RANGES[band]
    for f0 in np.geomspace(low, high, 4):
        for q in (blunt, 0.707, sharp):
            found = gains(GRID, **{f"{band}_freq": f0, f"{band}_gain": gain, f"{band}_q": q})
            off = np.abs(found - cookbook(GRID, band, f0, gain, q)).max()
            quality("eq", "off the Audio EQ Cookbook by, 20 Hz to 20 kHz", off, "<=", 0.05, "dB")


def test_four_bands_add_up(quality):
    params, sum_of_all = {}, 0
    for band, f0, gain, q in [
        ("low", 90, 6, 0.7),
        ("bell1", 350, -8, 1.4),
        ("bell2", 3000, 4, 0.7),
        ("high", 9000, -5, 1),
    ]:
        params |= {f"{band}_freq": f0, f"{band}_gain": gain, f"{band}_q": q}
        sum_of_all = sum_of_all + cookbook(GRID, band, f0, gain, q)
    off = np.abs(gains(GRID, **params) - sum_of_all).max()
    quality("eq", "off the Audio EQ Cookbook by, 20 Hz to 20 kHz", off, "<=", 0.05, "dB")


def test_flat_it_is_the_sound_itself():
    noise = np.random.default_rng(1).uniform(-1, 1, (20000, 2)).astype(np.float32)
    assert np.array_equal(Rig(render).render(20000, {}, {"in": noise})["out"], noise)


@pytest.mark.parametrize(
    "param, before, after", [("low_gain", -18, 18), ("low_freq", 20, 2000), ("bell1_gain", -18, 18), ("bell1_freq", 50, 5000),
                             ("bell2_q", 0.1, 20), ("high_gain", -18, 18), ("high_freq", 500, 20000)]
)  # fmt: skip
def test_a_jump_of_a_parameter_makes_no_click(param, before, after, quality):
    wave = 0.1 * np.sin(2 * np.pi * 100 * np.arange(32768) / RATE)
    settings = {"low_gain": 6, "bell1_gain": 9, "bell2_gain": -9, "bell2_freq": 150, "high_gain": 6}
    out = Rig(render).render(32768, {**settings, param: jump(32768, 16000, before, after)}, {"in": wave})["out"]
    worst = highest_above(out[8192:, 0].astype(float), 10000)
    quality("eq", "above 10 kHz as a parameter jumps under a 100 Hz sine", worst, "<=", -100, "dBFS")


def test_it_holds_still_while_it_is_swept():
    """Every parameter at audio rate."""
    rng = np.random.default_rng(3)
    n = RATE
    moves = {}
    for band, (low, high, blunt, sharp) in RANGES.items():
        moves |= {f"{band}_freq": low * (high / low) ** rng.random(n), f"{band}_gain": rng.uniform(-18, 18, n),
                  f"{band}_q": blunt * (sharp / blunt) ** rng.random(n)}  # fmt: skip
    out = Rig(render).render(n, moves, {"in": rng.uniform(-0.1, 0.1, n)})["out"]
    assert np.isfinite(out).all() and np.abs(out).max() < 4
