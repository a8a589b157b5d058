"""The end of everything: volume, a DC block, a true-peak limiter that nobody hears until it is needed (dsp/dynamics/limit.py)."""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.decibels import factor
from chronus.dsp.dynamics.limit import BLOCK, HISTORY, MARGIN, MEMORY_FRAMES, NEVER, SIGHT, STATE, limit
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.plane import flat
from chronus.dsp.truepeak import WIDE

f32, u64 = np.float32, np.uint64

SPEC = Spec(
    kind="out",
    help="what is heard: volume and a true-peak limiter",
    tries=(
        "load kick; seq kick: X...X...X...X...",
        "set out.volume -3db",
        "set out.ceiling -2db",
    ),
    category="output",
    width="stereo",
    state=2 + STATE,
    memory_frames=MEMORY_FRAMES,
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
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    source, left, right = ins
    (out,) = outs
    volume, limiter, ceiling = params
    # flat, the lanes of a frame side by side: the look-ahead, the new frames, room for the filters to overshoot
    x = local(np.float32, SIGHT)
    begin, count = u64(BLOCK), u64(LANES * frames)
    kept, sound, heard = flat(memory), flat(source), flat(out)
    for k in range(u64(BLOCK)):
        x[k] = kept[k]
    for j in range(u64(WIDE)):
        x[begin + count + j] = f32(0)

    follow = 1 - math.exp(-2 * math.pi * DC_HZ / rate)
    dc, loud = local(np.float64, LANES), local(np.float32, LANES)
    for l in range(LANES):
        dc[l], loud[l] = state[l, 0], factor(volume[0, l])
    for i in range(u64(frames)):
        for l in range(LANES):
            k = u64(LANES) * i + u64(l)
            v = sane(sound[k]) + sane(left[i, 0] if l == 0 else right[i, 0])
            if moving & 1:
                loud[l] = factor(volume[i, l])
            x[begin + k] = f32(v - dc[l]) * loud[l]
            dc[l] += follow * (v - dc[l])
    for l in range(LANES):
        still = abs(dc[l]) < SILENT and abs(x[begin + count - u64(LANES) + u64(l)]) < SILENT
        state[l, 0] = 0.0 if still else dc[l]

    gain = local(np.float32, HISTORY)
    lowest = NEVER
    for i in range(u64(frames if moving & 6 else 1)):
        gain[i] = factor(ceiling[i, 0]) * MARGIN if limiter[i, 0] > f32(0.5) else NEVER
        lowest = min(lowest, gain[i])
    watched = moving != 0 or lowest < NEVER
    if limit(x, gain, not moving & 6, watched, RELEASE_SECONDS, kept, state, 2, rate, frames):
        for i in range(u64(frames)):
            for l in range(LANES):
                j = u64(LANES) * i + u64(l)
                heard[j] = within_1(x[j] * gain[i])
    else:
        for k in range(count):
            heard[k] = within_1(x[k])
    for k in range(u64(BLOCK)):
        kept[k] = x[count + k]
