"""A saw: every harmonic at 1/k, bright and flat to 16 kHz.

A naive ramp with minimum-phase band-limited steps (papers: dsp/blep.py).
"""

import numpy as np

from chronus.catalogue.spec import Spec
from chronus.dsp.blep import DELAY, LENGTH, ROWS, add_jump
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.oscillator import INS, PARAMS, keep, listen, recall, settled, silent
from chronus.dsp.plane import local_plane
from chronus.dsp.voice import row

f32, f64 = np.float32, np.float64

SPEC = Spec(
    kind="saw",
    help="band-limited saw: all harmonics, bright",
    tries=(
        "load saw freq=110",
        "seq saw: a2 . c3 . e3 . c3 .",
        "set saw.detune 7ct",
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
            phase[l] += pace[l]
            line[i + LENGTH, l] = f32(0)
            loud[l] = level[l] * gain[row(moving, 2, i), l]
            jumps += np.int32((phase[l] >= 1) | (late[l] >= f32(0)))
        if jumps:
            for l in range(LANES):
                since = late[l]
                if since >= f32(0):
                    reached = phase[l] - since * pace[l]
                    if reached >= 1:
                        reached -= 1
                        add_jump(line, i, l, since + reached / pace[l], -2)
                    add_jump(line, i, l, since, -2 * reached)
                    phase[l] = since * pace[l]
                elif phase[l] >= 1:
                    phase[l] -= 1
                    add_jump(line, i, l, phase[l] / pace[l], -2)
        for l in range(LANES):
            line[i + DELAY, l] += f32(2 * phase[l] - 1)
            out[i, l] = line[i, l] * loud[l]

    keep(state, memory, phase, last_gate, wanted, level, last_sync, line, frames)
