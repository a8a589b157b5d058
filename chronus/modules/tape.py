"""Warms and rounds a bus: thickens drums, softens hats, holds a mix together, as a tape machine does that is driven a little.

The record head: highs are lifted (up to +6 dB, from 4 kHz on) before the tape and taken back behind it, so they are the first to saturate.
The tape: a soft cubic curve, set off its middle by `bias` for even overtones, whose own output is fed back into it and which takes a
while to follow, as magnetisation does: so what it answers depends on where it comes from, the loop of hysteresis (a first-order
take on D. C. Jiles and D. L. Atherton, "Theory of ferromagnetic hysteresis", 1986: a mean field and one time constant). The play
head: a bump in the bass. A slower tape has its bump lower and loses more at the top.

The curve runs at twice the rate. Its level is made up, so that a sine of 0.5 stays within 0.3 dB of where it was, at any drive.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.decimate import double32, halve32
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.plane import local_plane
from chronus.dsp.shape import exp2
from chronus.dsp.voice import row

f32 = np.float32

SPEC = Spec(
    kind="tape",
    help="the warmth of a driven tape: soft saturation, round highs, a bump in the bass",
    tries=(
        "load kick; load snare; seq kick: X.........x.....; seq snare: ....X.......X...; patch kick > tape; patch snare > tape",
        "set tape.drive 0.8, tape.bump 4db",
        "set tape.drive 0.3, tape.speed 7",
    ),
    category="effect",
    width="stereo",
    state=26,
    ins=(In("in"),),
    params=(
        Param("drive", 0, 1, 0.3, help="from clean to 18 dB into the tape"),
        Param("bias", 0, 1, 0.3, help="how lopsided it saturates: even overtones"),
        Param("bump", 0, 6, 1.5, "dB", help="bump of the bass, at 45, 68 or 103 Hz by speed"),
        switch("speed", ("7", "15", "30"), "15", "inches a second: the slower, the darker"),
    ),
)

UP, DOWN = 9, 17
"""Rows of the state in which the ways to twice the rate and back begin."""
PUSH, RANGE = 0.7, 18 / (20 * math.log10(2))
"""Gain into the curve at drive 0, and by how many octaves drive raises it."""
BACK = 0.25
"""How much of its output is fed back."""
ASIDE = 0.45
LIFT_HZ, LIFT_END_HZ = 4000.0, 8000.0
PLAY_Q = 1.0
DC_HZ = 5.0
GLIDE_SECONDS = 0.03
"""From one speed to the next."""
FULL, HALF, SMALL = 0.1585, -0.1732, 0.6633
"""The level that is made up, squared: a parabola in 1 / gain, laid through what was measured at eleven drives."""
SILENT, AT_REST = 1e-15, 2.0


@inline
def bent(x):
    """A cubic that is level at its ends, -1 and 1."""
    x = min(1.5, max(-1.5, x))
    return x - x * x * x * (4 / 27)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (source,), (out,) = ins, outs
    drive, bias, bump, speed = params
    if state[8, 1] == AT_REST and state[8, 0] == speed[0, 0] and not moving & 8:
        loudest = 0.0
        for i in range(frames):
            loudest = max(loudest, max(abs(source[i, 0]), abs(source[i, 1])))
        if loudest == 0:
            for i in range(frames):
                out[i, 0] = out[i, 1] = f32(0)
            return
    y, z_up, z_down = (
        local_plane(np.float32, 128, LANES), local_plane(np.float32, 8, LANES), local_plane(np.float32, 9, LANES)
    )  # fmt: skip
    push, aside, follow = local(np.float64, 64), local(np.float64, 64), local(np.float64, 64)
    g, bell = local(np.float64, 64), local(np.float64, 64)
    pace = state[8, 0] if state[8, 1] != 0 else np.float64(speed[0, 0])
    for i in range(frames):
        push[i] = PUSH * exp2(RANGE * drive[row(moving, 0, i), 0])
        aside[i] = ASIDE * bias[row(moving, 1, i), 0]
    for i in range(frames):
        wish, before = np.float64(speed[row(moving, 3, i), 0]), pace
        pace += min(1 / (GLIDE_SECONDS * rate), max(-1 / (GLIDE_SECONDS * rate), wish - pace))
        if i == 0 or pace != before:
            follow[i] = 1 - math.exp(-math.pi * 15000 * exp2(0.6 * pace) / rate)
            g[i] = math.tan(math.pi * 45 * exp2(0.6 * pace) / rate)
        else:
            follow[i], g[i] = follow[i - 1], g[i - 1]
        bell[i] = exp2(bump[row(moving, 2, i), 0] / (20 * math.log10(2))) - 1

    one, two = rate / (math.pi * LIFT_HZ), rate / (math.pi * LIFT_END_HZ)
    b0, b1, a1 = (1 + one) / (1 + two), (1 - one) / (1 + two), (1 - two) / (1 + two)
    x1, y1 = local(np.float64, LANES), local(np.float64, LANES)
    for l in range(LANES):
        x1[l], y1[l] = state[0, l], state[1, l]
        for k in range(8):
            z_up[k, l] = state[UP + k, l]
        for k in range(9):
            z_down[k, l] = state[DOWN + k, l]
    for i in range(frames):
        for l in range(LANES):
            x = np.float64(source[i, l])
            y1[l] = b0 * x + b1 * x1[l] - a1 * y1[l]
            x1[l] = x
            y[2 * i, l], y[2 * i + 1, l] = double32(f32(y1[l]), z_up, l)
    for l in range(LANES):
        state[0, l], state[1, l] = x1[l], y1[l]

    left, right = state[2, 0], state[2, 1]
    for i in range(frames):
        rest = bent(aside[i])
        for k in range(2 * i, 2 * i + 2):
            left += follow[i] * (bent(push[i] * y[k, 0] + BACK * left + aside[i]) - rest - left)
            right += follow[i] * (bent(push[i] * y[k, 1] + BACK * right + aside[i]) - rest - right)
            y[k, 0], y[k, 1] = left, right
    state[2, 0], state[2, 1] = left, right
    for i in range(frames):
        push[i] = math.sqrt(FULL + (HALF + SMALL / push[i]) / push[i])

    slow, k = 1 - math.exp(-2 * math.pi * DC_HZ / rate), 1 / PLAY_Q
    dc, s1, s2 = local(np.float64, LANES), local(np.float64, LANES), local(np.float64, LANES)
    for l in range(LANES):
        x1[l], y1[l], dc[l], s1[l], s2[l] = state[3, l], state[4, l], state[5, l], state[6, l], state[7, l]
    for i in range(frames):
        for l in range(LANES):
            x = np.float64(halve32(y[2 * i, l], y[2 * i + 1, l], z_down, l))
            y1[l] = (x + a1 * x1[l] - b1 * y1[l]) / b0
            x1[l] = x
            dc[l] += slow * (y1[l] - dc[l])
            x = push[i] * (y1[l] - dc[l])
            # a bell: the sound and some of a band-pass
            v1 = (s1[l] + g[i] * (x - s2[l])) / (1 + g[i] * (g[i] + k))
            v2 = s2[l] + g[i] * v1
            s1[l], s2[l] = v1 + v1 - s1[l], v2 + v2 - s2[l]
            out[i, l] = x + bell[i] * k * v1
    loudest = 0.0
    for l in range(LANES):
        loudest = max(loudest, abs(x1[l]) + abs(y1[l]) + abs(dc[l]) + abs(s1[l]) + abs(s2[l]))
        loudest = max(loudest, abs(state[0, l]) + abs(state[1, l]) + abs(state[2, l]))
        for k_up in range(8):
            loudest = max(loudest, abs(z_up[k_up, l]))
        for k_down in range(9):
            loudest = max(loudest, abs(z_down[k_down, l]))
    # what has died away is cleared: it would go on for minutes, in numbers too small to be quick
    keep = 1.0 if loudest > SILENT else 0.0
    for l in range(LANES):
        state[0, l], state[1, l], state[2, l] = keep * state[0, l], keep * state[1, l], keep * state[2, l]
        state[3, l], state[4, l], state[5, l] = keep * x1[l], keep * y1[l], keep * dc[l]
        state[6, l], state[7, l] = keep * s1[l], keep * s2[l]
        for k_up in range(8):
            state[UP + k_up, l] = keep * z_up[k_up, l]
        for k_down in range(9):
            state[DOWN + k_down, l] = keep * z_down[k_down, l]
    state[8, 0], state[8, 1] = pace, 1.0 if loudest > SILENT else AT_REST
