import numpy as np
import pytest

from chronus.modules.tape import render
from tests.kit.listening import RATE, decibels, highest_above, jump, lines
from tests.kit.rig import Rig

PLAIN = {"bump": 0.0}


def played(wave, **params):
    out = Rig(render).render(len(wave), {**PLAIN, **params}, {"in": wave})["out"]
    assert np.array_equal(out[:, 0], out[:, 1])
    return out[:, 0].astype(float)


def sine(hertz, level=0.5, frames=1 << 17):
    return level * np.sin(2 * np.pi * hertz * np.arange(frames) / RATE)


@pytest.mark.parametrize("drive", [0, 0.2, 0.3, 0.5, 0.7, 1])
def test_driven_it_is_as_loud_as_before(drive, quality):
    y = played(sine(440, frames=RATE), drive=drive)[-22050:]
    quality("tape", "level of a sine of 0.5 off by, at any drive", abs(decibels(y.std() * np.sqrt(8))), "<=", 0.3, "dB")


@pytest.mark.parametrize("drive, bar", [(0, -120), (0.3, -120), (1, -50)])
@pytest.mark.parametrize("hertz", [1004, 5001])
def test_its_overtones_do_not_fold_back(hertz, drive, bar, quality):
    _, elsewhere = lines(played(sine(hertz), drive=drive)[8192:], hertz)
    quality(
        "tape", f"worst line that is no overtone, drive {drive:g}, 1 and 5 kHz at -6 dBFS", elsewhere, "<=", bar, "dB"
    )


def test_drive_brings_overtones_and_bias_the_even_ones(quality):
    clean, _ = lines(played(sine(200), drive=0, bias=0)[8192:], 200)
    warm, _ = lines(played(sine(200), drive=0.3, bias=0)[8192:], 200)
    odd, _ = lines(played(sine(200), drive=0.8, bias=0)[8192:], 200)
    even, _ = lines(played(sine(200), drive=0.8, bias=1)[8192:], 200)
    third = decibels(np.array([clean[2], warm[2], odd[2]]))
    assert -60 < third[0] < third[1] - 5 < third[2] - 10 < 0
    assert decibels(odd[1]) < -100 and decibels(even[1]) > -30
    quality("tape", "third overtone of a sine of 0.5 at the default drive", third[1], "<=", -20, "dB")


def test_what_it_answers_depends_on_where_it_comes_from():
    """The loop of hysteresis: at the same input, rising and falling."""
    wave = sine(100, 0.8, frames=4410)
    y = played(wave, drive=0.7, bias=0)
    t = np.arange(2205, 4410)
    rising, falling = np.cos(2 * np.pi * 100 * t / RATE) > 0, np.cos(2 * np.pi * 100 * t / RATE) < 0
    near = np.abs(wave[t]) < 0.05
    assert y[t][near & falling].mean() > y[t][near & rising].mean() + 0.01


def test_highs_saturate_first():
    """The level that is lost as a sine goes from -40 dBFS to -6."""

    def lost(hertz):
        soft, loud = (played(sine(hertz, level, RATE), drive=0.5)[-22050:].std() / level for level in (0.01, 0.5))
        return decibels(soft / loud)

    assert lost(8000) > lost(500) + 2


def response(hertz, **params):
    wave = np.zeros(1 << 16)
    wave[100] = 1e-3
    y = played(wave, drive=0, **params)
    return decibels(np.abs(np.exp(-2j * np.pi * np.outer(np.asarray(hertz) / RATE, np.arange(1 << 16))) @ y) * 1e3)


def test_a_slower_tape_is_darker_and_has_its_bump_lower():
    top = [response([500, 12000], speed=speed) @ [-1, 1] for speed in ("7", "15", "30")]
    assert top[0] < top[1] < top[2] and -6 < top[0] < -2 and -3.5 < top[1] < -1 and top[2] > -2
    for speed, hertz in (("7", 45), ("15", 68), ("30", 103)):
        lift = response(np.array([hertz, 2000.0]), speed=speed, bump=6) - response(
            np.array([hertz, 2000.0]), speed=speed
        )
        assert lift[0] == pytest.approx(6, abs=0.1) and abs(lift[1]) < 0.1


def test_silence_is_silence_and_there_is_no_thump_as_it_starts():
    assert not played(np.zeros(4410), bias=1, drive=1).any()


@pytest.mark.parametrize("param, before, after", [("drive", 0, 1), ("bias", 0, 1), ("bump", 0, 6), ("speed", 0, 2)])
def test_a_jump_of_a_parameter_makes_no_click(param, before, after, quality):
    moves = jump(32768, 16000, before, after)
    if param == "speed":
        moves = np.where(np.arange(32768) < 16000, before, after)
    still = max(highest_above(played(sine(100, 0.25, 32768), **{param: end})[8192:], 10000) for end in (before, after))
    worst = highest_above(played(sine(100, 0.25, 32768), **{param: moves})[8192:], 10000)
    quality("tape", "above 10 kHz as a parameter jumps under a 100 Hz sine", worst, "<=", max(-100, still + 1), "dBFS")
