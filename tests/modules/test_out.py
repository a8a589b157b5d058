import numpy as np
import pytest

from chronus.ears.loudness import lufs
from chronus.modules.out import SPEC, render
from tests.kit.listening import lines
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


# ---------------------------------------------------------------- loud

FULL = {"glue": 1, "clip": 1}


def mix(seconds):
    """Something like a drum and bass mix: kick and snare with peaks at 0 dBFS, a steady bass, hats."""
    t = np.arange(int(seconds * RATE)) / RATE
    beat = t % (60 / 174 * 2)
    kick = np.exp(-beat / 0.08) * np.sin(2 * np.pi * (55 * beat + 4 * (1 - np.exp(-beat / 0.02))))
    off = (beat - 60 / 174) * (beat >= 60 / 174)
    noise = np.random.default_rng(5).uniform(-1, 1, t.size)
    snare = (beat >= 60 / 174) * np.exp(-off / 0.06) * (0.5 * np.sin(2 * np.pi * 190 * off) + 0.5 * noise)
    bass = 0.25 * np.sin(2 * np.pi * 49 * t) + 0.12 * np.sign(np.sin(2 * np.pi * 98 * t))
    hat = 0.15 * noise * np.exp(-(t % (60 / 174 / 2)) / 0.03)
    return 0.8 * kick + 0.9 * snare + bass + hat


def test_at_zero_glue_and_clip_are_exactly_off():
    wave = bursts(20000, 9)
    plain = Rig(render).render(20000, {"volume": 0}, {"in": wave})["out"]
    for name in FULL:
        moves = Rig(render).render(20000, {"volume": 0, name: np.zeros(20000)}, {"in": wave})["out"]
        assert moves.tobytes() == plain.tobytes(), name


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("params", [FULL, {"clip": 1}, {"glue": 1}])
def test_the_ceiling_holds_with_glue_and_clip_full(seed, params):
    wave = np.stack([bursts(30000, seed), bursts(30000, seed + 100)], axis=1)
    out = Rig(render).render(30000, {"volume": 6, "ceiling": -1, **params}, {"in": wave})["out"]
    assert max(meter_peak(out[:, 0]), meter_peak(out[:, 1])) <= 10 ** (-1 / 20)


def test_a_mix_is_brought_to_minus_8_lufs_without_breaking(quality):
    wave = mix(8)
    plain = Rig(render).render(wave.size, {}, {"in": wave})["out"]
    loud = Rig(render).render(wave.size, {"volume": 0, "glue": 0.4, "clip": 0.5}, {"in": wave})["out"]
    assert lufs(plain, RATE) < -13
    quality("out", "loudness of a mix, glue 0.4 and clip 0.5", lufs(loud, RATE), ">=", -8, "LUFS")
    quality("out", "true peak of it", 20 * np.log10(meter_peak(loud[:, 0])), "<=", -1, "dBTP")
    # its kicks still stand out: the crest of 10 ms pieces over the whole
    pieces = np.sqrt((loud[: wave.size // 441 * 441, 0].reshape(-1, 441).astype(float) ** 2).mean(1))
    punch = 20 * np.log10(np.quantile(pieces, 0.98) / np.sqrt((pieces**2).mean()))
    quality("out", "loudest 10 ms over the mean of it", punch, ">=", 2.5, "dB")


@pytest.mark.parametrize("hertz", [1004.0, 5001.0])
def test_what_clip_adds_does_not_fold_back(hertz, quality):
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(RATE + 4000) / RATE)
    # a low ceiling, so that nothing has to be cut at full scale behind it
    params = {"volume": 0, "limiter": "off", "ceiling": -6, "clip": 1}
    out = Rig(render).render(wave.size, params, {"in": wave})["out"][4000:, 0]
    harmonics, alias = lines(out.astype(float), hertz)
    if hertz * 3 < 20000:
        assert harmonics[2] > 0.05, "it clips"
    quality("out", "highest line of clip 1 that is no harmonic", alias, "<=", -80, "dB")


def test_glue_turns_down_what_is_loud_and_up_what_is_not():
    def gain(level, glue):
        wave = 10 ** (level / 20) * np.sin(2 * np.pi * 200 * np.arange(4 * RATE) / RATE)
        out = Rig(render).render(wave.size, {"volume": 0, "limiter": "off", "glue": glue}, {"in": wave})["out"]
        return 20 * np.log10(np.abs(out[-RATE:, 0]).max()) - level

    # at full the threshold lies at -16 dB with a knee of 6, and 7.5 dB are given back
    for level, expected in ((-40, 7.5), (-20, 7.5), (-6, 0), (-2, -3)):
        assert gain(level, 1) == pytest.approx(expected, abs=0.1), level
    for level, expected in ((-40, 2), (-6, 0), (-2, -2)):
        assert gain(level, 0.25) == pytest.approx(expected, abs=0.1), level


def test_glue_makes_no_overtones_of_a_bass(quality):
    wave = 0.6 * np.sin(2 * np.pi * 55 * np.arange(4 * RATE) / RATE)
    out = Rig(render).render(wave.size, {"volume": 0, "limiter": "off", "glue": 1}, {"in": wave})["out"][-RATE:, 0]
    spectrum = np.abs(np.fft.rfft(out.astype(float)))
    quality(
        "out", "third harmonic that glue 1 adds to 55 Hz", 20 * np.log10(spectrum[165] / spectrum[55]), "<=", -60, "dB"
    )


@pytest.mark.parametrize("name", FULL)
def test_turning_glue_or_clip_makes_no_click(name):
    wave = 0.4 * np.sin(2 * np.pi * 100 * np.arange(3 * RATE) / RATE)
    ramp = np.clip((np.arange(3 * RATE) - RATE) / 220, 0, 1)
    turned = np.where(
        np.arange(3 * RATE) < 2 * RATE, ramp, 0.0 + np.clip((2 * RATE + 220 - np.arange(3 * RATE)) / 220, 0, 1)
    )
    out = Rig(render).render(3 * RATE, {"volume": 0, "limiter": "off", name: turned}, {"in": wave})["out"][5000:, 0]
    spectrum = np.abs(np.fft.rfft(out * np.kaiser(out.size, 24))) / out.size * 2
    assert 20 * np.log10(spectrum[int(10000 * out.size / RATE) :].max()) < -100


# ---------------------------------------------------------------- at rest


@pytest.mark.parametrize("params", [{}, {"limiter": "off"}, FULL])
def test_at_rest_it_wakes_the_same_however_it_was_cut(params):
    wave = np.zeros((12 * RATE, 2))
    wave[: RATE // 2] = bursts(RATE // 2, 3)[:, None]
    wave[11 * RATE :] = bursts(RATE, 4)[:, None] * 0.3
    rng = np.random.default_rng(6)
    whole, cut = Rig(render), Rig(render)
    one = whole.render(wave.shape[0], params, {"in": wave})["out"]
    other = cut.render(
        wave.shape[0], params, {"in": wave}, cuts=sorted(map(int, rng.integers(1, wave.shape[0], 3000)))
    )["out"]
    assert not one[10 * RATE : 11 * RATE].any() and not other[10 * RATE : 11 * RATE].any()
    assert np.abs(one - other).max() < 2e-5


def test_silence_at_rest_costs_nothing_but_zeros():
    rig = Rig(render)
    rig.render(RATE, {}, {"in": bursts(RATE, 3)})
    rig.render(2 * RATE, {})
    rest = rig.state.tobytes(), rig.memory.tobytes()
    assert not rig.render(RATE, {})["out"].any()
    assert (rig.state.tobytes(), rig.memory.tobytes()) == rest
