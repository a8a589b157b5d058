"""Does to the sound of a module what no kernel knows of: its level and its pan, in the cables that it leaves by, and its bypass.

What rests costs nothing: a level that stands still is part of a cable's gain, and where level, pan and bypass were never set, nobody looks.

The pan of what has no sides is at equal power, and in the middle it is as loud as without: left and right are sqrt(2) cos and sin of
(pan + 1) pi / 4, so that one side alone is 3 dB louder. Each voice has its own. Of what is stereo it is a balance: the side that it leaves
falls as cos(pan pi / 2), the other one stays.
"""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.kernel import HEAD, compiled, inline, plane_i64
from chronus.graph.bound import (
    B_AT_PARAMS,
    B_BUFFERS,
    B_FULL_PARAMS,
    B_PARAMS,
    I_BYPASS,
    I_INPUTS,
    I_LANES,
    I_MAIN_INPUT,
    I_OUTPUT,
    PAR_BUFFER,
    PARAM_WIDTH,
)
from chronus.graph.guard import is_sound
from chronus.memory.words import row_f32, row_i64

f32 = np.float32
QUARTER = f32(math.pi / 4)


@inline
def rests_at(bound, k, value):
    """Whether the parameter in row `k` of the program stands at a value in all these frames."""
    if row_i64(bound[B_FULL_PARAMS], bound[B_PARAMS])[k] == 0:
        return False
    return laid(bound, k, 0, 1)[0] == value


@inline
def is_still(bound, k):
    return row_i64(bound[B_FULL_PARAMS], bound[B_PARAMS])[k] == 1


@inline
def laid(bound, k, first, count):
    """What is laid of the parameter in row `k`: so many numbers from the one numbered `first` on."""
    params = plane_i64(bound[B_AT_PARAMS], bound[B_PARAMS], PARAM_WIDTH)
    return row_f32(bound[B_BUFFERS] + (params[k, PAR_BUFFER] + first) * 4, count)


@inline
def _sine(q):
    """Within 1e-7 of true for -pi/4..pi/4."""
    x = q * q
    return q * (f32(1) + x * (f32(-1 / 6) + x * (f32(1 / 120) + x * (f32(-1 / 5040) + x * f32(1 / 362880)))))


@inline
def _cosine(q):
    """Within 1e-7 of true for -pi/4..pi/4, and 1 at 0."""
    x = q * q
    return f32(1) + x * (f32(-1 / 2) + x * (f32(1 / 24) + x * (f32(-1 / 720) + x * f32(1 / 40320))))


@inline
def to_left(pan):
    q = pan * QUARTER
    return _cosine(q) - _sine(q)


@inline
def to_right(pan):
    q = pan * QUARTER
    return _cosine(q) + _sine(q)


@inline
def _left_behind(pan):
    """What is left of the side that a balance leaves, the cosine of twice the angle of a pan; 1 of the other."""
    away = max(pan, f32(0))
    return to_left(away) * to_right(away)


@compiled
def add_voices_apart(source, width, into, pans, gains, count):
    """Adds `count` frames of voices to both sides, each voice where its own pan is by then."""
    for i in range(count):
        left = right = f32(0)
        for v in range(width):
            k = i * width + v
            left += source[k] * to_left(pans[k])
            right += source[k] * to_right(pans[k])
        into[2 * i] += left * gains[i]
        into[2 * i + 1] += right * gains[i]


@compiled
def add_balanced(source, into, pans, gains, count):
    """Adds `count` frames of two sides to two sides."""
    for i in range(count):
        into[2 * i] += source[2 * i] * _left_behind(pans[2 * i]) * gains[i]
        into[2 * i + 1] += source[2 * i + 1] * _left_behind(-pans[2 * i + 1]) * gains[i]


@compiled
def pass_by(bound, instances, call, i, a, b):
    """Puts what comes into a module in the place of what it yields, as far as it is bypassed; silence where nothing can come in."""
    bypass, lanes = instances[i, I_BYPASS], instances[i, I_LANES]
    if rests_at(bound, bypass, f32(0)):
        return
    count = (b - a) * lanes
    share = laid(bound, bypass, a * lanes, count)
    at = call[HEAD + instances[i, I_INPUTS]] + a * lanes * 4
    out = row_f32(at, count)
    if instances[i, I_MAIN_INPUT] < 0:
        for k in range(count):
            out[k] *= f32(1) - share[k]
    else:
        source = row_f32(call[HEAD + instances[i, I_MAIN_INPUT]] + a * lanes * 4, count)
        if rests_at(bound, bypass, f32(1)):
            for k in range(count):
                out[k] = source[k]
        else:
            for k in range(count):
                out[k] += (source[k] - out[k]) * share[k]
    is_sound(bound, instances[i, I_OUTPUT], at, count)
