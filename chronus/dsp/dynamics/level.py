"""Measures levels in decibels, for what listens to a sound in order to turn one down: compressor, duck, gate.

A peak counts for HOLD_SECONDS, measured in quarters: the half period of a bass (41 Hz has 12 ms) lies within it, so the level of a
steady note is steady, and the gain does not move with its wave.
"""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.kernel import inline

f32, i32 = np.float32, np.int32

HOLD_SECONDS = 0.016
STATE = 5
"""Rows of state that `held` keeps."""

_f = np.cos(np.pi * (np.arange(16) + 0.5) / 16) * 0.5**1.5 + (0.75 * 2**0.5 - 1)
OCTAVE = f32(20 * math.log10(2))
L0, L1, L2, L3, L4, L5, L6, L7, L8 = (
    f32(c) for c in np.polynomial.Polynomial.fit(_f, 20 * np.log10(1 + _f) / _f, 8).convert().coef
)
ROOT = i32(0x3F3504F3)
"""The bits of sqrt(1/2)."""
MANTISSA = i32(0x7FFFFF)
LEAST = f32(1e-10)
LOUDEST = f32(3.98)


@inline
def decibels(x):
    """20 log10 x, float32, within 1e-5 dB; exactly 0 at 1, and -200 for all that is less than 1e-10.

    Without a branch and a call, so that frames run side by side.
    """
    bits = i32(f32(max(LEAST, x)).view(np.int32) - ROOT)
    octaves = bits >> i32(23)
    f = i32((bits & MANTISSA) + ROOT).view(np.float32) - f32(1)
    high = L4 + f * (L5 + f * (L6 + f * (L7 + f * L8)))
    return OCTAVE * f32(octaves) + f * (L0 + f * (L1 + f * (L2 + f * (L3 + f * high))))


@inline
def held(peak, frames, state, at, rate):
    """Makes of the magnitude of each frame the greatest of the last 12 to 16 ms; rows `at` and on of `state` keep them."""
    quarter = max(1, int(HOLD_SECONDS / 4 * rate))
    now, one, two, three = f32(state[at, 0]), f32(state[at + 1, 0]), f32(state[at + 2, 0]), f32(state[at + 3, 0])
    done = int(state[at + 4, 0])
    past = max(one, max(two, three))
    for i in range(frames):
        now = max(now, peak[i])
        peak[i] = max(now, past)
        done += 1
        if done >= quarter:
            one, two, three, now, done = now, one, two, f32(0), 0
            past = max(one, max(two, three))
    state[at, 0], state[at + 1, 0], state[at + 2, 0], state[at + 3, 0] = now, one, two, three
    state[at + 4, 0] = done


@inline
def cut(x):
    """Cuts at +12 dBFS, float32: what is turned up further is lost."""
    return min(LOUDEST, max(-LOUDEST, x))
