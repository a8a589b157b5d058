"""Rows of the commands for several hands on one rack."""

from __future__ import annotations

from lark import Token

from chronus import commands as c
from chronus.language.quantities import quantity, start, wrong
from chronus.language.rows.known import Known, Pairs
from chronus.language.rows.line import Line
from chronus.language.rows.row import Children, Fields, Form, Row, Typed, offer_name


def _claim(children: Children, line: Line) -> Fields:
    if not children:
        return {}
    name, *rest = children
    assert isinstance(name, Token)
    fields: Fields = {"name": line.name(name, "name")}
    if rest:
        token = rest[-1]
        assert isinstance(token, Token)
        given = quantity(token)
        if given.unit != "bars" or given.number != int(given.number) or not 1 <= given.number <= c.MOST_COUNTED:
            raise wrong(start(token), f"a claim lasts whole bars, 1..{c.MOST_COUNTED}", "4 bars", code="E_VALUE")
        line.mark("bars", token)
        fields["bars"] = int(given.number)
    return fields


def _release(children: Children, line: Line) -> Fields:
    if not children:
        return {}
    assert isinstance(children[0], Token)
    return {"name": line.name(children[0], "name")}


def _write_claim(command: c.Claim) -> str:
    bars = f"{command.bars} bar{'s' * (command.bars > 1)}" if command.bars else ""
    return f"{command.name} {bars}".strip()


def _offer_claim(typed: Typed, known: Known) -> Pairs:
    return known.names() if not typed.rest else [("4 bars", "so many whole bars")] if len(typed.rest) == 1 else ()


ROWS = (
    Row(
        c.Claim,
        "claim [NAME [N bars]]",
        "nobody else may change that module, for so long or until `release`; alone: who holds what",
        Form((("(NAME QUANTITY?)?", _claim),), _write_claim, _offer_claim),
        ("claim bass 4 bars",),
        meant="lock hold",
    ),
    Row(
        c.Release,
        "release [NAME]",
        "lets go of what you hold",
        Form((("NAME?", _release),), lambda command: command.name, offer_name),
        meant="unlock",
    ),
)
