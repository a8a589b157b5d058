"""The songs that ship: each renders to its own end, and builds and drops by figures."""

from __future__ import annotations

import re
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import Struct

from chronus.ears.loudness import lufs
from tests.kit.clicks import clicks
from tests.kit.live import Home
from tests.kit.mix import LOUDNESS, TRUE_PEAK
from tests.kit.peaks import meter_peak
from tests.kit.songs import SONG, SONGS

# each is four minutes of sound: more than a change needs
pytestmark = pytest.mark.proof

RATE = 44100
BPM = re.compile(r"^bpm ([\d.]+)$", re.MULTILINE)
LEAST_BARS = 96
BUILD, DROP, BREAK = 1.5, 3.0, 3.0
"""LU, at least: from the first quarter of a build to its last, from what comes before a drop to it, from a drop to the break after it."""
TAIL_SECONDS = 12


class Section(Struct, frozen=True):
    name: str
    bars: int
    sound: np.ndarray

    @property
    def loudness(self) -> float:
        return lufs(self.sound, RATE)


class Song(Struct, frozen=True):
    told: dict[str, Any]
    sound: np.ndarray
    frames: int
    """Of its sections, without the tail."""
    sections: list[Section]


@cache
def heard(path: Path, folder: Path) -> Song:
    text = path.read_text()
    parts = [part.split("*") for part in SONG.search(text)[1].split()]  # type: ignore[index]
    bar = 240 / float(BPM.search(text)[1]) * RATE  # type: ignore[index]
    told, sound = Home(folder).render(path)
    ends = [round(bars * bar) for bars in accumulate(int(bars) for _, bars in parts)]
    sections = [
        Section(name, int(bars), sound[start:end]) for (name, bars), (start, end) in zip(parts, pairwise([0, *ends]), strict=True)
    ]  # fmt: skip
    return Song(told, sound, ends[-1], sections)


@pytest.fixture(params=SONGS, ids=lambda path: path.stem, scope="module")
def song(request, tmp_path_factory):
    return heard(request.param, tmp_path_factory.mktemp("songs"))


def test_there_are_three_of_three_kinds():
    first = [path.read_text().partition("\n")[0].lower() for path in SONGS]
    assert all(any(kind in line for line in first) for kind in ("drum and bass", "techno", "acid"))


def test_a_song_is_long_and_uses_what_songs_are_made_of(song, request):
    assert sum(section.bars for section in song.sections) >= LEAST_BARS


@pytest.mark.parametrize("path", SONGS, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    "what", [r"^scene \w+ = ", r"\?fill", r"^every \d+ bars fill", r" over \d+ bars", r"\?\d:\d|<", r"\{\w+="]
)
def test_a_song_uses_scenes_fills_automation_conditions_and_locks(path, what):
    assert re.search(what, path.read_text(), re.MULTILINE)


def test_a_song_renders_to_its_end(song):
    assert song.frames <= len(song.sound) <= song.frames + TAIL_SECONDS * RATE
    assert "notice" not in song.told


def test_a_song_is_as_loud_as_a_record(song, figure):
    peak = 20 * np.log10(max(meter_peak(song.sound[:, side]) for side in range(2)))
    loudness = lufs(song.sound, RATE)
    figure(
        f"  {Path(song.told['file']).stem:<16} {loudness:6.1f} LUFS {peak:6.2f} dBTP: "
        + ", ".join(f"{section.name} {section.loudness:.1f}" for section in song.sections)
    )
    assert LOUDNESS[0] <= loudness <= LOUDNESS[1] and peak <= TRUE_PEAK


def test_a_song_builds_and_drops(song):
    names = [section.name for section in song.sections]
    assert {"intro", "build", "drop", "break"} <= set(names)
    for section in song.sections:
        if section.name == "build":
            quarter = len(section.sound) // 4
            assert lufs(section.sound[-quarter:], RATE) >= lufs(section.sound[:quarter], RATE) + BUILD
    for before, after in pairwise(song.sections):
        if after.name == "drop" and before.name != "drop":
            assert after.loudness >= before.loudness + DROP, (before.name, after.name)
        if after.name == "break":
            assert after.loudness <= before.loudness - BREAK, (before.name, after.name)


def test_a_song_does_not_click(song):
    assert not clicks(song.sound, RATE)
