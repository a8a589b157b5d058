"""Makes parsers of the grammars in the folder grammar/: built once for each version, then read from the cache folder."""

from __future__ import annotations

from functools import cache

from lark import Lark
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from chronus import places
from chronus.errors import ChronusError

WHOLE_WORD = "(?![a-z0-9_])"
"""How the grammar says that a word must not go on."""


@cache
def parser(name: str, *starts: str, more: str = "") -> Lark:
    """Of a grammar with `more` behind it. Lark keeps its tables in the file, and makes them anew when the grammar, Lark or Python is
    another."""
    try:
        kept: str | bool = str(places.caches().folder / f"{name}.grammar")
    except ChronusError:
        kept = False  # it is made anew each time then
    text = (places.shipped("grammar") / f"{name}.lark").read_text(encoding="utf-8") + more
    return Lark(text, parser="lalr", start=list(starts), cache=kept, maybe_placeholders=False)


def place_of(error: UnexpectedInput, text: str) -> int:
    """Returns the offset of the first wrong character; the end of the text where something is missing."""
    at_end = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    return len(text) if at_end or error.pos_in_stream is None else error.pos_in_stream


def accepted(error: UnexpectedInput) -> set[str]:
    """Returns the terminals that could have stood there."""
    machine = getattr(error, "interactive_parser", None)
    if machine is not None:
        return set(machine.accepts())
    return set(error.allowed if isinstance(error, UnexpectedCharacters) else getattr(error, "expected", ()))
