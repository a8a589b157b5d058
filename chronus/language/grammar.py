"""Grammars of the folder grammar/ as parsers: built once a version, then read from the cache folder."""

from __future__ import annotations

from functools import cache

from lark import Lark
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.lexer import PatternStr

from chronus import places
from chronus.errors import ChronusError

WHOLE_WORD = "(?![a-z0-9_])"
"""How the grammar says that a word must not go on."""


@cache
def parser(name: str, *starts: str) -> Lark:
    """Lark keeps its tables in the file, and makes them anew when the grammar, Lark or Python is another."""
    try:
        kept: str | bool = str(places.caches().folder / f"{name}.grammar")
    except ChronusError:
        kept = False  # it is made anew each time then
    text = (places.shipped("grammar") / f"{name}.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", start=list(starts), cache=kept, maybe_placeholders=False)


def language() -> Lark:
    """The grammar of commands."""
    return parser("chronus", "start")


@cache
def commands() -> frozenset[str]:
    """The first words of all commands."""
    first = language().parse_interactive("").accepts()  # type: ignore[no-untyped-call]
    return frozenset(filter(None, (spelling(name) for name in first)))


def spelling(terminal: str) -> str:
    """The word of the language that a terminal stands for; "" where it has no one spelling."""
    shape = language().get_terminal(terminal).pattern if terminal != "$END" else None
    if shape is None:
        return ""
    word = shape.value.removesuffix(WHOLE_WORD)
    return word if isinstance(shape, PatternStr) or word.isalpha() else ""


def place_of(error: UnexpectedInput, text: str) -> int:
    """The offset of the first wrong character; the end of the text where something is missing."""
    at_end = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    return len(text) if at_end or error.pos_in_stream is None else error.pos_in_stream


def accepted(error: UnexpectedInput) -> set[str]:
    """The terminals that could have stood there."""
    machine = getattr(error, "interactive_parser", None)
    if machine is not None:
        return set(machine.accepts())
    return set(error.allowed if isinstance(error, UnexpectedCharacters) else getattr(error, "expected", ()))
