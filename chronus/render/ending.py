"""Ends a rendering: releases the notes, and decides how long the rest rings.

Lanes end, held gates close, and a module that opens gates by itself (an lfo, noise) stops doing so. A drone that is heard falls silent. A
drone that is heard through gates alone, or moves a parameter, plays on: releases need it, and when they are over it is not heard. Where a
drone is heard both ways, only the cables that lead past the gates are taken away.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chronus.catalogue.kinds import Catalogue, carries_audio, main_output
from chronus.commands import AnyCommand, Gate, Port, Stop, Unpatch, When
from chronus.conductor.waiting import as_one
from chronus.rack.document import Key, Rack, value
from chronus.rack.edit import edit
from chronus.rack.wiring import input_of, sounds

if TYPE_CHECKING:
    from chronus.render.take import Take

NOW = When("now")
MUTES = ("level", "gain")
"""Parameters that make a module silent at their lowest."""
BREATH_SECONDS = 0.25
"""Silence that is no end yet, in a rack that keeps nothing."""


def let_go(take: Take, frame: int) -> None:
    """Ends lanes, gates and what sounds by itself at a frame, up to the block of which all is rendered."""
    commands = list(endings(take.conductor.rack, take.conductor.catalogue))
    take.perform(as_one(commands), frame, exact=True)


def look_seconds(rack: Rack, catalogue: Catalogue) -> float:
    """Returns how long a silence must be to count as the end: longer than what all modules can keep, one after the other, or a slow
    wave be at its bottom.
    """
    seconds = BREATH_SECONDS
    for module in rack.modules.values():
        spec = catalogue[module.kind]
        seconds += spec.memory_seconds
        if spec.modulator:
            seconds += sum(1 / value(rack, module, param) for param in spec.params if param.unit == "Hz")
    return seconds


def endings(rack: Rack, catalogue: Catalogue) -> Iterator[AnyCommand]:
    """Returns the commands that release notes and gates."""
    yield Stop()
    for module in rack.modules.values():
        if catalogue[module.kind].has_gate() and (module.held or module.addressed):
            yield Gate(name=module.name, on=False, when=NOW)
    ways = _Ways(rack, catalogue)
    for key in ways.opened_by_themselves():
        yield from _cut(rack, key, catalogue)
    for name in ways.drones:
        if name not in ways.kept:
            yield Gate(name=name, on=False, when=NOW)
    for key in ways.past_the_gates():
        yield from _cut(rack, key, catalogue)


def _cut(rack: Rack, key: Key, catalogue: Catalogue) -> Iterator[AnyCommand]:
    """Takes a cable away; what goes nowhere then is not to be heard instead."""
    cut = Unpatch(chain=(Port(key.source, key.output), Port(key.target, key.into)), when=NOW)
    yield cut
    for new in edit(rack, cut, catalogue).rack.cables.keys() - rack.cables.keys():
        yield Unpatch(chain=(Port(new.source, new.output), Port(new.target, new.into)), when=NOW)


class _Ways:
    """The ways of the drones to `out`. `kept` are the modules of which something behind a gate is made, or that move a parameter."""

    def __init__(self, rack: Rack, catalogue: Catalogue) -> None:
        self.rack, self.catalogue = rack, catalogue
        self.specs = {name: catalogue[module.kind] for name, module in rack.modules.items()}
        idle = (module for module in rack.modules.values() if not (module.addressed or module.hushed))
        self.drones = [module.name for module in idle if self.specs[module.name].drone]
        self.shut = {name for name in rack.modules if self._is_shut(name)}
        self.open = self._reached()
        self.kept = self._needed()

    def opened_by_themselves(self) -> list[Key]:
        """Returns the cables that open gates for ever, from what neither plays notes nor follows them; and those by which a
        modulator is heard.
        """
        return [
            key
            for key in self.rack.cables
            if (port := input_of(self.specs[key.target], key.into)) is not None
            and (
                (port.role == "gate" and not self._follows_notes(key))
                or (carries_audio(port) and self.specs[key.source].modulator and key.target not in self.shut)
            )
        ]

    def past_the_gates(self) -> list[Key]:
        """Returns the cables by which what has to go on would be heard."""
        return [
            key
            for key in self.rack.cables
            if key.source in self.kept and self._carries(key) and key.target not in self.kept | self.shut
        ]

    def _plays(self, name: str) -> bool:
        """Whether a module does anything by notes alone."""
        spec = self.specs[name]
        return spec.has_gate() and not spec.drone and not spec.modulator

    def _follows_notes(self, key: Key) -> bool:
        return self._plays(key.source) or (key.output == "gate" and self.rack.modules[key.source].addressed)

    def _is_shut(self, name: str) -> bool:
        """Whether a module is silent by itself while no gate is on."""
        spec, module = self.specs[name], self.rack.modules[name]
        if self._plays(name):
            return True
        return any(
            key.target == name
            and key.into in MUTES
            and (param := spec.param(key.into)) is not None
            and value(self.rack, module, param) == param.low
            and self._follows_notes(key)
            for key in self.rack.cables
        )

    def _carries(self, key: Key) -> bool:
        """Whether a cable carries sound that is heard."""
        spec, port = self.specs[key.source], input_of(self.specs[key.target], key.into)
        return port is not None and carries_audio(port) and sounds(spec, key.output) and main_output(spec) is not None

    def _reached(self) -> set[str]:
        """Returns the drones, and what they are heard in without a gate between."""
        found = {name for name in self.drones if name not in self.shut}
        todo = list(found)
        while todo:
            name = todo.pop()
            for key in self.rack.cables:
                if key.source == name and self._carries(key) and key.target not in found | self.shut:
                    found.add(key.target)
                    todo.append(key.target)
        return found - {"out"}

    def _needed(self) -> set[str]:
        """Returns those of the drones, and of what they are heard in, that lead to a gate, or move something."""
        found = {
            key.source
            for key in self.rack.cables
            if key.source in self.open and (not self._carries(key) or key.target in self.shut)
        }
        grown = True
        while grown:
            more = {key.source for key in self.rack.cables if key.source in self.open and key.target in found}
            grown = not more <= found
            found |= more
        return found | {name for name in self.drones if name in self.shut}
