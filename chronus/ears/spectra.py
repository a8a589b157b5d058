"""Measures where sound lies between low and high and between left and right: bands, centroid, width, correlation, mono loss."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from chronus.ears.levels import SILENT, decibels

EDGES = (20, 60, 120, 250, 500, 1000, 2000, 4000, 8000, 20000)
"""Hz: between each two of them lies a band."""
BASS = 120
"""Hz: below it nothing should be lost where left and right are summed."""
WINDOW = 8192
LEAST = 1e-20
THIRDS = tuple(10 ** (k / 10) for k in range(13, 44))
"""Hz: the middle of each third of an octave from 20 Hz to 20 kHz (IEC 61260)."""
MOST_LOOKED_AT = 64
PARTIALS, PARTIAL_DB, APART = 5, 40.0, 0.03
"""Of a spectrum so many peaks are told, not so far below the loudest, and none that lies so near a louder one."""

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


def powers(sound: Sound, wide: int = WINDOW) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Returns the power of middle and side in each bin, of Hann windows that overlap by half and are so `wide`."""
    window = np.hanning(wide)[:, None]
    for at in range(0, max(len(sound) - wide, 0) + 1, wide // 2):
        piece = np.zeros((wide, 2))
        some = sound[at : at + wide]
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


class Partial(Struct, frozen=True):
    """A peak of a spectrum, as if it were a sine: its frequency, and its level in dBFS."""

    hertz: float
    level: float


def thirds(sound: Sound, rate: int) -> tuple[list[float], list[Partial]]:
    """Returns the level of each band of THIRDS in dBFS, a full-scale sine being 0, and the loudest peaks between 20 Hz and 20 kHz.

    The whole is one window: a third of an octave at 20 Hz needs the better part of a second.
    """
    wide = len(sound)
    middle, side = next(powers(sound, wide))
    hertz = np.fft.rfftfreq(wide, 1 / rate)
    squares, total = 0.375 * (wide - 1), 0.5 * (wide - 1)  # of the window, added up
    power = 4 * (middle + side) / (wide * squares)  # of a sine as high as 1 all its bins together are 1
    edges = np.array([10 ** ((k - 0.5) / 10) for k in range(13, 45)])
    within = np.interp(edges, hertz + hertz[1] / 2, np.cumsum(power))
    levels = [_level(float(one)) for one in np.diff(within)]
    return levels, _partials(power * (wide * squares / total**2), hertz)


def _level(power: float) -> float:
    return decibels(power**0.5)


def _partials(power: NDArray[np.floating], hertz: NDArray[np.floating]) -> list[Partial]:
    """Finds peaks that are at most PARTIAL_DB below the loudest; between the bins by how a sine shares itself out between two of them."""
    inner = power[1:-1]
    places = np.flatnonzero((inner > power[:-2]) & (inner >= power[2:])) + 1
    places = places[(hertz[places] >= EDGES[0]) & (hertz[places] < EDGES[-1])]
    loudest = float(power[places].max(initial=LEAST))
    places = places[power[places] > max(loudest * 10 ** (-PARTIAL_DB / 10), 1e-12)]
    found: list[Partial] = []
    for k in places[np.argsort(-power[places], kind="stable")][:MOST_LOOKED_AT].tolist():
        side = 1 if power[k + 1] > power[k - 1] else -1
        share = float(np.sqrt(power[k + side] / power[k]))
        off = (2 * share - 1) / (share + 1)  # of a sine through this window, in bins from this one
        away = (1 - off * off) / float(np.sinc(off))
        partial = Partial(float(hertz[k] + side * off * hertz[1]), _level(float(power[k]) * away * away))
        if all(abs(other.hertz / partial.hertz - 1) > APART for other in found):
            found.append(partial)
        if len(found) == PARTIALS:
            break
    return found


def ratio(one: float, other: float) -> float:
    """dB of one power over another; SILENT where there is none of the one."""
    return max(SILENT, 10 * float(np.log10(max(one, LEAST) / max(other, LEAST)))) if one > LEAST else SILENT


def correlation(sound: Sound) -> float:
    """Returns 1 for mono, 0 for sides that know nothing of each other, -1 where one is the other turned over; of silence 1."""
    left, right = sound[:, 0].astype(np.float64), sound[:, 1].astype(np.float64)
    both = float(np.sqrt((left @ left) * (right @ right)))
    return float(left @ right) / both if both > LEAST else 1.0
