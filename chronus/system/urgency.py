"""Gives priority on a busy machine to the threads that render and play, and to the processes that bring them back, where allowed.

Nobody is tied to a processor. Two real-time threads that want to run are kept on different processors by the system as it is; tied, they
wait for one that somebody else has. Measured on four shared processors, six runs of 5 s each with nothing beside, four busy loops, or one
real-time thread that takes half of one processor: free, no block was late; tied to a processor each, 1,094; to a pair each, 2.
The two slots alone keep to a half of the processors each, while both play (worker/replica.py): the system sends whoever is woken to a
processor that seems idle, and on a shared host that may be one which stands still. Where there are four or more, that is: tied to one of
two, a slot was taken for hung, and replaced, when a host of a higher priority opened its device again (rows 28 and 33).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

REPAIRING, RENDERING, PLAYING, WATCHING = 3, 5, 10, 15
"""Real-time priorities: low among those, because what matters is to be ahead of everything that is none. Linux keeps a twentieth of each
processor for the others, so a kernel that never returns cannot keep the supervisor from ending it."""


def hurry(priority: int, inherited: bool = False) -> bool:
    """Asks for real-time scheduling of the calling thread, or else for a better nice value. False where neither is allowed.

    `inherited`: the threads it starts begin so too.
    """
    if hasattr(os, "SCHED_RR"):
        alone = 0 if inherited else getattr(os, "SCHED_RESET_ON_FORK", 0)
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_RR | alone, os.sched_param(priority))
            return True
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -priority)
        return True
    return False


def expendable(points: int) -> None:
    """Sets the points (-1000..1000) by which the system ends processes where memory runs out: a worker can be replaced, a
    supervisor cannot.

    Points below what the process has are given only where that is allowed.
    """
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write(str(points))


@contextlib.contextmanager
def unhurried() -> Iterator[None]:
    """Gives the calling thread ordinary priority for work that may take seconds, like compiling."""
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, *before)
