"""Turns frames into beats and back: the position of the music at a frame, and the frame of a beat. Exact fractions throughout.

A position is in beats (quarters) from transport zero. A bar has as many as the meter says, four unless another is said; a meter begins
with a bar, and bars are counted through all of them. Every frame is computed from the last change of tempo
in one go and rounded once, half to even; nothing is ever added up. A position that no sixteenth falls on is known to 2^-24 of a beat,
0.02 of a frame at the most: else each change of tempo would multiply the denominators of all that comes after it. While the tempo
moves it does so evenly in time, and an event's frame is the closed form of that in double, rounded once.
"""

from __future__ import annotations

import math
from fractions import Fraction
from math import ceil, floor, lcm
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from chronus.commands import Length, When
from chronus.rack.document import replace
from chronus.units import exact

FOUR = Fraction(4)
"""Beats in a bar where nobody has said another meter."""
FINEST = 1 << 24
"""Parts of a beat that a position is known to."""
REMEMBERED_SECONDS = 20
"""What lies farther back than this is asked by nobody."""
DOUBT = 1e-6
"""A frame that floating-point numbers put so near to the middle between two is computed exactly."""
MUSICAL = ("bars", "beats")
"""Units of lengths that follow the tempo."""


class Meter(Struct, frozen=True):
    """From the bar line at `position`, which so many bars come before, each bar has so many beats."""

    position: Fraction = Fraction(0)
    bar: int = 0
    beats: Fraction = FOUR


class Pace(Struct, frozen=True):
    """From a position on, a beat of the lanes takes so many beats: two are half-time."""

    position: Fraction = Fraction(0)
    times: Fraction = Fraction(1)

    @property
    def zero(self) -> Fraction:
        """Where transport zero would have been at this pace."""
        return self.position * (1 - self.times)


class Tempo(Struct, frozen=True):
    """From `frame`, which is at `position`, a beat lasts `beat` frames; where the tempo moves, so long only there, and `bend` is half
    of what it gains each frame, in beats a frame.
    """

    frame: int
    position: Fraction
    beat: Fraction
    bend: float = 0.0

    def position_at(self, frame: int) -> Fraction:
        frames = frame - self.frame
        near = self.position + frames / self.beat
        return near + Fraction(self.bend) * frames * frames if self.bend else near

    def frame_at(self, position: Fraction) -> int:
        if not self.bend:
            return self.frame + round((position - self.position) * self.beat)
        pace, beats = 1.0 / float(self.beat), float(position - self.position)
        return self.frame + round(2.0 * beats / (pace + math.sqrt(max(pace * pace + 4.0 * self.bend * beats, 0.0))))


class Ramp(NamedTuple):
    """Moves to another tempo in so many frames, and exactly so many beats if that is known: if it is not 0."""

    bpm: float
    frames: int
    beats: Fraction


class Timeline(Struct, frozen=True):
    """`number` tells one transport zero from the next."""

    rate: int
    number: int
    tempos: tuple[Tempo, ...]
    meters: tuple[Meter, ...] = (Meter(),)
    paces: tuple[Pace, ...] = (Pace(),)

    @classmethod
    def begin(cls, rate: int, number: int, zero: int, bpm: float, bar: Fraction = FOUR) -> Timeline:
        tempo = Tempo(zero, Fraction(0), beat_frames(bpm, rate))
        return cls(rate, number, (tempo,), (Meter(beats=bar),))

    def earlier(self, frames: int) -> Timeline:
        """Returns the same music, so many frames earlier."""
        return replace(self, tempos=tuple(replace(tempo, frame=tempo.frame - frames) for tempo in self.tempos))

    def position(self, frame: int) -> Fraction:
        """Returns the beats at a frame; the exact place of a sixteenth where one falls on it."""
        tempo = next((t for t in reversed(self.tempos) if t.frame <= frame), self.tempos[0])
        near = tempo.position_at(frame)
        sixteenth = Fraction(round(near * 4), 4)
        return sixteenth if self.frame(sixteenth) == frame else Fraction(round(near * FINEST), FINEST)

    def bpm(self, frame: int) -> float:
        """Returns the beats a minute at a frame."""
        tempo = next((t for t in reversed(self.tempos) if t.frame <= frame), self.tempos[0])
        pace = 1.0 / float(tempo.beat) + 2.0 * tempo.bend * (frame - tempo.frame)
        return pace * 60.0 * self.rate

    def frame(self, position: Fraction) -> int:
        tempo = next((t for t in reversed(self.tempos) if t.position <= position), self.tempos[0])
        return tempo.frame_at(position)

    def frames(self, base: Fraction, unit: Fraction, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Returns the frames of the positions base + unit x offset, one each, as `frame` gives them."""
        edges = [ceil((tempo.position - base) / unit) for tempo in self.tempos[1:]]
        if not edges or (len(offsets) and offsets.min() >= edges[-1]):
            return _frames(self.tempos[-1], base, unit, offsets)
        which, found = np.searchsorted(edges, offsets, "right"), np.empty(len(offsets), np.int64)
        for k in np.unique(which):
            found[which == k] = _frames(self.tempos[k], base, unit, offsets[which == k])
        return found

    def pruned(self, frame: int) -> Timeline:
        """Removes the tempos, meters and paces that were over long before a frame."""
        least = frame - REMEMBERED_SECONDS * self.rate
        timeline = self
        for name in ("meters", "paces"):
            rows: tuple[Meter | Pace, ...] = getattr(self, name)
            if len(rows) > 1 and self.frame(rows[1].position) <= least:
                first = max(k for k, row in enumerate(rows) if self.frame(row.position) <= least)
                timeline = replace(timeline, **{name: rows[first:]})
        if len(self.tempos) > 1 and self.tempos[1].frame <= least:
            first = max(k for k, tempo in enumerate(self.tempos) if tempo.frame <= least)
            timeline = replace(timeline, tempos=self.tempos[first:])
        return timeline

    def change(self, frame: int, bpm: float, ramp: Ramp | None = None) -> Timeline:
        """Returns the same timeline up to `frame`, with another tempo from there on; with a ramp the tempo moves from there."""
        tempo = Tempo(frame, self.position(frame), beat_frames(bpm, self.rate))
        before = tuple(t for t in self.tempos if t.frame < frame)
        if ramp is None:
            return replace(self, tempos=(*before, tempo))
        goal = beat_frames(ramp.bpm, self.rate)
        beats = ramp.beats or Fraction(round((1 / tempo.beat + 1 / goal) * ramp.frames / 2 * FINEST), FINEST)
        bend = float((beats - ramp.frames / tempo.beat) / ramp.frames**2)
        rising = replace(tempo, bend=bend)
        steady = Tempo(frame + ramp.frames, tempo.position + beats, goal)
        return replace(self, tempos=(*before, rising, steady))

    # ------------------------------------------------------------ bars

    def metered(self, line: Fraction, beats: Fraction) -> Timeline:
        """Returns the same timeline up to a bar line, with bars of so many beats from there on."""
        before = tuple(meter for meter in self.meters if meter.position < line)
        if before and before[-1].beats == beats:
            return replace(self, meters=before)
        return replace(self, meters=(*before, Meter(line, int(self.bars(line)), beats)))

    def paced(self, position: Fraction, times: Fraction) -> Timeline:
        """Returns the same timeline up to a position, with lanes at another pace from there on."""
        before = tuple(pace for pace in self.paces if pace.position < position)
        same = before and before[-1].times == times
        return replace(self, paces=before if same else (*before, Pace(position, times)))

    def pace(self, position: Fraction) -> Pace:
        return next((pace for pace in reversed(self.paces) if pace.position <= position), self.paces[0])

    def bars(self, position: Fraction) -> Fraction:
        """Returns how many bars lie before a position; inside of a bar also which share of it."""
        meter = next((m for m in reversed(self.meters) if m.position <= position), self.meters[0])
        return meter.bar + (position - meter.position) / meter.beats

    def place(self, bars: Fraction | int) -> Fraction:
        """Returns the position that so many bars lie before."""
        meter = next((m for m in reversed(self.meters) if m.bar <= bars), self.meters[0])
        return meter.position + (bars - meter.bar) * meter.beats

    def bar_and_beat(self, position: Fraction) -> tuple[int, Fraction]:
        """Returns how many bars lie before a position, and how many beats between it and its bar line."""
        bar = floor(self.bars(position))
        return bar, position - self.place(bar)

    def later(self, position: Fraction, length: Length) -> Fraction:
        """Returns the position that lies a musical length after another."""
        number = exact(length.number)
        return self.place(self.bars(position) + number) if length.unit == "bars" else position + number

    def line(self, frame: int, bars: int = 1) -> Fraction:
        """Returns the next bar line that so many bars, or a multiple of so many, lie before; one exactly at `frame` counts."""
        found = ceil(self.bars(self.position(frame)) / bars)
        before = max(found - 1, 0)
        return self.place((before if self.frame(self.place(before * bars)) >= frame else max(found, 0)) * bars)

    def beat(self, frame: int, beats: int = 1) -> Fraction:
        """Returns the next beat, counted from its bar line; or the next of every so many, counted from where the meter began."""
        here = self.position(frame)
        bar, _ = self.bar_and_beat(here)
        meter = next((m for m in reversed(self.meters) if m.position <= here), self.meters[0])
        first = self.place(bar) if beats == 1 else meter.position
        found = first + ceil((here - first) / beats) * beats
        before = found - beats
        if before >= 0 and self.frame(before) >= frame:
            return before
        return max(min(found, self.place(bar + 1)) if beats == 1 else found, Fraction(0))

    def at(self, when: When, frame: int) -> Fraction:
        """Returns where a typed time falls, seen from `frame`. A bar that has gone by means now: who asks beforehand refuses it."""
        if when.kind == "now":
            return self.position(frame)
        if when.kind == "bar":
            return max(self.place(when.count - 1), self.position(frame))
        count = when.count if when.kind == "every" else 1
        line = self.line(frame, count) if when.unit == "bar" else self.beat(frame, count)
        return self.later(line, Length(when.count, f"{when.unit}s")) if when.kind == "in" else line  # type: ignore[arg-type]


def _frames(tempo: Tempo, base: Fraction, unit: Fraction, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    if tempo.bend:
        return _bent(tempo, base, unit, offsets)
    start, step = (base - tempo.position) * tempo.beat, unit * tempo.beat
    whole = floor(start)
    rough = float(start - whole) + offsets * float(step)
    near = np.rint(rough)
    found = near.astype(np.int64) + (tempo.frame + whole)
    doubtful = np.flatnonzero(np.abs(rough - near) > 0.5 - DOUBT)
    if len(doubtful):
        part = lcm(start.denominator, step.denominator)
        first, more = int(start * part), int(step * part)
        found[doubtful] = [tempo.frame + _half_even(first + more * k, part) for k in offsets[doubtful].tolist()]
    return found


def _bent(tempo: Tempo, base: Fraction, unit: Fraction, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns the frames where the tempo moves, as `Tempo.frame_at` does."""
    pace, beats = 1.0 / float(tempo.beat), float(base - tempo.position) + offsets * float(unit)
    rough = 2.0 * beats / (pace + np.sqrt(np.maximum(pace * pace + 4.0 * tempo.bend * beats, 0.0)))
    near = np.rint(rough)
    found = near.astype(np.int64) + tempo.frame
    doubtful = np.flatnonzero(np.abs(rough - near) > 0.5 - DOUBT)
    found[doubtful] = [tempo.frame_at(base + unit * k) for k in offsets[doubtful].tolist()]
    return found


def _half_even(number: int, part: int) -> int:
    """Returns number / part, rounded as `round` does."""
    whole, rest = divmod(number, part)
    return whole + (2 * rest > part or (2 * rest == part and whole & 1))


def near(position: Fraction) -> Fraction:
    """Returns a position as near as any is known: a length of 1e-300 bars would have more digits than can be kept."""
    return position if position.denominator <= FINEST else Fraction(round(position * FINEST), FINEST)


def beat_frames(bpm: float, rate: int) -> Fraction:
    return 60 * rate / exact(bpm)


def frames_of(
    length: Length, bpm: float, rate: int, timeline: Timeline | None, frame: int, bar: Fraction = FOUR
) -> int:
    """Returns how many frames a stretch of time lasts that begins at `frame`; a musical one follows the timeline.

    Without one, a bar has `bar` beats.
    """
    number = exact(length.number)
    if length.unit not in MUSICAL:
        return round(number * rate / (1000 if length.unit == "ms" else 1))
    if timeline is None:
        return round(number * (bar if length.unit == "bars" else 1) * beat_frames(bpm, rate))
    return timeline.frame(timeline.later(timeline.position(frame), length)) - frame


def beats_of(length: Length, timeline: Timeline | None, frame: int, bar: Fraction) -> Fraction:
    """Returns how many beats a musical length has that begins at `frame`; 0 of one in time."""
    number = exact(length.number)
    if length.unit not in MUSICAL:
        return Fraction(0)
    if timeline is None or length.unit == "beats":
        return number * (bar if length.unit == "bars" else 1)
    here = timeline.position(frame)
    return timeline.later(here, length) - here
