"""A Moog ladder: round and heavy, growls when driven, and whistles in tune when its resonance is full.

Four one-poles in a row and a feedback around them without delay: trapezoidal integration, solved as in V. Zavalishin, "The Art of VA
Filter Design" (2012..), at twice the rate. The saturation is that of the first pair of transistors, where the input and the feedback
meet (R. A. Moog, US patent 3,475,623; A. Huovilainen, "Non-linear Digital Implementation of the Moog Ladder Filter", DAFx 2004): it
tears what is loud, and holds the whistle at a level of its own. Its pairs further up are left out: they see less, and would pull the
whistle out of tune. As all four stages are means of what they have and what they get, nothing that moves can make it louder than the
saturation lets through.

With resonance the bass of a ladder sinks to 1 / (1 + k) of what it was; `bass` lifts the input against that.
"""

import numpy as np

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.decimate import double32, halve32
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.plane import local_plane
from chronus.dsp.rest import faint, nothing_left
from chronus.dsp.shape import saturate32
from chronus.dsp.tan import prewarp
from chronus.dsp.voice import row

f32 = np.float32

SPEC = Spec(
    kind="ladder",
    help="Moog ladder low-pass: round, heavy, whistles in tune",
    tries=(
        "patch saw > ladder; seq saw: a1 . a1 a2 . a1 c2 e2; set ladder.cutoff 300",
        "set ladder.resonance 0.8, ladder.drive 0.5; set ladder.cutoff 150..3000 over 2 bars",
        "load lfo rate=1/8; patch lfo > ladder.cutoff 2 oct",
    ),
    category="filter",
    width="poly",
    state=25,
    ins=(In("in"),),
    params=(
        Param("cutoff", 20, 20000, 1000, "Hz", "exp", "where it cuts, and the pitch of its whistle"),
        Param("resonance", 0, 1, 0.3, help="whistles by itself from 0.93 on"),
        switch("slope", ("24", "18", "12"), "24", "dB an octave"),
        Param("drive", 0, 1, 0.2, help="into the first transistors: from clean to torn"),
        Param("bass", 0, 1, 0.5, help="how much of the bass that resonance takes is given back"),
    ),
)
CUTOFF, RESONANCE, SLOPE, DRIVE, BASS = range(5)

TOP = f32(4.3)
"""The feedback at resonance 1; it oscillates from 4 on."""
QUIET = f32(0.35)
"""Of full scale, where the saturation begins without drive: a full saw is coloured, and little more."""
CEILING = f32(16)
"""+24 dBFS: nothing louder goes in, so that nothing overflows."""
FADE_SECONDS = 0.005
"""A new slope is faded in."""
ONE = f32(1)
UP, DOWN, SHARE = 4, 12, 21
"""Rows of the state: four stages, the way up, the way down, what is taken of each tap; the last says that it has begun."""


@inline
def lag(gain, s1, s2, s3, s4):
    """What the last stage would give if nothing came in."""
    keep = ONE - gain
    b = keep * s1
    b = gain * b + keep * s2
    b = gain * b + keep * s3
    return gain * b + keep * s4


@inline
def ladder(x, back, loop, gain, closed, s1, s2, s3, s4):
    """(back, s1, s2, s3, s4) a frame later, and what comes behind 2, 3 and 4 stages.

    `gain` is g / (1 + g), `closed` 1 / (1 + k gain^4), `loop` k times that. `back` is the `lag` of these stages: the next
    one is begun while the saturation is still under way, and needs but one product from it.
    """
    keep = ONE - gain
    b1 = keep * s1
    b2 = gain * b1 + keep * s2
    b3 = gain * b2 + keep * s3
    r1, r2, r3, r4 = b1 + b1 - s1, b2 + b2 - s2, b3 + b3 - s3, back + back - s4
    far = lag(gain, r1, r2, r3, r4)
    g2 = gain * gain
    g3, g4 = g2 * gain, g2 * g2
    u = saturate32(closed * x - loop * back)
    double = u + u
    return (
        far + (f32(8) * keep * g4) * u,
        r1 + gain * double, r2 + g2 * double, r3 + g3 * double, r4 + g4 * double,
        b2 + g2 * u, b3 + g3 * u, back + g4 * u,
    )  # fmt: skip


@kernel(SPEC)
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    (source,), (out,) = ins, outs
    cutoff, resonance, slope, drive, bass = params
    s, share = local_plane(f32, 4, LANES), local_plane(f32, 3, LANES)
    z_up, z_down = local_plane(f32, 8, LANES), local_plane(f32, 9, LANES)
    gain, closed, loop, back = local(f32, LANES), local(f32, LANES), local(f32, LANES), local(f32, LANES)
    into, level, x = local(f32, LANES), local(f32, LANES), local(f32, LANES)
    early, late = local(f32, LANES), local(f32, LANES)
    fresh, gap = state[SHARE + 3, 0] == 0, f32(0)
    for m in range(4):
        for l in range(LANES):
            s[m, l] = state[m, l]
    for m in range(8):
        for l in range(LANES):
            z_up[m, l] = state[UP + m, l]
    for m in range(9):
        for l in range(LANES):
            z_down[m, l] = state[DOWN + m, l]
    for m in range(3):
        for l in range(LANES):
            wish = ONE if abs(slope[0, l] - f32(m)) < f32(0.5) else f32(0)
            share[m, l] = wish if fresh else f32(state[SHARE + m, l])
            gap = max(gap, abs(share[m, l] - wish))
    changes = moving != 0 or gap > 0
    if still & 1 and not changes and not fresh and nothing_left(source, state, SHARE):
        for i in range(frames):
            for l in range(LANES):
                out[i, l] = 0
        return
    step = f32(1 / (FADE_SECONDS * rate))
    for i in range(frames):
        if changes or i == 0:
            for m in range(3):
                for l in range(LANES):
                    wish = ONE if abs(slope[row(moving, SLOPE, i), l] - f32(m)) < f32(0.5) else f32(0)
                    share[m, l] += min(step, max(-step, wish - share[m, l]))
            for l in range(LANES):
                sin, cos = prewarp(cutoff[row(moving, CUTOFF, i), l], 2 * rate)
                # above a quarter of the inner rate a stage would swing beyond what it gets
                one = sin / (sin + max(sin, cos))
                gain[l] = one
                k = TOP * resonance[row(moving, RESONANCE, i), l]
                closed[l] = ONE / (ONE + k * (one * one) * (one * one))
                loop[l] = k * closed[l]
                back[l] = lag(one, s[0, l], s[1, l], s[2, l], s[3, l])
                hot = f32(3) * drive[row(moving, DRIVE, i), l]
                into[l] = QUIET * (ONE + hot) * (ONE + hot) * (ONE + bass[row(moving, BASS, i), l] * k)
                level[l] = ONE / (QUIET * (ONE + hot) * (ONE + f32(0.11) * hot))
        for l in range(LANES):
            x[l] = into[l] * min(CEILING, max(-CEILING, source[i, l]))
        for l in range(LANES):
            early[l], late[l] = double32(x[l], z_up, l)
        for l in range(LANES):
            p, s1, s2, s3, s4, y2, y3, y4 = ladder(
                early[l], back[l], loop[l], gain[l], closed[l], s[0, l], s[1, l], s[2, l], s[3, l]
            )
            early[l] = share[0, l] * y4 + share[1, l] * y3 + share[2, l] * y2
            p, s1, s2, s3, s4, y2, y3, y4 = ladder(late[l], p, loop[l], gain[l], closed[l], s1, s2, s3, s4)
            late[l] = share[0, l] * y4 + share[1, l] * y3 + share[2, l] * y2
            back[l], s[0, l], s[1, l], s[2, l], s[3, l] = p, s1, s2, s3, s4
        for l in range(LANES):
            x[l] = level[l] * halve32(early[l], late[l], z_down, l)
        for l in range(LANES):
            out[i, l] = x[l]
    for m in range(4):
        for l in range(LANES):
            state[m, l] = faint(s[m, l])
    for m in range(8):
        for l in range(LANES):
            state[UP + m, l] = faint(z_up[m, l])
    for m in range(9):
        for l in range(LANES):
            state[DOWN + m, l] = faint(z_down[m, l])
    for m in range(3):
        for l in range(LANES):
            state[SHARE + m, l] = share[m, l]
    for l in range(LANES):
        state[SHARE + 3, l] = 1
