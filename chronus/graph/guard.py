"""Looks at what a module has yielded: whether it can be sound at all, and whether it is silence.

One look answers both: as integers, without their sign, floats keep their order, and infinity and NaN stand above all numbers. The
greatest of so many integers is found eight and more at a time, which LLVM may not do with floats.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.kernel import compiled, inline
from chronus.graph.bound import B_SILENT
from chronus.memory.words import row_f32, row_i32, row_i64

f32, i32 = np.float32, np.int32

RUNAWAY = i32(np.float32(1e4).view(np.int32))
"""The bits of 10,000. A sample beyond it is treated like a NaN: no signal gets there but by a broken recursion."""
UNSIGNED = i32(0x7FFFFFFF)


@compiled
def _greatest(at, count):
    """The bits of the sample that is farthest from zero."""
    samples, greatest = row_i32(at, count), i32(0)
    for k in range(count):
        greatest = max(greatest, i32(samples[k] & UNSIGNED))
    return greatest


@inline
def _silences(bound):
    """For each 64 float32 of the buffers: whether nothing but zeros lies there, in the frames that are being rendered."""
    return row_i64(bound[B_SILENT], 1)


@inline
def is_silent(bound, buffer):
    """Whether the buffer that begins so many float32 behind the first was silent when it was last looked at."""
    return _silences(bound)[buffer >> 6] != 0


@inline
def call_silent(bound, buffer, silent):
    """Notes whether a buffer is silent."""
    _silences(bound)[buffer >> 6] = 1 if silent else 0


@compiled
def is_sound(bound, buffer, at, count):
    """True if no sample is NaN, infinite or beyond all reason. Notes whether all are zero."""
    greatest = _greatest(at, count)
    call_silent(bound, buffer, greatest == 0)
    return greatest < RUNAWAY


@inline
def clear(at, first, count):
    """Makes `count` samples zero, from the one numbered `first` on, of the buffer at address `at`."""
    samples = row_f32(at + first * 4, count)
    for k in range(count):
        samples[k] = f32(0.0)
