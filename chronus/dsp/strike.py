"""What struck sounds have in common: noise that any frame can ask for by its number, and a seam.

The seam: a drum struck while it still sounds begins anew from zero, and the value it leaves off at is led to zero
beside it. So the onset stays on its frame and nothing jumps.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.kernel import inline
from chronus.dsp.shape import smoothstep

SILENT = 3e-8
"""An envelope below this (-150 dB) is taken for zero, so that the full drive cannot lift the step above -120 dB."""

SEAM_SECONDS = 0.0015

u64 = np.uint64


@inline
def white(seed, number):
    """Uniform in -1..1: the splitmix64 hash (Steele, Lea, Flood 2014) of a seed and a frame's number."""
    z = u64(seed) * u64(0xD1342543DE82EF95) + u64(number) * u64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> u64(30))) * u64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> u64(27))) * u64(0x94D049BB133111EB)
    z ^= z >> u64(31)
    return np.int64(z) * 2.0**-63


@inline
def sounding(body, tick, frames):
    """For how many of these frames one of two envelopes that only fall is not yet SILENT, the first that is included."""
    if max(body[frames - 1], tick[frames - 1]) < SILENT:
        frames = 1
        while max(body[frames - 1], tick[frames - 1]) >= SILENT:
            frames += 1
    return frames


@inline
def seam(left, level):
    """What is heard of a sound cut off at `level`, when `left` of 1..0 of the seam is still to come."""
    return level * smoothstep(left)
