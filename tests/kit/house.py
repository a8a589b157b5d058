"""A server with clients on real sockets, before two replicas without sound. Time passes only as the test lets it, and nothing takes any."""

from __future__ import annotations

import math
import socket
from pathlib import Path

from chronus import wire
from chronus.catalogue.kinds import Catalogue
from chronus.catalogue.spec import In, Out, Param, Spec, switch
from chronus.commands import AnyCommand, Hello, Notice, Reply, Shutdown, Submission, Welcome
from chronus.conductor.conductor import Conductor
from chronus.control.jobs.performer import Performer
from chronus.control.jobs.publisher import Publisher
from chronus.control.jobs.supervisor_line import SupervisorLine
from chronus.control.outside.hands import Hands
from chronus.control.serve.fetching import Reading
from chronus.control.serve.server import Server
from chronus.control.serve.status import Status
from chronus.journal import writing
from chronus.memory.layout import BLOCK, Memory
from chronus.memory.shelf import Shelf
from chronus.shelf.keeper import Keeper
from tests.kit.replicas import Replicas

RATE = 44100

SPECS = (
    Spec(
        "out", "what is heard", width="stereo",
        params=(Param("volume", -60, 6, -6, "dB"), switch("limiter", ("off", "on"), "on")),
        ins=(In("in"), In("left"), In("right")),
    ),
    Spec(
        "sine", "a sine", width="poly", drone=True, state=1, category="oscillator", ins=(In("gate", "gate"),),
        params=(Param("freq", 20, 20000, 440, "Hz", "exp", pitch=True), Param("gain", 0, 1, 0.5)),
    ),
    Spec(
        "bass", "a bass", state=4, category="instrument", ins=(In("gate", "gate"),),
        params=(Param("freq", 20, 2000, 110, "Hz", "exp", pitch=True), Param("distortion", 0, 1, 0)),
    ),
    Spec("kick", "a kick", state=4, ins=(In("gate", "gate"),), params=(Param("freq", 20, 200, 50, "Hz", "exp", pitch=True),)),
    Spec("filter", "a filter", state=4, width="poly", ins=(In("in"),), params=(Param("cutoff", 20, 20000, 1000, "Hz", "exp"),)),
    Spec("lfo", "a wave", modulator=True, state=1, outs=(Out("out", "control"),), params=(Param("rate", 0.01, 100, 1, "Hz"),)),
)  # fmt: skip


class Caller:
    """A client that never blocks the test."""

    def __init__(self, path: Path, hello: Hello | None = None) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(str(path))
        self.socket.setblocking(False)
        self.frames = wire.from_engine()
        self.welcome: Welcome | None = None
        self.replies: list[Reply] = []
        self.notices: list[Notice] = []
        self.closed = False
        self.number = 0
        if hello is not None:
            self.send(wire.encode(hello))

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def say(self, *commands: AnyCommand, texts: tuple[str, ...] = ()) -> None:
        ids = tuple(range(self.number + 1, self.number + 1 + len(commands)))
        words = texts or tuple(type(command).__name__.lower() for command in commands)
        self.send(wire.encode(Submission(ids, words, commands)))
        self.number += len(commands)

    def shut_down(self, alone: bool = False) -> None:
        self.send(wire.encode(Shutdown(alone)))

    def listen(self) -> None:
        try:
            while data := self.socket.recv(1 << 16):
                for message in self.frames.feed(data):
                    if isinstance(message, Welcome):
                        self.welcome = message
                    elif isinstance(message, Reply):
                        self.replies.append(message)
                    else:
                        self.notices.append(message)
            self.closed = True
        except BlockingIOError:
            pass
        except ConnectionError:
            self.closed = True


class House:
    """`conductor`, `pen` and `number` are given where control begins again on a memory that has a past."""

    def __init__(
        self, folder: Path, memory: Memory | None = None, channel: socket.socket | None = None, *,
        replicas: Replicas | None = None, conductor: Conductor | None = None, pen: writing.Pen | None = None, number: int = 0,
        shelf: Shelf | None = None,
    ) -> None:  # fmt: skip
        self.memory = memory or Memory()
        self.replicas = replicas or Replicas(self.memory)
        self.path = folder / "engine.sock"
        self.path.unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(self.path))
        self.listener.listen(256)
        self.pen = pen or writing.create("default", {"rate": RATE, "seed": 0, "pid": 1, "started": 2.0})
        self.conductor = conductor or Conductor(Catalogue(SPECS), RATE)
        self.publisher = Publisher(self.memory, lambda slot: None)
        tell = lambda text: self._tell("recording", text)  # noqa: E731
        self.keeper = Keeper(shelf or Shelf(), RATE, tell, threaded=False, clock=self._clock)
        self.performer = Performer(
            self.conductor, self.publisher, self.pen, self._tell, number, clock=self._clock, keeper=self.keeper
        )
        self.supervisor = SupervisorLine(channel)
        self.status = Status(self.performer, self.supervisor, {"name": "default"})
        self.server = Server(self.performer, self.status, self.listener, self.supervisor)
        self.hands = Hands(self.server)
        self.reading = Reading(self.server, self.keeper)
        self.callers: list[Caller] = []

    def _clock(self) -> float:
        return self.replicas.block() * BLOCK / RATE

    def _tell(self, kind: str, text: str) -> None:
        self.server.notify(kind, text)

    def caller(self, author: str = "anna", watch: bool = False, folder: str = "") -> Caller:
        caller = Caller(self.path, Hello(author=author, watch=watch, folder=folder))
        self.callers.append(caller)
        self.run(2)
        assert caller.welcome is not None
        return caller

    def run(self, blocks: int) -> None:
        """So many blocks, and a turn of the server before each. Ticks come every 20 blocks, as in life, and at no other time."""
        for _ in range(blocks):
            self.server.next_tick = 0.0 if self.replicas.block() % 20 == 0 else math.inf
            self.server.turn(block=False)
            self.replicas.render(1)
            for caller in self.callers:
                caller.listen()

    def until(self, caller: Caller, replies: int, most: int = 4000) -> list[Reply]:
        """Runs until the caller has so many replies."""
        for _ in range(most):
            if len(caller.replies) >= replies:
                return caller.replies
            self.run(1)
        raise AssertionError(f"{len(caller.replies)} of {replies} replies: {caller.replies}")

    def ask(self, caller: Caller, *commands: AnyCommand, texts: tuple[str, ...] = ()) -> list[Reply]:
        """Says it and waits for the answers to it."""
        caller.say(*commands, texts=texts)
        return self.until(caller, caller.number)[-len(commands) :]

    def close(self) -> None:
        self.server.close()
        self.pen.close(self.publisher.heard())
        for caller in self.callers:
            caller.socket.close()
        self.listener.close()
