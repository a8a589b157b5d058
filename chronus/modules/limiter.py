"""Holds the peaks of a bus under a ceiling, those between the frames too; `gain` drives it and makes the bus louder.

The limiter of `out` (dsp/dynamics/limit.py): true peaks four times oversampled, 64 frames of look-ahead, stereo-linked, never above
its ceiling. What stays below passes untouched, 64 frames late.
"""

import numpy as np

from chronus.catalogue.spec import In, Param, Spec
from chronus.dsp.decibels import factor, ratio
from chronus.dsp.dynamics.limit import BLOCK, HISTORY, MARGIN, MEMORY_FRAMES, SIGHT, STATE, limit
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.plane import flat
from chronus.dsp.truepeak import WIDE
from chronus.dsp.voice import row

f32, u64 = np.float32, np.uint64

SPEC = Spec(
    kind="limiter",
    help="a ceiling for true peaks; gain drives into it",
    tries=(
        "load kick; load hat; seq kick: X...X...X...X...; seq hat: x.x.x.x.; patch kick > limiter; patch hat > limiter",
        "set limiter.gain 9db, limiter.ceiling -3db",
        "set limiter.release 20ms",
    ),
    category="dynamics",
    width="stereo",
    state=STATE,
    gain=0,
    memory_frames=MEMORY_FRAMES,
    latency=HISTORY,
    ins=(In("in"),),
    params=(
        Param("gain", 0, 24, 0, "dB", help="gain before it: the louder, the denser"),
        Param("ceiling", -24, 0, -1, "dB", help="highest true peak that it lets out"),
        Param("release", 10, 1000, 120, "ms", "exp", "time constant of coming back"),
    ),
)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (source,), (out,) = ins, outs
    gain, ceiling, release = params
    # flat, the lanes of a frame side by side: the look-ahead, the new frames, room for the filters to overshoot
    x, let = local(np.float32, SIGHT), local(np.float32, HISTORY)
    begin, count = u64(BLOCK), u64(LANES * frames)
    kept, heard = flat(memory), flat(out)
    for k in range(u64(BLOCK)):
        x[k] = kept[k]
    for i in range(frames):
        loud = ratio(gain[row(moving, 0, i), 0])
        let[i] = factor(ceiling[row(moving, 1, i), 0]) * MARGIN
        for l in range(LANES):
            x[begin + u64(LANES * i + l)] = loud * source[i, l]
    for j in range(u64(WIDE)):
        x[begin + count + j] = f32(0)
    seconds = release[0, 0] * 0.001
    if limit(x, let, not moving & 2, True, seconds, kept, state, 0, rate, frames):
        for i in range(u64(frames)):
            for l in range(u64(LANES)):
                heard[u64(LANES) * i + l] = x[u64(LANES) * i + l] * let[i]
    else:
        for k in range(count):
            heard[k] = x[k]
    for k in range(u64(BLOCK)):
        kept[k] = x[count + k]
