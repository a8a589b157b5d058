"""The cowbell: two squares through one band, which die in two stages.

Source: service notes of the 808: squares of 540 and 800 Hz, a band-pass of 850 Hz; a fall of some 20 ms to where the longer one begins.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.drum.metal import bands, clang, die
from chronus.dsp.kernel import inline
from chronus.dsp.shape import exp2

RATIOS = np.array([1.0, 800 / 540, 1.0, 1.0, 1.0, 1.0])
LEVEL = 0.5


@inline
def cowbell(state, at, lane, freq, decay, tone, drive, velocity, accent, rate):
    clang(state, at, lane, freq, RATIOS, 1, 0.8, 0.0, 0.0, rate)
    bright = exp2(2 * (tone - 0.5) + 0.5 * (velocity - 0.8))
    bands(state, at, lane, freq * 850 / 540, 1.0, freq * 2600 / 540, 0.6 * bright, 1e9, 0.8 * freq, rate)
    level = LEVEL * velocity * (1.2 if accent > 0.5 else 1.0)
    die(state, at, lane, decay, 0.55, 20.0, 0.7 * exp2(4 * drive), level, rate)
