"""Measures, trims and fades the sound on its way to the file, a piece at a time. Nothing of it is kept in memory but silence."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from chronus.ears.levels import decibels
from chronus.ears.loudness import Loudness

FLOOR = 10 ** (-90 / 20)
"""What is quieter is silence: -90 dBFS."""


class Fade(NamedTuple):
    """From `start` on it grows quieter; at `stop` nothing is left."""

    start: int
    stop: int

    def apply(self, piece: np.ndarray, at: int) -> np.ndarray:
        if at + len(piece) <= self.start:
            return piece
        way = np.clip((np.arange(at, at + len(piece)) - self.start) / max(1, self.stop - self.start), 0, 1)
        return piece * np.square(np.cos(way * (np.pi / 2)))[:, None].astype(np.float32)


class Reel:
    """`write` takes what the file is to hold. Frames count from the first one that is heard, `latency` after the first rendered.

    `upto` says how many there are, as far as that is known while frame `rendered` is being rendered; None: more to come.
    """

    def __init__(
        self,
        rate: int,
        latency: int,
        write: Callable[[np.ndarray], None],
        upto: Callable[[int], int | None] = lambda rendered: None,
        fade: Fade | None = None,
    ) -> None:
        self.latency, self._write, self._upto = latency, write, upto
        self.fade = fade
        self.end: int | None = None
        self.since: int | None = None
        """Where the tail begins; the silence at its end is left out."""
        self.heard = 0
        """Behind the last frame of the tail that is no silence."""
        self.frames = 0
        self.peak = 0.0
        self._digest = hashlib.sha256()
        self._loudness = Loudness(rate)
        self._rendered = self._at = 0
        self._silent: list[np.ndarray] = []

    def feed(self, piece: np.ndarray) -> None:
        """The next frames as they were rendered."""
        before, self._rendered = self._rendered, self._rendered + len(piece)
        piece = piece[max(0, self.latency - before) :]
        if self.end is None:
            end = self._upto(self._rendered)
            if end is not None and end <= self._at + len(piece):
                self.end = end
        if self.end is not None:
            piece = piece[: max(0, self.end - self._at)]
        if not len(piece):
            return
        if self.fade is not None:
            piece = self.fade.apply(piece, self._at)
        start, self._at = self._at, self._at + len(piece)
        before = len(piece) if self.since is None else max(0, self.since - start)
        if before:
            self._keep(piece[:before])
        if before < len(piece):
            self._ring(piece[before:], start + before)

    def ring_from(self, since: int, end: int, fade: Fade | None) -> None:
        """What comes from frame `since` on is a tail; at frame `end` it is over in any case."""
        self.since, self.end, self.fade, self.heard = since, end, fade, since

    def _ring(self, piece: np.ndarray, at: int) -> None:
        loud = np.flatnonzero(np.abs(piece).max(axis=1) >= FLOOR)
        last = int(loud[-1]) + 1 if loud.size else 0
        if last:
            for silence in self._silent:
                self._keep(silence)
            self._silent.clear()
            self._keep(piece[:last])
            self.heard = at + last
        if last < len(piece):
            self._silent.append(piece[last:].copy())

    @property
    def rang(self) -> int:
        """Frames since the last that was heard."""
        return self._at - self.heard

    @property
    def full(self) -> bool:
        return self.end is not None and self._at >= self.end

    def _keep(self, piece: np.ndarray) -> None:
        piece = np.ascontiguousarray(piece)
        self.frames += len(piece)
        self.peak = max(self.peak, float(np.abs(piece).max()))
        self._digest.update(piece.data)
        self._loudness.feed(piece)
        self._write(piece)

    @property
    def peak_dbfs(self) -> float:
        return decibels(self.peak)

    def lufs(self) -> float:
        return self._loudness.lufs()

    def sha256(self) -> str:
        """Of the float32 samples."""
        return self._digest.hexdigest()
