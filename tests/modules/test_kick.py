"""The kick: where its pitch goes, how long it lasts, how loud it is, and that a second hit is as clean as the first."""

from functools import partial

import numpy as np
import pytest

from chronus.modules.kick import MODELS, SPEC, render
from tests.kit.listening import RATE, struck, time_to

WORDS = SPEC.param("model").words


play = partial(struck, render)


def crossings(y):
    """Seconds and Hz: the pitch between each two rising zero crossings."""
    up = np.flatnonzero((y[:-1] < 0) & (y[1:] >= 0))
    at = (up + y[up] / (y[up] - y[up + 1])) / RATE
    return (at[1:] + at[:-1]) / 2, 1 / np.diff(at)


@pytest.mark.parametrize("model", WORDS)
def test_the_body_settles_at_freq(model):
    t, hertz = crossings(play(RATE, 0, decay=2000, drive=0, click=0, model=model))
    late = hertz[(t > 0.3) & (t < 0.5)]
    sag = MODELS[WORDS.index(model), 3]
    assert np.all(np.abs(late / 50 - 1) < 0.002 + sag), late


@pytest.mark.parametrize("model", WORDS)
def test_the_pitch_falls_as_the_model_has_it(model):
    m = MODELS[WORDS.index(model)]
    _, hertz = crossings(play(RATE, 0, decay=2000, drive=0, click=0, model=model))
    phase = np.cumsum(50 * (1 + m[0] * np.exp(-np.arange(RATE) / RATE / (m[2] / 1000)))) / RATE
    up = np.interp(np.arange(1, 6), phase, np.arange(1, RATE + 1) / RATE)
    want = 1 / np.diff(up)
    assert np.all(np.abs(hertz[: len(want)] / want - 1) < 0.01 + m[3])


def test_an_accent_doubles_the_808_for_its_first_half_cycle():
    y = play(RATE, 0, accent=1, drive=0, click=0, model="808")
    down = np.flatnonzero(y[1:] < 0)[0] / RATE
    assert 0.5 / down == pytest.approx(50 * 1.79, rel=0.03)  # from 2.19 times freq, falling with 6 ms


@pytest.mark.parametrize("model", WORDS)
@pytest.mark.parametrize("decay", [100, 400, 1500])
def test_decay_is_the_time_to_60_db(model, decay):
    y = play(2 * RATE, 0, decay=decay, drive=0, click=0, model=model)
    assert time_to(y, 60) == pytest.approx(decay, rel=0.08, abs=12)


@pytest.mark.parametrize("model", WORDS)
def test_defaults_are_loud_and_never_above_one(model):
    hard = [np.abs(play(4000, 0, accent=1, seed=seed, model=model)).max() for seed in range(12)]
    soft = np.abs(play(4000, 0, velocity=0.8, model=model)).max()
    assert max(hard) <= 1.0 and 0.5 <= soft <= 0.9


@pytest.mark.parametrize("model", WORDS)
def test_it_is_silent_before_starts_on_its_frame_and_ends_in_zero(model):
    y = play(RATE, 1000, model=model)
    assert not y[:1000].any()
    assert np.flatnonzero(np.abs(y) > 1e-4)[0] in (1000, 1001)
    assert not y[-2000:].any()
    assert np.abs(y.mean()) < 0.003


@pytest.mark.parametrize("model", WORDS)
def test_a_second_hit_makes_no_jump_the_first_did_not(model):
    once = play(RATE, 0, model=model, decay=1000, click=0)
    for second in (1500, 2345, 3333, 5000):
        twice = play(RATE, 0, second, model=model, decay=1000, click=0, cuts=[second])
        assert np.abs(np.diff(twice)).max() < np.abs(np.diff(once[:2000])).max() + 0.03
        assert np.allclose(twice[second + 100 : second + 4000], once[100:4000], atol=1e-4)


def test_velocity_scales_the_level_and_tone_the_click():
    assert np.abs(play(9000, 0, velocity=0.4)).max() < 0.55 * np.abs(play(9000, 0)).max()

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


def test_cuts_do_not_change_the_sound():
    whole = play(8000, 100, 4000, accent=1)
    assert np.allclose(whole, play(8000, 100, 4000, accent=1, cuts=range(0, 8000, 7)), atol=1e-6)
    assert np.allclose(whole, play(8000, 100, 4000, accent=1, moving=True), atol=1e-6)


def test_the_same_seed_makes_the_same_noise():
    assert np.array_equal(play(4000, 0, seed=3), play(4000, 0, seed=3))
    assert not np.array_equal(play(4000, 0, seed=3), play(4000, 0, seed=4))
