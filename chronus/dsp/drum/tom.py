"""The tom: constants of its models, and what a hit makes of them.

Sources: service notes. 808: one resonator whose pitch falls a little as it rings, and low noise beside it, which stands for the room.
909: three oscillators that fall further, of which two are taken here, and the click of the stick.
techno, a house figure: low, driven, short.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.drum.hiss import around, bursts, rattle
from chronus.dsp.drum.skin import ring, tick, tune
from chronus.dsp.drum.voice import shape
from chronus.dsp.kernel import inline
from chronus.dsp.shape import exp2

MODELS = ("808", "909", "techno")

# sweep: the pitch starts at freq * (1 + sweep), and settles with the time constant `bend` ms; `accented` is added by an accent.
# curve: of the decay. ratio, second: the second oscillator. fizz: of the click. breath: low noise. push: added to the drive.
FIGURES = np.array([
    # sweep accented bend  curve ratio second fizz breath push
    [0.30,  0.30,    60.,  0.70, 1.50, 0.00,  0.2, 0.30,  0.00],
    [0.70,  0.40,    35.,  0.55, 1.50, 0.25,  0.6, 0.15,  0.10],
    [1.60,  0.50,    18.,  0.40, 1.47, 0.15,  0.8, 0.10,  0.25],
])  # fmt: skip
LEVEL = 0.5


@inline
def tom(state, at, lane, decay, tone, drive, sweep, model, velocity, accent, rate):
    m = FIGURES[int(model)]
    hot = 1.0 if accent > 0.5 else 0.0
    bright = exp2(3 * (tone - 0.5) + (velocity - 0.8))
    tune(state, at, lane, 2 * sweep * (m[0] + hot * m[1]), m[2], 0.0, 1.0, 0.0, m[4], m[5], 0.1 * decay, 0.0, rate)
    ring(state, at, lane, 1.0, decay, m[3], rate)
    tick(state, at, lane, 0.2 * m[6], 0.5 * m[6], 2.5, 3500.0 * bright, rate)
    around(state, at, lane, 500.0 * bright, 1.2, 0.0, 2000.0 * bright, rate)
    rattle(state, at, lane, m[7], 0.0, 0.6 * decay, rate)
    bursts(state, at, lane, 0.0, 1, 1000.0, 10.0, rate)
    shape(state, at, lane, LEVEL * velocity * (1 + 0.2 * hot), drive + m[8])
