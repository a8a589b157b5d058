"""PROC-04, clean-up: 50 times torn down and started again; descriptors within 5, RSS within 10 %, no segment leaked, torn down within 500
ms and started again within 1.5 s.

Each of the 50 engines is started in the same folders, plays, is ended by SIGTERM, and compared with the first one; what was left of it is
looked for as soon as it is gone. How long it takes to start depends on others at work, so those two bars gate in `make soak`.
"""

from __future__ import annotations

import statistics
import time

import psutil
import pytest

from chronus.drills.own_engine import Census, census
from tests.kit.live import alive, engine, named_memory, until
from tests.kit.takes import in_lockstep, memory_of

pytestmark = [pytest.mark.proof, pytest.mark.timeout(400)]

CYCLES, PROCESSES = 50, 7


def test_fifty_engines_in_a_row_leave_nothing(tmp_path, held):
    own, segments = psutil.Process(), set[str]()
    counts: list[Census] = []
    ours: list[tuple[int, float]] = []
    down: list[float] = []
    up: list[float] = []
    for _ in range(CYCLES):
        began = time.monotonic()
        with engine(tmp_path, "--device", "null") as running:
            up.append(time.monotonic() - began)
            running.say("load saw; load kick; seq kick: x...")
            in_lockstep(memory_of(running))
            # the one forked ahead is there, too, and no trial any more
            until(lambda pid=running.process.pid: census(pid).processes == PROCESSES, 5)
            counts.append(census(running.process.pid))
            pids = running.pids()
            segments |= named_memory(pids)
            began = time.monotonic()
            assert running.stop() == 0
            down.append(time.monotonic() - began)
            until(lambda pids=pids: not any(map(alive, pids)), 2, "a process outlived its engine")
        ours.append((own.num_fds(), own.memory_info().rss / 2**20))
    first, fds, sizes = counts[0], [one.descriptors for one in counts], [one.pss_mb for one in counts]
    held("engines started and ended", CYCLES)
    held("shared memories that need to be unlinked, in all", len(segments), "", most=0)
    held("descriptors of an engine, off the first's, most", max(abs(n - first.descriptors) for n in fds), "", most=5)
    held(
        "memory of an engine, off the first's, most",
        max(abs(mb / first.pss_mb - 1) for mb in sizes) * 100,
        "%",
        most=10,
    )
    held("descriptors of who starts them, more", ours[-1][0] - ours[0][0], "", most=5)
    held("RSS of who starts them, more", (ours[-1][1] / ours[0][1] - 1) * 100, "%", most=10)
    held("torn down after, median", statistics.median(down) * 1e3, "ms", most=500, soak=True)
    held("torn down after, longest", max(down) * 1e3, "ms")
    held("started again after, median", statistics.median(up), "s", most=1.5, soak=True)
    held("started again after, longest", max(up), "s")
