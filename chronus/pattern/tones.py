"""Reads a note or a chord: `a1`, `a2:m7`, `a2:m7/c`."""

from __future__ import annotations

import re
from functools import cache

from chronus import othernames
from chronus.errors import ChronusError
from chronus.othernames import meant
from chronus.pattern.harmony import chords
from chronus.units import note_name, read_note

TONE = re.compile(r"([a-gA-G][#b]?-?[0-9])(?::([a-zA-Z0-9#]+)(?:/([a-gA-G][#b]?|[0-9]+))?)?")
MAJOR = re.compile(r"M(?![A-Za-z])")


@cache
def tone(text: str, column: int = 1) -> tuple[int, ...]:
    """Returns the notes of a text that is a note or a chord, as far as its form goes; `column` is where it stands.

    Raises E_SYNTAX where there is no such chord, E_VALUE for notes that there are not.
    """
    found = TONE.fullmatch(text)
    if not found:
        raise ChronusError("E_SYNTAX", f'"{text[:24]}" is not a note; write a1, c#2, a2:m7', column=column)
    root, kind, lowest = found.groups()
    above = (0,) if kind is None else _inverted(root, kind, lowest, column + len(root) + 1)
    pitches = tuple(read_note(root) + semitones for semitones in above)
    if not 0 <= pitches[0] <= pitches[-1] <= 127:
        raise ChronusError("E_VALUE", f"notes are {note_name(0)}..{note_name(127)}; {root} goes beyond", column=column)
    return pitches


def _chord(kind: str, column: int) -> tuple[int, ...]:
    known = chords()
    if kind.lower() not in known or MAJOR.match(kind):  # M7 and m7 are two chords
        near = ("maj" + kind[1:],) if MAJOR.match(kind) else meant(kind, known, othernames.CHORDS)
        raise ChronusError(
            "E_SYNTAX", f'there is no chord "{kind}"; `help chords` lists them', suggestions=near, column=column
        )
    return known[kind.lower()]


def _inverted(root: str, kind: str, lowest: str | None, column: int) -> tuple[int, ...]:
    """Reads what follows a chord's colon: its kind, and after a slash which of its notes is the lowest.

    `/1`: its lowest note goes up an octave; `/2`: its two lowest. `/e`: so that e is the lowest; e lies below the chord if it is no
    note of its first octave.
    """
    above = _chord(kind, column)
    if lowest is None:
        return above
    if lowest.isdigit():
        up = int(lowest)
        if not 0 < up < len(above):
            raise ChronusError(
                "E_VALUE",
                f"{kind} has {len(above)} notes: its inversions are /1 to /{len(above) - 1}",
                column=column + len(kind) + 1,
            )
    else:
        bass = (read_note(f"{lowest}4") - read_note(root)) % 12
        if bass not in above:
            return (bass - 12, *above)
        up = above.index(bass)
    return tuple(sorted((*above[up:], *(semitones + 12 for semitones in above[:up]))))
