"""Performs `import` on a rack: the lanes of a MIDI file, the modules that they need, and its tempo, as one change."""

from __future__ import annotations

from chronus.catalogue.kinds import Catalogue
from chronus.commands import Change, Import, Load, Quantity, Set
from chronus.errors import ChronusError, nearest
from chronus.rack.document import Rack, find
from chronus.rack.edit import Edit, edit
from chronus.units import format_number


def bring(rack: Rack, command: Import, catalogue: Catalogue) -> Edit:
    """A lane whose module is not there loads it, where its name is that of a kind. The result has the lines that come to the same."""
    lines: list[str] = []
    if command.bpm:
        rack = edit(rack, Set(changes=(Change("", "bpm", Quantity(command.bpm)),)), catalogue).rack
        lines.append(f"bpm {format_number(command.bpm)}")
    for k, lane in enumerate(command.lanes):
        if find(rack, lane.name, catalogue) is None:
            if catalogue.find(lane.name) is None:
                raise ChronusError(
                    "E_NAME", f'no module "{lane.name}" is loaded, and there is no such kind',
                    suggestions=nearest(lane.name, (*rack.modules, *catalogue.kinds)), part=f"parts.{k}",
                )  # fmt: skip
            rack = edit(rack, Load(kind=lane.name), catalogue).rack
            lines.append(f"load {lane.name}")
    for lane in command.lanes:
        rack = edit(rack, lane, catalogue).rack
    names = ", ".join(dict.fromkeys(lane.name for lane in command.lanes))
    result = {"commands": [*lines, *command.lines], "told": list(command.told)}
    return Edit(rack, f"import {command.name}: {names}", result)
