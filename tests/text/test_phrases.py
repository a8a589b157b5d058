from __future__ import annotations

import tomllib

import pytest

from chronus import places
from chronus.commands import Say
from chronus.errors import ChronusError
from chronus.text.canonical import canonical
from chronus.text.parser import Statement, parse


def said(line: str) -> list[str]:
    command = parse(Statement(line)).command
    assert isinstance(command, Say)
    return [canonical(each) for each in command.commands]


def test_the_founding_sentence_comes_to_a_dnb_beat() -> None:
    assert said("Yo! Chronus, drop in some kick and snare for a DnB song...") == [
        "set bpm 174",
        "load kick model=dnb",
        "load snare model=dnb",
        "sequence kick: X.........x.....",
        "sequence snare: ....X.......X...",
    ]


def test_it_brings_its_lines_along_as_they_would_be_typed() -> None:
    command = parse(Statement("say a dnb kick")).command
    assert isinstance(command, Say)
    assert command.lines == ("bpm 174", "load kick model=dnb", "seq kick: X.........x.....")
    assert tuple(parse(Statement(line)).command for line in command.lines) == command.commands


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Chronus, add hats", ["load hat"]),
        ("yo drop a kick", ["load kick"]),
        ("say KICKS", ["load kick"]),
        ("say add a 303, call and response", ["load tb303"]),
        ("say a drum and bass beat", ["set bpm 174", "load kick", "load snare", "load hat"]),
        ("say a drum'n'bass bassline", ["set bpm 174", "load bass"]),
        ("say hard techno", ["set bpm 145", "load kick"]),
        ("say some techno at 138 bpm", ["set bpm 138", "load kick"]),
        ("say acid", ["set bpm 130", "load kick", "load hat", "load tb303"]),
        ("say an acid line over it", ["load tb303"]),
        ("say 128.5 bpm", ["set bpm 128.5"]),
    ],
)
def test_words_come_to_lines(line: str, expected: list[str]) -> None:
    lines = said(line)
    for begins in expected:
        assert any(each.startswith(begins) for each in lines), lines
    if not any("bpm" in each for each in expected):
        assert not any("bpm" in each for each in lines)


def test_the_address_is_no_part_of_the_words() -> None:
    for line in ("Yo! Chronus, a kick", "chronus, a kick", "say Yo, Chronus: a kick", "say a kick", "YO a  kick"):
        parsed = parse(Statement(line))
        assert parsed.text == "say a kick"
        assert parsed.spans["words"][1] == line.index("a ") + 1


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("say", 4, "say what to play: genres (dnb, "),
        ("Yo!", 4, "say what to play"),
        ("say florble", 5, '"florble": not understood yet; genres (dnb, '),
        ("say ...", 8, "say what to play"),
        ("Chronus, mute the kick", 10, '"mute" is not understood yet'),
        ("say a kick without hats", 12, '"without" is not understood yet'),
    ],
)
def test_what_is_not_understood_is_said(line: str, column: int, message: str) -> None:
    with pytest.raises(ChronusError) as caught:
        parse(Statement(line))
    assert (caught.value.code, caught.value.column) == ("E_SYNTAX", column)
    assert message in caught.value.message
    assert caught.value.suggestions or "mute" in line or "without" in line


def test_every_line_of_the_vocabulary_can_be_read() -> None:
    table = tomllib.loads((places.shipped("grammar") / "phrases.toml").read_text())
    for section in (table["plain"], *table["genres"].values()):
        for instrument in table["order"]:
            for line in section.get(instrument, ()):
                assert parse(Statement(line)).text


def test_every_word_of_the_vocabulary_is_understood() -> None:
    table = tomllib.loads((places.shipped("grammar") / "phrases.toml").read_text())
    words = [word for genre in table["genres"].values() for word in genre["words"]]
    for word in [*words, *(word for known in table["instruments"].values() for word in known)]:
        assert said(f"say some {word}, please"), word
