"""Finds the clicks in a track: what stands alone above 10 kHz, of a spectrum as flat as a click's, and is no part of the music.

Three things of music stand alone up there as well: the bright edges of a low saw, which follow from one another; the ringing of a
filter, which is less than flat; and the attack of a drum, behind which it is louder than before.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

_TAPS, _NEAR = 31, 15
_APART_SECONDS, _PERIOD_SECONDS, _ATTACK_SECONDS, _SHAPE_SECONDS = 0.005, 0.04, 0.02, 0.002
STANDS_OUT = 8.0
"""A click is so many times as high above 10 kHz as all that lies within 5 ms before and behind it: a hat goes on, a click does not. What
a hat covers is not found."""
SHARP = 0.4
"""Above 15 kHz it has at least so much of what it has above 10: a single sample has 0.59, a step 0.49, the edge of a filtered wave less."""
FOLLOWS, ALIKE = 0.2, 0.8
"""The edge of a saw stands out as well, but follows from one a period before or behind: above 10 kHz less than a fifth is left of it
when that one is taken away, or less than two fifths where the sound above 1 kHz is as much like the one there."""
ATTACK = 4.0
"""Where the power of 20 ms grows so many times a sound begins, and that is no click."""
FAINTEST = -54.0
"""dBFS."""


class Click(Struct, frozen=True):
    """At a frame; the level in dBFS is that of the single sample that would click as loud."""

    frame: int
    level: float


def clicks(sound: np.ndarray, rate: int) -> list[Click]:
    """The clicks of a stereo sound: what stands alone above 10 kHz, is no edge of a wave and no attack; and not its own two ends."""
    return sorted(
        {click.frame: click for side in sound.T.astype(float) for click in _clicks_of(side, rate)}.values(),
        key=lambda click: click.frame,
    )


def _clicks_of(side: np.ndarray, rate: int) -> list[Click]:
    taps, far = _high_pass(10000 / rate), round(_APART_SECONDS * rate)
    signed, bright, sharp = (np.convolve(side, _high_pass(hertz / rate), "same") for hertz in (10000, 1000, 15000))
    high = np.abs(signed)
    around = _running_max(np.concatenate([np.zeros(far), high, np.zeros(far)]), far - _NEAR)
    before, behind = around[: len(high)], around[far + _NEAR + 1 : far + _NEAR + 1 + len(high)]
    own = _running_max(np.concatenate([np.zeros(_NEAR), high, np.zeros(_NEAR)]), 2 * _NEAR + 1)[: len(high)]
    level = 20 * np.log10(np.maximum(high / taps[_NEAR], 1e-9))
    level[:_TAPS] = level[-_TAPS:] = -180
    alone = (high == own) & (level > FAINTEST) & (high > STANDS_OUT * np.maximum(before, behind))
    return [
        Click(int(k), float(level[k]))
        for k in np.flatnonzero(alone)
        if np.abs(sharp[k - 2 : k + 3]).max() > SHARP * high[k]
        and not _is_attack(side, k, rate)
        and not _follows(signed, bright, k, rate)
    ]


def _high_pass(turns: float) -> np.ndarray:
    """The taps of one, from so many turns a frame on."""
    t = np.arange(_TAPS) - _NEAR
    return ((t == 0) - 2 * turns * np.sinc(2 * turns * t)) * np.kaiser(_TAPS, 6)


def _is_attack(side: np.ndarray, frame: int, rate: int) -> bool:
    span = round(_ATTACK_SECONDS * rate)
    before, behind = side[max(0, frame - _NEAR - span) : frame - _NEAR], side[frame + _NEAR : frame + _NEAR + span]
    return bool(np.mean(behind**2) > ATTACK * np.mean(before**2))


_delays = np.arange(-3, 3, 0.125)[:, None, None]
_SHIFTS = np.sinc(np.arange(-_NEAR, _NEAR + 1)[:, None] + _delays - np.arange(-2 * _NEAR, 2 * _NEAR + 1))
"""Reads what is around a frame at fractions of a frame beside it."""


def _follows(signed: np.ndarray, bright: np.ndarray, frame: int, rate: int) -> bool:
    """Whether what is above 10 kHz follows from what was a period ago, or comes a period later, and the sound around it as well."""
    reach, shape = round(_PERIOD_SECONDS * rate), round(_SHAPE_SECONDS * rate)
    room = reach + max(shape, 2 * _NEAR)
    signed, bright = (
        np.pad(
            whole[max(0, frame - room) : frame + room + 1],
            (max(0, room - frame), max(0, frame + room + 1 - len(whole))),
        )
        for whole in (signed, bright)
    )
    frame = room
    own, model = signed[frame - _NEAR : frame + _NEAR + 1], bright[frame - shape : frame + shape + 1]
    high = np.abs(signed[frame - reach : frame + reach + 1])
    tall = (
        np.flatnonzero((high[1:-1] >= high[:-2]) & (high[1:-1] >= high[2:]) & (high[1:-1] > np.abs(own).max() / 4)) + 1
    )
    for there in tall + frame - reach:
        other = bright[there - shape : there + shape + 1]
        alike = abs(other @ model) / np.sqrt((other @ other) * (model @ model) + 1e-20)
        if abs(there - frame) < 2 * shape:
            continue
        shifted = _SHIFTS @ signed[there - 2 * _NEAR : there + 2 * _NEAR + 1]
        shares = shifted @ own / ((shifted**2).sum(1) + 1e-20)
        left = np.abs(own - shares[:, None] * shifted).max(1) / np.abs(own).max()
        least = left[(np.abs(shares) > 0.25) & (np.abs(shares) < 4)].min(initial=1)
        if least < FOLLOWS or (least < 2 * FOLLOWS and alike > ALIKE):
            return True
    return False


def _running_max(x: np.ndarray, count: int) -> np.ndarray:
    """The greatest of each `count` in a row, by the first of them; the last ones are of fewer."""
    reach, result = 1, x.copy()
    while reach < count:
        step = min(reach, count - reach)
        result[:-step] = np.maximum(result[:-step], result[step:])
        reach += step
    return result
