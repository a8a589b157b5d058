"""Says why a module may be silent, in a few words: what mutes it, holds it back or never reaches it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from chronus.catalogue.kinds import Catalogue
from chronus.catalogue.spec import BYPASS, LEVEL, In
from chronus.rack.document import Rack, audible, value
from chronus.rack.sweeps import Present
from chronus.rack.wiring import gated_off, played_by
from chronus.units import OFF


class Known(NamedTuple):
    """What is known of the moment. `stopped`: the transport stands."""

    rack: Rack
    catalogue: Catalogue
    taken_out: Mapping[str, str]
    present: Present
    stopped: bool


def why(name: str, known: Known) -> str:
    """Returns the first reason that is found; "" where nothing keeps it from being heard."""
    rack, spec = known.rack, known.catalogue[known.rack.modules[name].kind]
    if name in known.taken_out:
        return f"taken out: {known.taken_out[name]}"
    if spec.kind == "out":
        return "nothing is patched into it" if not _led_into(name, known) else ""
    held = _mixed(name, known)
    if held:
        return held
    if off := gated_off(name, rack, known.catalogue):
        return "hushed by a panic; `play` lets it sound" if rack.modules[name].hushed else off
    player = played_by(name, rack, known.catalogue)
    of = "" if player == name else f"{player} is "
    if player in rack.lanes:
        if not audible(rack, player):
            return f"{of}muted" if rack.lanes[player].muted else f"{of}muted by a solo"
        return "transport stopped; `play` goes on" if known.stopped else ""
    if spec.main_input() is not None and not _led_into(name, known):
        return "nothing comes in"
    plays = spec.has_gate() and spec.main_input() is None and not spec.drone
    if plays and not rack.modules[name].held and not _gated_by_cable(name, known):
        return "no lane plays it"
    return ""


def _mixed(name: str, known: Known) -> str:
    """Returns whether its level is off, or its bypass lets nothing through."""
    module, spec = known.rack.modules[name], known.catalogue[known.rack.modules[name].kind]
    for param in spec.mix:
        now = value(known.rack, module, param, known.present)
        if param == LEVEL and now <= OFF:
            return "level off"
        if param == BYPASS and now >= 0.5 and (spec.main_input() is None or not _led_into(name, known)):
            return "bypassed"
    return ""


def _led_into(name: str, known: Known) -> bool:
    """Whether a cable leads into one of its audio inputs."""
    ports: dict[str, In] = {port.name: port for port in known.catalogue[known.rack.modules[name].kind].ins}
    return any(
        key.target == name and key.into in ports and ports[key.into].role == "audio" for key in known.rack.cables
    )


def _gated_by_cable(name: str, known: Known) -> bool:
    gates = {port.name for port in known.catalogue[known.rack.modules[name].kind].ins if port.role == "gate"}
    return any(key.target == name and key.into in gates for key in known.rack.cables)
