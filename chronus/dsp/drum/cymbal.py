"""The cymbals, the crash and the ride: constants of their models, and what a hit makes of them.

Sources: 808: the six squares of its hats in two bands, of which the high one dies first (service notes). The 909 plays recordings; what
is dense in those are here products of squares, whose partials are sums and differences, and noise. The lowest square is not that of
the hats: the lower it is, the more partials a band has, and the less any of them rings alone.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.drum.metal import bands, clang, die
from chronus.dsp.kernel import inline
from chronus.dsp.shape import exp2

MODELS = ("808", "909")
RATIOS = np.array([1.0, 1.3420, 1.7823, 2.2118, 2.6391, 3.8677])
"""No two of them, nor any sum or difference of two, are near a small whole ratio."""

# low, high: the band-passes, Hz. body: level of the low band. metal, products, hiss: levels of squares, of their products and of noise.
# floor: the high-pass, Hz. dull: ms in which the high band falls by 1/e beside the decay, against the decay. stick: the part of
# the level that falls in `flash` ms. level.
CRASH = np.array([
    # low    high   body metal prods hiss  floor  dull  stick flash level
    [3440.,  7100., 1.0, 0.60, 0.60, 0.20, 3000., 0.30, 0.15, 40.,  0.35],
    [4200.,  9000., 1.0, 0.10, 0.90, 0.90, 2600., 0.35, 0.25, 60.,  0.32],
])  # fmt: skip
RIDE = np.array([
    [3440.,  7100., 1.0, 0.30, 0.85, 0.10, 4000., 0.50, 0.45, 25.,  0.45],
    [5200.,  9600., 0.8, 0.25, 0.90, 0.30, 4500., 0.60, 0.55, 20.,  0.50],
])  # fmt: skip


@inline
def crash(state, at, lane, freq, decay, tone, model, velocity, accent, rate):
    m = CRASH[int(model)]
    clang(state, at, lane, freq, RATIOS, 3, m[3], m[4], m[5], rate)
    bright = exp2(2 * (tone - 0.5) + 0.5 * (velocity - 0.8))
    bands(state, at, lane, m[0], m[2], m[1], bright, m[7] * decay, m[6] * exp2(2 * (tone - 0.5)), rate)
    die(state, at, lane, decay, m[8], m[9], 1.2, m[10] * velocity * (1.2 if accent > 0.5 else 1.0), rate)


@inline
def ride(state, at, lane, freq, decay, tone, bell, model, velocity, accent, rate):
    """`bell`: 0 the bow, 1 the bell, where the squares themselves are heard more than their products."""
    m = RIDE[int(model)]
    clang(state, at, lane, freq, RATIOS, 3, m[3] + 0.7 * bell, m[4] * (1 - 0.6 * bell), m[5] * (1 - bell), rate)
    bright = exp2(2 * (tone - 0.5) + 0.5 * (velocity - 0.8))
    floor = m[6] * exp2(2 * (tone - 0.5) - bell)
    bands(state, at, lane, m[0], m[2] * (1 + bell), m[1], bright, m[7] * decay, floor, rate)
    die(state, at, lane, decay, m[8], m[9], 1.2, m[10] * velocity * (1.2 if accent > 0.5 else 1.0), rate)
