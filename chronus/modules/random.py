"""Chance that moves other things: steps like a sample-and-hold, or glides from one value to the next.

Each value is a function of the seed and of its number (dsp/chance.py), evenly spread over -1..1. `smooth` is the part of the way to
the next value that is spent gliding, on a cubic with level ends: 0 is a staircase, 1 is always on its way. It never leaves its range.
"""

import numpy as np

from chronus.catalogue.spec import In, Out, Param, Spec, switch
from chronus.dsp.chance import chance, key_of
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.voice import begins, row

f32, f64 = np.float32, np.float64

SPEC = Spec(
    kind="random",
    help="chance to move parameters with: stepped or gliding, by itself or note by note",
    tries=(
        "load random rate=1/16; patch saw > filter; patch random > filter.cutoff 2 oct; set saw.freq 55",
        "set random.smooth 1, random.rate 1/4",
        "set random.clock note; seq random: x..x..x.x...x.x.",
    ),
    category="modulator",
    width="poly",
    modulator=True,
    params=(
        Param("rate", 0.01, 50, 4, "Hz", "exp", "new values a second"),
        Param("depth", 0, 1, 1, help="how far it goes; 0 is off"),
        Param("smooth", 0, 1, 0, help="0 jumps to a new value, 1 glides all the way to it"),
        switch("clock", ("free", "note"), "free", "what asks for a new value: the rate, or each note"),
    ),
    ins=(In("gate", "gate", "asks for a new value where the clock is note"),),
    outs=(Out("out", "control", "-1..1"),),
    state=5,
)

LEAST = f32(1e-6)
"""Of `smooth`: so short a glide is a jump."""


@inline
def gone(phase, smooth):
    """How much of the way to the next value is behind."""
    x = min(f32(1), f32(phase) / max(LEAST, smooth))
    return f32(1) if smooth < LEAST else x * x * (f32(3) - f32(2) * x)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (gate,) = ins
    speed, depth, smooth, clock = params
    (out,) = outs
    phase, count, last = local(f64, LANES), local(f64, LANES), local(f32, LANES)
    start, goal, key = local(f32, LANES), local(f32, LANES), local(np.uint32, LANES)
    for l in range(LANES):
        key[l] = key_of(seed, l)
        phase[l], count[l], last[l], start[l] = state[0, l], state[1, l], state[2, l], state[3, l]
        goal[l] = chance(key[l], np.int64(count[l]))
        start[l] = start[l] if state[4, l] > 0 else goal[l]
    second = 1 / rate
    for i in range(frames):
        due = 0
        for l in range(LANES):
            by_note = clock[row(moving, 3, i), l] > f32(0.5)
            note = begins(gate[i, l], last[l])
            last[l] = gate[i, l]
            # a glide that waits for a note ends, and stays where it is
            at = min(phase[l], 1.0) if by_note else phase[l]
            asked = note if by_note else at >= 1
            phase[l] = at + (2.0 if asked else 0.0)
            due += asked
        if due:
            for l in range(LANES):
                if phase[l] >= 2:
                    at = phase[l] - 2
                    start[l] += (goal[l] - start[l]) * gone(at, smooth[row(moving, 2, i), l])
                    phase[l] = at - 1 if at >= 1 and clock[row(moving, 3, i), l] < f32(0.5) else 0.0
                    count[l] += 1
                    goal[l] = chance(key[l], np.int64(count[l]))
        for l in range(LANES):
            glide = start[l] + (goal[l] - start[l]) * gone(phase[l], smooth[row(moving, 2, i), l])
            out[i, l] = depth[row(moving, 1, i), l] * glide
            phase[l] += speed[row(moving, 0, i), l] * second
    for l in range(LANES):
        state[0, l], state[1, l], state[2, l], state[3, l], state[4, l] = phase[l], count[l], last[l], start[l], 1
