"""The diode ladder of the TB-303: four poles that load one another, and a resonance around them without delay.

The equations are those of T. Stinchcombe, "Diode Ladder Filters" (2009), the first capacitor half as large as the
others; solved as in V. Zavalishin, "The Art of VA Filter Design" (2012..), by trapezoidal integration with zero-delay
feedback:

    v1' = 2w (u - v1 + v2)   v2' = w (v1 - 2 v2 + v3)   v3' = w (v2 - 2 v3 + v4)   v4' = w (v3 - 2 v4)
    u = saturate(x - k highpass(v4))

Without the high-pass it oscillates from k = 17 on, at sqrt(2) w / 2 pi; with it only where the corner of that high-pass
is far below the cutoff, which is the 303's habit.

All that depends on the cutoff alone is worked out before: the step of the four states is a symmetric matrix, if that of the first stage is
kept 2^-1/2 as large as the trapezoidal rule has it. Twice the output is the last state before and after, and signals that come out of
these functions are twice what they say.
"""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.kernel import inline

f32 = np.float32

CRITICAL = 17.0
TUNING = f32(math.sqrt(0.5))
ROOT, ONE, HALF = f32(math.sqrt(2)), f32(1), f32(0.5)
THREE, NINTH, EIGHT_THIRDS = f32(3), f32(1 / 9), f32(8 / 3)


@inline
def diode_matrix(g):
    """The step of the states: ten of a symmetric matrix row by row, its last one plus 1, and the four by which the input comes in. float32.

    Products of leading and trailing minors of the tridiagonal system, its first row halved.
    """
    b, gg = ONE + g + g, g * g
    e2 = b * b - gg
    e3 = b * e2 - gg * b
    f1 = HALF * b
    f2 = f1 * b - gg
    f3 = b * f2 - gg * f1
    one = ONE / (b * f3 - gg * f2)
    two, root, into = one + one, ROOT * one, ROOT * g
    m12, m13, m14, first, last = root * g * e2, root * gg * b, root * gg * g, e3 * one, two * f3
    return (
        first - ONE, m12, m13, m14, two * f1 * e2 - ONE, two * g * f1 * b, two * gg * f1, two * f2 * b - ONE, two * g * f2, last - ONE,
        last, into * first, into * m12, into * m13, into * m14,
    )  # fmt: skip


@inline
def diode_loop(b4, k, h):
    """(loop, closed): the saturation gets closed x - loop back. `h` is tan(pi corner / rate) of the high-pass in the feedback."""
    loop = HALF * k / (ONE + h)
    closed = ONE / (ONE + loop * b4)
    return loop * closed, closed


@inline
def diode_back(m14, m24, m34, e4, s1, s2, s3, s4, low):
    """Twice what comes back round the loop if nothing goes in; `low` is twice the state of the high-pass."""
    return (m14 * s1 + m24 * s2) + (m34 * s3 + (e4 * s4 - low))


@inline
def diode_reach(follow, b1, b2, b3, b4, m14, m24, m34, e4):
    """How much of what the saturation lets through is in what comes back a frame later, whose last row this is."""
    return (m14 * b1 + m24 * b2) + (m34 * b3 + (e4 - follow) * b4)


@inline
def bent(x):
    """`saturate` as a sum, whose quotient can be begun sooner. float32."""
    x = min(THREE, max(-THREE, x))
    return NINTH * x + EIGHT_THIRDS * x / (THREE + x * x)


@inline
def diode(u, follow, matrix, n14, n24, n34, n4, s1, s2, s3, s4, low):
    """(output, far, s1, s2, s3, s4, low) a frame later; `u` is what the saturation lets through, closed x - loop back before it.

    What comes back in that frame, whose last row is n14 to n4, is far + reach u. All but that last product is known while the saturation is
    still under way, which is what each frame waits for. `follow` is the high-pass's 2 h / (1 + h).
    """
    m11, m12, m13, m14, m22, m23, m24, m33, m34, m44, _, b1, b2, b3, b4 = matrix
    w1 = (m11 * s1 + m12 * s2) + (m13 * s3 + m14 * s4)
    w2 = (m12 * s1 + m22 * s2) + (m23 * s3 + m24 * s4)
    w3 = (m13 * s1 + m23 * s2) + (m33 * s3 + m34 * s4)
    w4 = (m14 * s1 + m24 * s2) + (m34 * s3 + m44 * s4)
    rest = (ONE - follow) * low + follow * s4
    far = (n14 * w1 + n24 * w2) + (n34 * w3 + ((n4 - follow) * w4 - rest))
    calm = rest + follow * w4
    after = w4 + b4 * u
    return (
        s4 + after, far, w1 + b1 * u, w2 + b2 * u, w3 + b3 * u, after,
        calm + follow * b4 * u,
    )  # fmt: skip
