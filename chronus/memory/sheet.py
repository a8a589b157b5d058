"""The proof sheet: a small memory of its own, in which control lays a program to be tried out and the trial writes what it found.

The process that tries out an untrusted module sees this and nothing else of the engine, so a module that writes where it should not,
writes here.
"""

from __future__ import annotations

import mmap
import os
from enum import IntEnum

import numpy as np

from chronus.memory.layout import PROGRAM_BYTES, WORDS


class Finding(IntEnum):
    """The exit code of a trial that ended by itself."""

    SOUND = 0
    HANGS = 11
    SLOW = 12
    UNSOUND = 13


R_HANDLE, R_BLOCKS, R_PERCENT = range(3)
"""Words of the result: 1 + handle of who is meant, blocks rendered, share of the time there is for a block."""
_RESULT = WORDS * 8
_PROGRAM = _RESULT + 64
SIZE = _PROGRAM + PROGRAM_BYTES


def create() -> int:
    """A new sheet as a descriptor."""
    descriptor = os.memfd_create("chronus-proof", os.MFD_CLOEXEC)
    os.ftruncate(descriptor, SIZE)
    return descriptor


class Sheet:
    """`board` is a board as in the engine's memory: RATE and the rows of who is taken out are read, CULPRIT0 is written."""

    def __init__(self, descriptor: int) -> None:
        self.bytes = np.frombuffer(mmap.mmap(descriptor, SIZE), np.uint8)
        self.board = self.bytes[:_RESULT].view(np.int64)
        self.result = self.bytes[_RESULT:_PROGRAM].view(np.int64)
        self.program = self.bytes[_PROGRAM:].view(np.int64)

    def clear(self) -> None:
        self.board[:] = 0
        self.result[:] = 0
