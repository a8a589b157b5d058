"""A parameter of the whole is said once: the rack holds it, and all that is asked of one is asked of every one."""

import pytest

from chronus import commands as c
from chronus.catalogue.kinds import Catalogue
from chronus.catalogue.whole import NUMBERS, WHOLE, Text
from chronus.errors import ChronusError
from chronus.language import help
from chronus.language.completer import complete
from chronus.language.parser import parse, statements
from chronus.rack.document import EMPTY, Rack
from chronus.rack.edit import edit
from chronus.rack.script import script
from chronus.units import format_range
from tests.kit.house import SPECS

CATALOGUE = Catalogue(SPECS)


def said(rack: Rack, line: str) -> Rack:
    for statement in statements(line):
        rack = edit(rack, parse(statement).command, CATALOGUE).rack
    return rack


def other(name: str) -> str:
    """A value that is not its default."""
    row = WHOLE[name]
    return (
        row.example if isinstance(row, Text) else f"{row.low + 0.4 * (row.high - row.low):.{0 if row.counts else 1}f}"
    )


@pytest.mark.parametrize("name", WHOLE)
def test_the_rack_holds_it_at_its_default(name):
    row = WHOLE[name]
    assert set(row.fields) <= set(Rack.__struct_fields__)
    assert getattr(EMPTY, name) == row.default


@pytest.mark.parametrize("name", WHOLE)
def test_it_is_set_saved_and_said_again(name):
    rack = said(EMPTY, f"set {name} {other(name)}")
    assert getattr(rack, name) != getattr(EMPTY, name)
    assert said(EMPTY, "; ".join(script(rack, CATALOGUE))) == rack


@pytest.mark.parametrize("name", WHOLE)
def test_help_and_completion_know_it(name):
    assert any(line.split()[0] == name and WHOLE[name].help in line for line in help.page(c.Help(word="set"), {}).lines)
    assert name in {one.text for one in complete("set ", 4, CATALOGUE.plain(), {})}
    assert name in help.ROWS["set"].meaning


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_beyond_its_range_is_refused_with_the_range(name):
    row = NUMBERS[name]
    with pytest.raises(ChronusError) as caught:
        said(EMPTY, f"set {name} {2 * row.high + 1:.0f}")
    assert caught.value.code == "E_VALUE" and format_range(row) in caught.value.message


@pytest.mark.parametrize("name", NUMBERS)
def test_only_what_has_a_field_for_it_moves(name):
    row = NUMBERS[name]
    line = f"set {name} {row.low:.0f}..{row.high:.0f} over 2 bars"
    if row.moving:
        assert getattr(said(EMPTY, line), row.moving) is not None
        return
    with pytest.raises(ChronusError, match="cannot be swept"):
        said(EMPTY, line)


def test_a_word_that_is_no_parameter_is_refused_with_what_is_near():
    with pytest.raises(ChronusError) as caught:
        said(EMPTY, "set sede 3")
    assert caught.value.suggestions == ("seed",)
    with pytest.raises(ChronusError, match="no file"):
        edit(EMPTY, c.Set(changes=(c.Change("", "seed", c.File("a.wav")),)), CATALOGUE)
