"""Declares a lane as it is understood: its hits, and the options for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta, Struct

from chronus.units import format_number

MOST_STEPS = 4096
"""Steps of a lane."""

Share = tuple[Annotated[int, Meta(ge=0, le=(1 << 63) - 1)], Annotated[int, Meta(ge=1, le=(1 << 63) - 1)]]
"""An exact fraction: numerator, denominator."""


class Hit(Struct, frozen=True):
    """One event of a lane. `at` and `length` are in steps.

    `length` 0 stands for the lane's gate length. No pitches: the module's own freq is played.
    """

    at: Share
    length: Share = (0, 1)
    pitches: Annotated[tuple[Annotated[int, Meta(ge=0, le=127)], ...], Meta(max_length=64)] = ()
    velocity: Annotated[float, Meta(ge=0, le=1)] = 0.8
    accent: bool = False
    glide: bool = False


class Pattern(Struct, frozen=True):
    """A lane as understood: how many steps it loops over, and what sounds in them. `drums`: some of it is written in names of drums."""

    steps: Annotated[int, Meta(ge=1, le=MOST_STEPS)]
    hits: Annotated[tuple[Hit, ...], Meta(max_length=MOST_STEPS)]
    drums: bool = False


class LaneOptions(Struct, frozen=True):
    """`every` is the length of a step as a share of a whole note; `gate` a share of a step; swing in percent, or the rack's."""

    every: Share = (1, 16)
    gate: Annotated[float, Meta(ge=0, le=1)] = 0.5
    velocity: Annotated[float, Meta(ge=0, le=2)] = 1.0
    swing: Annotated[float, Meta(ge=50, le=75)] | None = None
    shift: Annotated[int, Meta(ge=-MOST_STEPS, le=MOST_STEPS)] = 0

    def words(self) -> str:
        """What differs from the defaults, as it is typed, each after a space."""
        given = [
            f" {option.name}={option.write(value)}"
            for option in OPTIONS.values()
            if option.field and (value := getattr(self, option.field)) != getattr(PLAIN, option.field)
        ]
        return "".join(given)


PLAIN = LaneOptions()
"""Of a lane that says nothing of it."""


class Option(NamedTuple):
    """What may be written behind a pattern: said once, here, for all who read, write, offer or explain it.

    `field` is the one of LaneOptions that it sets; what is cut or filled by `len` is the pattern itself. `form`: a number, of which 60% is
    0.6; one in percent; a whole number; or a share of a whole note.
    """

    name: str
    field: str
    form: Literal["number", "percent", "whole", "share"]
    low: float | Fraction
    high: float | Fraction
    help: str
    example: str

    def write(self, value: Any) -> str:
        return f"{value[0]}/{value[1]}" if self.form == "share" else format_number(value)


OPTIONS: Mapping[str, Option] = {
    option.name: option
    for option in (
        Option("every", "every", "share", Fraction(1, 128), Fraction(4), "length of a step: every=1/8", "1/8"),
        Option("gate", "gate", "number", 0.01, 1, "share of a step that sounds: gate=60%", "60%"),
        Option("vel", "velocity", "number", 0, 2, "scales the velocities", "0.8"),
        Option("swing", "swing", "percent", 50, 75, "50 straight, 66 triplets", "58"),
        Option("shift", "shift", "whole", -MOST_STEPS, MOST_STEPS, "so many steps later", "1"),
        Option("len", "", "whole", 1, MOST_STEPS, "loops after so many steps", "16"),
    )
}
"""In the order in which they are written."""
