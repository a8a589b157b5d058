"""Declares the commands of the language, one row each: all that the language knows of a command stands in its row, and nowhere else.

A new command is a struct (`chronus/commands.py`), a row here, and what it does to the rack (`rack/edit.py`), or its answer.
"""

from __future__ import annotations

from chronus import commands as c
from chronus.language.rows import (
    arranging,
    building,
    keeping,
    looking,
    playing,
    scripting,
    sequencing,
    sharing,
    undoing,
)
from chronus.language.rows.row import Row

BY_GROUP: dict[str, tuple[Row, ...]] = {
    "building": building.ROWS,
    "lanes": sequencing.ROWS,
    "arranging": arranging.ROWS,
    "playing": playing.ROWS,
    "keeping": (*keeping.ROWS, *undoing.ROWS),
    "looking": looking.ROWS,
    "scripts": (*scripting.ROWS, *sharing.ROWS),
}
"""What the commands are for."""

ROWS: dict[str, Row] = {row.word: row for rows in BY_GROUP.values() for row in rows}
"""By the first word."""

OF: dict[type[c.Command], Row] = {row.kind: row for row in reversed(ROWS.values())}
"""The row in which a command is written out: its first one."""

SHORT: dict[str, str] = {word: row.word for row in ROWS.values() for word in row.short}
