"""Unfolds one loop of a lane as arrays: its notes, in the order of their beginnings."""

from __future__ import annotations

from collections import OrderedDict
from fractions import Fraction
from math import lcm

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from chronus.memory.log import F_ACCENT
from chronus.pattern.lane import Hit, LaneOptions, Pattern
from chronus.units import exact, frequency

LOOPS = 1024
"""Patterns whose arrays are kept."""
Ints = NDArray[np.int64]


class Loop(Struct, frozen=True):
    """A pattern's notes in the order of their beginnings, as arrays that count in `part`s of a step, `size` of them in a loop.

    `glides`: it has no end of its own, and the next one is slid into. `slid` of the `first` notes holds from the second loop on.
    `beat` is a step in beats; `swing` what the lane says of its own, None where the transport's counts.
    """

    size: int
    part: int
    beat: Fraction
    swing: Fraction | None
    at: Ints
    end: Ints
    glides: NDArray[np.bool_]
    slid: NDArray[np.bool_]
    first: NDArray[np.bool_]
    flags: Ints
    hertz: NDArray[np.float64]
    velocity: NDArray[np.float64]
    pitches: list[int | None]
    starts: list[int]
    reach: int
    """After so many parts each note is over."""


_loops: OrderedDict[tuple[int, LaneOptions], tuple[Pattern, Loop]] = OrderedDict()


def loop_of(pattern: Pattern, options: LaneOptions) -> Loop:
    """The arrays of a lane, made once. Its pattern is known by where it lies: to compare 4,096 hits takes longer than to play them."""
    key = id(pattern), options
    known = _loops.get(key)
    if known is None:
        known = _loops[key] = pattern, _loop(pattern, options)
        if len(_loops) > LOOPS:
            _loops.popitem(last=False)
    _loops.move_to_end(key)
    return known[1]


def _loop(pattern: Pattern, options: LaneOptions) -> Loop:
    """The hits in order of time, a chord as several notes, each knowing whether it glides on or was slid into."""
    gate, hits = exact(options.gate), pattern.hits
    part = lcm(gate.denominator, *(hit.at[1] for hit in hits), *(hit.length[1] for hit in hits))
    size, own = pattern.steps * part, int(gate * part)

    def length(hit: Hit) -> int:
        return hit.length[0] * part // hit.length[1] or (part if hit.glide else own)

    def at(hit: Hit) -> int:
        return (hit.at[0] * part // hit.at[1] + options.shift * part) % size

    placed = sorted(((at(hit), hit) for hit in hits), key=lambda pair: pair[0])
    following = [place for place, _ in placed[1:]] + [place + size for place, _ in placed[:1]]
    slides = [
        hit.glide and then <= place + (hit.length[0] * part // hit.length[1] or part)  # only what touches the next can glide there
        for (place, hit), then in zip(placed, following, strict=True)
    ]  # fmt: skip
    notes = [(place, hit, k, pitch) for k, (place, hit) in enumerate(placed) for pitch in hit.pitches or (None,)]
    starts, lengths = [place for place, *_ in notes], [length(hit) for _, hit, *_ in notes]
    begins = np.array(starts, np.int64)
    return Loop(
        size,
        part,
        Fraction(*options.every) * 4,
        None if options.swing is None else exact(options.swing) / 100,
        begins,
        begins + np.array(lengths, np.int64),
        np.array([slides[k] for _, _, k, _ in notes], bool),
        np.array([slides[k - 1] for _, _, k, _ in notes], bool),
        begins == begins[:1],
        np.array([F_ACCENT * hit.accent for _, hit, *_ in notes], np.int64),
        np.array([0.0 if pitch is None else frequency(pitch) for *_, pitch in notes]),
        np.array([min(max(hit.velocity * options.velocity, 0.0), 1.0) for _, hit, *_ in notes]),
        [pitch for *_, pitch in notes],
        starts,
        max(lengths, default=0),
    )
