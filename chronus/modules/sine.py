"""A sine: one clean partial, the tuning fork of the rack.

A polynomial in double precision; where it is started anew, jump and corner are band-limited (papers: dsp/blep.py).
Three frames late, as the other oscillators are, so that all of them stay in phase.
"""

import math

import numpy as np

from chronus.dsp.blep import DELAY, LENGTH, ROWS, add_corner, add_jump
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.oscillator import HALF, INS, NEVER, PARAMS, follow_note, lateness, row, settled, silent
from chronus.dsp.pitch import pace_of, sine
from chronus.dsp.plane import local_plane
from chronus.dsp.spec import Spec

f32, f64 = np.float32, np.float64

SPEC = Spec(
    kind="sine",
    help="one clean partial",
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
    gate, velocity, fm, sync = ins
    freq, detune, gain, retrigger = params
    (out,) = outs
    phase, pace = local(f64, LANES), local(f64, LANES)
    last_gate, wanted, level = local(f32, LANES), local(f32, LANES), local(f32, LANES)
    last_sync, late, loud = local(f32, LANES), local(f32, LANES), local(f32, LANES)
    odd = local(np.int32, LANES)
    line = local_plane(f32, ROWS, LANES)
    for l in range(LANES):
        phase[l], last_gate[l], wanted[l], level[l] = state[0, l], state[1, l], state[2, l], state[3, l]
        last_sync[l], late[l] = state[4, l], NEVER
    for n in range(LENGTH):
        for l in range(LANES):
            line[n, l] = memory[n, l]
    steady = moving & 3 == 0 and silent(fm, frames, odd)
    at_rest = settled(gate, sync, last_gate, last_sync, level, wanted, frames, odd)

    for i in range(frames):
        if i == 0 or not steady:
            for l in range(LANES):
                pace[l] = pace_of(freq[row(moving, 0, i), l], detune[row(moving, 1, i), l], fm[i, l], rate)
        if not at_rest:
            for l in range(LANES):
                note = follow_note(gate[i, l], velocity[i, l], last_gate, wanted, level, rate, l)
                late[l] = lateness(sync[i, l], last_sync, note & (retrigger[row(moving, 3, i), l] > HALF), l)

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

    for l in range(LANES):
        state[0, l], state[1, l], state[2, l], state[3, l] = phase[l], last_gate[l], wanted[l], level[l]
        state[4, l] = last_sync[l]
    for n in range(LENGTH):
        for l in range(LANES):
            memory[n, l] = line[frames + n, l]
