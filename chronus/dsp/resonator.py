"""The two-pole of the drum voices: a state-variable filter, trapezoidal, all outputs at once.

Source: Andrew Simper, "Linear Trapezoidal Integrated State Variable Filter", Cytomic, 2013.
"""

from __future__ import annotations

import math

from chronus.dsp.kernel import inline


@inline
def warp(hertz, rate):
    """The filter's g for a frequency in Hz; held below 0.45 of the rate."""
    return math.tan(math.pi * min(hertz, 0.45 * rate) / rate)


@inline
def two_pole_gains(g, k):
    """What `two_pole_step` needs; worth it where g stays for several frames, or is known for many at once."""
    p = 1 / (1 + g * (g + k))
    return 2 * p - 1, 2 * g * p, 2 * g * g * p


@inline
def two_pole_step(x, p, q, r, s1, s2):
    """The next (s1, s2), sooner known than from `two_pole`.

    The band is the mean of the old and the new s1, the low-pass of the old and the new s2; high = x - k * band - low.
    """
    return (p * s1 + q * x) - q * s2, ((1 - r) * s2 + r * x) + q * s1


@inline
def two_pole(x, g, k, s1, s2):
    """(low, band, high, s1, s2); k is 1/Q. At its peak `band` has a gain of 1/k."""
    high = (x - (g + k) * s1 - s2) / (1 + g * (g + k))
    band = g * high + s1
    low = g * band + s2
    return low, band, high, 2 * band - s1, 2 * low - s2
