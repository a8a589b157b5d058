"""Frames and beats: where the music stands at a frame, and at which frame a beat falls. Exact fractions throughout.

A position is in beats (quarters) from transport zero, four to a bar. Every frame is computed from the last change of tempo
in one go and rounded once, half to even; nothing is ever added up.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from msgspec import Struct

from chronus.commands import Length, When
from chronus.control.rack import exact

BAR = 4
"""Beats in a bar."""
BEATS = {"bars": BAR, "beats": 1, "bar": BAR, "beat": 1}


class Tempo(Struct, frozen=True):
    """From `frame`, which is at `position`, a beat lasts `beat` frames."""

    frame: int
    position: Fraction
    beat: Fraction


class Timeline(Struct, frozen=True):
    """`number` tells one transport zero from the next."""

    rate: int
    number: int
    tempos: tuple[Tempo, ...]

    @classmethod
    def begin(cls, rate: int, number: int, zero: int, bpm: float) -> Timeline:
        return cls(rate, number, (Tempo(zero, Fraction(0), beat_frames(bpm, rate)),))

    def position(self, frame: int) -> Fraction:
        """Beats at a frame; the exact place of a sixteenth where one falls on it."""
        tempo = next((t for t in reversed(self.tempos) if t.frame <= frame), self.tempos[0])
        near = tempo.position + (frame - tempo.frame) / tempo.beat
        sixteenth = Fraction(round(near * 4), 4)
        return sixteenth if self.frame(sixteenth) == frame else near

    def frame(self, position: Fraction) -> int:
        tempo = next((t for t in reversed(self.tempos) if t.position <= position), self.tempos[0])
        return tempo.frame + round((position - tempo.position) * tempo.beat)

    def change(self, frame: int, bpm: float) -> Timeline:
        """The same up to `frame`, another tempo from there on."""
        tempo = Tempo(frame, self.position(frame), beat_frames(bpm, self.rate))
        return Timeline(self.rate, self.number, (*(t for t in self.tempos if t.frame < frame), tempo))

    def line(self, frame: int, beats: int) -> Fraction:
        """The next position divisible by `beats`; one exactly at `frame` counts."""
        line = Fraction(ceil(self.position(frame) / beats) * beats)
        before = line - beats
        return before if before >= 0 and self.frame(before) >= frame else max(line, Fraction(0))

    def at(self, when: When, frame: int) -> Fraction:
        """Where a time that was typed falls, seen from `frame`. A bar that has gone by means now: who asks beforehand refuses it."""
        if when.kind == "now":
            return self.position(frame)
        if when.kind == "bar":
            return max(Fraction((when.count - 1) * BAR), self.position(frame))
        unit = BEATS[when.unit]
        if when.kind == "in":
            return self.line(frame, unit) + when.count * unit
        return self.line(frame, unit * (when.count if when.kind == "every" else 1))


def beat_frames(bpm: float, rate: int) -> Fraction:
    return 60 * rate / exact(bpm)


def frames_of(length: Length, bpm: float, rate: int, timeline: Timeline | None, frame: int) -> int:
    """How many frames a stretch of time lasts that begins at `frame`; a musical one follows the timeline."""
    number = exact(length.number)
    if length.unit in ("s", "ms"):
        return round(number * rate / (1000 if length.unit == "ms" else 1))
    beats = number * BEATS[length.unit]
    if timeline is None:
        return round(beats * beat_frames(bpm, rate))
    return timeline.frame(timeline.position(frame) + beats) - frame
