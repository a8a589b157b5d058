"""The clap: constants of its models, and what a hit makes of them.

Source: Roland's service notes of the 808 and 909: noise through a band-pass of 1 kHz (808) or 1.14 kHz with a Q of 1.95 (909); three
bursts, each a saw, 10 or 11 ms apart, then a last one that falls for some 20 ms, and beside them a tail of noise for the room.
dnb and techno: house figures, wider and tighter.
"""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.drum.hiss import SIXTY_DB, around, bursts, rattle
from chronus.dsp.drum.skin import ring, tick, tune
from chronus.dsp.drum.voice import shape
from chronus.dsp.kernel import inline
from chronus.dsp.shape import exp2

MODELS = ("808", "909", "dnb", "techno")

# pitch: the band's middle against freq. damping: 1 / Q. air: unfiltered noise, for the fingers. spacing: of the bursts against `spread`.
# fall: ms until a burst is 60 dB down. room: the tail's level. push: added to the drive. level.
FIGURES = np.array([
    # pitch damping air   spacing fall  room  push  level
    [1.00,  0.60,   0.10, 1.00,   34.,  0.35, 0.10, 0.85],
    [1.14,  0.51,   0.14, 1.10,   34.,  0.35, 0.05, 0.88],
    [1.35,  0.90,   0.25, 0.80,   26.,  0.25, 0.20, 0.72],
    [1.20,  0.60,   0.18, 1.20,   45.,  0.45, 0.25, 0.78],
])  # fmt: skip
LEVEL = 0.6
BURSTS = 4
"""Three, and the one that falls to its end."""


@inline
def clap(state, at, lane, freq, decay, tone, spread, drive, model, velocity, accent, rate):
    m = FIGURES[int(model)]
    hot = 1.0 if accent > 0.5 else 0.0
    tune(state, at, lane, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, rate)
    ring(state, at, lane, 0.0, 1.0, 1.0, rate)
    tick(state, at, lane, 0.0, 0.0, 1.0, 1000.0, rate)
    bright = exp2(2 * (tone - 0.5) + 0.5 * (velocity - 0.8))
    around(state, at, lane, m[0] * freq, m[1], m[2] * bright, 9000.0 * bright, rate)
    spacing = m[3] * spread
    bursts(state, at, lane, 2.0, BURSTS, spacing, m[4], rate)
    # the room begins below the hands, and so has less than 60 dB to fall
    wait, way = 3 * spacing, 1 + math.log2(m[5]) / SIXTY_DB
    rattle(state, at, lane, 2.0 * m[5], wait, max(10.0, decay - wait) / way, rate)
    shape(state, at, lane, m[7] * LEVEL * velocity * (1 + 0.2 * hot), drive + m[6])
