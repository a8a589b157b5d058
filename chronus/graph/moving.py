"""Moves a value smoothly to another one: a parameter that was set, what lanes lay over it, the gain of a cable that comes or goes."""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.chance import chance
from chronus.dsp.kernel import compiled, inline
from chronus.memory.layout import (
    C_FRAMES,
    C_FROM,
    C_START,
    C_TO,
    ENDLESS,
    JOINING,
    L_FRAMES,
    L_FROM,
    L_JOIN,
    L_OWNER,
    L_START,
    L_TO,
    L_UNTIL,
    L_WAS,
    P_AUTOMATED,
    P_BEND,
    P_BENT,
    P_CURVE,
    P_FRAMES,
    P_FROM,
    P_KEY,
    P_LOCKED,
    P_REST,
    P_SHAPE,
    P_START,
    P_TO,
    P_TURNS,
    P_UNTIL,
    P_WAS,
    RAMP,
    WAVING,
)

SINE, TRIANGLE, SAW, RISING, SQUARE, HOLD, RANDOM = range(7)
"""Shapes of waves, in the order of rack/waves.py."""
WIDEST = 0.25
"""Of a turn, at most, is spent on a jump."""
_ENDLESS = ENDLESS


@inline
def ease(t):
    """0..1 -> 0..1 with the first two derivatives zero at both ends, so that a jump leaves nothing in the treble."""
    return t * t * t * (t * (t * 6.0 - 15.0) + 10.0)


@inline
def _moved(start, stop, t, smooth, exponential):
    """Between two values, t in 0..1; exponential moves by equal ratios."""
    if t >= 1.0:
        return stop
    s = ease(max(t, 0.0)) if smooth else max(t, 0.0)
    if exponential and start > 0.0 and stop > 0.0:
        return start * math.exp2(s * math.log2(stop / start))
    return start + (stop - start) * s


@compiled
def _share_at(shape, turns, width, key):
    """Where a wave is between its two ends, 0..1, as rack/waves.py says it for control."""
    whole = math.floor(turns)
    x = turns - whole
    if shape == SINE:
        return 0.5 + 0.5 * math.sin(2.0 * math.pi * x)
    if shape == TRIANGLE:
        return 0.5 * abs(2.0 - abs(4.0 * x - 1.0))
    if shape == SAW or shape == RISING:
        share = 1.0 - x if x >= width else ease(x / width) * (1.0 - x)
        return share if shape == SAW else 1.0 - share
    if shape == SQUARE:
        half = x if x < 0.5 else x - 0.5
        gone = ease(half / width) if half < width else 1.0
        return gone if x < 0.5 else 1.0 - gone
    count = np.int64(whole)
    held = 0.5 + 0.5 * float(chance(np.uint32(key), np.uint32(count)))
    if shape == HOLD:
        if x >= width:
            return held
        before = 0.5 + 0.5 * float(chance(np.uint32(key), np.uint32(count - 1)))
        return before + (held - before) * ease(x / width)
    after = 0.5 + 0.5 * float(chance(np.uint32(key), np.uint32(count + 1)))
    return held + (after - held) * x * x * (3.0 - 2.0 * x)


@compiled
def wave_at(floats, at, frame):
    """Where a wave stands at a frame. Its jumps are as smooth as a typed one."""
    since, period, bend = frame - floats[at + P_START], floats[at + P_FRAMES], floats[at + P_BEND]
    bent = min(since, floats[at + P_BENT])
    turns = floats[at + P_TURNS] + since / period + bend * bent * (2.0 * since - bent)
    shape = int(floats[at + P_SHAPE]) - WAVING
    share = _share_at(shape, turns, min(RAMP / period, WIDEST), int(floats[at + P_KEY]))
    return _moved(floats[at + P_FROM], floats[at + P_TO], share, False, floats[at + P_CURVE] > 0.0)


@inline
def set_at(floats, at, frame):
    """Where a parameter stands at a frame if no lane moves it. A line that does not begin there is joined as smoothly as a
    typed jump is made.
    """
    if floats[at + P_SHAPE] >= WAVING:
        since, x = frame - floats[at + P_START], wave_at(floats, at, frame)
        joined = since >= RAMP or math.isnan(floats[at + P_WAS])
        return x if joined else _moved(floats[at + P_WAS], x, since / RAMP, True, floats[at + P_CURVE] > 0.0)
    frames, since = floats[at + P_FRAMES], frame - floats[at + P_START]
    t = 1.0 if frames <= 0.0 else since / frames
    exponential = floats[at + P_CURVE] > 0.0
    x = _moved(floats[at + P_FROM], floats[at + P_TO], t, floats[at + P_SHAPE] == 0.0, exponential)
    if floats[at + P_SHAPE] == JOINING and since < RAMP:
        x = _moved(floats[at + P_WAS], x, since / RAMP, True, exponential)
    return x


@inline
def _covered(floats, at, layer, frame, under):
    """What a layer makes of the value `under` it. It is joined, and goes back, as smoothly as a typed jump is made."""
    over, until, join = at + layer, floats[at + layer + L_UNTIL], floats[at + layer + L_JOIN]
    if floats[over + L_OWNER] == 0.0 or frame >= until + join:
        return under
    exponential = floats[at + P_CURVE] > 0.0
    since = min(frame, until) - floats[over + L_START]
    t = 1.0 if floats[over + L_FRAMES] <= 0.0 else since / floats[over + L_FRAMES]
    x = _moved(floats[over + L_FROM], floats[over + L_TO], t, False, exponential)
    if since < join:
        x = _moved(floats[over + L_WAS], x, since / join, True, exponential)
    return _moved(x, under, (frame - until) / join, True, exponential) if frame > until else x


@inline
def automated_at(floats, at, frame):
    """Where it stands at a frame under the locks of notes."""
    return _covered(floats, at, P_AUTOMATED, frame, set_at(floats, at, frame))


@inline
def param_at(floats, at, frame):
    """Where a parameter stands at a frame."""
    return _covered(floats, at, P_LOCKED, frame, automated_at(floats, at, frame))


@inline
def _moves_until(floats, over):
    """The frame from which on a layer moves no more."""
    if floats[over + L_OWNER] == 0.0:
        return 0.0
    if floats[over + L_UNTIL] < ENDLESS:
        return floats[over + L_UNTIL] + floats[over + L_JOIN]
    return floats[over + L_START] + max(floats[over + L_FRAMES], floats[over + L_JOIN])


@inline
def settle(floats, at):
    """Writes down until when a parameter moves, and where it stays then. Whoever changes its record calls this."""
    waves = floats[at + P_SHAPE] >= WAVING
    until = _ENDLESS if waves else floats[at + P_START] + floats[at + P_FRAMES]
    until = max(until, _moves_until(floats, at + P_AUTOMATED))
    until = max(until, _moves_until(floats, at + P_LOCKED))
    floats[at + P_UNTIL] = until
    floats[at + P_REST] = param_at(floats, at, until)


@inline
def gain_at(arena, floats, at, frame):
    frames = arena[at + C_FRAMES]
    t = 1.0 if frames <= 0 else (frame - arena[at + C_START]) / frames
    return _moved(floats[at + C_FROM], floats[at + C_TO], t, True, False)
