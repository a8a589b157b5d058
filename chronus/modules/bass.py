"""A dirty bass: a saw torn by an overdrive, over a clean sine that keeps the floor shaking.

A house recipe. The saw goes through a resonant three-pole with an envelope of its own; a lopsided saturation of that
(even harmonics too) is laid over it, and the sum saturated gently, all at four times the rate. Below 90 Hz the sine takes
the place of the rest.
The filter: A. Simper's state-variable filter (dsp/resonator.py) and one pole more.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec
from chronus.dsp.decimate import steep, wide
from chronus.dsp.edge import saw
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.resonator import two_pole_gains
from chronus.dsp.shape import exp2, saturate32, smoothstep, turn
from chronus.dsp.tan import prewarp
from chronus.dsp.voice import HALF, begins, row_at, slid, until_next

f32 = np.float32

SPEC = Spec(
    kind="bass",
    help="dirty bass with a clean sub",
    tries=(
        "load bass; seq bass: e1 . e1 e1 . e1 g1 .",
        "set bass.distortion 0.7, bass.cutoff 400",
        "set bass.cutoff 200..1200 over 4 bars",
    ),
    category="instrument",
    state=30,
    params=(
        Param("freq", 20, 2000, 55, "Hz", "exp", "pitch", pitch=True),
        Param("distortion", 0, 1, 0.5, help="dirt, at the same level"),
        Param("cutoff", 40, 12000, 600, "Hz", "exp", "of the filter before the dirt"),
        Param("resonance", 0, 1, 0.3, help="of the filter"),
        Param("env", 0, 1, 0.4, help="how far a note opens the filter: up to 5 octaves"),
        Param("decay", 10, 3000, 250, "ms", "exp", "until the filter's sweep is down to a tenth"),
        Param("sub", 0, 1, 0.5, help="clean sine at the pitch; the dirt leaves it room below 90 Hz"),
        Param("glide", 0, 1000, 60, "ms", help="until a slide has gone 95 % of the way"),
    ),
    ins=(
        In("gate", "gate", "plays while it is on"),
        In("velocity", "velocity", "level, and a little brightness"),
        In("accent", "accent", "louder and further open"),
        In("legato", "glide", "slides to the pitch, without a new attack"),
    ),
)

GATE, VELOCITY, ACCENT, LEGATO = range(4)
FREQ, DISTORTION, CUTOFF, RESONANCE, ENV, DECAY, SUB, GLIDE = range(8)

ATTACK, RELEASE = 0.0025, 0.010
"""Seconds, straight ramps bent to be level at both ends."""
HIGHEST_HZ = 16000.0
OVER = 4
BLOCK = 64
ROWS = OVER * BLOCK
TENTH, PER_E, OCTAVES_OF_20 = math.log2(0.1), math.log2(math.e), math.log2(20)
LEVEL = 0.73
DIRT_HZ = 250.0
"""The dirt is added above this only, so that more of it is always more harmonics (a saw saturated whole loses some)."""


@inline
def _filtered(x, n, ps, qs, rs, poles, ahead, state, l):
    """Two steps at a time: the second state is known from the one before the first, so that each waits half as long."""
    for j in range(n):
        p, q, r = ps[j], qs[j], 1 - rs[j]
        for m in range(0, OVER, 2):
            older, newer = x[OVER * j + m], x[OVER * j + m + 1]
            ahead[OVER * j + m] = q * (p * older + newer) - (q * rs[j]) * older
            ahead[OVER * j + m + 1] = q * (q * older) + rs[j] * (r * older + newer)
    s1, s2, s3 = state[11, l], state[12, l], state[13, l]
    for j in range(n):
        p, q, r, pole = ps[j], qs[j], 1 - rs[j], 0.5 * poles[j]
        across = q * (p + r)
        pp, rr, keep = p * p - q * q, r * r - q * q, 1 - poles[j]
        for m in range(0, OVER, 2):
            # the low-passes are the means of their states before and after
            middle = (rs[j] * x[OVER * j + m] + q * s1) + r * s2
            was = s2
            s1, s2 = (ahead[OVER * j + m] + pp * s1) - across * s2, (ahead[OVER * j + m + 1] + across * s1) + rr * s2
            before = s3
            s3 = keep * s3 + pole * (was + middle)
            x[OVER * j + m] = 0.5 * (before + s3)
            before = s3
            s3 = keep * s3 + pole * (middle + s2)
            x[OVER * j + m + 1] = 0.5 * (before + s3)
    state[11, l], state[12, l], state[13, l] = s1, s2, s3


@inline
def _high_passed(y, n, low, state, l):
    """Four at a time, for the same reason."""
    high = f32(1) - low
    high2, high3, high4 = high * high, high * high * high, high * high * high * high
    s = f32(state[14, l])
    for j in range(n):
        a = low * y[OVER * j]
        b = high * a + low * y[OVER * j + 1]
        c = high * b + low * y[OVER * j + 2]
        d = high * c + low * y[OVER * j + 3]
        a, b, c = a + high * s, b + high2 * s, c + high3 * s
        y[OVER * j] -= HALF * (s + a)
        y[OVER * j + 1] -= HALF * (a + b)
        y[OVER * j + 2] -= HALF * (b + c)
        s = d + high4 * s
        y[OVER * j + 3] -= HALF * (c + s)
    state[14, l] = s


@inline
def _coupled(x, z, n, room, state, l):
    """Back to the plain rate, and without what lies below the sub."""
    dc = state[15, l]
    first = state[16, l], state[17, l], state[18, l], state[19, l], state[20, l]
    second = (
        state[21, l], state[22, l], state[23, l], state[24, l], state[25, l],
        state[26, l], state[27, l], state[28, l], state[29, l],
    )  # fmt: skip
    for j in range(n):
        early, first = wide(x[OVER * j], x[OVER * j + 1], first)
        late, first = wide(x[OVER * j + 2], x[OVER * j + 3], first)
        whole, second = steep(early, late, second)
        whole = LEVEL * whole - dc
        dc += 2 * room * whole
        z[j] = whole - room * whole
    state[15, l] = dc
    for m in range(5):
        state[16 + m, l] = first[m]
    for m in range(9):
        state[21 + m, l] = second[m]


@inline
def resting(gate, still, state):
    """Whether no lane sounds, and none begins a note."""
    busy = 1 - (still & 1)
    for l in range(state.shape[1]):
        busy += state[1, l] != 0 or begins(gate[0, l], state[0, l])
    return busy == 0


@kernel(SPEC)
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    gate, velocity, accent, legato = ins
    freq, distortion, cutoff, resonance, env, decay, sub, glide = params
    (out,) = outs
    # four for each frame; y is what is shaped, in float32
    x, y, z = local(np.float64, ROWS), local(np.float32, ROWS), local(np.float64, BLOCK)
    ahead = local(np.float64, ROWS)
    paces, phases, sweeps, amps = (
        local(np.float64, BLOCK), local(np.float64, BLOCK), local(np.float64, BLOCK), local(np.float64, BLOCK)
    )  # fmt: skip
    ps, qs, rs, poles = (
        local(np.float64, BLOCK), local(np.float64, BLOCK), local(np.float64, BLOCK), local(np.float64, BLOCK)
    )  # fmt: skip
    if resting(gate, still, state):
        for l in range(LANES):
            state[0, l] = gate[0, l]
            for i in range(frames):
                out[i, l] = 0
        return
    inner, told = OVER * rate, ~still
    sin, cos = prewarp(f32(DIRT_HZ), inner)
    low = f32(2) * (sin / (sin + cos))
    rise, drop = 1 / (ATTACK * rate), 1 / (RELEASE * rate)
    for l in range(LANES):
        held, live, phase, last, bend = state[0, l], state[1, l], state[2, l], state[3, l], state[4, l]
        p, rising, sweep, hot, loud, level = (
            state[5, l],
            state[6, l],
            state[7, l],
            state[8, l],
            state[9, l],
            state[10, l],
        )
        stale = True
        start = 0
        while start < frames:
            # a stretch: to the next note, or a single frame while a parameter other than the pitch moves
            if begins(gate[row_at(told, start), l], held):
                rising, loud = 1.0, velocity[row_at(told >> VELOCITY, start), l]
                hot = 1.0 if accent[row_at(told >> ACCENT, start), l] > HALF else 0.0
                peak = loud * (1.5 - 0.5 * loud) * (1 + 0.08 * hot)
                if live == 0:
                    live, phase, level = 1.0, 0.0, peak
                stale = True
            end = frames
            if moving >> 1 and live > 0:
                end = start + 1
            elif told & 1:
                end = until_next(gate, l, start, frames)
            if live == 0:
                for i in range(start, end):
                    out[i, l] = 0
                held = gate[row_at(told, end - 1), l]
                start = end
                continue
            if stale or moving >> DISTORTION & 1:
                dirt = distortion[row_at(moving >> DISTORTION, start), l]
                gain, tilt = f32(1.5 * exp2(OCTAVES_OF_20 * dirt)), f32(0.3 * dirt)
                evened = 1 / (1 + 0.8 * dirt)
                body, tear = f32(evened * (1 - 0.6 * dirt)), f32(evened * 3 * dirt**1.2)
            if stale or moving >> 1:
                settle = exp2(-3000 * PER_E / ((glide[row_at(moving >> GLIDE, start), l] + 0.001) * rate))
                closing = exp2(TENTH * 1000 / (rate * decay[row_at(moving >> DECAY, start), l]))
                span = 5 * env[row_at(moving >> ENV, start), l] * (1 + 0.3 * hot)
                floor = cutoff[row_at(moving >> CUTOFF, start), l] * exp2(0.8 * (loud - 0.8))
                k = 1.6 - 1.45 * resonance[row_at(moving >> RESONANCE, start), l]
                clean = sub[row_at(moving >> SUB, start), l]
                sin, cos = prewarp(f32(20 + 70 * clean), rate)
                room = np.float64(sin / (sin + cos))
                peak = loud * (1.5 - 0.5 * loud) * (1 + 0.08 * hot)
                stale = False

            n = end - start
            for j in range(n):
                i = start + j
                held = gate[row_at(told, i), l]
                pitch = freq[row_at(moving >> FREQ, i), l]
                bend = slid(bend, last, pitch, legato[row_at(told >> LEGATO, i), l], settle)
                last = pitch
                pace = (pitch if bend == 0 else pitch * exp2(bend)) / inner
                paces[j], phases[j] = pace, phase
                phase += OVER * pace
                if rising > 0:
                    sweep = min(1.0, sweep + rise)
                    rising = 0.0 if sweep >= 1 else 1.0
                else:
                    sweep *= closing
                sweeps[j] = sweep
                p = min(1.0, p + rise) if held > HALF else max(0.0, p - drop)
                level = max(min(peak, level + rise), level - rise)
                amps[j] = level * smoothstep(p)
                if p == 0 and held <= HALF:
                    n, live = j + 1, 0.0
                    break
            for j in range(n):
                sin, cos = prewarp(f32(min(HIGHEST_HZ, floor * exp2(span * sweeps[j]))), inner)
                g = np.float64(sin / cos)
                ps[j], qs[j], rs[j] = two_pole_gains(g, k)
                poles[j] = 2 * g / (1 + g)
                edges = 1 / paces[j]
                for m in range(OVER):
                    at = phases[j] + (m + 1) * paces[j]
                    x[OVER * j + m] = -saw(at - math.floor(at), edges)
            _filtered(x, n, ps, qs, rs, poles, ahead, state, l)
            for j in range(OVER * n):
                y[j] = saturate32(gain * (f32(x[j]) + tilt))
            _high_passed(y, n, low, state, l)
            for j in range(OVER * n):
                x[j] = saturate32(body * f32(x[j]) + tear * y[j])
            _coupled(x, z, n, room, state, l)
            for j in range(n):
                at = phases[j] + OVER * paces[j]
                at -= math.floor(at)
                z[j] = amps[j] * ((1 - 0.35 * clean) * z[j] + 0.41 * clean * turn(at))
            for j in range(n):
                out[start + j, l] = f32(z[j])
            if live == 0:
                sweep = 0.0
                for m in range(11, 30):
                    state[m, l] = 0
            phase -= math.floor(phase)
            start += n
        state[0, l], state[1, l], state[2, l], state[3, l], state[4, l] = held, live, phase, last, bend
        state[5, l], state[6, l], state[7, l], state[8, l], state[9, l], state[10, l] = (
            p,
            rising,
            sweep,
            hot,
            loud,
            level,
        )
