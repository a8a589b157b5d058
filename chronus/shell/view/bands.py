"""Measures how loud bands are, of any number and on a scale of octaves: what a picture of a spectrum is drawn from."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]
"""(frames, 2)"""
LOWEST, HIGHEST = 30.0, 16000.0
"""Hz: the ends of the scale."""
SILENT = -120.0
"""dB: below it there is nothing."""
WINDOWS = (1024, 2048, 4096, 8192)


def edges(count: int, rate: int) -> NDArray[np.float64]:
    """Returns the ends of so many bands, in Hz, the last one no higher than the sound can go."""
    return np.geomspace(LOWEST, min(HIGHEST, rate / 2.01), count + 1)


def centers(between: NDArray[np.float64]) -> list[float]:
    return [float(one) for one in np.sqrt(between[:-1] * between[1:])]


def bands(sound: Sound, rate: int, between: NDArray[np.float64]) -> list[float | None]:
    """Returns the level of each band in the newest part of a sound, in dB: a sine has that of its peak. None where there is silence.

    Where the bands lie closer than the window can tell apart, each has its share of the bin that it lies in.
    """
    size = max((one for one in WINDOWS if one <= len(sound)), default=0)
    if not size:
        return [None] * (len(between) - 1)
    window, scale = _window(size)
    mono = sound[-size:].astype(np.float64).mean(axis=1)
    power = np.abs(np.fft.rfft(mono * window)) ** 2 * scale
    total = np.concatenate(([0.0], np.cumsum(power)))
    at = np.clip(between * size / rate + 0.5, 0, len(power))
    inside = np.diff(np.interp(at, np.arange(len(total)), total))
    return [float(level) if level > SILENT else None for level in 10 * np.log10(np.maximum(inside, 1e-20))]


@lru_cache(len(WINDOWS))
def _window(size: int) -> tuple[NDArray[np.float64], float]:
    window = np.hanning(size)
    return window, 4.0 / float(size * (window**2).sum())
