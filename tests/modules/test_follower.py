"""Follower: reads the peak of a tone, rises and falls in its times."""

import numpy as np
import pytest

from chronus.modules.follower import render
from tests.kit.rig import Rig

RATE = 44100


def follow(source, **params):
    return Rig(render).render(len(source), params, {"in": source})["out"][:, 0].astype(float)


def tone(hertz, seconds=1.0, level=0.5):
    return level * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)


@pytest.mark.parametrize("hertz", [60, 200, 1000, 5000])
def test_a_steady_tone_reads_its_peak_whatever_its_pitch(hertz, quality):
    y = follow(tone(hertz, 2))[RATE:]
    quality("follower", "level of a steady tone off by", np.abs(20 * np.log10(y / 0.5)).max(), "<=", 2, "dB")
    slow = follow(tone(hertz, 4), release=1000)[-RATE:]
    quality("follower", "ripple with a release of 1 s", 20 * np.log10(slow.max() / slow.min()), "<=", 0.2, "dB")


@pytest.mark.parametrize("attack, release", [(1, 50), (10, 200), (100, 1000)])
def test_it_rises_and_falls_nine_tenths_in_its_times(attack, release, quality):
    burst = np.concatenate([np.ones(2 * RATE), np.zeros(4 * RATE)]) * 0.8
    y = follow(burst, attack=attack, release=release)
    up = np.argmax(y >= 0.72) / RATE * 1000
    quality("follower", "attack off by", 100 * abs(up / attack - 1), "<=", 3, "%")
    plain = follow(burst, attack=0.1, release=release)
    down = (np.argmax(plain[2 * RATE :] <= 0.08)) / RATE * 1000
    quality("follower", "release off by", 100 * abs(down / release - 1), "<=", 1, "%")


def test_the_gain_moves_where_full_scale_is_and_1_is_the_most():
    quiet = follow(tone(1000, level=0.05), release=2000)[-1]
    assert follow(tone(1000, level=0.05), release=2000, gain=6)[-1] == pytest.approx(2 * quiet, rel=0.01)
    assert follow(tone(1000, level=0.9), gain=36).max() <= 1
    assert follow(np.concatenate([tone(1000), np.zeros(8 * RATE)]))[-1] == 0
