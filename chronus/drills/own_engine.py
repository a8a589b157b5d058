"""Starts an engine to measure and to break, for the proofs that a user can run; with a client for it, and figures with bars.

Such an engine lives in folders that are gone afterwards; of the user's own files it reads and writes only the kernel cache.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from chronus import connection, wire
from chronus.audio.devices import NULL
from chronus.commands import Hello, Notice, Reply, Submission, Welcome
from chronus.drills.witness import Stretches
from chronus.language import opening, parser
from chronus.memory.layout import Memory
from chronus.settings import Settings
from chronus.system import proc

# ---------------------------------------------------------------- figures


class Figure(Struct, frozen=True):
    """`bar` is what is claimed, `above` whether more is better."""

    name: str
    value: float
    unit: str
    bar: float | None
    how: str
    above: bool = False

    @property
    def holds(self) -> bool | None:
        if self.bar is None:
            return None
        return self.value >= self.bar if self.above else self.value <= self.bar

    def show(self) -> None:
        sign = ">=" if self.above else "<="
        verdict = "" if self.bar is None else f"  ({sign} {self.bar:g}: {'holds' if self.holds else 'MISSED'})"
        print(f"  {self.name:<42} {self.value:10.3f} {self.unit}{verdict}\n      {self.how}", flush=True)


def told(figures: Sequence[Figure], as_json: bool) -> int:
    """The exit code: 0 if every bar holds. As JSON, all figures in one object."""
    if as_json:
        rows = [{**structs.asdict(figure), "holds": figure.holds} for figure in figures]
        print(json.dumps({"figures": rows}))
    return 0 if all(figure.holds is not False for figure in figures) else 1


def of_the_machine(still: Stretches, lost: int, gaps: str) -> list[Figure]:
    """When the machine itself stood still, and what was lost in that time."""
    stood = [until - since for since, until in still]
    return [
        Figure("machine stood still, longest", max(stood, default=0) * 1e3, "ms", None, f"{len(stood)} times"),
        Figure("frames lost while it stood still", lost, "", None, gaps),
    ]  # fmt: skip


# ---------------------------------------------------------------- an engine


class Own(Struct, frozen=True):
    """An engine started for a trial. `engine` is its name, `folder` holds all it writes."""

    engine: str
    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@contextlib.contextmanager
def own_engine(settings: Settings, device: str = NULL, **environment: str) -> Iterator[Own]:
    """An engine in folders of its own, gone afterwards, also when this process is told to end, its terminal is closed, or it is killed."""
    kept = dict(os.environ)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="chronus-trial-") as folder:
        runtime = Path(folder) / "run"
        runtime.mkdir(mode=0o700)
        os.environ.update(CHRONUS_HOME=folder, XDG_RUNTIME_DIR=str(runtime), **environment)
        name = "trial"
        own = settings._replace(engine=name, device=device, osc_port=0, fresh=False)
        line, held = os.pipe()
        try:
            started = connection.start_engine(own, lambda *_: None, line)
            try:
                yield Own(name, started.process, Path(folder))
            finally:
                started.process.terminate()
                connection.wait_until_free(name, 10)
        finally:
            os.close(line)
            os.close(held)
            os.environ.clear()
            os.environ.update(kept)


def memory_of(pid: int) -> Memory:
    """An engine's shared memory, seen from outside: a memfd has no name, but its holder's descriptors can be opened."""
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        if "memfd:chronus" in os.readlink(entry):
            descriptor = os.open(entry, os.O_RDWR)
            try:
                return Memory(descriptor)
            finally:
                os.close(descriptor)
    raise ProcessLookupError(f"{pid} holds no memory of an engine")


class Census(Struct, frozen=True):
    """What the processes of an engine's session hold together."""

    processes: int
    zombies: int
    threads: int
    descriptors: int
    memories: int
    """Shared memories, each counted once, named in /dev/shm or not."""
    pss_mb: float
    """Without the pages of files, whose shares depend on who else on the machine has them open."""


def census(session: int) -> Census:
    """Counts them, but for the compiler that is at work in the first minutes; who ends meanwhile is not counted."""
    numbers = map(int, filter(str.isdigit, os.listdir("/proc")))
    found = [(pid, proc.stat(pid)) for pid in numbers]
    held_by = [
        (pid, of) for pid, of in found if of and of.session == session and b"chronus compiling" not in proc.title(pid)
    ]
    there, zombies = [pid for pid, _ in held_by], sum(of.state == "Z" for _, of in held_by)
    threads = descriptors = 0
    memories: set[str] = set()
    for pid in there:
        with contextlib.suppress(OSError):
            threads += len(os.listdir(f"/proc/{pid}/task"))
            held = list(Path(f"/proc/{pid}/fd").iterdir())
            descriptors += len(held)
            for entry in held:
                with contextlib.suppress(OSError):
                    where = os.readlink(entry)
                    if where.startswith(("/memfd:", "/dev/shm/")):
                        memories.add(f"{where} {entry.stat().st_ino}")
    return Census(
        len(there),
        zombies,
        threads,
        descriptors,
        len(memories),
        sum(proc.pss_mb(pid, "Pss_Anon:", "Pss_Shmem:") or 0.0 for pid in there),
    )


# ---------------------------------------------------------------- a client


class WireClient:
    """Speaks the wire without a shell around it. `notices` is what the engine said unasked."""

    def __init__(self, name: str) -> None:
        self.socket = connection.connect(name, 30)
        self.frames = wire.from_engine()
        self.messages: list[object] = []
        self.notices: list[Notice] = []
        self.socket.sendall(wire.encode(Hello(author="trial")))
        assert isinstance(self.receive(), Welcome)
        self.number = 0

    def receive(self) -> object:
        """The next message. ConnectionError where the engine has hung up."""
        while not self.messages:
            more = self.socket.recv(1 << 16)
            if not more:
                raise ConnectionError("the engine hung up")
            self.messages += self.frames.feed(more)
        return self.messages.pop(0)

    def prepare(self, lines: str) -> tuple[bytes, int]:
        """(the frame for some lines that share a moment, how many commands they are)."""
        parsed = [opening.parse(statement) for statement in parser.statements(lines)]
        ids = tuple(range(self.number + 1, self.number + 1 + len(parsed)))
        self.number += len(parsed)
        texts, commands = tuple(one.text for one in parsed), tuple(one.command for one in parsed)
        return wire.encode(Submission(ids, texts, commands)), len(parsed)

    def reply(self) -> Reply:
        """The next answer, ok or not."""
        while True:
            message = self.receive()
            if isinstance(message, Reply):
                return message
            if isinstance(message, Notice):
                self.notices.append(message)

    def say(self, lines: str) -> tuple[Reply, float]:
        """(the last answer, seconds from the send to it). RuntimeError where one is no."""
        packet, count = self.prepare(lines)
        began = time.perf_counter()
        self.socket.sendall(packet)
        for _ in range(count):
            reply = self.reply()
            if not reply.ok:
                raise RuntimeError(f"{lines}: {reply.text}")
        return reply, time.perf_counter() - began

    def status(self) -> dict[str, Any]:
        return self.say("status")[0].result

    def close(self) -> None:
        self.socket.close()
