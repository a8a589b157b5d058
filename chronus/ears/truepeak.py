"""Measures how high a finished sound really goes between its samples: dsp/truepeak.py, which the limiter looks ahead with, on a whole."""

from __future__ import annotations

import numpy as np

from chronus.dsp.kernel import compiled
from chronus.dsp.plane import local_plane
from chronus.dsp.truepeak import EDGE, TAPS, WIDE, true_peaks

PIECE = 480
"""Frames that are looked at at once."""
_ROOM = 2 * PIECE + 2 * WIDE


@compiled
def _highest(x, count):
    """The true peak of `count` samples of one side, that begin at TAPS."""
    rows, peaks = local_plane(np.float32, EDGE, _ROOM), np.zeros(_ROOM, np.float32)
    highest = np.float32(0)
    for at in range(TAPS, TAPS + count, PIECE):
        true_peaks(x, at, 1, rows, peaks, PIECE)
        for k in range(PIECE):
            highest = max(highest, peaks[k])
    return highest


def true_peak(sound: np.ndarray) -> float:
    """Returns the highest magnitude of (frames, 2) float samples between the samples too, 1.0 being full scale."""
    highest = 0.0
    for side in range(sound.shape[1]):
        padded = np.zeros(len(sound) + 2 * TAPS + 2 * PIECE + 4 * WIDE, np.float32)
        padded[TAPS : TAPS + len(sound)] = sound[:, side]
        highest = max(highest, float(_highest(padded, len(sound))))
    return highest
