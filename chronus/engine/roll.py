"""Records which of the engine's processes were asked for, and which live. It starts nothing, opens nothing and reads no clock.

Rule 1: a process is asked for under a number, and lives from when the forkserver sends its pid; it cannot be killed before.
Rule 2: when a forkserver dies, the processes whose pid it has not sent never come: no other process would send it.
Rule 3: a message about, or from, a process whose place was given to another one since is ignored; the place is given with the question.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from chronus.engine_line import (
    CanFork,
    Ended,
    FromCompiler,
    FromControl,
    FromForkserver,
    FromHost,
    LacksParts,
    Loaded,
    Recording,
)  # fmt: skip


class Ready(Struct, frozen=True):
    """A forkserver is there and can be asked."""


class Born(Struct, frozen=True):
    role: str


class Died(Struct, frozen=True):
    """`status`: the exit code, or minus the signal."""

    role: str
    status: int


class HostSaid(Struct, frozen=True):
    """A host, or a candidate for its place, has opened its device, or says why it has not."""

    role: str
    message: FromHost


class CompilerSaid(Struct, frozen=True):
    role: str
    message: FromCompiler


Heard = Ready | LacksParts | Loaded | CompilerSaid | Born | Died | HostSaid | Recording | FromControl


class Roll:
    """Records the processes. `pids` are those that live, by role. Each method returns what the supervisor is to hear: nothing, or
    one message.
    """

    def __init__(self) -> None:
        self.pids: dict[str, int] = {}
        self.hosts: dict[str, Any] = {}
        """The channel to the host, and to the candidate."""
        self.waiting: dict[int, str] = {}
        self.asked = 0

    def ask(self, role: str) -> int:
        """Returns the number under which a process is asked for."""
        self.pids.pop(role, None)
        self.asked += 1
        self.waiting[self.asked] = role
        return self.asked

    def owed(self) -> set[str]:
        """Returns the processes that a dead forkserver was asked for and has not reported. They are waited for no more."""
        roles, self.waiting = set(self.waiting.values()), {}
        return roles

    def forkserver_said(self, message: FromForkserver) -> list[Heard]:
        if isinstance(message, CanFork):
            return [Ready()]
        if isinstance(message, LacksParts | Loaded):
            return [message]
        if isinstance(message, Ended):
            return [*self.died(message.pid, message.status)]
        if message.number not in self.waiting:
            return []  # its forkserver has died since, and it with it
        role = self.waiting.pop(message.number)
        self.pids[role] = message.pid
        return [Born(role)]

    def host_said(self, channel: Any, message: FromHost) -> list[Heard]:
        return [HostSaid(role, message) for role, known in self.hosts.items() if known is channel]

    def died(self, pid: int, status: int) -> list[Died]:
        role = next((role for role, known in self.pids.items() if known == pid), None)
        if role is None:
            return []
        del self.pids[role]
        return [Died(role, status)]
