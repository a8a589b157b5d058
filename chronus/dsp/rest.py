"""Says when a filter is at rest: nothing comes in, and nothing is left of what did."""

from __future__ import annotations

import numpy as np

from chronus.dsp.kernel import inline

f32 = np.float32

FAINT = f32(1e-18)
"""-360 dB: what rings on below is taken for silence, lest a filter without a source count down through denormal numbers."""


@inline
def faint(x):  # type: ignore[no-untyped-def]
    return x if abs(x) > FAINT else f32(0)


@inline
def nothing_left(source, state, rows):  # type: ignore[no-untyped-def]
    """Whether frame 0 of an input is silent in all lanes, and so are the first rows of the state."""
    left = 0
    for l in range(source.shape[1]):
        left += source[0, l] != 0
    for m in range(rows):
        for l in range(source.shape[1]):
            left += state[m, l] != 0
    return left == 0
