"""A plucked string: bright at the pick, then rounder with each turn round the loop; tuned to a fraction of a sample.

Source: K. Karplus and A. Strong, "Digital Synthesis of Plucked-String and Drum Timbres", 1983; tuned as D. Jaffe and J. Smith propose
in the same year, but by one filter without feedback: a Lagrange interpolation over six points for the fraction (T. Laakso and others,
"Splitting the Unit Delay", 1996), folded into three points of damping. So what a period makes of the one before is a sum of eight
products, many frames side by side.

The string is filled with noise at the pick, duller the softer it is struck. `decay` is the time in which the fundamental falls by 60 dB,
whatever the pitch and the damping. A string that is picked again while it sounds begins anew, and what it was goes on beside it for 3 ms,
fading. A pitch that moves without a new note bends it, by a sixteenth of a frame in each frame at most.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec
from chronus.dsp.chance import chance, key_of
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.plane import flat
from chronus.dsp.shape import smoothstep
from chronus.dsp.synth.notes import until_edge
from chronus.dsp.voice import HALF, begins, row_at

f32, f64 = np.float32, np.float64

SPEC = Spec(
    kind="pluck",
    help="a plucked string, tuned to a fraction of a sample",
    tries=(
        "load pluck; load delay time=3/16 mix=0.35; patch pluck > delay",
        "seq pluck: a2 e3 a3 c4 e4 c4 a3 e3 | f2 c3 f3 a3 c4 a3 f3 c3",
        "set pluck.damp 0.8, pluck.decay 800ms",
    ),
    category="instrument",
    width="poly",
    voices=8,
    params=(
        Param("freq", 20, 5000, 220, "Hz", "exp", "pitch", pitch=True),
        Param("damp", 0, 1, 0.35, help="how much duller each period is than the one before"),
        Param("decay", 20, 30000, 3000, "ms", "exp", "until the fundamental has fallen by 60 dB"),
        Param("release", 5, 10000, 250, "ms", "exp", "until it is silent after the gate: the hand on the string"),
    ),
    ins=(
        In("gate", "gate", "picks the string as it rises, damps it as it falls"),
        In("velocity", "velocity", "how hard: level and brightness"),
        In("accent", "accent", "louder"),
    ),
    state=9,
    memory_seconds=1 / 20 + 0.003,
    memory_frames=96,
)

DAMP, DECAY, RELEASE = 1, 2, 3
LAST, PLACE, PERIOD, LOUD, HELD, LEVEL, TAIL, TICK, PICKS = range(9)
"""Of the state: the gate before; where the next frame of the string is written; its length; how loud it was struck; what the hand leaves
of it; about how much it still moves; frames of a tail to come; the clock; how often it was picked."""
TAPS = 8
AHEAD = 3
"""Frames that the middle of the eight is late."""
FAST, STEEPEST = 4, 1 / 16
SILENT = 1e-5
TAIL_SECONDS = 0.003
SIXTY_DB = math.log(1000)
GAIN = 0.8


@inline
def _tune(taps, period, damp, decay, rate):
    """Fills the eight factors of the loop for a period in frames. Returns the whole frames before the first of them."""
    whole = math.floor(period - AHEAD)
    at = 2 + period - AHEAD - whole
    fallen, lost = math.exp(-SIXTY_DB * 1000 * period / (decay * rate)), 1 - math.cos(2 * math.pi / period)
    # no more damping than lets the fundamental sound as long as it is asked to
    dull = min(0.5 * damp * damp, (1 - fallen) / lost)
    gain = min(0.99999, fallen / (1 - dull * lost))
    for k in range(TAPS):
        taps[k] = 0
    for k in range(6):
        point = gain
        for other in range(6):
            point *= (at - other) / (k - other) if other != k else 1.0
        taps[k] += f32(0.5 * dull * point)
        taps[k + 1] += f32((1 - dull) * point)
        taps[k + 2] += f32(0.5 * dull * point)
    return whole


@inline
def _swing(kept, first, size, place, whole, taps, old, new, n):
    """`n` frames of the string into `new`, and into its circle of `size` samples from `first` on. Returns the place after them."""
    done = 0
    while done < n:
        count = min(n - done, whole)
        at = place - whole - TAPS + 1
        at += size if at < 0 else 0
        for q in range(count + TAPS - 1):
            old[q] = kept[first + at]
            at = at + 1 if at + 1 < size else 0
        for j in range(count):
            new[done + j] = 0
        for k in range(TAPS):
            for j in range(count):
                new[done + j] += taps[k] * old[j + TAPS - 1 - k]
        for j in range(count):
            kept[first + place] = new[done + j]
            place = place + 1 if place + 1 < size else 0
        done += count
    return place


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    gate, velocity, accent = ins
    freq, damp, decay, release = params
    (out,) = outs
    kept = flat(memory)
    rows, most = memory.shape[0], np.int64(TAIL_SECONDS * rate)
    size = rows - most
    taps, old, new = local(f32, TAPS), local(f32, 72), local(f32, 64)
    start = 0
    while start < frames:
        bent = 0
        for l in range(LANES):
            bent += (state[PERIOD, l] != rate / freq[row_at(moving, start), l]) & (state[LEVEL, l] > 0)
        end = until_edge(gate, start, frames)
        if (bent > 0) | (moving != 0):
            end = min(end, start + FAST - np.int64(state[TICK, 0]) % FAST)
        n = end - start
        for l in range(LANES):
            first, target = l * rows, rate / freq[row_at(moving, start), l]
            dull, time = damp[row_at(moving >> DAMP, start), l], decay[row_at(moving >> DECAY, start), l]
            picked = begins(gate[start, l], f32(state[LAST, l]))
            state[LAST, l] = gate[end - 1, l]
            if picked:
                if state[LEVEL, l] > 0:
                    # what it was goes on ahead, and is laid beside the new one as it fades
                    whole = _tune(taps, state[PERIOD, l], dull, time, rate)
                    done = 0
                    while done < most:
                        count = min(64, most - done)
                        state[PLACE, l] = _swing(
                            kept, first, size, np.int64(state[PLACE, l]), whole, taps, old, new, count
                        )
                        for j in range(count):
                            left = smoothstep(1 - (done + j) / most)
                            new[j] *= f32(left * left * state[LOUD, l] * state[HELD, l])
                            # of a tail that is still to come something is left as well
                            if state[TAIL, l] > done + j:
                                new[j] += f32(left) * kept[first + rows - np.int64(state[TAIL, l]) + done + j]
                        for j in range(count):
                            kept[first + size + done + j] = new[j]
                        done += count
                    state[TAIL, l] = most
                hard, key = min(f32(1), velocity[start, l]), key_of(seed, l)
                whole = math.floor(target - AHEAD)
                length, soft = whole + TAPS, 0.1 + 0.7 * hard * hard
                lift, y, mean = math.sqrt((2 - soft) / soft), 0.0, 0.0
                for j in range(length):
                    y += soft * (chance(key, np.int64(state[PICKS, l]) * 8192 + j) - y)
                    kept[first + j] = f32(lift * y)
                    mean += lift * y
                for j in range(length):
                    kept[first + j] -= f32(mean / length)
                state[PICKS, l] += 1
                state[PLACE, l], state[PERIOD, l], state[HELD, l], state[LEVEL, l] = length, target, 1, 1
                state[LOUD, l] = GAIN * hard * (1.3 if accent[start, l] > HALF else 1.0)
            if np.int64(state[TICK, l]) % FAST == 0:
                most_bent = FAST * STEEPEST
                state[PERIOD, l] += min(most_bent, max(-most_bent, target - state[PERIOD, l]))
            state[TICK, l] += n
            if state[LEVEL, l] > 0:
                whole = _tune(taps, state[PERIOD, l], dull, time, rate)
                state[PLACE, l] = _swing(kept, first, size, np.int64(state[PLACE, l]), whole, taps, old, new, n)
                state[LEVEL, l] *= math.exp(-SIXTY_DB * 1000 * n / (time * rate))
                loud, still = state[LOUD, l] * state[HELD, l], 1.0
                if gate[start, l] <= HALF:
                    still = math.exp(-SIXTY_DB * 1000 / (release[row_at(moving >> RELEASE, start), l] * rate))
                for j in range(n):
                    out[start + j, l] = f32(loud) * new[j]
                    loud *= still
                state[HELD, l] = loud / state[LOUD, l] if state[LOUD, l] > 0 else 0.0
                if state[LEVEL, l] * state[HELD, l] < SILENT:
                    state[LEVEL, l] = 0
            else:
                for i in range(start, end):
                    out[i, l] = 0
            for j in range(min(n, np.int64(state[TAIL, l]))):
                out[start + j, l] += kept[first + rows - np.int64(state[TAIL, l]) + j]
            state[TAIL, l] = max(0.0, state[TAIL, l] - n)
        start = end
