"""A square, or a pulse of any width: hollow at a half, nasal when narrow.

A naive pulse without its mean, with minimum-phase band-limited steps (papers: dsp/blep.py).
"""

import numpy as np

from chronus.catalogue.spec import Param, Spec
from chronus.dsp.blep import LENGTH, ROWS, add_jump, since_turn, until_turn
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.oscillator import INS, PARAMS, TURN, keep, listen, pitch_stands, put_out, recall, tune
from chronus.dsp.plane import local_plane
from chronus.dsp.voice import row

f32, f64, u64 = np.float32, np.float64, np.uint64

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
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    phase, step, pace = local(u64, LANES), local(u64, LANES), local(f64, LANES)
    last_gate, wanted, level = local(f32, LANES), local(f32, LANES), local(f32, LANES)
    last_sync, loud, late = local(f32, LANES), local_plane(f32, 64, LANES), local_plane(f32, 64, LANES)
    edge, last_edge, high = local(f64, LANES), local(f64, LANES), local(f32, LANES)
    fall, mean = local(u64, LANES), local(f32, LANES)
    ago, by = local(f64, 5), local(f64, 5)
    line, wave = local_plane(f32, ROWS, LANES), local_plane(f32, 64, LANES)
    recall(state, memory, phase, last_gate, wanted, level, last_sync, line)
    width, odd = params[4], 0
    for l in range(LANES):
        high[l] = f32(1 - 2 * state[5, l])
        edge[l] = width[0, l]
        last_edge[l] = state[6, l] if state[6, l] > 0 else edge[l]
        fall[l], mean[l] = u64(edge[l] * TURN), f32(2 * edge[l] - 1)
        odd |= np.int32(edge[l] != last_edge[l]) | np.int32((phase[l] < fall[l]) != (high[l] > f32(0)))
    tune(ins, params, moving, 0, pace, step, rate)
    steady = pitch_stands(moving, still)
    quiet, anew = listen(ins, params, moving, still, last_gate, wanted, level, last_sync, loud, late, rate, frames)
    if steady and odd | (moving >> 4 & 1) == 0 and not anew:
        for l in range(LANES):
            up, down = until_turn(phase[l], step[l]), until_turn(phase[l] - fall[l], step[l])
            while min(up, down) < u64(frames):
                frame = min(up, down)
                at = phase[l] + (frame + u64(1)) * step[l]
                # of two edges in one frame the older one first
                falls = down < up or (down == up and at < fall[l])
                past = at - fall[l] if falls else at
                add_jump(line, np.int64(frame), l, since_turn(past, step[l]), -2 if falls else 2)
                following = frame + u64(1) + until_turn(past, step[l])
                if falls:
                    down = following
                else:
                    up = following
        for i in range(frames):
            for l in range(LANES):
                is_high = phase[l] + u64(i + 1) * step[l] < fall[l]
                wave[i, l] = (f32(1) if is_high else f32(-1)) - mean[l]
        for l in range(LANES):
            phase[l] += u64(frames) * step[l]
            high[l] = f32(1) if phase[l] < fall[l] else f32(-1)
    else:
        for i in range(frames):
            if i > 0 and not steady:
                tune(ins, params, moving, i, pace, step, rate)
            now, jumps = 0 if quiet else i, 0
            for l in range(LANES):
                edge[l] = width[row(moving, 4, i), l]
                fall[l] = u64(edge[l] * TURN)
                phase[l] += step[l]
                # also where it stands on the wrong side of an edge that has moved
                crossed = (phase[l] >= fall[l]) == (high[l] > f32(0))
                jumps += np.int32(crossed | (phase[l] < step[l]) | (late[now, l] >= f32(0)))
            if jumps:
                for l in range(LANES):
                    since, found = max(f64(late[now, l]), 0.0), 0
                    gone = step[l] - u64(since * f64(step[l]))
                    reached = phase[l] - step[l] + gone
                    past = since_turn(reached - fall[l], step[l])
                    if reached < gone:
                        if high[l] > f32(0):
                            ago[0], by[0], found = min(1.0, since + past), -2.0, 1
                        ago[found], by[found], found = min(1.0, since + since_turn(reached, step[l])), 2.0, found + 1
                        high[l] = f32(1)
                    if (reached >= fall[l]) == (high[l] > f32(0)):
                        if edge[l] != last_edge[l]:
                            closing = pace[l] - (edge[l] - last_edge[l])
                            over = f64(reached) * (1 / TURN) - edge[l]
                            past = max(0.0, over / closing) if abs(closing) > 1e-9 else 0.0
                        ago[found], by[found], found = min(1.0, since + past), -2.0 * high[l], found + 1
                        high[l] = -high[l]
                    if late[now, l] >= f32(0):
                        if high[l] < f32(0):
                            ago[found], by[found], found = since, 2.0, found + 1
                        high[l], phase[l] = f32(1), u64(since * pace[l] * TURN)
                        if phase[l] >= fall[l]:
                            ago[found], by[found], found = since_turn(phase[l] - fall[l], step[l]), -2.0, found + 1
                            high[l] = f32(-1)
                    for k in range(found):
                        add_jump(line, i, l, ago[k], by[k])
            for l in range(LANES):
                last_edge[l] = edge[l]
                wave[i, l] = high[l] - f32(2 * edge[l] - 1)
    put_out(line, wave, outs[0], params[2], moving, loud, quiet, frames)
    keep(state, memory, phase, last_gate, wanted, level, last_sync, line, frames)
    for l in range(LANES):
        state[5, l], state[6, l] = (1 - high[l]) / 2, last_edge[l]
