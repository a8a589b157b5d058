"""Draws lanes in characters, a column a step: hits as the notation writes them, notes from high to low, and where the music is.

Only ASCII, and no line wider than WIDTH: a terminal of 60 columns shows it, the two that an answer is indented by counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from chronus.pattern.drums import DRUMS, NAMES
from chronus.pattern.loop import Loop, Played
from chronus.pattern.unfold import GHOST, HIT
from chronus.units import note_name

WIDTH = 58
LABEL = 12
"""Columns of a row's name, at most."""
MOST_ROWS = 16
"""Of notes from high to low."""
MOST_COLUMNS = 128
"""Steps that are drawn of a longer lane: those around the place where the music is."""
MEANINGS = {
    "?": "? by chance",
    ":": ": in some loops",
    "f": "f while fill is on",
    "n": "n while fill is off",
    "=": "= locks a parameter",
}
"""Of the marks below the notes."""


class Note(NamedTuple):
    """A note as it is drawn, in columns. `above`: the note that it is slid into from, if it is."""

    begin: Fraction
    end: Fraction
    pitch: int | None
    velocity: float
    accent: bool
    line: int = 0
    slid: bool = False


class Ruler(NamedTuple):
    """What the columns are. `first` is the number of the first one, counted from 1; `bar` and `every` are the columns of a bar and
    between two numbers that are written; `head` is the column where the music is."""

    columns: int
    bar: int
    every: int = 4
    first: int = 1
    head: int | None = None


def notes_of(loop: Loop, played: Played) -> list[Note]:
    """Returns what a loop plays."""
    columns = zip(played.begin.tolist(), played.end.tolist(), played.place.tolist(), played.slid.tolist(), strict=True)
    return [
        Note(Fraction(begin, loop.part), Fraction(end, loop.part), loop.pitches[place], float(loop.velocity[place]),
             bool(loop.flags[place]), int(loop.line[place]), slid)
        for begin, end, place, slid in columns
    ]  # fmt: skip


def page(rows: Iterable[tuple[str, str]], ruler: Ruler, below: Iterable[tuple[str, str]] = ()) -> list[str]:
    """Writes rows, each with its name, under the numbers of the columns: as many bars side by side as there is room for."""
    rows, below = list(rows), list(below)
    label = min(max([len(name) for name, _ in (*rows, *below)] + [3]), LABEL)
    room = WIDTH - label - 1
    chunk = _chunk(ruler, room)
    across = max(1, (room + 1) // (chunk + 1)) * chunk
    most = max(MOST_COLUMNS // across, 1) * across
    begin = (ruler.head or 0) // most * most
    end = min(ruler.columns, begin + most)
    found: list[str] = []
    for start in range(begin, end, across):
        stop = min(start + across, end)
        cuts = [(at, min(at + chunk, stop)) for at in range(start, stop, chunk)]
        found.append(" " * (label + 1) + _numbers(cuts, ruler))
        shown = [*rows, *((name, text) for name, text in below if text[start:stop].strip("."))]
        drawn = [(name, "|".join(text[a:b] for a, b in cuts)) for name, text in shown]
        found += [f"{_short(name, label):<{label}} {text}".rstrip() for name, text in drawn]
        if ruler.head is not None and start <= ruler.head < stop:
            here = "|".join("".join("^" if k == ruler.head else " " for k in range(a, b)) for a, b in cuts)
            found.append(f"{'now':<{label}} {here.replace('|', ' ')}".rstrip())
    if end - begin < ruler.columns:
        found.append(f"steps {begin + ruler.first} to {end + ruler.first - 1} of {ruler.columns}")
    return found


def _chunk(ruler: Ruler, room: int) -> int:
    """Returns how many columns stand together: a bar, or what there is room for of a longer one."""
    chunk = ruler.bar
    while chunk > room:
        chunk = chunk // 2 if chunk % 2 == 0 else room
    return chunk


def _numbers(cuts: Sequence[tuple[int, int]], ruler: Ruler) -> str:
    text, at = "", 0
    for a, b in cuts:
        for k in range(a, b):
            if (k - a) % ruler.every == 0 and len(text) <= at + k - a:
                text = text.ljust(at + k - a) + str(k + ruler.first)
        at += b - a + 1
    return text


def _short(name: str, label: int) -> str:
    return name if len(name) <= label else f"{name[: label - 2]}.."


# ---------------------------------------------------------------- rows


def row(notes: Iterable[Note], columns: int) -> str:
    """Draws notes in one row: each by its loudness, the loudest of a column, and `_` where it is held."""
    cells, loudest = ["."] * columns, [-1.0] * columns
    for note in sorted(notes, key=lambda note: note.begin):
        first, last = int(note.begin // 1), min(ceil(note.end), columns)
        if 0 <= first < columns and note.velocity + note.accent > loudest[first]:
            cells[first], loudest[first] = glyph(note), note.velocity + note.accent
        for k in range(max(first + 1, 0), last):
            if loudest[k] < 0:
                cells[k] = "_"
    return "".join(cells)


def glyph(note: Note) -> str:
    """Returns how the notation writes the hit: X x o, or its velocity in tenths."""
    if note.accent:
        return "X"
    for mark, velocity in (("x", HIT), ("o", GHOST)):
        if abs(note.velocity - velocity) < 1e-6:
            return mark
    return str(min(max(round(note.velocity * 10), 1), 9))


def rows_of(notes: Sequence[Note], columns: int, name: str, kit: bool) -> list[tuple[str, str]]:
    """Draws a lane: of a kit a row a drum; of notes a row each, from high to low; of hits a row for what is stacked."""
    if kit:
        order = {pitch: k for k, pitch in enumerate(DRUMS.values())}
        drums = sorted({note.pitch for note in notes if note.pitch is not None}, key=lambda pitch: order.get(pitch, 99))
        named = [(NAMES.get(pitch, note_name(pitch)), [n for n in notes if n.pitch == pitch]) for pitch in drums]
        return [(drum, row(some, columns)) for drum, some in named] or [(name, "." * columns)]
    pitches = {note.pitch for note in notes if note.pitch is not None}
    if pitches:
        return _roll(notes, pitches, columns, name)
    lines = sorted({note.line for note in notes})
    if len(lines) < 2:
        return [(name, row(notes, columns))]
    return [(f"{name} {k}", row([n for n in notes if n.line == line], columns)) for k, line in enumerate(lines, 1)]


def _roll(notes: Sequence[Note], pitches: set[int], columns: int, name: str) -> list[tuple[str, str]]:
    """Draws notes from high to low. A note that slides into another is drawn on to where that begins, by `~`."""
    low, high = min(pitches), max(pitches)
    used = list(range(high, low - 1, -1)) if high - low < MOST_ROWS else sorted(pitches, reverse=True)
    each = -(-len(used) // MOST_ROWS)
    found = []
    for k in range(0, len(used), each):
        some = used[k : k + each]
        label = note_name(some[0]) if len(some) == 1 else f"{note_name(some[-1])}-{note_name(some[0])}"
        cells = list(row([note for note in notes if note.pitch in some], columns))
        for note in notes:
            at = int(note.begin // 1)
            source = _slid_from(note, notes) if note.slid else None
            if source in some and 0 <= at < columns and cells[at] in "._":
                cells[at] = "~"
        found.append((label, "".join(cells)))
    plain = [note for note in notes if note.pitch is None]
    return [*found, *([(name, row(plain, columns))] if plain else [])]


def _slid_from(note: Note, notes: Sequence[Note]) -> int | None:
    before = [
        other for other in notes if other.line == note.line and other.begin < note.begin and other.pitch is not None
    ]
    return max(before, key=lambda other: other.begin).pitch if before else None


# ---------------------------------------------------------------- values


class Move(NamedTuple):
    """What a lane of values says from one column to another: where it moves, 0..1 of all that the lane goes through; `start` and `stop`
    are the same where it stands.
    """

    begin: Fraction
    end: Fraction
    start: float
    stop: float


def curve(moves: Iterable[Move], columns: int) -> str:
    """Draws values in one row: 0 the lowest of the lane, 9 the highest; / and \\ where it moves, . where it stays where it is."""
    cells = ["."] * columns
    for move in sorted(moves, key=lambda move: move.begin):
        first, last = int(move.begin // 1), min(ceil(move.end), columns)
        if move.start != move.stop:
            for k in range(max(first, 0), last):
                cells[k] = "/" if move.start < move.stop else "\\"
        elif 0 <= first < columns:
            cells[first] = str(round(9 * move.stop))
    return "".join(cells)


# ---------------------------------------------------------------- marks


def marks(loop: Loop, notes: Sequence[Note], columns: int) -> list[tuple[str, str]]:
    """Returns rows for what the notes cannot tell: how many there are in a step, what they depend on, and locks."""
    onsets: list[set[Fraction]] = [set() for _ in range(columns)]
    for note in notes:
        if 0 <= note.begin < columns:
            onsets[int(note.begin // 1)].add(note.begin)
    times = "".join(str(min(len(some), 9)) if len(some) > 1 else "." for some in onsets)
    when, locked = ["."] * columns, ["."] * columns
    for place, start in enumerate(loop.starts):
        mark, at = _depends(loop, place), start // loop.part
        if mark != "." and (when[at] == "." or "?:fn".index(mark) > "?:fn".index(when[at])):
            when[at] = mark
        if loop.locks.of(place):
            locked[at] = "="
    named = (("times", times), ("when", "".join(when)), ("locks", "".join(locked)))
    return [(name, text) for name, text in named if text.strip(".")]


def meanings(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Explains the marks that are used."""
    used = {mark for name, text in rows if name in ("when", "locks") for mark in text}
    told = [meaning for mark, meaning in MEANINGS.items() if mark in used]
    return [", ".join(told)] if told else []


def _depends(loop: Loop, place: int) -> str:
    conditions = loop.conditions
    if conditions.fill[place]:
        return "f" if conditions.fill[place] > 0 else "n"
    if any(among[place] > 1 for _, _, _, among, _ in conditions.cycles):
        return ":"
    return "?" if any(low[place] > 0 or high[place] < 1 for _, low, high in conditions.draws) else "."
