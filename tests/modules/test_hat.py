"""The hat: bright, short, on its frame; a closed hit chokes an open one."""

from functools import partial

import numpy as np
import pytest

from chronus.modules.hat import SPEC, render
from tests.kit.listening import RATE, centroid, struck, time_to

WORDS = SPEC.param("model").words


play = partial(struck, render, hold=500)


@pytest.mark.parametrize("model", WORDS)
@pytest.mark.parametrize(("decay", "opened", "want"), [(60, 0, 60), (60, 1, 480), (500, 0, 500)])
def test_decay_is_the_time_to_60_db_and_open_is_eight_times_that(model, decay, opened, want):
    y = play(RATE, 0, decay=decay, open=opened, model=model)
    assert time_to(y, 60) == pytest.approx(want, rel=0.1, abs=8)


@pytest.mark.parametrize("model", WORDS)
def test_it_is_bright_and_tone_decides_how_bright(model):
    bright = [centroid(play(9000, 0, model=model, tone=tone)) for tone in (0, 0.5, 1)]
    assert bright == sorted(bright) and bright[1] > 6000


def test_the_808_is_made_of_its_six_squares():
    y = play(RATE, 0, decay=4000, model="808", tone=0)
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y))))
    hertz = np.fft.rfftfreq(len(y), 1 / RATE)
    band = (hertz > 3300) & (hertz < 7000)
    odd = np.concatenate([f * np.arange(1, 99, 2) for f in (205, 304, 370, 523, 540, 800)])
    near = np.abs(hertz[:, None] - odd).min(axis=1) < 4
    assert (spectrum[band & near] ** 2).sum() > 0.97 * (spectrum[band] ** 2).sum()


@pytest.mark.parametrize("model", WORDS)
def test_a_closed_hit_chokes_an_open_one(model):
    opened = np.zeros(RATE)
    opened[:10000] = 1
    alone = play(RATE, 0, decay=60, open=1.0, model=model)
    choked = play(RATE, 0, 10000, decay=60, open=opened, model=model)
    assert time_to(choked[10000:], 60) < 75
    assert np.abs(choked[14000:]).max() < 1e-3 < 0.005 < np.abs(alone[14000:14500]).max()


@pytest.mark.parametrize("model", WORDS)
def test_defaults_are_loud_and_never_above_one(model):
    hard = [np.abs(play(3000, 0, accent=1, seed=seed, model=model)).max() for seed in range(24)]
    soft = [np.abs(play(3000, 0, velocity=0.8, seed=seed, model=model)).max() for seed in range(24)]
    assert max(hard) <= 1.0 and min(soft) >= 0.45 and max(soft) <= 0.9


@pytest.mark.parametrize("model", WORDS)
def test_it_is_silent_before_starts_on_its_frame_and_ends_in_zero(model):
    for velocity in (0.35, 1):
        y = play(RATE, 1000, 20000, velocity=velocity, model=model)
        assert not y[:1000].any() and not y[12000:20000].any() and not y[-2000:].any()
        assert np.flatnonzero(np.abs(y) > 1e-4)[0] in (1000, 1001)
        assert np.flatnonzero(np.abs(y[12000:]) > 1e-4)[0] in (8000, 8001)
        assert np.abs(y.mean()) < 1e-4


def test_a_second_hit_starts_from_the_level_of_the_first():
    y = play(9000, 0, 3000, 6000, velocity=np.repeat([1, 0.1, 1], 3000), decay=2000, model="808")
    steps = np.abs(np.diff(y))
    assert steps[2999:3010].max() < steps[2900:2999].max() * 1.1


def test_cuts_do_not_change_the_sound():
    whole = play(8000, 100, 4000, accent=1)
    assert np.allclose(whole, play(8000, 100, 4000, accent=1, cuts=range(0, 8000, 7)), atol=1e-6)
    assert np.allclose(whole, play(8000, 100, 4000, accent=1, moving=True), atol=1e-6)


def test_the_same_seed_makes_the_same_noise():
    assert np.array_equal(play(4000, 0, seed=3), play(4000, 0, seed=3))
    assert not np.array_equal(play(4000, 0, seed=3), play(4000, 0, seed=4))
