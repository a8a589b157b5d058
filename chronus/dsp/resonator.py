"""The two-pole of the drum voices: a state-variable filter, trapezoidal, all outputs at once.

Source: Andrew Simper, "Linear Trapezoidal Integrated State Variable Filter", Cytomic, 2013.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.kernel import inline
from chronus.dsp.tan import prewarp


@inline
def warp(hertz, rate):
    """The filter's g for a frequency in Hz; held below 0.45 of the rate."""
    sin, cos = prewarp(np.float32(min(hertz, 0.45 * rate)), rate)
    return np.float64(sin) / np.float64(cos)


@inline
def two_pole_gains(g, k):
    """What `two_pole_step` needs; k is 1/Q, and at its peak the band has a gain of 1/k."""
    p = 1 / (1 + g * (g + k))
    return 2 * p - 1, 2 * g * p, 2 * g * g * p


@inline
def two_pole_step(x, p, q, r, s1, s2):
    """The next (s1, s2).

    The band is the mean of the old and the new s1, the low-pass of the old and the new s2; high = x - k * band - low.
    """
    return (p * s1 + q * x) - q * s2, ((1 - r) * s2 + r * x) + q * s1
