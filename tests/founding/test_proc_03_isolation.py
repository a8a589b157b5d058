"""PROC-03, isolation: a worker ends by SIGKILL, an exception or an exit; noticed within 10 ms (p95), failed over within 10 ms, rebuilt
within 500 ms, without an underrun, control at 0.25 ms (p95) all the while; 3 crashes in 60 s without a dropout; no shared memory is
orphaned.

Failed over is told by what is heard: where no frame is lost it took no time. Control is asked by OSC, half of there and back. The shared
memory has no name, so there is nothing to unlink; that nothing is left is looked at after the death of everybody.
"""

from __future__ import annotations

import os
import signal
import threading

import pytest

from chronus.memory import layout
from tests.kit.deaths import Death, death
from tests.kit.hand import Hand, percentile
from tests.kit.live import alive, engine, named_memory, until
from tests.kit.sabotage import order, sabotage
from tests.kit.takes import kill, settle, take

pytestmark = [pytest.mark.proof, pytest.mark.clock]

TIMES = 3
"""Of each way; more deaths of one worker in 10 s, and the next one would be started after a pause."""


def test_workers_that_end_in_any_way_are_not_missed(tmp_path, held):
    deaths: dict[str, list[Death]] = {}
    answers: list[float] = []

    def breaking(running, memory):
        deaths.clear()
        answers.clear()
        ways = {
            "SIGKILL": kill,
            "an exception": lambda pid: order(tmp_path, pid, "fail"),
            "an exit": lambda pid: order(tmp_path, pid, "exit"),
        }
        settle(memory, 1)
        over = threading.Event()
        with Hand(running.status()["engine"]["osc_port"]) as hand:

            def ask() -> None:
                while not over.wait(0.01):
                    answers.append(hand.ask("bass/freq")[1] / 2 * 1e3)

            asking = threading.Thread(target=ask)
            asking.start()
            for n in range(TIMES * len(ways)):
                what = list(ways)[n // TIMES]
                deaths.setdefault(what, []).append(death(running, memory, n % layout.SLOTS, ways[what]))
            over.set()
            asking.join()

    done = take(tmp_path, breaking, CHRONUS_OSC_PORT="5950", **sabotage(tmp_path))
    for what, found in deaths.items():
        held(
            f"{what}: noticed after, p95 of {TIMES}",
            percentile([one.noticed for one in found], 0.95) * 1e3,
            "ms",
            most=10,
        )
        held(f"{what}: in lockstep again after, longest", max(one.back for one in found) * 1e3, "ms", most=500)
    held(f"{sum(map(len, deaths.values()))} crashes: frames lost", done.lost, "", most=0)
    held(
        "blocks missing or repeated",
        done.status["counters"]["missing"] + done.status["counters"]["repeated"],
        "",
        most=0,
    )
    held(f"control meanwhile, p95 of {len(answers)}", percentile(answers, 0.95), "ms", most=0.25, soak=True)


def test_no_shared_memory_is_left_when_all_of_them_die(tmp_path, held):
    with engine(tmp_path, "--device", "null") as running:
        running.say("load kick; seq kick: x...")
        pids = running.pids()
        names = named_memory(pids)
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait()
        until(lambda: not any(map(alive, pids)), 2, "somebody holds on to it")
    held("shared memories that would need a registry to be unlinked", len(names), "", most=0)
