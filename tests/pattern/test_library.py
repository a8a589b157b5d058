"""The library of lines: each of its lines is one that can be typed, and a name stands for the line of what plays it."""

from __future__ import annotations

import pytest

from chronus.commands import List, Sequence
from chronus.conductor.questions import Seen, answer
from chronus.errors import ChronusError
from chronus.language.canonical import canonical
from chronus.language.parser import Statement, parse
from chronus.pattern import library
from chronus.rack.document import EMPTY
from tests.kit.stage import CATALOGUE

LINES = [(name, line) for name, ready in library.patterns().items() for line in ready.lines]
GENRES = {"dnb", "jungle", "techno", "acid", "house", "electro", "breakbeat", "dubstep", "garage", "trap"}
WANTED = {
    "dnb.two_step", "dnb.amen", "dnb.roller", "dnb.halfstep", "dnb.steppers", "techno.four", "techno.hard", "techno.offbeat", "jungle.amen",
}  # fmt: skip


def typed(line: str) -> Sequence:
    command = parse(Statement(line)).command
    assert isinstance(command, Sequence)
    return command


def refused(line: str) -> ChronusError:
    with pytest.raises(ChronusError) as caught:
        parse(Statement(line))
    return caught.value


def test_it_has_the_genres_and_the_patterns_that_people_ask_for():
    assert set(library.genres()) >= GENRES
    assert library.patterns().keys() >= WANTED
    assert len(LINES) >= 100


@pytest.mark.parametrize(("name", "line"), LINES, ids=lambda word: word)
def test_a_line_is_whole_bars_and_reads_as_what_it_is_written_as(name, line):
    command = typed(f"seq {line}: @{name}")
    assert command.pattern.steps % 16 == 0 and command.pattern.hits
    assert typed(canonical(command)) == command
    assert typed(f"seq {line}: {library.patterns()[name].lines[line]}") == command


@pytest.mark.parametrize("name", [name for name, ready in library.patterns().items() if ready.kit])
def test_a_kit_plays_all_its_drums_when_each_of_them_does(name):
    whole, ready = typed(f"seq kit: @{name}"), library.patterns()[name]
    assert whole.pattern.drums and typed(canonical(whole)) == whole
    lines = [typed(f"seq {drum}: @{name}").pattern for drum in ready.kit]
    for k, pattern in enumerate(lines):
        laps = whole.pattern.steps // pattern.steps
        wanted = {(lap * pattern.steps + hit.at[0] / hit.at[1]) for lap in range(laps) for hit in pattern.hits}
        assert {hit.at[0] / hit.at[1] for hit in whole.pattern.hits if hit.line == k} == wanted


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("seq kick: @dnb.two_step", "sequence kick: X.........x....."),
        ("seq kick2: @dnb.two_step", "sequence kick2: X.........x....."),
        ("seq bd: @DNB.Two_Step", "sequence bd: X.........x....."),
        ("seq kick: @two_step", "sequence kick: X.........x....."),
        ("seq boom: @dnb.two_step.kick", "sequence boom: X.........x....."),
        ("seq hat: @dnb.two_step", "sequence hat: x.x.x.x.x.x.x.x. vel=0.5 swing=53"),
        ("seq hat: @dnb.two_step vel=0.3 gate=20%", "sequence hat: x.x.x.x.x.x.x.x. gate=0.2 vel=0.3 swing=53"),
        ("seq hat: @dnb.two_step len=8", "sequence hat: x.x.x.x.x.x.x.x. len=8 vel=0.5 swing=53"),
        ("seq reese: @dnb.steppers", "sequence reese: e1 . . e1 . . e1 . . e1 . . g1 . f1 ."),
        ("seq ride: amen", "sequence ride: x.x.x.x.x.x.x.x. vel=0.4 swing=54"),
        ("seq rim: euclid(7,16)", "sequence rim: x..x.x.x..x.x.x."),
        ("seq rim: euclid( 3, 8, 2 ) gate=30%", "sequence rim: .x..x.x. gate=0.3"),
        ("seq kick: @dnb.two_step at bar 9", "sequence kick: X.........x..... at bar 9"),
    ],
)
def test_a_name_stands_for_a_plain_line(line, text):
    assert canonical(typed(line)) == text


@pytest.mark.parametrize(
    ("line", "column", "message", "suggestion"),
    [
        ("seq kick: @dnb.two_stepp", 12, 'there is no pattern "dnb.two_stepp"', "dnb.two_step"),
        ("seq kick: @dnb", 12, "dnb is a genre; there are dnb.two_step", "dnb.two_step"),
        ("seq boom: @dnb.two_step", 12, 'which line of dnb.two_step is "boom"', "dnb.two_step.kick"),
        ("seq cowbell: @dnb.two_step", 15, "dnb.two_step has no line for cowbell", "electro.beat"),
        ("seq kit: @acid.squelch", 11, "acid.squelch has no line for kit", None),
        ("seq kick: @", 11, "after @ comes a pattern", None),
        ("seq kick: @dnb.two_step bpm=8", 25, 'there is no option "bpm"', None),
        ("seq kick: euclid(9,4)", 11, "(hits,steps) spreads", "euclid(7,16)"),
        ("seq kick: euclid(0,0)", 11, "(hits,steps) spreads", "euclid(7,16)"),
        ("seq kick: x...@dnb.two_step", 15, "", None),
    ],
)
def test_a_wrong_name_is_pointed_at(line, column, message, suggestion):
    error = refused(line)
    assert (error.column, error.message[: len(message)]) == (column, message)
    if suggestion:
        assert error.suggestions[0] == suggestion
        mended = line[: column - 1] + suggestion + line[column - 1 + error.length :]
        parse(Statement(mended.replace("cowbell:", "kick:")))


def test_it_is_listed_by_genre_with_all_its_lines():
    seen = Seen(EMPTY, CATALOGUE)
    lines, result, _ = answer(List(what="patterns", genre="techno"), seen)
    assert "  kick    X...X...X...X..." in lines
    assert {one["name"].partition(".")[0] for one in result["patterns"]} == {"techno"}
    every = answer(List(what="patterns"), seen)
    assert len(every.result["patterns"]) == len({id(ready) for ready in library.patterns().values()})
    with pytest.raises(ChronusError) as caught:
        answer(List(what="patterns", genre="tecno"), seen)
    assert caught.value.suggestions == ("techno",) and caught.value.part == "genre"
