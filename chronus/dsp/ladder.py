"""The diode ladder of the TB-303: four poles that load one another, and a resonance around them without delay.

The equations are those of T. Stinchcombe, "Diode Ladder Filters" (2009), the first capacitor half as large as the
others; solved as in V. Zavalishin, "The Art of VA Filter Design" (2012..), by trapezoidal integration with zero-delay
feedback:

    v1' = 2w (u - v1 + v2)   v2' = w (v1 - 2 v2 + v3)   v3' = w (v2 - 2 v3 + v4)   v4' = w (v3 - 2 v4)
    u = saturate(x - k highpass(v4))

Without the high-pass it oscillates from k = 17 on, at sqrt(2) w / 2 pi; with it only where the corner of that high-pass
is far below the cutoff, which is the 303's habit.
"""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.kernel import inline
from chronus.dsp.shape import saturate, saturate32

f32 = np.float32

CRITICAL = 17.0
TUNING = math.sqrt(0.5)


@inline
def ladder_gains(tangent, k, h):
    """What depends only on tan(pi cutoff / rate), on k, and on the high-pass's h = tan(pi corner / rate).

    First g and the ten of the symmetric matrix that solves the four stages at once (products of leading and trailing minors
    of the tridiagonal system, its first row halved), then the feedback and what the closed loop leaves of a signal.
    """
    g = TUNING * tangent
    b, gg = 1 + 2 * g, g * g
    e2 = b * b - gg
    e3 = b * e2 - gg * b
    f1, f2 = 0.5 * b, 0.5 * b * b - gg
    f3 = b * f2 - gg * f1
    one = 1 / (b * f3 - gg * f2)
    c1, c2, c3, c4 = gg * g * one, gg * f1 * one, g * f2 * one, f3 * one
    loop = k / (1 + h)
    closed = 1 / (1 + loop * g * c1)
    return (
        g, e3 * one, g * e2 * one, gg * b * one, f1 * e2 * one, g * f1 * b * one, f2 * b * one,
        c1, c2, c3, c4, loop * closed, closed,
    )  # fmt: skip


@inline
def ladder_drive(x, gains, s1, s2, s3, s4, low):
    """What goes into the saturation: the answer without it; as u reaches the output only through g^4, u is off by under 1 %.

    `low` is the state of the high-pass in the feedback; s1 is half the first stage's.
    """
    _, _, _, _, _, _, _, c1, c2, c3, c4, loop, closed = gains
    return closed * x - loop * ((c1 * s1 + c2 * s2) + (c3 * s3 + c4 * s4) - low)


@inline
def ladder(drive, follow, gains, x, later, s1, s2, s3, s4, low):
    """(output, drive, s1, s2, s3, s4, low), where the returned drive is that of the next frame, which has `x` and `later`.

    It is prepared while the saturation is still under way, and needs but one product from it: the saturation is the one
    thing each frame waits for. `follow` is the high-pass's 2 h / (1 + h).
    """
    g, r11, r12, r13, r22, r23, r33, c1, c2, c3, c4, _, _ = gains
    _, _, _, _, _, _, _, d1, d2, d3, d4, loop, closed = later
    u = g * saturate(drive)
    w1 = ((r11 * s1 + r12 * s2) + (r13 * s3 + c1 * s4)) - s1
    w2 = 2 * ((r12 * s1 + r22 * s2) + (r23 * s3 + c2 * s4)) - s2
    w3 = 2 * ((r13 * s1 + r23 * s2) + (r33 * s3 + c3 * s4)) - s3
    still = (c1 * s1 + c2 * s2) + (c3 * s3 + c4 * s4)
    w4 = 2 * still - s4
    calm = low + follow * (still - low)
    reach = (d1 * r11 + 2 * d2 * r12) + (2 * d3 * r13 + 2 * d4 * c1)
    base = closed * x - loop * ((d1 * w1 + d2 * w2) + (d3 * w3 + d4 * w4) - calm)
    drive = base + (loop * (follow * c1 - reach)) * u
    return (
        still + c1 * u, drive, w1 + r11 * u, w2 + 2 * r12 * u, w3 + 2 * r13 * u, w4 + 2 * c1 * u, calm + follow * c1 * u,
    )  # fmt: skip


ONE, HALF, TWO = f32(1), f32(0.5), f32(2)


@inline
def diode_gains(g, k, h):
    """The same in float32, for lanes side by side, of g itself: the matrix, `loop`, `closed`, and what `ahead` needs of the saturation."""
    b, gg = ONE + g + g, g * g
    e2 = b * b - gg
    e3 = b * e2 - gg * b
    f1 = HALF * b
    f2 = f1 * b - gg
    f3 = b * f2 - gg * f1
    one = ONE / (b * f3 - gg * f2)
    r11, r12, r13, r22, r23, r33 = e3 * one, g * e2 * one, gg * b * one, f1 * e2 * one, g * f1 * b * one, f2 * b * one
    c1, c2, c3, c4 = gg * g * one, gg * f1 * one, g * f2 * one, f3 * one
    loop = k / (ONE + h)
    closed = ONE / (ONE + loop * g * c1)
    follow = TWO * h / (ONE + h)
    reach = c1 * r11 + TWO * (c2 * r12 + c3 * r13 + c4 * c1) - follow * c1
    return r11, r12, r13, r22, r23, r33, c1, c2, c3, c4, loop * closed, closed, follow, reach * g


@inline
def diode_back(c1, c2, c3, c4, s1, s2, s3, s4, low):
    """What comes back round the loop if nothing goes in."""
    return (c1 * s1 + c2 * s2) + (c3 * s3 + c4 * s4) - low


@inline
def diode(x, back, g, gains, s1, s2, s3, s4, low):
    """(output, back, s1, s2, s3, s4, low) a frame later. `back` is what `diode_back` says of these states.

    The next one is begun while the saturation is still under way, and needs but one product from it.
    """
    r11, r12, r13, r22, r23, r33, c1, c2, c3, c4, loop, closed, follow, reach = gains
    still = back + low
    w1 = (r11 * s1 + r12 * s2) + (r13 * s3 + c1 * s4) - s1
    w2 = TWO * ((r12 * s1 + r22 * s2) + (r23 * s3 + c2 * s4)) - s2
    w3 = TWO * ((r13 * s1 + r23 * s2) + (r33 * s3 + c3 * s4)) - s3
    w4 = TWO * still - s4
    calm = low + follow * back
    far = (c1 * w1 + c2 * w2) + (c3 * w3 + c4 * w4) - calm
    drive = saturate32(closed * x - loop * back)
    u = g * drive
    double = u + u
    return (
        still + c1 * u, far + reach * drive,
        w1 + r11 * u, w2 + r12 * double, w3 + r13 * double, w4 + c1 * double, calm + follow * c1 * u,
    )  # fmt: skip
