"""A hi-hat: six clashing square waves behind steep filters, or mostly hiss; a closed one chokes the open one.

Sources: 808: six square oscillators (205, 304, 370, 523, 540 and 800 Hz), band-passes at 3.4 and 7.1 kHz, a high-pass of
6 to 8 kHz; the choke is that of the circuit, one envelope that every hit takes over. The 909 plays recordings of a cymbal; here
noise stands for most of it (SuperDirt's way). The squares' edges are rounded by a 2-point polyBLEP (Välimäki 2007).
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.edge import square
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.resonator import two_pole, warp
from chronus.dsp.shape import SIXTY_DB, saturate
from chronus.dsp.strike import SEAM_SECONDS, SILENT, seam, white
from chronus.dsp.voice import HALF, begins, row

f32 = np.float32

SPEC = Spec(
    kind="hat",
    help="hi-hat: 808, 909; open or closed",
    tries=(
        "load hat; seq hat: x.x.x.x.x.x.x.x. vel=0.7",
        "seq hat: ..X...X...X...X.",
        "set hat.model 909, hat.decay 200ms",
    ),
    category="drum",
    state=22,
    params=(
        Param("freq", 50, 1000, 205, "Hz", "exp", "pitch of the lowest of the six squares", pitch=True),
        Param("decay", 10, 4000, 60, "ms", "exp", "until a closed hit is 60 dB down"),
        Param("open", 0, 1, 0, help="0 closed, 1 open: rings up to eight times as long"),
        Param("tone", 0, 1, 0.5, help="what is cut off below: 3.5 to 14 kHz"),
        switch("model", ("808", "909"), "909", "taken at the next hit"),
    ),
    ins=(
        In("gate", "gate", "strikes when it rises"),
        In("velocity", "velocity", "level, and a little brightness"),
        In("accent", "accent", "louder"),
    ),
)

SQUARES = 6
RATIOS = np.array([1.0, 304 / 205, 370 / 205, 523 / 205, 540 / 205, 800 / 205])
STARTS = np.array([0.0, 0.17, 0.31, 0.53, 0.71, 0.87])
"""Phases at the first hit: six edges at one frame would be a click."""

# low, high: the band-passes, Hz. metal, hiss: levels of squares and noise. floor: the high-pass, Hz.
MODELS = np.array([
    # low    high   metal hiss  floor
    [3440., 7100.,  0.95, 0.00, 7000.],
    [5200., 9800.,  0.30, 0.85, 7000.],
])  # fmt: skip
LEVEL = 0.85

FREQ, DECAY, OPEN, TONE, MODEL = range(5)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    gate, velocity, accent = ins
    freq, decay, opened, tone, model = params
    (out,) = outs
    phase, pace, edges = local(np.float64, SQUARES), local(np.float64, SQUARES), local(np.float64, SQUARES)
    for l in range(LANES):
        for k in range(SQUARES):
            phase[k] = state[k, l] + STARTS[k]
            phase[k] -= math.floor(phase[k])
        held, number, live, which, u, level = (
            state[6, l],
            state[7, l],
            state[8, l],
            state[9, l],
            state[10, l],
            state[11, l],
        )
        s1, s2, s3, s4, s5, s6 = state[12, l], state[13, l], state[14, l], state[15, l], state[16, l], state[17, l]
        loud, gain, left, lag = state[18, l], state[19, l], state[20, l], state[21, l]
        stale = True
        for i in range(frames):
            if begins(gate[i, l], held):
                loud = velocity[i, l]
                level = LEVEL * loud * (1 + 0.2 * (accent[i, l] > HALF))
                # the sound itself goes on; only its level has a seam, from what was left of the hit before
                left, lag = (1.0, gain - level) if live > 0 else (0.0, 0.0)
                live, u, which, stale = 1.0, 0.0, float(model[row(moving, MODEL, i), l]), True
            held = gate[i, l]
            if live == 0:
                out[i, l] = 0
                continue
            if stale or moving:
                m = MODELS[int(which)]
                for k in range(SQUARES):
                    pace[k] = freq[row(moving, FREQ, i), l] * RATIOS[k] / rate
                    edges[k] = 0.5 / pace[k]
                du = 1000 / (decay[row(moving, DECAY, i), l] * 8 ** opened[row(moving, OPEN, i), l] * rate)
                g, h = warp(m[0], rate), warp(m[1], rate)
                floor = warp(m[4] * 4 ** (tone[row(moving, TONE, i), l] - 0.5), rate)
                body = 0.9 - 0.4 * loud
                stale = False

            metal = 0.0
            for k in range(SQUARES):
                metal += square(phase[k], edges[k])
                phase[k] += pace[k]
                phase[k] -= math.floor(phase[k])
            x = m[2] * metal + m[3] * white(seed, number)
            _, low, _, s1, s2 = two_pole(x, g, 0.5, s1, s2)
            _, high, _, s3, s4 = two_pole(x, h, 0.5, s3, s4)
            _, _, y, s5, s6 = two_pole(body * low + high, floor, 1.0, s5, s6)
            left = max(0.0, left - 1 / (SEAM_SECONDS * rate))
            ring = math.exp(-SIXTY_DB * u)
            gain = level * ring + seam(left, lag)
            out[i, l] = f32(gain * saturate(1.1 * y))

            u += du
            number += 1
            if ring < SILENT:
                live, gain = 0.0, 0.0
                s1, s2, s3, s4, s5, s6 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for k in range(SQUARES):
            state[k, l] = phase[k] - STARTS[k]
        state[6, l], state[7, l], state[8, l], state[9, l], state[10, l], state[11, l] = (
            held,
            number,
            live,
            which,
            u,
            level,
        )
        state[12, l], state[13, l], state[14, l], state[15, l], state[16, l], state[17, l] = s1, s2, s3, s4, s5, s6
        state[18, l], state[19, l], state[20, l], state[21, l] = loud, gain, left, lag
