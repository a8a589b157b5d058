"""Shuts what is quiet out: cuts the tails of drums, chops a pad to a rhythm by its key.

It opens where the level reaches `threshold` and shuts where it has been `hysteresis` lower for `hold`, so a level near the threshold
does not make it chatter; each peak counts for 12 to 16 ms (dsp/dynamics/level.py), so a bass does not either. The gain is the square
of an S (smoothstep): it leaves and arrives without a corner, and falls by much at first. Open it is exactly 1.
"""

import numpy as np

from chronus.catalogue.spec import In, Param, Spec
from chronus.dsp.decibels import factor
from chronus.dsp.dynamics import level
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.voice import row

f32 = np.float32

SPEC = Spec(
    kind="gate",
    help="lets pass what is loud and shuts out what is quiet; a key can open it",
    tries=(
        "load snare; seq snare: ....x..x....x..x; patch snare > gate",
        "set gate.threshold -20db, gate.hold 60, gate.release 30",
        "load saw freq=110; load gate as chop; load hat; seq hat: x.xxx.x.; patch saw > chop; patch hat > chop.key",
    ),
    category="dynamics",
    width="stereo",
    state=level.STATE + 3,
    ins=(In("in"), In("key", help="what opens it; `in` while nothing is patched", normal="in")),
    params=(
        Param("threshold", -80, 0, -40, "dB", help="level that opens it"),
        Param("hysteresis", 0, 24, 6, "dB", help="by how much lower the level is that shuts it"),
        Param("attack", 0.1, 100, 1, "ms", "exp", "time to open"),
        Param("hold", 0, 1000, 20, "ms", help="time that it stays open below the level that shuts it"),
        Param("release", 1, 2000, 80, "ms", "exp", "time to shut"),
        Param("depth", 0, 60, 60, "dB", help="how far it shuts; 60 is silence"),
    ),
)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (source, key), (out,) = ins, outs
    threshold, hysteresis, attack, hold, release, depth = params
    loud, ajar = local(np.float32, 64), local(np.float64, 64)
    for i in range(frames):
        loud[i] = max(abs(key[i, 0]), abs(key[i, 1]))
    level.held(loud, frames, state, 0, rate)
    for i in range(frames):
        ajar[i] = level.decibels(loud[i]) - threshold[row(moving, 0, i), 0]
    wide, opened, rest = state[level.STATE, 0], state[level.STATE + 1, 0], state[level.STATE + 2, 0]
    per_ms = 1000 / rate
    for i in range(frames):
        if ajar[i] >= 0:
            opened = 1.0
        if ajar[i] >= -hysteresis[row(moving, 1, i), 0]:
            rest = hold[row(moving, 3, i), 0]
        elif rest > 0:
            rest -= per_ms
        else:
            opened = 0.0
        if opened > 0:
            wide = min(1.0, wide + per_ms / attack[row(moving, 2, i), 0])
        else:
            wide = max(0.0, wide - per_ms / release[row(moving, 4, i), 0])
        ajar[i] = wide
    state[level.STATE, 0], state[level.STATE + 1, 0], state[level.STATE + 2, 0] = wide, opened, rest
    for i in range(frames):
        u = f32(ajar[i])
        u *= u * (f32(3) - u - u)
        shut = f32(1) - factor(-depth[row(moving, 5, i), 0])
        gain = f32(1) - shut * (f32(1) - u * u)
        for l in range(LANES):
            out[i, l] = gain * source[i, l]
