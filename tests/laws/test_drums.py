"""Laws asked of every drum, in each of its models, found by looking: how loud it is, when it begins and ends, what a harder hit does."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from chronus.ears.loudness import lufs
from tests.kit.listening import RATE, centroid, gates, struck, time_to
from tests.kit.rig import Rig
from tests.laws.test_modules import KERNELS

DRUMS = {kind: kernel for kind, kernel in KERNELS.items() if kernel.spec.category == "drum" and not kernel.spec.kit}


def models(kind):
    param = DRUMS[kind].spec.param("model")
    return param.words if param else ("",)


EACH = [(kind, model) for kind in DRUMS for model in models(kind)]
each = pytest.mark.parametrize(("kind", "model"), [pytest.param(*one, id=" ".join(one)) for one in EACH])


def play(kind, model, *hits, seconds=1.0, **more):
    chosen = {"model": model} if model else {}
    return struck(DRUMS[kind], round(seconds * RATE), *hits, hold=500, **chosen, **more)


def decibels(level):
    return 20 * np.log10(level)


@each
def test_at_velocity_1_it_peaks_about_6_db_below_full_scale(kind, model, quality):
    """As a hit's noise is its own, the highest of several: and none, accented, reaches full scale."""
    peaks = [np.abs(play(kind, model, 0, seconds=0.3, seed=seed)).max() for seed in range(8)]
    quality(kind, "peak at velocity 1, off -6 dBFS", abs(decibels(np.median(peaks)) + 6), "<=", 4, "dB")
    hard = max(np.abs(play(kind, model, 0, seconds=0.3, seed=seed, accent=1)).max() for seed in range(8))
    quality(kind, "peak of an accent", decibels(hard), "<=", 0, "dBFS")


@cache
def loudness(kind, model):
    """LUFS of one drum on each beat at 120 bpm."""
    y = play(kind, model, 0, 22050, 44100, 66150, seconds=2)
    return lufs(np.stack([y, y], 1), RATE)


@each
def test_it_is_as_loud_as_the_others(kind, model, quality):
    middle = np.median([loudness(*one) for one in EACH])
    quality(
        kind, "loudness on each beat, off the median of all drums", abs(loudness(kind, model) - middle), "<=", 6, "LU"
    )


@each
def test_it_is_silent_before_starts_on_its_frame_and_ends_in_zero(kind, model):
    decay = DRUMS[kind].spec.param("decay").default
    y = play(kind, model, 1000, seconds=0.1 + 0.004 * decay)
    assert not y[:1000].any()
    assert np.flatnonzero(y)[0] in (1000, 1001)  # a sine begins in zero
    assert not y[-441:].any()
    assert abs(y.mean()) < 0.003


@each
@pytest.mark.parametrize("longer", [0.5, 1, 2])
def test_decay_is_the_time_to_60_db(kind, model, longer, quality):
    """Before its drive; perc has models that are shorter or longer than that."""
    param, more = DRUMS[kind].spec.param("decay"), {}
    for name, value in (("drive", 0), ("click", 0), ("snappy", 1), ("bell", 0)):
        if DRUMS[kind].spec.param(name):
            more[name] = value
    decay = longer * param.default
    found = time_to(play(kind, model, 0, seconds=0.5 + 0.0025 * decay, decay=decay, **more), 60)
    scale = {"wood": 0.6, "metal": 1.6, "zap": 0.8}.get(model, 1)
    off = max(0, abs(found - scale * decay) - 14) / (scale * decay)  # a peak is looked for in each 10 ms
    quality(kind, "time to -60 dB, off its decay", 100 * off, "<=", 12, "%")


@each
def test_a_harder_hit_is_louder_and_no_duller(kind, model):
    soft, middle, hard = (play(kind, model, 0, velocity=velocity) for velocity in (0.3, 0.6, 1))
    assert np.abs(soft).max() < 0.75 * np.abs(middle).max() < 0.75 * np.abs(hard).max()
    assert centroid(soft) < 1.02 * centroid(middle) < 1.03 * centroid(hard)
    accented = play(kind, model, 0, accent=1)
    assert np.abs(accented).max() > 1.05 * np.abs(hard).max() or lufs_of(accented) > lufs_of(hard) + 0.5


def lufs_of(y):
    return lufs(np.stack([y, y], 1), RATE)


@each
def test_a_second_hit_makes_no_click_but_its_own(kind, model, quality):
    """A quiet hit over a loud one that still sounds: above 10 kHz there is no more than the loud one's start has."""
    velocity = np.repeat([1.0, 0.02], RATE // 2)
    decay = max(400.0, DRUMS[kind].spec.param("decay").default)
    worst = -200.0
    for second in (2205, 3011, 5000):
        velocity = np.where(np.arange(RATE // 2) < second, 1.0, 0.02)
        twice = play(kind, model, 0, second, seconds=0.5, velocity=velocity, decay=decay)
        once = play(kind, model, 0, seconds=0.5, decay=decay)
        steps = np.abs(np.diff(twice[second - 1 : second + 80])).max()
        worst = max(worst, decibels(steps / np.abs(np.diff(once[:second])).max()))
    quality(kind, "step where a hit cuts off another, against its own greatest", worst, "<=", 0, "dB")


@each
def test_no_cut_and_no_moving_param_changes_it(kind, model):
    whole = play(kind, model, 100, 4000, seconds=0.2, accent=1)
    for other in ({"cuts": range(0, 8820, 7)}, {"moving": True}):
        assert np.allclose(whole, play(kind, model, 100, 4000, seconds=0.2, accent=1, **other), atol=1e-6)


@pytest.mark.parametrize("kind", DRUMS)
def test_a_drum_that_has_died_away_renders_nothing(kind):
    """Its state stands still, to the bit, and so the kernel has nothing to do."""
    rig = Rig(DRUMS[kind])
    rig.render(RATE, {"decay": 20}, {"gate": gates(RATE, 0), "velocity": 1})
    before = rig.state.copy()
    assert not rig.render(RATE, {}, {"gate": 0})["out"].any()
    assert rig.state.tobytes() == before.tobytes()
