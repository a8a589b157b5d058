"""Looks into the shared memory of a running engine: its clock, its counters, and what is heard."""

from __future__ import annotations

import mmap

import numpy as np
from numpy.typing import NDArray

from chronus.memory import layout
from chronus.memory.layout import BLOCK, CHANNELS, LINE, RING_BLOCKS, RING_BYTES, RING_HEAD, RING_STRIDE, RINGS, SLOTS

REACH = (RING_BLOCKS - 64) * BLOCK
"""Frames before the one that is heard which a ring still holds, whatever is rendered ahead meanwhile."""


class Memory:
    """`descriptor` is the shared memory, as one who looks on is lent it. Nothing of it is ever written."""

    def __init__(self, descriptor: int) -> None:
        size = RINGS + SLOTS * RING_BYTES
        self._map = mmap.mmap(descriptor, size, prot=mmap.PROT_READ)
        whole = np.frombuffer(self._map, np.uint8)
        self._board = whole[: layout.WORDS * 8].view(np.int64)
        self._rings = [
            whole[begin : begin + RING_BYTES].reshape(RING_BLOCKS, RING_STRIDE)
            for begin in (RINGS + slot * RING_BYTES for slot in range(SLOTS))
        ]

    def word(self, name: int, slot: int = 0) -> int:
        return int(self._board[name + slot * LINE])

    @property
    def heard(self) -> int:
        """The frame that the device asks for next: the clock."""
        return self.word(layout.HEARD)

    def sound(self, begin: int, end: int) -> NDArray[np.float32]:
        """Returns what was heard from one frame to another, as (frames, 2); silence where neither slot holds it any more.

        Whoever writes a ring may overtake this: a block counts only if its number was the right one before and after it was copied.
        """
        begin = max(begin, end - REACH, 0)
        first = begin // BLOCK
        blocks = np.arange(first, -(-end // BLOCK))
        found = np.zeros((len(blocks), BLOCK * CHANNELS), np.float32)
        missing = np.ones(len(blocks), bool)
        active = self.word(layout.ACTIVE) % SLOTS
        for slot in (active, 1 - active):
            ring, places = self._rings[slot], blocks % RING_BLOCKS
            numbers = ring[:, :8].view(np.int64)[:, 0]
            before = numbers[places] == blocks + 1
            copy = ring[places, RING_HEAD * 8 :].view(np.float32)
            good = before & (numbers[places] == blocks + 1) & missing
            found[good] = copy[good]
            missing &= ~good
            if not missing.any():
                break
        frames = found.reshape(-1, CHANNELS)
        return frames[begin - first * BLOCK : end - first * BLOCK]
