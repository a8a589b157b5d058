"""A triangle: odd harmonics at 1/k^2, a soft and flute-like tone.

A naive triangle with minimum-phase band-limited corners (papers: dsp/blep.py).
"""

import numpy as np

from chronus.catalogue.spec import Spec
from chronus.dsp.blep import DELAY, LENGTH, ROWS, add_corner, add_jump
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.oscillator import INS, PARAMS, keep, listen, recall, settled, silent
from chronus.dsp.plane import local_plane
from chronus.dsp.voice import row

f32, f64 = np.float32, np.float64

SPEC = Spec(
    kind="triangle",
    help="band-limited triangle: soft, odd harmonics that fall fast",
    tries=(
        "load triangle freq=220",
        "patch triangle > adsr; seq triangle: a3 . c4 . e4 . c4 .",
        "set triangle.detune 7ct",
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
def falling(phase):  # type: ignore[no-untyped-def]
    """It starts at 0, rises to 1 at a quarter, falls to -1 at three quarters."""
    return (phase >= 0.25) & (phase < 0.75)


@inline
def height_at(phase):  # type: ignore[no-untyped-def]
    return 2 - 4 * phase if falling(phase) else (4 * phase if phase < 0.25 else 4 * phase - 4)


@inline
def past_corner(phase):  # type: ignore[no-untyped-def]
    """Turns since the last corner."""
    return phase - 0.25 if falling(phase) else (phase + 0.25 if phase < 0.25 else phase - 0.75)


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
            ahead = ahead - 1 if ahead >= 1 else ahead
            odd[l] = falling(ahead) != falling(phase[l])
            phase[l] = ahead
            line[i + LENGTH, l] = f32(0)
            loud[l] = level[l] * gain[row(moving, 2, i), l]
            jumps += np.int32((odd[l] != 0) | (late[l] >= f32(0)))
        if jumps:
            for l in range(LANES):
                since, reached, stride = f64(late[l]), phase[l], pace[l]
                fell = falling(reached) != (odd[l] != 0)
                if since >= 0:
                    reached -= since * stride
                    reached = reached + 1 if reached < 0 else reached
                if falling(reached) != fell:
                    ago = min(1.0, max(since, 0.0) + past_corner(reached) / stride)
                    add_corner(line, i, l, ago, -8 * stride if falling(reached) else 8 * stride)
                if since >= 0:
                    add_jump(line, i, l, since, -height_at(reached))
                    if falling(reached):
                        add_corner(line, i, l, since, 8 * stride)
                    phase[l] = since * stride
                    if phase[l] >= 0.25:
                        add_corner(line, i, l, past_corner(phase[l]) / stride, -8 * stride)
        for l in range(LANES):
            line[i + DELAY, l] += f32(height_at(phase[l]))
            out[i, l] = line[i, l] * loud[l]

    keep(state, memory, phase, last_gate, wanted, level, last_sync, line, frames)
