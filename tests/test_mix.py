"""That the ears for mixes hear: each figure on a sound of which it is known, and planted clicks."""

from itertools import pairwise

import numpy as np
import pytest

from tests.kit import mix
from tests.kit.clicks import Click, clicks

RATE = 44100


def tones(*parts, seconds=4):
    """The sum of sines (Hz, level, how much of it is side: 0 is the middle, 1 the side alone)."""
    t = np.arange(seconds * RATE) / RATE
    left, right = np.zeros(t.size), np.zeros(t.size)
    for hertz, level, aside in parts:
        wave = level * np.sin(2 * np.pi * hertz * t + hertz)
        left += wave * (1 - aside) + wave * aside
        right += wave * (1 - aside) - wave * aside
    return np.stack([left, right], 1).astype(np.float32)


def test_octaves_are_told_relative_to_the_whole():
    levels = mix.octaves(tones((62, 0.1, 0), (1000, 0.1, 0), (8000, 0.01, 0)), RATE)
    assert levels[1] == pytest.approx(-3.03, abs=0.05) and levels[5] == pytest.approx(-3.03, abs=0.05)
    assert levels[8] == pytest.approx(-23.03, abs=0.05) and levels[3] < -80


def test_a_sound_made_to_a_profile_is_on_it_and_one_band_louder_is_off_by_half():
    """The common gain takes the other half."""
    for name, profile in mix.PROFILES.items():
        middles = [np.sqrt(a * b) for a, b in pairwise(mix.EDGES)]
        parts = [(hertz, 0.1 * 10 ** (level / 20), 0) for hertz, level in zip(middles, profile, strict=True)]
        assert mix.off_profile(tones(*parts), RATE, name) < 0.1
        assert mix.measure(tones(*parts), RATE).profile == name
        parts[3] = (parts[3][0], parts[3][1] * 2, 0)
        assert mix.off_profile(tones(*parts), RATE, name) == pytest.approx(3.01, abs=0.1)


def test_a_hole_is_told_under_its_louder_neighbour():
    levels = np.array([0, 0, 0, -20, 0, 0, -5, -10, -15, -20.0])
    found = dict(mix.holes(levels))
    assert found[250] == 20 and found[1000] == 0 and found[2000] == 5 and max(found.values()) == 20
    assert set(found) == {62.5, 125, 250, 500, 1000, 2000, 4000, 8000}


def test_side_to_mid_is_told_band_by_band():
    sound = tones((60, 0.3, 0.01), (3000, 0.1, 0.25))
    assert mix.side_to_mid(sound, RATE, 20, 100) == pytest.approx(20 * np.log10(0.01 / 0.99), abs=0.1)
    assert mix.side_to_mid(sound, RATE, 200, 22050) == pytest.approx(20 * np.log10(0.25 / 0.75), abs=0.1)


def music(hats, seed=1, seconds=8):
    """Kicks with a click of 4 ms, a bass, a chord; and hats of 40 ms, if asked for."""
    rng, n = np.random.default_rng(seed), seconds * RATE
    t = np.arange(n) / RATE
    beat = np.arange(n) % 15000
    sound = 0.4 * np.sin(2 * np.pi * (50 * beat / RATE + 4 * (1 - np.exp(-beat / 900)))) * np.exp(-beat / 5000)
    sound += 0.1 * rng.normal(0, 1, n) * np.exp(-beat / 60) + 0.2 * np.sin(2 * np.pi * 55 * t)
    chord = sum(np.sin(2 * np.pi * hertz * k * t) / k for hertz in (220, 261.6, 329.6) for k in range(1, 25))
    sound += 0.03 * chord
    if hats:
        sound += 0.2 * np.diff(rng.normal(0, 1, n + 1)) * np.exp(-(np.arange(n) % 7500) / 300)
    return np.stack([sound, 0.8 * sound], 1).astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
def test_planted_clicks_of_minus_40_dbfs_are_found_and_nothing_else(seed):
    rng = np.random.default_rng(seed)
    sound = music(hats=False, seed=seed)
    assert clicks(sound, RATE) == []
    # anywhere but in the click of a kick, which hides them from an ear as well
    frames = np.sort(rng.choice(np.arange(1000, len(sound) - 1000, 2000), 60, replace=False))
    frames = frames[(frames % 15000 > 700) & (frames % 15000 < 14700)]
    for frame in frames:
        sound[frame, rng.integers(2)] += 0.01 * rng.choice([-1, 1])
    found = clicks(sound, RATE)
    assert [click.frame for click in found] == list(frames) and len(frames) > 40
    assert all(abs(click.level + 40) < 3 for click in found)


def test_between_hats_they_are_found_too():
    sound = music(hats=True)
    assert clicks(sound, RATE) == []
    for frame in range(6000, len(sound) - 7500, 7500):
        sound[frame] += 0.01
    assert [click.frame for click in clicks(sound, RATE)] == list(range(6000, len(sound) - 7500, 7500))


def test_the_edges_of_a_low_saw_are_no_clicks_and_one_more_is():
    t = np.arange(4 * RATE) / RATE
    saw = sum(np.sin(2 * np.pi * 55 * k * t) / k for k in range(1, 360)) / 3
    sound = np.repeat(saw[:, None], 2, 1).astype(np.float32)
    assert clicks(sound, RATE) == []
    sound[100_600] += 0.1
    assert [click.frame for click in clicks(sound, RATE)] == [100_600]


def test_a_note_cut_off_clicks():
    sound = tones((220, 0.3, 0))
    sound[100_030:] = 0
    found = clicks(sound, RATE)
    assert len(found) == 1 and abs(found[0].frame - 100_030) <= 1


def test_what_misses_a_bar_is_told():
    quiet = mix.measure(tones((60, 0.01, 0.5), (9000, 0.001, 0)), RATE)
    told = "\n".join(quiet.misses())
    for word in ("LUFS", "off", "Hz", "above 200 Hz", "under 100 Hz"):
        assert word in told
    loud = mix.Mix(-10, -0.5, "techno", 1, [0.0] * 10, -10, -40, [Click(7, -30)])
    assert len(loud.misses()) == 2 and "dBTP" in loud.misses()[0] and "frame 7" in loud.misses()[1]


@pytest.mark.parametrize(
    "first, name",
    [("# Drum and bass at 174: two-step", "drum and bass"), ("# Acid: one 303", "techno"), ("# A neuro roller", "drum and bass"),
     ("# Hard techno", "techno"), ("# House", "")],
)  # fmt: skip
def test_a_patch_names_its_genre_in_its_first_line(first, name):
    assert mix.profile_of(f"{first}\nbpm 120\n") == name
