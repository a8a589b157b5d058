"""Adds up what cables bring to one place: each at its gain, faded in or out; voices that meet, in their sum.

What comes from a module that is silent is left out: it would add zeros. Whether it is, the guard has found (guard.py).
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.kernel import compiled, inline, local
from chronus.graph.bound import (
    B_BUFFERS,
    CAB_ECHO,
    CAB_FEEDBACK,
    CAB_HANDLE,
    CAB_LANES,
    CAB_SOURCE,
    CAB_SOURCE_LANES,
    CAB_SOURCE_STEREO,
    CAB_STEREO,
)
from chronus.graph.guard import clear, is_silent
from chronus.graph.moving import gain_at
from chronus.memory.atomics import address_of
from chronus.memory.layout import BLOCK, C_FRAMES, C_START, C_TO, CABLE_TABLE, CABLE_WORDS
from chronus.memory.words import floats_of, row_f32

f32 = np.float32
EIGHTS = 8 * BLOCK


@inline
def _eights(source, count, lanes, eights):
    """Adds the lanes of each frame by halves until eight are left. `lanes` is a constant."""
    for i in range(count):
        for j in range(8):
            k = i * lanes + j
            if lanes == 32:
                x = (source[k] + source[k + 16]) + (source[k + 8] + source[k + 24])
            else:
                x = (source[k] + source[k + 32]) + (source[k + 16] + source[k + 48])
                x += (source[k + 8] + source[k + 40]) + (source[k + 24] + source[k + 56])
            eights[i * 8 + j] = x


@inline
def _ones(eights, count, mono):
    for i in range(count):
        k = i * 8
        even = (eights[k] + eights[k + 4]) + (eights[k + 2] + eights[k + 6])
        mono[i] = even + ((eights[k + 1] + eights[k + 5]) + (eights[k + 3] + eights[k + 7]))


@compiled
def meet(source, count, lanes, mono):
    """mono[i] becomes the sum of the lanes of frame i. They are added by halves, so that many frames go side by side."""
    eights = local(np.float32, EIGHTS)
    if lanes == 1:
        for i in range(count):
            mono[i] = source[i]
    elif lanes == 2:
        for i in range(count):
            mono[i] = source[2 * i] + source[2 * i + 1]
    elif lanes == 8:
        _ones(source, count, mono)
    elif lanes == 32:
        _eights(source, count, 32, eights)
        _ones(eights, count, mono)
    else:
        _eights(source, count, 64, eights)
        _ones(eights, count, mono)


@compiled
def brings(arena, bound, cables, c, frame):
    """Whether a cable brings anything from `frame` on: its source sounds, and it has not faded out."""
    at = CABLE_TABLE // 8 + cables[c, CAB_HANDLE] * CABLE_WORDS
    if floats_of(arena)[at + C_TO] == 0.0 and arena[at + C_START] + arena[at + C_FRAMES] <= frame:
        return False
    return cables[c, CAB_FEEDBACK] > 0 or not is_silent(bound, cables[c, CAB_SOURCE])


@compiled
def add(arena, bound, cables, c, target, a, b, block, weight):
    """Adds frames a..b of a cable's source, times its gain and `weight`, to the buffer at address `target`."""
    floats = floats_of(arena)
    lanes, stereo = cables[c, CAB_LANES], cables[c, CAB_STEREO]
    width, sided = cables[c, CAB_SOURCE_LANES], cables[c, CAB_SOURCE_STEREO]
    if cables[c, CAB_FEEDBACK] > 0:
        # what the source did one block ago lies in the arena, in the half that is not being written
        half = (block + 1) & 1
        at = address_of(arena, 0) + cables[c, CAB_FEEDBACK] + half * BLOCK * width * 4
    else:
        at = bound[B_BUFFERS] + cables[c, CAB_SOURCE] * 4
    count = b - a
    source, into = row_f32(at + a * width * 4, count * width), row_f32(target + a * lanes * 4, count * lanes)
    at = CABLE_TABLE // 8 + cables[c, CAB_HANDLE] * CABLE_WORDS
    frame = block * BLOCK + a
    gain = f32(floats[at + C_TO]) * weight
    fading = arena[at + C_START] + arena[at + C_FRAMES] > frame
    gains = local(np.float32, BLOCK)
    for i in range(count):
        gains[i] = f32(gain_at(arena, floats, at, frame + i)) * weight if fading else gain
    if width == lanes and sided == stereo:
        if fading:
            for i in range(count):
                for v in range(lanes):
                    into[i * lanes + v] += source[i * lanes + v] * gains[i]
        else:
            for k in range(count * lanes):
                into[k] += source[k] * gain
        return
    # voices meet in a sum; two sides in their middle
    mono = local(np.float32, BLOCK)
    meet(source, count, width, mono)
    share = f32(0.5) if sided and width > 1 else f32(1.0)
    for i in range(count):
        mono[i] *= gains[i] * share
    if lanes == 1:
        for i in range(count):
            into[i] += mono[i]
    elif lanes == 2:
        for i in range(count):
            into[2 * i] += mono[i]
            into[2 * i + 1] += mono[i]
    else:
        for i in range(count):
            for v in range(lanes):
                into[i * lanes + v] += mono[i]


@compiled
def add_up(arena, bound, cables, first, count, target, lanes, a, b, block, telling):
    """Lays frames a..b of what `count` cables bring into the buffer at address `target`; False, and nothing is laid, if it is silence.

    `telling`: without those that only close a circle of gates.
    """
    begun = False
    for c in range(first, first + count):
        if (telling and cables[c, CAB_ECHO]) or not brings(arena, bound, cables, c, block * BLOCK + a):
            continue
        if not begun:
            clear(target, a * lanes, (b - a) * lanes)
            begun = True
        add(arena, bound, cables, c, target, a, b, block, f32(1.0))
    return begun
