"""Breaks lines that are wider than the terminal between words."""

from __future__ import annotations

import os
import re
import shutil
import sys
from unicodedata import category, east_asian_width

NARROWEST = 10
"""Columns below which nothing is made to fit: what such a terminal shows cannot be read anyway."""
LAST_COLUMN = re.compile(r".*\S {2,}(?=\S)")


def columns() -> int:
    """Returns how wide the terminal is at this moment."""
    try:
        found = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        found = 0
    return max(found or shutil.get_terminal_size().columns, NARROWEST)


def cells(text: str) -> int:
    """How many columns a text takes."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def _cell(character: str) -> int:
    if category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def fitting(text: str, width: int) -> int:
    """Returns how many characters of a text fit into so many columns: one at least."""
    if text.isascii():
        return max(width, 1)
    used = 0
    for place, character in enumerate(text):
        used += _cell(character)
        if used > width:
            return max(place, 1)
    return len(text)


def folded(line: str, width: int, indent: int = 0) -> list[str]:
    """Breaks a line between words where it is too wide, and goes on at `indent`, or where the last column of a table began."""
    if not indent:
        begun = LAST_COLUMN.match(line[: width * 2 // 3])
        indent = begun.end() if begun else len(line) - len(line.lstrip()) + 2
    indent = min(indent, width // 2)
    found: list[str] = []
    while cells(line) > width:
        most = max(fitting(line, width), indent + 1 if found else 1)
        place = line.rfind(" ", indent + 1, most + 1)
        place = most if place < 0 else place
        found.append(line[:place].rstrip())
        line = " " * indent + line[place:].lstrip()
    return [*found, line]
