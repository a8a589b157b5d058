"""Reads typed numbers with their units: quantities, counts, lengths, pitches. Offsets count from 0 in the typed statement."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any, Literal

from lark import Token, Tree

from chronus import othernames
from chronus.commands import LONGEST, LONGEST_NOTE, Length, Quantity
from chronus.errors import ChronusError
from chronus.othernames import meant
from chronus.units import LEAST_SHARE, MOST_SHARES, SILENCE, note_number, read_note

NUMBER = re.compile(r"(-?)(?:(\d+)/(\d+)((?:[dt](?![a-z0-9_]))?)|([\d.]+(?:e[-+]?\d+)?))[ \t]*(\S*)")

UNITS = {
    "": "", "k": "", "hz": "Hz", "khz": "Hz", "ms": "ms", "s": "s", "db": "dB", "%": "%", "ct": "ct", "st": "st",
    "oct": "oct", "q": "Q", "bar": "bars", "bars": "bars", "beat": "beats", "beats": "beats",
}  # fmt: skip

SHARES = {"": Fraction(1), "d": Fraction(3, 2), "t": Fraction(2, 3)}
"""1/8d is a dotted eighth, 1/8t one of three in the time of two."""

NAMES = tuple(filter(None, (*UNITS.values(), "k")))

Node = Any  # a Token or a Tree


def wrong(
    offset: int, message: str, *suggestions: str, code: str = "E_SYNTAX", length: int | None = None
) -> ChronusError:
    return ChronusError(code, message, suggestions=suggestions, column=offset + 1, length=length)


def start(node: Node) -> int:
    """Returns where a token, or the first token under a tree, begins."""
    while isinstance(node, Tree):
        node = node.children[0]
    return int(node.start_pos)


def quantity(token: Token) -> Quantity:
    if token.type == "NOTE":
        return Quantity(float(read_note(token)), "note")
    return read_quantity(token, start(token))


def read_quantity(text: str, offset: int) -> Quantity:
    """Reads `55`, `1.2k`, `3/16`, `-6 dB`: lower-cased; `offset` is where it stands."""
    if text.startswith("-inf"):
        return SILENCE
    found = NUMBER.fullmatch(text)
    if not found:
        raise wrong(offset, f'"{text}" is not a number')
    sign, over, under, tail, plain, unit = found.groups()
    if unit not in UNITS or (over and unit):
        place = offset + found.start(6)
        if over:
            raise wrong(place, f'a fraction takes no unit, not "{unit}"')
        raise wrong(place, f'there is no unit "{unit}"', *meant(unit, NAMES, othernames.UNITS))
    if over:
        number, unit = share(over, under, tail, offset), "whole"
    else:
        if plain.count(".") > 1:
            raise wrong(offset, f'"{plain}" is not a number')
        thousand = unit in ("k", "khz")
        number = float(plain + "e3") if thousand and "e" not in plain else float(plain) * (1000 if thousand else 1)
        unit = UNITS[unit]
    if not math.isfinite(number):
        raise wrong(offset, "the number is too large", code="E_VALUE")
    return Quantity(-number if sign else number, unit)


def share(over: str, under: str, tail: str, offset: int) -> float:
    """Returns a share of a whole note as a number."""
    if len(over) <= 4 and len(under) <= 4 and int(under):
        length = Fraction(int(over), int(under)) * SHARES[tail]
        if length.numerator <= MOST_SHARES and length.denominator <= LEAST_SHARE:
            return float(length)
    raise wrong(offset, f"a note length is a fraction such as 1/16, to 1/{LEAST_SHARE}", code="E_VALUE")


def count(token: Token, low: int, high: int, what: str) -> int:
    """Reads a whole number without a unit."""
    given = read_quantity(token, start(token))
    if given.unit or given.number != int(given.number) or not low <= given.number <= high:
        raise wrong(start(token), f"{what} is a whole number, {low}..{high}", code="E_VALUE")
    return int(given.number)


def length(token: Token) -> Length:
    given = read_quantity(token, start(token))
    match given.unit:
        case "bars" | "beats" | "s" | "ms" as unit:
            if not 0 < given.number <= LONGEST:
                raise wrong(start(token), f"a length is more than nothing, and {LONGEST} at most", code="E_VALUE")
            return Length(given.number, unit)
        case "":
            message = f'expected bars, beats, s or ms after "{token}"'
            raise wrong(start(token) + len(token), message, " bars", " beats", " s", length=0)
    raise wrong(start(token), "a length is in bars, beats, s or ms", code="E_VALUE")


def pitch(token: Token) -> float:
    given = quantity(token)
    if given.unit == "Hz" and given.number > 0:
        number = note_number(given.number)
    elif given.unit in ("", "note"):
        number = given.number
    else:
        raise wrong(start(token), "a pitch is a note (a1), its number (33) or a frequency (55 Hz)", code="E_VALUE")
    if not 0 <= number <= 127:
        raise wrong(start(token), "a pitch is c-1..g9 (0..127)", code="E_VALUE")
    return number


def velocity(given: Quantity, offset: int) -> float:
    number = given.number / 100 if given.unit == "%" else given.number
    if given.unit not in ("", "%") or not 0 <= number <= 1:
        raise wrong(offset, "vel is 0..1", code="E_VALUE")
    return number


def note_length(given: Quantity, offset: int) -> tuple[float, Literal["whole", "s"]]:
    number = given.number
    match given.unit:
        case "whole" if 0 < number <= LONGEST_NOTE:
            return number, "whole"
        case "bars" | "beats" if 0 < (whole := number / (1 if given.unit == "bars" else 4)) <= LONGEST_NOTE:
            return whole, "whole"
        case "s" | "ms" if 0 < (seconds := number / (1 if given.unit == "s" else 1000)) <= LONGEST_NOTE:
            return seconds, "s"
    raise wrong(offset, "len is a note length (1/8) or a time (200 ms)", code="E_VALUE")
