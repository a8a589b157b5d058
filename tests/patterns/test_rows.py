"""What the notation means, written by hand in two tables, against what is played: rows.txt (notation.md's lines among them), tidal.txt."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from fractions import Fraction
from math import sqrt
from pathlib import Path
from typing import NamedTuple

import pytest

from chronus.language.notation import read_lane
from chronus.memory.log import F_ACCENT
from chronus.pattern.lane import locks_of
from chronus.pattern.loop import loop_of
from chronus.pattern.tree import Lock
from chronus.units import Quantity, Sweep, Word, format_number

MANY = 4000
"""Loops in which chances are counted."""
EVENT = re.compile(
    r"(?P<at>[\d./]+)(?::(?P<pitches>[\d,]+))?(?:\+(?P<length>[\d./]+))?(?:'(?P<velocity>\d+))?(?P<accent>\^)?(?P<glide>~)?"
    r"(?:\{(?P<locks>[^}]*)\})?(?:\?(?P<share>\d+))?(?:\|(?P<group>\w))?(?:\s+|$)"
)


class Event(NamedTuple):
    at: Fraction
    length: Fraction
    pitch: int | None
    velocity: int
    accent: bool
    glide: bool
    locks: str


class Expected(NamedTuple):
    event: Event
    share: int
    group: str


class Row(NamedTuple):
    text: str
    loops: list[list[Expected]]


def rows(name: str) -> list[Row]:
    lines = (Path(__file__).parent / name).read_text().splitlines()
    found = [line.rsplit(" =>", 1) for line in lines if line and not line.startswith("#")]
    return [
        Row(text, [events(loop.strip()) for loop in re.split(r"(?:^|\s)/(?=\s|$)", loops)]) for text, loops in found
    ]


def events(text: str) -> list[Expected]:
    found: list[Expected] = []
    place = 0
    while place < len(text):
        event = EVENT.match(text, place)
        assert event, text[place:]
        place = event.end()
        accent = bool(event["accent"])
        for pitch in (event["pitches"] or "").split(","):
            found.append(
                Expected(
                    Event(
                        Fraction(event["at"]),
                        Fraction(event["length"] or "1/2"),
                        int(pitch) if pitch else None,
                        int(event["velocity"] or (100 if accent else 80)),
                        accent,
                        bool(event["glide"]),
                        event["locks"] or "",
                    ),
                    int(event["share"] or 100),
                    event["group"] or "",
                )
            )
    return found


def loops(text: str, count: int) -> list[list[Event]]:
    """What the first loops of a lane play."""
    lane = read_lane(text, 1)
    loop = loop_of(lane.pattern, lane.options)
    locks, kinds = loop.locks, locks_of(lane.pattern)
    found: list[list[Event]] = [[] for _ in range(count)]
    played = loop.notes(0, count * len(loop.starts), seed=3)
    for number, place, begin, end in zip(played.number, played.place, played.begin, played.end, strict=True):
        which = int(number) // len(loop.starts)
        found[which].append(
            Event(
                Fraction(int(begin) - which * loop.size, loop.part),
                Fraction(int(end) - int(begin), loop.part),
                loop.pitches[place],
                round(float(loop.velocity[place]) * 100),
                bool(loop.flags[place] & F_ACCENT),
                bool(loop.glide[place]),
                " ".join(written(kinds[k]) for k in locks.which[locks.first[place] : locks.first[place + 1]]),
            )
        )
    return found


def written(lock: Lock) -> str:
    match lock.value:
        case Word(text):
            return f"{lock.param}={text}"
        case Sweep(start, stop):
            return f"{lock.param}={number(start)}..{number(stop)}"
        case _:
            return f"{lock.param}={number(lock.value)}"


def number(value: Quantity) -> str:
    return f"{format_number(value.number)}{value.unit}"


def in_order(some: list[Event]) -> list[Event]:
    return sorted(some, key=lambda event: (event.at, event.pitch or 0, event.velocity, event.length, event.accent))


TABLES = ("rows.txt", "tidal.txt")
ALL = [row for table in TABLES for row in rows(table)]
SURE = [row for row in ALL if all(expected.share == 100 for loop in row.loops for expected in loop)]
BY_CHANCE = [row for row in ALL if row not in SURE]


@pytest.mark.parametrize("row", SURE, ids=lambda row: row.text)
def test_each_loop_plays_what_the_line_means(row: Row) -> None:
    count = max(4, 2 * len(row.loops))
    for which, found in enumerate(loops(row.text, count)):
        expected = [one.event for one in row.loops[which % len(row.loops)]]
        assert in_order(found) == in_order(expected), f"loop {which}"


@pytest.mark.parametrize("row", BY_CHANCE, ids=lambda row: row.text)
def test_chance_plays_as_often_as_the_line_says(row: Row) -> None:
    turns = len(row.loops)
    counted: dict[int, Counter[Event]] = defaultdict(Counter)
    for which, found in enumerate(loops(row.text, MANY)):
        expected = row.loops[which % turns]
        assert set(found) <= {one.event for one in expected}
        assert {one.event for one in expected if one.share == 100} <= set(found)
        groups = Counter(one.group for one in expected if one.group and one.event in found)
        assert set(groups.values()) <= {1}
        shares = Counter({one.group: 0 for one in expected if one.group})
        for one in expected:
            shares[one.group] += one.share * bool(one.group)
        assert {name for name, share in shares.items() if share >= 99} <= set(groups)
        counted[which % turns].update(found)
    for turn, expected in enumerate(row.loops):
        for one in expected:
            share, tries = one.share / 100, MANY / turns
            most = (
                4 * sqrt(share * (1 - share) / tries) + 0.005
            )  # four standard deviations, and what a third loses as 33
            assert counted[turn][one.event] / tries == pytest.approx(share, abs=most)


SYMBOLS = {
    "hit": r"x",
    "accented hit": r"X",
    "ghost": r"o",
    "velocity": r"(?<![\d!@*?:%'(,.=-])[1-9](?![\d/:])",
    "rest": r"[.~-]",
    "hold": r"_",
    "bar": r"(?<=\s)\|",
    "note": r"\b[a-g][#b]?-?\d",
    "chord": r"\d:[a-z]",
    "inversion": r":m7/",
    "degree": r"(?<!\S)-?\d+(?!\S)",
    "drum": r"\b(?:bd|sn|hh)",
    "sample": r"(?:hh|oh):\d",
    "accent": r"\^",
    "glide": r"\w~",
    "'": r"'\d",
    "ratchet": r"\*\d",
    "repeat": r"!\d",
    "length": r"@\d",
    "chance": r"\?(?![\d]:|fill|nofill)",
    "cycle": r"\?\d:\d",
    "fill": r"\?fill",
    "nofill": r"\?nofill",
    "euclid": r"\(\d,\d+\)",
    "rotation": r"\(\d,\d+,",
    "lock": r"\{[a-z ]+=",
    "sequence": r"\[\w+ \w+\]",
    "together": r"\[\w+,\w+",
    "choice": r"\[\w+\|",
    "turns": r"<",
    "polymeter": r"\}%\d",
    "stack": r" , ",
    "hex": r"(?i)hex:",
}


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_symbol_is_in_three_rows_or_more(symbol: str) -> None:
    assert sum(bool(re.search(SYMBOLS[symbol], row.text)) for row in ALL) >= 3


def test_the_tables_are_long_enough_and_say_no_line_twice() -> None:
    ours, theirs = map(rows, TABLES)
    assert len(ours) >= 150 and len(theirs) >= 40
    assert [text for text, count in Counter(row.text for row in ours).items() if count > 1] == []
