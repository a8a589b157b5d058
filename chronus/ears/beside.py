"""Holds the figures of two sounds against each other: what differs, figure by figure and band by band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chronus.ears.levels import SILENT

Figures = Mapping[str, Any]
"""As `Heard.plain` gives them."""

COMPARED = {
    "integrated": ("loudness", "LU"),
    "true_peak": ("true peak", "dB"),
    "crest": ("crest", "dB"),
    "plr": ("PLR", "dB"),
    "centroid": ("centroid", "Hz"),
    "density": ("onsets", "a second"),
    "correlation": ("correlation", ""),
    "mono_loss": ("mono loss", "dB"),
}
"""What is told of two sounds beside one another: its name, and the unit of the difference."""
WIDE = 9


def differences(one: Figures, other: Figures) -> dict[str, Any]:
    """Returns by how much the one is above the other; None of what one of them has not: the loudness of silence."""
    bands = [_apart(a["level"], b["level"]) for a, b in zip(one["bands"], other["bands"], strict=True)]
    return {**{name: _apart(one[name], other[name]) for name in COMPARED}, "bands": bands}


def _apart(one: float, other: float) -> float | None:
    return None if min(one, other) <= SILENT else round(one - other, 3)


def lines(one: Figures, other: Figures, names: Sequence[str]) -> list[str]:
    """Returns a table: a row for each figure, with both and what differs."""
    apart = differences(one, other)
    first, second = (name if len(name) <= WIDE else f"{name[: WIDE - 1]}~" for name in names)
    found = [f"{'':<13}{first:>{WIDE}}  {second:>{WIDE}}   differs"]
    for name, (told, unit) in COMPARED.items():
        found.append(_row(told, one[name], other[name], apart[name], unit, 2 if name == "correlation" else 1))
    for a, b, differs in zip(one["bands"], other["bands"], apart["bands"], strict=True):
        found.append(_row(f"{a['low']}-{a['high']} Hz", a["level"], b["level"], differs, "dB", 1))
    return found


def _row(told: str, one: float, other: float, apart: float | None, unit: str, digits: int) -> str:
    a, b = ("no" if value <= SILENT else f"{value:.{digits}f}" for value in (one, other))
    differs = "" if apart is None else f"{round(apart, digits) + 0.0:+.{digits}f} {unit}"
    return f"{told:<13}{a:>{WIDE}}  {b:>{WIDE}}   {differs}".rstrip()
