"""Performs the commands that change the rack, a function each: (rack, command, catalogue) -> Edit, or a ChronusError and no change."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from chronus import commands as say
from chronus.catalogue.kinds import Catalogue
from chronus.catalogue.spec import Spec
from chronus.commands import Quantity
from chronus.errors import ChronusError
from chronus.rack import arping, inserting, lanes, patching, scenes, songs, values
from chronus.rack.document import EMPTY, RESERVED, Moving, Rack, module_of, named, replace, with_module
from chronus.rack.sweeps import STILL, Present
from chronus.rack.wiring import gated_off, played_by
from chronus.units import format_quantity

NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


class Edit(NamedTuple):
    rack: Rack
    text: str
    result: dict[str, Any]
    sweeps: tuple[Moving, ...] = ()


def edit(rack: Rack, command: say.AnyCommand, catalogue: Catalogue, present: Present = STILL) -> Edit:
    """Performs a command. `present`: how far each sweep has got, for what starts from there."""
    if isinstance(command, say.Set):
        return Edit(*values.assign(rack, command, catalogue, present))
    if isinstance(command, say.Load):
        return load(rack, command, catalogue, present)
    if isinstance(command, say.Scene):
        return Edit(*scenes.scene(rack, command, catalogue, present))
    return TABLE[type(command)](rack, command, catalogue)


# ---------------------------------------------------------------- modules


def load(rack: Rack, command: say.Load, catalogue: Catalogue, present: Present = STILL) -> Edit:
    spec = catalogue.resolve(command.kind)
    name = _asked_name(rack, spec, command.name)
    text = f"load {spec.kind}" + (f" as {name}" if name != spec.kind else "")
    result: dict[str, Any] = {"name": name, "kind": spec.kind}
    if isinstance(command, say.Insert):
        rack, on, chain = inserting.insert(rack, command.on, name, spec, catalogue)
        text = f"insert {spec.kind} on {on}{text.removeprefix(f'load {spec.kind}')} ({' > '.join(filter(None, chain))})"
        result |= {"on": on, "chain": chain}
    else:
        rack = patching.add(rack, name, spec, catalogue)
    sweeps: tuple[Moving, ...] = ()
    for k, change in enumerate(command.params):
        rack, _, more = values.change_one(rack, name, change, catalogue, f"params.{k}", command.over, present)
        sweeps += more
    return Edit(rack, text, result, sweeps)


def _asked_name(rack: Rack, spec: Spec, asked: str) -> str:
    if spec.kind == "out":
        raise ChronusError("E_EXISTS", "out is always there", part="kind")
    if asked:
        check_name(rack, asked, "name")
        return asked
    return new_name(rack, spec)


def new_name(rack: Rack, spec: Spec) -> str:
    """Returns the kind, or the kind with the first number behind it that is free."""
    name, count = spec.kind, 1
    while name in rack.modules:
        count += 1
        name = f"{spec.kind}{count}"
    return name


def check_name(rack: Rack, name: str, part: str) -> None:
    if not NAME.fullmatch(name) or name in RESERVED:
        raise ChronusError("E_SYNTAX", f'"{name}" cannot be a name', part=part)
    if name in rack.modules:
        raise ChronusError("E_EXISTS", f'there is a module "{name}" already', part=part)


def unload(rack: Rack, command: say.Unload, catalogue: Catalogue) -> Edit:
    name = named(rack, command.name, catalogue)
    if name == "out":
        raise ChronusError("E_VALUE", "out is always there; it cannot be unloaded", part="name")
    rack, closing = patching.remove(rack, name, catalogue)
    rack = replace(rack, lanes={n: lane for n, lane in rack.lanes.items() if module_of(n) != name})
    rack, taken = scenes.without(rack, name, module=True)
    cables = [patching.cable_words(key, rack, catalogue) for key in closing]
    told = f" ({patching.listed(cables)})" if cables else ""
    return Edit(rack, f"unload {name}{told}{taken}", {"name": name, "cables": [key._asdict() for key in closing]})


# ---------------------------------------------------------------- by hand, and all of it


def gate(rack: Rack, command: say.Gate, catalogue: Catalogue) -> Edit:
    """Opens or closes a gate. Held on, it is the module's own; let go, it is again that of the notes it follows."""
    name = _player(rack, command.name, catalogue)
    rack = with_module(rack, replace(rack.modules[name], played=True, held=command.on, hushed=False))
    text = f"gate {name} {'on' if command.on else 'off'}"
    leader = played_by(name, rack, catalogue)
    remark = "" if leader == name else f" (its gate is now that of {leader})"
    return Edit(rack, text + remark, {"name": name, "on": command.on})


def note(rack: Rack, command: say.Note, catalogue: Catalogue) -> Edit:
    """Plays a note. On a module that follows the notes of another it is played there, where it is heard."""
    name = _player(rack, command.name, catalogue)
    pitch = format_quantity(Quantity(command.pitch, "note"))
    text, result = f"note {name} {pitch}", {"name": name, "pitch": command.pitch}
    leader = played_by(name, rack, catalogue)
    if leader != name:
        return Edit(rack, f"{text} (played by {leader}, whose notes {name} follows)", result)
    droned = not (rack.modules[name].addressed or rack.modules[name].hushed)
    rack = with_module(rack, replace(rack.modules[name], played=True, hushed=False))
    off = gated_off(name, rack, catalogue) if droned else ""
    return Edit(rack, text + (f"; afterwards {name} is {off}" if off else ""), result)


def _player(rack: Rack, word: str, catalogue: Catalogue) -> str:
    name = named(rack, word, catalogue)
    if name == "out":
        raise ChronusError("E_VALUE", "out plays no notes", part="name")
    return name


def pace(rack: Rack, command: say.OfPace, catalogue: Catalogue) -> Edit:
    text = type(command).__name__.lower() + " off" * (not command.on)
    now = command.pace if command.on else "normal"
    return Edit(replace(rack, pace=now), text, {"pace": now})


def new(rack: Rack, command: say.New, catalogue: Catalogue) -> Edit:
    return Edit(empty(rack), "new", {})


def empty(rack: Rack) -> Rack:
    """Returns the rack with nothing but `out`, at its defaults."""
    return replace(EMPTY, takes=rack.takes)


def _of(function: Callable[..., tuple[Any, ...]]) -> Callable[[Rack, Any, Catalogue], Edit]:
    """Makes a function of the table from one that gives the parts of an Edit."""
    return lambda rack, command, catalogue: Edit(*function(rack, command, catalogue))


TABLE: dict[type, Callable[[Rack, Any, Catalogue], Edit]] = {
    say.Unload: unload,
    say.Patch: _of(patching.patch),
    say.Unpatch: _of(patching.unpatch),
    say.Sequence: _of(lanes.sequence),
    say.Clear: _of(scenes.clear),
    say.Song: _of(songs.song),
    say.Goto: _of(songs.goto),
    say.Fill: _of(scenes.fill),
    say.Every: _of(scenes.every),
    **dict.fromkeys(say.OF_LANES, _of(lanes.flag)),
    **dict.fromkeys((say.Halftime, say.Doubletime), pace),
    say.Gate: gate,
    say.Note: note,
    say.Arp: _of(arping.arp),
    say.New: new,
}
EDITS = (say.Set, say.Load, say.Insert, say.Scene, *TABLE)
"""Commands that change the rack; all others are about what plays, or ask."""
