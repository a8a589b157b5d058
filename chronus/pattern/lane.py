"""A lane as it is understood: its hits, and what it says of all of them."""

from __future__ import annotations

from typing import Annotated

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
    """A lane as understood: how many steps it loops over, and what sounds in them."""

    steps: Annotated[int, Meta(ge=1, le=MOST_STEPS)]
    hits: Annotated[tuple[Hit, ...], Meta(max_length=MOST_STEPS)]


class LaneOptions(Struct, frozen=True):
    """`every` is the length of a step as a share of a whole note; `gate` a share of a step; swing in percent, or the rack's."""

    every: Share = (1, 16)
    gate: Annotated[float, Meta(ge=0, le=1)] = 0.5
    velocity: Annotated[float, Meta(ge=0, le=2)] = 1.0
    swing: Annotated[float, Meta(ge=50, le=75)] | None = None
    shift: Annotated[int, Meta(ge=-MOST_STEPS, le=MOST_STEPS)] = 0

    def words(self) -> str:
        """What differs from the defaults, as it is typed, each after a space."""
        default, given = LaneOptions(), []
        if self.every != default.every:
            given.append(f"every={self.every[0]}/{self.every[1]}")
        if self.gate != default.gate:
            given.append(f"gate={format_number(self.gate)}")
        if self.velocity != default.velocity:
            given.append(f"vel={format_number(self.velocity)}")
        if self.swing is not None:
            given.append(f"swing={format_number(self.swing)}")
        if self.shift:
            given.append(f"shift={self.shift}")
        return "".join(f" {option}" for option in given)
