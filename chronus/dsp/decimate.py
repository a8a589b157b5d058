"""Two frames to one, and one to two: the low-pass around what runs oversampled, late by two frames at the most.

Two chains of all-passes, one for the older and one for the newer frame, whose sum is an elliptic half-band filter.
From: R. Valenzuela and A. Constantinides, "Digital Signal Processing Schemes for Efficient Interpolation and Decimation"
(IEE Proceedings 1983); the coefficients by the closed form of the elliptic case, as in L. de Soras' hiir.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.kernel import inline


def _design(count: int, transition: float) -> np.ndarray:
    """Coefficients for a transition band of that part of the upper rate, centred on a quarter of it."""
    k = np.tan((1 - 2 * transition) * np.pi / 4) ** 2
    root = (1 - k * k) ** 0.25
    e = 0.5 * (1 - root) / (1 + root)
    q = e + 2 * e**5 + 15 * e**9 + 150 * e**13
    c, i = np.arange(1, count + 1)[:, None] * np.pi / (2 * count + 1), np.arange(10)
    above = q**0.25 * ((-1.0) ** i * q ** (i * (i + 1)) * np.sin((2 * i + 1) * c)).sum(axis=1)
    below = ((-1.0) ** i * q ** (i * i) * np.cos(2 * i * c)).sum(axis=1) - 0.5
    ww = (above / below) ** 2
    x = np.sqrt((1 - ww * k) * (1 - ww / k)) / (1 + ww)
    return (1 - x) / (1 + x)


STEEP = _design(7, 0.06)
"""To the final rate: flat to 0.44 of it, -99 dB from 0.56 of it on; 1.7 frames late."""
S0, S1, S2, S3, S4, S5, S6 = STEEP
WIDE = _design(3, 0.27)
"""From four times the rate to two: -95 dB where it would fold onto the band that is kept; half a frame late."""
W0, W1, W2 = WIDE


@inline
def steep(older, newer, z):
    """One frame for two, and the state after it: a tuple of 9."""
    z0, z1, z2, z3, z4, z5, z6, z7, z8 = z
    a = _all_pass(newer, S0, z0, z1)
    b = _all_pass(a, S2, z1, z2)
    c = _all_pass(b, S4, z2, z3)
    d = _all_pass(c, S6, z3, z4)
    e = _all_pass(older, S1, z5, z6)
    f = _all_pass(e, S3, z6, z7)
    g = _all_pass(f, S5, z7, z8)
    return 0.5 * (d + g), (newer, a, b, c, d, older, e, f, g)


@inline
def wide(older, newer, z):
    """One frame for two, and the state after it: a tuple of 5."""
    z0, z1, z2, z3, z4 = z
    a = _all_pass(newer, W0, z0, z1)
    b = _all_pass(a, W2, z1, z2)
    c = _all_pass(older, W1, z3, z4)
    return 0.5 * (b + c), (newer, a, b, older, c)


@inline
def _all_pass(x, c, before, y):
    """`before` and `y` are its input and output one frame ago. The product with y last: it is what the next one waits for."""
    return (before + c * x) - c * y


F0, F1, F2, F3, F4, F5, F6 = STEEP.astype(np.float32)


@inline
def double32(x, z, lane):
    """Two frames for one, the older first; `z` (8, lanes) is the state. float32: for lanes side by side. The same filter, as late."""
    a = _all_pass(x, F0, z[0, lane], z[1, lane])
    b = _all_pass(a, F2, z[1, lane], z[2, lane])
    c = _all_pass(b, F4, z[2, lane], z[3, lane])
    d = _all_pass(c, F6, z[3, lane], z[4, lane])
    e = _all_pass(x, F1, z[0, lane], z[5, lane])
    f = _all_pass(e, F3, z[5, lane], z[6, lane])
    g = _all_pass(f, F5, z[6, lane], z[7, lane])
    z[0, lane], z[1, lane], z[2, lane], z[3, lane], z[4, lane] = x, a, b, c, d
    z[5, lane], z[6, lane], z[7, lane] = e, f, g
    return d, g


@inline
def halve32(older, newer, z, lane):
    """One frame for two, as `steep`; `z` (9, lanes) is the state. float32: for lanes side by side."""
    a = _all_pass(newer, F0, z[0, lane], z[1, lane])
    b = _all_pass(a, F2, z[1, lane], z[2, lane])
    c = _all_pass(b, F4, z[2, lane], z[3, lane])
    d = _all_pass(c, F6, z[3, lane], z[4, lane])
    e = _all_pass(older, F1, z[5, lane], z[6, lane])
    f = _all_pass(e, F3, z[6, lane], z[7, lane])
    g = _all_pass(f, F5, z[7, lane], z[8, lane])
    z[0, lane], z[1, lane], z[2, lane], z[3, lane], z[4, lane] = newer, a, b, c, d
    z[5, lane], z[6, lane], z[7, lane], z[8, lane] = older, e, f, g
    return np.float32(0.5) * (d + g)
