"""The snare: two skins in tune, noise in its band, both gone when they should be."""

from functools import partial

import numpy as np
import pytest

from chronus.modules.snare import MODELS, SPEC, render
from tests.kit.listening import RATE, centroid, struck, time_to

WORDS = SPEC.param("model").words


play = partial(struck, render, hold=500)


@pytest.mark.parametrize("model", WORDS)
def test_the_skins_ring_at_freq_and_their_ratio(model):
    y = play(RATE, 0, freq=200, decay=4000, snappy=0, drive=0, model=model)[8820:]
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y)), 1 << 18))
    hertz = np.fft.rfftfreq(1 << 18, 1 / RATE)
    ratio = MODELS[WORDS.index(model), 0]
    first = hertz[np.argmax(spectrum * (hertz < 250))]
    second = hertz[np.argmax(spectrum * (hertz > 250))]
    assert first == pytest.approx(200, abs=0.5) and second == pytest.approx(200 * ratio, abs=0.5)


@pytest.mark.parametrize("model", WORDS)
@pytest.mark.parametrize("decay", [80, 220, 1000])
def test_decay_is_the_time_to_60_db(model, decay):
    y = play(2 * RATE, 0, decay=decay, drive=0, snappy=1, model=model)
    assert time_to(y, 60) == pytest.approx(decay, rel=0.12, abs=14)


def test_the_noise_of_the_909_holds_before_it_falls():
    early = time_to(play(RATE, 0, decay=400, drive=0, snappy=1, model="909"), 12)
    plain = time_to(play(RATE, 0, decay=400, drive=0, snappy=1, model="808"), 12)
    assert early > plain + 40


@pytest.mark.parametrize("model", WORDS)
def test_defaults_are_loud_and_never_above_one(model):
    hard = [np.abs(play(4000, 0, accent=1, seed=seed, model=model)).max() for seed in range(24)]
    soft = [np.abs(play(4000, 0, velocity=0.8, seed=seed, model=model)).max() for seed in range(24)]
    assert max(hard) <= 1.0 and min(soft) >= 0.5 and max(soft) <= 0.9


@pytest.mark.parametrize("model", WORDS)
def test_it_is_silent_before_starts_on_its_frame_and_ends_in_zero(model):
    y = play(RATE, 1000, model=model)
    assert not y[:1000].any()
    assert np.flatnonzero(np.abs(y) > 1e-4)[0] in (1000, 1001)
    assert not y[-2000:].any()
    assert np.abs(y.mean()) < 0.001


def test_tone_snappy_and_velocity_brighten_it():
    tones = [centroid(play(9000, 0, tone=tone)) for tone in (0, 0.5, 1)]
    rattles = [centroid(play(9000, 0, snappy=snappy)) for snappy in (0, 0.5, 1)]
    blows = [centroid(play(9000, 0, velocity=velocity)) for velocity in (0.3, 0.6, 1)]
    assert tones == sorted(tones) and rattles == sorted(rattles) and blows == sorted(blows)
    assert 1500 < tones[1] < 6000 and rattles[0] < 400


@pytest.mark.parametrize("model", WORDS)
def test_a_second_hit_makes_no_jump_the_first_did_not(model):
    once = play(RATE, 0, model=model, snappy=0, decay=1000)
    for second in (1500, 2345, 3333):
        twice = play(RATE, 0, second, model=model, snappy=0, decay=1000, cuts=[second])
        assert np.abs(np.diff(twice)).max() < np.abs(np.diff(once)).max() + 0.03
        assert np.allclose(twice[second + 100 : second + 4000], once[100:4000], atol=1e-4)


def test_cuts_do_not_change_the_sound():
    whole = play(8000, 100, 4000, accent=1)
    assert np.allclose(whole, play(8000, 100, 4000, accent=1, cuts=range(0, 8000, 7)), atol=1e-6)
    assert np.allclose(whole, play(8000, 100, 4000, accent=1, moving=True), atol=1e-6)


def test_the_same_seed_makes_the_same_noise():
    assert np.array_equal(play(4000, 0, seed=3), play(4000, 0, seed=3))
    assert not np.array_equal(play(4000, 0, seed=3), play(4000, 0, seed=4))
