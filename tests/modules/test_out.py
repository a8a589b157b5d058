import numpy as np
import pytest

from chronus.modules.out import SPEC, render
from tests.kit.peaks import below_20_khz, bursts, ideal_peak, meter_peak
from tests.kit.rig import Rig

RATE = 44100
LATE = SPEC.latency


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("ceiling", [-6.0, -1.0])
def test_the_true_peak_is_never_above_the_ceiling(seed, ceiling):
    wave = np.stack([bursts(30000, seed), bursts(30000, seed + 100)], axis=1)
    out = Rig(render).render(30000, {"volume": 0, "ceiling": ceiling}, {"in": wave})["out"]
    assert max(meter_peak(out[:, 0]), meter_peak(out[:, 1])) <= 10 ** (ceiling / 20)


@pytest.mark.parametrize("seed", range(6))
def test_below_20_khz_not_even_the_ideal_interpolation_finds_more(seed):
    wave = below_20_khz(bursts(30000, seed))
    out = Rig(render).render(30000, {"volume": 0, "ceiling": -1}, {"in": wave})["out"][:, 0]
    assert ideal_peak(out) <= 10 ** (-1 / 20)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("level", [1.2, 4, 20])
def test_white_noise_up_to_the_nyquist_frequency_is_held_too(level, seed):
    noise = level * np.random.default_rng(seed).uniform(-1, 1, 30000)
    out = Rig(render).render(30000, {"volume": 0, "ceiling": -1}, {"in": noise})["out"][:, 0]
    assert ideal_peak(out) <= 10 ** (-1 / 20)


@pytest.mark.parametrize("hertz", [50, 997, 5000, RATE / 4, 12345, 16000, 19000])
@pytest.mark.parametrize("phase", [0, 0.25, 0.7])
def test_steady_sines_come_to_just_under_the_ceiling(hertz, phase):
    wave = 2 * np.sin(2 * np.pi * (hertz * np.arange(RATE) / RATE + phase))
    out = Rig(render).render(RATE, {"volume": 0}, {"in": wave})["out"][:, 0]
    fade = np.hanning(2000)
    steady = out[8000:32000].copy()
    steady[:1000] *= fade[:1000]
    steady[-1000:] *= fade[1000:]
    peak = 20 * np.log10(ideal_peak(steady))
    assert -1.25 < peak <= -1


def test_below_the_ceiling_it_is_transparent():
    rng = np.random.default_rng(1)
    wave = rng.uniform(-0.25, 0.25, (20000, 2)).astype(np.float32)
    wave -= wave.mean(0)
    for volume in (-6, 0):
        loose = Rig(render).render(20000, {"volume": volume, "limiter": "off"}, {"in": wave})["out"]
        tight = Rig(render).render(20000, {"volume": volume}, {"in": wave})["out"]
        assert np.array_equal(loose, tight)
        dc, y = np.zeros(2), np.empty((20000, 2))
        for i, v in enumerate(wave.astype(float)):
            y[i] = v - dc
            dc += (1 - np.exp(-2 * np.pi * 3 / RATE)) * y[i]
        assert np.abs(tight[LATE:] - y[:-LATE] * 10 ** (volume / 20)).max() < 2e-7


@pytest.mark.parametrize("limiter", ["on", "off"])
@pytest.mark.parametrize("level", [0.1, 1.0, 30.0])
def test_an_impulse_comes_out_after_the_latency_and_nothing_before(limiter, level):
    wave = np.zeros(1000)
    wave[300] = level
    out = Rig(render).render(1000, {"limiter": limiter}, {"in": wave})["out"]
    assert not out[: 300 + LATE].any() and np.all(out[300 + LATE] > 0.04)
    assert np.all(np.abs(out).argmax(0) == 300 + LATE)


def test_row_13_whatever_comes_in_the_output_is_finite_and_within_1(measured):
    wild = np.random.default_rng(2).choice([0, 1, -5, np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-40], (20000, 2))
    for limiter in ("on", "off"):
        rig = Rig(render)
        for port in ("in", "left", "right"):
            out = rig.render(20000, {"limiter": limiter, "volume": 6, "ceiling": 0}, {port: wild})["out"]
            assert np.isfinite(out).all()
            measured("13", "greatest sample of what was no sound", np.abs(out).max(), bar=1)
        rig.render(RATE * 2, {"limiter": limiter})
        wave = 0.3 * np.sin(np.arange(RATE) / 7)
        again = rig.render(RATE, {"limiter": limiter, "volume": 0}, {"in": wave})["out"][-5000:]
        assert np.abs(again).max() == pytest.approx(0.3, rel=0.01)


def test_row_12_nan_is_silence():
    out = Rig(render).render(500, {}, {"in": np.nan, "left": np.inf})["out"]
    assert not out.any()


@pytest.mark.parametrize("limiter", ["on", "off"])
def test_row_13_dc_is_gone_after_a_second(measured, limiter):
    for level in (0.5, 1.0, 1e30):
        out = Rig(render).render(RATE + 2000, {"limiter": limiter, "volume": 6}, {"in": level})["out"]
        measured("13", "DC after a second", np.abs(out[RATE:]).max(), bar=0.01)


def test_the_dc_block_leaves_20_hz_alone():
    wave = 0.3 * np.sin(2 * np.pi * 20 * np.arange(RATE * 2) / RATE)
    out = Rig(render).render(RATE * 2, {"volume": 0}, {"in": wave})["out"][RATE:, 0]
    assert 20 * np.log10(out.std() / wave.std()) == pytest.approx(0, abs=0.15)


def test_silence_is_digital_zero():
    rig = Rig(render)
    rig.render(RATE, {"volume": 6}, {"in": np.random.default_rng(3).uniform(-1, 1.2, RATE)})
    assert not rig.render(RATE * 2, {"volume": 6})["out"][-RATE // 2 :].any()


def test_minus_60_db_is_exactly_silent():
    assert not Rig(render).render(1000, {"volume": -60}, {"in": 0.9 * np.sin(np.arange(1000))})["out"].any()


def test_left_and_right_go_to_their_sides():
    wave = 0.3 * np.sin(np.arange(1000))
    left = Rig(render).render(1000, {}, {"left": wave})["out"]
    right = Rig(render).render(1000, {}, {"right": wave})["out"]
    assert left[:, 0].any() and not left[:, 1].any()
    assert np.array_equal(left[:, 0], right[:, 1]) and not right[:, 0].any()


def test_switching_the_limiter_makes_no_click():
    wave = 1.5 * np.sin(2 * np.pi * 100 * np.arange(20000) / RATE)
    rig = Rig(render)
    params = {"volume": -6, "ceiling": -6}
    parts = [
        rig.render(8000, {**params, "limiter": word}, {"in": wave[a : a + 8000]})["out"][:, 0]
        for word, a in (("off", 0), ("on", 8000), ("off", 4000))
    ]
    whole = np.concatenate(parts[:2])
    assert np.abs(np.diff(whole[100:], 2)).max() < 1e-3


def test_cuts_and_moving_params_do_not_matter():
    wave = bursts(6000, 7)
    whole = Rig(render).render(6000, {}, {"in": wave})["out"]
    cut = Rig(render).render(6000, {}, {"in": wave}, cuts=list(range(0, 6000, 37)))["out"]
    moved = Rig(render).render(6000, {}, {"in": wave}, moving=True)["out"]
    assert np.abs(whole - cut).max() < 1e-6 and np.abs(whole - moved).max() < 1e-6
