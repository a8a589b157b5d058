"""Acid: the TB-303, one saw or square squelching through a diode ladder, with its slide and its gathering accent.

Sources: T. Stinchcombe's analysis of the ladder (see dsp/ladder.py) and R. Whittle's Devil Fish notes: a slide of 60 ms
whatever the interval; accented notes' sweep fixed at 200 ms; an amplifier that rises in 3 ms, falls over 3 to 4 s, and at
the end of the gate holds 8 ms and falls in 8; an accent whose capacitor does not empty between close notes, so that each
opens further; 5 dB less at 32 Hz. The 4 ms the circuit waits before a note are left out. The square is the saw sent
through an overdriven transistor: one edge steep, one slow, 45 % wide.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.decimate import steep
from chronus.dsp.edge import rounding
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.ladder import CRITICAL, ladder, ladder_drive, ladder_gains
from chronus.dsp.shape import exp2, saturate32, smoothstep
from chronus.dsp.tan import prewarp
from chronus.dsp.voice import HALF, begins, row_at, slid, until_next

f32 = np.float32

SPEC = Spec(
    kind="tb303",
    help="the acid machine: saw or square, diode ladder, accent, slide",
    tries=(
        "load tb303; seq tb303: a1 a1^ . a2~ a1 . c2^ a1 a1 . g1 a1^ . e2~ d2 .",
        "set tb303.resonance 0.85; set tb303.cutoff 300..2000 over 8 bars",
        "patch tb303 > distortion > delay",
    ),
    category="instrument",
    aliases=("acid", "303"),
    state=29,
    params=(
        Param("freq", 20, 2000, 110, "Hz", "exp", "pitch", pitch=True),
        Param("cutoff", 100, 5000, 400, "Hz", "exp", "of the filter, before envelope and accent"),
        Param("resonance", 0, 1, 0.85, help="whistles by itself near 1, but not at low cutoffs"),
        Param("env", 0, 1, 0.6, help="how far a note opens the filter: up to 4 octaves"),
        Param("decay", 30, 3000, 300, "ms", "exp", "until the filter's sweep is down to a tenth; 200 on accents"),
        Param("accent", 0, 1, 0.7, help="what an accented note adds: level, sweep, and more with each close one"),
        switch("wave", ("saw", "square"), "saw", "waveform"),
        Param("slide", 1, 500, 60, "ms", "exp", "until a slide has gone 95 % of the way"),
        Param("drive", 0, 1, 0.25, help="into the filter"),
        Param("distortion", 0, 1, 0, help="after the amplifier"),
    ),
    ins=(
        In("gate", "gate", "plays while it is on"),
        In("velocity", "velocity", "level"),
        In("accented", "accent", "louder and further open"),
        In("glide", "glide", "slides to the pitch, without a new attack"),
    ),
)

FREQ, CUTOFF, RESONANCE, ENV, DECAY, ACCENT, WAVE, SLIDE, DRIVE, DISTORTION = range(10)

LOOP_HZ = 110.0
"""Corner of the coupling capacitors in the feedback."""
LOWEST_HZ = 47.0
"""Corner of those at the output: -5 dB at 32 Hz."""
HIGHEST_HZ = 12000.0
ACCENT_DECAY = 200.0
GATHER = 0.15
"""Seconds in which the accent's capacitor empties."""
SILENT = 3e-8
TAIL = 0.064
"""Seconds that the coupling capacitors are given to fall silent after the amplifier; by then they are 165 dB down."""
OVER = 2
SOUNDING, RINGING = 1.0, 2.0
BLOCK = 64
ROWS = OVER * BLOCK
# one more, as each frame prepares the next
LATER = ROWS + 1
SPACE = BLOCK + 1
GAINS = 13 * SPACE
OCTAVES_OF_3, OCTAVES_OF_10, OCTAVES_OF_60 = math.log2(3), math.log2(10), math.log2(60)
TENTH = -OCTAVES_OF_10
PER_E = math.log2(math.e)


@inline
def _filtered(x, y, n, all_gains, follow, gain, amps, state, l):
    """Through the ladder and the amplifier."""
    s1, s2, s3, s4, low = state[15, l], state[16, l], state[17, l], state[18, l], state[19, l]
    later = (
        all_gains[0 * SPACE],
        all_gains[1 * SPACE],
        all_gains[2 * SPACE],
        all_gains[3 * SPACE],
        all_gains[4 * SPACE],
        all_gains[5 * SPACE],
        all_gains[6 * SPACE],
        all_gains[7 * SPACE],
        all_gains[8 * SPACE],
        all_gains[9 * SPACE],
        all_gains[10 * SPACE],
        all_gains[11 * SPACE],
        all_gains[12 * SPACE],
    )
    hit = ladder_drive(x[0], later, s1, s2, s3, s4, low)
    for j in range(n):
        gains = later
        v, hit, s1, s2, s3, s4, low = ladder(hit, follow, gains, x[OVER * j + 1], gains, s1, s2, s3, s4, low)
        y[OVER * j] = f32(v * (gain * amps[j]))
        later = (
            all_gains[0 * SPACE + j + 1],
            all_gains[1 * SPACE + j + 1],
            all_gains[2 * SPACE + j + 1],
            all_gains[3 * SPACE + j + 1],
            all_gains[4 * SPACE + j + 1],
            all_gains[5 * SPACE + j + 1],
            all_gains[6 * SPACE + j + 1],
            all_gains[7 * SPACE + j + 1],
            all_gains[8 * SPACE + j + 1],
            all_gains[9 * SPACE + j + 1],
            all_gains[10 * SPACE + j + 1],
            all_gains[11 * SPACE + j + 1],
            all_gains[12 * SPACE + j + 1],
        )
        v, hit, s1, s2, s3, s4, low = ladder(hit, follow, gains, x[OVER * j + 2], later, s1, s2, s3, s4, low)
        y[OVER * j + 1] = f32(v * (gain * amps[j]))
    state[15, l], state[16, l], state[17, l], state[18, l], state[19, l] = s1, s2, s3, s4, low


@inline
def _coupled(y, z, n, makeup, block, state, l):
    """Back to the plain rate, and through the capacitors at the output."""
    dc = state[14, l]
    taps = (
        state[20, l], state[21, l], state[22, l], state[23, l], state[24, l],
        state[25, l], state[26, l], state[27, l], state[28, l],
    )  # fmt: skip
    for j in range(n):
        whole, taps = steep(np.float64(y[OVER * j]), np.float64(y[OVER * j + 1]), taps)
        whole = makeup * whole - dc
        dc += 2 * block * whole
        z[j] = whole - block * whole
    state[14, l] = dc
    for m in range(9):
        state[20 + m, l] = taps[m]


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    gate, velocity, accent, glide = ins
    freq, cutoff, resonance, env, decay, push, wave, slide, drive, distortion = params
    (out,) = outs
    # x and y: two for each frame; y is what is shaped, in float32
    x, y, z, all_gains = (
        local(np.float64, LATER),
        local(np.float32, ROWS),
        local(np.float64, BLOCK),
        local(np.float64, GAINS),
    )
    paces, phases, shapes = local(np.float64, BLOCK), local(np.float64, BLOCK), local(np.float64, BLOCK)
    octaves, amps = local(np.float64, BLOCK), local(np.float64, BLOCK)
    inner = OVER * rate
    rise, hurry = 1 / (0.003 * rate), 1 / (0.008 * rate)
    for l in range(LANES):
        held, live, phase, last, bend = state[0, l], state[1, l], state[2, l], state[3, l], state[4, l]
        level, since, rising, sweep, hot = state[5, l], state[6, l], state[7, l], state[8, l], state[9, l]
        charge, loud, shape, tail = state[10, l], state[11, l], state[12, l], state[13, l]
        stale = True
        start = 0
        while start < frames:
            # a stretch: to the next note or its end, or a single frame while a parameter other than the pitch moves
            if begins(gate[start, l], held):
                level *= smoothstep(min(1.0, max(0.0, 2 - since * hurry)))
                live, rising, loud, hot = SOUNDING, 1.0, velocity[start, l], 1.0 if accent[start, l] > HALF else 0.0
                stale = True
            end = start + 1 if moving >> 1 and live > 0 else until_next(gate, l, start, frames)
            if live == 0:
                for i in range(start, end):
                    out[i, l] = 0
                if charge > 0:
                    charge *= exp2(-PER_E * (end - start) / (GATHER * rate))
                held = gate[end - 1, l]
                start = end
                continue
            if stale:
                sin, cos = prewarp(f32(LOOP_HZ), inner)
                h = np.float64(sin / cos)
                follow = 2 * h / (1 + h)
                sin, cos = prewarp(f32(LOWEST_HZ), rate)
                block = np.float64(sin / (sin + cos))
                empty, linger = exp2(-PER_E / (GATHER * rate)), exp2(3 * TENTH / (3.5 * rate))
            if stale or moving >> 1:
                settle = exp2(-3000 * PER_E / (slide[row_at(moving >> SLIDE, start), l] * rate))
                amount = hot * push[row_at(moving >> ACCENT, start), l]
                closing = exp2(
                    TENTH * 1000 / (rate * (ACCENT_DECAY if hot > 0 else decay[row_at(moving >> DECAY, start), l]))
                )
                span = 4 * env[row_at(moving >> ENV, start), l]
                floor = cutoff[row_at(moving >> CUTOFF, start), l]
                k = 1.15 * CRITICAL * resonance[row_at(moving >> RESONANCE, start), l]
                hard = drive[row_at(moving >> DRIVE, start), l]
                into = 0.4 * exp2(OCTAVES_OF_10 * hard)
                dirt = distortion[row_at(moving >> DISTORTION, start), l]
                gain = 0.72 * (1 + 0.8 * k) * exp2(OCTAVES_OF_3 * hard + OCTAVES_OF_60 * dirt)
                target = wave[row_at(moving >> WAVE, start), l]
                peak = loud * (0.7 + 0.3 * amount)
                makeup = (0.37 + 0.73 * (1 - dirt) ** 4) / (0.5 + 2 * hard)
                stale = False

            n = end - start
            ringing = live == RINGING
            square = shape > 0 or target > 0
            for j in range(n):
                i = start + j
                held = gate[i, l]
                since = 0.0 if held > HALF else since + 1
                pitch = freq[row_at(moving >> FREQ, i), l]
                bend = slid(bend, last, pitch, glide[i, l], settle)
                last = pitch
                pace = (pitch if bend == 0 else pitch * exp2(bend)) / inner
                paces[j], phases[j] = pace, phase
                phase += 0.0 if ringing else OVER * pace
                shape += (target - shape) * rise
                shapes[j] = shape
                if rising > 0:
                    level = max(min(peak, level + rise), level - rise)
                    sweep = min(1.0, sweep + 2 * rise)
                    rising = 1.0 if level != peak or sweep < 1 else 0.0
                else:
                    level *= linger
                    sweep *= closing
                charge = charge * empty + amount * sweep / (0.1 * rate)
                octaves[j] = span * sweep + amount * sweep + 2.2 * charge
                amps[j] = level * (smoothstep(min(1.0, max(0.0, 2 - since * hurry))) if since > 0 else 1.0)
                if ringing:
                    tail -= 1
                    if tail <= 0:
                        n, live = j + 1, 0.0
                        break
                elif since * hurry > 2 or level < SILENT:
                    n, live, tail, level = j + 1, RINGING, math.ceil(TAIL * rate), 0.0
                    break
            if square and abs(target - shape) < 1e-6:
                shape = target
            if ringing:
                for j in range(OVER * n):
                    y[j] = 0
            else:
                for j in range(n):
                    sin, cos = prewarp(f32(min(HIGHEST_HZ, floor * exp2(octaves[j]))), inner)
                    (
                        all_gains[0 * SPACE + j],
                        all_gains[1 * SPACE + j],
                        all_gains[2 * SPACE + j],
                        all_gains[3 * SPACE + j],
                        all_gains[4 * SPACE + j],
                        all_gains[5 * SPACE + j],
                        all_gains[6 * SPACE + j],
                        all_gains[7 * SPACE + j],
                        all_gains[8 * SPACE + j],
                        all_gains[9 * SPACE + j],
                        all_gains[10 * SPACE + j],
                        all_gains[11 * SPACE + j],
                        all_gains[12 * SPACE + j],
                    ) = ladder_gains(np.float64(sin / cos), k, h)
                    edges = 1 / paces[j]
                    for m in range(OVER):
                        at = phases[j] + (m + 1) * paces[j]
                        at -= math.floor(at)
                        ramp, edge = 2 * at - 1, rounding(at, edges)
                        x[OVER * j + m] = into * (ramp - edge)
                if square:
                    for j in range(n):
                        edges = 1 / paces[j]
                        for m in range(OVER):
                            at = phases[j] + (m + 1) * paces[j]
                            at -= math.floor(at)
                            ramp, edge = 2 * at - 1, rounding(at, edges)
                            flat = 0.7 * (saturate32(f32(20 * ramp + 2)) - edge)
                            x[OVER * j + m] -= shapes[j] * (x[OVER * j + m] + into * flat)
                _filtered(x, y, n, all_gains, follow, gain, amps, state, l)
                for j in range(OVER * n):
                    y[j] = saturate32(y[j])
                if live != SOUNDING:
                    for m in range(15, 20):
                        state[m, l] = 0
            _coupled(y, z, n, makeup, block, state, l)
            for j in range(n):
                out[start + j, l] = f32(z[j])
            if live == 0:
                sweep = 0.0
                for m in range(14, 29):
                    state[m, l] = 0
            phase -= math.floor(phase)
            start += n
        state[0, l], state[1, l], state[2, l], state[3, l], state[4, l] = held, live, phase, last, bend
        state[5, l], state[6, l], state[7, l], state[8, l], state[9, l] = level, since, rising, sweep, hot
        state[10, l], state[11, l], state[12, l], state[13, l] = charge, loud, shape, tail
