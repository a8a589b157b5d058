"""A triangle: odd harmonics at 1/k^2, a soft and flute-like tone.

A naive triangle with minimum-phase band-limited corners (papers: dsp/blep.py).
"""

import numpy as np

from chronus.catalogue.spec import Spec
from chronus.dsp.blep import LENGTH, ROWS, add_corner, add_jump, since_turn, until_turn
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.oscillator import INS, PARAMS, TURN, keep, listen, pitch_stands, put_out, recall, tune
from chronus.dsp.plane import local_plane

f32, f64, u64 = np.float32, np.float64, np.uint64

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


HIGH, LOW = u64(3 << 62), u64(1 << 62)
"""What makes a phase wrap where the wave is highest, after a quarter of a turn, and where it is lowest."""


@inline
def falling(phase):  # type: ignore[no-untyped-def]
    """It starts at 0, rises to 1 at a quarter, falls to -1 at three quarters."""
    return phase + HIGH < u64(1 << 63)


@inline
def height_at(phase):  # type: ignore[no-untyped-def]
    return abs(f32(np.int32((phase + LOW) >> u64(32)))) * f32(2.0**-30) - f32(1)


@inline
def past_corner(phase):  # type: ignore[no-untyped-def]
    """What has passed since the last corner."""
    return (phase + LOW) & u64((1 << 63) - 1)


@kernel(SPEC)
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    phase, step, pace = local(u64, LANES), local(u64, LANES), local(f64, LANES)
    last_gate, wanted, level = local(f32, LANES), local(f32, LANES), local(f32, LANES)
    last_sync, loud, late = local(f32, LANES), local_plane(f32, 64, LANES), local_plane(f32, 64, LANES)
    ago, by = local(f64, 3), local(f64, 3)
    line, wave = local_plane(f32, ROWS, LANES), local_plane(f32, 64, LANES)
    recall(state, memory, phase, last_gate, wanted, level, last_sync, line)
    tune(ins, params, moving, 0, pace, step, rate)
    steady = pitch_stands(moving, still)
    quiet, anew = listen(ins, params, moving, still, last_gate, wanted, level, last_sync, loud, late, rate, frames)
    if steady and not anew:
        for l in range(LANES):
            frame = until_turn(past_corner(phase[l]) << u64(1), step[l] << u64(1))
            while frame < u64(frames):
                at = phase[l] + (frame + u64(1)) * step[l]
                bend = -8 * pace[l] if falling(at) else 8 * pace[l]
                add_corner(line, np.int64(frame), l, since_turn(past_corner(at), step[l]), bend)
                frame += u64(1) + until_turn(past_corner(at) << u64(1), step[l] << u64(1))
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
            bends = 0
            for l in range(LANES):
                phase[l] += step[l]
                turned = (phase[l] + HIGH < step[l]) | (phase[l] + LOW < step[l])
                bends += np.int32(turned | (late[now, l] >= f32(0)))
            if bends:
                for l in range(LANES):
                    since, before, found = f64(late[now, l]), phase[l] - step[l], 0
                    reached = phase[l] - u64(max(0.0, since) * pace[l] * TURN)
                    if falling(reached) != falling(before):
                        ago[0] = min(1.0, max(since, 0.0) + since_turn(past_corner(reached), step[l]))
                        by[0], found = -8 * pace[l] if falling(reached) else 8 * pace[l], 1
                    if since >= 0:
                        add_jump(line, i, l, since, -height_at(reached))
                        if falling(reached):
                            ago[found], by[found], found = since, 8 * pace[l], found + 1
                        phase[l] = u64(since * pace[l] * TURN)
                        if falling(phase[l]):
                            ago[found], by[found], found = (
                                since_turn(past_corner(phase[l]), step[l]),
                                -8 * pace[l],
                                found + 1,
                            )
                    for k in range(found):
                        add_corner(line, i, l, ago[k], by[k])
            for l in range(LANES):
                wave[i, l] = height_at(phase[l])
    put_out(line, wave, outs[0], params[2], moving, loud, quiet, frames)
    keep(state, memory, phase, last_gate, wanted, level, last_sync, line, frames)
