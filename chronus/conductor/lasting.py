"""Keeps what `for 4 bars` goes back to: what a command changed, each part put back only if it still is as the command left it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from chronus import commands as say
from chronus.catalogue.kinds import Catalogue, find_param
from chronus.catalogue.whole import OF_OUT, WHOLE
from chronus.commands import AnyCommand
from chronus.conductor.transaction import Back, Item, Section
from chronus.rack import songs
from chronus.rack.document import EMPTY, Rack, Scene, arped, find, module_of, named, replace, with_module
from chronus.rack.lanes import lane_named
from chronus.rack.scenes import without

NOTES = ":notes"
"""What a lane plays, as an item; what else it is has the name of its field: `:muted`, `:solo`."""


def items(rack: Rack, command: AnyCommand | Section, catalogue: Catalogue) -> tuple[Item, ...]:
    """Returns the parts of the rack that a command changes and that can go back."""
    found: Iterable[Item] = ()
    if isinstance(command, say.Set):
        found = (_item(rack, change, catalogue) for change in command.changes)
    elif isinstance(command, say.OfPace):
        found = (("", "pace"),)
    elif isinstance(command, say.Sequence) or (isinstance(command, say.Clear) and not command.what):
        found = ((lane_named(rack, command.name, catalogue), NOTES),)
    elif isinstance(command, say.OfLanes):
        flag, _ = command.makes
        given = [lane_named(rack, word, catalogue) for word in command.names]
        found = ((name, f":{flag}") for name in given or [n for n, lane in rack.lanes.items() if getattr(lane, flag)])
    elif isinstance(command, say.Fill):
        found = [("", "fill")]
    elif isinstance(command, Section):
        found = of_scene(rack, command.scene, catalogue)
    elif isinstance(command, say.Song | say.Goto | say.Scene) and (name := songs.heard_with(rack, command)) is not None:
        found = of_scene(rack, name, catalogue)
    return tuple(dict.fromkeys(found))


def of_scene(rack: Rack, name: str, catalogue: Catalogue) -> list[Item]:
    """Returns what a scene changes: which lanes are heard, and its values."""
    scene = rack.scenes.get(name, Scene())
    flags = [(lane, f":{flag}") for lane in rack.lanes for flag in say.FLAGS]
    return [*flags, *(_item(rack, part.change, catalogue) for part in scene.parts)]


def _item(rack: Rack, change: say.Change, catalogue: Catalogue) -> Item:
    if not change.module:
        return ("out" if change.param in OF_OUT else "", change.param)
    name = named(rack, change.module, catalogue)
    spec = catalogue[rack.modules[name].kind]
    voices = change.param == "voices" and spec.param("voices") is None
    if spec.setting(change.param):
        return name, change.param
    return name, ":voices" if voices else find_param(spec, change.param, "").name


def touched(back: Back, rack: Rack, command: AnyCommand | Section, catalogue: Catalogue) -> set[Item]:
    """Returns the parts that a later command changes, so that they do not go back any more."""
    if isinstance(command, say.New | say.Open):
        return set(back.items)
    if isinstance(command, say.Unload):
        name = find(rack, command.name, catalogue)
        return {item for item in back.items if module_of(item[0]) == name}
    inside: Sequence[AnyCommand | Section] = (command,)
    if isinstance(command, say.Say | say.Import):
        inside = command.commands if isinstance(command, say.Say) else command.lanes
    known = (one for one in inside if not isinstance(one, say.Load) and _is_known(rack, one, catalogue))
    return {item for one in known for item in items(rack, one, catalogue)} & set(back.items)


def _is_known(rack: Rack, command: AnyCommand | Section, catalogue: Catalogue) -> bool:
    """What a sentence loads itself is new: nothing of it can go back."""
    names = [change.module for change in command.changes if change.module] if isinstance(command, say.Set) else []
    names += [command.name] if isinstance(command, say.Sequence | say.Clear) else []
    return all(find(rack, module_of(name), catalogue) for name in names)


def back(before: Rack, after: Rack, about: Sequence[Item], pending: Iterable[Back], number: int) -> Back:
    """Returns the way back from `after`. A part that was to go back anyway goes back to what it was before all that."""
    was = before
    for other in pending:
        for item in set(about) & set(other.items):
            was = _put(was, item, other.was)
    return Back(items=tuple(about), was=_part(was, about), left=_part(after, about), number=number)


def put_back(rack: Rack, way: Back) -> Rack:
    """Returns the rack with every part put back that still is as it was left."""
    for item in way.items:
        if _value(rack, item) == _value(way.left, item):
            rack = _put(rack, item, way.was)
    return rack


def bring(rack: Rack, items: Iterable[Item], source: Rack, known: dict[Any, Any]) -> Rack:
    """Returns a past rack with parts as they are in the `source`. `known`: what lanes and modules became so far: racks share them."""
    found = rack
    for item in items:
        if _value(found, item) != _value(source, item):
            found = _put(found, item, source)
    return replace(
        found,
        lanes={
            name: known.setdefault((id(rack.lanes.get(name)), lane.muted, lane.solo), lane)
            for name, lane in found.lanes.items()
        },
        modules={
            name: known.setdefault((id(rack.modules.get(name)), "module"), module)
            for name, module in found.modules.items()
        },
    )


def is_back(rack: Rack, way: Back) -> bool:
    return all(_value(rack, item) == _value(way.was, item) for item in way.items)


def _part(rack: Rack, about: Sequence[Item]) -> Rack:
    names = {name for name, _ in about}
    return replace(
        EMPTY, **_of_the_whole(rack, *WHOLE, "fill"),
        modules={name: module for name, module in rack.modules.items() if name in {module_of(one) for one in names}},
        lanes={name: lane for name, lane in rack.lanes.items() if name in names},
    )  # fmt: skip


def _of_the_whole(rack: Rack, *names: str) -> dict[str, Any]:
    """Parameters of the whole, each with what moves it."""
    return {
        field: getattr(rack, field) for name in names for field in (WHOLE[name].fields if name in WHOLE else (name,))
    }


def _value(rack: Rack, item: Item) -> Any:
    name, what = item
    if not name:
        return _of_the_whole(rack, what)
    module, lane = rack.modules.get(module_of(name)), rack.lanes.get(name)
    if module is None:
        return None
    if what == NOTES:
        return lane and replace(lane, **dict.fromkeys(say.FLAGS, False))
    if what == ":voices":
        return module.voices
    if what[0] == ":":
        return lane and getattr(lane, what[1:])
    return module.params.get(what, "its default")


def _put(rack: Rack, item: Item, source: Rack) -> Rack:
    name, what = item
    if not name:
        return replace(rack, **_of_the_whole(source, what))
    module, old = (one.modules.get(module_of(name)) for one in (rack, source))
    lane = rack.lanes.get(name)
    if module is None or old is None:
        return rack
    if what == NOTES:
        rack = _with_notes(rack, name, source)
        return rack if name in rack.lanes else without(rack, name)[0]
    if what == ":voices":
        return with_module(rack, replace(module, voices=old.voices))
    if what[0] == ":":
        flag, was = what[1:], source.lanes.get(name)
        if lane is None or was is None:
            return rack
        return replace(rack, lanes={**rack.lanes, name: replace(lane, **{flag: getattr(was, flag)})})
    params = {key: setting for key, setting in module.params.items() if key != what}
    params |= {what: old.params[what]} if what in old.params else {}
    return with_module(rack, replace(module, params=params))


def _with_notes(rack: Rack, name: str, source: Rack) -> Rack:
    """Returns the rack with the lane that was there, muted as the present one is; without a lane a drone drones again."""
    lane, was = rack.lanes.get(name), source.lanes.get(name)
    lanes = {other: each for other, each in rack.lanes.items() if other != name}
    if was is not None:
        was = arped(rack.modules[name], was) if name in rack.modules else was
        lanes[name] = replace(was, **{flag: getattr(lane, flag) for flag in say.FLAGS}) if lane else was
    if name in rack.modules:
        rack = with_module(rack, replace(rack.modules[name], sequenced=source.modules[name].sequenced))
    return replace(rack, lanes=lanes)
