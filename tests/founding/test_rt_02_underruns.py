"""RT-02, underruns. As first defined: none in 60 s; under load (10 parameters, 1 module and 2 patterns a second) fewer than 5; under
pressure of the garbage collector fewer than 10 and never more than 2 in a row, at 100 MB of allocations a second fewer than 15; at
periods of 128, 256 and 512 at most 20, 5 and 1; with 4 DSP workers fewer than 10. Modules are imported outside the audio process alone,
and ready within 100 ms. To be told: mean interval, clustering, recovery.

An underrun is what is heard: a stretch of the capture that is not what the journal renders, bit for bit; or a block that the callback
found missing or that was repeated. The bars are the original ones; what is measured is 0, and a figure above 0 would say so. Four DSP
workers are those of two engines at once, for a rack is rendered by two and by no more.
"""

from __future__ import annotations

import itertools
import random
import statistics
import time
from pathlib import Path

import pytest

from tests.kit.live import Engine
from tests.kit.sabotage import order, sabotage
from tests.kit.takes import RATE, Take, settle, take, worker_pids
from tests.kit.talk import Talker

pytestmark = [pytest.mark.proof, pytest.mark.timeout(600)]

KINDS = ("saw", "sine", "square", "triangle", "noise", "hat", "snare", "delay")
CLUSTER_SECONDS = 1.0


def underruns(done: Take) -> int:
    counters = done.status["counters"]
    return max(len(done.gaps), counters["missing"] + counters["repeated"])


def told(what: str, done: Take, held, most: int) -> None:
    seconds = done.frames / RATE
    held(f"{what}: underruns in {seconds:.0f} s", underruns(done), "", most=most)
    starts = [at / RATE for at, _ in done.gaps]
    apart = [b - a for a, b in itertools.pairwise(starts)]
    held(f"{what}: mean interval of them", statistics.fmean(apart) if apart else seconds, "s")
    held(f"{what}: of them within {CLUSTER_SECONDS:g} s of another", sum(gap < CLUSTER_SECONDS for gap in apart), "")
    held(f"{what}: recovery, longest", done.longest / RATE * 1e3, "ms")
    held(f"{what}: blocks missing in a row, most", -(-done.longest // 64), "", most=2)


@pytest.mark.parametrize("period, seconds, most", [(128, 60, 0), (256, 8, 5), (512, 8, 1)])
def test_nothing_is_missing_at_any_period(tmp_path, held, period, seconds, most):
    """A minute at 128 frames: there the bar is 0, and not the 20 of that period."""
    done = take(tmp_path, lambda running, memory: settle(memory, seconds), CHRONUS_PERIOD=str(period))
    assert done.status["engine"]["period"] == period
    told(f"{period} frames", done, held, most)


def test_nothing_is_missing_under_load(tmp_path, held):
    """10 parameters, 2 patterns and a module a second, for 15 s; no line of Python runs in the audio process meanwhile."""
    ready: list[float] = []
    ran: list[float] = []

    def breaking(running: Engine, memory) -> None:
        ready.clear()
        ran.clear()
        chance, there = random.Random(2), []
        host = next(row["pid"] for row in running.status()["processes"] if row["role"] == "host")
        before, began = main_thread(host), time.monotonic()
        with Talker(running.home) as line:
            for tenth in range(150):
                time.sleep(max(0.0, began + tenth / 10 - time.monotonic()))
                line.fine(f"set bass.cutoff {chance.randint(200, 3000)}")
                if tenth % 5 == 0:
                    steps = "".join(chance.choice("x.o") for _ in range(16))
                    line.fine(f"seq {chance.choice(['bass', 'kick'])}: {steps}x")
                if tenth % 10 == 0:
                    if len(there) == len(KINDS):
                        line.fine(f"unload {there.pop(0)}")
                    kind = KINDS[tenth // 10 % len(KINDS)]
                    there.append(f"{kind}{tenth}")
                    ready.append(
                        line.fine(
                            f"load {kind} as {there[-1]} gain=0"
                            if kind not in ("hat", "snare", "delay")
                            else f"load {kind} as {there[-1]}"
                        )
                    )
        ran.append(main_thread(host) - before)

    done = take(tmp_path, breaking)
    told("under load", done, held, 5)
    held("under load: the audio process's own Python ran for", ran[-1], "s", most=0)
    held(f"under load: a module ready, longest of {len(ready)}", max(ready) * 1e3, "ms", most=100, soak=True)


def main_thread(pid: int) -> float:
    """Seconds of a processor that the first thread of a process has taken: the one that runs Python."""
    words = Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()
    return int(words[0]) * 1e-9


def test_nothing_is_missing_while_memory_is_littered_and_collected(tmp_path, held):
    """In both workers and in the host: 100 MB a second in circles, and the collector without a pause, for 10 s."""

    def breaking(running: Engine, memory) -> None:
        host = next(row["pid"] for row in running.status()["processes"] if row["role"] == "host")
        for pid in (*worker_pids(running).values(), host):
            order(tmp_path, pid, "litter")
        settle(memory, 10)

    done = take(tmp_path, breaking, **sabotage(tmp_path))
    told("littered", done, held, 10)


def test_four_workers(tmp_path, held):
    """Two engines at once, each with a song, for 8 s."""
    others: list[Take] = []

    def breaking(running: Engine, memory) -> None:
        place = tmp_path / str(len(others))
        place.mkdir()
        others.append(take(place, lambda _, memory: settle(memory, 8)))

    one = take(tmp_path, breaking)
    told("four workers, one engine", one, held, 10)
    told("four workers, the other", others[-1], held, 10)
