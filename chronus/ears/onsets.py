"""Finds where sounds begin: where the spectrum rises, by a log flux over a moving median, then to the sample by the level itself.

Source of the flux: S. Böck, G. Widmer, Maximum Filter Vibrato Suppression for Onset Detection, DAFx 2013.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WINDOW, HOP, BEFORE = 2048, 128, 4
"""Frames of a spectrum, from one to the next, and how many of those lie between two that are compared."""
COMPRESSION = 20.0
AROUND_SECONDS, APART_SECONDS = 0.1, 0.03
"""Of the moving median to either side; the least between two onsets."""
RISE, LEAST_RISE = 0.1, 0.004
"""Of the flux over its median: as a share of its highest, and in itself."""
LOUDER, ALIKE = 1.3, 0.6
"""Times the power before it has what follows an onset: else something has ended."""
LOOK_SECONDS, STEP_SECONDS, LEVEL_SECONDS = 0.025, 0.006, 0.0005
"""Around what the flux found, where is the rise; over so long before and after; from wave to wave."""
EMPHASIS = 0.95
REACHED = 0.25
"""An onset is where the level has come so far from what was before it to what follows."""
QUIET = 10 ** (-70 / 20)
SLOWEST, FASTEST = 60.0, 200.0


def flux(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """Returns for each HOP by how much the spectrum of (frames, 2) samples rises there."""
    mono = np.concatenate([np.zeros(WINDOW), sound.mean(axis=1), np.zeros(WINDOW)])
    window = np.hanning(WINDOW)
    starts = np.arange(0, len(mono) - WINDOW, HOP)
    found, before = np.zeros(len(starts)), np.zeros((BEFORE, WINDOW // 2 + 1))
    step = 512
    for first in range(0, len(starts), step):
        some = starts[first : first + step]
        pieces = mono[some[:, None] + np.arange(WINDOW)] * window
        levels = np.log1p(COMPRESSION * np.abs(np.fft.rfft(pieces, axis=1)))
        all_levels = np.vstack([before, levels])
        # a tone that sways a little is in the bin beside
        widest = all_levels[: len(levels)].copy()
        widest[:, 1:] = np.maximum(widest[:, 1:], all_levels[: len(levels), :-1])
        widest[:, :-1] = np.maximum(widest[:, :-1], all_levels[: len(levels), 1:])
        found[first : first + step] = np.maximum(levels - widest, 0).mean(axis=1)
        before = all_levels[-BEFORE:]
    return found


def onsets(sound: NDArray[np.float32], rate: int, rising: NDArray[np.float64] | None = None) -> NDArray[np.int64]:
    """Returns the frames at which sounds begin."""
    if len(sound) == 0 or float(np.abs(sound).max()) < QUIET:
        return np.zeros(0, np.int64)
    rising = flux(sound) if rising is None else rising
    around = max(1, round(AROUND_SECONDS * rate / HOP))
    padded = np.pad(rising, around, mode="edge")
    median = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * around + 1), axis=1)
    over = rising - median
    least = max(RISE * float(over.max(initial=0.0)), LEAST_RISE)
    apart = max(1, round(APART_SECONDS * rate / HOP))
    mono = sound.sum(axis=1).astype(np.float64)
    bright = np.pad(np.diff(mono, prepend=0.0) + (1 - EMPHASIS) * mono, (round(STEP_SECONDS * rate), 0))
    found: list[int] = []
    last = -apart
    for k in np.flatnonzero(over > least).tolist():
        if over[k] < over[max(0, k - apart // 2) : k + apart // 2 + 1].max() or k - last < apart:
            continue
        place = _begins(bright, rate, (k - BEFORE // 2) * HOP - WINDOW // 2)
        if _rises(bright, place, round(STEP_SECONDS * rate)):
            last = k
            found.append(place)
    return np.unique(np.array(found, np.int64))


def _rises(bright: NDArray[np.float64], place: int, step: int) -> bool:
    before, after = bright[place : place + step], bright[place + step : place + 2 * step]
    return float(after @ after) > LOUDER * float(before @ before)


def _begins(bright: NDArray[np.float64], rate: int, near: int) -> int:
    """Returns the frame near another at which the level rises most. Of `bright`, STEP_SECONDS of silence come before the first frame."""
    look, step = round(LOOK_SECONDS * rate), round(STEP_SECONDS * rate)
    first = max(0, near - look)
    some = bright[first : near + look + 2 * step]  # it begins a step before frame `first`
    if len(some) <= 2 * step + 1:
        return max(0, near)
    energy = np.concatenate([[0.0], np.cumsum(some**2)])
    rise = energy[2 * step :] - 2 * energy[step:-step] + energy[: -2 * step]
    # the first of several that are alike: each period of a low note rises
    place = int(np.flatnonzero(rise >= ALIKE * rise.max())[0])
    place += int(rise[place : place + step].argmax())
    around = np.abs(some[place : place + 2 * step + 1])
    width = max(4, round(LEVEL_SECONDS * rate))
    # the highest of the last half millisecond, so that a wave's zeros are no holes
    level = np.lib.stride_tricks.sliding_window_view(np.concatenate([np.zeros(width - 1), around]), width).max(axis=1)
    top = step + int(level[step:].argmax())
    before = float(level[: 3 * step // 4].max())
    risen = np.flatnonzero(level[: top + 1] > before + REACHED * (level[top] - before))
    return max(0, first + place - step + (int(risen[0]) if len(risen) else step))


def tempo(rising: NDArray[np.float64], rate: int) -> float:
    """Returns the beats a minute at which a flux comes again most; 0 where it does not."""
    pace = rate / HOP
    if len(rising) < 2 * pace or rising.max(initial=0.0) <= 0:
        return 0.0
    some = rising - rising.mean()
    size = 1 << (2 * len(some) - 1).bit_length()
    power = np.abs(np.fft.rfft(some, size)) ** 2
    again = np.fft.irfft(power)[: len(some)]
    again /= np.arange(len(some), 0, -1)
    bpm = np.arange(SLOWEST, FASTEST, 0.05)
    lags = 60 * pace / bpm
    places = np.arange(len(again))
    score = np.sum([np.interp(lags * times, places, again) for times in (1, 2, 4)], axis=0)
    # of tempos that are halves or doubles of one another, ears take the one nearest to 135
    weight = np.exp(-0.5 * (np.log2(bpm / 135) / 0.5) ** 2)
    best = int((score * weight).argmax())
    return float(bpm[best]) if score[best] > 0.1 * 3 * again[0] else 0.0
