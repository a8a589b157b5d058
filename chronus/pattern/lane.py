"""Declares a lane as it is understood: its hits, and the options for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta, Struct

from chronus.pattern.harmony import SCALES
from chronus.pattern.tree import Degree, Lock
from chronus.units import format_number

MOST_STEPS = 4096
"""Steps of a lane."""
MOST_CONDITIONS = 32

Share = tuple[Annotated[int, Meta(ge=0, le=(1 << 63) - 1)], Annotated[int, Meta(ge=1, le=(1 << 63) - 1)]]
"""An exact fraction: numerator, denominator."""


class Cycle(Struct, frozen=True, array_like=True):
    """Holds where (loop * times + plus) // of % among is `place`: so the turns of `<a b>`, and `?1:4`."""

    times: Annotated[int, Meta(ge=1, le=MOST_STEPS)]
    plus: Annotated[int, Meta(ge=0, le=MOST_STEPS)]
    of: Annotated[int, Meta(ge=1, le=1 << 40)]
    among: Annotated[int, Meta(ge=1, le=MOST_STEPS)]
    place: Annotated[int, Meta(ge=0, le=MOST_STEPS)]


class Draw(Struct, frozen=True, array_like=True):
    """Holds where what is drawn in each loop under this number lies from `low` to below `high`, of 0..1."""

    number: Annotated[int, Meta(ge=0, le=1 << 20)]
    low: Annotated[float, Meta(ge=0, le=1)]
    high: Annotated[float, Meta(ge=0, le=1)]


class Hit(Struct, frozen=True, omit_defaults=True):
    """One event of a lane. `at` and `length` are in steps.

    `length` 0 stands for the lane's gate length. No pitches and no degrees: the module's own freq is played. It sounds in the loops in
    which all its conditions hold. `line` tells which of the things that go on at once it belongs to: a glide leads to the next of the
    same line. `cell` is the step that it was given, to the end: an arpeggio fills it.
    """

    at: Share
    length: Share = (0, 1)
    pitches: Annotated[tuple[Annotated[int, Meta(ge=0, le=127)], ...], Meta(max_length=64)] = ()
    velocity: Annotated[float, Meta(ge=0, le=1)] = 0.8
    accent: bool = False
    glide: bool = False
    degrees: Annotated[tuple[Degree, ...], Meta(max_length=64)] = ()
    cycles: Annotated[tuple[Cycle, ...], Meta(max_length=MOST_CONDITIONS)] = ()
    draws: Annotated[tuple[Draw, ...], Meta(max_length=MOST_CONDITIONS)] = ()
    fill: bool | None = None
    locks: Annotated[tuple[Lock, ...], Meta(max_length=16)] = ()
    line: Annotated[int, Meta(ge=0, le=MOST_STEPS)] = 0
    cell: Share = (1, 1)
    sample: Annotated[int, Meta(ge=0, le=999)] = 0


class Pattern(Struct, frozen=True):
    """A lane as understood: how many steps it loops over, and what sounds in them. `drums`: some of it is written in names of drums."""

    steps: Annotated[int, Meta(ge=1, le=MOST_STEPS)]
    hits: Annotated[tuple[Hit, ...], Meta(max_length=MOST_STEPS)]
    drums: bool = False


def locks_of(pattern: Pattern) -> tuple[Lock, ...]:
    """Returns the locks of a pattern, each once."""
    return tuple(dict.fromkeys(lock for hit in pattern.hits for lock in hit.locks))


class LaneOptions(Struct, frozen=True):
    """`every` is the length of a step as a share of a whole note; `gate` a share of a step; swing in percent, or the rack's."""

    every: Share = (1, 16)
    gate: Annotated[float, Meta(ge=0, le=1)] = 0.5
    velocity: Annotated[float, Meta(ge=0, le=2)] = 1.0
    swing: Annotated[float, Meta(ge=50, le=75)] | None = None
    shift: Annotated[int, Meta(ge=-MOST_STEPS, le=MOST_STEPS)] = 0
    prob: Annotated[float, Meta(ge=0, le=1)] = 1.0
    note: Annotated[str, Meta(max_length=32)] = ""
    scale: Annotated[str, Meta(max_length=32)] = ""
    root: Annotated[str, Meta(max_length=8)] = ""
    seed: Annotated[int, Meta(ge=0, le=999_999_999)] | None = None
    arp: Annotated[str, Meta(max_length=16)] = ""
    oct: Annotated[int, Meta(ge=1, le=4)] = 1
    rate: Share | None = None
    voicing: Annotated[str, Meta(max_length=16)] = ""
    humanize: Annotated[float, Meta(ge=0, le=100)] = 0.0
    fill: Annotated[int, Meta(ge=0, le=MOST_STEPS)] = 0
    phase: Annotated[str, Meta(max_length=16)] = ""

    def words(self) -> str:
        """What differs from the defaults, as it is typed, each after a space."""
        given = [
            f" {option.name}={option.write(value)}"
            for option in OPTIONS.values()
            if option.field and (value := getattr(self, option.field)) != getattr(PLAIN, option.field)
        ]
        return "".join(given)


ARPS = ("up", "down", "updown", "order", "played", "random", "chord")
"""`order` and `played` are the same: as they are written."""
PLAIN = LaneOptions()
"""Of a lane that says nothing of it."""


class Option(NamedTuple):
    """What may be written behind a pattern: said once, here, for all who read, write, offer or explain it.

    `field` is the one of LaneOptions that it sets; what is cut or filled by `len` is the pattern itself. `form`: a number, of which 60% is
    0.6; a number of which 60 is 0.6 too; one in percent; a whole number; a share of a whole note; milliseconds; one of `words`; a note, or
    a note or chord.
    """

    name: str
    field: str
    form: Literal["number", "chance", "percent", "whole", "share", "ms", "word", "note", "chord"]
    low: float | Fraction
    high: float | Fraction
    help: str
    example: str
    words: tuple[str, ...] = ()

    def write(self, value: Any) -> str:
        match self.form:
            case "share":
                return f"{value[0]}/{value[1]}"
            case "chance":
                return f"{format_number(value * 100)}%"
            case "ms":
                return f"{format_number(value)}ms"
            case "word" | "note" | "chord":
                return str(value)
            case _:
                return format_number(value)


OPTIONS: Mapping[str, Option] = {
    option.name: option
    for option in (
        Option("every", "every", "share", Fraction(1, 128), Fraction(4), "length of a step: every=1/8", "1/8"),
        Option("gate", "gate", "number", 0.01, 1, "share of a step that sounds: gate=60%", "60%"),
        Option("vel", "velocity", "number", 0, 2, "scales the velocities", "0.8"),
        Option("swing", "swing", "percent", 50, 75, "50 straight, 66 triplets", "58"),
        Option("shift", "shift", "whole", -MOST_STEPS, MOST_STEPS, "so many steps later", "1"),
        Option("len", "", "whole", 1, MOST_STEPS, "loops after so many steps", "16"),
        Option("note", "note", "chord", 0, 0, "what x plays: note=a1, note=a2:m7", "a1"),
        Option("scale", "scale", "word", 0, 0, "of degrees: scale=minor", "minor", tuple(SCALES)),
        Option("root", "root", "note", 0, 0, "the note that degree 0 is: root=a2", "a2"),
        Option("prob", "prob", "chance", 0, 1, "chance of each note: prob=80%", "80%"),
        Option("seed", "seed", "whole", 0, 999_999_999, "of the lane's own chances", "7"),
        Option("arp", "arp", "word", 0, 0, "chords as arpeggios", "up", ARPS),
        Option("oct", "oct", "whole", 1, 4, "octaves of the arpeggio", "2"),
        Option("rate", "rate", "share", Fraction(1, 128), Fraction(4), "a note of the arpeggio: rate=1/16", "1/16"),
        Option(
            "voicing", "voicing", "word", 0, 0, "chords lead to one another by the nearest notes", "lead", ("lead",)
        ),
        Option("humanize", "humanize", "ms", 0, 100, "so much early or late: humanize=5ms", "5ms"),
        Option("phase", "phase", "word", 0, 0, "keep: from the step where the line before it is", "keep", ("keep",)),
        Option("fill", "fill", "whole", 1, MOST_STEPS, "every so many loops counts as a fill", "4"),
    )
}
"""In the order in which they are written."""
