"""The line to the supervisor: one JSON object, or one plain word of command, a line; over a socketpair.

to it:    note TEXT                   what it should tell whoever started it; before ready
          ready                       clients are served
          stop                        end the engine, fading out
          crash active|standby|both|host|control
          prove NUMBER                try out what lies on the proof sheet
from it:  {"processes": [{"role", "slot", "pid", "state", "restarts"[, "died", "died_at"]}, ...]}    whenever they change
          {"engine": {...}}                                                     what `status` shows of it
          {"crashed": "active", "pid": 123} or {"crashed": "active", "error": "..."}
          {"proved": 3, "status": 0}                                            how the trial ended; null: it could not be made
          {"notice": {"kind", "text", "result"}}                                passed on to every client
          {"orphan": true}                                                      whoever started the engine was gone before it was ready
"""

from __future__ import annotations

import os
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

CONFIRM_SECONDS = 5.0
LINE_BYTES = 1 << 20
HAPPENED = 3
"""Notices that `status` still tells of."""

Answered = Callable[[bool, str], None]
Told = tuple[str, str, dict[str, Any]]


class Supervisor:
    """`channel` is None where there is none (tests, tools): then nothing can be killed, and `stop` only sets `stopped`."""

    def __init__(self, channel: socket.socket | None = None) -> None:
        self.channel = channel
        self.gone = self.stopped = False
        self.orphan_since = 0.0
        self.processes: list[dict[str, Any]] = []
        self.engine: dict[str, Any] = {}
        self.happened: deque[tuple[float, str, str]] = deque(maxlen=HAPPENED)
        """The latest notices, with the monotonic seconds at which they came."""
        self._waiting = b""
        self.proved: dict[int, int | None] = {}
        self._crashes: deque[tuple[str, float, Answered]] = deque()
        if channel is not None:
            channel.setblocking(False)

    # ------------------------------------------------------------ to it

    def note(self, text: str) -> None:
        self._say(f"note {text}")

    def ready(self) -> None:
        self._say("ready")

    def stop(self) -> None:
        self.stopped = True
        self._say("stop")

    def prove(self, number: int) -> None:
        """`proved[number]` will be the exit code of the process that tried it out."""
        self.proved.clear()
        self._say(f"prove {number}")

    def crash(self, what: str, answered: Answered) -> None:
        """Kills a process on purpose; `answered` hears what came of it."""
        if self.channel is None:
            answered(False, "there is no supervisor that could kill it")
        elif what == "control":
            # The one whose death cannot be reported afterwards.
            answered(True, f"crash control (pid {os.getpid()})")
            self._crashes.append((what, time.monotonic(), lambda ok, text: None))
        else:
            self._crashes.append((what, time.monotonic() + CONFIRM_SECONDS, answered))
            self._say(f"crash {what}")

    def tick(self) -> None:
        """A crash of control itself is asked for once its answer has left; others get no confirmation for ever."""
        now = time.monotonic()
        for crash in [crash for crash in self._crashes if now > crash[1]]:
            self._crashes.remove(crash)
            if crash[0] == "control":
                self._say("crash control")
            crash[2](False, f"the supervisor did not say that it killed {crash[0]}")

    def _say(self, line: str) -> None:
        if self.channel is not None:
            try:
                self.channel.send(line.encode() + b"\n", socket.MSG_NOSIGNAL)
            except BlockingIOError:
                pass
            except OSError:
                self.gone = True

    # ------------------------------------------------------------ from it

    def hear(self) -> list[Told]:
        """Takes in what it said; the notices that are for everybody."""
        assert self.channel is not None
        try:
            more = self.channel.recv(1 << 16)
        except BlockingIOError:
            return []
        except OSError:
            more = b""
        self.gone = not more or len(self._waiting) > LINE_BYTES
        *lines, self._waiting = (self._waiting + more).split(b"\n")
        notices: list[Told] = []
        for line in lines:
            with suppress(msgspec.MsgspecError, TypeError, ValueError):
                self._take(msgspec.json.decode(line, type=dict[str, Any]), notices)
        return notices

    def _take(self, said: dict[str, Any], notices: list[Told]) -> None:
        self.processes = list(said.get("processes", self.processes))
        self.engine |= said.get("engine", {})
        if "proved" in said:
            self.proved[int(said["proved"])] = said["status"]
        if "crashed" in said:
            self._crashed(str(said["crashed"]), said)
        if "orphan" in said:
            self.orphan_since = time.monotonic()
        if "notice" in said:
            notice = said["notice"]
            notices.append((str(notice["kind"]), str(notice.get("text", "")), dict(notice.get("result", {}))))
            self.happened.append((time.monotonic(), *notices[-1][:2]))

    def _crashed(self, what: str, said: dict[str, Any]) -> None:
        crash = next((crash for crash in self._crashes if crash[0] == what), None)
        if crash is None:
            return
        self._crashes.remove(crash)
        error = said.get("error")
        crash[2](error is None, str(error) if error else f"crash {what} (pid {said.get('pid', 0)})")
