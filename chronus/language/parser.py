"""Turns typed text into commands: `statements` cuts it, `parse` reads one. Opens no file but the grammars."""

from __future__ import annotations

import re
from contextlib import suppress

from lark.exceptions import UnexpectedInput
from msgspec import Struct

from chronus.commands import AnyCommand, Say
from chronus.errors import ChronusError
from chronus.language import phrases
from chronus.language.canonical import canonical
from chronus.language.complaint import explain, unknown_command
from chronus.language.plainly import control, strange
from chronus.language.quantities import wrong
from chronus.language.statements import (
    CONTINUATION,
    LONGEST_LINE,
    LONGEST_SCRIPT,
    SPOKEN,
    Statement,
    statements,
)
from chronus.language.syntax import commands, language
from chronus.language.translate import translate

__all__ = ["LONGEST_LINE", "LONGEST_SCRIPT", "Parsed", "Statement", "parse", "sentences", "statements"]

ADDRESS = re.compile(r"(?:(?:say|yo|hey|hi|hello|ok|okay|chronus)(?!\w))?[\s,!.:]*", re.IGNORECASE)
FIRST_WORD = re.compile(r"[^\s;,:=(>]+|.", re.DOTALL)
ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


class Parsed(Struct, frozen=True):
    """`text` is canonical; `spans` is where each field of the command was typed ("changes.0.param": (line, column))."""

    command: AnyCommand
    text: str
    spans: dict[str, tuple[int, int]]


def parse(statement: Statement) -> Parsed:
    """Parses one statement; raises ChronusError with the line and column of the first wrong character."""
    try:
        return _parse(statement)
    except ChronusError as error:
        error.line, error.column = statement.position(error.column - 1)
        raise


def sentences(text: str) -> list[AnyCommand]:
    """Returns the commands of a text, as a journal keeps them."""
    return [parse(statement).command for statement in statements(text)]


def _parse(statement: Statement) -> Parsed:
    typed = CONTINUATION.sub(lambda found: " " * len(found[0]), statement.text).replace("\t", " ")
    if len(typed) > LONGEST_LINE:
        raise wrong(LONGEST_LINE, f"a line has at most {LONGEST_LINE:,} characters", code="E_LIMIT")
    if found := control(typed):
        code = "E_PATH" if re.match(r"(?:save|open)\s", typed, re.IGNORECASE) else "E_SYNTAX"
        raise wrong(*found, code=code)
    if SPOKEN.match(typed):
        command, offsets = _say(typed)
    else:
        try:
            command, offsets = _read(typed)
        except ChronusError as error:
            raise (error if typed.isascii() else strange(typed, error)) from None
    text = canonical(command)
    if len(text) > LONGEST_LINE:
        raise wrong(0, f"written out, the line has more than {LONGEST_LINE:,} characters", code="E_LIMIT")
    return Parsed(command, text, dict(zip(offsets, statement.positions(offsets.values()), strict=True)))


def _read(typed: str) -> tuple[AnyCommand, dict[str, int]]:
    lower = typed.lower() if typed.isascii() else typed.translate(ASCII_LOWER)
    first = FIRST_WORD.match(lower)
    if first is None or first[0] not in commands():
        raise unknown_command(typed, first[0] if first else "")
    try:
        tree = language().parse(lower)
    except UnexpectedInput as error:
        raise explain(typed, error) from None
    return translate(tree, typed)  # type: ignore[return-value]


def _say(typed: str) -> tuple[AnyCommand, dict[str, int]]:
    begin = 0
    while found := ADDRESS.match(typed, begin):
        if found.end() == begin:
            break
        begin = found.end()
    try:
        spoken = phrases.read(typed[begin:])
    except ChronusError as error:
        error.column += begin
        with suppress(ChronusError):
            if phrases.reads_as_a_line(typed[begin:]):
                _read(typed[begin:])
                error.message = f"`{' '.join(typed[begin:].split())[:80]}` is a command: send it by itself"
        raise
    words, inside = " ".join(typed[begin:].split()), tuple(_read(line)[0] for line in spoken.lines)
    return Say(words=words, commands=inside, lines=spoken.lines, tempo=spoken.tempo), {"words": begin}  # type: ignore[arg-type]
