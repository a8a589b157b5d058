"""A snare drum: two tuned skins that ring briefly under rattling noise, 808, 909 or the tight crack of drum and bass.

Sources: 808: two resonators a ratio of 335/180 apart and high-passed noise; 909: two oscillators a ratio of 1.47 apart
with a pitch drop of 7 ms, noise held before it falls, its band between 10 and 35 times the pitch (both after Mutable
Instruments' plaits and DaisySP). dnb, house figures: body 0.56 as long as the noise, noise from 1.5 to 9 kHz, a clap of
12 ms; the 3 dB more at 200 Hz and 5 kHz are in the levels of body and noise.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.resonator import two_pole_gains, two_pole_step, warp
from chronus.dsp.shape import SIXTY_DB, exp2, fall, saturate, turn
from chronus.dsp.strike import SEAM_SECONDS, SILENT, seam, sounding, white
from chronus.dsp.voice import HALF, begins, row_at, until_next

f32 = np.float32

SPEC = Spec(
    kind="snare",
    help="snare drum: 808, 909, dnb",
    tries=(
        "load snare; seq snare: ....X.......X...",
        "set snare.model 909, snare.snappy 0.8",
        "seq snare: ....X..o.o..X..o",
    ),
    category="drum",
    state=18,
    params=(
        Param("freq", 60, 800, 190, "Hz", "exp", "pitch of the body", pitch=True),
        Param("decay", 10, 4000, 220, "ms", "exp", "until the noise is 60 dB down, before the drive; the body follows"),
        Param("tone", 0, 1, 0.5, help="brightness of the noise"),
        Param("snappy", 0, 1, 0.6, help="noise against body"),
        Param("drive", 0, 1, 0.3, help="saturation"),
        switch("model", ("808", "909", "dnb"), "909", "taken at the next hit"),
    ),
    ins=(
        In("gate", "gate", "strikes when it rises"),
        In("velocity", "velocity", "level, and a little brightness"),
        In("accent", "accent", "louder and snappier"),
    ),
)

# ratio: of the second skin's pitch to the first. second: its level. drop: the pitch starts at freq * (1 + drop), 7 ms.
# body: its decay against that of the noise. hold: the part of the decay in which the noise does not fall.
# above, below: the noise's band, Hz. skin, rattle: levels. clap: a burst of 12 ms more. push: added to the drive.
MODELS = np.array([
    # ratio second drop  body  hold  above   below  skin  rattle clap push
    [1.861, 0.50,  0.10, 0.90, 0.00, 1800.,  9000., 0.62, 0.75,  0.0, 0.00],
    [1.470, 0.45,  0.80, 0.60, 0.25, 2000.,  7000., 0.60, 0.80,  0.0, 0.05],
    [1.470, 0.25,  0.60, 0.56, 0.08, 1500.,  9000., 0.68, 0.80,  1.0, 0.15],
])  # fmt: skip
LEVEL = 0.68
DAMPING = 1.4
OCTAVES_OF_40 = math.log2(40)

FREQ, DECAY, TONE, SNAPPY, DRIVE, MODEL = range(6)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    gate, velocity, accent = ins
    freq, decay, tone, snappy, drive, model = params
    (out,) = outs
    settle, clapped = math.exp(-1 / (0.007 * rate)), math.exp(-SIXTY_DB / (0.012 * rate))
    ebb = 1 / (SEAM_SECONDS * rate)
    claps, slow, noise = local(np.float64, 64), local(np.float64, 64), local(np.float64, 64)
    ones, twos, x = local(np.float64, 64), local(np.float64, 64), local(np.float64, 64)
    for l in range(LANES):
        held, number, live, which, one, two = (
            state[0, l],
            state[1, l],
            state[2, l],
            state[3, l],
            state[4, l],
            state[5, l],
        )
        u, bend, clap, level, hot, loud = state[6, l], state[7, l], state[8, l], state[9, l], state[10, l], state[11, l]
        s1, s2, s3, y, left, edge = state[12, l], state[13, l], state[14, l], state[15, l], state[16, l], state[17, l]
        stale = True
        start = 0
        while start < frames:
            # a stretch: to the next hit, or a single frame while a parameter moves
            if begins(gate[start, l], held):
                left, edge = (1.0, y) if live > 0 else (0.0, 0.0)
                live, one, two, u, bend, clap = 1.0, 0.0, 0.0, 0.0, 1.0, 1.0
                s1, s2, s3 = 0.0, 0.0, 0.0
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
                bright = exp2(2 * (tone[row_at(moving >> TONE, start), l] - 0.5) + 0.5 * (loud - 0.8))
                g, h = warp(m[5] * bright, rate), warp(m[6] * bright, rate)
                p, q, r = two_pole_gains(g, DAMPING)
                h = h / (1 + h)
            if stale or moving >> 1:
                m = MODELS[int(which)]
                ratio, second, drop, body, hold, burst = m[0], m[1], m[2], m[3], m[4], m[9]
                du = 1000 / (decay[row_at(moving >> DECAY, start), l] * rate)
                gain = 0.25 * exp2(OCTAVES_OF_40 * (drive[row_at(moving >> DRIVE, start), l] + m[10]))
                makeup = 1 / saturate(gain)
                noisy = snappy[row_at(moving >> SNAPPY, start), l]
                skin = m[7] * (1.2 - 0.4 * noisy)
                rattle = m[8] * noisy * (1 + 0.15 * hot)
                stale = False
            pitch = freq[row_at(moving >> FREQ, start), l] / rate

            n = end - start
            for j in range(n):
                claps[j], ones[j], twos[j] = clap, one, two
                pace = pitch * (1 + drop * bend)
                one += pace
                two += pace * ratio
                bend *= settle
                clap *= clapped
            for j in range(n):
                t = u + j * du
                ring, hiss = fall(t / body, 1.0), fall(max(0.0, t - hold) / (1 - hold), 1.0)
                slow[j] = max(ring, hiss)
                x[j] = (
                    skin * ring * (turn(ones[j] - math.floor(ones[j])) + second * turn(twos[j] - math.floor(twos[j])))
                )
                noise[j] = white(seed, np.int64(number) + j) * (hiss + burst * claps[j])
            n = sounding(slow, claps, n)
            for j in range(n):
                low, band = s2, s1
                s1, s2 = two_pole_step(noise[j], p, q, r, s1, s2)
                high = noise[j] - 0.5 * (DAMPING * (band + s1) + (low + s2))
                before = s3
                s3 += 2 * h * (high - s3)
                x[j] += rattle * 0.5 * (before + s3)
            for j in range(n):
                x[j] = level * makeup * saturate(gain * x[j]) + seam(max(0.0, left - (j + 1) * ebb), edge)
            for j in range(n):
                out[start + j, l] = f32(x[j])
            y = x[n - 1]
            left = max(0.0, left - n * ebb)
            # where the drum ends, these two run on to the end of the stretch: the next hit sets them anew
            one -= math.floor(one)
            two -= math.floor(two)
            u += n * du
            number += n
            if max(slow[n - 1], claps[n - 1]) < SILENT:
                live, y = 0.0, 0.0
            held = gate[start + n - 1, l]
            start += n
        state[0, l], state[1, l], state[2, l], state[3, l], state[4, l], state[5, l] = (
            held,
            number,
            live,
            which,
            one,
            two,
        )
        state[6, l], state[7, l], state[8, l], state[9, l], state[10, l], state[11, l] = u, bend, clap, level, hot, loud
        state[12, l], state[13, l], state[14, l], state[15, l], state[16, l], state[17, l] = s1, s2, s3, y, left, edge
