"""A canvas of dots, and bars, in braille, in blocks or in ASCII.

A character holds 2 x 4 dots in braille, 2 x 2 in blocks, 1 x 2 in ASCII. Only the cells that a run of dots touches cost time, so that a
picture may be drawn many times a second.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal, get_args

Glyphs = Literal["ascii", "block", "braille"]
GLYPHS: tuple[Glyphs, ...] = get_args(Glyphs)
Style = Callable[[str, str], str]

DOTS = {"ascii": (1, 2), "block": (2, 2), "braille": (2, 4)}
"""Of a character, across and down."""
_BRAILLE = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_QUADRANTS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
_HALVES = " '.:"
_EIGHTHS_ACROSS = " ▏▎▍▌▋▊▉█"
_EIGHTHS_UP = " ▁▂▃▄▅▆▇█"


def no_style(kind: str, text: str) -> str:
    return text


@cache
def _bits(glyphs: Glyphs, x: int, top: int, bottom: int) -> int:
    """Returns the dots of a cell from one row to another, in one of its columns."""
    wide, _ = DOTS[glyphs]
    if glyphs == "braille":
        return sum(_BRAILLE[x][y] for y in range(top, bottom + 1))
    return sum(1 << (wide * y + x) for y in range(top, bottom + 1))


def _character(glyphs: Glyphs, cell: int) -> str:
    if glyphs == "braille":
        return chr(0x2800 + cell) if cell else " "
    return _QUADRANTS[cell] if glyphs == "block" else _HALVES[cell]


class Canvas:
    """`width` and `height` are in characters, `across` and `down` the dots that these have."""

    def __init__(self, width: int, height: int, glyphs: Glyphs) -> None:
        self.glyphs = glyphs
        self._wide, self._high = DOTS[glyphs]
        self.across, self.down = width * self._wide, height * self._high
        self._cells = [[0] * width for _ in range(height)]

    def run(self, x: int, top: int, bottom: int) -> None:
        """Sets the dots of a column from row `top` down to row `bottom`; what lies outside is left out."""
        top, bottom = max(top, 0), min(bottom, self.down - 1)
        if not 0 <= x < self.across or top > bottom:
            return
        column, inside = divmod(x, self._wide)
        for row in range(top // self._high, bottom // self._high + 1):
            first = max(top - row * self._high, 0)
            last = min(bottom - row * self._high, self._high - 1)
            self._cells[row][column] |= _bits(self.glyphs, inside, first, last)

    def lines(self) -> list[str]:
        return ["".join(_character(self.glyphs, cell) for cell in row) for row in self._cells]


def bar(share: float, width: int, glyphs: Glyphs) -> str:
    """Draws a bar from the left that takes a share of the width, padded with spaces."""
    share = min(max(share, 0.0), 1.0)
    if glyphs == "block":
        whole, rest = divmod(round(share * width * 8), 8)
        return ("█" * whole + (_EIGHTHS_ACROSS[rest] if rest else "")).ljust(width)
    if glyphs == "braille":
        whole, rest = divmod(round(share * width * 2), 2)
        return ("⣿" * whole + "⡇" * rest).ljust(width)
    return ("#" * round(share * width)).ljust(width)


def tower(share: float, height: int, glyphs: Glyphs) -> str:
    """Draws a bar from below, one character wide: its characters from the top down. In ASCII `.` is the half of one."""
    share = min(max(share, 0.0), 1.0)
    parts, ends = {"ascii": (2, " ."), "block": (8, _EIGHTHS_UP), "braille": (4, " ⣀⣤⣶")}[glyphs]
    full = {"ascii": "#", "block": "█", "braille": "⣿"}[glyphs]
    whole, rest = divmod(round(share * height * parts), parts)
    drawn = full * whole + (ends[rest] if rest else "")
    return drawn.ljust(height)[::-1]
