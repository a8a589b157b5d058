"""Waves of parameters: `set bass.cutoff lfo(sine, 1/2, 300..1200)`. A wave is a setting, as a number is.

Why it is no hidden `lfo` with a cable, and no row of values from the scheduler: a lock and a lane must cover it, as they cover what is set,
where a cable would add to them; and it goes on while the transport stands, where nothing is scheduled. So the replicas compute it in
the place of what is set (graph/moving.py), from one entry that says where in its turn it is, and this file says the same for control.

Its turns follow from the frame alone. Those of a note length are counted in beats from transport zero, or, while there is none, from
the engine's first frame; those in Hz always from that. So it does not matter when a wave was said, nor in what order.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from chronus.errors import ChronusError
from chronus.othernames import WORDS, meant
from chronus.rack.document import Rack, Waving, seed_of
from chronus.units import BEATS, Quantity, format_number

SHAPES = ("sine", "triangle", "saw", "ramp", "square", "hold", "random")
"""As the module `lfo` has them."""
SINE, TRIANGLE, SAW, RAMP, SQUARE, HOLD, RANDOM = range(len(SHAPES))
SLOWEST, FASTEST = 0.001, 50.0
"""Hz."""
SHORTEST, LONGEST = 1 / 128, 64.0
"""Whole notes."""
RATES = f"1/128..64/1, or {format_number(SLOWEST)}..{format_number(FASTEST)} Hz"
WIDEST = 0.25
"""Of a turn, at most, is spent on a jump."""

Share = Callable[[Waving, int], float]
"""Where a wave is at a frame: 0 at its first end, 1 at its second."""


def checked_shape(word: str, part: str) -> str:
    if word not in SHAPES:
        near = meant(word, SHAPES, WORDS)
        raise ChronusError("E_VALUE", f"a wave is one of {', '.join(SHAPES)}", suggestions=near, part=part)
    return word


def checked_rate(rate: Quantity, part: str) -> Quantity:
    number, unit = rate.number, rate.unit
    if unit in ("whole", "bars", "beats"):
        fits = SHORTEST <= number / (BEATS if unit == "beats" else 1) <= LONGEST
    elif unit in ("s", "ms"):
        fits = number > 0 and SLOWEST <= (1000 if unit == "ms" else 1) / number <= FASTEST
    else:
        fits = unit in ("", "Hz") and SLOWEST <= number <= FASTEST
    if not fits:
        raise ChronusError("E_VALUE", f"the rate of a wave is {RATES}", suggestions=("1/2", "0.5 Hz"), part=part)
    return rate


def beats_of(rate: Quantity) -> float:
    """Returns the beats of a turn; 0 of a rate in time."""
    return rate.number * {"whole": BEATS, "bars": BEATS, "beats": 1}.get(rate.unit, 0)


def hertz_of(rate: Quantity) -> float:
    """Returns the turns a second of a rate in time."""
    if rate.unit in ("s", "ms"):
        return (1000 if rate.unit == "ms" else 1) / rate.number
    return rate.number


def key_of(rack: Rack, wave: Waving) -> int:
    """Returns what the chances of a wave are drawn from: another one for each parameter, and for each seed."""
    return seed_of(rack.seed, wave.place) & 0x7FFFFFFF


# ---------------------------------------------------------------- as the replicas compute it


def share_at(shape: int, turns: float, width: float, key: int) -> float:
    """Returns where a shape is after so many turns; `width` is the share of a turn in which it jumps."""
    whole = math.floor(turns)
    x = turns - whole
    if shape == SINE:
        return 0.5 + 0.5 * math.sin(2 * math.pi * x)
    if shape == TRIANGLE:
        return 0.5 * abs(2 - abs(4 * x - 1))
    if shape in (SAW, RAMP):
        share = 1 - x if x >= width else eased(x / width) * (1 - x)
        return share if shape == SAW else 1 - share
    if shape == SQUARE:
        half = x if x < 0.5 else x - 0.5
        gone = eased(half / width) if half < width else 1.0
        return gone if x < 0.5 else 1 - gone
    held, before, after = (_chance(key, whole + k) for k in (0, -1, 1))
    if shape == HOLD:
        return held if x >= width else before + (held - before) * eased(x / width)
    return held + (after - held) * x * x * (3 - 2 * x)


def eased(t: float) -> float:
    return t * t * t * (t * (t * 6 - 15) + 10)


def _mixed(x: int) -> int:
    for shift, times in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x = (x ^ (x >> shift)) * times & 0xFFFFFFFF
    return x ^ (x >> 16)


def _chance(key: int, count: int) -> float:
    number = _mixed((_mixed(count & 0xFFFFFFFF) + key) & 0xFFFFFFFF)
    return 0.5 + 0.5 * (number - (number >> 31 << 32)) * 2.0**-31
