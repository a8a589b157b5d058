"""One drum from its hit to its end: skin and hiss through a saturation; its level, and the seam to the hit before."""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.drum.hiss import END as FREE
from chronus.dsp.drum.hiss import hiss
from chronus.dsp.drum.skin import skin
from chronus.dsp.drum.strike import EDGE, LIVE, TIME, hush, next_hit, pass_time, seam
from chronus.dsp.kernel import inline, local
from chronus.dsp.resonator import two_pole_gains, two_pole_step, warp
from chronus.dsp.shape import exp2, saturate

# GAIN into the saturation and MAKEUP after it; LOUD, the level of all; CLIP: 1 clips hard; the dip's gains and state.
GAIN, MAKEUP, LOUD, CLIP, DIP_P, DIP_Q, DIP_R, D1, D2 = range(FREE, FREE + 9)
ROWS = FREE + 9
"""Rows of the state of a drum of skin and hiss."""

f32 = np.float32

OCTAVES_OF_40 = math.log2(40)
DIP_HZ, DIP_DAMPING, DIP = 316.0, 0.9, 0.33


@inline
def shape(state, at, lane, level, drive):
    """The level of the whole, and a drive of 0..1 that a saturation answers; its makeup keeps a full sine's peak."""
    gain = 0.25 * exp2(OCTAVES_OF_40 * drive)
    state[at + GAIN, lane], state[at + MAKEUP, lane] = gain, 1 / saturate(gain)
    state[at + LOUD, lane], state[at + CLIP, lane] = level, 0.0


@inline
def clip(state, at, lane, level, drive, rate):
    """The same, clipped hard, and 4 dB less between 250 and 400 Hz, where a fast sweep would sound like cardboard."""
    p, q, r = two_pole_gains(warp(DIP_HZ, rate), DIP_DAMPING)
    state[at + GAIN, lane], state[at + LOUD, lane], state[at + CLIP, lane] = 1 + 3 * drive, level, 1.0
    state[at + DIP_P, lane], state[at + DIP_Q, lane], state[at + DIP_R, lane] = p, q, r
    state[at + D1, lane] = state[at + D2, lane] = 0.0


@inline
def drum(x, frames, state, at, lane, freq, first, moves, seed, rate):
    """Lays the next `frames` frames of a struck drum into x. `freq`: see `skin`."""
    left = skin(x, frames, state, at, lane, freq, first, moves, seed, rate)
    left = max(left, hiss(x, frames, state, at, lane, seed))
    gain, loud, edge, t = state[at + GAIN, lane], state[at + LOUD, lane], state[at + EDGE, lane], state[at + TIME, lane]
    if state[at + CLIP, lane] > 0:
        p, q, r = state[at + DIP_P, lane], state[at + DIP_Q, lane], state[at + DIP_R, lane]
        d1, d2 = state[at + D1, lane], state[at + D2, lane]
        dip = local(np.float64, 64)
        for j in range(frames):
            before = d1
            d1, d2 = two_pole_step(x[j], p, q, r, d1, d2)
            dip[j] = 0.5 * (before + d1)
        for j in range(frames):
            x[j] = loud * min(1.0, max(-1.0, gain * (x[j] - DIP * dip[j])))
        state[at + D1, lane], state[at + D2, lane] = d1, d2
    else:
        loud *= state[at + MAKEUP, lane]
        for j in range(frames):
            x[j] = loud * saturate(gain * x[j])
    if edge != 0:
        for j in range(frames):
            x[j] += seam(t + j, rate, edge)
        state[at + EDGE, lane] = edge if seam(t + frames, rate, edge) != 0 else 0.0
    pass_time(state, at, lane, frames, left, x[frames - 1])


@inline
def play_until_hit(out, gate, still, start, frames, state, freq, moves, seed, rate):
    """Sounds or is silent from frame `start` to the next hit; returns where that is."""
    end = next_hit(gate, still, start, frames, state)
    if state[LIVE, 0] == 0:
        hush(out, start, end)
    else:
        x = local(np.float64, 64)
        drum(x, end - start, state, 0, 0, freq, start if moves & 1 else 0, moves, seed, rate)
        for j in range(end - start):
            out[start + j, 0] = f32(x[j])
    return end
