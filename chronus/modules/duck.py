"""Makes room for the kick: whatever it carries is pressed down while the key sounds, and swells back: the pump.

How deep it goes does not depend on how loud the key is: from `threshold` on it is down by the whole of `amount`, and from 12 dB lower
on by part of it. It goes and comes back in decibels along an S (smoothstep), without a corner that could be heard, in `attack`
and `release` from the one end to the other: `release=1/8` is back after an eighth. Each peak of the key counts for 12 to 16 ms.
"""

import numpy as np

from chronus.catalogue.spec import In, Param, Spec
from chronus.dsp.decibels import ratio
from chronus.dsp.dynamics import level
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.voice import row

f32 = np.float32

SPEC = Spec(
    kind="duck",
    help="presses its input down while the key sounds: patch kick > duck.key",
    tries=(
        "load saw freq=55; load kick; seq kick: X...X...X...X...; patch saw > duck; patch kick > duck.key",
        "set duck.amount 18db, duck.release 1/8",
        "set duck.amount 4db, duck.release 120ms",
    ),
    category="dynamics",
    width="stereo",
    state=level.STATE + 2,
    ins=(In("in"), In("key", help="what makes it duck, mostly the kick")),
    params=(
        Param("amount", 0, 48, 9, "dB", help="how far it goes down"),
        Param("attack", 0.1, 100, 2, "ms", "exp", "time to the bottom"),
        Param("hold", 0, 500, 0, "ms", help="time at the bottom after the key"),
        Param("release", 5, 2000, 160, "ms", "exp", "time from the bottom back to full"),
        Param("threshold", -60, 0, -24, "dB", help="level of the key at which it is all down"),
    ),
)

SPAN = f32(12)
"""dB below the threshold from which on it begins to go down."""


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (source, key), (out,) = ins, outs
    amount, attack, hold, release, threshold = params
    loud, depth = local(np.float32, 64), local(np.float64, 64)
    for i in range(frames):
        loud[i] = max(abs(key[i, 0]), abs(key[i, 1]))
    level.held(loud, frames, state, 0, rate)
    for i in range(frames):
        above = level.decibels(loud[i]) - threshold[row(moving, 4, i), 0]
        depth[i] = min(f32(1), max(f32(0), f32(1) + above / SPAN))
    down, rest = state[level.STATE, 0], state[level.STATE + 1, 0]
    per_ms = 1000 / rate
    for i in range(frames):
        if depth[i] >= down:
            rest = 0 if depth[i] == 0 else hold[row(moving, 2, i), 0]
            down = min(depth[i], down + per_ms / attack[row(moving, 1, i), 0])
        elif rest > 0:
            rest -= per_ms
        else:
            down = max(depth[i], down - per_ms / release[row(moving, 3, i), 0])
        depth[i] = down
    state[level.STATE, 0], state[level.STATE + 1, 0] = down, rest
    for i in range(frames):
        u = f32(depth[i])
        gain = ratio(-amount[row(moving, 0, i), 0] * u * u * (f32(3) - u - u))
        for l in range(LANES):
            out[i, l] = gain * source[i, l]
