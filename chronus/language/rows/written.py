"""Writes the parts of a command as they may be typed: values, ports, lengths, times."""

from __future__ import annotations

import re

from chronus.catalogue.whole import WHOLE, Text
from chronus.commands import RESERVED, Change, File, Length, Port, Quantity, Relative, Sweep, Value, Wave, When, Word
from chronus.units import SILENCE, format_quantity

PLAIN_WORD = re.compile(r"(?![a-g][#b]?[0-9]$)(?:[a-z][a-z0-9_]*|[a-g]#)")
PLAIN_KIND = re.compile(r"[a-z0-9][a-z0-9_]*(?<!_module)")
PLAIN_PATH = re.compile(r"(?!.*//)[A-Za-z0-9_.~/-]*[./][A-Za-z0-9_.~/-]*")


def format_value(value: Value) -> str:
    match value:
        case Quantity():
            return "-inf" if value == SILENCE else format_quantity(value)  # `off` would be read as a word
        case Word(text):
            return text if PLAIN_WORD.fullmatch(text) and text not in RESERVED else f'"{text}"'
        case File(path):
            return f'"{path}"'
        case Relative(sign, number, unit):
            return f"{'-=' if sign == '-' else sign}{format_quantity(Quantity(number, unit))}"
        case Sweep(start, stop):
            return f"{format_quantity(start)}..{format_quantity(stop)}"
        case Wave(shape, rate, start, stop):
            return f"lfo({shape}, {format_quantity(rate)}, {format_quantity(start)}..{format_quantity(stop)})"


def format_change(change: Change) -> str:
    """`bass.freq 55 Hz`, `bpm 174`, `key a minor`."""
    where = f"{change.module}.{change.param}" if change.module else change.param
    row = WHOLE.get(where)
    if isinstance(row, Text) and isinstance(change.value, Word) and row.fits(change.value.text):
        return f"{where} {change.value.text}"
    return f"{where} {format_value(change.value)}"


def format_length(length: Length) -> str:
    return format_quantity(Quantity(length.number, length.unit))


def format_when(when: When) -> str:
    if when.kind == "now":
        return "now"
    if when.kind == "next":
        return f"at next {when.unit}"
    if when.kind == "bar":
        return f"at bar {when.count}"
    return f"{'in' if when.kind == 'in' else 'at'} {format_quantity(Quantity(when.count, f'{when.unit}s'))}"


def format_chain(chain: tuple[Port, ...]) -> str:
    return " > ".join(map(format_port, chain))


def format_port(port: Port) -> str:
    return f"{port.name}.{port.port}" if port.port else port.name


def format_pitch(pitch: float) -> str:
    whole = pitch == int(pitch)
    return format_quantity(Quantity(pitch, "note" if whole else ""))


def format_kind(kind: str) -> str:
    return kind if PLAIN_KIND.fullmatch(kind) or PLAIN_PATH.fullmatch(kind) else f'"{kind}"'


def format_file(name: str) -> str:
    return f'"{name}"' if name.lower() in RESERVED else name
