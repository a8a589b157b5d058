"""Makes jobs of OSC messages: one on its way at a time; the messages that come meanwhile are merged, not queued."""

from __future__ import annotations

import time
from collections.abc import Sequence

from chronus.commands import AnyCommand, Port
from chronus.conductor import authors
from chronus.control.jobs.job import End, Failed
from chronus.control.outside import osc
from chronus.control.outside.surface import Surface
from chronus.control.serve.server import LEAD_SECONDS, Server
from chronus.memory.layout import OSC_DROPPED
from chronus.rack.document import find, value

TONE_SECONDS = 1.1


class Hands:
    """Joins a surface to a server; `surface` is set once its port is open."""

    def __init__(self, server: Server) -> None:
        self.server, self.conductor = server, server.conductor
        self.surface: Surface | None = None
        self._under_way = False
        self._tone_ends = 0.0
        self._dropped_before = 0

    def join(self, surface: Surface) -> None:
        self.surface = surface
        self.server.watch(surface.socket, surface.receive)
        self.server.every_turn.append(self.turn)
        self.server.every_tick.append(self.tick)
        self._dropped_before = self.server.publisher.memory.word(OSC_DROPPED)

    def turn(self) -> None:
        surface = self.surface
        if surface is None:
            return
        self.server.publisher.memory.board[OSC_DROPPED] = self._dropped_before + surface.dropped
        if self._under_way:
            return
        if surface.tone:
            surface.tone = False
            self._sound()
        elif surface.said:
            said = surface.take()
            self._perform([one.command for one in said], [one.text for one in said])

    def tick(self) -> None:
        """Performs what a time tag put off, and ends the test tone."""
        if self.surface is None:
            return
        publisher = self.server.publisher
        for frame, said in self.surface.due(publisher.front() + round(LEAD_SECONDS * publisher.rate)):
            self.server.perform((said.command,), (said.text,), authors.OSC, wish=frame, ended=self._count)
        if self._tone_ends and time.monotonic() > self._tone_ends:
            self._tone_ends = 0.0
            if osc.TEST in self.conductor.rack.modules:
                self._perform(*osc.tone_over())

    def frame_in(self, seconds: float) -> int:
        return self.server.publisher.heard() + round(seconds * self.server.publisher.rate)

    def _sound(self) -> None:
        self._tone_ends = time.monotonic() + TONE_SECONDS
        volume = self.answer(Port("out", "volume"))
        commands, texts = osc.tone(volume if isinstance(volume, float) else 0.0)
        if osc.TEST in self.conductor.rack.modules:
            commands, texts = commands[1:], texts[1:]
        self._perform(commands, texts)

    def _perform(self, commands: Sequence[AnyCommand], texts: Sequence[str]) -> None:
        self._under_way = True
        self.server.perform(commands, texts, authors.OSC, ended=self._ended)

    def _ended(self, end: End) -> None:
        self._under_way = False
        self._count(end)

    def _count(self, end: End) -> None:
        assert self.surface is not None
        done = () if isinstance(end, Failed) else [one for one in end.outcomes if one.error is None]
        self.surface.dropped += len(end.submission.commands) - len(done)

    def answer(self, target: Port | None) -> osc.Argument | None:
        """Returns the value of a parameter in its own unit (or its word); without a target the status as one line."""
        if target is None:
            engine, slots = self.server.status.engine(), self.server.status.slots()
            return f"{slots['mode']} frame {engine['frame']} bpm {engine['bpm']:g} playing {int(engine['playing'])}"
        rack, catalogue = self.conductor.rack, self.conductor.catalogue
        name = find(rack, target.name, catalogue)
        if name is None:
            return None
        module = rack.modules[name]
        param = catalogue[module.kind].param(target.port)
        if param is None:
            return None
        number = float(value(rack, module, param, self.server.conductor.state.present(self.server.publisher.heard())))
        return param.words[round(number)] if param.words else number
