"""The hi-hat: constants of its models, and what a hit makes of them.

Sources: 808: six square oscillators (205, 304, 370, 523, 540 and 800 Hz), band-passes at 3.4 and 7.1 kHz, a high-pass of
6 to 8 kHz; the choke is that of the circuit, one envelope that every hit takes over. The 909 plays recordings of a cymbal; here
noise stands for most of it (SuperDirt's way). dnb and techno, house figures: crisp and thin; hard and driven.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.drum.metal import bands, clang, die
from chronus.dsp.kernel import inline
from chronus.dsp.shape import exp2

MODELS = ("808", "909", "dnb", "techno")
RATIOS = np.array([1.0, 304 / 205, 370 / 205, 523 / 205, 540 / 205, 800 / 205])

# low, high: the band-passes, Hz. metal, products, hiss: levels of squares, of their products and of noise. floor: the high-pass, Hz.
# stick: the part of the level that falls in 4 ms. push: into the saturation. level.
FIGURES = np.array([
    # low    high   metal prods hiss  floor  stick push level
    [3440.,  7100., 0.95, 0.0,  0.00, 7000., 0.0,  1.1, 0.64],
    [5200.,  9800., 0.30, 0.0,  0.85, 7000., 0.0,  1.1, 0.64],
    [6000., 11000., 0.20, 0.4,  1.00, 8500., 0.35, 1.4, 0.57],
    [4200.,  8600., 0.40, 0.6,  0.70, 5600., 0.2,  2.2, 0.55],
])  # fmt: skip


@inline
def hat(state, at, lane, freq, decay, opened, tone, model, velocity, accent, rate):
    m = FIGURES[int(model)]
    clang(state, at, lane, freq, RATIOS, 3, m[2], m[3], m[4], rate)
    body = 0.9 - 0.4 * velocity
    floor = m[5] * exp2(2 * (tone - 0.5))
    bands(state, at, lane, m[0], body, m[1], 1.0, 1e9, floor, rate)
    level = m[8] * velocity * (1.2 if accent > 0.5 else 1.0)
    die(state, at, lane, decay * exp2(3 * opened), m[6], 4.0, m[7], level, rate)
