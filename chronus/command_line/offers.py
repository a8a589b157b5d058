"""Finds what can follow each word of `chronus`, for any shell: read from the root parser."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NamedTuple

from chronus.command_line.parser import Parser

BY_NAME = {"script": "scripts", "output": "files", "engine": "engines", "device": "devices", "kind": "kinds"}
"""What completes the value of an option or an argument, by its name in the parser; what is not here has choices or nothing."""


class Names(NamedTuple):
    """What came with Chronus, and is therefore known when this is made: scripts and kinds of module."""

    scripts: Sequence[str] = ()
    kinds: Sequence[str] = ()


class Option(NamedTuple):
    """`names` is empty for an argument. `value` completes it: a word of BY_NAME, choices, "" for nothing; None: it has no value."""

    names: tuple[str, ...]
    does: str
    metavar: str
    value: str | tuple[str, ...] | None


def options_of(parser: Parser) -> list[Option]:
    return [
        Option(tuple(action.option_strings), _does(action), str(action.metavar or ""), _value(action))
        for action in parser.shown()
        if not isinstance(action, argparse._SubParsersAction)
    ]


def _does(action: argparse.Action) -> str:
    return " ".join((action.help or "").split())


def _value(action: argparse.Action) -> str | tuple[str, ...] | None:
    if action.nargs == 0:
        return None
    return tuple(action.choices) if action.choices else BY_NAME.get(action.dest, "")


def all_of(parser: Parser) -> list[Parser]:
    return [parser, *parser.forms().values()]


def by_value(parser: Parser) -> dict[str | tuple[str, ...], list[str]]:
    """The options that take a value, by what completes it. An option is completed alike in all forms."""
    found: dict[str | tuple[str, ...], list[str]] = {}
    for one in all_of(parser):
        for option in options_of(one):
            if option.value is not None:
                known = found.setdefault(option.value, [])
                known += [name for name in option.names if name not in known]
    return {value: names for value, names in found.items() if names}


def argument_of(parser: Parser) -> str | tuple[str, ...]:
    """What completes the argument of a form."""
    return next((option.value or "" for option in options_of(parser) if not option.names), "")


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


HOME = '"${CHRONUS_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/chronus}"'
"""Where the user's own scripts lie, as `chronus.places` has it."""
RUNTIME = '"${XDG_RUNTIME_DIR:-/tmp}"/chronus*'
"""Where the sockets of engines lie: chronus/ in the one, chronus-UID/ in the other."""


def description(parser: Parser, form: str) -> str:
    return " ".join((parser.forms()[form].description or "").partition("\n")[0].split()).rstrip(".")
