"""Rounds off what is loud before a limiter has to turn it down: drums stay as hard as they are, and the mix gets louder.

The curve is u / (1 + u^4)^(1/4): up to half of the ceiling it bends by 0.13 dB, and it never reaches the ceiling. It runs at four times
the rate (dsp/halfband.py), so that what it adds does not fold back; for that, low frequencies come 4.6 frames late.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.halfband import MEMORY, down, up
from chronus.dsp.kernel import inline
from chronus.dsp.plane import flat, local_plane

f32, u64 = np.float32, np.uint64

SIDES = 2
MEMORY_FRAMES = 2 * MEMORY
"""Rows of memory that `round_off` keeps: what either direction of the oversampling remembers."""
FADE_SECONDS = 0.010
"""Time to go over from the sound as it is to the one that takes the way up and down."""
FAINT = f32(1e-9)
MOST = f32(3)
"""How many times more than it was the sound becomes before the curve: 1 + 3 is +12 dB."""
EIGHT = u64(8)
"""Four points of both sides make a frame, side by side."""
SOON = f32(8)
"""An eighth of the amount is enough for the whole of the curve."""


@inline
def curve(u):
    square = u * u
    return u / np.sqrt(np.sqrt(f32(1) + square * square))


@inline
def round_off(x, begin, amount, ceiling, share, memory, at, rate, frames):
    """Bends the stereo frames of `x` from sample `begin` on towards the ceiling of each frame. Returns the share that is bent now.

    `amount` has a row a frame. `share` goes to 1 while the amount is above 0 and back to 0 where it is 0, in FADE_SECONDS. Rows `at` to
    `at + MEMORY_FRAMES` of `memory` are its own.
    """
    y = local_plane(np.float32, 256, SIDES)
    rising, falling = local_plane(np.float32, MEMORY, SIDES), local_plane(np.float32, MEMORY, SIDES)
    for k in range(MEMORY):
        for l in range(SIDES):
            rising[k, l], falling[k, l] = memory[at + k, l], memory[at + MEMORY + k, l]
    for i in range(frames):
        for l in range(SIDES):
            y[4 * i, l] = y[4 * i + 2, l] = x[begin + 2 * i + l]
    up(y, frames, rising)
    swung = flat(y)
    for i in range(u64(frames)):
        top = ceiling[i]
        push, much = (f32(1) + MOST * amount[i, 0]) / top, min(f32(1), SOON * amount[i, 0])
        for k in range(EIGHT * i, EIGHT * i + EIGHT):
            swung[k] += much * (top * curve(push * swung[k]) - swung[k])
    down(y, frames, falling)
    step = f32(1 / (FADE_SECONDS * rate))
    for i in range(frames):
        share = min(f32(1), share + step) if amount[i, 0] > f32(0) else max(f32(0), share - step)
        for l in range(SIDES):
            k = begin + 2 * i + l
            x[k] += share * (y[4 * i, l] + y[4 * i + 2, l] - x[k])
    for k in range(MEMORY):
        for l in range(SIDES):
            memory[at + k, l] = rising[k, l] if share > f32(0) else f32(0)
            memory[at + MEMORY + k, l] = falling[k, l] if share > f32(0) else f32(0)
    return share


@inline
def idle(memory, at):
    """Whether what the oversampling remembers has died away; then it is forgotten, lest it fall for ever."""
    loudest = f32(0)
    for k in range(at, at + MEMORY_FRAMES):
        for l in range(SIDES):
            loudest = max(loudest, abs(memory[k, l]))
    if loudest < FAINT:
        for k in range(at, at + MEMORY_FRAMES):
            for l in range(SIDES):
                memory[k, l] = f32(0)
    return loudest < FAINT
