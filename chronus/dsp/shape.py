"""Curves: a saturation, a sine, a power and the fall of a struck thing, cheap and the same in every module.

All without branches and calls, so that loops over frames vectorise.

`saturate` is the continued fraction of tanh cut after its second term, which reaches 1 with slope 0 at x = 3:
smooth everywhere, 2.4 % from tanh at most. `turn` is the Taylor series of the sine to x^15, on a quarter turn.
"""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.kernel import inline
from chronus.dsp.tan import sine

SIXTY_DB = math.log(1000)

f32 = np.float32

_points = np.cos((np.arange(8) + 0.5) * np.pi / 8) / 2
E0, E1, E2, E3, E4, E5, E6, E7 = np.polynomial.Polynomial.fit(
    _points, np.expm1(_points * np.log(2)) / _points, 7
).convert().coef  # fmt: skip


@inline
def exp2(octaves):
    """2^octaves to 1e-9, for -32..32 octaves; beyond that as at the ends. Exactly 1 at 0."""
    x = max(-32.0, min(32.0, octaves)) * (1 / 64)
    y = 1 + x * (E0 + x * (E1 + x * (E2 + x * (E3 + x * (E4 + x * (E5 + x * (E6 + x * E7)))))))
    y *= y
    y *= y
    y *= y
    y *= y
    y *= y
    return y * y


@inline
def saturate(x):
    """Odd, slope 1 at zero, within -1..1 for any finite x."""
    x = min(3.0, max(-3.0, x))
    return x * (27 + x * x) / (27 + 9 * x * x)


@inline
def saturate32(x):
    """The same in float32, at twice the speed."""
    x = min(f32(3), max(f32(-3), x))
    return x * (f32(27) + x * x) / (f32(27) + f32(9) * x * x)


@inline
def bounded32(x):
    """x up to 2 (+6 dBFS), then bent; never above 3.95 (+11.9 dBFS), where the curve comes to rest."""
    core = min(f32(2), max(f32(-2), x))
    over = min(f32(3.9), max(f32(-3.9), x - core))
    return core + over - over * abs(over) * f32(0.5 / 3.9)


@inline
def turn(phase):
    """sin(2 pi phase) for a phase in 0..1, within 1e-11."""
    x = phase - 0.5
    x = 2 * math.pi * (x if abs(x) <= 0.25 else math.copysign(0.5, x) - x)
    q = x * x
    series = 1 - q / 72 * (1 - q / 110 * (1 - q / 156 * (1 - q / 210)))
    return -x * (1 - q / 6 * (1 - q / 20 * (1 - q / 42 * series)))


@inline
def turn32(phase):
    """The same in float32, within 3e-7, at four times the speed."""
    x = phase - f32(0.5)
    near = min(abs(x), f32(0.5) - abs(x))
    y = sine(near + near)
    return -y if x > f32(0) else y


@inline
def fall(u, curve):
    """1 at u = 0, -60 dB at u = 1. `curve` 1 is a plain exponential; smaller ones hold at first, then drop."""
    return exp2(-SIXTY_DB / math.log(2) * u * (curve + (1 - curve) * u))


@inline
def smoothstep(u):
    """0..1 to 0..1, level at both ends."""
    return u * u * (3 - 2 * u)
