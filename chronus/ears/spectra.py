"""Measures where sound lies between low and high and between left and right: bands, centroid, width, correlation, mono loss."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from chronus.ears.loudness import SILENT

EDGES = (20, 60, 120, 250, 500, 1000, 2000, 4000, 8000, 20000)
"""Hz: between each two of them lies a band."""
BASS = 120
"""Hz: below it nothing should be lost where left and right are summed."""
WINDOW = 8192
LEAST = 1e-20

Sound = NDArray[np.float32]
"""(frames, 2)"""


class Band(Struct, frozen=True):
    """From `low` to `high` Hz: its `level` in dB below that of the whole, and side over mid in dB: its width."""

    low: int
    high: int
    level: float
    width: float


class Spectrum(Struct, frozen=True):
    """`centroid` in Hz: the middle of the amplitudes. `correlation` of left and right; `mono_loss`: dB that the bass loses in mono."""

    bands: list[Band]
    centroid: float
    correlation: float
    mono_loss: float


def powers(sound: Sound) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Returns the power of middle and side in each bin, of Hann windows that overlap by half."""
    window = np.hanning(WINDOW)[:, None]
    for at in range(0, max(len(sound) - WINDOW, 0) + 1, WINDOW // 2):
        piece = np.zeros((WINDOW, 2))
        some = sound[at : at + WINDOW]
        piece[: len(some), 0] = (some[:, 0] + some[:, 1]) / 2
        piece[: len(some), 1] = (some[:, 0] - some[:, 1]) / 2
        power = np.abs(np.fft.rfft(piece * window, axis=0)) ** 2
        yield power[:, 0], power[:, 1]


def spectrum(sound: Sound, rate: int) -> Spectrum:
    middle, side = np.zeros(WINDOW // 2 + 1), np.zeros(WINDOW // 2 + 1)
    for mid, away in powers(sound):
        middle += mid
        side += away
    hertz = np.fft.rfftfreq(WINDOW, 1 / rate)
    power = middle + side
    total = max(float(power.sum()), LEAST)
    bands = []
    for low, high in pairwise(EDGES):
        inside = (hertz >= low) & (hertz < high)
        mids, sides = float(middle[inside].sum()), float(side[inside].sum())
        bands.append(Band(low, high, ratio(mids + sides, total), ratio(sides, mids)))
    heard = (hertz >= EDGES[0]) & (hertz < EDGES[-1])
    amplitude = np.sqrt(power[heard])
    centroid = float((hertz[heard] * amplitude).sum() / max(float(amplitude.sum()), LEAST))
    bass = hertz < BASS
    loss = ratio(float(middle[bass].sum()), float(power[bass].sum()))
    return Spectrum(bands, centroid, correlation(sound), 0.0 if total <= LEAST else -loss)


def ratio(one: float, other: float) -> float:
    """dB of one power over another; SILENT where there is none of the one."""
    return max(SILENT, 10 * float(np.log10(max(one, LEAST) / max(other, LEAST)))) if one > LEAST else SILENT


def correlation(sound: Sound) -> float:
    """Returns 1 for mono, 0 for sides that know nothing of each other, -1 where one is the other turned over; of silence 1."""
    left, right = sound[:, 0].astype(np.float64), sound[:, 1].astype(np.float64)
    both = float(np.sqrt((left @ left) * (right @ right)))
    return float(left @ right) / both if both > LEAST else 1.0
