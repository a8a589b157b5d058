"""Makes a mix wider or narrower, and holds its bass in the middle, where it is strong and a needle can follow it.

The side (half the difference of left and right) is made `width` times as loud: 0 is mono, 1 leaves the sound untouched, 2 is wide.
Below `mono_below` nothing is left of it: a crossover of Linkwitz and Riley, 24 dB an octave, whose high part the side is, while the
middle takes both parts, whose sum is flat. So a sound keeps its place above the crossover, and the mono sum its level everywhere.
Source: S. Linkwitz, "Active Crossover Networks for Noncoincident Drivers", JAES 24 (1), 1976; the sections as in modules/filter.py.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec
from chronus.dsp.kernel import kernel
from chronus.dsp.tan import prewarp
from chronus.dsp.voice import row

f32 = np.float32

SPEC = Spec(
    kind="width",
    help="how wide a mix is, and up to where its bass is mono",
    tries=(
        "load snare; seq snare: ....x..x....x...; patch snare > delay > width",
        "set delay.mode pingpong, delay.mix 0.5, width.width 1.6, width.mono_below 150",
        "set width.width 0 over 1 bar",
    ),
    category="effect",
    width="stereo",
    state=8,
    ins=(In("in"),),
    params=(
        Param("width", 0, 2, 1, help="0 is mono, 1 as it comes, 2 wide"),
        Param("mono_below", 20, 500, 120, "Hz", "exp", "the bass below it is mono; 20 is off"),
    ),
)

OFF = f32(20.01)
FADE_SECONDS = 0.02
K = math.sqrt(2)
SILENT = 1e-15


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (source,), (out,) = ins, outs
    width, mono_below = params
    s1, s2, t1, t2, u1, u2 = state[0, 0], state[1, 0], state[2, 0], state[3, 0], state[4, 0], state[5, 0]
    share = state[6, 0]
    if state[7, 0] == 0:
        share = 1.0 if mono_below[0, 0] > OFF else 0.0
    step = 1 / (FADE_SECONDS * rate)
    g = a1 = a2 = 0.0
    for i in range(frames):
        hertz = mono_below[row(moving, 1, i), 0]
        share = min(1.0, share + step) if hertz > OFF else max(0.0, share - step)
        if i == 0 or moving & 2:
            sin, cos = prewarp(hertz, rate)
            g = np.float64(sin) / np.float64(cos)
            a1 = 1 / (1 + g * (g + K))
            a2 = g * a1
        left, right = source[i, 0], source[i, 1]
        middle, side = f32(0.5) * (left + right), f32(0.5) * (left - right)
        # the middle: low and high part together are an all-pass, x - 2 k v1
        v1 = a1 * s1 + a2 * (middle - s2)
        v2 = s2 + g * v1
        s1, s2 = v1 + v1 - s1, v2 + v2 - s2
        turned = middle - 2 * K * v1
        # the side: two high-passes
        v1 = a1 * t1 + a2 * (side - t2)
        v2 = t2 + g * v1
        t1, t2 = v1 + v1 - t1, v2 + v2 - t2
        high = side - K * v1 - v2
        v1 = a1 * u1 + a2 * (high - u2)
        v2 = u2 + g * v1
        u1, u2 = v1 + v1 - u1, v2 + v2 - u2
        high += -K * v1 - v2
        # what is added: nothing at all where it is off and as wide as it comes
        ease = share * share * (3 - share - share)
        more = width[row(moving, 0, i), 0]
        aside = (more - f32(1)) * side + f32(ease) * (more * f32(high) - more * side)
        inward = f32(ease * (turned - middle))
        out[i, 0] = left + inward + aside
        out[i, 1] = right + inward - aside
    heard = abs(s1) + abs(s2) + abs(t1) + abs(t2) + abs(u1) + abs(u2) > SILENT
    keep = 1.0 if heard else 0.0
    state[0, 0], state[1, 0], state[2, 0], state[3, 0] = keep * s1, keep * s2, keep * t1, keep * t2
    state[4, 0], state[5, 0], state[6, 0], state[7, 0] = keep * u1, keep * u2, share, 1
