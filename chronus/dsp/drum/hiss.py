"""Struck noise: the rattle of a snare, a burst of hands, the breath of a tom.

White noise through a two-pole of any kind and a low-pass, under an envelope of two parts: one that holds and then falls, and
a saw of short bursts in front of it.
"""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.chance import chance, key_of
from chronus.dsp.drum.skin import END as FREE
from chronus.dsp.drum.strike import SILENT, TIME, count_of
from chronus.dsp.kernel import inline, local
from chronus.dsp.resonator import two_pole_gains, two_pole_step, warp
from chronus.dsp.shape import exp2

# TAIL: level of the part that holds for HOLD frames and then falls, by TAIL_FALL octaves a frame. BURST: level of the bursts, LAST_BURST
# the number of the last, SPACING frames apart, each falling by BURST_FALL octaves a frame.
TAIL, HOLD, TAIL_FALL, BURST, LAST_BURST, SPACING, BURST_FALL = range(FREE, FREE + 7)
# The two-pole: its gains, what of the input, the band and the low-pass is taken; its state; the low-pass after it, and its state.
P, Q, R, OF_IN, OF_BAND, OF_LOW, S1, S2, BELOW, S3 = range(FREE + 7, FREE + 17)
END = FREE + 17

SIXTY_DB = math.log2(1000)


@inline
def above(state, at, lane, hertz, damping, below, rate):
    """Lets through what lies above `hertz` and below `below`."""
    _through(state, at, lane, hertz, damping, 1.0, -damping, -1.0, below, rate)


@inline
def around(state, at, lane, hertz, damping, air, below, rate):
    """Lets through a band, and beside it the part `air` of all; `damping` is 1 / Q."""
    _through(state, at, lane, hertz, damping, air, damping, 0.0, below, rate)


@inline
def _through(state, at, lane, hertz, damping, of_in, of_band, of_low, below, rate):
    p, q, r = two_pole_gains(warp(hertz, rate), damping)
    h = warp(below, rate)
    state[at + P, lane], state[at + Q, lane], state[at + R, lane] = p, q, r
    state[at + OF_IN, lane], state[at + OF_BAND, lane], state[at + OF_LOW, lane] = of_in, 0.5 * of_band, 0.5 * of_low
    state[at + BELOW, lane] = 2 * h / (1 + h)
    state[at + S1, lane] = state[at + S2, lane] = state[at + S3, lane] = 0.0


@inline
def rattle(state, at, lane, level, hold, milliseconds, rate):
    """The part that holds for `hold` ms and then falls by 60 dB in so many."""
    state[at + TAIL, lane], state[at + HOLD, lane] = level, 0.001 * hold * rate
    state[at + TAIL_FALL, lane] = 1000 * SIXTY_DB / (milliseconds * rate)


@inline
def bursts(state, at, lane, level, count, spacing, milliseconds, rate):
    """`count` bursts `spacing` ms apart; each would be 60 dB down after so many ms."""
    state[at + BURST, lane], state[at + LAST_BURST, lane] = level, count - 1.0
    state[at + SPACING, lane], state[at + BURST_FALL, lane] = (
        0.001 * spacing * rate,
        1000 * SIXTY_DB / (milliseconds * rate),
    )


@inline
def hiss(x, frames, state, at, lane, seed):
    """Adds `frames` frames of it to x. Returns what is left of its level."""
    tail, burst = state[at + TAIL, lane], state[at + BURST, lane]
    t = state[at + TIME, lane]
    hold, tail_fall = state[at + HOLD, lane], state[at + TAIL_FALL, lane]
    last, spacing, burst_fall = state[at + LAST_BURST, lane], state[at + SPACING, lane], state[at + BURST_FALL, lane]
    if tail * exp2(-tail_fall * (t - hold)) + burst * exp2(-burst_fall * (t - spacing * last)) < SILENT:
        return 0.0
    p, q, r = state[at + P, lane], state[at + Q, lane], state[at + R, lane]
    of_in, of_band, of_low = state[at + OF_IN, lane], state[at + OF_BAND, lane], state[at + OF_LOW, lane]
    s1, s2, below, s3 = state[at + S1, lane], state[at + S2, lane], state[at + BELOW, lane], state[at + S3, lane]
    noise, key, number = local(np.float64, 64), key_of(seed, at + lane), count_of(state, at, lane)
    pace = 1 / spacing
    for j in range(frames):
        noise[j] = 0.0
    if tail > 0:
        for j in range(frames):
            noise[j] = tail * exp2(-tail_fall * max(0.0, t + j - hold))
    if burst > 0:
        for j in range(frames):
            since = t + j - spacing * min(last, math.floor(pace * (t + j)))
            noise[j] += burst * exp2(-burst_fall * since)
    for j in range(frames):
        noise[j] *= chance(key, number + j)
    for j in range(frames):
        band, low = s1, s2
        s1, s2 = two_pole_step(noise[j], p, q, r, s1, s2)
        y = of_in * noise[j] + of_band * (band + s1) + of_low * (low + s2)
        before = s3
        s3 += below * (y - s3)
        noise[j] = 0.5 * (before + s3)
    for j in range(frames):
        x[j] += noise[j]
    state[at + S1, lane], state[at + S2, lane], state[at + S3, lane] = s1, s2, s3
    end = t + frames
    return max(
        tail * exp2(-tail_fall * max(0.0, end - hold)),
        burst * exp2(-burst_fall * (end - spacing * min(last, math.floor(pace * end)))),
    )
