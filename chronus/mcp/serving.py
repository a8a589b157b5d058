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
WRITE_BYTES = 4096
"""A pipe that takes anything takes so much at once (PIPE_BUF, pipe(7))."""
MOST_WAITING = 256
"""Calls that wait for their turn; then no more is read until one is done."""
END_SECONDS = 8.0
"""So long the end of a call, and of the engine, is waited for."""
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Serving:
    """`run` is the whole of it. No handler of a signal raises anything: an exception in the middle of a lock would leave it locked."""

    def __init__(self, settings: Settings, reads: int, writes: int) -> None:
        self._settings, self._reads, self._writes = settings, reads, writes
        self._protocol = Protocol()
        self._calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._writing, self._turn = threading.Lock(), threading.Lock()
        self._performer: Performer | None = None
        self._waiting: dict[int, Call] = {}  # with the present one
        self._present: Call | None = None
        self._cancelled: set[rpc.Id] = set()
        self._ending, self._code = False, 0
        self._halted, self._halts = os.pipe()  # readable for ever, once a signal has come
        self._ended, self._ends = os.pipe()  # once all calls are performed
        self._bell, self._rings = os.pipe()  # whenever one is
        self._wanted = threading.Event()
        self._thread = threading.Thread(target=self._perform_all, daemon=True)

    def run(self) -> int:
        self._thread.start()
        os.set_blocking(self._halts, False)
        signal.set_wakeup_fd(self._halts)  # any thread may be given the signal, and only this one waits for it
        for number in SIGNALS:
            signal.signal(number, self._halt)
        try:
            if self._read():
                self._ending = not self._wanted.is_set()
                self._calls.put(None)
                self._wanted.set()
                self._await_calls()
        except BrokenPipeError:
            pass
        self._end()
        return self._code

    def _halt(self, number: int, _frame: FrameType | None) -> None:
        self._code = self._code or 128 + number

    # ------------------------------------------------------------ reading

    def _read(self) -> bool:
        """Takes messages to the end of the input; False where a signal came before it."""
        lines = rpc.Lines()
        while True:
            poll = select.poll()
            poll.register(self._halted, select.POLLIN)
            poll.register(self._bell, select.POLLIN)
            if self._calls.qsize() < MOST_WAITING:
                poll.register(self._reads, select.POLLIN)
            came = {descriptor for descriptor, _ in poll.poll()}
            if self._halted in came:
                return False
            if self._bell in came:
                os.read(self._bell, READ_BYTES)
            if self._reads in came:
                more = os.read(self._reads, READ_BYTES)
                for line in lines.feed(more) if more else lines.close():
                    self._take(line)
                if not more:
                    return True

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
            with self._turn:
                self._waiting[id(found)] = found
            self._calls.put(found)
            self._wanted.set()
        if self._protocol.greeted:
            self._wanted.set()  # after the first answer: what is imported then takes longer than that may

    def _write(self, line: bytes) -> None:
        """Writes a line, as fast as it is read; what is left when a signal comes is not written."""
        with self._writing:
            poll = select.poll()
            poll.register(self._writes, select.POLLOUT)
            poll.register(self._halted, select.POLLIN)
            while line:
                if self._halted in dict(poll.poll()):
                    return
                line = line[os.write(self._writes, line[:WRITE_BYTES]) :]

    def _cancel(self, name: rpc.Id) -> None:
        with self._turn:
            if any(call.id == name for call in self._waiting.values()):
                self._cancelled.add(name)
            if self._present is not None and self._present.id == name and self._performer is not None:
                self._performer.stop()

    # ------------------------------------------------------------ performing

    def _perform_all(self) -> None:
        self._wanted.wait()
        try:
            if not self._ending:
                self._perform()
        finally:
            os.write(self._ends, b"!")

    def _perform(self) -> None:
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
                del self._waiting[id(call)]
            if not gone:
                with contextlib.suppress(BrokenPipeError):
                    self._write(answer)
            os.write(self._rings, b"!")

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
        """Waits for the last call's answer, for a signal, or until nobody reads answers any more."""
        poll = select.poll()
        poll.register(self._ended, select.POLLIN)
        poll.register(self._halted, select.POLLIN)
        poll.register(self._writes, 0)  # only its end is told
        poll.poll()

    def _end(self) -> None:
        """Ends what is under way, the jobs, and the engine that was started here."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # the interpreter's own end would be cut short by one
        with self._turn:
            self._ending = True
            if self._performer is not None:
                self._performer.stop()
        self._calls.put(None)
        self._wanted.set()
        self._thread.join(END_SECONDS)
        if self._performer is not None and not self._thread.is_alive():
            self._performer.leave()


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
    nothing = os.open(os.devnull, os.O_RDWR)
    reads = _take_over(0, nothing)
    writes = _take_over(1, 2 if sys.stderr is not None else nothing)
    return Serving(settings, reads, writes).run()
