"""The end of a voice: a low-pass that opens and closes with the envelope, and the amplifier, frame by frame with all lanes side by side.

The filter: A. Simper's state-variable filter, 2013 (as in modules/filter.py), once for 12 dB an octave, twice for 24. Its cutoff follows
the envelope in every frame. Its tangent is a fraction good to 0.5 % at the highest cutoff, HIGHEST of the rate.
"""

from __future__ import annotations

import numpy as np

from chronus.catalogue.spec import Param
from chronus.dsp.kernel import inline
from chronus.dsp.shape import saturate32
from chronus.dsp.voice import row_at

f32 = np.float32

FREQ, CUTOFF, RESONANCE, ENV = range(4)
"""The first parameters of every instrument with a low-pass; the envelope's are the next four."""
FOLLOWED = 0b1110
"""Those that are followed in every frame."""


def params(freq: float, cutoff: float, resonance: float, env: float, highest: float = 5000) -> tuple[Param, ...]:
    """Those four, with the defaults of a kind."""
    return (
        Param("freq", 20, highest, freq, "Hz", "exp", "pitch", pitch=True),
        Param("cutoff", 40, 12000, cutoff, "Hz", "exp", "of the low-pass, before the envelope opens it"),
        Param("resonance", 0, 1, resonance, help="of the low-pass"),
        Param("env", 0, 6, env, help="octaves by which the envelope opens the low-pass"),
    )


HIGHEST = 0.36
"""Of the rate."""
BEND, ROOM, RELAX = f32(1), f32(3.9), f32(0.5 / 3.9)
"""Linear up to BEND; from there a curve that comes to rest at BEND + ROOM / 2, +9.4 dBFS: for a resonance turned up."""

COLD, HOTTEST, EVEN = f32(0.001), f32(10), f32(0.4)
"""The gain into the saturation without a drive, where it bends nothing (-130 dB), and with all of it; the level that it leaves as it is."""
STRIP = 16
AT, AT2, AT3, AT4, AT5, AT6 = range(4, 4 + 6 * STRIP, STRIP)
PLACES = 4 + 6 * STRIP
"""Rows of `w`: the filter's four, and six for each frame of a strip."""

_points = np.cos((np.arange(7) + 0.5) * np.pi / 7) / 2
T0, T1, T2, T3, T4, T5 = (
    f32(c) for c in np.polynomial.Polynomial.fit(_points, np.expm1(_points * np.log(2)) / _points, 5).convert().coef
)


@inline
def exp2(octaves):  # type: ignore[no-untyped-def]
    """2^octaves in float32, for -60..60 octaves, within 3e-7; exactly 1 at 0."""
    x = min(f32(60), max(f32(-60), octaves))
    whole = np.floor(x + f32(0.5))
    f = x - whole
    y = f32(1) + f * (T0 + f * (T1 + f * (T2 + f * (T3 + f * (T4 + f * T5)))))
    return y * np.int32((np.int32(whole) + np.int32(127)) << np.int32(23)).view(np.float32)


@inline
def low_passed(sound, out, s, w, poles, params, moving, levels, opened, start, end, rate, gain, steep, driven):  # type: ignore[no-untyped-def]
    """Frames `start`..`end` of `sound` through the filter, the drive and the amplifier into `out`.

    `poles`: the first of the filter's rows in `s`, two for 12 dB and four for 24 (`steep`). `levels`, `opened`: see notes.contour.
    `params`: the first are CUTOFF, RESONANCE and ENV, and where it is `driven` the last is the drive. `w`: room, PLACES rows.

    In strips, and of each strip first what does not wait for the frame before: with one lane that goes many frames at a time, with many
    all lanes. The large loops touch only what lies on the kernel's own stack (see dsp/kernel.py, `local`).
    """
    cutoff, resonance, depth, drive = params[CUTOFF], params[RESONANCE], params[ENV], params[-1]
    last = len(params) - 1
    lanes = s.shape[1]
    for l in range(lanes):
        w[0, l], w[1, l] = s[poles, l], s[poles + 1, l]
        if steep:
            w[2, l], w[3, l] = s[poles + 2, l], s[poles + 3, l]
    per, top = f32(np.pi / rate), f32(np.pi * HIGHEST)
    for first in range(start, end, STRIP):
        m = min(STRIP, end - first)
        for j in range(m):
            i = first + j
            c, r, d = row_at(moving >> CUTOFF, i), row_at(moving >> RESONANCE, i), row_at(moving >> ENV, i)
            for l in range(lanes):
                w[AT + j, l], w[AT2 + j, l], w[AT3 + j, l] = cutoff[c, l], resonance[r, l], depth[d, l]
        for j in range(m):
            for l in range(lanes):
                turn = min(top, w[AT + j, l] * per * exp2(w[AT3 + j, l] * opened[first + j, l]))
                # tan(turn) is a / b
                q, k = turn * turn, f32(1) - w[AT2 + j, l]
                a, b = turn * (f32(15) - q), f32(15) - f32(6) * q
                aa, ab, bb = a * a, a * b, b * b
                if steep:
                    # Butterworth's pair of Q without resonance; then one of them rings
                    k1, k2 = f32(1) + f32(0.848) * k, f32(0.06) + f32(0.705) * k
                    one, two = bb + k1 * ab + aa, bb + k2 * ab + aa
                    both = f32(2) / (one * two)
                    one, two = two * both, one * both
                    w[AT4 + j, l], w[AT5 + j, l], w[AT6 + j, l] = bb * two - f32(1), ab * two, aa * two
                else:
                    one = f32(2) / (bb + (f32(0.08) + f32(1.334) * k) * ab + aa)
                w[AT + j, l], w[AT2 + j, l], w[AT3 + j, l] = bb * one - f32(1), ab * one, aa * one
        for j in range(m):
            for l in range(lanes):
                y, a2, a3 = sound[first + j, l], w[AT2 + j, l], w[AT3 + j, l]
                before = w[1, l]
                w[1, l] = (before - a3 * before) + (a2 * w[0, l] + a3 * y)
                w[0, l] = w[AT + j, l] * w[0, l] + (a2 * y - a2 * before)
                y = f32(0.5) * (before + w[1, l])
                if steep:
                    a2, a3, before = w[AT5 + j, l], w[AT6 + j, l], w[3, l]
                    w[3, l] = (before - a3 * before) + (a2 * w[2, l] + a3 * y)
                    w[2, l] = w[AT4 + j, l] * w[2, l] + (a2 * y - a2 * before)
                    y = f32(0.5) * (before + w[3, l])
                sound[first + j, l] = y
        if driven:
            for j in range(m):
                h = row_at(moving >> last, first + j)
                for l in range(lanes):
                    w[AT + j, l] = drive[h, l]
            for j in range(m):
                for l in range(lanes):
                    hot = COLD + HOTTEST * w[AT + j, l] * w[AT + j, l]
                    sound[first + j, l] = saturate32(hot * sound[first + j, l]) * (EVEN / saturate32(EVEN * hot))
        for j in range(m):
            for l in range(lanes):
                y = gain * levels[first + j, l] * sound[first + j, l]
                core = min(BEND, max(-BEND, y))
                over = min(ROOM, max(-ROOM, y - core))
                sound[first + j, l] = core + over - over * abs(over) * RELAX
    for i in range(start, end):
        for l in range(lanes):
            out[i, l] = sound[i, l]
    for l in range(lanes):
        s[poles, l], s[poles + 1, l] = w[0, l], w[1, l]
        if steep:
            s[poles + 2, l], s[poles + 3, l] = w[2, l], w[3, l]
