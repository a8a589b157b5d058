"""Three more of the same on either side, each a little late and out of tune: wide and warm, with a bass that stays where it is.

Three taps a side on one line, swept a third of a turn apart, the right side half as far behind (as the string ensembles of the
seventies did it with their bucket brigades). They lie between 4 and 14 ms and are read by a cubic Hermite spline. A faster rate sweeps
less far, so that the pitch bends about as much. What is below `low` is neither doubled nor moved: it passes as it is.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.plane import flat
from chronus.dsp.shape import bounded32
from chronus.dsp.space.line import SILENT, around, laid, spline, swing, took

f32, u64 = np.float32, np.uint64

SPEC = Spec(
    kind="chorus",
    help="wide and warm: three voices a side that drift against the dry one",
    tries=(
        "load saw as pad voices=4; load adsr; patch pad > adsr > chorus; seq pad: a3:m . . . . . . .",
        "set chorus.rate 0.3, chorus.depth 0.9, chorus.mix 70%",
        "set chorus.feedback 0.6, chorus.low 400",
    ),
    width="stereo",
    state=4,
    memory_seconds=0.016,
    memory_frames=72,
    ins=(In("in"),),
    params=(
        Param("mix", 0, 1, 0.5, help="0 is dry, 1 is the voices alone (and what is below low)"),
        Param("rate", 0.02, 10, 0.6, "Hz", "exp", "how fast the voices drift"),
        Param("depth", 0, 1, 0.5, help="how far they drift"),
        Param("feedback", 0, 0.9, 0, help="how much goes round again: a pipe"),
        Param("low", 20, 1000, 150, "Hz", "exp", "what is below stays dry and in its place"),
        Param("width", 0, 1, 1, help="0: both sides drift alike, 1: against each other"),
    ),
)

MIDDLE, REACH = 0.009, 0.005
"""Seconds: where the taps rest, and how far they are swept at depth 1 by a very slow rate."""
FOLLOW_SECONDS = 0.05
"""In which the reach follows its parameters, so that the pitch does not leap with them."""
VOICE = f32(0.62)
BLOCK = 64
WIDE = 2 * BLOCK
WINDOW = 4096
"""Room for a block, and for all that the taps may reach at 192 kHz, of both sides."""
TWO, FOUR, SIX = u64(2), u64(4), u64(6)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (source,), (out,) = ins, outs
    mix, pace, depth, feedback, low, width = params
    rows, position = memory.shape[0], np.int64(state[0, 0])
    awake = 0
    for i in range(u64(frames)):
        awake += 1 if source[i, 0] != f32(0) or source[i, 1] != f32(0) else 0
    quiet = 0.0 if awake else state[0, 1] + frames
    turns, reaches = local(np.float64, BLOCK), local(np.float64, BLOCK)
    high, wet, back = local(np.float32, WIDE), local(np.float32, WIDE), local(np.float32, WIDE)
    turn, reach = state[1, 0], state[1, 1]
    if state[2, 0] == 0:
        reach = REACH * rate * depth[0, 0] / (1 + pace[0, 0])
    follow = 1 - math.exp(-1 / (FOLLOW_SECONDS * rate))
    for i in range(frames):
        turns[i], reaches[i] = turn, reach
        turn += pace[i, 0] / rate
        reach += follow * (REACH * rate * depth[i, 0] / (1 + pace[i, 0]) - reach)
    state[1, 0], state[1, 1], state[2, 0] = turn - math.floor(turn), reach, 1
    if quiet > rows + rate:
        # nothing is left in the line; the sweep goes on
        for i in range(frames):
            for l in range(LANES):
                out[i, l] = 0
        state[0, 1] = quiet
        return
    bottom = 0.0
    for i in range(frames):
        if i == 0 or moving & 16:
            bottom = 1 - math.exp(-2 * math.pi * low[i, 0] / rate)
        for l in range(LANES):
            state[3, l] += bottom * (source[i, l] - state[3, l])
            high[LANES * i + l] = source[i, l] - f32(state[3, l])
    middle, most = np.int64(MIDDLE * rate), np.int64(REACH * rate) + 1
    ring, window = flat(memory), local(np.float32, WINDOW)
    wholes, parts = local(np.int64, BLOCK), local(np.float32, BLOCK)
    done = ringing = 0
    while done < frames:
        # as many frames as are written before any of them is read again
        n = u64(min(frames - done, middle - most - 4))
        first = around(position - middle - most - 1, rows)
        took(ring, 2 * first, n + n + u64(4 * most + 8), window, 0)
        for tap in range(3):
            for l in range(LANES):
                for i in range(n):
                    here = u64(done) + i
                    away = most - reaches[here] * swing(turns[here] + l * width[here, 0] / 6 + tap / 3)
                    wholes[i] = np.int64(away)
                    parts[i] = away - np.int64(away)
                for i in range(n):
                    here, k = u64(done) + i, i + i + u64(2 * wholes[i] + l)
                    v = VOICE * spline(window[k], window[k + TWO], window[k + FOUR], window[k + SIX], parts[i])
                    j = here + here + u64(l)
                    if tap == 0:
                        wet[j] = v
                        v = bounded32(high[j] + feedback[here, l] / VOICE * v)
                        back[i + i + u64(l)] = v
                    else:
                        wet[j] += v
        laid(ring, 2 * position, n + n, back, 0)
        for k in range(n + n):
            ringing += 1 if abs(back[k]) > SILENT else 0
        position = around(position + np.int64(n), rows)
        done += np.int64(n)
    for i in range(frames):
        for l in range(LANES):
            v = mix[i, l] * (wet[LANES * i + l] - high[LANES * i + l])
            out[i, l] = bounded32(source[i, l] + v)
    for l in range(LANES):
        state[3, l] = state[3, l] if abs(state[3, l]) > SILENT else 0
    state[0, 0], state[0, 1] = position, 0.0 if ringing > 0 else quiet
