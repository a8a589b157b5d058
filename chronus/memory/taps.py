"""Reads what was kept of each module's sound, up to a block: see graph/tapping.py, which writes it. Waits for nobody.

What is not there any more, or was never written (a slot that took over begins a few blocks later), is left out: so what is returned may be
shorter than what was asked for.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chronus.memory import layout
from chronus.memory.layout import BLOCK, CHANNELS, Memory

MARGIN = 16
"""Blocks at the far end of a ring that may be written while they are read."""
ROWS = layout.TAP_ROWS - MARGIN


class Extents(NamedTuple):
    """Of some blocks in a row: their numbers, the lowest and the highest sample, the sum of squares, the lowest gain of a limiter."""

    blocks: NDArray[np.int64]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    power: NDArray[np.float32]
    gain: NDArray[np.float32]


def extents(memory: Memory, handle: int, end: int, count: int) -> Extents:
    """Returns what is known of the last `count` blocks before block `end`; of a memory of one process alone nothing is."""
    if len(memory.bytes) <= layout.TAPS:
        nothing = np.zeros(0, np.float32)
        return Extents(np.zeros(0, np.int64), nothing, nothing, nothing, nothing)
    words = memory.region(layout.TAPS + handle * layout.TAP_BYTES, layout.TAP_PLANES)
    blocks = np.arange(max(0, end - min(count, ROWS)), end)
    rows = words.reshape(layout.TAP_ROWS, layout.TAP_ROW_WORDS)[blocks % layout.TAP_ROWS]
    known = rows[:, 0] == blocks + 1
    floats = rows[known].view(np.float32)
    low, high, power, gain = (floats[:, at] for at in (layout.T_LOW, layout.T_HIGH, layout.T_POWER, layout.T_GAIN))
    return Extents(blocks[known], low, high, power, gain)


def longest(master: bool) -> int:
    """Returns of how many blocks all samples are kept."""
    return (layout.MASTER_BLOCKS if master else layout.TAP_BLOCKS) - MARGIN


def samples(
    memory: Memory, handle: int, end: int, count: int, *, stereo: bool, master: bool = False
) -> NDArray[np.float32]:
    """Returns the samples (frames, 2) of the last `count` blocks before block `end`; what has no sides is on both."""
    known = extents(memory, handle, end, min(count, longest(master)))
    first, plane = layout.TAPS + handle * layout.TAP_BYTES + layout.TAP_PLANES, layout.TAP_PLANE
    if master:
        first, plane = layout.MASTER_TAP, layout.MASTER_PLANE
    places = known.blocks % (plane // (BLOCK * 4))
    if not places.size:
        return np.zeros((0, CHANNELS), np.float32)
    silent = (known.low == 0) & (known.high == 0)
    sides = []
    for side in range(CHANNELS if stereo else 1):
        words = memory.bytes[first + side * plane : first + (side + 1) * plane].view(np.float32)
        some = words.reshape(-1, BLOCK)[places]
        some[silent] = 0.0  # of those nothing is written
        sides.append(some.ravel())
    return np.stack([sides[0], sides[-1]], axis=1)
