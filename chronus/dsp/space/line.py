"""Delay lines: writes and reads them, block by block or between frames.

A ring is one row of samples, a line the column of a lane in the memory; both are gone round by whoever counts the place.
"""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.kernel import compiled, inline

f32, u64 = np.float32, np.uint64

SILENT = f32(1e-10)
"""-200 dBFS: what is written below is zero, so that a tail ends and nothing becomes subnormal."""


@compiled
def laid(ring, at, count, source, start):
    """Writes `count` samples into the ring from `at` on; what nobody can hear becomes zero."""
    size, at, start = u64(ring.shape[0]), u64(at), u64(start)
    before = min(u64(count), size - at)
    for i in range(before):
        v = source[start + i]
        ring[at + i] = v if abs(v) > SILENT else f32(0)
    for i in range(u64(count) - before):
        v = source[start + before + i]
        ring[i] = v if abs(v) > SILENT else f32(0)


@compiled
def took(ring, at, count, into, start):
    """Reads `count` samples of the ring from `at` on."""
    size, at, start = u64(ring.shape[0]), u64(at), u64(start)
    before = min(u64(count), size - at)
    for i in range(before):
        into[start + i] = ring[at + i]
    for i in range(u64(count) - before):
        into[start + before + i] = ring[i]


@inline
def around(at, total):
    """Returns the place in a ring of that size, for one that is at most one turn away."""
    at = at + total if at < 0 else at
    return at - total if at >= total else at


@inline
def spline(y0, y1, y2, y3, u):
    """The cubic Hermite spline from y1 (u = 0) to y2 (u = 1), in the precision of what it gets."""
    half, most = f32(0.5), f32(1.5)
    c1, c2 = half * (y2 - y0), y0 - f32(2.5) * y1 + f32(2) * y2 - half * y3
    return y1 + u * (c1 + u * (c2 + u * (half * (y3 - y0) + most * (y1 - y2))))


@inline
def read(memory, lane, position, distance):
    """Returns what was written `distance` frames, 2 at least, before `position`, where the next is written."""
    rows = memory.shape[0]
    whole = math.floor(distance)
    u = distance - whole
    k = position - np.int64(whole) - 2
    k += rows if k < 0 else 0
    y3 = memory[k, lane]
    k = k + 1 if k + 1 < rows else 0
    y2 = memory[k, lane]
    k = k + 1 if k + 1 < rows else 0
    y1 = memory[k, lane]
    k = k + 1 if k + 1 < rows else 0
    return spline(memory[k, lane], y1, y2, y3, u)


@inline
def swing(turns):
    """A wave near to a sine, of parabolas, for a phase in turns: -1..1."""
    p = 2 * (turns - math.floor(turns)) - 1
    return 4 * p * (1 - abs(p))
