"""A state-variable filter: clean, steep when asked, and it holds still under any modulation.

Source: Andrew Simper, "Linear Trapezoidal Integrated State Variable Filter", Cytomic, 2013; that it stays stable while
its coefficients move: Aaron Wishnick, "Time-Varying Filters for Musical Applications", DAFx 2014. The integrators are
written as increments, which keeps a low cutoff exact in float32.

With slope 24 two sections follow one another. Low and high: Q2^2 = Q^2 + (1 + sqrt 2) / 2, Q1 = Q / Q2, so the gain at
the cutoff is Q, as with one section; at Q 0.707 that is Butterworth's, and at high Q the second section alone rings.
Band and notch: both sections alike, of the Q whose product has its -3 dB points where one section has them. Peak (low
minus high, 2 Q at the cutoff): the product has the same height.

Above +6 dBFS the output bends and never passes +12: a Q of 20 has 26 dB of gain. The filter itself stays linear.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.plane import local_plane
from chronus.dsp.rest import faint
from chronus.dsp.shape import bounded32
from chronus.dsp.tan import prewarp
from chronus.dsp.voice import row

f32 = np.float32
HALF = f32(0.5)

MODES = ("low", "high", "band", "notch", "peak")

SPEC = Spec(
    kind="filter",
    help="low, high, band, notch or peak: a clean two- or four-pole",
    tries=(
        "patch saw > filter; set saw.freq 55",
        "set filter.resonance 4; set filter.cutoff 200..4000 over 2 bars",
        "load lfo rate=1/8; patch lfo > filter.cutoff 2 oct",
    ),
    category="filter",
    width="poly",
    state=22,
    ins=(In("in"),),
    params=(
        Param("cutoff", 20, 20000, 1000, "Hz", "exp", "where it cuts: the -3 dB point at resonance 0.707"),
        Param("resonance", 0.5, 20, 0.707, "Q", "exp", "height of the peak at the cutoff"),
        switch("mode", MODES, "low", "what passes"),
        switch("slope", ("12", "24"), "12", "dB an octave"),
        Param("drive", 0, 1, 0, help="saturation before the filter; 0 is exactly linear"),
    ),
)

BUTTERWORTH = f32((1 + math.sqrt(2)) / 2)
TWICE = f32((math.sqrt(2) - 1) ** -0.5)
"""By how much two equal resonances are narrower than one; a pair of notches is as much wider."""
NARROW = f32((math.sqrt(2) - 1) ** 0.5)

FADE_SECONDS = 0.005
"""A new mode or slope is faded in."""

MADE_OF, MADE = 11, 13
"""Rows of the state: cutoff and resonance that the coefficients were made of, and the nine coefficients."""


@kernel(SPEC)
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    (source,), (out,) = ins, outs
    cutoff, resonance, mode, slope, drive = params
    s1, s2, s3, s4 = local(f32, LANES), local(f32, LANES), local(f32, LANES), local(f32, LANES)
    g, a1, r1, a2, r2 = local(f32, LANES), local(f32, LANES), local(f32, LANES), local(f32, LANES), local(f32, LANES)
    m0, m1, m2, m3 = local(f32, LANES), local(f32, LANES), local(f32, LANES), local(f32, LANES)
    steep, share = local(f32, LANES), local_plane(f32, 5, LANES)
    x = local_plane(f32, 64, LANES)
    fresh, gap, steepest, driven, other = state[10, 0] == 0, f32(0), f32(0), f32(0), f32(0)
    ringing = f32(0)
    for l in range(LANES):
        s1[l], s2[l], s3[l], s4[l] = state[0, l], state[1, l], state[2, l], state[3, l]
        ringing = max(max(abs(s1[l]), abs(s2[l])), max(max(abs(s3[l]), abs(s4[l])), max(ringing, abs(source[0, l]))))
        steep[l] = slope[0, l] if fresh else f32(state[4, l])
        gap = max(gap, abs(steep[l] - slope[0, l]))
        steepest = max(steepest, max(steep[l], slope[0, l]))
        driven = max(driven, drive[0, l])
        other = max(
            other, max(abs(cutoff[0, l] - f32(state[MADE_OF, l])), abs(resonance[0, l] - f32(state[MADE_OF + 1, l])))
        )
        g[l], a1[l], r1[l], a2[l], r2[l] = (
            state[MADE, l],
            state[MADE + 1, l],
            state[MADE + 2, l],
            state[MADE + 3, l],
            state[MADE + 4, l],
        )
        m0[l], m1[l], m2[l], m3[l] = state[MADE + 5, l], state[MADE + 6, l], state[MADE + 7, l], state[MADE + 8, l]
    for m in range(5):
        for l in range(LANES):
            wish = f32(1) if abs(mode[0, l] - f32(m)) < HALF else f32(0)
            share[m, l] = wish if fresh else f32(state[5 + m, l])
            gap = max(gap, abs(share[m, l] - wish))
    changes = moving != 0 or gap > 0
    stale = changes or fresh or other > 0
    second = (moving >> 3) & 1 != 0 or steepest > 0
    step = f32(1 / (FADE_SECONDS * rate))
    if ringing == 0 and still == 1 and not stale:
        for i in range(frames):
            for l in range(LANES):
                out[i, l] = 0
        return
    for i in range(frames):
        for l in range(LANES):
            x[i, l] = source[i, l]
    if driven > 0 or moving >> 4 & 1:
        for i in range(frames):
            for l in range(LANES):
                push = f32(3) * drive[row(moving, 4, i), l]
                lift, edge = f32(1) + HALF * push, f32(1.5) / push  # infinite when drive is 0
                u = min(edge, max(-edge, x[i, l]))
                x[i, l] = u * (lift - lift * (push * push) * f32(4 / 27) * (u * u))
    for i in range(frames):
        if changes or (i == 0 and stale):
            for m in range(5):
                for l in range(LANES):
                    wish = f32(1) if abs(mode[i, l] - f32(m)) < HALF else f32(0)
                    share[m, l] += min(step, max(-step, wish - share[m, l]))
            for l in range(LANES):
                steep[l] += min(step, max(-step, slope[i, l] - steep[l]))
                low, high, band, notch, peak = share[0, l], share[1, l], share[2, l], share[3, l], share[4, l]
                k = f32(1) / resonance[i, l]
                split = np.sqrt(f32(1) + BUTTERWORTH * k * k)
                alike = TWICE * band * k + NARROW * notch * k + peak * np.sqrt(k + k)
                k1 = k + steep[l] * ((low + high) * split + alike - k)
                k2 = (low + high) * k / split + alike
                sin, cos = prewarp(cutoff[i, l], rate)
                w = sin * cos
                g[l] = sin / cos
                a1[l] = w / (f32(1) + k1 * w)
                a2[l] = w / (f32(1) + k2 * w)
                r1[l] = a1[l] * (g[l] + k1)
                r2[l] = a2[l] * (g[l] + k2)
                m0[l] = high + notch + peak
                m1[l] = (band - m0[l]) * k1
                m2[l] = (band - m0[l]) * k2
                m3[l] = low - high - peak - peak
        # v is the first integrator, w the second, in the middle of the frame. The states are written so that each waits
        # for two products only; what is subtracted from them stays an increment
        for l in range(LANES):
            u, g2 = s2[l] - x[i, l], g[l] + g[l]
            kept = s1[l] - r1[l] * s1[l]
            v = kept - a1[l] * u
            x[i, l] = m0[l] * x[i, l] + m1[l] * v + m3[l] * (s2[l] + g[l] * v)
            s2[l] = (s2[l] + g2 * kept) - g2 * a1[l] * u
            s1[l] = (s1[l] - (r1[l] + r1[l]) * s1[l]) - (a1[l] + a1[l]) * u
        if second:
            for l in range(LANES):
                u, g2 = s4[l] - x[i, l], g[l] + g[l]
                kept = s3[l] - r2[l] * s3[l]
                v = kept - a2[l] * u
                x[i, l] += steep[l] * (m0[l] * x[i, l] + m2[l] * v + m3[l] * (s4[l] + g[l] * v) - x[i, l])
                s4[l] = (s4[l] + g2 * kept) - g2 * a2[l] * u
                s3[l] = (s3[l] - (r2[l] + r2[l]) * s3[l]) - (a2[l] + a2[l]) * u
    for i in range(frames):
        for l in range(LANES):
            out[i, l] = bounded32(x[i, l])
    for l in range(LANES):
        state[0, l], state[1, l], state[2, l], state[3, l] = faint(s1[l]), faint(s2[l]), faint(s3[l]), faint(s4[l])
        state[4, l], state[10, l] = steep[l], 1
    if stale:
        last = frames - 1 if moving else 0
        for m in range(5):
            for l in range(LANES):
                state[5 + m, l] = share[m, l]
        for l in range(LANES):
            state[MADE_OF, l], state[MADE_OF + 1, l] = cutoff[last, l], resonance[last, l]
            state[MADE, l], state[MADE + 1, l], state[MADE + 2, l] = g[l], a1[l], r1[l]
            state[MADE + 3, l], state[MADE + 4, l], state[MADE + 5, l] = a2[l], r2[l], m0[l]
            state[MADE + 6, l], state[MADE + 7, l], state[MADE + 8, l] = m1[l], m2[l], m3[l]
