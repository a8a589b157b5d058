"""Looks into the shared memory of a running engine: its clock, its counters, and what is heard."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chronus.errors import ChronusError
from chronus.memory import layout, taps
from chronus.memory.layout import BLOCK, CHANNELS, RING_BLOCKS, RING_HEAD, RING_STRIDE, SLOTS

REACH = (RING_BLOCKS - 64) * BLOCK
"""Frames before the one that is heard which a ring still holds, whatever is rendered ahead meanwhile."""


class Memory:
    """`descriptor` is the shared memory, as one who looks on is lent it. Nothing of it is ever written."""

    def __init__(self, descriptor: int) -> None:
        """Raises E_ENGINE where that memory is not laid out as it is here."""
        try:
            self._whole = layout.Memory(descriptor, writes=False)
        except ValueError:
            raise ChronusError("E_ENGINE", "the engine is of another version of Chronus") from None
        self.word = self._whole.word
        rings = (self._whole.ring(slot).view(np.uint8) for slot in range(SLOTS))
        self._rings = [ring.reshape(RING_BLOCKS, RING_STRIDE) for ring in rings]

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

    def extents(self, handle: int, frames: int) -> taps.Extents:
        """Returns how far a module went down and up in the last frames, and how its limiter held it down."""
        return taps.extents(self._whole, handle, self.heard // BLOCK, -(-frames // BLOCK))
