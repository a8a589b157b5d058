"""The control process: builds a server from what it was given, runs it, and closes the journal when it is told to end."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress

from chronus import __version__
from chronus.catalogue.kinds import Catalogue
from chronus.conductor import authors
from chronus.conductor.performance import Make
from chronus.control.care.infirmary import Infirmary
from chronus.control.care.relief import Relief
from chronus.control.jobs.compiling import Compiling
from chronus.control.jobs.performer import Performer
from chronus.control.jobs.proving import Prover
from chronus.control.jobs.publisher import Publisher
from chronus.control.jobs.recovery import begin, take_over
from chronus.control.jobs.supervisor_line import SupervisorLine
from chronus.control.outside.hands import Hands
from chronus.control.outside.surface import Surface, listen
from chronus.control.serve.fetching import Reading
from chronus.control.serve.server import Server
from chronus.control.serve.status import Status
from chronus.engine_line import Given
from chronus.errors import ChronusError
from chronus.journal.records import Settled
from chronus.journal.replay import Parse
from chronus.journal.writing import Pen
from chronus.memory import layout
from chronus.memory.layout import Memory
from chronus.memory.sheet import Sheet
from chronus.memory.shelf import Shelf
from chronus.shelf.keeper import Keeper
from chronus.system import lifeline, proc
from chronus.system.signals import terminations
from chronus.system.urgency import unhurried

SETTLED_SECONDS = 20.0


def main(given: Given, line: int | None, parse: Parse, make: Make) -> int:
    """Runs control. `line` is the lifeline. `parse` turns a line of text into commands, `make` a lane into another one: control does not
    import the language.
    """
    if line is not None:
        lifeline.hold(line)
    with terminations() as ended:
        return Process(given, parse, make).run(ended)


class Process:
    def __init__(self, given: Given, parse: Parse, make: Make) -> None:
        self.settings = given.settings
        self.supervisor = SupervisorLine(socket.socket(fileno=given.channel))
        self.memory = Memory(given.memory)
        self.wakes = given.wakes
        begun = proc.stat(given.pid)
        started = begun.started if begun else 0.0
        settings = self.settings
        header = {"engine": settings.engine, "version": __version__, "rate": settings.rate, "seed": 0}
        header |= {"pid": given.pid, "started": started}
        start = begin(self.memory, Catalogue.load(), settings.engine, header, parse, settings.fresh)
        start.conductor.make = make
        self.pen: Pen = start.pen
        publisher = Publisher(self.memory, self.wake)
        self.keeper = Keeper(Shelf(given.shelf, writes=True), settings.rate, lambda text: self.tell("recording", text))
        prover = Prover(Sheet(given.sheet), self.supervisor, start.conductor.catalogue, settings.rate, self.keeper)
        compiling = Compiling(self.supervisor, start.conductor.catalogue)
        self.performer = Performer(
            start.conductor, publisher, self.pen, self.tell, start.number, prover, compiling, keeper=self.keeper
        )
        facts = {
            "name": settings.engine, "pid": given.pid, "version": __version__, "period": settings.period,
            "started": started, "device": settings.device or "",
        }  # fmt: skip
        self.status = Status(self.performer, self.supervisor, facts)
        self.server = Server(self.performer, self.status, socket.socket(fileno=given.door), self.supervisor)
        self.server.lent = self.server.listening.lent = layout.read_only(given.memory)
        self.server.every_tick.append(self._settle)
        self.hands = Hands(self.server)
        self.reading = Reading(self.server, self.keeper)
        self.relief = Relief(self.server)
        self.infirmary = Infirmary(self.server, start.poisoned)
        self._notes, self._settles = start.notes, time.monotonic() + SETTLED_SECONDS
        if start.resumed is not None:
            take_over(self.performer, start.resumed)
        if start.first is not None:
            self.server.begin_with(start.first, authors.JOURNAL, start.recall)

    def run(self, ended: socket.socket) -> int:
        self.server.watch(ended, lambda mask: self.server.stop())
        self._open_osc()
        for note in self._notes:
            self.supervisor.remark(note)
        self.supervisor.ready()
        with unhurried():
            self.server.run()
        if not self.supervisor.gone:
            self.pen.close(self.performer.publisher.heard())
        self.server.close()
        return 0

    def wake(self, slot: int) -> None:
        with suppress(OSError):
            os.eventfd_write(self.wakes[slot], 1)

    def tell(self, kind: str, text: str) -> None:
        self.server.notify(kind, text)

    def _open_osc(self) -> None:
        port = self.settings.osc_port
        if not port:
            return
        try:
            surface = Surface(listen(self.settings.osc_bind, port), self.hands.answer, self.hands.frame_in)
        except ChronusError as error:
            self._notes.append(error.message)
            return
        self.hands.join(surface)
        self.status.facts["osc_port"] = surface.port
        if surface.port != port:
            self._notes.append(f"OSC port {port} is taken; OSC listens on port {surface.port}")
        if self.settings.osc_bind != "127.0.0.1":
            self._notes.append(f"OSC listens on {self.settings.osc_bind}: whoever reaches that address can play")

    def _settle(self) -> None:
        """Writes once that this engine lives: if it ends later, what it recovered is not the cause."""
        if self._settles and time.monotonic() > self._settles:
            self._settles = 0.0
            self.pen.write(Settled(self.performer.publisher.heard()))
