"""Sweeps parameters. What moves is part of the rack (`Moving`), when it moves is part of the score (`Course`); a number links the two.

So the present value is a pure function of a frame, and each change starts from the value that sounds: another sweep, `+10%`, `undo`.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from chronus.commands import Length, Quantity
from chronus.rack import waves
from chronus.rack.document import Moving, Waving, replace
from chronus.units import format_quantity

NEVER = 1 << 62
"""The frames that what waits takes."""


class Course(Struct, frozen=True):
    """At frame `begin` a sweep has `share` of its way behind it; the rest takes `frames`. `beats`: of the whole, 0 where it is in time."""

    begin: int
    frames: int
    beats: float = 0.0
    share: float = 0.0

    @property
    def waits(self) -> bool:
        return self.frames == NEVER

    @property
    def end(self) -> int:
        return self.begin + self.frames

    def at(self, frame: int) -> float:
        """Returns how much of the way lies behind it at a frame."""
        if self.waits:
            return self.share
        gone = min(max((frame - self.begin) / self.frames, 0.0), 1.0)
        return self.share + (1.0 - self.share) * gone


class Present:
    """How far each sweep has got at a frame, and where each wave is. Sweeps from number `first` on are typed in this submission: they
    are at their beginning. What is not known is over long ago.
    """

    def __init__(
        self, courses: Mapping[int, Course], frame: int, first: int | None = None, waves: waves.Share | None = None
    ) -> None:
        self.courses, self.frame, self.first, self._said = courses, frame, first, 0
        self.waves = waves

    def __call__(self, moving: Moving | Waving) -> float:
        if isinstance(moving, Waving):
            return self.waves(moving, self.frame) if self.waves is not None else 1.0
        course = self.courses.get(moving.number)
        if course is None:
            return 0.0 if self.first is not None and moving.number >= self.first else 1.0
        return course.at(self.frame)

    def typing(self, first: int) -> Present:
        """Returns the same while sweeps are typed that are numbered from `first` on."""
        return Present(self.courses, self.frame, first, self.waves)

    def number(self) -> int:
        """Returns the number for a sweep that begins now."""
        self._said += 1
        return (self.first or 0) + self._said - 1

    def left(self, moving: Moving) -> Length:
        """Returns how much of its time is still to come."""
        return Length(float(f"{moving.over.number * (1.0 - self(moving)):.6g}"), moving.over.unit)


STILL = Present({}, 0)
"""Nothing moves."""


def format_length(length: Length) -> str:
    """Writes a length as it may be typed."""
    return format_quantity(Quantity(length.number, length.unit))


def about(length: Length) -> str:
    """Writes to three figures what is left, for people."""
    return format_length(replace(length, number=float(f"{length.number:.3g}")))
