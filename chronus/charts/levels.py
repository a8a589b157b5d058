"""Draws levels: a bar a module from -60 dB on, with its peak, what it held, and the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from chronus.charts.canvas import Glyphs, Style, bar, no_style

LOWEST, HIGHEST = -60.0, 6.0
"""dB: the ends of a bar."""
WARM, HOT = -12.0, 0.0
TICKS = (-48, -36, -24, -12, 0)
LABEL = 12
NUMBERS = 24
"""Columns of the three numbers behind a bar."""
LEAST = 8
"""Columns of a bar: where there are fewer, there are only the numbers."""


class Level(NamedTuple):
    """How loud something is, in dB; None where it is silent. `held`: the highest peak of a longer time; `why`: what is said of it."""

    name: str
    rms: float | None
    peak: float | None
    held: float | None
    why: str = ""


def levels(rows: Sequence[Level], width: int, glyphs: Glyphs, style: Style = no_style) -> list[str]:
    """Draws a row each, under a scale."""
    label = min(max([len(row.name) for row in rows] + [4]), LABEL)
    room = width - label - 1 - NUMBERS
    found = [
        style("dim", " " * label + (_scale(room) if room >= LEAST else "") + f"{'rms':>7} {'peak':>7} {'hold':>7}")
    ]
    for row in rows:
        name = row.name if len(row.name) <= label else f"{row.name[: label - 2]}.."
        if row.peak is None:
            found.append(f"{name:<{label}} {_silent(row, room if room >= LEAST else 0)}"[:width].rstrip())
            continue
        drawn = f" {_bar(row, room, glyphs, style)}" if room >= LEAST else " "
        found.append(f"{name:<{label}}{drawn}{_number(row.rms)} {_number(row.peak)} {_number(row.held)}".rstrip())
        if row.why:
            found.append(style("dim", f"{'':<{label}} {row.why}"[:width]))
    return found


def _silent(row: Level, room: int) -> str:
    """Says so where the bar would be, with what was held before."""
    text = f"silent: {row.why}" if row.why else "silent"
    return text if row.held is None or not room else f"{text:<{room}}"[:room] + f"{'':>15} {_number(row.held)}"


def _number(level: float | None) -> str:
    return f"{'silent' if level is None else format(level, '.1f'):>7}"


def place(level: float | None, room: int) -> int:
    """Returns the column of a level."""
    share = 0.0 if level is None else (level - LOWEST) / (HIGHEST - LOWEST)
    return min(max(int(share * room), 0), room - 1)


def _scale(room: int) -> str:
    """Writes the ticks that there is room for over the bars."""
    text = " "
    for tick in TICKS if room >= 30 else (-48, -24, 0) if room >= 16 else (-24, 0):
        at = 1 + place(tick, room) - len(str(tick)) + 1
        text = text.ljust(at) + str(tick)
    return text.ljust(room + 1)


def _bar(row: Level, room: int, glyphs: Glyphs, style: Style) -> str:
    """Draws a bar up to the level, a mark at the peak and one at what is held; coloured from WARM and from HOT on."""
    share = 0.0 if row.rms is None else (row.rms - LOWEST) / (HIGHEST - LOWEST)
    cells = list(bar(share, room, glyphs))
    for level, mark in ((row.peak, ":"), (row.held, "|")):
        if level is not None and level >= LOWEST:
            cells[place(level, room)] = mark
    warm, hot = place(WARM, room), place(HOT, room)
    parts = (("", cells[:warm]), ("warm", cells[warm:hot]), ("hot", cells[hot:]))
    return "".join(style(kind, "".join(some)) if kind else "".join(some) for kind, some in parts)
