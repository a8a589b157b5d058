"""Saves what it can of commands that were valid once: all that is still valid, and for the rest the reason why it is not.

A module may have other parameters today, a kind may be gone, a range may be narrower. Then a line is taken apart, and only what cannot
be done any more is left out and named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from chronus.catalogue.kinds import Catalogue
from chronus.commands import AnyCommand, Change, Import, Load, OfLanes, Open, Say, Set
from chronus.errors import ChronusError
from chronus.rack.document import Rack, replace
from chronus.rack.edit import EDITS, edit, empty, new_name


class Lost(Struct, frozen=True):
    """A part that does not come back, with the reason. `line` is its line in the file it was read from; 0 where it has none."""

    text: str
    why: str
    line: int = 0

    def told(self, file: str) -> str:
        return f'{file}{f":{self.line}" if self.line else ""}: "{self.text}": {self.why}'


def able(
    rack: Rack, commands: Iterable[AnyCommand], catalogue: Catalogue
) -> tuple[list[AnyCommand], list[tuple[int, str]]]:
    """Returns those of the commands that can be done one after the other, and why the others cannot: (place, reason)."""
    done: list[AnyCommand] = []
    lost: list[tuple[int, str]] = []
    todo = list(enumerate(commands))
    todo.reverse()
    while todo:
        place, command = todo.pop()
        if not isinstance(command, (*EDITS, Say)):
            continue
        try:
            if isinstance(command, Say):
                raise ChronusError("E_VALUE", "it is taken apart")
            rack = edit(rack, command, catalogue).rack
            done.append(command)
        except ChronusError as error:
            smaller, why = taken_apart(command, rack, catalogue)
            todo += [(place, piece) for piece in reversed(smaller)]
            lost += [(place, reason) for reason in ([] if smaller else why or [error.message])]
    return done, lost


def taken_apart(command: AnyCommand, rack: Rack, catalogue: Catalogue) -> tuple[Sequence[AnyCommand], list[str]]:
    """Returns smaller commands that together do what one does on that rack, none if it cannot be divided; and why others cannot be done."""
    match command:
        case Set(changes=changes) if len(changes) > 1:
            return [replace(command, changes=(change,)) for change in changes], []
        case Load(kind=kind, params=params) if params and (spec := catalogue.find(kind)):
            name = command.name or new_name(rack, spec)
            rest = [Change(name, change.param, change.value) for change in params]
            bare = replace(command, name=name, params=())
            return [bare, *(Set(changes=(change,), over=command.over) for change in rest)], []
        case OfLanes(names=names) if len(names) > 1:
            return [replace(command, names=(name,)) for name in names], []
        case Say(commands=inside):
            return [one for one in inside if not (isinstance(one, Load) and _is_there(one, rack, catalogue))], []
        case Import(lanes=lanes):
            return lanes, []
        case Open(commands=inside):
            done, lost = able(empty(rack), inside, catalogue)
            smaller = [replace(command, commands=tuple(done), places=())] if lost else []
            return smaller, [command.told(place, why) for place, why in lost]
    return [], []


def _is_there(command: Load, rack: Rack, catalogue: Catalogue) -> bool:
    spec = catalogue.find(command.kind)
    return (command.name or (spec.kind if spec else "")) in rack.modules
