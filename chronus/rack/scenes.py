"""Defines scenes and recalls them: which lanes are heard, all others being muted, and the values that are set with that."""

from __future__ import annotations

from typing import Any

from chronus.catalogue.kinds import Catalogue
from chronus.catalogue.whole import OF_OUT, WHOLE
from chronus.commands import LONGEST_LINE, Change, Clear, Every, File, Fill, Relative, ScenePart, Sweep, Wave, Word
from chronus.commands import Scene as Said
from chronus.errors import ChronusError, nearest
from chronus.rack import lanes
from chronus.rack.document import Lane, Moving, Rack, Scene, audible, find, module_of, named, replace
from chronus.rack.lanes import Result, with_lane
from chronus.rack.sweeps import STILL, Present, format_length
from chronus.rack.values import change_one, plain_word
from chronus.units import format_quantity

SCENES = 256
"""E_LIMIT beyond."""
NO_SONG = "`song: intro*8 drop*16` makes one"
NOTHING, EVERYTHING = ".", "*"
"""How a scene without lanes is written, and one of all that are heard."""
Recalled = tuple[Rack, str, dict[str, Any], tuple[Moving, ...]]


def scene(rack: Rack, command: Said, catalogue: Catalogue, present: Present = STILL) -> Recalled:
    if command.defines:
        return (*_define(rack, command, catalogue), ())
    found = find_scene(rack, command.name, "name")
    rack, sweeps = heard_as(rack, found, catalogue, present)
    return rack, f"scene {command.name}", {"name": command.name, "lanes": list(found.lanes)}, sweeps


def find_scene(rack: Rack, name: str, part: str) -> Scene:
    found = rack.scenes.get(name)
    if found is None:
        how = "" if rack.scenes else f"; `scene {name} = {EVERYTHING}` makes one of what is heard now"
        raise ChronusError(
            "E_NAME", f'there is no scene "{name}"{how}', suggestions=nearest(name, rack.scenes), part=part
        )
    return found


def heard_in(rack: Rack) -> str:
    """Returns the scene of which exactly the lanes are heard that are heard now; "" where there is none."""
    now = {name for name in rack.lanes if audible(rack, name)}
    return next((name for name, scene in rack.scenes.items() if now and now == set(scene.lanes)), "")


def heard_as(
    rack: Rack, scene: Scene, catalogue: Catalogue, present: Present = STILL
) -> tuple[Rack, tuple[Moving, ...]]:
    """Returns the rack in which exactly the lanes of a scene are heard, with its values set; and the sweeps that begin with it.

    A lane of values that no scene names goes on through all of them.
    """
    sweeps: tuple[Moving, ...] = ()
    rack = replace(
        rack,
        lanes={
            name: _muted(lane, name not in scene.lanes) if not lane.moves or names(rack, name) else lane
            for name, lane in rack.lanes.items()
        },
    )
    for k, part in enumerate(scene.parts):
        rack, _, more = change_one(rack, part.change.module, part.change, catalogue, _place(k), part.over, present)
        sweeps += more
    return rack, sweeps


def names(rack: Rack, lane: str) -> bool:
    """Whether any scene names a lane."""
    return any(lane in scene.lanes for scene in rack.scenes.values())


def _muted(lane: Lane, muted: bool) -> Lane:
    return lane if (lane.muted, lane.solo) == (muted, False) else replace(lane, muted=muted, solo=False)


# ---------------------------------------------------------------- definitions


def _define(rack: Rack, command: Said, catalogue: Catalogue) -> tuple[Rack, str, dict[str, Any]]:
    name = command.name
    if command.lasts is not None:
        raise ChronusError(
            "E_VALUE", f"`scene {name} for 4 bars` is heard for so long; a definition stays", part="lasts"
        )
    if name not in rack.scenes and len(rack.scenes) >= SCENES:
        raise ChronusError("E_LIMIT", f"there can be {SCENES} scenes at most", part="name")
    heard = [with_lane(rack, word, catalogue, f"lanes.{k}") for k, word in enumerate(command.lanes)]
    if command.everything:
        heard += [name for name, lane in rack.lanes.items() if audible(rack, name) and not lane.moves]
    parts = {}
    tried = rack
    for k, part in enumerate(command.parts):
        change = _checked(rack, part.change, catalogue, _place(k))
        tried, *_ = change_one(tried, change.module, change, catalogue, _place(k), part.over)
        parts[change.module, change.param] = replace(part, change=change)
    players = sorted(dict.fromkeys(heard), key=lambda name: bool(rack.lanes[name].moves))
    made = Scene(tuple(players), tuple(parts.values()))
    words = in_words(name, made)
    if len(words) > LONGEST_LINE:
        raise ChronusError("E_LIMIT", f"written out, the line has more than {LONGEST_LINE:,} characters", part="name")
    again = "; heard so from its next recall on" if name in rack.scenes else ""
    result = {"name": name, **plain(made)}
    return replace(rack, scenes={**rack.scenes, name: made}), f"{words}{again}", result


def _checked(rack: Rack, change: Change, catalogue: Catalogue, place: str) -> Change:
    """Returns a change with the names that the rack knows; raises E_VALUE for what no scene can set the same way each time."""
    if isinstance(change.value, Relative):
        raise ChronusError("E_VALUE", "a scene sets a value, not a step from another one", part=f"{place}.value")
    if not change.module:
        return replace(change, module="out") if change.param in OF_OUT else change
    name = named(rack, change.module, catalogue, f"{place}.module")
    setting = catalogue[rack.modules[name].kind].setting(change.param)
    if isinstance(change.value, File) or setting is not None:
        raise ChronusError("E_VALUE", f"a scene sets no {setting.source if setting else 'file'}", part=f"{place}.value")
    return replace(change, module=name)


def _place(k: int) -> str:
    """Where a change stands in the command, for an error."""
    return f"parts.{k}.change"


def clear(rack: Rack, command: Clear, catalogue: Catalogue) -> Result:
    """Takes a lane away, and out of all scenes; but not from those if it comes back by itself. Or takes a scene away, or the song."""
    command = of_a_lane(command, rack)
    if command.what:
        return _clear_song(rack, command) if command.what == "song" else _clear_scene(rack, command)
    if command.name in rack.scenes and find(rack, command.name, catalogue) is None:
        message = f'"{command.name}" is no lane but a scene; `clear scene {command.name}` takes it away'
        raise ChronusError("E_NAME", message, part="name")
    rack, text, result = lanes.clear(rack, command, catalogue)
    rack, taken = without(rack, result["name"]) if command.lasts is None else (rack, "")
    return rack, text + taken, result


def of_a_lane(command: Clear, rack: Rack) -> Clear:
    """Returns `clear song` as what it means where a module has that name: its lane."""
    return replace(command, what="", name="song") if command.what == "song" and "song" in rack.modules else command


def _clear_scene(rack: Rack, command: Clear) -> Result:
    name = command.name
    find_scene(rack, name, "name")
    if command.lasts is not None:
        raise ChronusError("E_VALUE", "a scene that is taken away does not come back by itself", part="lasts")
    if rack.song is not None and any(scene == name for scene, _ in rack.song.sections):
        message = f'the song plays "{name}"; another `song: ...` without it comes first, or `clear song`'
        raise ChronusError("E_VALUE", message, part="name")
    left = {other: scene for other, scene in rack.scenes.items() if other != name}
    return replace(rack, scenes=left), f"clear scene {name}", {"name": name}


def _clear_song(rack: Rack, command: Clear) -> Result:
    if rack.song is None:
        raise ChronusError("E_VALUE", f"there is no song; {NO_SONG}", part="what")
    if command.lasts is not None:
        raise ChronusError("E_VALUE", "a song that is taken away does not come back by itself", part="lasts")
    return replace(rack, song=None), "clear song", {"name": "song"}


def without(rack: Rack, name: str, module: bool = False) -> tuple[Rack, str]:
    """Returns the rack whose scenes name a lane no more, nor, where the `module` is gone, its parameters; and the note for an answer."""
    changed = {}
    gone = {
        lane for scene in rack.scenes.values() for lane in scene.lanes if name in (lane, module and module_of(lane))
    }
    for scene, found in rack.scenes.items():
        parts = tuple(part for part in found.parts if not module or part.change.module != name)
        if not gone.isdisjoint(found.lanes) or len(parts) < len(found.parts):
            changed[scene] = Scene(tuple(lane for lane in found.lanes if lane not in gone), parts)
    if not changed:
        return rack, ""
    where = f"scene{'s' * (len(changed) > 1)} {', '.join(changed)}"
    return replace(rack, scenes={**rack.scenes, **changed}), f"; taken out of {where}"


# ---------------------------------------------------------------- fills


def fill(rack: Rack, command: Fill, catalogue: Catalogue) -> Result:
    return replace(rack, fill=command.on), f"fill {'on' + _unheard(rack) if command.on else 'off'}", {"on": command.on}


def every(rack: Rack, command: Every, catalogue: Catalogue) -> Result:
    bars = command.bars
    text = f"every {bars} bar{'s' * (bars > 1)} fill" if bars else "every off"
    return replace(rack, fill_every=bars), text + (_unheard(rack) if bars else ""), {"bars": bars}


def _unheard(rack: Rack) -> str:
    """Returns the note for an answer if no lane has anything that is for fills, or for all but them."""
    hits = (hit for lane in rack.lanes.values() for hit in lane.pattern.hits)
    return "" if any(hit.fill is not None for hit in hits) else "; no lane has a step with ?fill or ?nofill"


# ---------------------------------------------------------------- in words


def in_words(name: str, scene: Scene) -> str:
    """Writes a scene as the line that makes it."""
    nothing = [NOTHING] * (not scene.lanes or "." in scene.lanes[0])
    items = [" ".join((*nothing, *scene.lanes)), *(part_words(part) for part in scene.parts)]
    return f"scene {name} = {', '.join(items)}"


def part_words(part: ScenePart) -> str:
    over = f" over {format_length(part.over)}" if part.over is not None else ""
    change = part.change
    where = f"{change.module}.{change.param}" if change.module else change.param
    return f"{where} {_value(change)}{over}"


def _value(change: Change) -> str:
    value = change.value
    if isinstance(value, Sweep):
        return f"{format_quantity(value.start)}..{format_quantity(value.stop)}"
    if isinstance(value, Wave):
        ends = f"{format_quantity(value.start)}..{format_quantity(value.stop)}"
        return f"lfo({value.shape}, {format_quantity(value.rate)}, {ends})"
    if isinstance(value, Word):
        return value.text if change.param in WHOLE else plain_word(value.text)
    assert not isinstance(value, Relative | File)
    return format_quantity(value)


def plain(scene: Scene) -> dict[str, Any]:
    """Returns a scene for JSON."""
    return {"lanes": list(scene.lanes), "sets": [part_words(part) for part in scene.parts]}
