"""Turns what was heard into the numbers of a picture: levels with their peaks, bands, a wave. Time is the engine's frame counter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from chronus.catalogue.spec import factor
from chronus.charts.levels import Level
from chronus.memory.taps import Extents
from chronus.shell.view import bands as ears
from chronus.shell.view.bands import Sound

HELD_SECONDS = 1.5
"""So long the highest peak stays; then it falls."""
FALL = 20.0
"""dB a second: how a peak that was held falls, and a bar goes down."""
WINDOW_SECONDS = 0.05
"""Of a level."""
QUIETEST = 1e-5
"""-100 dB: below it there is silence."""
LOWEST = -100.0


class Heard(NamedTuple):
    """Of a moment: the levels of both sides, the bands with their middles in Hz, and how far the wave went down and up."""

    levels: tuple[Level, ...]
    centers: Sequence[float]
    bands: Sequence[float | None]
    low: Sequence[float]
    high: Sequence[float]
    seconds: float


def peak_of(extents: Extents, level: float) -> float | None:
    """Returns the peak of a module in dB, behind its level; None where it is silent."""
    most = max(float(extents.high.max(initial=0.0)), -float(extents.low.min(initial=0.0)))
    return decibels(most * factor(level))


def decibels(factor: float) -> float | None:
    return 20 * float(np.log10(factor)) if factor > QUIETEST else None


class Peak:
    """The highest of the last peaks: held, then falling."""

    def __init__(self) -> None:
        self.level, self._frame = LOWEST, 0

    def take(self, peak: float | None, frame: int, rate: int) -> float | None:
        since = (frame - self._frame) / rate
        if peak is not None and (peak >= self.now(since) or since < 0):
            self.level, self._frame = peak, frame
            return peak
        now = self.now(since)
        return now if now > LOWEST else None

    def now(self, since: float) -> float:
        return max(self.level - FALL * max(since - HELD_SECONDS, 0.0), LOWEST)


class Ear:
    """Keeps what a picture needs to know of the moments before: peaks, and how high bars stood. `rate` in Hz."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._peaks = (Peak(), Peak())
        self._bars: list[float] = []
        self._last = 0

    def hear(self, sound: Sound, frame: int, bands: int, points: int) -> Heard:
        """`sound` ends at `frame`, and holds at least what came since the last time; as many bands, and points of the wave, as asked."""
        fresh = sound[-min(max(frame - self._last, 1), len(sound)) :] if len(sound) else sound
        short = sound[-round(WINDOW_SECONDS * self.rate) :]
        levels = []
        for side, name in enumerate(("left", "right")):
            rms = float(np.sqrt(np.mean(np.square(short[:, side], dtype=np.float64)))) if len(short) else 0.0
            peak = decibels(float(np.abs(fresh[:, side]).max())) if len(fresh) else None
            levels.append(Level(name, decibels(rms), peak, self._peaks[side].take(peak, frame, self.rate)))
        between = ears.edges(bands, self.rate) if bands else np.zeros(1)
        found = ears.bands(sound, self.rate, between) if bands else []
        low, high, seconds = self._wave(sound, points)
        heard = Heard(tuple(levels), ears.centers(between), self._fallen(found, frame), low, high, seconds)
        self._last = frame
        return heard

    def _fallen(self, bands: Sequence[float | None], frame: int) -> list[float | None]:
        """Lets each bar fall no faster than the eye can follow."""
        fall = FALL * max(frame - self._last, 0) / self.rate
        before = self._bars if len(self._bars) == len(bands) else [LOWEST] * len(bands)
        self._bars = [max(LOWEST if now is None else now, was - fall) for now, was in zip(bands, before, strict=True)]
        return [level if level > LOWEST else None for level in self._bars]

    def _wave(self, sound: Sound, points: int) -> tuple[list[float], list[float], float]:
        """Returns the wave from where it rises through zero, so that a steady one stands still."""
        length = min(max(points * 4, round(0.02 * self.rate)), len(sound) // 2)
        if not points or length < points:
            return [], [], 0.0
        mono = sound.mean(axis=1)
        some = mono[len(mono) - 2 * length : len(mono) - length + 1]
        rises = np.flatnonzero((some[:-1] < 0) & (some[1:] >= 0))
        begin = len(mono) - 2 * length + (int(rises[-1]) + 1 if len(rises) else length)
        cut = np.arange(points) * length // points
        piece = mono[begin : begin + length]
        low, high = np.minimum.reduceat(piece, cut), np.maximum.reduceat(piece, cut)
        return low.tolist(), high.tolist(), length / self.rate
