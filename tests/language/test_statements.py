from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronus.errors import ChronusError
from chronus.language.parser import LONGEST_LINE, Statement, parse, statements
from chronus.language.statements import goes_on
from tests.kit.machine import seconds_of


def texts(source: str) -> list[str]:
    return [statement.text for statement in statements(source)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", []),
        ("\n \n\t\n;;;", []),
        ("load kick", ["load kick"]),
        ("load kick\nplay\r\nstop\rquit", ["load kick", "play", "stop", "quit"]),
        ("load kick; seq kick: x...", ["load kick", "seq kick: x..."]),
        ("seq a: [x;x]; play", ["seq a: [x;x]", "play"]),
        ("seq a: x{a=1;b=2}(3;8); play", ["seq a: x{a=1;b=2}(3;8)", "play"]),
        ("seq a: [x; play\nstop", ["seq a: [x; play", "stop"]),
        ("seq a: x]; play", ["seq a: x]", "play"]),
        ('load "a;b # c // d"; play', ['load "a;b # c // d"', "play"]),
        ('load "a; play\nstop', ['load "a; play', "stop"]),
        ("patch a > b; play", ["patch a > b", "play"]),
        ("# all of it; play", []),
        ("play # so; stop", ["play"]),
        ("play;# so", ["play"]),
        ("seq a: c#2 a1 # c#3", ["seq a: c#2 a1"]),
        ("play // so # on", ["play"]),
        ("say kick; and snare # not this", ["say kick; and snare"]),
        ("Yo! Chronus, kick; snare\nplay", ["Yo! Chronus, kick; snare", "play"]),
        ('chronus, a "kick; and snare', ['chronus, a "kick; and snare']),
        ("play; say it's a [kick; snare", ["play", "say it's a [kick; snare"]),
        ("sayonara; play", ["sayonara", "play"]),
        ("load \\\n  kick", ["load \\\n  kick"]),
        ("play; \\\n stop", ["play", "stop"]),
        ("play # comment \\\nstop", ["play", "stop"]),
        ("play \\", ["play"]),
        ("\ufeffplay", ["play"]),
    ],
)
def test_a_text_is_cut_into_commands(source: str, expected: list[str]) -> None:
    assert texts(source) == expected


def test_statements_know_where_they_begin() -> None:
    source = "# x\n  load kick ; play\n\n\tseq kick: \\\n x...; stop"
    assert [(s.line, s.column) for s in statements(source)] == [(2, 3), (2, 15), (4, 2), (5, 8)]
    assert [s.line for s in statements("a\nb", 7)] == [7, 8]


def test_positions_follow_continued_lines() -> None:
    (statement,) = statements("  set bass.freq \\\n   55")
    assert statement.position(0) == (1, 3)
    assert statement.position(statement.text.index("55")) == (2, 4)


@pytest.mark.parametrize(
    ("line", "more"),
    [("load \\", True), ("\\", True), ("load \\  ", True), ("load # \\", False), ("load", False),
     ("say kick \\", True), ('load "a \\', False), ("play; \\", True)],
)  # fmt: skip
def test_a_backslash_at_the_end_continues(line: str, more: bool) -> None:
    assert (goes_on(line, None) is not None) is more


def test_a_line_that_is_too_long_is_one_wrong_statement_and_the_rest_goes_on() -> None:
    good, long, also_good = statements("play\n" + "a;" * LONGEST_LINE + "\nstop")
    assert (good.text, also_good.text) == ("play", "stop")
    with pytest.raises(ChronusError) as caught:
        parse(long)
    assert (caught.value.code, caught.value.line, caught.value.column) == ("E_LIMIT", 2, LONGEST_LINE + 1)


def test_a_line_as_long_as_is_allowed_is_read() -> None:
    line = "mute " + "a " * ((LONGEST_LINE - 5) // 2) + "b"
    assert len(line) == LONGEST_LINE
    assert parse(statements(line)[0]).text == line


def test_a_continued_line_counts_as_one() -> None:
    (statement,) = statements(("a \\\n" * LONGEST_LINE) + "b")
    with pytest.raises(ChronusError, match="at most"):
        parse(statement)


@pytest.mark.parametrize("piece", ["[", ";", '"', "\\\n", "[]", "a;", "# \\\n", "(\n", "//", "\ud800", "é;"])
def test_a_large_script_takes_no_longer_than_its_size(piece: str) -> None:
    source = piece * ((1 << 19) // len(piece.encode("utf-8", "surrogatepass")))
    assert seconds_of(lambda: statements(source), 1) < 2


def test_a_script_beyond_a_mebibyte_is_refused_at_once() -> None:
    source = "load kick\n" * 5_000_000

    def read() -> None:
        with pytest.raises(ChronusError) as caught:
            statements(source)
        assert caught.value.code == "E_LIMIT"

    assert seconds_of(read) < 0.2


@given(st.text(st.sampled_from('ax ;#/\\\n\r"[](){}é') | st.characters(), max_size=200))
def test_every_statement_stands_where_it_says(source: str) -> None:
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for statement in statements(source):
        assert isinstance(statement, Statement)
        typed = lines[statement.line - 1]
        first = statement.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[0]
        offset = statement.column - 1 + (source.startswith("\ufeff") and statement.line == 1)
        assert typed[offset : offset + len(first)] == first
