"""Measures loudness: the peak in dBFS; integrated, momentary and short-term loudness in LUFS (ITU-R BS.1770-4, EBU Tech 3341, 3342)."""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.kernel import compiled

SILENT = -150.0
"""What stands for minus infinity in decibels."""
MOMENTARY, SHORT_TERM = 4, 30
"""Tenths of a second."""
QUIETEST = -70.0
"""LUFS: what is quieter counts as silence."""


def decibels(level: float) -> float:
    return max(SILENT, 20 * math.log10(level)) if level > 0 else SILENT


def peak_dbfs(sound: np.ndarray) -> float:
    """Of float samples of any shape."""
    return decibels(float(np.abs(sound).max(initial=0.0)))


def _shelf_and_highpass(rate: float) -> np.ndarray:
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


@compiled
def _energies(sound, biquads, kept, hop):
    """Mean square of each stretch of `hop` frames, both channels summed, after the biquads; `kept` (channel, biquad, 2) is their state."""
    out = np.zeros(sound.shape[0] // hop)
    for channel in range(sound.shape[1]):
        s = kept[channel]
        for n in range(out.size * hop):
            x = np.float64(sound[n, channel])
            for k in range(2):
                y = biquads[k, 0] * x + s[k, 0]
                s[k, 0] = biquads[k, 1] * x - biquads[k, 3] * y + s[k, 1]
                s[k, 1] = biquads[k, 2] * x - biquads[k, 4] * y
                x = y
            out[n // hop] += x * x / hop
    return out


class Loudness:
    """Integrated loudness of stereo that is fed in pieces: blocks of 400 ms every 100 ms, gated at -70 LUFS and 10 LU below the mean.

    Of the sound it keeps no more than a number for each 100 ms.
    """

    def __init__(self, rate: int) -> None:
        self._hop = rate // 10
        self._biquads = _shelf_and_highpass(rate)
        self._kept = np.zeros((2, 2, 2))
        self._rest = np.zeros((0, 2), np.float32)
        self._tenths: list[np.ndarray] = []

    def feed(self, piece: np.ndarray) -> None:
        """(frames, 2) float samples."""
        rest = np.concatenate([self._rest, piece.astype(np.float32, copy=False)])
        whole = len(rest) // self._hop * self._hop
        self._tenths.append(_energies(np.ascontiguousarray(rest[:whole]), self._biquads, self._kept, self._hop))
        self._rest = rest[whole:].copy()

    def lufs(self) -> float:
        """Of all that was fed; SILENT where that is less than 400 ms, or too quiet."""
        blocks = self._over(MOMENTARY)
        loud = blocks[blocks > _power(QUIETEST)]
        if loud.size == 0:
            return SILENT
        return _lufs(float(loud[loud > loud.mean() * 0.1].mean()))

    def momentary(self) -> float:
        """The loudest 400 ms, in LUFS."""
        return _lufs(float(self._over(MOMENTARY).max(initial=0.0)))

    def short_term(self) -> float:
        """The loudest 3 s, in LUFS; SILENT where it is not so long."""
        return _lufs(float(self._over(SHORT_TERM).max(initial=0.0)))

    def range(self) -> float:
        """The loudness range in LU (EBU Tech 3342): from the tenth hundredth to the 95th. It means little below 60 s."""
        blocks = self._over(SHORT_TERM)
        loud = blocks[blocks > _power(QUIETEST)]
        if loud.size == 0:
            return 0.0
        loud = loud[loud > loud.mean() * 0.01]
        low, high = np.percentile(10 * np.log10(loud), (10, 95))
        return float(high - low)

    def _over(self, tenths: int) -> np.ndarray:
        """The mean power of each stretch of so many tenths of a second."""
        found = np.concatenate([np.zeros(0), *self._tenths])
        return np.convolve(found, np.full(tenths, 1 / tenths), "valid") if found.size >= tenths else np.zeros(0)


def _power(loudness: float) -> float:
    return float(10 ** ((loudness + 0.691) / 10))


def _lufs(power: float) -> float:
    return -0.691 + 10 * math.log10(power) if power > 1e-15 else SILENT


def lufs(sound: np.ndarray, rate: int) -> float:
    """Integrated loudness of (frames, 2) float samples."""
    loudness = Loudness(rate)
    loudness.feed(sound)
    return loudness.lufs()
