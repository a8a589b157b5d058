"""A comb that sweeps: a jet overhead, a pipe that sings, and, through zero, two tape machines that pass each other.

The delay goes from `delay` towards nothing and to twice as much, as `depth` has it, read by a cubic Hermite spline; positive feedback
lifts the teeth of the comb, negative feedback those between them. With `zero` the dry sound comes `delay` late as well, so that the
sweep passes it (B. Bartlett, "A Scientific Explanation of Phasing (Flanging)", JAES 1970): at that moment all is there, or nothing.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.shape import bounded32
from chronus.dsp.space.line import SILENT, read, swing

f32, u64 = np.float32, np.uint64

SPEC = Spec(
    kind="flanger",
    help="a comb that sweeps: jets, pipes, tape machines that pass each other",
    tries=(
        "load noise gain=0.2; load adsr; patch noise > adsr > flanger; seq noise: x... every=1/4 gate=0.9",
        "set flanger.feedback -0.8, flanger.rate 1/1",
        "set flanger.zero on, flanger.delay 3ms, flanger.depth 1",
    ),
    width="stereo",
    state=4,
    memory_seconds=0.04,
    memory_frames=16,
    ins=(In("in"),),
    params=(
        Param("mix", 0, 1, 0.5, help="the comb is deepest in the middle; 1 only bends the pitch"),
        Param("rate", 0.02, 10, 0.2, "Hz", "exp", "sweeps in a second"),
        Param("depth", 0, 1, 0.8, help="how much of the delay is swept"),
        Param("delay", 0.1, 10, 1.5, "ms", "exp", "middle of the sweep"),
        Param("feedback", -0.95, 0.95, 0.4, help="how much the comb rings; below 0 it is hollow"),
        Param("width", 0, 1, 0.5, help="how far the right side sweeps behind the left: 1 is a quarter of a turn"),
        switch("zero", ("off", "on"), "off", "on: the dry sound waits in the middle, and the sweep goes through it"),
    ),
)

LEAST = 2.0
"""Frames: the spline reads one frame nearer than it stands."""
FOLLOW_SECONDS, FADE_SECONDS = 0.05, 0.02
BLOCK = 64


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (source,), (out,) = ins, outs
    mix, pace, depth, delay, feedback, width, zero = params
    rows, position = memory.shape[0] // 2, np.int64(state[0, 0])
    comb, waiting = memory[:rows], memory[rows : 2 * rows]
    awake = 0
    for i in range(u64(frames)):
        awake += 1 if source[i, 0] != f32(0) or source[i, 1] != f32(0) else 0
    quiet = 0.0 if awake else state[0, 1] + frames
    turns, middles, reaches, waits = (
        local(np.float64, BLOCK),
        local(np.float64, BLOCK),
        local(np.float64, BLOCK),
        local(np.float64, BLOCK),
    )
    turn, middle, reach, wait = state[1, 0], state[1, 1], state[2, 0], state[2, 1]
    if state[3, 0] == 0:
        middle, wait = delay[0, 0] * 0.001 * rate, zero[0, 0]
        reach = middle * depth[0, 0]
    follow, lead = 1 - math.exp(-1 / (FOLLOW_SECONDS * rate)), 1 / (FADE_SECONDS * rate)
    for i in range(frames):
        turns[i], middles[i], reaches[i], waits[i] = turn, middle, reach, wait
        turn += pace[i, 0] / rate
        middle += follow * (delay[i, 0] * 0.001 * rate - middle)
        reach += follow * (delay[i, 0] * 0.001 * rate * depth[i, 0] - reach)
        wait += min(lead, max(-lead, zero[i, 0] - wait))
    state[1, 0], state[1, 1], state[2, 0], state[2, 1] = turn - math.floor(turn), middle, reach, wait
    state[3, 0] = 1
    if quiet > rows:
        # nothing is left in the lines; the sweep goes on
        for i in range(frames):
            for l in range(LANES):
                out[i, l] = 0
        state[0, 1] = quiet
        return
    ringing = 0
    for i in range(frames):
        share = waits[i] * waits[i] * waits[i] * (waits[i] * (waits[i] * 6 - 15) + 10)
        for l in range(LANES):
            back = middles[i] + reaches[i] * swing(turns[i] - 0.25 * l * width[i, 0])
            wet = f32(read(comb, l, position, max(LEAST, back)))
            v = bounded32(source[i, l] + feedback[i, l] * wet)
            v = v if abs(v) > SILENT else f32(0)
            ringing += 1 if v != 0 else 0
            comb[position, l] = v
            dry = waiting[position, l] = source[i, l]
            if share > 0:
                dry += f32(share) * (f32(read(waiting, l, position, max(LEAST, middles[i]))) - dry)
            out[i, l] = bounded32(dry + mix[i, l] * (wet - dry))
        position = position + 1 if position + 1 < rows else 0
    state[0, 0], state[0, 1] = position, 0.0 if ringing else quiet
