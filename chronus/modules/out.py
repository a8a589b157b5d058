"""The end of everything: volume, a DC block, a true-peak limiter that nobody hears until it is needed (dsp/dynamics/limit.py).

On the way to the limiter, if asked: `glue` presses the mix together (dsp/dynamics/glue.py), `clip` rounds off its peaks
(dsp/dynamics/clip.py). Both come behind the volume, and at 0 they are exactly off. Loud records are made of both: the limiter alone pumps.

Silence at rest is answered at once: nothing came in, and nothing is left of what did.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.decibels import factor
from chronus.dsp.dynamics import clip as clipping
from chronus.dsp.dynamics import glue as glueing
from chronus.dsp.dynamics.limit import BLOCK, HISTORY, MARGIN, MEMORY_FRAMES, NEVER, SIGHT, STATE, idle, limit
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.plane import flat
from chronus.dsp.truepeak import WIDE

f32, u64 = np.float32, np.uint64

LIMITER, GLUE = 2, 2 + STATE
SHARE = GLUE + glueing.STATE
AT_REST = SHARE + 1
"""Rows of the state: of the limiter, of the glue, how much of the sound goes through the clipping, whether nothing is left."""

SPEC = Spec(
    kind="out",
    help="what is heard: volume, a bus compressor and a soft clip if asked, a true-peak limiter",
    tries=(
        "load kick; seq kick: X...X...X...X...",
        "set out.volume -3db, out.glue 0.4",
        "set out.clip 0.5, out.ceiling -1db",
    ),
    category="output",
    width="stereo",
    state=AT_REST + 1,
    gain=LIMITER,
    memory_frames=MEMORY_FRAMES + clipping.MEMORY_FRAMES,
    latency=HISTORY,
    ins=(
        In("in", help="both sides"),
        In("left", help="a mono source for the left side"),
        In("right", help="a mono source for the right side"),
    ),
    params=(
        Param("volume", -60, 6, -6, "dB", help="-60 is silence"),
        switch("limiter", ("off", "on"), "on", "off saves its cost; the output is still cut at full scale"),
        Param("ceiling", -12, 0, -1, "dB", help="highest true peak that the limiter lets out"),
        Param("glue", 0, 1, 0, help="presses the mix together: 2:1 from a quarter on, 4:1 at full; 0 is off"),
        Param("clip", 0, 1, 0, help="pushes the mix up to 12 dB into a soft clip at the ceiling; 0 is off"),
    ),
)

DC_HZ = 3.0
LOUDEST = f32(64)
SILENT = 1e-7
RELEASE_SECONDS = 0.12


@inline
def sane(x):
    """NaN and infinity are 0; far too much is LOUDEST."""
    x = x if abs(x) < f32(1e30) else f32(0)
    x = x if x < LOUDEST else LOUDEST
    return x if x > -LOUDEST else -LOUDEST


@inline
def within_1(x):
    x = x if x < f32(1) else f32(1)
    return x if x > f32(-1) else f32(-1)


@kernel(SPEC)
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    (out,) = outs
    volume, limiter, ceiling, glue, clip = params
    # flat, the lanes of a frame side by side
    sound, left, right = flat(ins[0]), flat(ins[1]), flat(ins[2])
    kept, heard, count = flat(memory), flat(out), u64(LANES * frames)
    if still & 7 == 7 and state[AT_REST, 0] > 0:
        if max(abs(sound[0]), abs(sound[1])) + abs(left[0]) + abs(right[0]) == f32(0):
            for k in range(count):
                heard[k] = f32(0)
            return

    # the look-ahead, the new frames, room for the filters to overshoot
    x, begin = local(np.float32, SIGHT), u64(BLOCK)
    for k in range(begin):
        x[k] = kept[k]
    for j in range(u64(WIDE)):
        x[begin + count + j] = f32(0)

    w = 2 * math.pi * DC_HZ / rate
    let = w * (1 - w / 2 * (1 - w / 3))
    stay = 1 - let
    dc, loud = local(np.float64, LANES), local(np.float32, LANES)
    for l in range(LANES):
        dc[l], loud[l] = state[l, 0], factor(volume[0, l])
    for i in range(u64(frames)):
        for l in range(LANES):
            k = u64(LANES) * i + u64(l)
            v = sane(sound[k]) + sane(left[u64(LANES) * i] if l == 0 else right[u64(LANES) * i])
            if moving & 1:
                loud[l] = factor(volume[i, l])
            x[begin + k] = f32(v - dc[l]) * loud[l]
            dc[l] = stay * dc[l] + let * v
    rest = True
    for l in range(LANES):
        end = abs(dc[l]) < SILENT and abs(x[begin + count - u64(LANES) + u64(l)]) < SILENT
        state[l, 0] = 0.0 if end else dc[l]
        rest = rest and end

    gain = local(np.float32, HISTORY)
    if moving & 8 or glue[0, 0] > f32(0):
        glueing.press(x, begin, glue, moving & 8, state, GLUE, rate, frames)
    share = f32(state[SHARE, 0])
    if moving & 16 or clip[0, 0] > f32(0) or share > f32(0):
        for i in range(u64(frames)):
            gain[i] = factor(ceiling[i if moving & 4 else u64(0), 0])
        share = clipping.round_off(x, begin, clip, gain, share, memory, MEMORY_FRAMES, rate, frames)
        state[SHARE, 0] = share

    lowest = NEVER
    for i in range(u64(frames if moving & 6 else 1)):
        gain[i] = factor(ceiling[i, 0]) * MARGIN if limiter[i, 0] > f32(0.5) else NEVER
        lowest = min(lowest, gain[i])
    watched = moving & 6 != 0 or lowest < NEVER
    if watched or not idle(state, LIMITER):
        limits = limit(x, gain, not moving & 6, watched, RELEASE_SECONDS, kept, state, LIMITER, rate, frames)
    else:
        limits = False
    if limits:
        for i in range(u64(frames)):
            for l in range(LANES):
                j = u64(LANES) * i + u64(l)
                heard[j] = within_1(x[j] * gain[i])
    else:
        for k in range(count):
            heard[k] = within_1(x[k])
    left_over = 0
    for k in range(begin):
        kept[k] = x[count + k]
        left_over += 1 if x[count + k] != f32(0) else 0
    if rest and share > f32(0):
        rest = clipping.idle(memory, MEMORY_FRAMES)
    rest = rest and left_over == 0 and idle(state, LIMITER) and glueing.idle(state, GLUE)
    state[AT_REST, 0] = 1 if rest else 0
