"""The lifeline: no process outlives the engine. Also reports to a parent which of its children has died.

Each child holds the read end of a pipe whose only write end is the supervisor's. When the supervisor is gone, however it
went, the kernel closes that end and sends SIGKILL: in a compiled loop, in a system call, even when stopped. A thread that
watches manages none of these. It is no parent-death signal because a worker's parent is the forkserver, whose death must
not kill both slots.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
from collections.abc import Iterator

_F_SETSIG = 10


def hold(descriptor: int) -> None:
    """Lets this process die with the one that holds the other end."""
    fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(descriptor, _F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_ASYNC | os.O_NONBLOCK)
    ready, _, _ = select.select([descriptor], [], [], 0)
    if ready:  # it was already cut
        os.kill(os.getpid(), signal.SIGKILL)


def reaped() -> Iterator[tuple[int, int]]:
    """Returns the children of this process that have died since the last call: pid, and exit code or minus the signal."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, os.waitstatus_to_exitcode(status)
