"""Keeps what each module has yielded for those who look at it: meters, scopes, spectra.

The slot that is heard writes it, block by block, where both slots see it; nothing that sounds depends on it, and nobody waits for it. Of a
module this is the first output, behind its bypass and before its level. Who reads takes a block for written whose number stands in its
row. The slot that takes over is already ahead, so a death leaves a gap of a few blocks.

Listening to what was already played costs this copy, for ever, and was chosen all the same over rendering it once more when somebody asks:
that takes a process with all kernels and programs, and tenths of a second of a processor that may not be free. `tests/bench/test_taps.py`
measures what it costs.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.kernel import compiled, inline, local
from chronus.graph.bound import (
    B_BUFFERS,
    B_MASTER,
    B_TAPS,
    I_GAIN,
    I_HANDLE,
    I_LANES,
    I_OUTPUT,
    I_OUTPUTS,
    I_STEREO,
)
from chronus.graph.guard import clear, is_silent
from chronus.memory.atomics import store
from chronus.memory.layout import (
    BLOCK,
    HANDLES,
    MASTER_BLOCKS,
    MASTER_PLANE,
    T_GAIN,
    T_HIGH,
    T_LOW,
    T_POWER,
    TAP_BLOCKS,
    TAP_BYTES,
    TAP_PLANE,
    TAP_PLANES,
    TAP_ROW_WORDS,
    TAP_ROWS,
)
from chronus.memory.words import floats_of, row_f32, row_i64

f32 = np.float32
FAR = f32(1e30)
"""No sample is so far from zero."""
WIDE = 16
"""Samples that are looked at side by side."""


@compiled
def _measure(x, count, row):
    """Adds to a row the extent and the power of `count` samples."""
    low, high, power = local(np.float32, WIDE), local(np.float32, WIDE), local(np.float32, WIDE)
    for k in range(WIDE):
        low[k] = high[k] = x[0]
        power[k] = f32(0)
    whole = count // WIDE * WIDE
    for at in range(0, whole, WIDE):
        for k in range(WIDE):
            v = x[at + k]
            low[k] = v if v < low[k] else low[k]
            high[k] = v if v > high[k] else high[k]
            power[k] += v * v
    for at in range(whole, count):
        v = x[at]
        low[0] = v if v < low[0] else low[0]
        high[0] = v if v > high[0] else high[0]
        power[0] += v * v
    half = WIDE
    while half > 1:
        half //= 2
        for k in range(half):
            low[k] = low[k + half] if low[k + half] < low[k] else low[k]
            high[k] = high[k + half] if high[k + half] > high[k] else high[k]
            power[k] += power[k + half]
    row[T_LOW] = low[0] if low[0] < row[T_LOW] else row[T_LOW]
    row[T_HIGH] = high[0] if high[0] > row[T_HIGH] else row[T_HIGH]
    row[T_POWER] += power[0]


@inline
def _lay_sides(sound, left, right, count):
    for r in range(count):
        left[r] = sound[2 * r]
        right[r] = sound[2 * r + 1]


@inline
def _lay_voices(sound, lanes, into, count):
    """Adds up the voices of each frame."""
    if lanes == 1:
        for r in range(count):
            into[r] = sound[r]
        return
    for r in range(count):
        one = other = f32(0)
        for v in range(r * lanes, (r + 1) * lanes, 2):
            one += sound[v]
            other += sound[v + 1]
        into[r] = one + other


@compiled
def tap(arena, bound, instances, i, a, b, block):
    """Keeps rows a..b of the first output of instance `i`. Of whole blocks of silence only that they were silent."""
    if instances[i, I_OUTPUTS] == 0:
        return
    taps, lanes, count = bound[B_TAPS], instances[i, I_LANES], b - a
    at = taps + instances[i, I_HANDLE] * TAP_BYTES
    number = at + block % TAP_ROWS * TAP_ROW_WORDS * 8
    word, row = row_i64(number, 1), row_f32(number, 2 * TAP_ROW_WORDS)
    if a == 0:
        store(word, 0, 0)
        row[T_LOW], row[T_HIGH], row[T_POWER] = FAR, -FAR, f32(0)
        row[T_GAIN] = f32(1)
    if instances[i, I_GAIN] >= 0:
        gain = f32(floats_of(arena)[instances[i, I_GAIN] // 8])
        row[T_GAIN] = gain if f32(0) < gain < row[T_GAIN] else row[T_GAIN]
    output = instances[i, I_OUTPUT]
    plane, size, place = at + TAP_PLANES, TAP_PLANE, block % TAP_BLOCKS
    if output == bound[B_MASTER]:
        plane, size, place = taps + HANDLES * TAP_BYTES, MASTER_PLANE, block % MASTER_BLOCKS
    first = plane + (place * BLOCK + a) * 4
    stereo = instances[i, I_STEREO] != 0
    if is_silent(bound, output):
        row[T_LOW], row[T_HIGH] = min(row[T_LOW], f32(0)), max(row[T_HIGH], f32(0))
        if count < BLOCK:
            clear(first, 0, count)
            if stereo:
                clear(first + size, 0, count)
    else:
        sound = row_f32(bound[B_BUFFERS] + (output + a * lanes) * 4, count * lanes)
        left = row_f32(first, count)
        if stereo:
            right = row_f32(first + size, count)
            _lay_sides(sound, left, right, count)
            _measure(right, count, row)
        else:
            _lay_voices(sound, lanes, left, count)
        _measure(left, count, row)
    if b == BLOCK:
        store(word, 0, block + 1)
