"""`chronus mcp`: the process. One thread reads messages and answers what needs no time, another performs calls, in their order.

Rules: nothing but messages goes to standard output, whatever a library or a child prints: the descriptor is moved away, and what is
written to standard output goes to standard error. At the end of the input calls that were made are still performed, as long as
somebody reads; SIGTERM, or a client that is gone, ends it at once. An engine that the server started ends with it.
"""

from __future__ import annotations

import contextlib
import os
import queue
import select
import signal
import sys
import threading
import traceback
from types import FrameType
from typing import TYPE_CHECKING

from chronus.errors import ChronusError
from chronus.mcp import protocol, rpc
from chronus.mcp.protocol import Call, Cancel, Protocol
from chronus.settings import Settings

if TYPE_CHECKING:
    from chronus.mcp.performing import Performer

READ_BYTES = 1 << 16
MOST_WAITING = 256
"""Calls that wait for their turn; then no more is read until one is done."""
END_SECONDS = 8.0
"""So long the end of a call, and of the engine, is waited for."""
TERMINATED, INTERRUPTED = 143, 130


class Ended(BaseException):
    """SIGTERM, SIGINT or SIGHUP; `args` has the exit code."""


class Serving:
    def __init__(self, settings: Settings, reads: int, writes: int) -> None:
        self._settings, self._reads, self._writes = settings, reads, writes
        self._protocol = Protocol()
        self._calls: queue.Queue[Call | None] = queue.Queue(MOST_WAITING)
        self._writing, self._turn = threading.Lock(), threading.Lock()
        self._performer: Performer | None = None
        self._present: Call | None = None
        self._cancelled: set[rpc.Id] = set()
        self._thread: threading.Thread | None = None
        self._ending = False
        self._over, self._done = os.pipe()

    def run(self) -> int:
        code = 0
        try:
            self._read()
            if self._thread is not None:
                self._calls.put(None)
                self._await_calls()
        except Ended as ended:
            code = ended.args[0]
        except BrokenPipeError:
            pass
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        self._end()
        return code

    # ------------------------------------------------------------ reading

    def _read(self) -> None:
        lines = rpc.Lines()
        while more := os.read(self._reads, READ_BYTES):
            for line in lines.feed(more):
                self._take(line)
        for line in lines.close():
            self._take(line)

    def _take(self, line: bytes | rpc.Refusal) -> None:
        request = line if isinstance(line, rpc.Refusal) else rpc.read(line)
        if request is None:
            return
        found = rpc.error(request) if isinstance(request, rpc.Refusal) else self._protocol.take(request)
        if isinstance(found, bytes):
            self._write(found)
        elif isinstance(found, Cancel):
            self._cancel(found.id)
        elif isinstance(found, Call):
            self._begin()
            self._calls.put(found)
        if self._protocol.greeted:
            self._begin()

    def _begin(self) -> None:
        """Starts the thread that performs: after the first answer, since what it imports takes longer than that may."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._perform_all, daemon=True)
            self._thread.start()

    def _write(self, line: bytes) -> None:
        with self._writing:
            while line:
                line = line[os.write(self._writes, line) :]

    def _cancel(self, id: rpc.Id) -> None:
        with self._turn:
            if self._present is not None and self._present.id == id and self._performer is not None:
                self._performer.stop()
                self._cancelled.add(id)
            elif any(call is not None and call.id == id for call in list(self._calls.queue)):
                self._cancelled.add(id)

    # ------------------------------------------------------------ performing

    def _perform_all(self) -> None:
        from chronus.mcp.performing import Performer

        self._performer = Performer(self._settings)
        while (call := self._calls.get()) is not None:
            with self._turn:
                self._present = call
                self._performer.begin()
                gone = self._ending or call.id in self._cancelled
            answer = b"" if gone else self._performed(self._performer, call)
            with self._turn:
                gone = gone or call.id in self._cancelled
                self._cancelled.discard(call.id)
                self._present = None
            if not gone:
                with contextlib.suppress(BrokenPipeError):
                    self._write(answer)
        os.write(self._done, b".")

    def _performed(self, performer: Performer, call: Call) -> bytes:
        try:
            if call.method == "tools/call":
                return protocol.finished(call, performer.call(call.name, call.arguments))
            try:
                return protocol.was_read(call, *performer.read(call.name))
            except ChronusError as error:
                return protocol.not_found(call, f"{error.code} {error.message}")
        except Exception as problem:
            traceback.print_exc()
            return protocol.broken(call, problem)

    # ------------------------------------------------------------ the end

    def _await_calls(self) -> None:
        """Waits for the last call's answer, or until nobody reads answers any more."""
        poll = select.poll()
        poll.register(self._over, select.POLLIN)
        poll.register(self._writes, 0)  # only its end is told
        poll.poll()

    def _end(self) -> None:
        """Ends what is under way, the jobs, and the engine that was started here."""
        if self._thread is None:
            return
        with self._turn:
            self._ending = True
            while True:
                try:
                    self._calls.get_nowait()
                except queue.Empty:
                    break
            self._calls.put(None)
            if self._performer is not None:
                self._performer.stop()
        self._thread.join(END_SECONDS)
        if self._performer is not None and not self._thread.is_alive():
            self._performer.leave()


def _end(number: int, _frame: FrameType | None) -> None:
    raise Ended(INTERRUPTED if number == signal.SIGINT else TERMINATED if number == signal.SIGTERM else 128 + number)


def _take_over(descriptor: int, instead: int) -> int:
    """Moves a standard descriptor away and puts another one in its place, for whoever else uses it."""
    moved = os.dup(descriptor)
    os.dup2(instead, descriptor)
    return moved


def main(settings: Settings) -> int:
    if sys.stdin is None or sys.stdout is None:
        raise ChronusError("E_FILE", "standard input and output are closed: there is nobody to serve")
    if sys.stdin.isatty():
        said = "chronus mcp speaks with an agent's program, not with a person; `chronus mcp --config` says how it is set up"
        sys.stderr.write(f"{said}\n")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _end)
    nothing = os.open(os.devnull, os.O_RDWR)
    reads = _take_over(0, nothing)
    writes = _take_over(1, 2 if sys.stderr is not None else nothing)
    return Serving(settings, reads, writes).run()
