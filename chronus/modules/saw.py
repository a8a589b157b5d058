"""A saw: every harmonic at 1/k, bright and flat to 16 kHz.

A naive ramp with minimum-phase band-limited steps (papers: dsp/blep.py).
"""

import numpy as np

from chronus.catalogue.spec import Spec
from chronus.dsp.blep import LENGTH, ROWS, add_jump, since_turn, until_turn
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.oscillator import INS, PARAMS, TURN, keep, listen, pitch_stands, put_out, recall, tune
from chronus.dsp.plane import local_plane

f32, f64, u64 = np.float32, np.float64, np.uint64

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


@inline
def height_at(phase):  # type: ignore[no-untyped-def]
    """Rises from -1 to 1."""
    return f32(np.int32(phase >> u64(32)) ^ np.int32(-0x80000000)) * f32(2.0**-31)


@kernel(SPEC)
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    phase, step, pace = local(u64, LANES), local(u64, LANES), local(f64, LANES)
    last_gate, wanted, level = local(f32, LANES), local(f32, LANES), local(f32, LANES)
    last_sync, loud, late = local(f32, LANES), local_plane(f32, 64, LANES), local_plane(f32, 64, LANES)
    ago, by = local(f64, 2), local(f64, 2)
    line, wave = local_plane(f32, ROWS, LANES), local_plane(f32, 64, LANES)
    recall(state, memory, phase, last_gate, wanted, level, last_sync, line)
    tune(ins, params, moving, 0, pace, step, rate)
    steady = pitch_stands(moving, still)
    quiet, anew = listen(ins, params, moving, still, last_gate, wanted, level, last_sync, loud, late, rate, frames)
    if steady and not anew:
        for l in range(LANES):
            frame = until_turn(phase[l], step[l])
            while frame < u64(frames):
                at = phase[l] + (frame + u64(1)) * step[l]
                add_jump(line, np.int64(frame), l, since_turn(at, step[l]), -2)
                frame += u64(1) + until_turn(at, step[l])
        for i in range(frames):
            for l in range(LANES):
                wave[i, l] = height_at(phase[l] + u64(i + 1) * step[l])
        for l in range(LANES):
            phase[l] += u64(frames) * step[l]
    else:
        for i in range(frames):
            if i > 0 and not steady:
                tune(ins, params, moving, i, pace, step, rate)
            now = 0 if quiet else i
            jumps = 0
            for l in range(LANES):
                phase[l] += step[l]
                jumps += np.int32((phase[l] < step[l]) | (late[now, l] >= f32(0)))
            if jumps:
                for l in range(LANES):
                    since, found = f64(late[now, l]), 0
                    if since >= 0:
                        reached = f64(phase[l] - step[l]) * (1 / TURN) + (1 - since) * pace[l]
                        if reached >= 1:
                            reached -= 1
                            ago[0], by[0], found = since + reached / pace[l], -2.0, 1
                        ago[found], by[found] = since, -2 * reached
                        phase[l], found = u64(since * pace[l] * TURN), found + 1
                    elif phase[l] < step[l]:
                        ago[0], by[0], found = since_turn(phase[l], step[l]), -2.0, 1
                    for k in range(found):
                        add_jump(line, i, l, ago[k], by[k])
            for l in range(LANES):
                wave[i, l] = height_at(phase[l])
    put_out(line, wave, outs[0], params[2], moving, loud, quiet, frames)
    keep(state, memory, phase, last_gate, wanted, level, last_sync, line, frames)
