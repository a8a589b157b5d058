"""Keeps a sentence of musical words from replacing what the user has made: a sentence only adds. Pure."""

from __future__ import annotations

from typing import NamedTuple

from chronus.catalogue.kinds import Catalogue
from chronus.commands import AnyCommand, Change, File, Load, Quantity, Say, Sequence, Set, Sweep, Wave
from chronus.errors import ChronusError
from chronus.rack.document import EMPTY, Rack, find, value
from chronus.units import format_number, format_param, to_param


class Kept(NamedTuple):
    """Why a command of the sentence is passed over, and the line that would do it all the same; both "" where nothing is lost by it."""

    why: str = ""
    line: str = ""

    @property
    def note(self) -> str:
        return f"{self.why}; `{self.line}` changes that" if self.why else ""


def kept(rack: Rack, command: Say, catalogue: Catalogue) -> dict[int, Kept]:
    """Finds the commands of a sentence that give way to what the rack holds: modules, lanes, and a tempo not asked for; by their places."""
    found: dict[int, Kept] = {}
    for k, (one, line) in enumerate(command.each()):
        gives_way = _gives_way(rack, command, one, line, catalogue)
        if gives_way is not None:
            found[k] = gives_way
    return found


def refuse_if_idle(command: Say, kept: dict[int, Kept]) -> None:
    """Raises E_EXISTS if nothing of the sentence is left to do."""
    if kept and len(kept) == len(command.commands):
        notes = [one.note for one in kept.values() if one.note]
        raise ChronusError("E_EXISTS", "; ".join(notes) or "all of it is there already", part="words")


def _gives_way(rack: Rack, command: Say, one: AnyCommand, line: str, catalogue: Catalogue) -> Kept | None:
    match one:
        case Load():
            name = _name(rack, one, catalogue)
            return None if name is None else _loaded(rack, name, one, catalogue)
        case Sequence(name=name) if name in rack.lanes:
            return Kept(f"{name} keeps its lane", line)
        case Set(changes=(Change("", "bpm", Quantity(number, "")),)) if command.tempo != "asked":
            chosen = rack.bpm != EMPTY.bpm or (rack.lanes and command.tempo != "song")
            if chosen and number != rack.bpm:
                return Kept(f"the tempo stays {format_number(rack.bpm)}", line)
    return None


def _name(rack: Rack, load: Load, catalogue: Catalogue) -> str | None:
    spec = catalogue.find(load.kind)
    name = load.name or (spec.kind if spec else "")
    return find(rack, name, catalogue) if name in rack.modules else None


def _loaded(rack: Rack, name: str, load: Load, catalogue: Catalogue) -> Kept:
    """Returns why a `load` of a module that is there is passed over. Only the model is checked: it is all that a sentence names."""
    module = rack.modules[name]
    param = catalogue[module.kind].param("model")
    asked = next((change.value for change in load.params if change.param == "model"), None)
    if param is None or asked is None or isinstance(asked, Sweep | Wave | File):
        return Kept()
    try:
        now = to_param(asked, param)
    except ChronusError:
        return Kept()  # another kind of module bears the name
    if now == value(rack, module, param):
        return Kept()
    return Kept(f"{name} keeps its model", f"set {name}.model {format_param(now, param)}")
