"""Notes that are wanted and not given yet: debts, paid slice by slice, the nearest first.

So a command is answered when its own entries are out, however much of the seconds to come it changes, and others have a turn between
two slices. Each note is owed once: of spans from a generation on, in a stretch of frames.
"""

from __future__ import annotations

from msgspec import Struct

from chronus.memory.log import Rows
from chronus.score.score import Score, notes_of

SLICE_SECONDS = 0.25
SLICE_LANES = 16
"""A slice has so many lanes, about a millisecond of work, and of a command's notes so long a stretch at first."""


class Debt(Struct):
    """From frame `start` to `stop` the notes of spans with `after` < generation <= `upto`.

    `slice` is how many frames the present slice takes: each takes more than the one before, because only what is near is in a hurry.
    `left` are the lanes that it has not come to, None at its beginning.
    """

    start: int
    stop: int
    after: int
    upto: int
    slice: int
    left: list[str] | None = None


class Owed:
    """All that is owed. `horizon` is the frame up to which notes are promised."""

    def __init__(self, rate: int) -> None:
        self.rate, self.horizon = rate, 0
        self.debts: list[Debt] = []

    def __bool__(self) -> bool:
        return bool(self.debts)

    def promise(self, frame: int, upto: int) -> None:
        """Moves the horizon on to a frame: all lanes, up to a generation."""
        if frame > self.horizon:
            self.debts.append(Debt(self.horizon, frame, -1, upto, frame - self.horizon))
            self.horizon = frame

    def add(self, start: int, after: int, upto: int) -> None:
        """What a command has changed, from a frame to the horizon."""
        if start < self.horizon and upto > after:
            self.debts.append(Debt(start, self.horizon, after, upto, round(SLICE_SECONDS * self.rate)))

    def before(self, frame: int) -> bool:
        """Whether anything before a frame is owed."""
        return any(debt.start < frame for debt in self.debts)

    def pay(self, score: Score, now: int) -> Rows:
        """The next slice; there must be one. A debt that has fallen behind `now` is paid in one."""
        debt = min(self.debts, key=lambda debt: debt.start)
        if debt.left is None and debt.start < now:
            debt.slice = debt.stop - debt.start
        stop = min(debt.stop, debt.start + debt.slice)
        names = list(score.lanes) if debt.left is None else debt.left
        notes = notes_of(score, names[:SLICE_LANES], debt.start, stop, debt.after, debt.upto)
        debt.left = names[SLICE_LANES:]
        if not debt.left:
            debt.start, debt.left, debt.slice = stop, None, 4 * debt.slice
            self.debts = [other for other in self.debts if other.start < other.stop]
        return notes

    def forget(self, horizon: int) -> None:
        """Owes nothing any more, and promises from there on."""
        self.horizon, self.debts = horizon, []
