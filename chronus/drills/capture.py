"""Compares what was heard (the capture) with a rendering of the journal (the reference), bit for bit.

Both are read in pieces, so an hour needs no more memory than ten seconds. Where they differ, the capture is searched for the next
place at which it equals the reference again: a gap may end later in the reference than it began (the clock ran on) or where it began
(the clock waited for a slot that lived).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from chronus.drills.witness import Stall, Stretches
from chronus.errors import ChronusError
from chronus.journal import reading
from chronus.render.take import Take, play_journal

NEEDLE = 256
"""So many sounding frames, the same to the bit, are the same place."""
WINDOW = 10 * 44100
"""Frames of the reference in which a gap must end."""
STRIDE = 64
"""Every so many frames of a gap it is asked whether the capture is itself again."""
SEARCHED = 5 * 44100
"""Frames of the capture in which it may go on at another time than the clock's."""
FIRST = 60 * 44100
"""Frames of the capture in which the reference begins."""
QUIET = 1e-4
"""Standard deviation below which a stretch is too quiet to tell its place."""

CAUSE_FRAMES = 22050
"""A gap that begins so soon after a kill comes of it."""
NEAR_SECONDS = 0.1
"""So exactly is it known when a frame was heard."""
HEARD_KILLS = ("both", "host")
"""What may be killed and heard."""
EARLY_FRAMES = 256
"""What is written to the capture between the look at its length and the kill."""

Gaps = list[tuple[int, int]]
"""(frame of the capture, frames)."""
Clock = list[tuple[float, int]]
"""By what time (monotonic) how many frames had been captured."""
Report = Callable[[float], None]


def open_capture(path: Path) -> np.ndarray:
    """(frames, 2) float32, read from the disk as it is looked at."""
    frames = path.stat().st_size // 8
    return np.memmap(path, np.float32, "r", shape=(frames, 2)) if frames else np.zeros((0, 2), np.float32)


class Comparison:
    """The reference is fed in pieces, in order; then `end`. `gaps` are (frame of the capture, frames) at which the two part.

    `captured` may be a longer one from one piece to the next: what is fed has to be WINDOW behind it until the end.
    """

    def __init__(self, captured: np.ndarray) -> None:
        self.captured = captured
        self.gaps: Gaps = []
        self.since: dict[int, int] = {}
        """Of a gap that begins in silence, by its frame: where that silence began. Of silence nobody can tell how much of it was heard."""
        self.compared = 0
        self._reference = np.zeros((0, 2), np.float32)
        self._at: int | None = None
        self._sounded = 0  # behind the last frame that was no silence
        self._over = self._never_again = False

    @property
    def lost(self) -> int:
        return sum(frames for _, frames in self.gaps)

    @property
    def done(self) -> int:
        """Frames of the capture that are looked at no more."""
        return len(self.captured) if self._over else self._at or 0

    def feed(self, piece: np.ndarray) -> None:
        if not self._over:
            self._reference = np.concatenate([self._reference, piece])
            self._advance(len(self._reference) - WINDOW)

    def end(self) -> None:
        self._advance(len(self._reference))
        if self._at is None:
            raise ChronusError("E_ENGINE", "the capture does not hold the beginning of its rendering")
        if self._never_again:
            begin, _ = self.gaps.pop()
            self.gaps.append((begin, len(self.captured) - begin))

    def _advance(self, upto: int) -> None:
        """Compares up to frame `upto` of what was fed, and forgets that."""
        place = 0
        if self._at is None:
            self._begin()
        while self._at is not None and not self._over and place < upto:
            n = min(upto - place, len(self.captured) - self._at)
            if n <= 0:
                self._over = True
                break
            parts = np.flatnonzero(_differ(self._reference[place : place + n], self.captured[self._at : self._at + n]))
            same = int(parts[0]) if parts.size else n
            sounding = np.flatnonzero(self.captured[self._at : self._at + same].view(np.int64))
            self._sounded = self._at + int(sounding[-1]) + 1 if sounding.size else self._sounded
            self.compared, place, self._at = self.compared + same, place + same, self._at + same
            if parts.size:
                place = self._mend(place)
        if self._at is not None:
            self._reference = self._reference[place:]

    def _begin(self) -> None:
        """Finds where the reference begins: its first sounding frames must be in the capture to the bit."""
        sounding = np.flatnonzero(np.abs(self._reference).sum(axis=1))
        if not sounding.size or int(sounding[0]) + NEEDLE > len(self._reference):
            return
        first = int(sounding[0])
        found = self._sounded = _find(self.captured[:FIRST], self._reference[first : first + NEEDLE], 0)
        if found < 0:
            raise ChronusError("E_ENGINE", "the capture does not hold the beginning of its rendering")
        self._at = found
        self._reference = self._reference[first:]

    def _mend(self, place: int) -> int:
        """Notes a gap that begins here; the place in the reference where the capture is itself again."""
        assert self._at is not None
        reference, captured = self._reference[place:], self.captured[self._at : self._at + WINDOW]
        n = min(len(reference), len(captured))
        parts = np.flatnonzero(_differ(reference[:n], captured[:n]))
        runs = zip(parts + 1, [*parts[1:], n], strict=True)
        on_time = next((int(begin) for begin, end in runs if end - begin >= NEEDLE), n)
        for frame in range(STRIDE, min(on_time, SEARCHED, len(captured) - NEEDLE), STRIDE):
            needle = captured[frame : frame + NEEDLE]
            found = _find(reference, needle, frame) if needle.std() > QUIET else -1
            if found >= 0:
                m = min(frame, found)
                same = ~_differ(reference[found - m : found], captured[frame - m : frame])
                back = m if same.all() else int(np.argmin(same[::-1]))
                return self._close(frame - back, place + found - back)
        if on_time < n:
            return self._close(on_time, place + on_time)
        self._over = self._never_again = True
        return self._close(len(self.captured) - self._at, place)

    def _close(self, frames: int, place: int) -> int:
        assert self._at is not None
        self.gaps.append((self._at, frames))
        if self._sounded < self._at:
            self.since[self._at] = self._sounded
        self._at += frames
        self._sounded = self._at
        return place


def _differ(reference: np.ndarray, captured: np.ndarray) -> np.ndarray:
    """Which frames are not the same bytes."""
    return (reference.view(np.int32) != captured.view(np.int32)).any(axis=1)


def _find(haystack: np.ndarray, needle: np.ndarray, latest: int) -> int:
    """The frame at which `needle` stands in `haystack`: the last one up to `latest`, or else the first behind it; -1 if none."""
    text, sought = haystack.tobytes(), needle.tobytes()
    at = text.rfind(sought, 0, latest * 8 + len(sought))
    while at >= 0 and at % 8:
        at = text.rfind(sought, 0, at + len(sought) - 1)
    if at < 0:
        at = text.find(sought, latest * 8)
        while at >= 0 and at % 8:
            at = text.find(sought, at + 1)
    return at // 8 if at >= 0 else -1


def compare(captured: np.ndarray, journal: Path, report: Report | None = None) -> Comparison:
    """Renders a journal for as long as the capture is, and holds the one against the other."""
    kept = reading.read_take(journal)
    comparison = Comparison(captured)
    rate, frames = int(kept.header["rate"]), len(captured)

    def keep(piece: np.ndarray) -> None:
        comparison.feed(piece)
        if report:
            report(take.frame / frames)

    take = Take(rate, int(kept.header["seed"]), None, keep=keep)
    play_journal(take, kept, None)
    take.render(frames)
    comparison.end()
    return comparison


def by_cause(gaps: Gaps, since: Mapping[int, int], kills: Sequence[tuple[str, int]]) -> dict[str, Gaps]:
    """The gaps, by what had been killed shortly before each; "": nothing. `kills` are (what, frames captured by then), in order.

    One that begins in silence may have begun anywhere in it: it is laid to the last kill in that time which may be heard at all.
    """
    causes: dict[str, Gaps] = {}
    for at, frames in gaps:
        silent = since.get(at, at)
        before = [what for what, when in kills if silent - CAUSE_FRAMES < when <= at + EARLY_FRAMES]
        heard = [what for what in before if what in HEARD_KILLS] if at in since else []
        causes.setdefault((heard or before or [""])[-1], []).append((at, frames))
    return causes


def apart(
    causes: dict[str, Gaps], since: Mapping[int, int], clock: Clock, still: Stretches
) -> tuple[dict[str, Gaps], dict[str, Gaps]]:
    """(what remains, what lies within a time at which the machine itself stood still: nobody could have played then)."""

    def stood(gap: tuple[int, int]) -> bool:
        begin, end = _when(gap, clock)
        silent, _ = _when((since.get(gap[0], gap[0]), 0), clock)
        bounds = [(first - NEAR_SECONDS, last + NEAR_SECONDS) for first, last in still]
        return any(first < begin and max(silent, first) + end - begin < last for first, last in bounds)

    then = {cause: [gap for gap in gaps if stood(gap)] for cause, gaps in causes.items()}
    return {cause: [gap for gap in gaps if not stood(gap)] for cause, gaps in causes.items()}, then


def _when(gap: tuple[int, int], clock: Clock) -> tuple[float, float]:
    """From when until when a gap was heard."""
    times, captured = zip(*clock, strict=True)
    return float(np.interp(gap[0], captured, times)), float(np.interp(sum(gap), captured, times))


def told_stalls(causes: dict[str, Gaps], clock: Clock, stalls: Sequence[Stall]) -> str:
    """Which processors stood still close to a gap, in words: on one of them both slots may have waited. "" for none."""
    told = []
    for gap in (gap for gaps in causes.values() for gap in gaps):
        begin, end = _when(gap, clock)
        for processor, since, until in stalls:
            if since - NEAR_SECONDS < begin and end < until + NEAR_SECONDS:
                told.append(f"; at {gap[0]} processor {processor} stood still for {(until - since) * 1e3:.1f} ms")
    return "".join(told[:8])


def lost_in(causes: dict[str, Gaps]) -> int:
    """Frames."""
    return sum(frames for gaps in causes.values() for _, frames in gaps)


def told_gaps(causes: dict[str, Gaps]) -> str:
    """A few of them, in words."""
    told = [
        f"{frames} at frame {at}, {f'after {cause} was killed' if cause else 'no kill before it'}"
        for cause, gaps in causes.items()
        for at, frames in gaps
    ]
    return "; ".join(told[:8]) + (f" and {len(told) - 8} more" if len(told) > 8 else "") or "no gap"
