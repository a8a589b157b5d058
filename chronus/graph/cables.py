"""Adds up what cables bring to one place: each at its gain, faded in or out; voices that meet, in their sum.

What comes from a module that is silent is left out: it would add zeros. Whether it is, the guard has found (guard.py).
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.kernel import compiled, inline, local
from chronus.graph.bound import (
    B_BUFFERS,
    CAB_ECHO,
    CAB_FEEDBACK,
    CAB_HANDLE,
    CAB_LANES,
    CAB_LEVEL,
    CAB_PAN,
    CAB_SOURCE,
    CAB_SOURCE_LANES,
    CAB_SOURCE_STEREO,
    CAB_STEREO,
)
from chronus.graph.guard import clear, is_silent
from chronus.graph.mixing import add_balanced, add_voices_apart, is_still, laid, rests_at, to_left, to_right
from chronus.graph.moving import gain_at
from chronus.memory.atomics import address_of
from chronus.memory.layout import BLOCK, C_FRAMES, C_START, C_TO, CABLE_TABLE, CABLE_WORDS
from chronus.memory.words import floats_of, row_f32

f32 = np.float32
MOST_LANES = 64
EIGHTS, WIDEST = 8 * BLOCK, MOST_LANES * BLOCK


@inline
def _eights(source, count, lanes, eights):
    """Adds the lanes of each frame by halves until eight are left. `lanes` is a constant."""
    for i in range(count):
        for j in range(8):
            k = i * lanes + j
            if lanes == 32:
                x = (source[k] + source[k + 16]) + (source[k + 8] + source[k + 24])
            else:
                x = (source[k] + source[k + 32]) + (source[k + 16] + source[k + 48])
                x += (source[k + 8] + source[k + 40]) + (source[k + 24] + source[k + 56])
            eights[i * 8 + j] = x


@inline
def _ones(eights, count, mono):
    for i in range(count):
        k = i * 8
        even = (eights[k] + eights[k + 4]) + (eights[k + 2] + eights[k + 6])
        mono[i] = even + ((eights[k + 1] + eights[k + 5]) + (eights[k + 3] + eights[k + 7]))


@compiled
def meet(source, count, lanes, mono):
    """mono[i] becomes the sum of the lanes of frame i. They are added by halves, so that many frames go side by side."""
    eights = local(np.float32, EIGHTS)
    if lanes == 1:
        for i in range(count):
            mono[i] = source[i]
    elif lanes == 2:
        for i in range(count):
            mono[i] = source[2 * i] + source[2 * i + 1]
    elif lanes == 8:
        _ones(source, count, mono)
    elif lanes == 32:
        _eights(source, count, 32, eights)
        _ones(eights, count, mono)
    else:
        _eights(source, count, 64, eights)
        _ones(eights, count, mono)


@compiled
def brings(arena, bound, cables, c, frame):
    """Whether a cable brings anything from `frame` on: its source sounds, and neither is off nor has faded out."""
    at = CABLE_TABLE // 8 + cables[c, CAB_HANDLE] * CABLE_WORDS
    if floats_of(arena)[at + C_TO] == 0.0 and arena[at + C_START] + arena[at + C_FRAMES] <= frame:
        return False
    if cables[c, CAB_FEEDBACK] > 0:
        return True
    if cables[c, CAB_LEVEL] >= 0 and rests_at(bound, cables[c, CAB_LEVEL], f32(0.0)):
        return False
    return not is_silent(bound, cables[c, CAB_SOURCE])


@compiled
def _spread(source, width, sided, into, lanes, stereo, gains, count):
    """Adds `count` frames of one width to as many of another, each times its gain."""
    if width == lanes and sided == stereo:
        if gains[0] == gains[count - 1]:  # a gain that moves goes one way
            gain = gains[0]
            for k in range(count * lanes):
                into[k] += source[k] * gain
        else:
            for i in range(count):
                for v in range(lanes):
                    into[i * lanes + v] += source[i * lanes + v] * gains[i]
        return
    # voices meet in a sum; two sides in their middle
    mono = local(np.float32, BLOCK)
    meet(source, count, width, mono)
    share = f32(0.5) if sided and width > 1 else f32(1.0)
    for i in range(count):
        mono[i] *= gains[i] * share
    if lanes == 1:
        for i in range(count):
            into[i] += mono[i]
    elif lanes == 2:
        for i in range(count):
            into[2 * i] += mono[i]
            into[2 * i + 1] += mono[i]
    else:
        for i in range(count):
            for v in range(lanes):
                into[i * lanes + v] += mono[i]


@compiled
def _spread_panned(source, width, into, left, right, gains, count):
    """Adds `count` frames that have no sides to two sides, so much of them to each."""
    mono = local(np.float32, BLOCK)
    meet(source, count, width, mono)
    for i in range(count):
        x = mono[i] * gains[i]
        into[2 * i] += x * left
        into[2 * i + 1] += x * right


@compiled
def _mix(bound, cables, c, source, into, gains, a, count):
    """The same for the sound of a module whose level moves, or which is panned: that comes in here."""
    lanes, stereo = cables[c, CAB_LANES], cables[c, CAB_STEREO]
    width, sided = cables[c, CAB_SOURCE_LANES], cables[c, CAB_SOURCE_STEREO]
    level, pan = cables[c, CAB_LEVEL], cables[c, CAB_PAN]
    heard = source
    if level >= 0 and not is_still(bound, level):
        heard, factors = local(np.float32, WIDEST), laid(bound, level, a * width, count * width)
        for k in range(count * width):
            heard[k] = source[k] * factors[k]
    if pan < 0 or not stereo or rests_at(bound, pan, f32(0.0)):
        _spread(heard, width, sided, into, lanes, stereo, gains, count)
        return
    pans = laid(bound, pan, a * width, count * width)
    if sided:
        add_balanced(heard, into, pans, gains, count)
    elif is_still(bound, pan):
        _spread_panned(heard, width, into, to_left(pans[0]), to_right(pans[0]), gains, count)
    else:
        add_voices_apart(heard, width, into, pans, gains, count)


@inline
def _steady_level(bound, cables, c):
    """The level of what a cable comes from, as a factor, where it stands still; else 1."""
    level = cables[c, CAB_LEVEL]
    return laid(bound, level, 0, 1)[0] if level >= 0 and is_still(bound, level) else f32(1.0)


@inline
def _bring(bound, cables, c, into, gains, a, count):
    """Adds frames of a cable's source to `into`, each times its gain, in which a level that stands still has its part."""
    level, pan = cables[c, CAB_LEVEL], cables[c, CAB_PAN]
    moves = level >= 0 and not is_still(bound, level)
    width = cables[c, CAB_SOURCE_LANES]
    source = row_f32(bound[B_BUFFERS] + (cables[c, CAB_SOURCE] + a * width) * 4, count * width)
    panned = pan >= 0 and cables[c, CAB_STEREO] and not rests_at(bound, pan, f32(0.0))
    if panned and not moves and not cables[c, CAB_SOURCE_STEREO] and is_still(bound, pan):
        x = laid(bound, pan, 0, 1)[0]
        _spread_panned(source, width, into, to_left(x), to_right(x), gains, count)
    elif moves or panned:
        _mix(bound, cables, c, source, into, gains, a, count)
    else:
        _spread(
            source, width, cables[c, CAB_SOURCE_STEREO], into, cables[c, CAB_LANES], cables[c, CAB_STEREO], gains, count
        )


@inline
def _add_at_rest(bound, cables, c, into, gain, a, count):
    """Adds what a cable brings where all is at rest, and one gain does for all frames. False, and nothing is added, where more is to do."""
    level, pan = cables[c, CAB_LEVEL], cables[c, CAB_PAN]
    width, lanes = cables[c, CAB_SOURCE_LANES], cables[c, CAB_LANES]
    alike = width == lanes and cables[c, CAB_SOURCE_STEREO] == cables[c, CAB_STEREO]
    if not alike and not (width == 1 and lanes == 2):
        return False
    if level >= 0 and not is_still(bound, level):
        return False
    if pan >= 0 and cables[c, CAB_STEREO] and not rests_at(bound, pan, f32(0.0)):
        return False
    source = row_f32(bound[B_BUFFERS] + (cables[c, CAB_SOURCE] + a * width) * 4, count * width)
    if alike:
        for k in range(count * lanes):
            into[k] += source[k] * gain
    else:
        for i in range(count):
            x = source[i] * gain
            into[2 * i] += x
            into[2 * i + 1] += x
    return True


@compiled
def add(arena, bound, cables, c, target, a, b, block, weight):
    """Adds frames a..b of what a cable brings, times its gain and `weight`, to the buffer at address `target`."""
    floats = floats_of(arena)
    lanes, count, frame = cables[c, CAB_LANES], b - a, block * BLOCK + a
    into = row_f32(target + a * lanes * 4, count * lanes)
    at = CABLE_TABLE // 8 + cables[c, CAB_HANDLE] * CABLE_WORDS
    if cables[c, CAB_FEEDBACK] == 0:
        weight *= _steady_level(bound, cables, c)
    gain = f32(floats[at + C_TO]) * weight
    fading = arena[at + C_START] + arena[at + C_FRAMES] > frame
    if not fading and cables[c, CAB_FEEDBACK] == 0 and _add_at_rest(bound, cables, c, into, gain, a, count):
        return
    gains = local(np.float32, BLOCK)
    for i in range(count):
        gains[i] = f32(gain_at(arena, floats, at, frame + i)) * weight if fading else gain
    if cables[c, CAB_FEEDBACK] > 0:
        # what it brought one block ago lies in the arena, in the half that is not being written
        half = cables[c, CAB_FEEDBACK] + ((block + 1) & 1) * BLOCK * lanes * 4
        kept = row_f32(address_of(arena, 0) + half + a * lanes * 4, count * lanes)
        _spread(kept, lanes, cables[c, CAB_STEREO], into, lanes, cables[c, CAB_STEREO], gains, count)
    else:
        _bring(bound, cables, c, into, gains, a, count)


@compiled
def keep(arena, bound, cables, c, a, b, block):
    """Lays frames a..b of what a late cable brings where it will be read one block later; its gain comes then."""
    lanes, count = cables[c, CAB_LANES], b - a
    half = address_of(arena, 0) + cables[c, CAB_FEEDBACK] + (block & 1) * BLOCK * lanes * 4
    clear(half, a * lanes, count * lanes)
    gains = local(np.float32, BLOCK)
    for i in range(count):
        gains[i] = _steady_level(bound, cables, c)
    _bring(bound, cables, c, row_f32(half + a * lanes * 4, count * lanes), gains, a, count)


@compiled
def add_up(arena, bound, cables, first, count, target, lanes, a, b, block, telling):
    """Lays frames a..b of what `count` cables bring into the buffer at address `target`; False, and nothing is laid, if it is silence.

    `telling`: without those that only close a circle of gates.
    """
    begun = False
    for c in range(first, first + count):
        if (telling and cables[c, CAB_ECHO]) or not brings(arena, bound, cables, c, block * BLOCK + a):
            continue
        if not begun:
            clear(target, a * lanes, (b - a) * lanes)
            begun = True
        add(arena, bound, cables, c, target, a, b, block, f32(1.0))
    return begun
