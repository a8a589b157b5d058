"""To four times the rate and back, minimum phase: what a shaper needs so that its overtones do not fold back.

Two half-band filters in a row, each two chains of all-passes (R. A. Valenzuela and A. G. Constantinides, "Digital signal
processing schemes for efficient interpolation and decimation", IEE Proceedings 1983; coefficients by the elliptic
design in Laurent de Soras' HIIR). At 44.1 kHz flat to 20.3 kHz; the first suppresses by 99 dB from 23.8 kHz on, the
second by 95 dB. Up and down again is an all-pass, with 4.6 frames of group delay for low frequencies and its first
answer in the frame of the question.

A kernel renders a piece at a time: it writes each frame to rows 4i and 4i + 2 of a plane, calls `up`, shapes all rows,
calls `down`, and finds the frame as the sum of rows 4i and 4i + 2.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.kernel import inline, local
from chronus.dsp.plane import local_plane

# order 8, transition 0.04 of the doubled rate; order 3, transition 0.27: every other coefficient in either chain
STEEP, EASY = 8, 3
COEFFICIENTS = np.array(
    [0.04063346, 0.1505051, 0.3007571, 0.4607745, 0.6095243, 0.7385038, 0.8492238, 0.9497428]
    + [0.06687030, 0.2756203, 0.6763598],
    np.float32,
)

SIDES = 2
"""Up to so many lanes are gone through one after the other."""
MEMORY = 2 * COEFFICIENTS.size
"""Rows of the plane in which each direction keeps what it remembers."""


@inline
def up(y, frames, h):
    """Fills all 4 x frames rows from rows 4i and 4i + 2; `h` has MEMORY rows."""
    _convert(y, frames, h, 0)


@inline
def down(y, frames, h):
    """Leaves half a frame in row 4i, the other half in 4i + 2; `h` has MEMORY rows."""
    _convert(y, frames, h, 1)


@inline
def _convert(y, frames, h, lower):
    lanes = y.shape[1]
    for stage in range(2):
        steep = stage == lower
        if lanes > SIDES:
            _one_by_one(y, frames, h, lower, steep)
        elif steep:
            _chains(y, frames, 4, h, 0, 4, 4, lower)
        else:
            _chains(y, 2 * frames, 2, h, STEEP, 2, 1, lower)
        if stage == 0:
            for row in range(0, 4 * frames, 2):
                for l in range(lanes):
                    if lower:
                        y[row, l] = np.float32(0.25) * (y[row, l] + y[row + 1, l])
                    else:
                        y[row + 1, l] = y[row, l]


@inline
def _one_by_one(y, frames, h, lower, steep):
    """All-pass after all-pass, the lanes of each side by side."""
    stride = 4 if steep else 2
    for k in range(0 if steep else STEEP, STEEP if steep else STEEP + EASY):
        c = COEFFICIENTS[k]
        first = ((k + lower) & 1) * (stride >> 1)
        for row in range(first, 4 * frames, stride):
            for l in range(y.shape[1]):
                v = y[row, l]
                before = c * v + h[2 * k, l]
                h[2 * k, l] = v
                v = before - c * h[2 * k + 1, l]
                h[2 * k + 1, l] = v
                y[row, l] = v


@inline
def _chains(y, count, stride, h, first, longer, shorter, lower):
    """Both chains of up to SIDES lanes at the pace of a single all-pass, as each waits for nothing but its own last frame.

    `longer`, `shorter`: how many all-passes they have, of which the coefficients stand in turn from `first` on. What one lets out is what
    the next one gets, so either is the memory of both.
    """
    lanes = y.shape[1]
    width, half = 2 * lanes, stride >> 1
    c, kept, v = local_plane(np.float32, 4, 4), local_plane(np.float32, 5, 4), local(np.float32, 4)
    for j in range(width):
        chain, l = j // lanes ^ lower, j % lanes
        kept[0, j] = h[2 * (first + chain), l]
        for n in range(longer):
            k = first + 2 * n + chain
            within = n < (shorter if chain else longer)
            c[n, j] = COEFFICIENTS[k] if within else np.float32(0)
            kept[n + 1, j] = h[2 * k + 1, l] if within else np.float32(0)
    for i in range(count):
        for j in range(width):
            v[j] = y[stride * i + half * (j // lanes), j % lanes]
        for n in range(longer):
            for j in range(width):
                if n < (shorter if j // lanes ^ lower else longer):
                    one = (kept[n, j] + c[n, j] * v[j]) - c[n, j] * kept[n + 1, j]
                    kept[n, j], v[j] = v[j], one
        for j in range(width):
            kept[shorter if j // lanes ^ lower else longer, j] = v[j]
            y[stride * i + half * (j // lanes), j % lanes] = v[j]
    for j in range(width):
        chain, l = j // lanes ^ lower, j % lanes
        for n in range(shorter if chain else longer):
            k = first + 2 * n + chain
            h[2 * k, l], h[2 * k + 1, l] = kept[n, j], kept[n + 1, j]
