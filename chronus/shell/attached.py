"""The engine at the other end of a shell: reaches it, starts one where there is none, and ends the one that this shell started."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chronus import connection, wire
from chronus.commands import (
    LONGEST_LINE,
    REFUSED,
    AnyCommand,
    FromEngine,
    Hello,
    Notice,
    Reply,
    Shutdown,
    Submission,
    Welcome,
)
from chronus.errors import ChronusError
from chronus.settings import Settings, option

ATTACH_SECONDS = 30.0
"""So long an engine that begins is waited for."""
ANSWER_SECONDS = 5.0
"""So long one that runs may take to say hello, or to answer what it can always answer."""
AGAIN_SECONDS = 5.0
GOODBYE_SECONDS = 5.0
TRIES = 5
"""How often an engine is looked for that others start or end at the same time."""


class Attached:
    """A connection that has been welcomed. `started` is the engine's process if this call started it."""

    def __init__(
        self, there: socket.socket, started: subprocess.Popen[bytes] | None = None, notes: Iterable[str] = ()
    ) -> None:
        self.socket = there
        self.started = started
        self.notes = list(notes)
        self.frames = wire.from_engine()
        self.early: list[FromEngine] = []
        self.lent: list[int] = []
        """Descriptors that came with messages: the shared memory, for one who only looks on."""

    def greet(self, hello: Hello, timeout: float = ATTACH_SECONDS) -> Welcome:
        """Says hello and waits for the welcome; what came after it is kept in `early`."""
        self.socket.settimeout(timeout)
        try:
            with contextlib.suppress(BrokenPipeError):  # why it was closed is said before the end
                self.socket.sendall(wire.encode(hello))
            for message in self.messages():
                if isinstance(message, Welcome):
                    return message
                if isinstance(message, Notice) and message.kind == REFUSED:
                    raise ChronusError("E_ENGINE", f"refused: {message.text}")
        except TimeoutError:
            raise ChronusError("E_ENGINE", f"the engine did not say hello in {timeout:g} s") from None
        except OSError as problem:
            raise ChronusError("E_ENGINE", f"the engine was lost: {problem.strerror or problem}") from None
        raise ChronusError("E_ENGINE", "the engine closed the connection")

    def messages(self) -> Iterator[FromEngine]:
        """Messages until the engine closes its end, blocking."""
        while True:
            while self.early:
                yield self.early.pop(0)
            more, lent, _, _ = socket.recv_fds(self.socket, 1 << 16, 1)
            self.lent += lent
            if not more:
                return
            self.early += self.frames.feed(more)

    def ask(self, command: AnyCommand, text: str, timeout: float = ANSWER_SECONDS) -> Reply:
        """Sends one command that is answered at once, and returns its reply, with nothing else on the way."""
        self.socket.settimeout(timeout)
        try:
            self.socket.sendall(wire.encode(Submission((1,), (text,), (command,))))
            for message in self.messages():
                if isinstance(message, Reply) and message.id == 1:
                    return message
        except TimeoutError:
            raise ChronusError("E_ENGINE", f"the engine did not answer in {timeout:g} s") from None
        except OSError as problem:
            raise ChronusError("E_ENGINE", f"the engine was lost: {problem.strerror or problem}") from None
        raise ChronusError("E_ENGINE", "the engine was lost before it answered")

    def shut_down(self, *, alone: bool = False) -> Reply | None:
        """Tells the engine to end and waits until it has; None if it was gone already. With `alone` it may refuse."""
        reply = None
        with contextlib.suppress(OSError, ChronusError):
            self.socket.settimeout(GOODBYE_SECONDS)
            self.socket.sendall(wire.encode(Shutdown(alone)))
            for message in self.messages():
                if isinstance(message, Reply) and message.id == 0:
                    reply = message
                    if not reply.ok:
                        break
        if self.started is not None and (reply is None or reply.ok):
            try:
                self.started.wait(GOODBYE_SECONDS)
            except subprocess.TimeoutExpired:
                self.terminate()
        return reply

    def terminate(self) -> None:
        """Ends an engine that this call started, whatever it still has to do for it."""
        if self.started is not None:
            self.started.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.started.wait(GOODBYE_SECONDS)

    def close(self) -> None:
        self.socket.close()
        for descriptor in self.lent:
            os.close(descriptor)
        self.lent.clear()


def attach(
    settings: Settings, *, timeout: float = ATTACH_SECONDS, start: bool = True, watch: bool = False, quiet: bool = False,
    again: bool = False, looks: bool = False, author: str = "",
) -> tuple[Attached, Welcome]:  # fmt: skip
    """Connects to the running engine, or else to a new one; `quiet` shows no progress. `again`: the connection to it was lost just now.
    `looks`: only to look on. `author`: the name that it had, if it is not to ask for the one that was typed."""
    attached = _reach(settings, timeout, start, quiet)
    try:
        patience = timeout if attached.started is not None else min(timeout, ANSWER_SECONDS)
        hello = Hello(author=author or settings.author, watch=watch, again=again, folder=_here(), looks=looks)
        welcome = attached.greet(hello, patience)
    except BaseException:
        attached.close()
        raise
    if attached.started is None and not quiet:
        attached.notes += ignored(settings, welcome.engine)
    wanted = author or settings.author
    if wanted and welcome.name not in ("", wanted):
        attached.notes.append(f'the name "{wanted}" is taken; you are "{welcome.name}"')
    return attached, welcome


def _here() -> str:
    """Returns the folder in which this process is; "" where it is gone, or has a name that cannot be written."""
    with contextlib.suppress(OSError, UnicodeError):
        here = os.getcwd()
        here.encode()
        return here if len(here) <= LONGEST_LINE else ""
    return ""


def ignored(settings: Settings, engine: Mapping[str, Any]) -> list[str]:
    """Returns the options that were given and cannot be had from an engine that is running already."""
    usual = Settings()
    words = [
        f"{option(key)} {getattr(settings, key)}"
        for key in ("rate", "period", "lookahead")
        if getattr(settings, key) not in (getattr(usual, key), engine.get(key, getattr(settings, key)))
    ]
    if settings.device is not None and settings.device.lower() not in str(engine.get("device", "")).lower():
        words.append(f"--device {settings.device}")
    return [f"the engine was running already, so it goes on without {word}" for word in words]


def reach_again(settings: Settings, *, start: bool = False, author: str = "") -> tuple[Attached, Welcome]:
    """Reconnects after a loss: to the engine that is still there, or to one in place of one that died. NoEngine if it ended as it was told.

    An engine that ends in order removes its socket. With `start` a new one is started all the same.
    """
    for again in range(TRIES, -1, -1):
        try:
            return attach(
                settings, timeout=AGAIN_SECONDS, start=start, watch=True, quiet=True, again=True, author=author
            )
        except connection.NoEngine:
            if start or not connection.socket_path(settings.engine).exists():
                raise
            start = True
        except ChronusError:
            # An engine that is just ending still takes connections, and drops them.
            if not again or connection.lock_held(settings.engine):
                raise
    raise AssertionError("unreachable")


def _reach(settings: Settings, timeout: float, start: bool, quiet: bool) -> Attached:
    for again in range(TRIES, -1, -1):
        try:
            return Attached(
                connection.connect(settings.engine, timeout, lambda: _tell_of_waiting(settings.engine, quiet))
            )
        except connection.NoEngine:
            if not start:
                raise
        try:
            with ProgressBar(quiet) as bar:
                started = connection.start_engine(settings, bar.show)
            return Attached(connection.connect(settings.engine, timeout), started.process, started.notes)
        except connection.StartError as error:
            # Two shells may start an engine at once: one of the engines gets the name, and serves both.
            if error.code != "E_EXISTS" or not again:
                raise
        time.sleep(0.05)
    raise AssertionError("unreachable")


def _tell_of_waiting(name: str, quiet: bool) -> None:
    if quiet:
        return
    sys.stderr.write(f'waiting for the engine "{name}", which has only just begun ...\n')
    sys.stderr.flush()


class ProgressBar:
    """How far compiling is, on one line of stderr, if someone looks; a dumb terminal is told once that something is compiled."""

    WIDTH = 24

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet or not sys.stderr.isatty()
        self._dumb = os.environ.get("TERM", "dumb") == "dumb"
        self._shown = False

    def __enter__(self) -> ProgressBar:
        return self

    def show(self, done: int, total: int, what: str) -> None:
        if self._quiet:
            return
        if self._dumb:
            sys.stderr.write(f"compiling {total} pieces of machine code, once; please wait\n")
            self._quiet = True
            return
        full = self.WIDTH * done // max(total, 1)
        bar = "#" * full + "." * (self.WIDTH - full)
        sys.stderr.write(f"\r\x1b[Kcompiling, once [{bar}] {done}/{total} {what}")
        sys.stderr.flush()
        self._shown = True

    def __exit__(self, *_: object) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
