"""Control's end of its line to the supervisor: keeps what the supervisor said, and how it answered. For the messages see engine_line."""

from __future__ import annotations

import os
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable

from chronus import engine_line
from chronus.engine_line import (
    Compile,
    Compiled,
    End,
    FromControl,
    Kernels,
    Kill,
    Killed,
    Making,
    Move,
    Moved,
    NobodyKilled,
    Notice,
    Orphaned,
    Processes,
    Prove,
    Proved,
    Record,
    Recording,
    Remark,
    Serving,
    ToControl,
    Victims,
)  # fmt: skip

CONFIRM_SECONDS = 5.0

MOVE_SECONDS = 12.0
"""So long may a device take to open, or to be given up."""

Answered = Callable[[bool, str], None]
Moving = Callable[[Moved], None]


class SupervisorLine:
    """`channel` is None where there is none (tests, tools): then nothing can be killed, and `stop` only sets `stopped`."""

    def __init__(self, channel: socket.socket | None = None) -> None:
        self.channel = channel
        self.gone = self.stopped = False
        self.orphan_since = 0.0
        self.known = Processes()
        """The processes and the device, as it last said."""
        self.making = Making()
        """What is being compiled, as it last said."""
        self._said = engine_line.to_control()
        self.proved: dict[int, int | None] = {}
        self.kernels: set[str] = set()
        """Those that a program may name."""
        self.compiled: dict[int, tuple[str, str, str] | None] = {}
        self.recording: Recording | None = None
        """How what is recorded fares, or what was recorded last."""
        self._moves: deque[tuple[str, float, Moving]] = deque()
        self._crashes: deque[tuple[Victims, float, Answered]] = deque()
        if channel is not None:
            channel.setblocking(False)

    # ------------------------------------------------------------ to it

    def remark(self, text: str) -> None:
        self._say(Remark(text))

    def ready(self) -> None:
        self._say(Serving())

    def stop(self) -> None:
        self.stopped = True
        self._say(End())

    def prove(self, number: int) -> None:
        """Has a program tried out: `proved[number]` will be the exit code of that process."""
        self.proved.clear()
        self._say(Prove(number))

    def compile(self, number: int, kernels: Iterable[str]) -> None:
        """Has kernels compiled: `compiled[number]` will be why one of them cannot be had (kernel, code, words), or None once all
        are there.
        """
        self._say(Compile(number, tuple(sorted(kernels))))

    def record(self, record: Record) -> None:
        """Has what is heard recorded: `recording` will say how that goes."""
        self._say(record)

    def move(self, device: str, answered: Moving) -> None:
        """Has another device take over; `answered` is called with how it went."""
        if self.channel is None:
            answered(Moved(device, "there is no supervisor that could open it"))
            return
        self._moves.append((device, time.monotonic() + MOVE_SECONDS, answered))
        self._say(Move(device))

    def crash(self, what: Victims, answered: Answered) -> None:
        """Kills a process on purpose; `answered` is called with the result."""
        if self.channel is None:
            answered(False, "there is no supervisor that could kill it")
        elif what == "control":
            # The one whose death cannot be reported afterwards.
            answered(True, f"crash control (pid {os.getpid()})")
            self._crashes.append((what, time.monotonic(), lambda ok, text: None))
        else:
            self._crashes.append((what, time.monotonic() + CONFIRM_SECONDS, answered))
            self._say(Kill(what))

    def tick(self) -> None:
        """A crash of control itself is asked for once its answer has left; others get no confirmation for ever."""
        now = time.monotonic()
        for crash in [crash for crash in self._crashes if now > crash[1]]:
            self._crashes.remove(crash)
            if crash[0] == "control":
                self._say(Kill("control"))
            crash[2](False, f"the supervisor did not say that it killed {crash[0]}")
        for move in [move for move in self._moves if now > move[1]]:
            self._moves.remove(move)
            move[2](Moved(move[0], f'"{move[0]}" did not open'))

    def _say(self, message: FromControl) -> None:
        if self.channel is not None:
            try:
                self.channel.send(engine_line.encode(message), socket.MSG_NOSIGNAL)
            except BlockingIOError:
                pass
            except OSError:
                self.gone = True

    # ------------------------------------------------------------ from it

    def hear(self) -> list[Notice]:
        """Takes in what the supervisor said; returns the notices that are for everybody."""
        assert self.channel is not None
        try:
            more = self.channel.recv(1 << 16)
        except BlockingIOError:
            return []
        except OSError:
            more = b""
        self.gone = not more
        said = self._said.feed(more)
        for message in said:
            self.take(message)
        return [message for message in said if isinstance(message, Notice)]

    def take(self, message: ToControl) -> None:
        """Takes in one message of the supervisor."""
        if isinstance(message, Processes):
            self.known = message
        elif isinstance(message, Proved):
            self.proved[message.number] = message.status
        elif isinstance(message, Kernels):
            self.kernels = {*message.kernels, *(() if message.anew else self.kernels)}
        elif isinstance(message, Compiled):
            self.compiled[message.number] = message.error
        elif isinstance(message, Killed):
            self._answer_crash(message.what, True, f"crash {message.what} (pid {message.pid})")
        elif isinstance(message, NobodyKilled):
            self._answer_crash(message.what, False, f"{message.what}: nothing of it is running")
        elif isinstance(message, Recording):
            self.recording = message
        elif isinstance(message, Orphaned):
            self.orphan_since = time.monotonic()
        elif isinstance(message, Making):
            self.making = message
        elif isinstance(message, Moved):
            self._answer_move(message)

    def _answer_move(self, message: Moved) -> None:
        """A device that another one was asked for after will not be heard of any more."""
        moves, self._moves = self._moves, deque[tuple[str, float, Moving]]()
        for device, _, answered in moves:
            answered(message if device == message.device else Moved(device, "another device was asked for since"))

    def _answer_crash(self, what: Victims, ok: bool, text: str) -> None:
        crash = next((crash for crash in self._crashes if crash[0] == what), None)
        if crash is not None:
            self._crashes.remove(crash)
            crash[2](ok, text)
