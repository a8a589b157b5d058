"""Shapes the tone of a sound or a bus: a shelf at either end and two bells between them, clean and smooth to sweep.

Source: the responses are those of Robert Bristow-Johnson's Audio EQ Cookbook, made by state-variable filters as in Andrew Simper,
"Linear Trapezoidal Integrated State Variable Filter With Optimised Nonlinear Processing", Cytomic, 2013, which hold still while
they are swept. With all gains at 0 dB the sound passes untouched, to the bit. In double precision, so that a shelf at 20 Hz is exact.

Gains add up where bands overlap; what comes above +12 dBFS is cut.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec
from chronus.dsp.dynamics.level import cut
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.plane import local_plane
from chronus.dsp.shape import exp2
from chronus.dsp.tan import prewarp
from chronus.dsp.voice import row

f32 = np.float32

SPEC = Spec(
    kind="eq",
    help="low shelf, two bells, high shelf",
    tries=(
        "load kick; load hat; seq kick: X...X...X...X...; seq hat: x.x.x.x.; patch kick > eq; patch hat > eq",
        "set eq.low_gain 4db, eq.bell1_freq 300, eq.bell1_gain -5db, eq.high_gain 3db",
        "set eq.bell2_gain 9db, eq.bell2_q 3, eq.bell2_freq 400..6000 over 1 bar",
    ),
    category="dynamics",
    width="stereo",
    state=8,
    ins=(In("in"),),
    params=(
        Param("low_freq", 20, 2000, 100, "Hz", "exp", "the low shelf: where half of its gain is reached"),
        Param("low_gain", -18, 18, 0, "dB", help="gain of the low shelf"),
        Param("low_q", 0.3, 3, 0.707, "Q", "exp", "above 0.707 the low shelf swings over at its ends"),
        Param("bell1_freq", 20, 20000, 350, "Hz", "exp", "middle of the first bell"),
        Param("bell1_gain", -18, 18, 0, "dB", help="gain of the first bell"),
        Param("bell1_q", 0.1, 20, 1, "Q", "exp", "how narrow the first bell is"),
        Param("bell2_freq", 20, 20000, 2500, "Hz", "exp", "middle of the second bell"),
        Param("bell2_gain", -18, 18, 0, "dB", help="gain of the second bell"),
        Param("bell2_q", 0.1, 20, 1, "Q", "exp", "how narrow the second bell is"),
        Param("high_freq", 500, 20000, 8000, "Hz", "exp", "the high shelf: where half of its gain is reached"),
        Param("high_gain", -18, 18, 0, "dB", help="gain of the high shelf"),
        Param("high_q", 0.3, 3, 0.707, "Q", "exp", "above 0.707 the high shelf swings over at its ends"),
    ),
)

BANDS = 4
ROOT_PER_DB = 1 / (40 * math.log10(2))
"""Octaves of the square root of a gain, for each dB of it."""
SILENT = 1e-15


@inline
def section(g, k, m0, m1, m2):
    a1 = 1 / (1 + g * (g + k))
    return g, a1, g * a1, m0, m1, m2


@inline
def bell(hertz, gain, q, rate):
    sin, cos = prewarp(hertz, rate)
    root = exp2(gain * ROOT_PER_DB)
    k = 1 / (q * root)
    return section(np.float64(sin) / np.float64(cos), k, 1.0, k * (root * root - 1), 0.0)


@inline
def shelf(hertz, gain, q, rate, high):
    sin, cos = prewarp(hertz, rate)
    root = exp2(gain * ROOT_PER_DB)
    half, k, much = math.sqrt(root), 1.0 / q, root * root
    g = np.float64(sin) / np.float64(cos)
    if high:
        return section(g * half, k, much, k * (1 - root) * root, 1 - much)
    return section(g / half, k, 1.0, k * (root - 1), much - 1)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (source,), (out,) = ins, outs
    low_freq, low_gain, low_q, bell1_freq, bell1_gain, bell1_q = params[:6]
    bell2_freq, bell2_gain, bell2_q, high_freq, high_gain, high_q = params[6:]
    x = local(np.float64, LANES)
    s1, s2 = local_plane(np.float64, BANDS, LANES), local_plane(np.float64, BANDS, LANES)
    # a section is v1 = a1 s1 + a2 (x - s2), v2 = s2 + g v1, and its sound m0 x + m1 v1 + m2 v2
    g, a1, a2 = local(np.float64, BANDS), local(np.float64, BANDS), local(np.float64, BANDS)
    m0, m1, m2 = local(np.float64, BANDS), local(np.float64, BANDS), local(np.float64, BANDS)
    for b in range(BANDS):
        for l in range(LANES):
            s1[b, l], s2[b, l] = state[2 * b, l], state[2 * b + 1, l]
    for i in range(frames):
        if moving & 0x007 or i == 0:
            f, d, q = low_freq[row(moving, 0, i), 0], low_gain[row(moving, 1, i), 0], low_q[row(moving, 2, i), 0]
            g[0], a1[0], a2[0], m0[0], m1[0], m2[0] = shelf(f, d, q, rate, False)
        if moving & 0x038 or i == 0:
            f, d, q = bell1_freq[row(moving, 3, i), 0], bell1_gain[row(moving, 4, i), 0], bell1_q[row(moving, 5, i), 0]
            g[1], a1[1], a2[1], m0[1], m1[1], m2[1] = bell(f, d, q, rate)
        if moving & 0x1C0 or i == 0:
            f, d, q = bell2_freq[row(moving, 6, i), 0], bell2_gain[row(moving, 7, i), 0], bell2_q[row(moving, 8, i), 0]
            g[2], a1[2], a2[2], m0[2], m1[2], m2[2] = bell(f, d, q, rate)
        if moving & 0xE00 or i == 0:
            f, d, q = high_freq[row(moving, 9, i), 0], high_gain[row(moving, 10, i), 0], high_q[row(moving, 11, i), 0]
            g[3], a1[3], a2[3], m0[3], m1[3], m2[3] = shelf(f, d, q, rate, True)
        for l in range(LANES):
            x[l] = source[i, l]
        for b in range(BANDS):
            for l in range(LANES):
                v1 = a1[b] * s1[b, l] + a2[b] * (x[l] - s2[b, l])
                v2 = s2[b, l] + g[b] * v1
                s1[b, l], s2[b, l] = v1 + v1 - s1[b, l], v2 + v2 - s2[b, l]
                x[l] = m0[b] * x[l] + m1[b] * v1 + m2[b] * v2
        for l in range(LANES):
            out[i, l] = cut(f32(x[l]))
    for b in range(BANDS):
        for l in range(LANES):
            heard = abs(s1[b, l]) + abs(s2[b, l]) > SILENT
            state[2 * b, l], state[2 * b + 1, l] = (s1[b, l], s2[b, l]) if heard else (0.0, 0.0)
