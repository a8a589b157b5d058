"""Presses a whole mix together, slowly and both sides alike, as the compressor on the bus of a large console does.

The gain is computed in decibels from the louder side, whose peaks count for 12 to 16 ms (level.py), and smoothed twice: 10 ms down and
100 ms back, and 80 ms down and 700 ms back. The deeper of the two holds, so that a single hit is soon forgotten and a loud passage
is not: what such consoles call an automatic release. The threshold falls with the amount, and the gain that a mix whose peaks lie
at REFERENCE would lose is given back.
"""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.decibels import ratio
from chronus.dsp.dynamics import level
from chronus.dsp.kernel import inline, local

f32 = np.float32

STATE = level.STATE + 2
"""Rows of state that `press` keeps."""
KNEE = f32(6)
HIGHEST, DEEPER = f32(-8), f32(8)
"""dB: the threshold of the least amount, and by how much that of the greatest is lower."""
REFERENCE = f32(-6)
DOWN, BACK = (0.010, 0.080), (0.100, 0.700)
"""Seconds: the time constants of either smoothing."""
SETTLED = 1e-5
"""dB: less than this is no reduction."""


@inline
def slope(amount):
    """How many of the decibels above the threshold are taken away: from a quarter on 2:1, at full 4:1; less below a quarter."""
    return min(f32(2) * amount, f32(0.5) + (amount - f32(0.25)) / f32(3))


@inline
def pace(seconds, rate):
    return 1 - math.exp(-1 / (seconds * rate))


@inline
def press(x, begin, amount, moves, state, at, rate, frames):
    """Turns down the stereo frames of `x` from sample `begin` on. `amount` is 0..1, of which row 0 holds unless it `moves`.

    Rows `at` to `at + STATE` of `state` are its memory.
    """
    loud, reduced = local(np.float32, 64), local(np.float64, 64)
    for i in range(frames):
        loud[i] = max(abs(x[begin + 2 * i]), abs(x[begin + 2 * i + 1]))
    level.held(loud, frames, state, at, rate)
    for i in range(frames):
        much = amount[i if moves else 0, 0]
        over = level.decibels(loud[i]) - (HIGHEST - DEEPER * much) + f32(0.5) * KNEE
        bend = min(KNEE, max(f32(0), over))
        reduced[i] = slope(much) * (bend * bend / (KNEE + KNEE) + max(f32(0), over - KNEE))
    soon, late = state[at + level.STATE, 0], state[at + level.STATE + 1, 0]
    down, back = pace(DOWN[0], rate), pace(BACK[0], rate)
    down_late, back_late = pace(DOWN[1], rate), pace(BACK[1], rate)
    for i in range(frames):
        asked = reduced[i]
        soon += (down if asked > soon else back) * (asked - soon)
        late += (down_late if asked > late else back_late) * (asked - late)
        reduced[i] = max(soon, late)
    state[at + level.STATE, 0] = soon if soon > SETTLED else 0.0
    state[at + level.STATE + 1, 0] = late if late > SETTLED else 0.0
    for i in range(frames):
        much = amount[i if moves else 0, 0]
        gain = ratio(slope(much) * (REFERENCE - HIGHEST + DEEPER * much) - f32(reduced[i]))
        x[begin + 2 * i] *= gain
        x[begin + 2 * i + 1] *= gain


@inline
def idle(state, at):
    """Whether it has come to rest. Then it forgets where in a quarter of a held peak it stands: rest is the same whenever it began."""
    moved = 0.0
    for k in range(at, at + STATE):
        moved = max(moved, state[k, 0] if k != at + level.STATE - 1 else 0.0)
    if moved == 0:
        state[at + level.STATE - 1, 0] = 0
    return moved == 0
