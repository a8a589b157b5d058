"""A sine: one clean partial, the tuning fork of the rack.

A polynomial in double precision; where it is started anew, jump and corner are band-limited (papers: dsp/blep.py).
Three frames late, as the other oscillators are, so that all of them stay in phase.
"""

import math

import numpy as np

from chronus.catalogue.spec import Spec
from chronus.dsp.blep import DELAY, LENGTH, ROWS, add_corner, add_jump
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.oscillator import INS, PARAMS, keep, listen, recall, settled, silent
from chronus.dsp.pitch import sine
from chronus.dsp.plane import local_plane
from chronus.dsp.voice import row

f32, f64 = np.float32, np.float64

SPEC = Spec(
    kind="sine",
    help="one clean partial",
    tries=(
        "load sine freq=55",
        "load sine as high freq=220 gain=0.2; patch sine > high.freq 1 oct",
        "set sine.freq 55..110 over 2 bars",
    ),
    category="oscillator",
    width="poly",
    drone=True,
    params=PARAMS,
    ins=INS,
    state=5,
    memory_frames=LENGTH,
)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    gate, _, fm, sync = ins
    gain = params[2]
    (out,) = outs
    phase, pace = local(f64, LANES), local(f64, LANES)
    last_gate, wanted, level = local(f32, LANES), local(f32, LANES), local(f32, LANES)
    last_sync, late, loud = local(f32, LANES), local(f32, LANES), local(f32, LANES)
    odd = local(np.int32, LANES)
    line = local_plane(f32, ROWS, LANES)
    recall(state, memory, phase, last_gate, wanted, level, last_sync, late, line)
    steady = moving & 3 == 0 and silent(fm, frames, odd)
    at_rest = settled(gate, sync, last_gate, last_sync, level, wanted, frames, odd)

    for i in range(frames):
        listen(ins, params, moving, i, steady, at_rest, pace, last_gate, wanted, level, last_sync, late, rate)

        jumps = 0
        for l in range(LANES):
            ahead = phase[l] + pace[l]
            phase[l] = ahead - 1 if ahead >= 1 else ahead
            line[i + LENGTH, l] = f32(0)
            loud[l] = level[l] * gain[row(moving, 2, i), l]
            jumps += np.int32(late[l] >= f32(0))
        if jumps:
            for l in range(LANES):
                if late[l] >= f32(0):
                    reached = phase[l] - late[l] * pace[l]
                    add_jump(line, i, l, late[l], -sine(reached))
                    add_corner(line, i, l, late[l], 2 * math.pi * pace[l] * (1 - sine(reached + 0.25)))
                    phase[l] = late[l] * pace[l]
        for l in range(LANES):
            line[i + DELAY, l] += f32(sine(phase[l]))
            out[i, l] = line[i, l] * loud[l]

    keep(state, memory, phase, last_gate, wanted, level, last_sync, line, frames)
