"""Dirt: warm, brutal, folded, broken or lopsided, at four times the rate, so that it stays in tune with what it bites.

Every shape is made up to the loudness that a sine of level 0.5 had before: by sqrt(a + b / gain^2), where a is what the
fully driven shape asks for and b what its slope at zero does. The dry part of `mix` takes the same way up and down, so
that nothing cancels. Low frequencies come 4.6 frames late (halfband.py).
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.halfband import MEMORY, down, up
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.plane import local_plane
from chronus.dsp.tan import prewarp, sine

f32 = np.float32

SPEC = Spec(
    kind="distortion",
    help="soft or hard clipping, folding, crushing, a diode; oversampled",
    tries=(
        "load kick; seq kick: x...x...x...x...; patch kick > distortion",
        "set distortion.mode fold, distortion.drive 0.6",
        "set distortion.drive 0..1 over 4 bars",
    ),
    category="effect",
    width="poly",
    state=2 * MEMORY + 11,
    ins=(In("in"),),
    params=(
        switch("mode", ("soft", "hard", "fold", "crush", "diode"), "soft", "the shape"),
        Param("drive", 0, 1, 0.5, help="from almost nothing to +30 dB into the shape"),
        Param("tone", 200, 20000, 12000, "Hz", "exp", "low-pass behind the shape"),
        Param("mix", 0, 1, 1, help="0 is dry, 1 is all dirt"),
    ),
)

CEILING = f32(16)
"""+24 dBFS: nothing louder goes in, so that nothing overflows."""
FADE_SECONDS = 0.005
"""A new mode is faded in."""
DC_HZ = 4.0
OWN = 2 * MEMORY
"""The first row of the state that is not the oversampling's."""
SOFT, HARD, FOLD, CRUSH, DIODE = range(5)
FAINT = f32(1e-9)
CLIP, BENT, LAME = range(3)
"""Rows of gains and levels: of soft and hard (and the gain of diode), of fold, of diode."""


@kernel(SPEC)
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    (source,), (out,) = ins, outs
    mode, drive, tone, mix = params
    y, h_up, h_down = (
        local_plane(np.float32, 4 * 64, LANES), local_plane(np.float32, MEMORY, LANES), local_plane(np.float32, MEMORY, LANES)
    )  # fmt: skip
    share = local_plane(np.float32, 5, LANES)  # of each mode: 0 and 1, but for the time of a fade
    gain, level = local_plane(np.float32, 3, LANES), local_plane(np.float32, 3, LANES)
    wet, tail, mean, dull = (
        local(np.float32, LANES),
        local(np.float32, LANES),
        local(np.float32, LANES),
        local(np.float32, LANES),
    )
    grain, hurry, phase, held = (
        local(np.float32, LANES),
        local(np.float32, LANES),
        local(np.float32, LANES),
        local(np.float32, LANES),
    )
    dc, used, top = local(np.float64, LANES), local(np.float32, 5), local(np.float32, LANES)
    for k in range(MEMORY):
        for l in range(LANES):
            h_up[k, l], h_down[k, l] = state[k, l], state[MEMORY + k, l]
    fresh, rung_out, gap, loudest = state[OWN + 9, 0] == 0, state[OWN + 10, 0] == 1, f32(0), f32(0)
    for l in range(LANES):
        tail[l], dc[l], phase[l], held[l] = state[OWN, l], state[OWN + 1, l], state[OWN + 2, l], state[OWN + 3, l]
    for m in range(5):
        for l in range(LANES):
            wish = f32(1) if abs(mode[0, l] - f32(m)) < f32(0.5) else f32(0)
            share[m, l] = wish if fresh else f32(state[OWN + 4 + m, l])
            gap = max(gap, abs(share[m, l] - wish))
    for l in range(LANES):
        top[l] = abs(source[0, l])
        loudest = max(loudest, top[l])
    if rung_out and still & 1 and loudest == 0 and moving == 0 and gap == 0:
        for i in range(frames):
            for l in range(LANES):
                out[i, l] = 0
        return
    changes = moving != 0 or gap > 0
    step = f32(1 / (FADE_SECONDS * rate))
    slow = 1 - math.exp(-2 * math.pi * DC_HZ / rate)
    for i in range(frames):
        for l in range(LANES):
            y[4 * i, l] = y[4 * i + 2, l] = min(CEILING, max(-CEILING, source[i, l]))
            top[l] = max(top[l], abs(y[4 * i, l]))
    up(y, frames, h_up)
    for i in range(frames):
        if changes or i == 0:
            for m in range(5):
                used[m] = 0
                for l in range(LANES):
                    wish = f32(1) if abs(mode[i, l] - f32(m)) < f32(0.5) else f32(0)
                    share[m, l] += min(step, max(-step, wish - share[m, l]))
                    used[m] += share[m, l]
            for l in range(LANES):
                d = drive[i, l]
                push, fold = (f32(1) + f32(4.6) * d) * (f32(1) + f32(4.6) * d), f32(1) + f32(5) * d
                gain[CLIP, l], level[CLIP, l] = push, np.sqrt(f32(0.125) + f32(1) / (push * push))
                gain[BENT, l], level[BENT, l] = fold, np.sqrt(f32(0.25) + f32(0.21) / (fold * fold))
                level[LAME, l] = np.sqrt(f32(0.255) + f32(1.6) / (push * push))
                grain[l] = f32(0.0005) + f32(0.5) * d * d * d
                hurry[l] = f32(1) / (f32(1) + f32(64) * d * d)
                sin, cos = prewarp(tone[i, l], 4 * rate)
                dull[l] = sin / (sin + cos)
        for l in range(LANES):
            mean[l] = 0
        for row in range(4 * i, 4 * i + 4):
            for l in range(LANES):
                wet[l] = 0
            if used[SOFT] > 0:
                for l in range(LANES):
                    u = min(f32(3), max(f32(-3), gain[CLIP, l] * y[row, l]))
                    wet[l] += share[SOFT, l] * level[CLIP, l] * u * (f32(27) + u * u) / (f32(27) + f32(9) * u * u)
            if used[HARD] > 0:
                for l in range(LANES):
                    wet[l] += share[HARD, l] * level[CLIP, l] * min(f32(1), max(f32(-1), gain[CLIP, l] * y[row, l]))
            if used[FOLD] > 0:
                for l in range(LANES):
                    u = f32(0.25) * gain[BENT, l] * y[row, l]
                    u -= np.floor(u + f32(0.5))
                    turns = min(abs(u), f32(0.5) - abs(u))
                    wet[l] += share[FOLD, l] * level[BENT, l] * math.copysign(sine(turns + turns), u)
            if used[CRUSH] > 0:
                for l in range(LANES):
                    phase[l] += hurry[l]
                    due = phase[l] >= f32(1)
                    phase[l] = phase[l] - f32(1) if due else phase[l]
                    held[l] = grain[l] * np.floor(y[row, l] / grain[l] + f32(0.5)) if due else held[l]
                    wet[l] += share[CRUSH, l] * held[l]
            if used[DIODE] > 0:
                for l in range(LANES):
                    u = gain[CLIP, l] * y[row, l]
                    over, under = max(f32(0), u), max(f32(-1), min(f32(0), u) * f32(5 / 6))
                    u = over / (f32(1) + over) + under * (f32(1.2) - f32(0.4) * under * under)
                    wet[l] += share[DIODE, l] * level[LAME, l] * u
            for l in range(LANES):
                d = dull[l] * (wet[l] - tail[l])
                v = tail[l] + d
                tail[l] = v + d
                mean[l] += f32(0.25) * v
                y[row, l] += mix[i, l] * (v - y[row, l])
        for l in range(LANES):
            dc[l] += slow * (mean[l] - dc[l])
            out[i, l] = -mix[i, l] * f32(dc[l])
    down(y, frames, h_down)
    for i in range(frames):
        for l in range(LANES):
            out[i, l] += y[4 * i, l] + y[4 * i + 2, l]
    for l in range(LANES):
        top[l] = max(top[l], max(abs(tail[l]), max(abs(f32(dc[l])), abs(held[l]))))
    for k in range(MEMORY):
        for l in range(LANES):
            top[l] = max(top[l], max(abs(h_up[k, l]), abs(h_down[k, l])))
    for l in range(LANES):
        loudest = max(loudest, top[l])
    # silence in all that it remembers is silence from now on, and ends the count of crush; below it are denormal numbers
    rests = f32(0) if loudest < FAINT else f32(1)
    for k in range(MEMORY):
        for l in range(LANES):
            state[k, l], state[MEMORY + k, l] = rests * h_up[k, l], rests * h_down[k, l]
    for l in range(LANES):
        state[OWN, l], state[OWN + 1, l], state[OWN + 2, l] = rests * tail[l], rests * dc[l], rests * phase[l]
        state[OWN + 3, l], state[OWN + 9, l], state[OWN + 10, l] = rests * held[l], 1, 1 - rests
    for m in range(5):
        for l in range(LANES):
            state[OWN + 4 + m, l] = share[m, l]
