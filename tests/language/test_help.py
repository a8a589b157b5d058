"""Help by topics: every page fits a terminal of 24 rows, and what it shows works."""

from __future__ import annotations

import pytest

from chronus import commands as c
from chronus import places
from chronus.catalogue import telling
from chronus.catalogue.kinds import Catalogue
from chronus.dsp.discovery import discover
from chronus.errors import CODES, ChronusError
from chronus.language import help
from chronus.language.completer import complete
from chronus.language.notation import read_lane
from chronus.language.parser import parse
from chronus.language.statements import statements
from chronus.pattern.harmony import chords
from chronus.shell.folding import cells, folded

KINDS = Catalogue(kernel.spec for kernel in discover(places.modules_folders()).values()).plain()
PAGES = ["", *help.TOPICS, *help.GROUPS, *help.categories(KINDS), *help.ROWS, *CODES]
ROWS = 24


def page(word: str) -> help.Page:
    return help.page(c.Help(word=word), KINDS)


def shown(word: str, width: int) -> list[str]:
    """As the prompt shows it, before the line that begins with ok."""
    return [row for line in page(word).lines for row in folded(f"  {line}", width)]


@pytest.mark.parametrize("word", PAGES)
def test_a_page_and_its_answer_fit_a_terminal_of_24_rows_and_80_columns(word: str) -> None:
    assert len(shown(word, 80)) + 1 <= ROWS


@pytest.mark.parametrize("word", sorted(KINDS))
def test_what_a_module_says_of_itself_fits_36_rows(word: str) -> None:
    assert len(shown(word, 80)) <= 36


def test_a_kind_is_told_with_curves_what_its_modules_are_set_to_and_lines_to_try() -> None:
    spec, set_to = KINDS["filter"], {param["name"]: param["default"] for param in KINDS["filter"]["params"]}
    present = {"filter": set_to | {"cutoff": 400.0, "mode": "band"}, "filter2": set_to | {"mode": "low"}}
    lines = telling.lines_of("filter", spec, present)
    cutoff, mode = (next(line for line in lines if line.startswith(name)) for name in ("cutoff", "mode"))
    assert "20..20000 Hz, exp" in cutoff and "(1000 Hz)  filter 400 Hz, filter2 1000 Hz   where it cuts" in cutoff
    assert "filter band, filter2 low" in mode
    assert [line for line in lines if line.startswith("try")] == [f"try  {line}" for line in spec["tries"]]
    plain = telling.plain("filter", spec, present)
    assert plain["params"][0]["now"] == {"filter": 400.0, "filter2": 1000.0} and plain["tries"] == spec["tries"]


@pytest.mark.parametrize("width", [20, 40, 60, 80])
def test_no_page_is_wider_than_the_terminal_and_none_breaks_a_word(width: int) -> None:
    for word in [*PAGES, *KINDS]:
        rows = shown(word, width)
        assert all(cells(row) <= width for row in rows)
        if width >= 40:
            assert " ".join(rows).split() == " ".join(page(word).lines).split(), word


def test_help_names_every_command_topic_and_module_once() -> None:
    listed = [name for names in help.GROUPS.values() for name in names]
    assert sorted(listed) == sorted(help.ROWS)
    words = " ".join(page("").lines).split()
    assert {*help.ROWS, *help.TOPICS, *help.GROUPS, *KINDS} <= set(words)
    headings = [*help.TOPICS, *help.GROUPS]
    assert len({*headings, *help.ROWS}) == len(headings) + len(help.ROWS)


def test_every_word_of_the_left_column_has_a_page() -> None:
    for line in page("").lines:
        if line and not line.startswith(("begin", "topics", "help WORD")):
            assert page(line.split()[0]).lines
    assert page("oscillators").lines == page("oscillator").lines
    assert page("chord").lines == page("chords").lines


def test_all_chords_are_listed_and_each_can_be_played() -> None:
    listed = page("chords")
    words = " ".join(listed.lines).replace(":", " ").split()
    assert set(chords()) <= set(words) and listed.result["chords"] == {k: list(v) for k, v in chords().items()}
    for kind, above in chords().items():
        assert read_lane(f"c3:{kind}", 1).pattern.hits[0].pitches == tuple(48 + one for one in above)
        cell = " ".join(map(str, above))
        assert any(f": {cell}" in line and kind in line.replace(":", " ").split() for line in listed.lines)


def test_what_topics_show_as_a_line_is_a_line() -> None:
    found = 0
    for topic in help.TOPICS:
        for line in page(topic).lines:
            text = line.strip().removeprefix("several at once: ")
            if text.startswith(("seq ", "set ")):
                (statement,) = statements(text)
                parse(statement)
                found += 1
    assert found >= 4


def test_an_unknown_word_is_refused_with_what_is_near() -> None:
    with pytest.raises(ChronusError) as caught:
        page("patern")
    assert "patterns" in caught.value.suggestions
    assert "chords" in [found.text for found in complete("help cho", 8, KINDS, {})]
