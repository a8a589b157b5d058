"""A sine: one clean partial, the tuning fork of the rack.

A polynomial in double precision; where it is started anew, jump and corner are band-limited (papers: dsp/blep.py).
Three frames late, as the other oscillators are, so that all of them stay in phase.
"""

import math

import numpy as np

from chronus.catalogue.spec import Spec
from chronus.dsp.blep import LENGTH, ROWS, add_corner, add_jump
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.oscillator import INS, PARAMS, TURN, keep, listen, pitch_stands, put_out, recall, tune
from chronus.dsp.pitch import sine, sine_within
from chronus.dsp.plane import local_plane

f32, f64, u64 = np.float32, np.float64, np.uint64

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


@inline
def height_at(phase):  # type: ignore[no-untyped-def]
    return f32(sine_within(f64(np.int64(phase)) * (1 / TURN)))


@kernel(SPEC)
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    phase, step, pace = local(u64, LANES), local(u64, LANES), local(f64, LANES)
    last_gate, wanted, level = local(f32, LANES), local(f32, LANES), local(f32, LANES)
    last_sync, loud, late = local(f32, LANES), local_plane(f32, 64, LANES), local_plane(f32, 64, LANES)
    line, wave = local_plane(f32, ROWS, LANES), local_plane(f32, 64, LANES)
    recall(state, memory, phase, last_gate, wanted, level, last_sync, line)
    tune(ins, params, moving, 0, pace, step, rate)
    steady = pitch_stands(moving, still)
    quiet, anew = listen(ins, params, moving, still, last_gate, wanted, level, last_sync, loud, late, rate, frames)
    if steady and not anew:
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
            anew = 0
            for l in range(LANES):
                phase[l] += step[l]
                anew += np.int32(late[now, l] >= f32(0))
            if anew:
                for l in range(LANES):
                    since = f64(late[now, l])
                    if since >= 0:
                        reached = f64(phase[l] - step[l]) * (1 / TURN) + (1 - since) * pace[l]
                        add_jump(line, i, l, since, -sine(reached))
                        add_corner(line, i, l, since, 2 * math.pi * pace[l] * (1 - sine(reached + 0.25)))
                        phase[l] = u64(since * pace[l] * TURN)
            for l in range(LANES):
                wave[i, l] = height_at(phase[l])
    put_out(line, wave, outs[0], params[2], moving, loud, quiet, frames)
    keep(state, memory, phase, last_gate, wanted, level, last_sync, line, frames)
