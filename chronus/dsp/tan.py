"""The prewarping of filters: sine and cosine of pi hertz / rate, and so its tangent, without libm.

The cosine is taken as the sine of what is left to the Nyquist frequency. That subtraction is exact in float32 where it
matters, so the tangent keeps its relative error (below 3e-7) up to 0.49 of the rate, where it is 32.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.kernel import inline

f32 = np.float32

HIGHEST = f32(0.49)
"""Of the rate: filters do not go higher, whatever they are asked."""

_q = (1 + np.cos(np.pi * (np.arange(12) + 0.5) / 12)) / 8
S0, S1, S2, S3, S4, S5 = (
    f32(c) for c in np.polynomial.Polynomial.fit(_q, np.sin(np.pi * np.sqrt(_q)) / np.sqrt(_q), 5).convert().coef
)


@inline
def sine(turns):
    """sin(pi turns) for 0..0.5, float32."""
    q = turns * turns
    return turns * (S0 + q * (S1 + q * (S2 + q * (S3 + q * (S4 + q * S5)))))


@inline
def prewarp(hertz, rate):
    """(sin, cos) of pi hertz / rate, float32; the bilinear g is their quotient."""
    per = f32(1 / rate)
    top = HIGHEST * f32(rate)
    hertz = hertz if hertz < top else top
    return sine(hertz * per), sine((f32(0.5 * rate) - hertz) * per)
