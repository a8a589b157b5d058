"""The rounding of a jump over one frame to either side: enough where the oscillator runs oversampled, or hisses anyway.

Source: V. Välimäki and A. Huovilainen, "Antialiasing Oscillators in Subtractive Synthesis", IEEE Signal Processing
Magazine, 2007 (the 2-point polynomial BLEP). At the plain rate blep.py is far better.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.kernel import inline

NONE, ONE = np.float32(0), np.float32(1)


@inline
def rounding(phase, edges):
    """To be subtracted from a naive wave that falls by 2 where `phase` wraps round; `edges` frames in a turn. Without a branch."""
    after, before = max(0.0, 1 - phase * edges), max(0.0, 1 - (1 - phase) * edges)
    return before * before - after * after


@inline
def saw(phase, edges):
    """Rises from -1 to 1; zero in the middle."""
    return 2 * phase - 1 - rounding(phase, edges)


@inline
def rounding32(phase, edges):
    """`rounding` in float32."""
    after, before = max(NONE, ONE - phase * edges), max(NONE, ONE - (ONE - phase) * edges)
    return before * before - after * after


@inline
def saw32(phase, edges):
    """`saw` in float32."""
    return phase + phase - ONE - rounding32(phase, edges)
