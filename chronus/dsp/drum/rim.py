"""The rim: constants of its models, and what a hit makes of them.

Two short resonators, struck and clipped: 455 and 1667 Hz in the 808 (service notes), a set about 500 Hz in the 909, of which the lowest
and the highest are taken here; the third, between them, is in the click.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.drum.hiss import above, bursts, rattle
from chronus.dsp.drum.skin import ring, tick, tune
from chronus.dsp.drum.voice import shape
from chronus.dsp.kernel import inline
from chronus.dsp.shape import exp2

MODELS = ("808", "909")

# pitch: of the lower resonator against freq. ratio, second: pitch and level of the other. longer: its decay against the first's.
# wood: level of the click. bright: Hz it stays below. push: added to the drive.
FIGURES = np.array([
    # pitch ratio  second wood bright push
    [0.91,  3.664, 0.90,  0.5, 6000., 0.10],
    [1.00,  2.130, 0.80,  1.0, 8000., 0.25],
])  # fmt: skip
LEVEL = 0.5


@inline
def rim(state, at, lane, decay, tone, drive, model, velocity, accent, rate):
    m = FIGURES[int(model)]
    hot = 1.0 if accent > 0.5 else 0.0
    bright = exp2(3 * (tone - 0.5) + (velocity - 0.8))
    # `freq` is the module's, and the lower resonator lies a little beside it in one of the models
    tune(state, at, lane, m[0] - 1, 1e9, 0.0, 1.0, 0.0, m[1], m[2] * bright, 0.5 * decay, 0.0, rate)
    ring(state, at, lane, 0.8, decay, 1.0, rate)
    tick(state, at, lane, 0.6 * m[3], 0.5 * m[3], 0.7, m[4] * bright, rate)
    above(state, at, lane, 2000.0 * bright, 1.0, 9000.0 * bright, rate)
    rattle(state, at, lane, 0.0, 0.0, 1.0, rate)
    bursts(state, at, lane, 0.5 * m[3], 1, 1000.0, 6.0, rate)
    shape(state, at, lane, LEVEL * velocity * (1 + 0.2 * hot), drive + m[5])
