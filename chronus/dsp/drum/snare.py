"""The snare: constants of its models, and what a hit makes of them.

Sources: 808: two resonators a ratio of 335/180 apart and high-passed noise; 909: two oscillators a ratio of 1.47 apart
with a pitch drop of 7 ms, noise held before it falls, its band between 10 and 35 times the pitch (both after Mutable
Instruments' plaits and DaisySP). dnb and techno, house figures: body 0.56 as long as the noise, noise from 1.5 to 9 kHz, a clap of
12 ms; the 3 dB more at 200 Hz and 5 kHz are in the levels of body and noise.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.drum.hiss import above, bursts, rattle
from chronus.dsp.drum.skin import ring, tick, tune
from chronus.dsp.drum.voice import shape
from chronus.dsp.kernel import inline
from chronus.dsp.shape import exp2

MODELS = ("808", "909", "dnb", "techno")

# ratio: of the second skin's pitch to the first. second: its level. drop: the pitch starts at freq * (1 + drop), 7 ms.
# body: its decay against that of the noise. hold: the part of the decay in which the noise does not fall.
# above, below: the noise's band, Hz. skin, rattle: levels. clap: a burst of 12 ms more. stick: a click. push: added to the drive.
FIGURES = np.array([
    # ratio second drop  body  hold  above   below  skin  rattle clap stick push
    [1.861, 0.50,  0.10, 0.90, 0.00, 1800.,  9000., 0.62, 0.75,  0.0, 0.0, 0.00],
    [1.470, 0.45,  0.80, 0.60, 0.25, 2000.,  7000., 0.60, 0.80,  0.0, 0.2, 0.05],
    [1.470, 0.25,  0.60, 0.56, 0.08, 1500.,  9000., 0.66, 0.90,  1.0, 0.5, 0.30],
    [1.470, 0.35,  1.20, 0.40, 0.15, 2400.,  9000., 0.55, 0.80,  0.6, 0.3, 0.25],
])  # fmt: skip
LEVEL = 0.5
DAMPING = 1.4


@inline
def snare(state, at, lane, decay, tone, snappy, drive, model, velocity, accent, rate):
    m = FIGURES[int(model)]
    hot = 1.0 if accent > 0.5 else 0.0
    body, hold = m[3] * decay, m[4] * decay
    tune(state, at, lane, m[2], 7.0, 0.0, 1.0, 0.0, m[0], m[1], 0.2 * body, 0.0, rate)
    ring(state, at, lane, m[7] * (1.2 - 0.4 * snappy), body, 1.0, rate)
    tick(state, at, lane, 0.0, m[10] * velocity, 1.5, 6000.0, rate)
    bright = exp2(2 * (tone - 0.5) + 0.5 * (velocity - 0.8))
    above(state, at, lane, m[5] * bright, DAMPING, m[6] * bright, rate)
    noisy = m[8] * snappy * (1 + 0.15 * hot)
    rattle(state, at, lane, noisy, hold, decay - hold, rate)
    bursts(state, at, lane, noisy * m[9], 1, 1000.0, 12.0, rate)
    shape(state, at, lane, LEVEL * velocity * (1 + 0.2 * hot), drive + m[11])
