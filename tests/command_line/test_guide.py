"""`chronus guide` costs little to read, and every line of it works as it stands."""

import pytest

from chronus import __main__ as program
from chronus.command_line import guide
from chronus.language import help, parser
from chronus.language.rows import ROWS, SHORT
from chronus.render.take import Take
from tests.kit import typed

MOMENT = 6400
"""Frames from one line to the next."""
NOT_IN_A_RACK = {"wait", "sync", "save", "open", "export", "status", "keep", "back", "claim"}
"""Performed by the server, which is not here."""


def test_it_costs_at_most_1500_tokens():
    assert guide.tokens(guide.text(list(help.TOPICS))) <= guide.MOST_TOKENS


def test_each_line_is_a_line_of_the_language():
    lines = guide.typed()
    assert len(lines) > 20
    for line in lines:
        for statement in parser.statements(line):
            parser.parse(statement)


def test_its_lines_can_be_typed_one_after_another():
    take, moment = Take(typed.RATE, 0), 0
    for line in guide.typed():
        for statement in parser.statements(line):
            if statement.text.split()[0] not in NOT_IN_A_RACK:
                moment += MOMENT
                typed.said(take, moment, [statement.text])


def test_it_names_the_commands_that_exist():
    named = {statement.text.split()[0].rstrip(":") for line in guide.typed() for statement in parser.statements(line)}
    assert named <= {*ROWS, *SHORT}


@pytest.mark.parametrize("topic", ["", "patterns", "set", "tb303", "E_NAME"])
def test_a_page_on_demand_fits_a_screen(topic, capsys):
    assert program.main(["guide", *filter(None, [topic])]) == 0
    told = capsys.readouterr().out
    assert told and (not topic or len(told.splitlines()) <= 40)


def test_what_there_is_no_page_on_is_refused(capsys):
    assert program.main(["guide", "frobnicate"]) == 2
    assert "E_COMMAND" in capsys.readouterr().err
