"""The WAV that a recording is written into: whatever is killed, what the header names is there.

Rule 1: samples are written first; the header, which says how many there are, follows twice a second.
Rule 2: a file that is there already is never written over, unless it is gone on with: then all behind its last whole frame is cut off.
Rule 3: as often it is looked at whether the file is still there under its name: what nobody can find is not written on.
Rule 4: where the disk refuses, the file ends with the last whole frame, and its header says so.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from chronus.render.formats import CHANNELS, wav_header
from chronus.system import files

RENEW_SECONDS = 0.5
FRAME_BYTES = CHANNELS * 4


class Tape:
    """32-bit float, because that is what was heard, to the bit. `frames` are on the disk. Raises OSError where the disk refuses."""

    def __init__(self, path: Path, rate: int, again: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self.path, self.rate, self._clock = path, rate, clock
        self.frames = 0
        self._front = len(self._header())
        kind = os.O_RDWR | os.O_CLOEXEC | (0 if again else os.O_CREAT | os.O_EXCL)
        self._descriptor = os.open(path, kind, 0o644)
        if again:
            self.frames = max(0, os.fstat(self._descriptor).st_size - self._front) // FRAME_BYTES
            self._cut()
        self._renew()

    def write(self, piece: np.ndarray) -> None:
        rest = memoryview(np.ascontiguousarray(piece, np.float32).tobytes())
        try:
            while rest:
                done = files.write(self._descriptor, rest)
                rest = rest[done:]
        except OSError:
            self.frames += (len(piece) * FRAME_BYTES - len(rest)) // FRAME_BYTES
            self._cut()
            self._renew()
            raise
        self.frames += len(piece)
        if self._clock() >= self._due:
            self._look()
            self._renew()

    def shorten(self, frames: int) -> None:
        """Leaves only so many frames."""
        self.frames = max(0, frames)
        self._cut()

    def close(self) -> None:
        """Has the disk take all of it."""
        self._renew()
        files.sync(self._descriptor)
        os.close(self._descriptor)

    def read(self, piece_frames: int = 1 << 16) -> list[np.ndarray]:
        """Returns what was written, in pieces that are read as they are looked at."""
        whole = np.memmap(self.path, "<f4", "r", self._front, (self.frames, CHANNELS)) if self.frames else None
        return [] if whole is None else [whole[at : at + piece_frames] for at in range(0, self.frames, piece_frames)]

    def _header(self) -> bytes:
        return wav_header(self.frames, self.rate, as_float=True)

    def _look(self) -> None:
        """Raises OSError where the file was taken away."""
        try:
            if os.path.samestat(self.path.stat(), os.fstat(self._descriptor)):
                return
        except FileNotFoundError:
            pass
        self.frames = 0
        raise FileNotFoundError(errno.ENOENT, "the file is gone from its folder")

    def _cut(self) -> None:
        size = self._front + self.frames * FRAME_BYTES
        files.cut(self._descriptor, size)
        os.lseek(self._descriptor, size, os.SEEK_SET)

    def _renew(self) -> None:
        self._due = self._clock() + RENEW_SECONDS
        os.pwrite(self._descriptor, self._header(), 0)
        if os.lseek(self._descriptor, 0, os.SEEK_CUR) < self._front:
            os.lseek(self._descriptor, self._front, os.SEEK_SET)
