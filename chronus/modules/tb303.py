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
from chronus.dsp.decimate import halve32
from chronus.dsp.edge import rounding32, saw32
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.ladder import CRITICAL, TUNING, bent, diode, diode_back, diode_loop, diode_matrix, diode_reach
from chronus.dsp.plane import local_plane
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
    state=42,
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

GATE, VELOCITY, ACCENTED, GLIDE = range(4)
FREQ, CUTOFF, RESONANCE, ENV, DECAY, ACCENT, WAVE, SLIDE, DRIVE, DISTORTION = range(10)

LOOP_HZ = 110.0
"""Corner of the coupling capacitors in the feedback."""
LOWEST_HZ = 47.0
"""Corner of those at the output: -5 dB at 32 Hz."""
HIGHEST_HZ = 12000.0
ACCENT_DECAY = 200.0
GATHER = 0.15
"""Seconds in which the accent's capacitor empties."""
SILENT, AMPLE, FAINT = 3e-8, 1e-6, 1e-12
TAIL = 0.064
"""Seconds that the coupling capacitors are given to fall silent after the amplifier; by then they are 165 dB down."""
OVER = 2
SOUNDING, RINGING = 1.0, 2.0
BLOCK = 64
ROWS = OVER * BLOCK
LATER, LATER_ROWS = BLOCK + 1, ROWS + 1
"""One more, as each frame prepares the next."""
LOOP, CLOSED, PULL, PULL_ON, MATRIX, MADE = 0, 1, 2, 3, 4, 19
M14, M24, M34, E4, B1, B2, B3, B4 = 7, 10, 12, 14, 15, 16, 17, 18
"""Rows of what the filter is made of, frame by frame; the matrix from its row on."""
ONE, SQUARE, MOST = f32(1), f32(0.7), f32(1.15 * CRITICAL)
OCTAVES_OF_3, OCTAVES_OF_10, OCTAVES_OF_60 = math.log2(3), math.log2(10), math.log2(60)
TENTH = -OCTAVES_OF_10
PER_E = math.log2(math.e)


@inline
def _tuned(hertz, made, n, k, h, follow, inner):
    """What the filter is made of at each cutoff. What the last frame hands on is not used, so it matters not what comes after it."""
    for j in range(n):
        sin, cos = prewarp(hertz[j], inner)
        (
            made[MATRIX, j], made[MATRIX + 1, j], made[MATRIX + 2, j], made[M14, j], made[MATRIX + 4, j],
            made[MATRIX + 5, j], made[M24, j], made[MATRIX + 7, j], made[M34, j], made[MATRIX + 9, j],
            made[E4, j], made[B1, j], made[B2, j], made[B3, j], made[B4, j],
        ) = diode_matrix(TUNING * (sin / cos))  # fmt: skip
        made[LOOP, j], made[CLOSED, j] = diode_loop(made[B4, j], k, h)
        made[PULL, j] = made[LOOP, j] * diode_reach(
            follow, made[B1, j], made[B2, j], made[B3, j], made[B4, j],
            made[M14, j], made[M24, j], made[M34, j], made[E4, j],
        )  # fmt: skip
    for j in range(n):
        made[PULL_ON, j] = made[LOOP, j + 1] * diode_reach(
            follow, made[B1, j], made[B2, j], made[B3, j], made[B4, j],
            made[M14, j + 1], made[M24, j + 1], made[M34, j + 1], made[E4, j + 1],
        )  # fmt: skip


@inline
def _filtered(x, y, n, made, follow, state, l):
    """Through the ladder, at twice the level. Two steps a frame; what the last one prepares is not used."""
    s1, s2, s3, s4 = f32(state[15, l]), f32(state[16, l]), f32(state[17, l]), f32(state[18, l])
    low = f32(state[19, l])
    n14, n24, n34, n4 = made[M14, 0], made[M24, 0], made[M34, 0], made[E4, 0]
    drive = x[0] - made[LOOP, 0] * diode_back(n14, n24, n34, n4, s1, s2, s3, s4, low)
    for j in range(n):
        m14, m24, m34, m4 = n14, n24, n34, n4
        n14, n24, n34, n4 = made[M14, j + 1], made[M24, j + 1], made[M34, j + 1], made[E4, j + 1]
        matrix = (
            made[MATRIX, j], made[MATRIX + 1, j], made[MATRIX + 2, j], m14, made[MATRIX + 4, j],
            made[MATRIX + 5, j], m24, made[MATRIX + 7, j], m34, made[MATRIX + 9, j],
            m4, made[B1, j], made[B2, j], made[B3, j], made[B4, j],
        )  # fmt: skip
        u = bent(drive)
        y[OVER * j], far, s1, s2, s3, s4, low = diode(u, follow, matrix, m14, m24, m34, m4, s1, s2, s3, s4, low)
        drive = (x[OVER * j + 1] - made[LOOP, j] * far) - made[PULL, j] * u
        u = bent(drive)
        y[OVER * j + 1], far, s1, s2, s3, s4, low = diode(u, follow, matrix, n14, n24, n34, n4, s1, s2, s3, s4, low)
        drive = (x[OVER * j + 2] - made[LOOP, j + 1] * far) - made[PULL_ON, j] * u
    state[15, l], state[16, l], state[17, l], state[18, l], state[19, l] = s1, s2, s3, s4, low


@inline
def _coupled(y, out, start, n, makeup, block, state, l):
    """Back to the plain rate, and through the capacitors at the output."""
    taps, dc = local_plane(f32, 9, 1), f32(state[14, l])
    for m in range(9):
        taps[m, 0] = state[20 + m, l]
    sharp, keep, charge = makeup * (ONE - block), ONE - block - block, (block + block) * makeup
    for j in range(n):
        whole = halve32(y[OVER * j], y[OVER * j + 1], taps, 0)
        out[start + j, l] = sharp * whole - (ONE - block) * dc
        dc = keep * dc + charge * whole
    state[14, l] = dc
    for m in range(9):
        state[20 + m, l] = taps[m, 0]


@inline
def resting(gate, still, state):
    """Whether no lane sounds, and none begins a note."""
    busy = 1 - (still & 1)
    for l in range(state.shape[1]):
        busy += state[1, l] != 0 or begins(gate[0, l], state[0, l])
    return busy == 0


@kernel(SPEC)
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    gate, velocity, accent, glide = ins
    freq, cutoff, resonance, env, decay, push, wave, slide, drive, distortion = params
    (out,) = outs
    # x and y: two for each frame
    x, y = local(f32, LATER_ROWS), local(f32, ROWS)
    hertz, made = local(f32, BLOCK), local_plane(f32, MADE, LATER)
    paces, phases, shapes = local(np.float64, BLOCK), local(np.float64, BLOCK), local(np.float64, BLOCK)
    octaves, amps = local(np.float64, BLOCK), local(np.float64, BLOCK)
    inner, told = OVER * rate, ~still
    rise, hurry = 1 / (0.003 * rate), 1 / (0.008 * rate)
    if state[29, 0] == 0:
        sin, cos = prewarp(f32(LOOP_HZ), inner)
        state[29, 0] = sin / cos
        sin, cos = prewarp(f32(LOWEST_HZ), rate)
        state[30, 0] = sin / (sin + cos)
        state[31, 0], state[32, 0] = exp2(-PER_E / (GATHER * rate)), exp2(3 * TENTH / (3.5 * rate))
    if resting(gate, still, state):
        for l in range(LANES):
            state[0, l] = gate[0, l]
            if state[10, l] > 0:
                charge = state[10, l] * exp2(-PER_E * frames / (GATHER * rate))
                state[10, l] = charge if charge > FAINT else 0.0
            for i in range(frames):
                out[i, l] = 0
        return
    h, block, empty, linger = f32(state[29, 0]), f32(state[30, 0]), state[31, 0], state[32, 0]
    follow = (h + h) / (ONE + h)
    for l in range(LANES):
        held, live, phase, last, bend = state[0, l], state[1, l], state[2, l], state[3, l], state[4, l]
        level, since, rising, sweep, hot = state[5, l], state[6, l], state[7, l], state[8, l], state[9, l]
        charge, loud, shape, tail = state[10, l], state[11, l], state[12, l], state[13, l]
        stale = True
        start = 0
        while start < frames:
            # a stretch: to the next note or its end, or a single frame while a parameter other than the pitch moves
            if begins(gate[row_at(told, start), l], held):
                level *= smoothstep(min(1.0, max(0.0, 2 - since * hurry)))
                live, rising, loud = SOUNDING, 1.0, velocity[row_at(told >> VELOCITY, start), l]
                hot = 1.0 if accent[row_at(told >> ACCENTED, start), l] > HALF else 0.0
                stale = True
            end = frames
            if moving >> 1 and live > 0:
                end = start + 1
            elif told & 1:
                end = until_next(gate, l, start, frames)
            if live == 0:
                for i in range(start, end):
                    out[i, l] = 0
                charge *= exp2(-PER_E * (end - start) / (GATHER * rate))
                charge = charge if charge > FAINT else 0.0
                held = gate[row_at(told, end - 1), l]
                start = end
                continue
            if stale or moving >> 1:
                # what libm's cousins made is kept beside what it was made of
                way, fall = slide[row_at(moving >> SLIDE, start), l], f32(ACCENT_DECAY)
                if way != state[33, l]:
                    state[33, l], state[34, l] = way, exp2(-3000 * PER_E / (way * rate))
                if hot == 0:
                    fall = decay[row_at(moving >> DECAY, start), l]
                if fall != state[35, l]:
                    state[35, l], state[36, l] = fall, exp2(TENTH * 1000 / (rate * fall))
                hard = drive[row_at(moving >> DRIVE, start), l]
                if ONE + hard != state[37, l]:
                    state[37, l], state[38, l], state[41, l] = (
                        ONE + hard,
                        exp2(OCTAVES_OF_10 * hard),
                        exp2(OCTAVES_OF_3 * hard),
                    )
                dirt = distortion[row_at(moving >> DISTORTION, start), l]
                if ONE + dirt != state[39, l]:
                    state[39, l], state[40, l] = ONE + dirt, exp2(OCTAVES_OF_60 * dirt)
                settle, closing, into = state[34, l], state[36, l], 0.4 * state[38, l]
                amount = hot * push[row_at(moving >> ACCENT, start), l]
                pour = amount / (0.1 * rate)
                span = 4 * env[row_at(moving >> ENV, start), l]
                floor = cutoff[row_at(moving >> CUTOFF, start), l]
                k = MOST * resonance[row_at(moving >> RESONANCE, start), l]
                gain = 0.72 * (1 + 0.8 * np.float64(k)) * state[41, l] * state[40, l]
                target = wave[row_at(moving >> WAVE, start), l]
                peak = loud * (0.7 + 0.3 * amount)
                makeup = (0.37 + 0.73 * (1 - dirt) ** 4) / (0.5 + 2 * hard)
                stale = False

            n = end - start
            ringing = live == RINGING
            square = shape > 0 or target > 0
            now, pitch = gate[row_at(told, start), l], freq[row_at(moving >> FREQ, start), l]
            walks = moving & 1 or bend != 0 or pitch != last or shape != target
            shut = 1 if walks or now <= HALF or (level < AMPLE and rising == 0) else 0
            if told & 1:
                for i in range(start, end):
                    shut += 1 if gate[i, l] <= HALF else 0
            if shut == 0 and live == SOUNDING:
                # nothing but the envelopes is on its way
                held, since, pace = now, 0.0, pitch / inner
                if told & 1:
                    held = gate[end - 1, l]
                for j in range(n):
                    if rising > 0:
                        level = max(min(peak, level + rise), level - rise)
                        sweep = min(1.0, sweep + 2 * rise)
                        rising = 1.0 if level != peak or sweep < 1 else 0.0
                    else:
                        level *= linger
                        sweep *= closing
                    charge = charge * empty + pour * sweep
                    octaves[j] = (span + amount) * sweep + 2.2 * charge
                    amps[j] = level
                for j in range(n):
                    paces[j], phases[j], shapes[j] = pace, phase + j * (OVER * pace), shape
                phase += n * (OVER * pace)
            else:
                for j in range(n):
                    i = start + j
                    held = gate[row_at(told, i), l]
                    since = 0.0 if held > HALF else since + 1
                    pitch = freq[row_at(moving >> FREQ, i), l]
                    bend = slid(bend, last, pitch, glide[row_at(told >> GLIDE, i), l], settle)
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
                    charge = charge * empty + pour * sweep
                    octaves[j] = (span + amount) * sweep + 2.2 * charge
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
                    hertz[j] = f32(min(HIGHEST_HZ, floor * exp2(octaves[j])))
                _tuned(hertz, made, n, k, h, follow, inner)
                for j in range(n):
                    edges, sharp = ONE / f32(paces[j]), f32(into) * made[CLOSED, j]
                    for m in range(OVER):
                        at = phases[j] + (m + 1) * paces[j]
                        x[OVER * j + m] = sharp * saw32(f32(at - math.floor(at)), edges)
                if square:
                    for j in range(n):
                        edges, sharp, toward = ONE / f32(paces[j]), f32(into) * made[CLOSED, j], f32(shapes[j])
                        for m in range(OVER):
                            at = phases[j] + (m + 1) * paces[j]
                            turn = f32(at - math.floor(at))
                            edge = rounding32(turn, edges)
                            flat = SQUARE * (saturate32(f32(20) * (turn + turn - ONE) + f32(2)) - edge)
                            x[OVER * j + m] -= toward * (x[OVER * j + m] + sharp * flat)
                _filtered(x, y, n, made, follow, state, l)
                for j in range(n):
                    now = f32(0.5 * gain * amps[j])
                    y[OVER * j] = saturate32(now * y[OVER * j])
                    y[OVER * j + 1] = saturate32(now * y[OVER * j + 1])
                if live != SOUNDING:
                    for m in range(15, 20):
                        state[m, l] = 0
            _coupled(y, out, start, n, f32(makeup), block, state, l)
            if live == 0:
                sweep = 0.0
                for m in range(14, 29):
                    state[m, l] = 0
            phase -= math.floor(phase)
            start += n
        state[0, l], state[1, l], state[2, l], state[3, l], state[4, l] = held, live, phase, last, bend
        state[5, l], state[6, l], state[7, l], state[8, l], state[9, l] = level, since, rising, sweep, hot
        state[10, l], state[11, l], state[12, l], state[13, l] = charge, loud, shape, tail
