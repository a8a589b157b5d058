"""Computes how far a phase goes in a frame, and the sine of a phase; without calls, so that both vectorise."""

import math

import numpy as np

from chronus.dsp.kernel import inline

SLOWEST, FASTEST = 1e-7, 0.5
"""Turns a frame: above zero, as jumps are divided by it; up to half the sample rate."""


def _fit(function, half_width: float, degree: int) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Coefficients of a polynomial through the Chebyshev points of -half_width..half_width."""
    points = np.cos((np.arange(degree + 1) + 0.5) * np.pi / (degree + 1)) * half_width
    width = [-half_width, half_width]
    return np.polynomial.Polynomial.fit(points, function(points), degree, domain=width, window=width).coef


SINE = _fit(lambda x: np.sinc(2 * x) * 2 * np.pi, 0.25, 10)[::2].copy()
"""sin(2 pi x) / x in powers of x^2; the sine errs by 2e-11 at most."""
EXP2 = _fit(lambda x: np.expm1(x * np.log(2)) / x, 0.52, 9)
"""(2^x - 1) / x, so that 2^0 is exactly 1."""


@inline
def exp2(octaves):  # type: ignore[no-untyped-def]
    """2^octaves, clamped to -16..16, to 1e-13."""
    x = max(-16.0, min(16.0, octaves)) / 32
    y = EXP2[9]
    for k in range(8, -1, -1):
        y = y * x + EXP2[k]
    y = 1 + x * y
    for _ in range(5):
        y *= y
    return y


@inline
def sine(turns):  # type: ignore[no-untyped-def]
    """sin(2 pi turns), in double precision."""
    return sine_within(turns - math.floor(turns + 0.5))


@inline
def sine_within(x):  # type: ignore[no-untyped-def]
    """The same for x from -0.5 to 0.5."""
    x = 0.5 - x if x > 0.25 else (-0.5 - x if x < -0.25 else x)
    square = x * x
    y = SINE[5]
    for k in range(4, -1, -1):
        y = y * square + SINE[k]
    return x * y


@inline
def pace_of(freq, detune, fm, rate):  # type: ignore[no-untyped-def]
    """Turns a frame of a frequency in Hz, detuned in cents, swept in octaves."""
    # a product: a division by what a loop does not change may become one, or not, and two ways through a kernel have to agree
    return max(SLOWEST, min(FASTEST, freq * exp2(detune * (1 / 1200) + fm) * (1 / rate)))
