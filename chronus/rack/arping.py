"""Performs `arp` on a rack."""

from __future__ import annotations

from typing import Any

from chronus.catalogue.kinds import Catalogue
from chronus.commands import Arp, Sequence
from chronus.errors import ChronusError
from chronus.pattern.arpeggio import Arpeggiator, chord_of, pitches_by_hand, through
from chronus.pattern.unfold import HIT
from chronus.rack.document import Lane, Rack, named, replace, with_module
from chronus.rack.scenes import without
from chronus.rack.wiring import played_by

Result = tuple[Rack, str, dict[str, Any]]


def arp(rack: Rack, command: Arp, catalogue: Catalogue) -> Result:
    """Sets a module's arpeggiator, through which its lane and the notes by hand go from then on; or takes it away."""
    name = named(rack, command.name, catalogue)
    if name == "out":
        raise ChronusError("E_VALUE", "out plays no notes", part="name")
    leader = played_by(name, rack, catalogue)
    if leader != name:
        raise ChronusError("E_VALUE", f"{name} follows the notes of {leader}", suggestions=(leader,), part="name")
    off = command.order == "off"
    now = None if off else Arpeggiator(command.order, command.oct, command.rate, command.latch)
    module, lane = rack.modules[name], rack.lanes.get(name)
    text = f"arp {name} {now.words() if now else 'off'}"
    result: dict[str, Any] = {"name": name, "arp": plain(now)}
    rack = with_module(rack, replace(module, arp=now))
    if lane is None:
        return rack, text, result
    pitches = held(lane, module.arp)
    if pitches and now is None:
        rack = replace(rack, lanes={other: each for other, each in rack.lanes.items() if other != name})
        rack, taken = without(rack, name)
        return rack, text + taken, result
    if pitches and now is not None:
        chord = chord_of(now, pitches, lane.options.velocity * HIT)
        lane = replace(lane, text=chord.text, pattern=chord.pattern, options=chord.options, take=rack.takes, held=0.0)
    else:
        lane = replace(lane, options=through(now, lane.options))
    return replace(rack, lanes={**rack.lanes, name: lane}, takes=rack.takes + bool(pitches)), text, result


def plain(arp: Arpeggiator | None) -> dict[str, Any] | None:
    """Returns an arpeggiator in its JSON form."""
    if arp is None:
        return None
    return {"order": arp.order, "rate": f"{arp.rate[0]}/{arp.rate[1]}", "oct": arp.oct, "latch": arp.latch}


def held(lane: Lane | None, arp: Arpeggiator | None) -> tuple[int, ...]:
    """Returns the notes that hands hold on an arpeggiator, where the lane is such a chord."""
    return pitches_by_hand(arp, lane.text, lane.pattern, lane.options) if lane is not None and arp is not None else ()


def addressed(rack: Rack, name: str, beats: float) -> Rack:
    """Returns the rack with a chord that hands hold on a module for so many beats; a drone sounds then only while its gate is on."""
    rack = replace(rack, lanes={**rack.lanes, name: replace(rack.lanes[name], held=beats)})
    return with_module(rack, replace(rack.modules[name], played=True, hushed=False))


def by_hand(name: str, arp: Arpeggiator, pitches: tuple[int, ...], velocity: float) -> Sequence:
    """Returns the command that lets a chord by hand be played."""
    chord = chord_of(arp, pitches, velocity)
    return Sequence(name=name, text=chord.text, pattern=chord.pattern, options=chord.options)
