"""Reads the script that `open NAME` names, and gives its commands; and the lanes of the MIDI file that `import` names.

The engine reads no text, so the shell reads the file, whole or not at all, and sends what is in it along.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from chronus.commands import (
    MODULES,
    MOST_INSIDE,
    AnyCommand,
    Import,
    Load,
    Open,
    Quit,
    Wait,
)
from chronus.errors import ChronusError
from chronus.language import field_places, scripts, source
from chronus.language.canonical import canonical
from chronus.language.making.importing import imported
from chronus.language.parser import Parsed
from chronus.language.rows.written import format_length, format_when
from chronus.language.statements import LONGEST_LINE, LONGEST_SCRIPT, Statement

MOST_LOADS = MODULES - 1
MOST_LINES = 1 << 15
PIECE_BYTES = 1 << 14


def parse(statement: Statement) -> Parsed:
    """Returns the command of a statement, with what it opens; raises ChronusError with its line and column."""
    parsed = source.parse(statement)
    if not isinstance(parsed.command, Open | Import):
        return parsed
    try:
        if isinstance(parsed.command, Import):
            return msgspec.structs.replace(parsed, command=imported(parsed.command))
        inside = tuple(_commands(parsed.command.name))
    except ChronusError as error:
        start = (statement.line, statement.column)
        error.line, error.column = field_places.place(error.part or "name", start, parsed.spans)
        raise
    commands, places = tuple(command for command, _ in inside), tuple(place for _, place in inside)
    whole = msgspec.structs.replace(parsed.command, commands=commands, places=places)
    return msgspec.structs.replace(parsed, command=whole)


def _commands(name: str) -> Iterator[tuple[AnyCommand, tuple[int, int]]]:
    """Returns each command with the line and column where it begins."""
    loads = 0
    for statement in _statements(_read(name), name):
        if not statement.text:
            continue
        try:
            command = source.parse(statement).command
            loads += isinstance(command, Load)
            if isinstance(command, Quit):
                return
            _check(command, statement, name)
            if loads > MOST_LOADS:
                raise _refuse(statement, "E_LIMIT", f"there can be {MOST_LOADS} modules at most besides out")
        except ChronusError as error:
            where = f"{name}, {error.line}:{error.column}"
            raise ChronusError(error.code, f"{where}: {error.message}") from None
        yield command, (statement.line, statement.column)


def _check(command: AnyCommand, statement: Statement, name: str) -> None:
    """Refuses a script in which time passes, or that does more than make a rack: `open` takes a script all at once; its name plays it."""
    how = f'; "chronus {name}" plays it line by line'
    if isinstance(command, Open):
        raise _refuse(statement, "E_VALUE", "a script that is opened cannot open another")
    if isinstance(command, Wait):
        raise _refuse(
            statement, "E_VALUE", f'what is opened is there at once, so it cannot "{canonical(command)}"{how}'
        )
    time = _time_of(command)
    if time:
        raise _refuse(statement, "E_VALUE", f'what is opened is there at once, so nothing of it can be "{time}"{how}')
    if command.in_a_script == "refused":
        raise _refuse(statement, "E_VALUE", f'"{canonical(command)}" is no part of a rack{how}')


def _time_of(command: AnyCommand) -> str:
    """Returns the command's words about when, or for how long; "" for now."""
    if command.when is not None and command.when.kind != "now":
        return format_when(command.when)
    return f"for {format_length(command.lasts)}" if command.lasts is not None else ""


def _statements(script: bytes, name: str) -> list[Statement]:
    """Read by and by, so that what is refused costs no more than what was read of it."""
    reading = source.Source()
    found: list[Statement] = []
    for start in range(0, len(script), PIECE_BYTES):
        found += reading.feed(script[start : start + PIECE_BYTES])
        if len(found) > MOST_INSIDE or reading.line > MOST_LINES:
            message = (
                f"{name} is too long: a script that is opened has {MOST_INSIDE} commands and {MOST_LINES} lines at most"
            )
            raise ChronusError("E_LIMIT", message)
        if found and len(found[-1].text) > LONGEST_LINE:
            return found  # which is refused: what follows need not be read
    return found + reading.close()


def _refuse(statement: Statement, code: str, message: str) -> ChronusError:
    return ChronusError(code, message, line=statement.line, column=statement.column)


def _read(name: str) -> bytes:
    path = scripts.find(name)
    found = scripts.read(path, pipes=False)
    if len(found) > LONGEST_SCRIPT:
        raise ChronusError("E_LIMIT", f"{path.name} is too long: a script is at most 1 MiB")
    return found
