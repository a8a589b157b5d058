"""Measures loudness: integrated, momentary and short-term loudness in LUFS (ITU-R BS.1770-4, EBU Tech 3341, 3342)."""

from __future__ import annotations

import numpy as np

from chronus.dsp.kernel import compiled
from chronus.ears.levels import SILENT, in_lufs, shelf_and_highpass

MOMENTARY, SHORT_TERM = 4, 30
"""Tenths of a second."""
QUIETEST = -70.0
"""LUFS: what is quieter counts as silence."""


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
        self._biquads = shelf_and_highpass(rate)
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
        return in_lufs(float(loud[loud > loud.mean() * 0.1].mean()))

    def momentary(self) -> float:
        """The loudest 400 ms, in LUFS."""
        return in_lufs(float(self._over(MOMENTARY).max(initial=0.0)))

    def short_term(self) -> float:
        """The loudest 3 s, in LUFS; SILENT where it is not so long."""
        return in_lufs(float(self._over(SHORT_TERM).max(initial=0.0)))

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


def lufs(sound: np.ndarray, rate: int) -> float:
    """Integrated loudness of (frames, 2) float samples."""
    loudness = Loudness(rate)
    loudness.feed(sound)
    return loudness.lufs()
