"""The kick: constants of its models, and what a hit makes of them.

A resonator struck by a pulse is a sine that decays, so that is what all models are; they differ in their constants.
Sources: 808 and 909 after Mutable Instruments' analysis (plaits, DaisySP) of Roland's service notes: a pitch doubled by
the accent for half a cycle and an FM pulse of 6 ms (808); own pitch envelope, diode-shaped triangle, click of a pulse
and of noise below 5 kHz for 5 ms (909). dnb and techno: house figures.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.drum.skin import ring, tick, tune
from chronus.dsp.drum.voice import clip, shape
from chronus.dsp.kernel import inline
from chronus.dsp.shape import exp2

MODELS = ("808", "909", "dnb", "techno")

# sweep: the pitch starts at freq * (1 + sweep) and settles with the time constant `bend` ms; `accented` is added by an
# accent. sag: the pitch of the ringing body above that of its end. curve: of the decay, see `fall`. third: third harmonic.
# pulse, noise: the click's parts, of `snap` ms, below `bright` Hz. push: added to the drive. hard: 1 clips.
FIGURES = np.array([
    # sweep accented bend  sag   curve third  pulse noise snap bright push  hard
    [0.25,  0.90,    6.0,  0.04, 0.50,  0.00, 0.9,  0.0,  1.0,  900., 0.00, 0],
    [2.96,  0.60,   15.0,  0.00, 0.35, -0.05, 0.6,  1.2,  5.0, 5000., 0.00, 0],
    [3.73,  0.60,    8.3,  0.00, 0.60,  0.00, 1.0,  1.2,  4.0, 6000., 0.00, 1],
    [4.20,  0.80,   11.0,  0.00, 0.25, -0.08, 0.9,  1.2,  3.0, 4500., 0.25, 0],
])  # fmt: skip
LEVEL = 0.5


@inline
def kick(state, at, lane, decay, tone, drive, click, sweep, model, velocity, accent, rate):
    m = FIGURES[int(model)]
    hot = 1.0 if accent > 0.5 else 0.0
    depth = 2 * sweep * (m[0] + hot * m[1])
    tune(state, at, lane, depth, m[2], m[3], 0.25 * decay, m[5], 1.0, 0.0, 1.0, 0.0, rate)
    ring(state, at, lane, 1.0, decay, m[4], rate)
    snap = click * (0.5 + 0.5 * velocity)
    tick(state, at, lane, snap * m[6], snap * m[7], m[8], m[9] * exp2(4.3 * (tone - 0.5)), rate)
    level = LEVEL * velocity * (1 + 0.2 * hot)
    if m[11] > 0:
        clip(state, at, lane, level, drive, rate)
    else:
        shape(state, at, lane, level, drive + m[10])
