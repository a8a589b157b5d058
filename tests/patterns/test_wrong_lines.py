"""Wrong lines of the notation, many of them habits from elsewhere: each points at its character and is answered with our way to say it."""

from __future__ import annotations

from pathlib import Path
from time import process_time
from typing import NamedTuple

import pytest

from chronus.errors import ChronusError
from chronus.language.notation import read_lane
from chronus.pattern.explaining import HABITS
from tests.kit.stage import Stage
from tests.language.test_complaint import said, taken
from tests.language.test_complaint import stage as complaint_stage

RACK = "load kit; load pad; load bass; load kick; load saw as lead"


class Row(NamedTuple):
    typed: str
    column: int
    message: str
    right: str


def rows() -> dict[str, list[Row]]:
    """The rows of each heading."""
    found: dict[str, list[Row]] = {}
    for line in (Path(__file__).parent / "wrong_lines.txt").read_text().splitlines():
        if line.startswith("## "):
            some = found.setdefault(line[3:], [])
        elif line and not line.startswith("#"):
            typed, told, right = line.split(" => ")
            column, _, message = told.partition(" ")
            some.append(Row(typed, int(column), message, right))
    return found


@pytest.fixture(scope="module")
def stage() -> Stage:
    return complaint_stage(RACK)


@pytest.mark.parametrize("row", [row for some in rows().values() for row in some], ids=lambda row: row.typed)
def test_a_wrong_line_is_answered_with_a_right_one(stage: Stage, row: Row) -> None:
    error = said(row.typed, stage)
    assert isinstance(error, ChronusError)
    assert error.column == row.column
    assert error.message.startswith(row.message)
    if row.right == "-":
        assert error.suggestions == ()
        return
    better = taken(row.typed, error)
    assert better.split() == row.right.split()
    result = said(better, stage)
    assert not isinstance(result, ChronusError), result


def test_the_table_is_long_enough() -> None:
    found = rows()
    assert sum(map(len, found.values())) >= 80
    assert sum(len(some) for name, some in found.items() if "Tidal" in name or "FoxDot" in name) >= 25


LOCKS = [
    ("a1{cutoff:800}", "a1{cutoff=800}"),
    ("a1 {cutoff=800} c2", "a1{cutoff=800} c2"),
    ("a1{cutoff=800 resonance=0.5}", "a1{cutoff=800, resonance=0.5}"),
    ("x{ cutoff: 800 mode=low }", "x{cutoff=800, mode=low}"),
]


def test_every_habit_is_met_by_a_row_of_the_table() -> None:
    """A form that no row takes would be a guess that nobody has tried."""
    bodies = [
        row.typed.partition(": ")[2].split(" key=")[0] for some in rows().values() for row in some if ":" in row.typed
    ]
    bodies += [wrong for wrong, _ in LOCKS]
    unmet = [habit.form.pattern for habit in HABITS if not any(habit.form.search(body) for body in bodies)]
    assert unmet == []


LONG = ("c " * 190, "bd*16 " * 60, "(" * 300, "x" * 8000 + "h", "c " * 4000, '"' * 390, "<" * 390, "a1 " * 300 + "c")


@pytest.mark.parametrize("text", LONG, ids=lambda text: text[:8])
def test_a_long_wrong_line_is_answered_soon(text: str) -> None:
    began = process_time()
    with pytest.raises(ChronusError) as caught:
        read_lane(text, 1)
    assert 1 <= caught.value.column <= len(text) + 1
    assert process_time() - began < 0.5


@pytest.mark.parametrize(("wrong", "right"), LOCKS)
def test_a_lock_is_put_right(wrong: str, right: str) -> None:
    with pytest.raises(ChronusError) as caught:
        read_lane(wrong, 1)
    assert caught.value.message.startswith("a lock ")
    better = taken(wrong, caught.value)
    assert better.replace(" ", "") == right.replace(" ", "")
    assert read_lane(better, 1).pattern == read_lane(right, 1).pattern
