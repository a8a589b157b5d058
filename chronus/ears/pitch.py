"""Measures pitch. Source: A. de Cheveigné, H. Kawahara, YIN, a fundamental frequency estimator for speech and music, JASA 2002."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

LOWEST, HIGHEST = 25.0, 4000.0
"""Hz."""
PERIODIC = 0.15
"""What does not repeat itself, as a share: more of it is noise, or several notes."""
FIRST_DIP = 0.1


class Pitch(Struct, frozen=True):
    """`clarity` 0..1: how much of the sound repeats itself in that period."""

    hertz: float
    clarity: float


def pitch(mono: NDArray[np.float64], rate: int) -> Pitch | None:
    """Returns the pitch of a steady stretch of sound; None where it has none."""
    longest = int(rate / LOWEST) + 2
    size = min(len(mono) // 2, 4 * longest)
    if size < 256:
        return None
    some = mono[: 2 * size] - mono[: 2 * size].mean()
    if float(np.abs(some).max()) < 1e-6:
        return None
    difference = _difference(some, size)
    lags = np.arange(1, size)
    normal = np.ones(size)
    normal[1:] = difference[1:] * lags / np.maximum(np.cumsum(difference[1:]), 1e-30)
    first = max(2, int(rate / HIGHEST))
    last = min(longest, size - 2)
    if last <= first:
        return None
    dips = np.flatnonzero(normal[first:last] < FIRST_DIP)
    if len(dips):
        k = first + int(dips[0])
        while k + 1 < last and normal[k + 1] < normal[k]:
            k += 1
    else:
        k = first + int(normal[first:last].argmin())
    if normal[k] > PERIODIC:
        return None
    period = _vertex(difference, k)
    # over many periods the same error of a lag is a smaller one of the period
    for times in (2, 4, 8, 16, 32, 64):
        near = round(period * times)
        if near >= size - 2:
            break
        around = difference[near - 2 : near + 3]
        near = near - 2 + int(around.argmin())
        if near < 1 or difference[near] > 0.5 * difference[1:size].mean():
            break
        period = _vertex(difference, near) / times
    return Pitch(rate / period, float(1 - normal[k]))


def _difference(some: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Returns for each lag below `size` the sum of squares of what differs over `size` samples."""
    length = 1 << (3 * size).bit_length()
    head = np.fft.rfft(some[:size], length)
    whole = np.fft.rfft(some, length)
    together = np.fft.irfft(np.conj(head) * whole, length)[:size]
    squares = np.concatenate([[0.0], np.cumsum(some**2)])
    energy = squares[size : 2 * size] - squares[:size]
    return np.maximum(energy[0] + energy - 2 * together, 0.0)


def _vertex(values: NDArray[np.float64], k: int) -> float:
    """Returns where the parabola through three values has its lowest point."""
    a, b, c = values[k - 1], values[k], values[k + 1]
    bent = a - 2 * b + c
    return k + float((a - c) / (2 * bent)) if bent > 0 else float(k)
