"""Converts typed numbers: units, notes, ranges, and seconds to frames.

Rule 1: the conversion of a typed value to a parameter's own unit and back is done here and nowhere else.
Rule 2: only `frames` turns seconds into frames, from exact fractions, rounding half to even.

A sign in front:
- `+` `*` `/` and `-=` move from the current value, always.
- A plain `-` is read as a place wherever it can be one: `out.volume -6db`, `saw.detune -10ct`, `pan.pan -50%`, and
  `kick.gain -6db` (a level in decibels is below zero). Where no negative place exists, a step is meant: `-2st`, `-1oct`
  or `-50ct` on a frequency, `-10%`, `-3db` on a gain that starts at 0 dB. A bare number or one in the parameter's own
  unit is never a step: `set bass.freq -5` is out of range.

A musical length (3/16, 2 beats) for a time or a rate is valid at every tempo: what it comes to stops at the edges of the range.

Per cent: 80 % of a plain number up to 2 is 0.8; of anything else the place 80 % along its curve. As a step, +10 % adds
0.1 to such a number, adds a tenth of the range where that reaches below zero, and multiplies by 1.1 otherwise.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal, Protocol

from msgspec import Meta, Struct

from chronus import othernames
from chronus.errors import ChronusError
from chronus.othernames import meant

CONCERT_PITCH, CONCERT_NOTE = 440.0, 69
BEATS = 4
"""Beats in a whole note: a beat is a quarter."""

NOTES = ("c", "c#", "d", "d#", "e", "f", "f#", "g", "g#", "a", "a#", "b")
STEPS = {"ct": 1.0, "st": 100.0, "oct": 1200.0}
"""Distances of pitch, in cents."""
MUSICAL = ("whole", "bars", "beats")
"""Lengths that the tempo turns into time."""
WORDS_OF_UNITS = {"": "a number", "whole": "a note length", "note": "a note", "%": "a percentage"}


MOST_SHARES, LEAST_SHARE = 9999, 1024
"""Above and below the line of a note length, in lowest terms."""
OFF = -144.0
"""Decibels that are no sound at all: what `off` and `-inf` stand for."""
LONGEST = 86_400_000
"""The longest stretch of time that can be named, in whatever unit: a day in milliseconds."""

# ---------------------------------------------------------------- what is typed

Number = Annotated[float, Meta(ge=-sys.float_info.max, le=sys.float_info.max)]
"""Not NaN, not without end: the wire lets nothing else in."""


class Quantity(Struct, frozen=True, tag="quantity"):
    """A number as typed. Units: "" Hz ms s dB ct st oct % Q bars beats; "note" (MIDI number; a1 is 33),
    "whole" (a share of a whole note: 3/16)."""

    number: Number
    unit: str = ""


SILENCE = Quantity(OFF, "dB")
"""What `off` and `-inf` are read as: of a level, of a gain, of the end of a sweep."""


class Word(Struct, frozen=True, tag="word"):
    """A word of an enum, on/off, a key ("a minor")."""

    text: str


class Relative(Struct, frozen=True, tag="relative"):
    """+10% -3db +2st *0.5: `sign` is "+", "-", "*" or "/"."""

    sign: Literal["+", "-", "*", "/"]
    number: Number
    unit: str = ""


class Sweep(Struct, frozen=True, tag="sweep"):
    """400..2400: moves evenly in the parameter's own curve, over the command's `over`."""

    start: Quantity
    stop: Quantity


class Wave(Struct, frozen=True, tag="wave"):
    """lfo(sine, 1/2, 300..1200): goes from the one to the other and back, a turn in so many notes, or so many turns a second."""

    shape: str
    rate: Quantity
    start: Quantity
    stop: Quantity


class Length(Struct, frozen=True):
    """A stretch of time: 4 bars, 3 beats, 2 s, 500 ms."""

    number: Annotated[float, Meta(ge=0, le=LONGEST)]
    unit: Literal["bars", "beats", "s", "ms"]


class File(Struct, frozen=True, tag="file"):
    """A recording that was named, and what was found there: `digest` of its bytes ("": it is gone, or was never read), its length and form.

    `path` is absolute, or the name of a file in the user's folder of samples. `attempt` counts how often it was named anew while silence
    stood in its place.
    """

    path: str
    digest: str = ""
    frames: Annotated[int, Meta(ge=0)] = 0
    channels: Annotated[int, Meta(ge=0)] = 0
    rate: Annotated[int, Meta(ge=0)] = 0
    attempt: Annotated[int, Meta(ge=0)] = 0

    def at(self, rate: int) -> int:
        """Frames at another rate."""
        return -(-self.frames * rate // self.rate) if self.rate else 0


Value = Quantity | Word | Relative | Sweep | Wave | File

# ---------------------------------------------------------------- what it is typed for


class ParamLike(Protocol):
    """What must be known of a parameter; dsp.spec.Param and its plain-data form both serve."""

    @property
    def name(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def curve(self) -> str: ...
    @property
    def words(self) -> tuple[str, ...]: ...
    @property
    def has_off(self) -> bool: ...
    @property
    def named(self) -> Mapping[str, float]: ...


class Range(Struct, frozen=True):
    """A parameter without a module: those of the whole, and the plain-data form of a Param made firm."""

    name: str
    low: float
    high: float
    unit: str = ""
    curve: Literal["linear", "exp"] = "linear"
    words: tuple[str, ...] = ()
    has_off: bool = False
    named: dict[str, float] = {}


# ---------------------------------------------------------------- notes


def exact(number: float) -> Fraction:
    """A typed number as the fraction it stands for: 0.1 is a tenth."""
    return Fraction(repr(float(number)))


def frequency(note: float) -> float:
    """Hz of a note number; 69 is 440."""
    return CONCERT_PITCH * math.pow(2, (note - CONCERT_NOTE) / 12)


def note_number(hertz: float) -> float:
    return CONCERT_NOTE + 12 * math.log2(hertz / CONCERT_PITCH)


def note_name(note: int) -> str:
    """a1 for 33; sharps, and c4 is 60."""
    return f"{NOTES[note % 12]}{note // 12 - 1}"


def read_note(text: str) -> int:
    """The number of `a1`, `c#2`, `eb3` (already known to be one)."""
    letter, octave = text[0].lower(), text[1:]
    number = NOTES.index(letter)
    if octave[0] in "#bB":
        number += 1 if octave[0] == "#" else -1
        octave = octave[1:]
    return number + 12 * (int(octave) + 1)


# ---------------------------------------------------------------- numbers as text


def format_number(number: float) -> str:
    """The shortest that reads back as the same number: 55, 0.7, 1200."""
    if abs(number) < 1e15 and number == int(number):
        return str(int(number))
    return repr(float(number))


def format_quantity(value: Quantity) -> str:
    """`55 Hz`, `80%`, `a1`, `3/16`, `off`: as it may be typed."""
    number, unit = value.number, value.unit
    if value == SILENCE:
        return "off"
    if unit == "note" and number == int(number):
        return note_name(int(number))
    if unit == "whole":
        share = Fraction(number).limit_denominator(LEAST_SHARE)
        if share.numerator <= MOST_SHARES and float(share) == number:
            return f"{share.numerator}/{share.denominator}"
        unit = "bars"  # no fraction that can be typed; a whole note lasts a bar
    if unit in ("bars", "beats") and number == 1:
        unit = unit[:-1]
    return format_number(number) + ("%" if unit == "%" else unit and f" {unit}")


def format_param(value: float, param: ParamLike | Mapping[str, Any], *, exact: bool = False) -> str:
    """A parameter's value as a person reads it, to six figures; `exact` reads back as the same number."""
    range_ = range_of(param)
    if range_.words:
        return range_.words[min(max(round(value), 0), len(range_.words) - 1)]
    if range_.has_off and value <= OFF:
        return "off"
    if not exact and math.isfinite(value):
        value = float(f"{value:.6g}")
    return format_quantity(Quantity(value, range_.unit)) if math.isfinite(value) else str(value)


def format_range(param: ParamLike | Mapping[str, Any]) -> str:
    """`20..20000 Hz`, or the words of an enum."""
    range_ = range_of(param)
    if range_.words:
        return ", ".join(range_.words)
    unit = "%" if range_.unit == "%" else range_.unit and f" {range_.unit}"
    off = ", or off" if range_.has_off else ""
    return f"{format_number(range_.low)}..{format_number(range_.high)}{unit}{off}"


# ---------------------------------------------------------------- values of parameters


def to_param(
    value: Quantity | Word | Relative, param: ParamLike | Mapping[str, Any], current: float = 0.0, bpm: float = 120.0
) -> float:
    """The number a parameter is set to, in its own unit; E_VALUE with the range where it cannot be.

    `current` is what a relative value moves from; `bpm` gives note lengths (3/16) their time.
    """
    range_ = range_of(param)
    if range_.words:
        return float(_word(value, range_))
    if range_.has_off and (value == Word("off") or value == SILENCE):
        return OFF
    if isinstance(value, Word):
        return _named(value, range_)
    if not math.isfinite(value.number):
        raise _refuse(f"{range_.name} is {format_range(range_)}; a number without end is outside")
    if isinstance(value, Relative):
        number = _moved(value.sign, Quantity(value.number, value.unit), range_, current, bpm)
        words = f"{_signed(value)} from {format_param(current, range_)}"
    elif value.number < 0 and is_step(value, range_):
        number = _moved("-", Quantity(-value.number, value.unit), range_, current, bpm)
        words = f"{format_quantity(value)} from {format_param(current, range_)}"
    else:
        number = _place(value, range_, bpm)
        words = format_quantity(value)
        if is_musical(value, range_):
            return min(max(number, range_.low), range_.high)
        if not value.unit and _plain_percent(range_) and range_.high < number <= 100 * range_.high:
            message = f"{range_.name} is {format_range(range_)}; {words} is outside"
            raise ChronusError("E_VALUE", message, suggestions=(f"{words}%",))
    return _inside(number, range_, words)


def is_musical(value: Value, param: ParamLike | Mapping[str, Any]) -> bool:
    """Whether it is a musical length for a time or a rate: valid by itself, at any tempo."""
    known = isinstance(value, Quantity) and value.unit in MUSICAL and value.number > 0
    return known and range_of(param).unit in ("ms", "s", "Hz")


def is_clamped(value: Quantity, param: ParamLike | Mapping[str, Any], bpm: float) -> bool:
    """Whether a musical length lies outside the parameter's range at this tempo."""
    range_ = range_of(param)
    return is_musical(value, range_) and not range_.low <= _place(value, range_, bpm) <= range_.high


def _inside(number: float, range_: Range, words: str) -> float:
    slack = 1e-9 * max(abs(range_.low), abs(range_.high))
    if not range_.low - slack <= number <= range_.high + slack:
        raise _refuse(f"{range_.name} is {format_range(range_)}; {words} is outside")
    return min(max(number, range_.low), range_.high)


def _word(value: Quantity | Word | Relative, range_: Range) -> int:
    words = [word.lower() for word in range_.words]
    switch = words == ["off", "on"]
    text = value.text.lower() if isinstance(value, Word) else ""
    if isinstance(value, Quantity) and math.isfinite(value.number):
        text = format_quantity(value)
        if switch and text in ("0", "1"):
            return int(text)
    if text in words:
        return words.index(text)
    near = meant(text, words, othernames.WORDS)
    raise ChronusError("E_VALUE", f"{range_.name} is one of {format_range(range_)}", suggestions=near)


def _named(value: Word, range_: Range) -> float:
    """A word for a value of a parameter that is a number."""
    text = value.text.lower()
    if text in range_.named:
        return range_.named[text]
    words = f"; {', '.join(range_.named)} are words for it" if range_.named else ""
    near = meant(text, range_.named, othernames.WORDS)
    message = f"{range_.name} is {format_range(range_)}, not the word {value.text}{words}"
    raise ChronusError("E_VALUE", message, suggestions=near)


def _plain_percent(range_: Range) -> bool:
    return not range_.unit and range_.curve == "linear" and range_.low >= -1 and range_.high <= 2


def _is_level(range_: Range) -> bool:
    return not range_.unit and range_.low == 0 and range_.high <= 2


def is_step(value: Quantity, range_: Range) -> bool:
    """Whether a negative quantity can only be meant as a step."""
    if value.unit == "%":
        return range_.unit != "%" and not (range_.low < 0 and _plain_percent(range_))
    if value.unit in STEPS:
        return range_.unit not in STEPS or range_.low >= 0
    return value.unit == "dB" and range_.unit == "dB" and range_.low >= 0


def _place(value: Quantity, range_: Range, bpm: float) -> float:
    """A quantity as a place in the parameter's own unit."""
    number, unit, own = value.number, value.unit, range_.unit
    if unit in ("", own):
        return number
    if unit == "%":
        share = number / 100
        if _plain_percent(range_):
            return share
        if range_.curve == "exp":
            return range_.low * math.pow(range_.high / range_.low, min(share, 20.0))
        return range_.low + share * (range_.high - range_.low)
    if unit == "dB" and _is_level(range_):
        return math.pow(10, min(number, 6000.0) / 20)
    if unit in STEPS and own in STEPS:
        return number * STEPS[unit] / STEPS[own]
    if unit in STEPS and own == "Hz":
        typed = format_quantity(value)
        raise _refuse(f"{range_.name} is in Hz; {typed} is a distance: +{typed} or -{typed}")
    if unit == "whole" and not own:
        return number
    if unit == "note" and own == "Hz":
        return frequency(min(number, 1e4))
    time = _milliseconds(value, bpm)
    if time is not None:
        if own in ("ms", "s"):
            return time if own == "ms" else time / 1000
        if own == "Hz" and unit in ("whole", "bars", "beats"):
            return 1000 / time if time > 0 else math.inf
    in_what = f"in {own}" if own else "a plain number"
    typed = WORDS_OF_UNITS.get(unit, unit)
    raise _refuse(f"{range_.name} is {in_what}; {typed} does not fit")


def _moved(sign: str, step: Quantity, range_: Range, current: float, bpm: float) -> float:
    """`current`, moved by a step."""
    number = -step.number if sign == "-" else step.number
    if sign in "*/":
        factor = {"": number, "%": number / 100}.get(step.unit)
        if factor is None:
            raise _refuse(f"{sign} takes a plain number; {format_quantity(step)} does not fit")
        if sign == "/":
            factor = 1 / factor if factor else math.inf
        product = current * factor
        return math.inf if math.isnan(product) else product
    if step.unit == "%" and range_.unit != "%":
        if _plain_percent(range_):
            return current + number / 100
        if range_.low < 0:
            return current + number / 100 * (range_.high - range_.low)
        return current * (1 + number / 100)
    if step.unit in STEPS and range_.unit == "Hz":
        return current * math.pow(2, min(number * STEPS[step.unit] / 1200, 1000.0))
    if step.unit == "dB" and _is_level(range_):
        return current * math.pow(10, min(number, 6000.0) / 20)
    if step.unit == "note" or (range_.unit == "Hz" and step.unit in ("whole", "bars", "beats")):
        raise _refuse(f"{format_quantity(step)} is a place, not a distance; write it without {sign}")
    place = _place(Quantity(step.number, step.unit), range_, bpm)
    return current + (-place if sign == "-" else place)


def _milliseconds(value: Quantity, bpm: float) -> float | None:
    """The time a quantity stands for; a bar has four beats. None where it is no time."""
    beats = {"whole": BEATS, "bars": BEATS, "beats": 1}.get(value.unit)
    if beats:
        return value.number * beats * 60_000 / bpm
    return {"ms": value.number, "s": value.number * 1000}.get(value.unit)


def _signed(value: Relative) -> str:
    sign = "" if value.sign == "-" else value.sign
    return sign + format_quantity(Quantity(-value.number if value.sign == "-" else value.number, value.unit))


def range_of(param: ParamLike | Mapping[str, Any]) -> Range:
    """Returns the plain-data form of a parameter, made firm."""
    if isinstance(param, Range):
        return param
    known: dict[str, Any] = {}
    for name in Range.__struct_fields__:
        if not isinstance(param, Mapping):
            known[name] = getattr(param, name)
        elif name in param:
            known[name] = param[name]
    known.setdefault("name", "it")
    known["words"] = tuple(known.get("words", ()))
    return Range(**known)


def _refuse(message: str) -> ChronusError:
    return ChronusError("E_VALUE", message)


# ---------------------------------------------------------------- time


def seconds(length: Length, bpm: float) -> Fraction:
    """A stretch of time as exact seconds; a bar has four beats."""
    number = Fraction(repr(length.number))
    if length.unit in ("bars", "beats"):
        return number * (BEATS if length.unit == "bars" else 1) * 60 / Fraction(repr(float(bpm)))
    return number / (1000 if length.unit == "ms" else 1)


def frames(exact: Fraction, rate: int) -> int:
    """The frame nearest to a time in seconds; halfway between two, the even one."""
    return round(exact * rate)
