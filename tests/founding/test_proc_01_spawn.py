"""PROC-01, start of workers: cold within 100 ms, warm assignment within 10 ms, 5 modules within 500 ms.

A worker serves a slot and not a module. Cold is one that is forked, joined to the memory and in lockstep with the other one after both
the worker and the one forked ahead were killed; warm with the one forked ahead. To assign is to `load`: from a typed line until both
replicas play with the module, which nothing interrupts.
"""

from __future__ import annotations

import statistics

import pytest

from chronus.memory import layout
from tests.kit.deaths import Death, death, kill_with_spare
from tests.kit.live import until
from tests.kit.takes import kill, settle, take
from tests.kit.talk import Talker

pytestmark = [pytest.mark.proof, pytest.mark.clock]


def test_a_worker_from_nothing_and_one_that_was_forked_ahead(tmp_path, held):
    cold: list[Death] = []
    warm: list[Death] = []

    def breaking(running, memory):
        cold.clear()
        warm.clear()
        settle(memory, 1)
        for n in range(4):  # in turn: nobody pauses before the next one is started
            cold.append(death(running, memory, n % layout.SLOTS, kill_with_spare(running)))
        for n in range(4):
            settle(memory, 0.2)  # time to fork one ahead
            warm.append(death(running, memory, n % layout.SLOTS, kill))

    done = take(tmp_path, breaking)
    held("frames lost", done.lost, "", most=0)
    for what, found in (("cold", cold), ("warm", warm)):
        back = [one.back * 1e3 for one in found]
        held(f"{what}: from SIGKILL to lockstep, median of {len(back)}", statistics.median(back), "ms", most=100)
        held(f"{what}: from SIGKILL to lockstep, longest", max(back), "ms", most=100, soak=True)


def test_a_module_is_there_as_soon_as_it_is_loaded(tmp_path, held):
    took: list[float] = []
    five: list[float] = []

    def breaking(running, memory):
        took.clear()
        five.clear()
        with Talker(running.home) as line:
            for n in range(20):
                took.append(line.fine(f"load saw as one{n} gain=0") * 1e3)
                line.fine(f"unload one{n}")
            for n in range(5):
                kinds = ("saw", "square", "triangle", "noise", "sine")
                five.append(line.fine("; ".join(f"load {kind} as {kind}{n} gain=0" for kind in kinds)) * 1e3)
                line.fine("; ".join(f"unload {kind}{n}" for kind in kinds))
            line.fine("load saw as last gain=0")
            until(lambda: running.status()["modules"] >= 7, 5)

    done = take(tmp_path, breaking)
    held("frames lost while modules come and go", done.lost, "", most=0)
    held("load, typed to applied by both, median of 20", statistics.median(took), "ms", most=10, soak=True)
    held("load, typed to applied by both, longest", max(took), "ms")
    held("5 modules in one line, longest of 5", max(five), "ms", most=500, soak=True)
