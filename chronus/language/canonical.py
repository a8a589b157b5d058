"""Commands as text, one form each, for the journal and saved patches: parsed, it is the same command again."""

from __future__ import annotations

import re

from chronus.commands import (
    AnyCommand,
    Assert,
    Change,
    Clear,
    Command,
    Crash,
    Describe,
    File,
    Gate,
    Help,
    Length,
    List,
    Load,
    Mute,
    Note,
    Open,
    Patch,
    Port,
    Quantity,
    Redo,
    Relative,
    Save,
    Say,
    Sequence,
    Set,
    Show,
    Solo,
    Sweep,
    Undo,
    Unload,
    Unmute,
    Unpatch,
    Unsolo,
    Value,
    Wait,
    When,
    Word,
)
from chronus.units import format_number, format_quantity

RESERVED = frozenset(("at", "now", "over", "fade"))
KEY = re.compile(r"[a-g][#b]? [a-z]+")
PLAIN_WORD = re.compile(r"(?![a-g][#b]?[0-9]$)(?:[a-z][a-z0-9_]*|[a-g]#)")
PLAIN_KIND = re.compile(r"[a-z0-9][a-z0-9_]*(?<!_module)")
PLAIN_PATH = re.compile(r"(?!.*//)[A-Za-z0-9_.~/-]*[./][A-Za-z0-9_.~/-]*")


def canonical(command: AnyCommand | Command) -> str:
    """The command's text, its times last."""
    text = _body(command)
    if command.over is not None:
        text += f" over {format_length(command.over)}"
    if command.lasts is not None:
        text += f" for {format_length(command.lasts)}"
    if command.when is not None:
        text += f" {format_when(command.when)}"
    return text


def _body(command: AnyCommand | Command) -> str:
    match command:
        case Load():
            name = f" as {command.name}" if command.name else ""
            given = "".join(f" {change.param}={format_value(change.value)}" for change in command.params)
            return f"load {_kind(command.kind)}{name}{given}"
        case Patch():
            amount = f" {format_quantity(command.amount)}" if command.amount else ""
            return f"patch {_chain(command.chain)}{amount}"
        case Unpatch():
            return f"unpatch {_chain(command.chain)}"
        case Set():
            return "set " + ", ".join(map(format_change, command.changes))
        case Sequence():
            return f"sequence {command.name}: {command.text}{command.options.words()}"
        case Mute() | Unmute() | Solo() | Unsolo():
            return " ".join((type(command).__name__.lower(), *command.names))
        case Gate():
            return f"gate {command.name} {'on' if command.on else 'off'}"
        case Note():
            length = Quantity(command.length, command.length_unit)
            return (
                f"note {command.name} {_pitch(command.pitch)} vel={format_number(command.velocity)}"
                f" len={format_quantity(length)}"
            )
        case Unload() | Clear():
            return f"{type(command).__name__.lower()} {command.name}"
        case Save() | Open():
            return f"{type(command).__name__.lower()} {_file(command.name)}"
        case Undo() | Redo():
            steps = f" {command.steps}" if command.steps != 1 else ""
            return type(command).__name__.lower() + steps
        case List():
            return f"list {command.what}".rstrip()
        case Show():
            loop = f" loop {command.loop}" if command.loop else ""
            return f"show {command.name}".rstrip() + loop
        case Describe():
            return f"describe {command.kind}"
        case Help():
            return f"help {command.word}".rstrip()
        case Wait():
            return f"wait {format_length(command.length)}" if command.length else f"wait until bar {command.until_bar}"
        case Assert():
            return f"assert {_port(command.target)} {command.test} {format_value(command.value)}"
        case Crash():
            return f"crash {command.what}"
        case Say():
            return f"say {command.words}"
    return type(command).__name__.lower()


def format_value(value: Value) -> str:
    match value:
        case Quantity():
            return format_quantity(value)
        case Word(text):
            return text if PLAIN_WORD.fullmatch(text) and text not in RESERVED else f'"{text}"'
        case File(path):
            return f'"{path}"'
        case Relative(sign, number, unit):
            return f"{'-=' if sign == '-' else sign}{format_quantity(Quantity(number, unit))}"
        case Sweep(start, stop):
            return f"{format_quantity(start)}..{format_quantity(stop)}"


def format_change(change: Change) -> str:
    """`bass.freq 55 Hz`, `bpm 174`, `key a minor`."""
    where = f"{change.module}.{change.param}" if change.module else change.param
    if where == "key" and isinstance(change.value, Word) and KEY.fullmatch(change.value.text):
        return f"key {change.value.text}"
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


def _chain(chain: tuple[Port, ...]) -> str:
    return " > ".join(map(_port, chain))


def _port(port: Port) -> str:
    return f"{port.name}.{port.port}" if port.port else port.name


def _pitch(pitch: float) -> str:
    whole = pitch == int(pitch)
    return format_quantity(Quantity(pitch, "note" if whole else ""))


def _kind(kind: str) -> str:
    return kind if PLAIN_KIND.fullmatch(kind) or PLAIN_PATH.fullmatch(kind) else f'"{kind}"'


def _file(name: str) -> str:
    return f'"{name}"' if name.lower() in RESERVED else name
