"""Metal: six clashing square waves and noise, through two bands and a steep floor, as in the hats and cymbals of the 808.

What a pair of squares is multiplied to has all sums and differences of their partials: dense as a cymbal, where their sum is a chord.
Each edge is rounded over two frames to either side (the integrated cubic B-spline; V. Välimäki and A. Huovilainen, "Antialiasing
Oscillators in Subtractive Synthesis", IEEE Signal Processing Magazine, 2007), in a product too, as there one factor stands
still while the other moves. A phase is a whole number of 32 bits, so it wraps round by itself.

The sound itself goes on from hit to hit; only its level has a seam, so that a closed hat takes over from an open one.
"""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.chance import chance, key_of
from chronus.dsp.drum.strike import EDGE, FREE, HITS, LIVE, TIME, count_of, hush, next_hit, octaves, pass_time, seam
from chronus.dsp.kernel import inline, local
from chronus.dsp.resonator import two_pole_gains, two_pole_step, warp
from chronus.dsp.shape import exp2, fall, saturate

f32, u32 = np.float32, np.uint32

SQUARES = 6
STARTS = np.array([0.07, 0.17, 0.31, 0.43, 0.71, 0.87]) * 2.0**32
"""Phases at the first hit, and by how much they go on with each: six edges at one frame would be a click."""

PHASE, PACE = FREE, FREE + SQUARES
# PAIRS: how many pairs of squares there are. SUM, PRODUCT, NOISE: levels of what the bands get.
PAIRS, SUM, PRODUCT, NOISE = range(FREE + 12, FREE + 16)
# The two bands and the floor: gains of a two-pole, level or damping, state. DULL: octaves a frame by which the high band falls faster.
LOW_P, LOW_Q, LOW_R, LOW, HIGH_P, HIGH_Q, HIGH_R, HIGH, FLOOR_P, FLOOR_Q, FLOOR_R, DULL = range(FREE + 16, FREE + 28)
S1, S2, S3, S4, S5, S6 = range(FREE + 28, FREE + 34)
# The level: DECAY, see `fall`; PING of it falls by FADE octaves a frame instead. PUSH into the saturation, LOUD after it.
DECAY, PING, FADE, PUSH, LOUD = range(FREE + 34, FREE + 39)
ROWS = FREE + 39
"""Rows of the state of a drum of metal."""

BAND_DAMPING, FLOOR_DAMPING = 0.5, 1.0


@inline
def clang(state, at, lane, freq, ratios, pairs, of_sum, of_product, of_noise, rate):
    """The squares: the lowest has `freq`, the others stand to it in `ratios`. After a silence each hit finds them elsewhere."""
    silent, hits = state[at + EDGE, lane] == 0, state[at + HITS, lane]
    for k in range(SQUARES):
        if silent:
            state[at + PHASE + k, lane] = math.floor(hits * STARTS[k] % 2.0**32)
        state[at + PACE + k, lane] = np.floor(min(0.45, freq * ratios[k] / rate) * 2.0**32)
    state[at + PAIRS, lane], state[at + SUM, lane] = pairs, of_sum
    state[at + PRODUCT, lane], state[at + NOISE, lane] = of_product, of_noise


@inline
def bands(state, at, lane, low, of_low, high, of_high, dull, floor, rate):
    """Middles in Hz and levels of the two bands; ms in which the high one falls by 1/e beside its decay; Hz below which all is cut."""
    p, q, r = two_pole_gains(warp(low, rate), BAND_DAMPING)
    state[at + LOW_P, lane], state[at + LOW_Q, lane], state[at + LOW_R, lane] = p, q, r
    p, q, r = two_pole_gains(warp(high, rate), BAND_DAMPING)
    state[at + HIGH_P, lane], state[at + HIGH_Q, lane], state[at + HIGH_R, lane] = p, q, r
    p, q, r = two_pole_gains(warp(floor, rate), FLOOR_DAMPING)
    state[at + FLOOR_P, lane], state[at + FLOOR_Q, lane], state[at + FLOOR_R, lane] = p, q, r
    state[at + LOW, lane], state[at + HIGH, lane] = 0.5 * of_low, 0.5 * of_high
    state[at + DULL, lane] = octaves(dull, rate)


@inline
def die(state, at, lane, milliseconds, ping, fade, push, level, rate):
    """60 dB down after so many ms, but for the part `ping`, whose time constant is `fade` ms; a drive, and the level of all."""
    state[at + DECAY, lane] = 1000 / (milliseconds * rate)
    state[at + PING, lane], state[at + FADE, lane] = ping, octaves(fade, rate)
    state[at + PUSH, lane], state[at + LOUD, lane] = push, level
    if state[at + EDGE, lane] > 0:
        state[at + EDGE, lane] -= level


@inline
def quieten(state, at, lane, gain):
    """Changes the level of a hit that was just laid down."""
    if state[at + EDGE, lane] != 0:
        state[at + EDGE, lane] += state[at + LOUD, lane] * (1 - gain)
    state[at + LOUD, lane] *= gain


@inline
def square(phase, edges):
    """1, then -1 in the second half of a turn; `edges` is half the number of frames in a turn."""
    t = f32(np.int32(phase)) * f32(2.0**-31)
    a = abs(t)
    near = min(a, f32(1) - a) * edges
    far = max(f32(0), f32(2) - near)
    far *= far
    inner = near * (f32(4 / 3) - near * near * (f32(2 / 3) - f32(0.25) * near))
    y = inner if near < f32(1) else f32(1) - far * far * f32(1 / 12)
    return np.copysign(y, t)


@inline
def metal(x, frames, state, at, lane, seed, rate):
    """Lays the next `frames` frames of it into x."""
    mix, y = local(f32, 64), local(np.float64, 64)
    t, number = state[at + TIME, lane], count_of(state, at, lane)
    key, of_noise = key_of(seed, at + lane), f32(state[at + NOISE, lane])
    for j in range(frames):
        mix[j] = of_noise * chance(key, number + j)
    for pair in range(np.int64(state[at + PAIRS, lane])):
        add_pair(mix, frames, state, at, lane, 2 * pair)
    _filter(mix, y, frames, state, at, lane, t)
    decay, ping, fade = state[at + DECAY, lane], state[at + PING, lane], state[at + FADE, lane]
    push, loud, edge = state[at + PUSH, lane], state[at + LOUD, lane], state[at + EDGE, lane]
    for j in range(frames):
        x[j] = loud * ((1 - ping) * fall(decay * (t + j), 1.0) + ping * exp2(-fade * (t + j)))
    if edge != 0:
        for j in range(frames):
            x[j] += seam(t + j, rate, edge)
    last = x[frames - 1]
    for j in range(frames):
        x[j] *= saturate(push * y[j])
    end = t + frames
    pass_time(state, at, lane, frames, max((1 - ping) * fall(decay * end, 1.0), ping * exp2(-fade * end)), last)
    if state[at + LIVE, lane] == 0:
        for k in range(S1, S6 + 1):
            state[at + k, lane] = 0.0


@inline
def add_pair(mix, frames, state, at, lane, k):
    of_sum, of_product = f32(state[at + SUM, lane]), f32(state[at + PRODUCT, lane])
    phase, phase2 = state[at + PHASE + k, lane], state[at + PHASE + k + 1, lane]
    pace, pace2 = state[at + PACE + k, lane], state[at + PACE + k + 1, lane]
    edges, edges2 = f32(2.0**31 / max(1.0, pace)), f32(2.0**31 / max(1.0, pace2))
    # through int64, as a float beyond 2^31 has no place in 32 bits
    start, start2 = u32(np.int64(phase)), u32(np.int64(phase2))
    step, step2 = u32(np.int64(pace)), u32(np.int64(pace2))
    for j in range(frames):
        one = square(u32(start + u32(step * u32(j))), edges)
        two = square(u32(start2 + u32(step2 * u32(j))), edges2)
        mix[j] += of_sum * (one + two) + of_product * (one * two)
    phase += frames * pace
    phase2 += frames * pace2
    state[at + PHASE + k, lane] = phase - 2.0**32 * math.floor(phase * 2.0**-32)
    state[at + PHASE + k + 1, lane] = phase2 - 2.0**32 * math.floor(phase2 * 2.0**-32)


@inline
def _filter(mix, y, frames, state, at, lane, t):
    """The three two-poles in one loop: what one waits for, the others fill."""
    p1, q1, r1, low = state[at + LOW_P, lane], state[at + LOW_Q, lane], state[at + LOW_R, lane], state[at + LOW, lane]
    p2, q2, r2, high = (
        state[at + HIGH_P, lane],
        state[at + HIGH_Q, lane],
        state[at + HIGH_R, lane],
        state[at + HIGH, lane],
    )
    p3, q3, r3, dull = (
        state[at + FLOOR_P, lane],
        state[at + FLOOR_Q, lane],
        state[at + FLOOR_R, lane],
        state[at + DULL, lane],
    )
    s1, s2, s3, s4, s5, s6 = (
        state[at + S1, lane], state[at + S2, lane], state[at + S3, lane],
        state[at + S4, lane], state[at + S5, lane], state[at + S6, lane],
    )  # fmt: skip
    for j in range(frames):
        y[j] = high * exp2(-dull * (t + j))
    for j in range(frames):
        v, b1, b2 = np.float64(mix[j]), s1, s3
        s1, s2 = two_pole_step(v, p1, q1, r1, s1, s2)
        s3, s4 = two_pole_step(v, p2, q2, r2, s3, s4)
        v = low * (b1 + s1) + y[j] * (b2 + s3)
        b, l = s5, s6
        s5, s6 = two_pole_step(v, p3, q3, r3, s5, s6)
        y[j] = v - 0.5 * (FLOOR_DAMPING * (b + s5) + (l + s6))
    state[at + S1, lane], state[at + S2, lane], state[at + S3, lane] = s1, s2, s3
    state[at + S4, lane], state[at + S5, lane], state[at + S6, lane] = s4, s5, s6


@inline
def clang_until_hit(out, gate, still, start, frames, state, seed, rate):
    """Sounds or is silent from frame `start` to the next hit; returns where that is."""
    end = next_hit(gate, still, start, frames, state)
    if state[LIVE, 0] == 0:
        hush(out, start, end)
    else:
        x = local(np.float64, 64)
        metal(x, end - start, state, 0, 0, seed, rate)
        for j in range(end - start):
            out[start + j, 0] = f32(x[j])
    return end
