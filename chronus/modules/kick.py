"""A kick drum: a sine that falls in pitch under a short click, from the round 808 to hard techno.

A resonator struck by a pulse is a sine that decays, so that is what all models are; they differ in their constants.
Sources: 808 and 909 after Mutable Instruments' analysis (plaits, DaisySP) of Roland's service notes: a pitch doubled by
the accent for half a cycle and an FM pulse of 6 ms (808); own pitch envelope, diode-shaped triangle, click of a pulse
and of noise below 5 kHz for 5 ms (909). dnb and techno: house figures.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.resonator import two_pole_gains, two_pole_step, warp
from chronus.dsp.shape import exp2, fall, saturate, turn
from chronus.dsp.strike import SEAM_SECONDS, SILENT, seam, sounding, white
from chronus.dsp.voice import HALF, begins, row_at, until_next

f32 = np.float32

SPEC = Spec(
    kind="kick",
    help="kick drum: 808, 909, dnb, techno",
    tries=(
        "load kick; seq kick: X...X...X...X...",
        "set kick.model dnb; seq kick: X.........X.....",
        "set kick.drive 0.7, kick.decay 250ms",
    ),
    category="drum",
    state=18,
    params=(
        Param("freq", 20, 200, 50, "Hz", "exp", "where the pitch settles", pitch=True),
        Param("decay", 10, 4000, 400, "ms", "exp", "until the body is 60 dB down, before the drive"),
        Param("tone", 0, 1, 0.5, help="brightness of the click"),
        Param("drive", 0, 1, 0.3, help="saturation; dnb clips hard instead"),
        Param("click", 0, 1, 0.4, help="level of the click"),
        Param("sweep", 0, 1, 0.5, help="how far the pitch falls; 0.5 is as the model has it"),
        switch("model", ("808", "909", "dnb", "techno"), "909", "taken at the next hit"),
    ),
    ins=(
        In("gate", "gate", "strikes when it rises"),
        In("velocity", "velocity", "level, and a little brightness"),
        In("accent", "accent", "louder, from a higher pitch"),
    ),
)

# sweep: the pitch starts at freq * (1 + sweep) and settles with the time constant `bend` ms; `accented` is added by an
# accent. sag: the pitch of the ringing body above that of its end. curve: of the decay, see `fall`. third: third harmonic.
# pulse, noise: the click's parts, of `snap` ms, below `bright` Hz. push: added to the drive. hard: 1 clips.
MODELS = np.array([
    # sweep accented bend  sag   curve third  pulse noise snap bright push  hard
    [0.25,  0.90,    6.0,  0.04, 0.50,  0.00, 0.9,  0.0,  1.0,  900., 0.00, 0],
    [2.96,  0.60,   15.0,  0.00, 0.35, -0.05, 0.3,  0.5,  5.0, 5000., 0.00, 0],
    [3.73,  0.60,    8.3,  0.00, 0.60,  0.00, 0.6,  0.5,  4.0, 6000., 0.00, 1],
    [4.20,  0.80,   11.0,  0.00, 0.25, -0.08, 0.5,  0.4,  3.0, 4000., 0.25, 0],
])  # fmt: skip
LEVEL = 0.73

FREQ, DECAY, TONE, DRIVE, CLICK, SWEEP, MODEL = range(7)
OCTAVES_OF_40 = math.log2(40)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    gate, velocity, accent = ins
    freq, decay, tone, drive, click, sweep, model = params
    (out,) = outs
    body, ticks, turns = local(np.float64, 64), local(np.float64, 64), local(np.float64, 64)
    x, clicks = local(np.float64, 64), local(np.float64, 64)
    dip_p, dip_q, dip_r = two_pole_gains(warp(316.0, rate), 0.9)
    ebb = 1 / (SEAM_SECONDS * rate)
    for l in range(LANES):
        held, number, live, which, phase, u = (
            state[0, l],
            state[1, l],
            state[2, l],
            state[3, l],
            state[4, l],
            state[5, l],
        )
        bend, tick, level, hot, loud = state[6, l], state[7, l], state[8, l], state[9, l], state[10, l]
        s1, s2, b1, b2 = state[11, l], state[12, l], state[13, l], state[14, l]
        y, left, edge = state[15, l], state[16, l], state[17, l]
        stale = True
        start = 0
        while start < frames:
            # a stretch: to the next hit, or a single frame while a parameter moves
            if begins(gate[start, l], held):
                left, edge = (1.0, y) if live > 0 else (0.0, 0.0)
                live, phase, u, bend, tick = 1.0, 0.0, 0.0, 1.0, 1.0
                s1, s2, b1, b2 = 0.0, 0.0, 0.0, 0.0
                which, hot = float(model[row_at(moving >> MODEL, start), l]), 1.0 if accent[start, l] > HALF else 0.0
                loud, stale = velocity[start, l], True
                level = LEVEL * loud * (1 + 0.2 * hot)
            end = start + 1 if moving and live > 0 else until_next(gate, l, start, frames)
            if live == 0:
                for i in range(start, end):
                    out[i, l] = 0
                held = gate[end - 1, l]
                start = end
                continue
            if stale or moving >> TONE & 1:
                m = MODELS[int(which)]
                settle, fade = math.exp(-1000 / (m[2] * rate)), math.exp(-1000 / (m[8] * rate))
                g = warp(m[9] * exp2(4.3 * (tone[row_at(moving >> TONE, start), l] - 0.5)), rate)
                p, q, r = two_pole_gains(g, 1.4)
            if stale or moving >> 1:
                m = MODELS[int(which)]
                du = 1000 / (decay[row_at(moving >> DECAY, start), l] * rate)
                depth = 2 * sweep[row_at(moving >> SWEEP, start), l] * (m[0] + hot * m[1])
                sag, curve, third, beat, hiss, hard = m[3], m[4], m[5], m[6], m[7], m[11] > 0
                push = drive[row_at(moving >> DRIVE, start), l]
                clip, gain = 1 + 3 * push, 0.25 * exp2(OCTAVES_OF_40 * (push + m[10]))
                makeup = 1 / saturate(gain)
                snap = click[row_at(moving >> CLICK, start), l] * (0.5 + 0.5 * loud)
                stale = False
            pitch = freq[row_at(moving >> FREQ, start), l] / rate

            n = end - start
            for j in range(n):
                turns[j], ticks[j] = pitch * (1 + depth * bend), tick
                bend *= settle
                tick *= fade
            for j in range(n):
                body[j] = fall(u + j * du, curve)
            n = sounding(body, ticks, n)
            for j in range(n):
                turns[j] += pitch * sag * body[j]
            for j in range(n):
                turns[j], phase = phase, phase + turns[j]
            for j in range(n):
                s = turn(turns[j] - math.floor(turns[j]))
                x[j] = body[j] * s * (1 + third * (3 - 4 * s * s)) / (1 - third)
            if ticks[0] > SILENT:
                ticking = 1
                while ticking < n and ticks[ticking] > SILENT:
                    ticking += 1
                for j in range(ticking):
                    clicks[j] = ticks[j] * (beat + hiss * white(seed, np.int64(number) + j))
                for j in range(ticking):
                    before = s2
                    s1, s2 = two_pole_step(clicks[j], p, q, r, s1, s2)
                    x[j] += snap * 0.5 * (before + s2)
            if hard:
                # 4 dB less between 250 and 400 Hz, where the sweep would sound like cardboard
                for j in range(n):
                    before = b1
                    b1, b2 = two_pole_step(x[j], dip_p, dip_q, dip_r, b1, b2)
                    x[j] -= 0.37 * 0.9 * 0.5 * (before + b1)
                for j in range(n):
                    x[j] = min(1.0, max(-1.0, clip * x[j]))
            else:
                for j in range(n):
                    x[j] = makeup * saturate(gain * x[j])
            for j in range(n):
                x[j] = level * x[j] + seam(max(0.0, left - (j + 1) * ebb), edge)
            for j in range(n):
                out[start + j, l] = f32(x[j])
            y = x[n - 1]
            left = max(0.0, left - n * ebb)
            phase -= math.floor(phase)
            u += n * du
            number += n
            if max(body[n - 1], ticks[n - 1]) < SILENT:
                live, y = 0.0, 0.0
            held = gate[start + n - 1, l]
            start += n
        state[0, l], state[1, l], state[2, l], state[3, l], state[4, l], state[5, l] = (
            held,
            number,
            live,
            which,
            phase,
            u,
        )
        state[6, l], state[7, l], state[8, l], state[9, l], state[10, l] = bend, tick, level, hot, loud
        state[11, l], state[12, l], state[13, l], state[14, l] = s1, s2, b1, b2
        state[15, l], state[16, l], state[17, l] = y, left, edge
