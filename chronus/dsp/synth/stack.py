"""A stack of saws in one line of frames: as clean as one saw, and hardly dearer.

All saws of a voice add their jumps (papers: dsp/blep.py) to the same line. Between its jumps a saw is a straight line, so what is left
of it to do in each frame is one multiplication; and where it jumps is computed, not looked for. So a voice costs what its jumps cost.
A lane is laid along its frames, the others follow: it costs the same alone and among 31 others.
"""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.blep import DELAY, LENGTH, add_jump
from chronus.dsp.kernel import inline
from chronus.dsp.plane import flat
from chronus.dsp.synth.notes import FADE, ONSET, is_new, is_silent

f32 = np.float32
BLOCK = 64
COUNT = np.arange(BLOCK, dtype=f32)
PER_CENT = math.log(2) / 1200


@inline
def ringing(memory, line, lane):  # type: ignore[no-untyped-def]
    """Begins a line (frames, 1) with what still rings of the jumps before it. Each lane has LENGTH samples of the memory in a row."""
    kept = flat(memory)
    for n in range(LENGTH):
        line[n, 0] = kept[lane * LENGTH + n]
    for n in range(LENGTH, line.shape[0]):
        line[n, 0] = 0


@inline
def rings_on(memory, line, lane, n):  # type: ignore[no-untyped-def]
    """Keeps what rings beyond the `n` frames of a line."""
    kept = flat(memory)
    for m in range(LENGTH):
        kept[lane * LENGTH + m] = line[n + m, 0]


@inline
def add_jumps(line, n, phase, pace, height):  # type: ignore[no-untyped-def]
    """Adds the falls of a saw, which rises from -height to height in 1 / pace frames, at least 2. Returns its phase after `n` frames."""
    period = 1 / pace
    until, jumps, drop, last = (1 - phase) * period, 0, f32(2 * height), f32(n)
    while until <= n:
        i = max(0, math.ceil(until) - 1)
        add_jump(line, i, 0, i + 1 - until, -2 * height)
        # a fixed number of frames has no rest that would be gone through one by one
        for j in range(BLOCK):
            line[DELAY + j, 0] -= drop if (COUNT[j] >= f32(i)) & (COUNT[j] < last) else f32(0)
        until += period
        jumps += 1
    return phase + n * pace - jumps


@inline
def stacked(s, phases, paces, heights, deep, memory, line, sound, start, n):  # type: ignore[no-untyped-def]
    """`n` frames from `start` on of all lanes that sound: a saw for each row of `heights`, and a sub-octave `deep[lane]` high.

    Their phases stand in `s` from `phases` on, in the order of the rows of `paces`; the sub-octave's is the last.
    """
    saws = heights.shape[0]
    for l in range(s.shape[1]):
        if is_silent(s, l):
            for i in range(n):
                sound[start + i, l] = 0
            continue
        ringing(memory, line, l)
        # all their ramps are one
        first = slope = 0.0
        for k in range(saws):
            first += heights[k, l] * (2 * s[phases + k, l] + 2 * paces[k, l] - 1)
            slope += 2 * heights[k, l] * paces[k, l]
            s[phases + k, l] = add_jumps(line, n, s[phases + k, l], paces[k, l], heights[k, l])
        for j in range(BLOCK):
            line[DELAY + j, 0] += f32(first) + f32(slope) * COUNT[j] if COUNT[j] < f32(n) else f32(0)
        phase, pace = s[phases + saws, l], paces[saws, l]
        if deep[l] > 0:
            for i in range(n):
                at = f32(phase + pace) + f32(pace) * COUNT[i]
                line[i, 0] += deep[l] * arch(at - np.floor(at))
        for i in range(n):
            sound[start + i, l] = line[i, 0]
        phase += n * pace
        s[phases + saws, l] = phase - math.floor(phase)
        rings_on(memory, line, l, n)


@inline
def start_anew(s, first, phases, count, memory, seed):  # type: ignore[no-untyped-def]
    """Lanes in which a note begins out of silence: phases anywhere, of no two notes alike; nothing of what was.

    What a lane is left with depends on how its last block was cut. Its rows of `s` from `first` to `phases` are cleared, and what rings.
    """
    kept = flat(memory)
    for l in range(s.shape[1]):
        if is_new(s, l) and s[FADE, l] == 0:
            for k in range(first, phases):
                s[k, l] = 0
            for k in range(count):
                at = ((seed & 0xFFF) + s[ONSET, l]) * 0.6180339887 + l * 0.7548776662 + k * 0.5698402910
                s[phases + k, l] = at - math.floor(at)
            for n in range(LENGTH):
                kept[l * LENGTH + n] = 0


@inline
def detuned(cents):  # type: ignore[no-untyped-def]
    """The ratio of two pitches so many cents apart, for 200 at most; exactly 1 at 0."""
    x = cents * PER_CENT
    return 1 + x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4)))


@inline
def arch(phase):  # type: ignore[no-untyped-def]
    """Two parabolas in place of the half waves of a sine, for a phase in 0..1, float32: a rounder triangle.

    Its harmonics, all odd, fall by the cube of their number, so that it needs no band-limiting.
    """
    x = phase - f32(0.5)
    return f32(-16) * x * (f32(0.5) - abs(x))
