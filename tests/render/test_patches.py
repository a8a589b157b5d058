"""Every patch that ships is held against what a record has: loudness, peaks, balance, width, no clicks (tests/kit/mix.py)."""

from functools import cache
from pathlib import Path

import pytest

from chronus.places import PACKAGE, shipped
from tests.kit.mix import Mix, measure, picture, profile_of, rendered
from tests.kit.songs import SONGS

SHORT = {
    "classic": "a sine that others play from outside, over OSC: no music by itself",
    "first-beat": "mono, and 500 Hz to 4 kHz far under the bass: from before there was a mixer",
}
"""Patches that are known to miss some bar, and why. One that meets all of them is taken out."""

PATCHES = [path for path in sorted(shipped("patches").glob("*.chronus")) if path not in SONGS]


@cache
def heard(patch: Path) -> Mix:
    return measure(*rendered(patch), profile_of(patch.read_text()))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))


@pytest.mark.proof
@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_a_patch_stands_beside_a_record(patch, figure):
    mix = heard(patch)
    misses = mix.misses()
    figure(
        f"  {patch.stem:<14} {mix.loudness:6.1f} LUFS {mix.true_peak:6.2f} dBTP, {mix.off_profile:4.1f} dB off {mix.profile}, "
        f"side {mix.side:.1f} dB: {f'misses {len(misses)} bars' if misses else 'all bars hold'}"
    )
    if patch.stem in SHORT:
        assert misses, f"{patch.stem} meets every bar, though it is said to fall short: {SHORT[patch.stem]}"
    else:
        assert not misses, "\n".join([patch.stem, *misses])


@pytest.mark.parametrize("name", ["roller", "dub"])
def test_the_picture_of_sound_in_the_readme_is_what_is_rendered(name):
    drawn = picture(heard(shipped("patches") / f"{name}.chronus"))
    readme = (PACKAGE.parent / "README.md").read_text()
    shown = readme.partition(f"{name}, octave by octave\n")[2].partition("```")[0].splitlines()[: len(drawn)]
    assert [line.split("Hz")[0] for line in shown] == [line.split("Hz")[0] for line in drawn], drawn
    assert all(abs(one.count("#") - other.count("#")) <= 1 for one, other in zip(shown, drawn, strict=True)), drawn


def test_only_patches_that_ship_are_said_to_fall_short():
    assert {patch.stem for patch in PATCHES} >= SHORT.keys()
