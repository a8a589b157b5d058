"""Guesses the key of a sound: modestly, the best two and how far apart they are.

Source of the profiles: C. Krumhansl, E. Kessler, 1982, as printed in D. Temperley, What's Key for Key?, Music Perception 1999.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from chronus.units import NOTES

MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
LOWEST, HIGHEST = 40.0, 2000.0
WINDOW = 16384


class Key(Struct, frozen=True):
    """`fit` is a correlation, -1..1."""

    name: str
    fit: float


def chroma(sound: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """Returns how much of each of the twelve notes is in (frames, 2) samples, from c on: by the peaks of the spectrum."""
    mono = sound.mean(axis=1)
    window = np.hanning(WINDOW)
    found = np.zeros(12)
    for at in range(0, max(1, len(mono) - WINDOW // 2), WINDOW // 2):
        piece = np.zeros(WINDOW)
        some = mono[at : at + WINDOW]
        piece[: len(some)] = some
        level = np.abs(np.fft.rfft(piece * window))
        middle = level[1:-1]
        peaks = 1 + np.flatnonzero(
            (middle > level[:-2]) & (middle >= level[2:]) & (middle > 0.003 * level.max(initial=1e-9))
        )
        a, b, c = (np.log(np.maximum(level[peaks + k], 1e-12)) for k in (-1, 0, 1))
        bent = a - 2 * b + c
        hertz = (peaks + np.where(bent < 0, (a - c) / (2 * np.minimum(bent, -1e-12)), 0.0)) * rate / WINDOW
        heard = (hertz > LOWEST) & (hertz < HIGHEST)
        notes = np.rint(69 + 12 * np.log2(hertz[heard] / 440)).astype(int) % 12
        # what lies low says more of the key: its overtones are in other notes
        np.add.at(found, notes, np.sqrt(level[peaks[heard]]) * (LOWEST / hertz[heard]) ** 1.0)
    return found / max(float(found.max()), 1e-12)


def keys_of(notes: NDArray[np.float64]) -> list[Key]:
    """Returns all 24 keys, the likeliest first."""
    found = []
    for mode, profile in (("major", MAJOR), ("minor", MINOR)):
        for root in range(12):
            fit = float(np.corrcoef(np.roll(profile, root), notes)[0, 1]) if notes.std() > 0 else 0.0
            found.append(Key(f"{NOTES[root]} {mode}", fit))
    return sorted(found, key=lambda key: -key.fit)
