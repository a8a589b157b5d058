"""Reads what is typed behind a cable: how much a parameter takes of its signal, as a scale and a number; or the gain of its sound."""

from __future__ import annotations

import math

from chronus.catalogue.spec import Param
from chronus.errors import ChronusError
from chronus.units import SILENCE, STEPS, Quantity, Range, format_quantity, to_param

DEFAULT_AMOUNT = 0.5
"""Of a cable into a parameter that was patched without one."""
MOST_OCTAVES = 24
"""Of a cable into a frequency that can be zero: more than any frequency's range."""
IN_CURVE, IN_UNIT, OCTAVES = 0, 1, 2
GAIN_DB = Range("a gain", -60, 12, "dB")
"""What the gain of a cable may be."""


def scaled(amount: Quantity | None, param: Param) -> tuple[int, float]:
    """Returns (SCALE, AMOUNT) of a cable into a parameter; raises E_VALUE where the unit does not fit."""
    if amount == SILENCE:
        return IN_CURVE, 0.0
    if param.has_off:
        return OCTAVES, _decibels(amount, param) / 20.0 * math.log2(10.0)
    if amount is None:
        return IN_CURVE, DEFAULT_AMOUNT
    if amount.unit == "" or (amount.unit == "%" and param.unit != "%"):
        share = amount.number / (100 if amount.unit == "%" else 1)
        return IN_CURVE, to_param(Quantity(share), Range("the amount", -1, 1))
    if amount.unit in STEPS and param.unit == "Hz":
        most = math.ceil(math.log2(param.high / param.low)) if param.low > 0 else MOST_OCTAVES
        return OCTAVES, to_param(amount, Range("the amount", -most, most, "oct"))
    span = param.high - param.low
    return IN_UNIT, to_param(amount, Range("the amount", -span, span, param.unit))


def _decibels(amount: Quantity | None, param: Param) -> float:
    """Returns by how many decibels a level is moved: the graph has it as a factor, which doubles in octaves."""
    span = param.high - param.low
    amount = Quantity(DEFAULT_AMOUNT) if amount is None else amount
    if amount.unit in ("", "%"):
        share = amount.number / (100 if amount.unit == "%" else 1)
        return span * to_param(Quantity(share), Range("the amount", -1, 1))
    return to_param(amount, Range("the amount", -span, span, param.unit))


def gain(amount: Quantity | None) -> float:
    """Returns the factor of a cable between sounds: of -12 dB, 30% or 0.3. Raises E_VALUE for any other unit, and beyond GAIN_DB."""
    if amount is None:
        return 1.0
    if amount == SILENCE:
        return 0.0
    if amount.unit == "dB":
        return math.pow(10.0, to_param(amount, GAIN_DB) / 20.0)
    most = math.floor(100 * math.pow(10.0, GAIN_DB.high / 20.0))
    factor = amount.number / (100.0 if amount.unit == "%" else 1.0)
    if amount.unit not in ("", "%") or not 0.0 <= factor <= most / 100:
        raise ChronusError("E_VALUE", f"a gain is -60..12 dB, or 0..{most}%; {format_quantity(amount)} is neither")
    return factor


def both(first: Quantity | None, second: Quantity | None) -> Quantity | None:
    """Returns the gain of two cables in a row, as far as one can have it."""
    if first is None or second is None:
        return first if second is None else second
    factor = gain(first) * gain(second)
    if factor == 0.0:
        return SILENCE
    return Quantity(min(max(round(20.0 * math.log10(factor), 2), GAIN_DB.low), GAIN_DB.high), "dB")
