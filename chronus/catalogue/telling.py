"""Tells everything that a kind of module declares, and what those of the kind that are loaded are set to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from chronus import units
from chronus.catalogue.spec import MIX, NOTE_OUTS

Present = Mapping[str, Mapping[str, Any]]
"""Name of a loaded module -> its parameters by name."""
NOTES = ("gate", "velocity", "accent", "glide")
NOTE_NAMES = tuple(out.name for out in NOTE_OUTS)
OF_ALL = [msgspec.to_builtins(param) for param in MIX]
"""What every module has that puts out sound: one that is not loaded need not say more of it than where that is explained."""
NOTHING: Present = MappingProxyType({})


def lines_of(kind: str, spec: Mapping[str, Any], present: Present = NOTHING) -> list[str]:
    """Writes a kind for people. `spec` is a Spec as plain data."""
    traits = [str(spec.get("category", "module")), str(spec.get("width", "mono"))]
    of_all = [] if present else [param for param in spec.get("params", ()) if param in OF_ALL]
    more = f"; {', '.join(param['name'] for param in of_all)}: `help mixing`" if of_all else ""
    lines = [f"{kind}: {spec.get('help', '')} ({', '.join(traits)}{more})"]
    if spec.get("aliases"):
        lines.append(f"also: {', '.join(spec['aliases'])}")
    lines += table(
        [
            param["name"],
            units.format_range(param) + (", exp" if param.get("curve") == "exp" else ""),
            f"({units.format_param(param['default'], param)})",
            *([_now(param, present)] if present else []),
            param.get("help", ""),
        ]
        for param in spec.get("params", ())
        if param not in of_all
    )
    settings = [one for one in spec.get("tables", ()) if one["source"] != "code"]
    lines += table([one["name"], one["source"], one.get("help", "")] for one in settings)
    ports = [("in", port) for port in spec.get("ins", ())] + [("out", port) for port in spec.get("outs", ())]
    of_notes = [(way, port) for way, port in ports if port["role"] in NOTES or port["name"] in NOTE_NAMES]
    rows = [
        [way, port["name"], port["role"], port.get("help", "")] for way, port in ports if (way, port) not in of_notes
    ]
    for way in ("in", "out"):
        names = [port["name"] for mine, port in of_notes if mine == way]
        rows += (
            [[way, ", ".join(names), "notes", "from its lane, a hand or cables" if way == "in" else "what it plays"]]
            if names
            else []
        )
    lines += table(rows)
    return [*lines, *(f"try  {line}" for line in spec.get("tries", ()))]


def plain(kind: str, spec: Mapping[str, Any], present: Present = NOTHING) -> dict[str, Any]:
    """Returns the JSON form of the same: each parameter has `now`, its value in each module of the kind that is loaded."""
    now = [
        {**param, "now": {name: values[param["name"]] for name, values in present.items()}} for param in spec["params"]
    ]
    return {"kind": kind, **spec, "params": now}


def _now(param: Mapping[str, Any], present: Present) -> str:
    return ", ".join(f"{name} {_words(values[param['name']], param)}" for name, values in present.items())


def _words(value: Any, param: Mapping[str, Any]) -> str:
    return value if isinstance(value, str) else units.format_param(value, param)


def table(rows: Iterable[list[str]]) -> list[str]:
    listed = list(rows)
    widths = [max(map(len, column)) for column in zip(*listed, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in listed]
