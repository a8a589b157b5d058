import math

import numpy as np
import pytest
from numba import njit

from chronus.dsp import tan
from chronus.modules.filter import MODES, render
from tests.kit.listening import HALF_POWER, RATE, falls_through, gain
from tests.kit.rig import Rig


@njit
def prewarp(hertz, rate):
    return tan.prewarp(hertz, rate)


def textbook(hertz, cutoff, q, mode):
    """The analog two-pole, bilinear, prewarped at the cutoff."""
    s = 1j * np.tan(np.pi * np.asarray(hertz) / RATE) / math.tan(math.pi * cutoff / RATE)
    top = {"low": 1, "high": s * s, "band": s / q, "notch": s * s + 1, "peak": 1 - s * s}[mode]
    return top / (s * s + s / q + 1)


@pytest.mark.parametrize("slope", ["12", "24"])
@pytest.mark.parametrize("cutoff", [100, 1000, 8000])
def test_the_minus_3_db_point_is_the_cutoff_within_a_thousandth(cutoff, slope, quality):
    found = falls_through(render, cutoff, HALF_POWER, resonance=math.sqrt(0.5), slope=slope)
    off = abs(found / cutoff - 1) * 100
    quality("filter", "-3 dB point off the cutoff by, 100 Hz to 8 kHz", off, "<=", 0.1, "%", peer="Csound zdf_2pole")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cutoff, q", [(100, 0.707), (1000, 4.0), (8000, 0.5), (15000, 2.0)])
def test_the_response_is_the_textbook_s_within_0_02_db(mode, cutoff, q, quality):
    hertz = cutoff * np.array([0.05, 0.3, 0.7, 0.9, 0.98, 1.03, 1.2, 1.35])
    found = gain(render, hertz, cutoff=cutoff, resonance=q, mode=mode)
    off = np.abs(found - 20 * np.log10(np.abs(textbook(hertz, cutoff, q, mode)))).max()
    quality("filter", "off the textbook's response by, in five modes", off, "<=", 0.02, "dB")


@pytest.mark.parametrize("slope", ["12", "24"])
@pytest.mark.parametrize("cutoff", [100, 1000, 8000])
@pytest.mark.parametrize("q", [0.5, 2, 10, 20])
def test_the_gain_at_the_cutoff_is_q_within_half_a_percent(cutoff, q, slope, quality):
    found = gain(render, [cutoff], cutoff=cutoff, resonance=q, slope=slope)[0]
    quality("filter", "Q off by, 0.5 to 20", abs(10 ** (found / 20) / q - 1) * 100, "<=", 0.5, "%", peer="scsynth LPF")


@pytest.mark.parametrize(
    "mode, slope, q", [("band", "12", 2), ("band", "12", 20), ("band", "24", 5), ("notch", "24", 5)]
)
def test_the_width_of_band_and_notch_is_the_cutoff_over_q(mode, slope, q):
    # the two -3 dB points, on the warped axis, where the analog prototype's are
    edges = np.array([math.sqrt(1 + 1 / (4 * q * q)) + side / (2 * q) for side in (-1, 1)])
    hertz = np.arctan(edges * math.tan(math.pi * 1000 / RATE)) * RATE / math.pi
    found = gain(render, hertz, cutoff=1000, resonance=q, mode=mode, slope=slope)
    assert found == pytest.approx(HALF_POWER, abs=0.03)


def test_slope_24_at_q_0_707_is_butterworth_s_fourth_order():
    hertz = np.array([200, 900, 1000, 1100, 2000, 4000])
    s = np.tan(np.pi * hertz / RATE) / math.tan(math.pi * 1000 / RATE)
    found = gain(render, hertz, cutoff=1000, resonance=math.sqrt(0.5), slope="24")
    assert found == pytest.approx(-10 * np.log10(1 + s**8), abs=0.02)


def test_a_cutoff_said_to_move_sounds_as_one_that_stands_still():
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 4096)
    for cutoff in (20, 700, 20000):
        for slope in ("12", "24"):
            params = {"cutoff": cutoff, "resonance": 3, "slope": slope, "drive": 0.3}
            still = Rig(render).render(4096, params, {"in": noise})["out"]
            moved = Rig(render).render(4096, params, {"in": noise}, moving=True)["out"]
            assert np.abs(still - moved).max() < 2e-6


def test_the_prewarping_is_the_tangent_within_a_millionth():
    for rate in (8000.0, 44100.0, 96000.0):
        for hertz in np.linspace(20, 0.49 * rate, 500, dtype=np.float32):
            sine, cosine = prewarp(hertz, rate)
            assert float(sine) / float(cosine) == pytest.approx(math.tan(math.pi * float(hertz) / rate), rel=1e-6)


def test_it_stays_stable_under_audio_rate_modulation_of_everything():
    rng = np.random.default_rng(2)
    n = 44100
    params = {
        "cutoff": 20 * 1000 ** rng.uniform(0, 1, n),
        "resonance": 0.5 * 40 ** rng.uniform(0, 1, n),
        "mode": rng.integers(0, 5, n),
        "slope": rng.integers(0, 2, n),
        "drive": rng.uniform(0, 1, n),
    }
    out = Rig(render).render(n, params, {"in": rng.uniform(-1, 1, n)})["out"]
    assert np.isfinite(out).all() and np.abs(out).max() < 10 ** (12 / 20)
    rig = Rig(render)
    rig.render(n, params, {"in": rng.uniform(-1, 1, n)})
    assert np.abs(rig.render(n, {"cutoff": 200})["out"][-100:]).max() < 1e-9


def test_at_drive_0_it_is_linear_to_the_bit():
    noise = np.random.default_rng(3).uniform(-0.5, 0.5, 2000).astype(np.float32)
    for slope in ("12", "24"):
        once = Rig(render).render(2000, {"slope": slope}, {"in": noise})["out"]
        half = Rig(render).render(2000, {"slope": slope}, {"in": noise / 2})["out"]
        assert np.array_equal(once / 2, half)


def test_drive_saturates_gently_and_never_blows_up():
    t = np.arange(44100) / RATE
    for drive in (0.01, 0.26, 1.0):
        for level in (0.5, 1.0, 100.0):
            params = {"drive": drive, "resonance": 0.707, "cutoff": 5000}
            out = Rig(render).render(44100, params, {"in": level * np.sin(2 * np.pi * 45 * t)})["out"]
            assert np.isfinite(out).all() and np.abs(out).max() < 4
    quiet = Rig(render).render(1000, {"drive": 0.001}, {"in": 0.5 * np.sin(2 * np.pi * 45 * t[:1000])})["out"]
    plain = Rig(render).render(1000, {"drive": 0.0}, {"in": 0.5 * np.sin(2 * np.pi * 45 * t[:1000])})["out"]
    assert np.abs(quiet - plain).max() < 1e-3


@pytest.mark.parametrize("word, value", [("mode", "high"), ("mode", "peak"), ("slope", "24")])
def test_a_new_mode_or_slope_makes_no_click(word, value):
    t = np.arange(8192) / RATE
    wave = 0.5 * np.sin(2 * np.pi * 100 * t)
    rig = Rig(render)
    before = rig.render(4096, {"cutoff": 500}, {"in": wave[:4096]})["out"][:, 0]
    after = rig.render(4096, {"cutoff": 500, word: value}, {"in": wave[4096:]})["out"][:, 0]
    assert np.abs(np.diff(np.concatenate([before, after]))).max() < 0.03


def test_cuts_do_not_matter_and_lanes_do_not_meet():
    noise = np.random.default_rng(4).uniform(-0.5, 0.5, (1000, 8))
    cutoff = np.linspace(100, 8000, 8) * np.ones((1000, 1))
    whole = Rig(render, lanes=8).render(1000, {"cutoff": cutoff}, {"in": noise}, moving=False)["out"]
    pieces = Rig(render, lanes=8).render(1000, {"cutoff": cutoff}, {"in": noise}, cuts=[1, 70, 71, 500], moving=False)[
        "out"
    ]
    assert np.abs(whole - pieces).max() < 1e-6
    for l in (0, 7):
        alone = Rig(render).render(1000, {"cutoff": cutoff[0, l]}, {"in": noise[:, l]})["out"][:, 0]
        assert np.abs(alone - whole[:, l]).max() < 1e-6
