"""Moves a value smoothly to another one: a parameter that was set, the gain of a cable that comes or goes."""

from __future__ import annotations

import math

from chronus.dsp.kernel import inline
from chronus.memory.layout import (
    C_FRAMES,
    C_FROM,
    C_START,
    C_TO,
    JOINING,
    P_CURVE,
    P_FRAMES,
    P_FROM,
    P_SHAPE,
    P_START,
    P_TO,
    P_WAS,
    RAMP,
)


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


@inline
def param_at(floats, at, frame):
    """Where a parameter stands at a frame. A line that does not begin there is joined as smoothly as a typed jump is made."""
    frames, since = floats[at + P_FRAMES], frame - floats[at + P_START]
    t = 1.0 if frames <= 0.0 else since / frames
    exponential = floats[at + P_CURVE] > 0.0
    x = _moved(floats[at + P_FROM], floats[at + P_TO], t, floats[at + P_SHAPE] == 0.0, exponential)
    if floats[at + P_SHAPE] == JOINING and since < RAMP:
        x = _moved(floats[at + P_WAS], x, since / RAMP, True, exponential)
    return x


@inline
def gain_at(arena, floats, at, frame):
    frames = arena[at + C_FRAMES]
    t = 1.0 if frames <= 0 else (frame - arena[at + C_START]) / frames
    return _moved(floats[at + C_FROM], floats[at + C_TO], t, True, False)
