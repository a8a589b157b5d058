import numpy as np
import pytest

from chronus.modules.compressor import render
from tests.kit.listening import RATE, decibels, highest_above, jump, lines
from tests.kit.rig import Rig
from tests.kit.typed import heard, peak

HELD = round(0.016 * RATE)
"""Frames that a peak counts for, at the most."""


def sine(frames, hertz=1000.0, level=0.5):
    return level * np.sin(2 * np.pi * hertz * np.arange(frames) / RATE)


def textbook(level, threshold, ratio, knee):
    """Giannoulis, Massberg and Reiss (2012), equation 4: the level in dB that comes out."""
    over = level - threshold
    if 2 * abs(over) <= knee and knee > 0:
        return level + (1 / ratio - 1) * (over + knee / 2) ** 2 / (2 * knee)
    return level if over <= 0 else threshold + over / ratio


@pytest.mark.parametrize("threshold, ratio, knee", [(-20, 3, 6), (-40, 20, 0), (-12, 1.5, 24), (-60, 4, 12)])
def test_the_static_curve_is_the_textbook_s(threshold, ratio, knee, quality):
    for level in np.arange(-58, 1, 4.7):
        wave = sine(RATE, level=10 ** (level / 20))
        out = Rig(render).render(RATE, {"threshold": threshold, "ratio": ratio, "knee": knee}, {"in": wave})["out"]
        found = decibels(out[-4410:, 0].std() * np.sqrt(2))
        off = abs(found - textbook(level, threshold, ratio, knee))
        quality("compressor", "static curve off by, a 1 kHz sine at the default times", off, "<=", 0.1, "dB")


def reduction(key, **params):
    """dB by which a steady tone is turned down, frame by frame, while the side chain hears `key`."""
    settings = {"threshold": -30, "ratio": 4, "knee": 0, **params}
    out = Rig(render).render(len(key), settings, {"in": 0.25, "sidechain": key})["out"][:, 0].astype(float)
    return -decibels(out / 0.25)


@pytest.mark.parametrize("ms", [0.1, 1, 10, 200])
def test_the_attack_is_an_exact_time_constant(ms, quality):
    frames = round(RATE * (0.1 + ms / 50))
    key = np.where(np.arange(frames) < 1000, 0.0, 0.5)
    found = reduction(key, attack=ms)[1000:]
    asked = (decibels(0.5) + 30) * 0.75
    n = np.arange(1, len(found) + 1)
    steep = (found > 0.02 * asked) & (found < 0.98 * asked)
    constant = -n[steep] / np.log(1 - found[steep] / asked) / RATE * 1000
    quality("compressor", "attack off by", abs(constant / ms - 1).max() * 100, "<=", 2, "%")


@pytest.mark.parametrize("ms", [5, 50, 120, 2000])
def test_the_release_is_an_exact_time_constant(ms, quality):
    frames = RATE + round(RATE * ms / 100)
    key = np.where(np.arange(frames) < RATE, 0.5, 0.0)
    found = reduction(key, attack=5, release=ms)[RATE:]
    top = found[0]
    assert (found[: HELD * 3 // 4] > 0.999 * top).all(), "it begins when the peak has been held"
    falling = np.flatnonzero((found < 0.98 * top) & (found > 0.02 * top))
    constant = (falling[-1] - falling[0]) / np.log(found[falling[0]] / found[falling[-1]]) / RATE * 1000
    quality("compressor", "release off by", abs(constant / ms - 1) * 100, "<=", 2, "%")
    assert falling[0] <= HELD + ms * 0.03 * RATE / 1000 + 1


def test_below_the_knee_nothing_changes_to_the_bit():
    noise = np.random.default_rng(1).uniform(-0.06, 0.06, (RATE, 2)).astype(np.float32)
    assert np.abs(noise).max() < 10 ** (-23.5 / 20)
    assert np.array_equal(Rig(render).render(RATE, {}, {"in": noise})["out"], noise)


def test_after_a_loud_stretch_it_comes_back_to_the_bit():
    rig = Rig(render)
    rig.render(RATE, {}, {"in": sine(RATE)})
    rig.render(RATE * 4, {}, {"in": 0.0})
    quiet = sine(1000, level=0.05).astype(np.float32)
    assert np.array_equal(rig.render(1000, {}, {"in": quiet})["out"][:, 0], quiet)


def test_what_listens_is_the_side_chain_and_the_input_only_while_nothing_is_patched():
    loud, soft = sine(RATE, level=0.9), sine(RATE, level=0.01)
    rms = lambda **inputs: Rig(render).render(RATE, {}, inputs)["out"][-4410:, 0].std()  # noqa: E731
    alone = rms(**{"in": loud})
    assert alone < 0.5 * loud.std()
    assert rms(**{"in": loud, "sidechain": soft}) == pytest.approx(loud.std(), rel=1e-4)
    assert rms(**{"in": soft, "sidechain": loud}) < 0.5 * soft.std()


def test_in_a_rack_the_side_chain_is_normal_to_the_input_until_a_cable_comes():
    lines = ["load saw gain=1", "patch saw > compressor", "set compressor.threshold -40db, compressor.ratio 20"]
    sound = heard({0: lines, RATE: ["load noise as silent gain=0", "patch silent > compressor.sidechain"]}, 4 * RATE)
    later = heard({0: lines, RATE: ["load noise as silent gain=0", "patch silent > compressor.sidechain"],
                   2 * RATE: ["unpatch silent > compressor.sidechain"]}, 4 * RATE)  # fmt: skip
    assert peak(sound, 3, 4) > peak(sound, 0.5, 1) + 20
    assert peak(later, 3, 4) == pytest.approx(peak(sound, 0.5, 1), abs=0.1)


def test_both_sides_are_turned_down_alike():
    wave = np.stack([sine(RATE, 500, 0.9), sine(RATE, 777, 0.03)], 1)
    out = Rig(render).render(RATE, {}, {"in": wave})["out"]
    assert np.allclose(out[:, 0] * wave[:, 1], out[:, 1] * wave[:, 0], atol=1e-7)


def test_a_bass_stays_clean(quality):
    """41 Hz, an open e of a bass guitar: its own period does not move the gain."""
    wave = sine((1 << 18) + RATE, 41.2, 0.9)
    out = Rig(render).render(wave.size, {"release": 50, "attack": 3}, {"in": wave})["out"][:, 0].astype(float)
    harmonics, _ = lines(out[RATE:], 41.2)
    worst = decibels(harmonics[1:].max())
    quality("compressor", "worst overtone of a 41 Hz bass, attack 3 ms, release 50 ms", worst, "<=", -70, "dB")


@pytest.mark.parametrize("ms", [0, 1, 4, 10])
def test_look_ahead_delays_the_sound_by_as_much_and_catches_its_rise(ms):
    late = round(ms * RATE / 1000)
    step = np.where(np.arange(20000) < 5000, 0.0, 0.8)
    out = Rig(render).render(20000, {"lookahead": ms, "attack": 1, "threshold": -30, "ratio": 20}, {"in": step})["out"]
    assert not out[: 5000 + late].any() and out[5000 + late, 0] > 0
    if ms >= 4:
        assert out.max() < 0.1, "it is down when the rise comes"
    dry = Rig(render).render(20000, {"lookahead": ms, "mix": 0}, {"in": step})["out"][:, 0]
    assert np.array_equal(dry[late:], step[: 20000 - late].astype(np.float32))


@pytest.mark.parametrize(
    "param, before, after", [("lookahead", 0, 10), ("lookahead", 7, 1), ("threshold", 0, -60), ("ratio", 1, 20),
                             ("makeup", 0, 12), ("mix", 0, 1), ("knee", 0, 24), ("attack", 0.1, 200)]
)  # fmt: skip
def test_a_jump_of_a_parameter_makes_no_click(param, before, after, quality):
    wave = sine(32768, 100, 0.25)
    out = Rig(render).render(32768, {"threshold": -30, param: jump(32768, 16000, before, after)}, {"in": wave})["out"]
    worst = highest_above(out[8192:, 0].astype(float), 10000)
    quality("compressor", "above 10 kHz as a parameter jumps under a 100 Hz sine", worst, "<=", -110, "dBFS")


def test_mix_is_parallel_compression():
    wave = sine(RATE)
    wet = Rig(render).render(RATE, {"makeup": 6}, {"in": wave})["out"].astype(float)
    half = Rig(render).render(RATE, {"makeup": 6, "mix": 0.5}, {"in": wave})["out"]
    assert np.allclose(half, 0.5 * (wet + wave[:, None]), atol=1e-6)
