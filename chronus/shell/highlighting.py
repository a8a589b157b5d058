"""Tells what each piece of a typed line is, by the tokens of the grammar, so that the prompt can colour it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from lark.exceptions import UnexpectedInput

from chronus.errors import ChronusError
from chronus.language.statements import SPOKEN, statements
from chronus.language.syntax import commands, language, spelling

LONGEST = 2000
"""Characters of a line that is still coloured: the prompt reads it again after each key."""
TIMES = {"NOW", "AT", "OVER", "IN", "FOR", "BAR", "BEAT", "NEXT"}
KINDS = {
    "KIND": "name", "NAME": "name", "QUANTITY": "number", "NOTE": "number", "ENDLESS": "keyword", "TIMES": "number",
    "STRING": "text", "FILE": "text", "PATH": "text", "TOPIC": "text", "WORD": "word", "SIGN": "number",
}  # fmt: skip
PATTERN = re.compile(
    r"""(?P<option>(?<=\s)[a-z]+=\S+)|(?P<library>@\w[\w.]*)|(?P<lock>\{[^}]*=[^}]*\}?)
    |(?P<suffix>[*!@?]\d+(?:[:.]\d+)?|\?(?:no)?fill|[?^]|'\d|(?<=\w)~)
    |(?P<note>[A-Ga-g][#b]?-?\d(?::\w+)?|-?\d+|[A-Za-z]{2,}\w*(?::\d+)?|[xXo])
    |(?P<rest>[.~_-])|(?P<group>[\[\]<>(){},|%]+)|(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
IN_A_PATTERN = {
    "option": "word", "library": "name", "lock": "word", "suffix": "keyword", "note": "number", "rest": "rest", "group": "mark",
    "other": "",
}  # fmt: skip


class Piece(NamedTuple):
    """`kind` is "" for what is nothing in particular: blanks, a word that is not whole yet."""

    kind: str
    text: str


@lru_cache(maxsize=64)
def pieces(line: str) -> tuple[Piece, ...]:
    """Cuts a line into pieces, which together are the line again."""
    if len(line) > LONGEST:
        return (Piece("", line),)
    found: list[Piece] = []
    end = 0
    for start, text in _statements(line):
        found += _between(line[end:start])
        found += _statement(text, last=not line[start + len(text) :].strip())
        end = start + len(text)
    return tuple(one for one in (*found, *_between(line[end:])) if one.text)


def _statements(line: str) -> list[tuple[int, str]]:
    try:
        return [(one.column - 1, one.text) for one in statements(line) if one.line == 1]
    except ChronusError:
        return []


def _between(text: str) -> list[Piece]:
    """What stands between statements: `;`, blanks, a comment."""
    marks, comment = re.fullmatch(r"([\s;\\]*)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    return [Piece("mark" if marks.strip() else "", marks), Piece("comment", comment)]


def _statement(text: str, last: bool) -> Iterator[Piece]:
    if spoken := SPOKEN.match(text):
        yield Piece("command", spoken[0])
        yield Piece("text", text[spoken.end() :])
        return
    end = 0
    for kind, begin, stop in _tokens(text.lower()) if text.isascii() else ():
        yield Piece("", text[end:begin])
        yield from _token(kind, text[begin:stop], begin == 0)
        end = stop
    rest = text[end:]
    word = re.match(r"\s*\S*", rest)
    assert word is not None
    # a word that the cursor may still stand at is not called wrong
    yield Piece("wrong" if word[0].strip() and not (last and word.end() == len(rest)) else "", word[0])
    yield Piece("", rest[word.end() :])


def _tokens(text: str) -> Iterator[tuple[str, int, int]]:
    """The tokens from the first to the one that the grammar does not take."""
    first = re.match(r"[a-z_]\w*", text)
    if not first or first[0] not in commands():
        return
    reader = language().parse_interactive(text)
    try:
        for token in reader.iter_parse():
            yield token.type, token.start_pos or 0, token.end_pos or 0
    except UnexpectedInput:
        return


def _token(kind: str, text: str, first: bool) -> Iterator[Piece]:
    if first:
        yield Piece("command", text)
    elif kind == "BODY":
        for found in PATTERN.finditer(" " + text):
            yield Piece(IN_A_PATTERN[str(found.lastgroup)], found[0] if found.start() else "")
    elif kind == "DOTTED":
        name, dot, param = text.partition(".")
        yield from (Piece("name", name), Piece("mark", dot), Piece("param", param))
    elif kind in TIMES:
        yield Piece("time", text)
    elif kind in KINDS:
        yield Piece(KINDS[kind], text)
    else:
        yield Piece("keyword" if spelling(kind)[:1].isalpha() else "mark", text)
