"""Percussion: constants of its models, and what a hit makes of them. House figures.

conga: a hand's skin, its second mode at 1.59 times the first, as of an ideal membrane (Rayleigh). wood: two modes a ratio of 2.71 apart.
metal: a sine that moves the phase of another, at a ratio of 1.414 that no harmonic meets (J. Chowning, 1973). zap: a fall of four octaves.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.drum.hiss import above, bursts, rattle
from chronus.dsp.drum.skin import ring, tick, tune
from chronus.dsp.drum.voice import shape
from chronus.dsp.kernel import inline
from chronus.dsp.shape import exp2

MODELS = ("conga", "wood", "metal", "zap")

# sweep, bend: as of a tom. curve: of the decay. ratio, second: the second mode. within: how far it moves the first's phase, in turns.
# shorter: its decay against the first's. fizz: of the click. air: a burst of noise.
# long: decay against the default. push: added to the drive.
FIGURES = np.array([
    # sweep bend ratio  second within shorter curve fizz air  long  push
    [0.25,  12., 1.593, 0.35,  0.00,  0.12,   0.80, 0.7, 0.2, 1.00, 0.00],
    [0.05,   4., 2.710, 0.60,  0.00,  0.20,   0.70, 0.6, 0.2, 0.60, 0.25],
    [0.00,   5., 1.414, 0.00,  0.35,  0.15,   1.00, 0.3, 0.1, 1.60, 0.00],
    [15.0,  14., 2.000, 0.00,  0.05,  0.10,   0.50, 0.2, 0.0, 0.80, 0.20],
])  # fmt: skip
LEVEL = 0.5


@inline
def perc(state, at, lane, decay, tone, drive, sweep, model, velocity, accent, rate):
    m = FIGURES[int(model)]
    hot = 1.0 if accent > 0.5 else 0.0
    bright = exp2(3 * (tone - 0.5) + (velocity - 0.8))
    long = m[9] * decay
    tune(
        state, at, lane, 2 * sweep * m[0] * (1 + 0.3 * hot), m[1], 0.0, 1.0, 0.0, m[2], m[3] * bright, m[5] * long, m[4] * bright, rate
    )  # fmt: skip
    ring(state, at, lane, 1 / (1 + 0.7 * m[3]), long, m[6], rate)
    tick(state, at, lane, 0.2 * m[7], 0.5 * m[7], 1.5, 4000.0 * bright, rate)
    above(state, at, lane, 3000.0 * bright, 1.2, 9000.0 * bright, rate)
    rattle(state, at, lane, 0.0, 0.0, 1.0, rate)
    bursts(state, at, lane, m[8], 1, 1000.0, 15.0, rate)
    shape(state, at, lane, LEVEL * velocity * (1 + 0.2 * hot), drive + m[10])
