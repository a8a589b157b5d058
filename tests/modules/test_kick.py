"""The kick: where its pitch goes, what its click and its drive add, and where its weight is."""

from functools import partial

import numpy as np
import pytest

from chronus.dsp.drum.kick import FIGURES
from chronus.modules.kick import SPEC, render
from tests.kit.listening import RATE, struck

WORDS = SPEC.param("model").words
each = pytest.mark.parametrize("model", WORDS)

play = partial(struck, render)


def crossings(y):
    """Seconds and Hz: the pitch between each two rising zero crossings."""
    up = np.flatnonzero((y[:-1] < 0) & (y[1:] >= 0))
    at = (up + y[up] / (y[up] - y[up + 1])) / RATE
    return (at[1:] + at[:-1]) / 2, 1 / np.diff(at)


@each
def test_the_body_settles_at_freq(model, quality):
    t, hertz = crossings(play(RATE, 0, decay=2000, drive=0, click=0, model=model))
    late = hertz[(t > 0.8) & (t < 0.95)]
    quality("kick", "pitch it settles at, off freq", 100 * np.abs(late / 50 - 1).max(), "<=", 1, "%")


@each
def test_the_pitch_falls_as_the_model_has_it(model, quality):
    m = FIGURES[WORDS.index(model)]
    _, hertz = crossings(play(RATE, 0, decay=2000, drive=0, click=0, model=model))
    t = np.arange(RATE) / RATE
    curve = 1 + m[0] * np.exp(-t / (m[2] / 1000)) + m[3] * np.exp(-t / 0.5)
    up = np.interp(np.arange(1, 6), np.cumsum(50 * curve) / RATE, np.arange(1, RATE + 1) / RATE)
    want = 1 / np.diff(up)
    quality("kick", "fall of its pitch, off the curve", 100 * np.abs(hertz[: len(want)] / want - 1).max(), "<=", 1, "%")


def test_an_accent_doubles_the_808_for_its_first_half_cycle(quality):
    y = play(RATE, 0, accent=1, drive=0, click=0, model="808")
    down = np.flatnonzero(y[1:] < 0)[0] / RATE
    # from 2.19 times freq, falling with 6 ms
    quality("kick", "808: first half cycle of an accent, off 1.8 times freq", abs(0.5 / down / 50 - 1.8), "<=", 0.1)


def band(y, low, high):
    spectrum, hertz = np.abs(np.fft.rfft(y)) ** 2, np.fft.rfftfreq(len(y), 1 / RATE)
    return 10 * np.log10(spectrum[(hertz >= low) & (hertz < high)].sum() / spectrum.sum())


@pytest.mark.parametrize("model", ["dnb", "techno"])
def test_it_has_weight_and_is_heard_on_small_speakers(model, quality):
    y = play(RATE, 0, model=model, freq=54 if model == "dnb" else 50)
    quality("kick", "dnb, techno: energy from 40 to 70 Hz, of all", band(y, 40, 70), ">=", -4, "dB")
    quality("kick", "dnb, techno: energy from 100 to 400 Hz, of all", band(y, 100, 400), ">=", -16, "dB")
    quality(
        "kick",
        "dnb, techno: energy from 1 to 8 kHz in the first 20 ms, of all",
        band(y[:882], 1000, 8000),
        ">=",
        -26,
        "dB",
    )


@each
def test_a_second_hit_is_as_the_first(model):
    once = play(RATE, 0, model=model, decay=1000, click=0)
    for second in (1500, 2345, 3333, 5000):
        twice = play(RATE, 0, second, model=model, decay=1000, click=0, cuts=[second])
        assert np.allclose(twice[second + 100 : second + 4000], once[100:4000], atol=1e-4)


def test_tone_is_the_brightness_of_the_click():
    def high(tone):
        spectrum = np.abs(np.fft.rfft(play(2048, 0, tone=tone, click=1)))
        return spectrum[100:].sum()

    assert high(0) < high(0.5) < high(1)


def test_drive_adds_harmonics():
    def dirt(drive):
        y = play(RATE, 0, decay=4000, click=0, drive=drive, model="808")[8820:17640]
        spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y)))) ** 2
        return spectrum[25:].sum() / spectrum.sum()

    levels = [dirt(drive) for drive in (0, 0.25, 0.5, 0.75, 1)]
    assert levels == sorted(levels) and levels[-1] > 30 * levels[0]


def test_its_pitch_can_move_while_it_sounds():
    """A slide of a long 808: what no other parameter does before the next hit."""
    t, hertz = crossings(play(RATE, 0, model="808", decay=4000, click=0, freq=np.linspace(50, 100, RATE)))
    assert np.all(np.abs(hertz[t > 0.3] / (50 + 50 * t[t > 0.3]) - 1) < 0.05)


def test_the_same_seed_makes_the_same_noise():
    assert np.array_equal(play(4000, 0, seed=3), play(4000, 0, seed=3))
    assert not np.array_equal(play(4000, 0, seed=3), play(4000, 0, seed=4))
