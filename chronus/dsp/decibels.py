"""Turns decibels into a factor; below a certain level that is silence."""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.kernel import inline

f32 = np.float32

EIGHTH = f32(math.log(10) / 20 / 8)
BOTTOM = f32(60)
FADE = f32(1 / 6)
T1, T2, T3, T4, T5, T6, T7, T8, T9 = (f32(1 / n) for n in range(1, 10))


@inline
def ratio(decibels):
    """float32. 0 dB gives exactly 1; within 3e-6 from -60 dB up to +30, within 4e-4 down to -100.

    The eighth root as a Taylor series, so that there is no call into libm and the lanes run side by side.
    """
    x = decibels * EIGHTH
    e = T1 + x * T8 * (T1 + x * T9)
    e = T1 + x * T5 * (T1 + x * T6 * (T1 + x * T7 * e))
    e = T1 + x * (T1 + x * T2 * (T1 + x * T3 * (T1 + x * T4 * e)))
    e *= e
    e *= e
    return e * e


@inline
def factor(decibels):
    """The same, but from -54 dB down the curve is led to 0, which it reaches at -60."""
    edge = (decibels + BOTTOM) * FADE
    edge = edge if edge < T1 else T1
    return ratio(decibels) * (edge if edge > f32(0) else f32(0))
