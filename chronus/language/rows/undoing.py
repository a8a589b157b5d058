"""Rows of the commands that go back, and of the history in which they go."""

from __future__ import annotations

import re

from lark import Token

from chronus import commands as c
from chronus.language.quantities import count, length, quantity
from chronus.language.rows.known import Known, Pairs
from chronus.language.rows.line import Line
from chronus.language.rows.row import STEPS, Children, Fields, Form, Row, Typed, terms
from chronus.language.rows.written import format_length
from chronus.rack.document import RESERVED

PLAIN_AUTHOR = re.compile(r"[a-z][a-z0-9_]*")
NO_AUTHORS = (*RESERVED, "in", "for")
"""Names that are quoted, lest they be read otherwise."""
MOST_STEPS = c.History().most


def _steps(children: Children, line: Line) -> Fields:
    if not children:
        return {}
    token = children[0]
    assert isinstance(token, Token)
    if quantity(token).unit:
        line.mark("ago", token)
        return {"ago": length(token)}
    line.mark("steps", token)
    return {"steps": count(token, 1, c.MOST_COUNTED, "the number of steps")}


def _undo_to(children: Children, line: Line) -> Fields:
    line.mark("to", children[1])
    return {"to": count(children[1], 0, c.FURTHEST, "an id of the history")}


def _write_undo(command: c.Undo) -> str:
    if command.to is not None:
        return f"to {command.to}"
    return format_length(command.ago) if command.ago is not None else STEPS.write(command)


def _offer_undo(typed: Typed, known: Known) -> Pairs:
    if typed.rest == ["to"]:
        return known.steps()
    return (
        [("to", "as it was after a step of the history"), ("8 bars", "as it was heard then")] if not typed.rest else ()
    )


def _history(children: Children, line: Line) -> Fields:
    fields: Fields = {}
    for token in children:
        assert isinstance(token, Token)
        field = "most" if token.type == "QUANTITY" else "author"
        line.mark(field, token)
        name = line.text_or(token)
        fields[field] = (
            count(token, 1, c.MOST_COUNTED, "the number of steps")
            if field == "most"
            else str(token if name is None else name)
        )
    return fields


def _diff(children: Children, line: Line) -> Fields:
    fields: Fields = {}
    for field, token in zip(("first", "second"), children, strict=False):
        line.mark(field, token)
        fields[field] = count(token, 0, c.FURTHEST, "an id of the history")
    return fields


def _write_diff(command: c.Diff) -> str:
    return " ".join(str(id) for id in (command.first, command.second) if id is not None)


def _write_history(command: c.History) -> str:
    plain = PLAIN_AUTHOR.fullmatch(command.author) and command.author not in NO_AUTHORS
    most = "" if command.most == MOST_STEPS else str(command.most)
    return " ".join(filter(None, [command.author if plain else f'"{command.author}"' * bool(command.author), most]))


ROWS = (
    Row(
        c.Undo,
        "undo [N]   undo to ID   undo 8 bars",
        "takes the last change back, or the last N; or all is again as it was after a step, or 8 bars ago",
        Form((("QUANTITY?", _steps), ("TO QUANTITY", _undo_to)), _write_undo, _offer_undo, terms("to")),
        ("undo 3", "undo to 0", "back 8 bars"),
        short=("back",),
        meant="revert rollback rewind",
    ),
    Row(c.Redo, "redo [N]", "takes an undo back", STEPS),
    Row(
        c.History,
        "history [N] [NAME]",
        "the last changes: id, bar, who and what",
        Form((("(QUANTITY | NAME | STRING)*", _history),), _write_history),
        ("history 5",),
        meant="changes",
    ),
    Row(
        c.Diff,
        "diff [ID] [ID]",
        "the lines that make of one rack of the history another, or the present one; alone: what the last change was",
        Form(
            (("(QUANTITY QUANTITY?)?", _diff),),
            _write_diff,
            lambda typed, known: known.steps() if len(typed.rest) < 2 else (),
        ),
        ("diff 0",),
        meant="compare",
    ),
)
