"""What comes along with a copied text: prompts, answers, numbering, fences; blanks that are none and what cannot be seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronus import commands as c
from chronus.errors import ChronusError
from chronus.language import opening
from chronus.language.parser import parse
from chronus.language.pasted import Pasted
from chronus.language.plainly import plainly
from chronus.language.source import Source, whole
from chronus.render.take import read_script
from tests.language.test_parser import LINES
from tests.shell.test_plain import play

SESSION = """\
chronus> load bass_module
ok 1 load bass @2688
chronus> say add some hats
  load hat
  seq hat: x.x.x.x.x.x.x.x. vel=0.6
ok 2 say add some hats (from bar 1) @2688
chronus> set bas.freq 41
err 3 E_NAME 1:5 no module "bas" is loaded; did you mean "bass"?
  set bas.freq 41
      ^
! failover: slot 0 died (signal 9), slot 1 plays on, 0 frames lost
chronus> set bass.freq 55
"""


def read(text: str) -> list[tuple[str, int, int, str]]:
    return [(one.text, one.line, one.column, one.note) for one in whole(text)]


def test_of_a_session_only_what_was_typed_is_read() -> None:
    assert read(SESSION) == [
        ("load bass_module", 1, 10, "prompts and answers of a session left out"),
        ("say add some hats", 3, 10, ""),
        ("set bas.freq 41", 7, 10, ""),
        ("set bass.freq 55", 12, 10, ""),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. load kick\n2. seq kick: x...", [("load kick", 1, 4, "numbering left out"), ("seq kick: x...", 2, 4, "")]),
        ("1) load kick\n 10) play", [("load kick", 1, 4, "numbering left out"), ("play", 2, 6, "")]),
        ("     1\tload kick", [("load kick", 1, 8, "numbering left out")]),
        ("- load kick\n* play", [("load kick", 1, 3, "numbering left out"), ("play", 2, 3, "")]),
        ("```chronus\nload kick\n```\n", [("load kick", 2, 1, "code fences left out")]),
        ("~~~\nload kick; play\n~~~", [("load kick", 2, 1, "code fences left out"), ("play", 2, 12, "")]),
        ("`load kick`", [("load kick", 1, 2, "backticks left out")]),
        ("$ load kick", [("load kick", 1, 3, "prompt left out")]),
        ("> load kick\n>>> play", [("load kick", 1, 3, "prompt left out"), ("play", 2, 5, "")]),
        ("load kick\nok 1 load kick @64\nplay", [("load kick", 1, 1, ""), ("play", 3, 1, "answers passed over")]),
        ("! engine: was lost\nplay\n! x y", [("play", 2, 1, "answers passed over")]),
        ('{"v":1,"id":3,"ok":true}\nplay', [("play", 2, 1, "answers passed over")]),
        ("```\n$ load kick\n1. play\n```", [
            ("load kick", 2, 3, "code fences left out, prompt left out"), ("play", 3, 4, "numbering left out")]),
        ("chronus> load kick \\\n  as k", [("load kick \\\n  as k", 1, 10, "prompts and answers of a session left out")]),
        ("Chronus> say a kick; a snare\nplay", [
            ("say a kick; a snare", 1, 10, "prompts and answers of a session left out"), ("play", 2, 1, "")]),
        ("chronus>\n\nchronus> play\n\n  ok\nstop\n  play", [
            ("play", 3, 10, "prompts and answers of a session left out"), ("stop", 6, 1, ""), ("play", 7, 3, "")]),
        ("1. load kick\r2. play", [("load kick", 1, 4, "numbering left out"), ("play", 2, 4, "")]),
        ("ok 1 load kick @64", [("", 1, 1, "answers passed over")]),
        ("```\n```", [("", 2, 1, "code fences left out")]),
        ("\nload kick\n  play", [("load kick", 2, 1, ""), ("play", 3, 3, "")]),
    ],
)  # fmt: skip
def test_what_only_came_along_is_left_out_and_told_once(text: str, expected: list[tuple[str, int, int, str]]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize("size", [1, 3, 64])
def test_it_does_not_matter_how_the_bytes_come(size: int) -> None:
    source, script = Source(), SESSION.encode()
    found = [one for place in range(0, len(script), size) for one in source.feed(script[place : place + size])]
    assert found + source.close() == whole(SESSION)


@pytest.mark.parametrize("line", [line for line, *_ in LINES if "\n" not in line], ids=lambda line: line[:40])
def test_no_line_of_the_language_is_taken_for_something_pasted(line: str) -> None:
    for before in ("", "chronus> play\n", "ok 1 play @3\n"):
        pasted = Pasted()
        assert [pasted.blanked(one) for one in f"{before}{line}".split("\n")][-1] == line
        assert plainly(line) == line


@given(
    st.lists(
        st.sampled_from(
            ["chronus> ", "1. ", "$ ", "```", "ok 1 x", "  ", "load kick", "`", "! x", "\u200b", "\u00a0", "#", "\\"]
        )
    )
)
def test_a_line_stays_as_long_as_it_was(parts: list[str]) -> None:
    line = "".join(parts)
    assert len(Pasted().blanked(plainly(line))) == len(line)


def test_a_pasted_session_plays_and_says_so(engine) -> None:  # type: ignore[no-untyped-def]
    lines, code = play(SESSION.replace("bas.", "bass."))
    assert code == 0
    assert lines == [
        "ok 1 load bass (prompts and answers of a session left out) @64",
        "ok 2 say add some hats @128",
        "ok 3 set bass.freq 41 @192",
        "ok 4 set bass.freq 55 @256",
    ]
    assert engine.texts == ["load bass", "say add some hats", "set bass.freq 41", "set bass.freq 55"]


def test_nothing_but_answers_is_no_failure(engine) -> None:  # type: ignore[no-untyped-def]
    lines, code = play("ok 1 load bass @2688\nok 2 play @2688")
    assert (lines, code) == (["ok 1 (answers passed over)"], 0)


def test_an_error_of_a_pasted_line_tells_it_too(engine) -> None:  # type: ignore[no-untyped-def]
    lines, _ = play("$ lod kick")
    assert lines[0].startswith('err 1 E_COMMAND 1:3 there is no command "lod" (prompt left out)')


def test_a_script_that_is_rendered_or_opened_may_be_pasted(home) -> None:  # type: ignore[no-untyped-def]
    assert read_script(SESSION)[0].text == "load bass_module"
    folder = home / "home" / "patches"
    folder.mkdir(parents=True)
    (folder / "mine.chronus").write_text("```chronus\n1. load kick\n2. seq kick: x...\n```\n")
    opened = opening.parse(whole("open mine")[0]).command
    assert isinstance(opened, c.Open) and len(opened.commands) == 2


# ---------------------------------------------------------------- characters


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("load\u00a0kick\u2003as\u3000k", "load kick as k"),
        ("\ufeffload kick", "load kick"),
        ("load kick\u200b", "load kick"),
        ("seq kick\u200b:\u2060 x...", "seq kick: x..."),
        ("\u200fload \u200ekick\u200e ; play", "load kick"),
        ("set bass.freq\t55", "set bass.freq 55"),
        ("set out.volume \u22126db", "set out.volume -6db"),
        ("set out.volume \u20136db", "set out.volume -6db"),
        ("load \u201cMy Growl.chronus\u201d", 'load "My Growl.chronus"'),
        ("\uff4c\uff4f\uff41\uff44\u3000kick", "load kick"),
        ("seq kick\uff1ax...", "seq kick:x..."),
        ("seq bass: c\u266f3 e\u266d3", "seq bass: c#3 eb3"),
        ("set bass.freq \u00d72", "set bass.freq *2"),
        ("patch saw \u2192 filter", "patch saw > filter"),
        ("say a drum\u2019n\u2019bass kick\u2026 please", "say a drum'n'bass kick please"),
        ("say\u00a0a kick", "say a kick"),
    ],
)
def test_what_only_looks_different_is_read_as_meant(typed: str, plain: str) -> None:
    got, wanted = parse(whole(typed)[0]).command, parse(whole(plain)[0]).command
    if isinstance(got, c.Say) and isinstance(wanted, c.Say):
        assert got.commands == wanted.commands
    else:
        assert got == wanted


@pytest.mark.parametrize(
    ("typed", "column", "named", "suggestion"),
    [
        ("lo\u200bad kick", 3, "an invisible character (U+200B zero width space)", ""),
        ("load ki\u00adck", 8, "(U+00AD soft hyphen)", ""),
        ("seq kick: x...\u200dx...", 15, "(U+200D zero width joiner)", ""),
        ("load \u202ekcik", 6, "(U+202E right-to-left override)", ""),
        ("load kick \u2066", 11, "(U+2066 left-to-right isolate)", ""),
        ("say a ki\u2060ck", 9, "(U+2060 word joiner)", ""),
        ("load k\x07ick", 7, "a control character (U+0007)", ""),
        ("h\u0435lp", 1, '"\u0435" (U+0435 cyrillic small letter ie)', "help"),
        ("load k\u00edck", 6, "(U+00ED latin small letter i with acute)", "kick"),
        ("seq kick: \u0445...", 11, "(U+0445 cyrillic small letter ha)", "x..."),
        ("seq kick: x\u2026", 11, "(U+2026 horizontal ellipsis)", "x..."),
        ("seq kick: x\u2014x", 11, "(U+2014 em dash)", "x--x"),
        ("seq bass: \u266f3", 11, "(U+266F music sharp sign)", "#3"),
        ("load \u9f13", 6, "(U+9F13 cjk unified ideograph-9f13)", ""),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(typed: str, column: int, named: str, suggestion: str) -> None:
    with pytest.raises(ChronusError) as caught:
        parse(whole(typed)[0])
    assert (caught.value.column, caught.value.code) == (column, "E_COMMAND" if "lp" in typed else "E_SYNTAX")
    assert named in caught.value.message
    assert caught.value.suggestions == ((suggestion,) if suggestion else ())


def test_quoted_text_stays_as_it_is() -> None:
    command = parse(whole('load "a\u00a0\u2014\u201cb\u201d.chronus"')[0]).command
    assert isinstance(command, c.Load) and command.kind == "a\u00a0\u2014\u201cb\u201d.chronus"


def test_columns_are_those_of_what_was_typed() -> None:
    with pytest.raises(ChronusError) as caught:
        parse(whole("\ufeffchronus>\u00a0set\u3000bass.freq 5qx")[0])
    assert caught.value.column == 26
