"""How workers die, and what comes of it: noticed, and both slots in lockstep again."""

from __future__ import annotations

import math
import os
import select
import time
from collections.abc import Callable

from msgspec import Struct

from chronus.drills.crash_test import Rejoin
from chronus.memory.layout import Memory
from chronus.system import proc
from tests.kit.live import Engine, until
from tests.kit.takes import in_lockstep, kill, worker_pids


class Death(Struct, frozen=True):
    """Seconds from the end of a worker: until its slot was seen to be down, and until both are in lockstep again."""

    noticed: float
    back: float


def death(running: Engine, memory: Memory, slot: int, ending: Callable[[int], None]) -> Death:
    """Ends the worker of a slot, by whatever `ending` does to its pid."""
    in_lockstep(memory)
    pid = worker_pids(running)[slot]
    rejoin, watch = Rejoin(memory, slot), os.pidfd_open(pid)
    try:
        ending(pid)
        deadline = time.monotonic() + 10
        while not select.select([watch], [], [], 0)[0]:
            rejoin.done()
            assert time.monotonic() < deadline, "it lives on"
        ended = min(time.monotonic(), rejoin.gone_at or math.inf)
        rejoin.wait()
        back = time.monotonic()
    finally:
        os.close(watch)
    return Death((rejoin.gone_at or back) - ended, back - ended)


def spare(running: Engine) -> int | None:
    """The child that is forked ahead and waits to be told what it is."""
    return next((pid for pid in running.pids() if proc.title(pid).startswith(b"chronus spare")), None)


def kill_with_spare(running: Engine) -> Callable[[int], None]:
    """Kills a worker and the one that would take its place at once."""

    def ending(pid: int) -> None:
        waiting = until(lambda: spare(running), 5, "no child is forked ahead")
        kill(waiting)  # type: ignore[arg-type]
        kill(pid)

    return ending
