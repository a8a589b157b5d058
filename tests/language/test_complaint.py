"""A suggestion makes the line better, or there is none: 350 wrong lines, each put right as AGENTS.md says, then said again."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from chronus.catalogue.kinds import Catalogue
from chronus.command_line import forms
from chronus.commands import AnyCommand, Reply, Submission
from chronus.conductor.conductor import Conductor
from chronus.errors import ChronusError
from chronus.language import complaint, help
from chronus.language.opening import parse
from chronus.language.parser import statements
from chronus.language.rows import ROWS
from chronus.language.source import whole
from chronus.shell.answers import of_reply
from chronus.shell.conversation import replaced
from tests.kit.stage import RATE, Stage

RACK = (
    "load bass; load kick; load hat; load snare; load saw as lead; load filter; load lfo; load adsr; load delay; load tb303; "
    "patch lead > filter > adsr; seq kick: x...; seq hat: x.x.; seq bass: a1 . ."
)
LEAST = 0.95
"""The share of the wrong lines that must be right, or closer to what was meant, when the first suggestion was taken."""


class Row(NamedTuple):
    wrong: str
    right: str


def rows() -> list[Row]:
    text = (Path(__file__).parent / "wrong_lines.txt").read_text()
    lines = [line.split(" | ") for line in text.splitlines() if line and not line.startswith("#")]
    return [Row(wrong.encode("latin-1", "backslashreplace").decode("unicode_escape"), right) for wrong, right in lines]


@cache
def catalogue() -> Catalogue:
    return Catalogue.load()


@cache
def stage(rack: str = RACK) -> Stage:
    """What every line is said to; nothing of it is committed."""
    made = Stage()
    made.conductor = Conductor(catalogue(), RATE)
    for statement in statements(rack):
        made.fine(parse(statement).command)
    return made


def said(line: str, to: Stage | None = None) -> list[AnyCommand] | ChronusError:
    """The commands of a line that is performed; else the error, with its place in the line."""
    to = to or stage()
    commands: list[AnyCommand] = []
    for statement in whole(line):
        try:
            parsed = parse(statement)
            if isinstance(parsed.command, help.Help):
                help.page(parsed.command, catalogue().plain())
        except ChronusError as error:
            reply = Reply(0, False, error.message, code=error.code, part=error.part, suggestions=error.suggestions)
            if error.part:
                error = of_reply(0, line, reply, (statement.line, statement.column), parsed.spans).error or error
            error.length = replaced(statement, error) if error.length is None else error.length
            return error
        texts = tuple(type(one).__name__ for one in (*commands, parsed.command))
        together = Submission(tuple(range(1, len(texts) + 1)), texts, (*commands, parsed.command))
        outcome = to.conductor.perform(together, "").outcomes[-1]
        if outcome.error is not None:
            wrong = outcome.error
            reply = Reply(0, False, wrong.message, code=wrong.code, part=wrong.part, suggestions=wrong.suggestions)
            error = of_reply(0, line, reply, (statement.line, statement.column), parsed.spans).error
            assert error is not None
            error.length = replaced(statement, error)
            return error
        commands.append(parsed.command)
    return commands


def taken(line: str, error: ChronusError) -> str:
    """The line with the first suggestion in its place."""
    begin = error.column - 1
    return line[:begin] + error.suggestions[0] + line[begin + (error.length or 0) :]


def distance(line: str, other: str) -> int:
    """Words and marks to change, to add or to leave out."""
    a, b = (re.findall(r"\w+|[^\w\s]", text.lower()) for text in (line, other))
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        above, row = row, [i]
        for j, right in enumerate(b, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (left != right)))
    return row[-1]


def verdict(row: Row) -> str:
    """right, closer, none, no better, or good for nothing (a suggestion where there is nothing good to suggest)."""
    error = said(row.wrong)
    if not isinstance(error, ChronusError):
        return "no wrong line"
    if not error.suggestions:
        return "none"
    if row.right == "-":
        return "good for nothing"
    better = taken(row.wrong, error)
    result, meant = said(better), said(row.right)
    if distance(better, row.right) == 0 or (not isinstance(result, ChronusError) and result == meant):
        return "right"
    return "closer" if distance(better, row.right) < distance(row.wrong, row.right) else "no better"


def test_of_the_wrong_lines_most_are_right_or_closer_with_the_first_suggestion(record_property) -> None:  # type: ignore[no-untyped-def]
    verdicts = {row: verdict(row) for row in rows()}
    fixable = [row for row in verdicts if row.right != "-"]
    better = [row for row in fixable if verdicts[row] in ("right", "closer")]
    share = len(better) / len(fixable)
    exactly = sum(verdicts[row] == "right" for row in fixable)
    print(f"\nof {len(fixable)} wrong lines {share:.1%} are right ({exactly}) or closer with the first suggestion")
    for row, one in verdicts.items():
        if one not in ("right", "closer") and not (one == "none" and row.right == "-"):
            error = said(row.wrong)
            told = f"{error.message} {error.suggestions}" if isinstance(error, ChronusError) else "is performed"
            print(f"  {one}: {row.wrong} -> {told} (meant: {row.right})")
    assert len(fixable) >= 200
    assert share >= LEAST
    assert not [row.wrong for row, one in verdicts.items() if one == "good for nothing"]
    assert sum(one == "no better" for one in verdicts.values()) <= 2


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("load saw freq=55 as s2", "load saw as s2 freq=55"),
        ("load saw freq=55 as", None),
        ("load saw as a freq=55 as b", None),
    ],
)
def test_a_name_may_come_after_the_parameters(wrong: str, right: str | None) -> None:
    if right is None:
        with pytest.raises(ChronusError):
            parse(whole(wrong)[0])
    else:
        assert parse(whole(wrong)[0]).command == parse(whole(right)[0]).command


@pytest.mark.parametrize(
    "line", ["florble", "load kazoo", "seq kick: x.y.", "set filter.mode purple", "xyzzy plugh", "scene a"]
)
def test_where_nothing_good_is_known_nothing_is_suggested(line: str) -> None:
    error = said(line)
    assert isinstance(error, ChronusError) and error.suggestions == ()


def test_a_form_of_the_program_is_no_command_and_the_answer_says_where_it_is_said() -> None:
    assert set(forms.FORMS) - set(ROWS) >= complaint.FORMS
    for form in complaint.FORMS:
        error = said(f"{form} neuro")
        assert isinstance(error, ChronusError)
        assert (error.code, error.column) == ("E_COMMAND", 1) and f"`chronus {form}`" in error.message
