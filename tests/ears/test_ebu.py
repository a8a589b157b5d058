"""The cases by which the EBU tests loudness meters: Tech 3341 (levels, true peaks) and Tech 3342 (range), made from their descriptions."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.ears.levels import decibels
from chronus.ears.loudness import Loudness
from chronus.ears.truepeak import true_peak

RATE = 48000


def tones(*parts: tuple[float, float]) -> np.ndarray:
    """A sine of 1 kHz on both sides: (dBFS, seconds) one after another."""
    level = np.concatenate([np.full(round(seconds * RATE), 10 ** (dbfs / 20)) for dbfs, seconds in parts])
    wave = level * np.sin(2 * np.pi * 1000 * np.arange(len(level)) / RATE)
    return np.repeat(wave.astype(np.float32)[:, None], 2, axis=1)


def fed(sound: np.ndarray) -> Loudness:
    loudness = Loudness(RATE)
    loudness.feed(sound)
    return loudness


@pytest.mark.parametrize(
    ("parts", "integrated"),
    [
        ([(-23, 20)], -23),
        ([(-33, 20)], -33),
        ([(-36, 10), (-23, 60), (-36, 10)], -23),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23),
    ],
)
def test_integrated_loudness_of_tech_3341(parts, integrated):
    assert fed(tones(*parts)).lufs() == pytest.approx(integrated, abs=0.1)


@pytest.mark.parametrize("dbfs", [-23, -33])
def test_momentary_and_short_term_of_a_tone_are_its_level(dbfs):
    loudness = fed(tones((dbfs, 20)))
    assert loudness.momentary() == pytest.approx(dbfs, abs=0.1)
    assert loudness.short_term() == pytest.approx(dbfs, abs=0.1)


def test_short_term_of_tech_3341_averages_over_3_seconds():
    assert fed(tones(*[(-20, 1.34), (-30, 1.66)] * 5)).short_term() == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize("k", range(0, 20, 4))
def test_short_term_of_tech_3341_finds_a_tone_of_3_seconds_wherever_it_stands(k):
    # the meter reads ten times a second
    assert fed(tones((-70, 0.15 * k), (-23, 3), (-70, 1))).short_term() == pytest.approx(-23, abs=0.25)


def test_momentary_of_tech_3341_averages_over_400_ms():
    assert fed(tones(*[(-20, 0.18), (-30, 0.22)] * 25)).momentary() == pytest.approx(-23, abs=0.1)


def wave(divisor: int, phase: float, level: float) -> np.ndarray:
    """A sine of the sample rate over `divisor`, that fades in and out."""
    n = np.arange(RATE)
    fade = np.clip(np.minimum(n, n[::-1]) / 2400, 0, 1)
    x = level * fade * np.sin(2 * np.pi * n / divisor + np.radians(phase))
    return np.repeat(x.astype(np.float32)[:, None], 2, axis=1)


@pytest.mark.parametrize(
    ("divisor", "phase", "level", "dbtp"),
    [(4, 0, 0.5, -6), (4, 45, 0.5, -6), (6, 60, 0.5, -6), (8, 67.5, 0.5, -6), (4, 45, 1.41, 3)],
)
def test_true_peak_of_tech_3341(divisor, phase, level, dbtp):
    assert -0.4 <= decibels(true_peak(wave(divisor, phase, level))) - dbtp <= 0.2


@pytest.mark.parametrize("offset", range(4))
def test_true_peak_of_tech_3341_at_each_quarter_of_a_frame(offset):
    """A peak of a sine between frames, and one frame of another rate in it (cases 20 to 23): at most 0.0 dBTP."""
    n = np.arange(4 * RATE) + offset
    at = np.sin(2 * np.pi * n / 24 * 1.0) * np.clip(np.minimum(n, n[::-1]) / 9600, 0, 1)
    sound = np.repeat(at[::4].astype(np.float32)[:, None], 2, axis=1)
    assert -0.4 <= decibels(true_peak(sound)) <= 0.2


@pytest.mark.parametrize(
    ("parts", "lu"),
    [
        ([(-20, 20), (-30, 20)], 10),
        ([(-20, 20), (-15, 20)], 5),
        ([(-40, 20), (-20, 20)], 20),
        ([(-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)], 15),
    ],
)
def test_range_of_tech_3342(parts, lu):
    assert fed(tones(*parts)).range() == pytest.approx(lu, abs=1)


def test_a_full_scale_sine_in_one_channel_is_the_reference_of_bs_1770():
    t = np.arange(20 * RATE) / RATE
    sound = np.zeros((len(t), 2), np.float32)
    sound[:, 0] = np.sin(2 * np.pi * 997 * t)
    assert fed(sound).lufs() == pytest.approx(-3.01, abs=0.05)


def test_what_is_fed_in_pieces_is_read_as_one():
    sound = tones((-20, 3), (-30, 4), (-10, 2))
    whole, pieces = fed(sound), Loudness(RATE)
    for at in range(0, len(sound), 997):
        pieces.feed(sound[at : at + 997])
    assert pieces.lufs() == pytest.approx(whole.lufs(), abs=1e-9) and pieces.range() == pytest.approx(whole.range())
