"""Keeps the notes that are wanted and not given yet, as debts, paid slice by slice, the nearest first.

So a command is answered when its own entries are out, however many notes of the next seconds it changes, and other jobs have a turn
between two slices. Each note is owed once: a debt means spans from one generation on, in a stretch of frames.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from chronus.memory.log import Rows
from chronus.score.score import Score, notes_of

SLICE_SECONDS = 0.25
SLICE_LANES = 16
"""A slice has so many lanes, about a millisecond of work, and of a command's notes so long a stretch at first."""


class Debt(Struct, frozen=True):
    """A debt: from frame `start` to `stop` the notes of spans with `after` < generation <= `upto`.

    `slice` is how many frames the present slice takes: each takes more than the one before, because only what is near is in a hurry.
    `left` are the lanes that it has not come to, None at its beginning.
    """

    start: int
    stop: int
    after: int
    upto: int
    slice: int
    left: tuple[str, ...] | None = None


class Owed(Struct, frozen=True):
    """All that is owed. `horizon` is the frame up to which notes are promised."""

    horizon: int = 0
    debts: tuple[Debt, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.debts)

    def promised(self, frame: int, upto: int) -> Owed:
        """Adds all lanes, up to a generation, as far as a new horizon."""
        if frame <= self.horizon:
            return self
        return Owed(frame, (*self.debts, Debt(self.horizon, frame, -1, upto, frame - self.horizon)))

    def given(self, frame: int) -> Owed:
        """Returns it with nothing owed before a frame."""
        return replace(self, horizon=max(self.horizon, frame))

    def changed(self, start: int, after: int, score: Score) -> Owed:
        """Adds what a command has changed, from a frame to the horizon: the spans of a score with a generation beyond `after`."""
        if start >= self.horizon or score.generation <= after:
            return self
        debt = Debt(start, self.horizon, after, score.generation, round(SLICE_SECONDS * score.rate))
        return replace(self, debts=(*self.debts, debt))

    def before(self, frame: int) -> bool:
        """Whether anything before a frame is owed."""
        return any(debt.start < frame for debt in self.debts)

    def paid(self, score: Score, now: int) -> tuple[Owed, Rows]:
        """Returns what is left, and the next slice; there must be one. A debt that has fallen behind `now` is paid at once."""
        first = min(self.debts, key=lambda debt: debt.start)
        late = first.left is None and first.start < now
        slice = first.stop - first.start if late else first.slice
        stop = min(first.stop, first.start + slice)
        names = tuple(score.lanes) if first.left is None else first.left
        notes = notes_of(score, names[:SLICE_LANES], first.start, stop, first.after, first.upto)
        if len(names) > SLICE_LANES:
            rest = replace(first, slice=slice, left=names[SLICE_LANES:])
        else:
            rest = replace(first, start=stop, slice=4 * slice, left=None)
        debts = (rest if debt is first else debt for debt in self.debts)
        return replace(self, debts=tuple(debt for debt in debts if debt.start < debt.stop)), notes
