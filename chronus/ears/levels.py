"""Levels in decibels, and the weighting of loudness: what measuring needs without machine code, so that control may measure as well."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

SILENT = -150.0
"""What stands for minus infinity in decibels."""
SHORT_TERM_SECONDS = 3.0
WINDOW = 8192


def decibels(level: float) -> float:
    return max(SILENT, 20 * math.log10(level)) if level > 0 else SILENT


def peak_dbfs(sound: np.ndarray) -> float:
    """Of float samples of any shape."""
    return decibels(float(np.abs(sound).max(initial=0.0)))


def shelf_and_highpass(rate: float) -> np.ndarray:
    """The two biquads of the K weighting (b0 b1 b2 a1 a2) at any rate: the analogue prototypes behind BS.1770's table, by De Man (2014)."""
    rows = []
    for f0, gain, q in (
        (1681.974450955533, 3.999843853973347, 0.7071752369554196),
        (38.13547087602444, None, 0.5003270373238773),
    ):
        k = math.tan(math.pi * f0 / rate)
        a0 = 1 + k / q + k * k
        if gain is None:
            b = (1.0, -2.0, 1.0)
        else:
            vh = 10 ** (gain / 20)
            vb = vh**0.4996667741545416
            b = ((vh + vb * k / q + k * k) / a0, 2 * (k * k - vh) / a0, (vh - vb * k / q + k * k) / a0)
        rows.append((*b, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0))
    return np.array(rows)


def in_lufs(power: float) -> float:
    """Of the mean square of K-weighted sound, both sides summed."""
    return -0.691 + 10 * math.log10(power) if power > 1e-15 else SILENT


@cache
def _weights(rate: int) -> NDArray[np.float64]:
    """Returns by how much the K weighting multiplies the power in each bin of a window, those counted twice that stand for their mirror."""
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(WINDOW))
    found = np.full(len(z), 2.0)
    found[[0, -1]] = 1.0
    for b0, b1, b2, a1, a2 in shelf_and_highpass(rate):
        found *= np.abs((b0 + b1 * z + b2 * z * z) / (1 + a1 * z + a2 * z * z)) ** 2
    return found


def short_term(sound: NDArray[np.float32], rate: int) -> float:
    """Returns the loudness in LUFS of a few seconds (frames, 2) of which nothing before them is known.

    Weighted by frequency, and not by a filter, which would begin from silence. Of music it is within 0.1 LU of the filter.
    """
    windows = max(1, -(-len(sound) // WINDOW))
    power = 0.0
    for side in range(sound.shape[1]):
        whole = np.zeros(windows * WINDOW, np.float32)
        whole[: len(sound)] = sound[:, side]
        bins = np.fft.rfft(whole.reshape(windows, WINDOW).astype(np.float64), axis=1)
        power += float((bins.real**2 + bins.imag**2).sum(axis=0) @ _weights(rate))
    return in_lufs(power / WINDOW / max(len(sound), 1))
