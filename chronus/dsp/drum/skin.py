"""A struck skin: a sine that falls in pitch and dies away, a second one beside it or within it, and the click of the stick.

A resonator struck by a pulse is a sine that decays, so that is what this is: two of them, whose pitch starts above where it settles.
All of it is a function of the time since the hit but the phase, which is summed up, so that the pitch can be moved while it sounds.
"""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.chance import chance, key_of
from chronus.dsp.drum.strike import FREE, SILENT, TIME, count_of, octaves
from chronus.dsp.kernel import inline, local
from chronus.dsp.resonator import two_pole_gains, two_pole_step, warp
from chronus.dsp.shape import exp2, fall, turn

# PHASE: turns of the first sine since the hit. DEPTH, SAG: how far the pitch stands above its end, and at which octaves a frame each
# of the two falls. DECAY, CURVE: see `fall`. LEVEL. THIRD: a third harmonic. RATIO, SECOND, SHORTER: the second sine's pitch against the
# first, its level, and at how many octaves a frame it falls. INDEX: how far it moves the phase of the first instead.
PHASE, DEPTH, BEND, SAG, SLUMP, DECAY, CURVE, LEVEL, THIRD, RATIO, SECOND, SHORTER, INDEX = range(FREE, FREE + 13)
# The click: FADE octaves a frame, its parts BEAT (a pulse) and FIZZ (noise); the low-pass's gains and state.
FADE, BEAT, FIZZ, CLICK_P, CLICK_Q, CLICK_R, CLICK_1, CLICK_2 = range(FREE + 13, FREE + 21)
END = FREE + 21


@inline
def tune(state, at, lane, depth, bend, sag, slump, third, ratio, second, shorter, index, rate):
    """The body's pitch and its second sine; `bend`, `slump` and `shorter` are time constants in ms."""
    state[at + PHASE, lane] = 0.0
    state[at + DEPTH, lane], state[at + BEND, lane] = depth, octaves(bend, rate)
    state[at + SAG, lane], state[at + SLUMP, lane] = sag, octaves(slump, rate)
    state[at + THIRD, lane], state[at + RATIO, lane], state[at + SECOND, lane] = third, ratio, second
    state[at + SHORTER, lane], state[at + INDEX, lane] = octaves(shorter, rate), index


@inline
def ring(state, at, lane, level, milliseconds, curve, rate):
    """The body's level, and the ms until it is 60 dB down."""
    state[at + LEVEL, lane], state[at + DECAY, lane], state[at + CURVE, lane] = (
        level,
        1000 / (milliseconds * rate),
        curve,
    )


@inline
def tick(state, at, lane, beat, fizz, milliseconds, bright, rate):
    """The click: levels of pulse and noise, its time constant, and the Hz it stays below."""
    p, q, r = two_pole_gains(warp(bright, rate), 1.4)
    state[at + BEAT, lane], state[at + FIZZ, lane], state[at + FADE, lane] = beat, fizz, octaves(milliseconds, rate)
    state[at + CLICK_P, lane], state[at + CLICK_Q, lane], state[at + CLICK_R, lane] = p, q, r
    state[at + CLICK_1, lane] = state[at + CLICK_2, lane] = 0.0


@inline
def skin(x, frames, state, at, lane, freq, first, moves, seed, rate):
    """Lays `frames` frames of a skin into x; `freq[first]` Hz or, where it `moves`, from there on. Returns what is left of its level."""
    t = state[at + TIME, lane]
    depth, bend, sag, slump = (
        state[at + DEPTH, lane],
        state[at + BEND, lane],
        state[at + SAG, lane],
        state[at + SLUMP, lane],
    )
    decay, curve, level = state[at + DECAY, lane], state[at + CURVE, lane], state[at + LEVEL, lane]
    third, ratio, second = state[at + THIRD, lane], state[at + RATIO, lane], state[at + SECOND, lane]
    shorter, index, phase = state[at + SHORTER, lane], state[at + INDEX, lane], state[at + PHASE, lane]
    if level == 0:
        for j in range(frames):
            x[j] = 0.0
        return _click(x, frames, state, at, lane, t, seed)
    turns, two = local(np.float64, 64), local(np.float64, 64)
    for j in range(frames):
        turns[j] = 1 + depth * exp2(-bend * (t + j))
    if sag != 0:
        for j in range(frames):
            turns[j] += sag * exp2(-slump * (t + j))
    if moves & 1:
        for j in range(frames):
            turns[j] *= freq[first + j, 0] / rate
    else:
        pitch = freq[first, 0] / rate
        for j in range(frames):
            turns[j] *= pitch
    for j in range(frames):
        turns[j], phase = phase, phase + turns[j]
    if second > 0 or index > 0:
        for j in range(frames):
            turned = ratio * turns[j]
            two[j] = exp2(-shorter * (t + j)) * turn(turned - math.floor(turned))
        for j in range(frames):
            turns[j] += index * two[j]
    else:
        for j in range(frames):
            two[j] = 0.0
    for j in range(frames):
        s = turn(turns[j] - math.floor(turns[j]))
        s *= (1 + third * (3 - 4 * s * s)) / (1 - third)
        x[j] = level * fall(decay * (t + j), curve) * (s + second * two[j])
    state[at + PHASE, lane] = phase
    left = fall(decay * (t + frames), curve)
    return max(left, _click(x, frames, state, at, lane, t, seed))


@inline
def _click(x, frames, state, at, lane, t, seed):
    fade = state[at + FADE, lane]
    beat, fizz = state[at + BEAT, lane], state[at + FIZZ, lane]
    left = exp2(-fade * t)
    if left < SILENT or beat + fizz == 0:
        return 0.0
    p, q, r = state[at + CLICK_P, lane], state[at + CLICK_Q, lane], state[at + CLICK_R, lane]
    s1, s2 = state[at + CLICK_1, lane], state[at + CLICK_2, lane]
    clicks, key, number = local(np.float64, 64), key_of(seed, at + lane), count_of(state, at, lane)
    for j in range(frames):
        clicks[j] = exp2(-fade * (t + j)) * (beat + fizz * chance(key, number + j))
    for j in range(frames):
        before = s2
        s1, s2 = two_pole_step(clicks[j], p, q, r, s1, s2)
        clicks[j] = 0.5 * (before + s2)
    for j in range(frames):
        x[j] += clicks[j]
    state[at + CLICK_1, lane], state[at + CLICK_2, lane] = s1, s2
    return left
