"""A square, or a pulse of any width: hollow at a half, nasal when narrow.

A naive pulse without its mean, with minimum-phase band-limited steps (papers: dsp/blep.py).
"""

import numpy as np

from chronus.catalogue.spec import Param, Spec
from chronus.dsp.blep import DELAY, LENGTH, ROWS, add_jump
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.oscillator import INS, PARAMS, keep, listen, recall, settled, silent
from chronus.dsp.plane import local_plane
from chronus.dsp.voice import row

f32, f64 = np.float32, np.float64

SPEC = Spec(
    kind="square",
    help="band-limited pulse: odd harmonics at half width, hollow",
    tries=(
        "load square freq=110",
        "load lfo rate=0.3; patch lfo > square.width 0.3",
        "seq square: a2 . c3 . e3 . c3 .",
    ),
    category="oscillator",
    width="poly",
    drone=True,
    params=(*PARAMS, Param("width", 0.05, 0.95, 0.5, help="share of the period it is high")),
    ins=INS,
    state=7,
    memory_frames=LENGTH,
)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    gate, _, fm, sync = ins
    gain, width = params[2], params[4]
    (out,) = outs
    phase, pace = local(f64, LANES), local(f64, LANES)
    edge, last_edge, high = local(f64, LANES), local(f64, LANES), local(f32, LANES)
    last_gate, wanted, level = local(f32, LANES), local(f32, LANES), local(f32, LANES)
    last_sync, late, loud = local(f32, LANES), local(f32, LANES), local(f32, LANES)
    odd = local(np.int32, LANES)
    line = local_plane(f32, ROWS, LANES)
    recall(state, memory, phase, last_gate, wanted, level, last_sync, late, line)
    for l in range(LANES):
        high[l] = f32(1 - 2 * state[5, l])
        last_edge[l] = state[6, l] if state[6, l] > 0 else f64(width[0, l])
    steady = moving & 3 == 0 and silent(fm, frames, odd)
    at_rest = settled(gate, sync, last_gate, last_sync, level, wanted, frames, odd)

    for i in range(frames):
        listen(ins, params, moving, i, steady, at_rest, pace, last_gate, wanted, level, last_sync, late, rate)

        jumps = 0
        for l in range(LANES):
            phase[l] += pace[l]
            edge[l] = width[row(moving, 4, i), l]
            line[i + LENGTH, l] = f32(0)
            loud[l] = level[l] * gain[row(moving, 2, i), l]
            # also where it stands on the wrong side of an edge that has moved
            crossed = (phase[l] >= edge[l]) == (high[l] > f32(0))
            jumps += np.int32(crossed | (phase[l] >= 1) | (late[l] >= f32(0)))
        if jumps:
            for l in range(LANES):
                since, reached, stride = max(f64(late[l]), 0.0), phase[l], pace[l]
                reached -= since * stride
                if reached >= 1:
                    reached -= 1
                    if high[l] > f32(0):
                        add_jump(line, i, l, min(1.0, since + (reached + 1 - edge[l]) / stride), -2)
                    add_jump(line, i, l, min(1.0, since + reached / stride), 2)
                    high[l] = f32(1)
                if (reached >= edge[l]) == (high[l] > f32(0)):
                    closing = stride - (edge[l] - last_edge[l])
                    ago = (reached - edge[l]) / closing if abs(closing) > 1e-9 else 0.0
                    add_jump(line, i, l, min(1.0, since + max(0.0, ago)), f32(-2) * high[l])
                    high[l] = -high[l]
                if late[l] >= f32(0):
                    if high[l] < f32(0):
                        add_jump(line, i, l, since, 2)
                    high[l], reached = f32(1), since * stride
                    if reached >= edge[l]:
                        add_jump(line, i, l, (reached - edge[l]) / stride, -2)
                        high[l] = f32(-1)
                phase[l] = reached
        for l in range(LANES):
            last_edge[l] = edge[l]
            line[i + DELAY, l] += high[l] - f32(2 * edge[l] - 1)
            out[i, l] = line[i, l] * loud[l]

    keep(state, memory, phase, last_gate, wanted, level, last_sync, line, frames)
    for l in range(LANES):
        state[5, l], state[6, l] = (1 - high[l]) / 2, last_edge[l]
