"""Measures how high a signal really goes between its frames, for the limiter.

Source: ITU-R BS.1770-5, annex 2 (four times oversampled), with a longer filter (a sinc under a Kaiser window, 48 taps
a phase) and with the crest of the parabola through each three points, since the grid of four points a frame alone
misses up to 0.6 dB. It reads within 0.1 dB up to 20 kHz (at a rate of 44.1 kHz). No filter this short can read what
lies higher, so that part is measured by itself. Linear phase, but in the side chain only.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.kernel import inline, local

f32, u64 = np.float32, np.uint64

TAPS = 48
MIDDLE = TAPS // 2 - 1
_t = np.arange(TAPS) - MIDDLE
_d = _t - np.array([[0.0], [0.25], [0.5], [0.75]])
PHASES = (np.sinc(_d) * np.i0(3 * np.sqrt(1 - (_d / (TAPS / 2)) ** 2)) / np.i0(3)).astype(np.float32)
_edge = np.kaiser(TAPS, 5) * (-1.0) ** np.arange(TAPS)
PHASES = np.concatenate([PHASES, [_edge / np.abs(_edge).sum()]]).astype(np.float32)
"""Row p reads p quarters of a frame after tap MIDDLE; row 4 reads what lies near the Nyquist frequency."""

EDGE = 4
WIDE = 48
"""Samples filtered side by side: as many as keep the sums of three rows in vector registers."""
MOST = f32(1.2501 * np.abs(PHASES[:EDGE]).sum(1).max())
"""No peak is read higher than so many times the highest sample: a parabola's top is at most 1.25 its highest point."""


@inline
def crest(a, b, c):
    """The height of |b| or, if the parabola through a, b, c has its top nearest to b, of that."""
    bent, tilt = b + b - a - c, c - a
    bent = bent if b > 0 else -bent
    return abs(b) + (tilt * tilt / (f32(8) * bent) if bent > abs(tilt) else f32(0))


@inline
def loudest(x, start, count):
    """The highest magnitude of `count` samples and up to WIDE - 1 more; side by side, as a single maximum could not be."""
    top = local(np.float32, WIDE)
    for j in range(WIDE):
        top[j] = f32(0)
    for tile in range(start, start + count, WIDE):
        for j in range(WIDE):
            v = abs(x[u64(tile) + u64(j)])
            top[j] = v if v > top[j] else top[j]
    for j in range(16):
        top[j] = max(top[j], max(top[j + 16], top[j + 32]))
    most = f32(0)
    for j in range(16):
        most = max(most, top[j])
    return most


@inline
def near_nyquist(x, start, step, sharp, count):
    """sharp[j] becomes what lies near the Nyquist frequency around x[start + j], where a peak may be read too low.

    Every `step`th sample is of the same lane. Up to WIDE - 1 more than `count` are read and written.
    Indices are unsigned, lest a test for negative ones keep the samples from going side by side.
    """
    sums = local(np.float32, WIDE)
    for tile in range(0, count, WIDE):
        for j in range(WIDE):
            sums[j] = f32(0)
        for t in range(TAPS):
            h, k = PHASES[EDGE, t], u64(start + tile + (t - MIDDLE) * step)
            for j in range(WIDE):
                sums[j] += h * x[k + u64(j)]
        for j in range(WIDE):
            sharp[u64(tile) + u64(j)] = abs(sums[j])


@inline
def true_peaks(x, start, step, rows, peaks, count):
    """peaks[j] becomes the true peak from the middle between x[start + j] and its neighbour before up to the next one.

    As above; `rows` is room for EDGE rows of count + 2 step + WIDE.
    """
    start -= step
    s1, s2, s3 = local(np.float32, WIDE), local(np.float32, WIDE), local(np.float32, WIDE)
    for tile in range(0, count + 2 * step, WIDE):
        for j in range(WIDE):
            s1[j] = s2[j] = s3[j] = f32(0)
        for t in range(TAPS):
            h1, h2, h3 = PHASES[1, t], PHASES[2, t], PHASES[3, t]
            k = u64(start + tile + (t - MIDDLE) * step)
            for j in range(WIDE):
                v = x[k + u64(j)]
                s1[j] += h1 * v
                s2[j] += h2 * v
                s3[j] += h3 * v
        for j in range(WIDE):
            k = u64(tile) + u64(j)
            rows[0, k] = x[u64(start) + k]
            rows[1, k], rows[2, k], rows[3, k] = s1[j], s2[j], s3[j]
    for tile in range(0, count, 16):
        for j in range(16):
            i = u64(tile) + u64(j)
            m, k = i + u64(step), i + u64(2 * step)
            q0, q1, q2, q3 = rows[0, m], rows[1, m], rows[2, m], rows[3, m]
            high = max(crest(rows[3, i], q0, q1), crest(q0, q1, q2))
            peaks[i] = max(high, max(crest(q1, q2, q3), crest(q2, q3, rows[0, k])))
