"""Reads amounts: how much a parameter takes of the signal of a cable, typed with a unit, as a scale and a number."""

from __future__ import annotations

import math

from chronus.catalogue.spec import Param
from chronus.units import STEPS, Quantity, Range, to_param

DEFAULT_AMOUNT = 0.5
"""Of a cable into a parameter that was patched without one."""
MOST_OCTAVES = 24
"""Of a cable into a frequency that can be zero: more than any frequency's range."""
IN_CURVE, IN_UNIT, OCTAVES = 0, 1, 2


def scaled(amount: Quantity | None, param: Param) -> tuple[int, float]:
    """Returns (SCALE, AMOUNT) of a cable into a parameter; raises E_VALUE where the unit does not fit."""
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
