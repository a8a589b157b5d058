"""PROC-02, workers ready at once. As first defined, of a pool: 8 workers within 3 s, 50 to 100 MB each; assigned cold within 10 ms, warm
within 2 ms, 8 at once within 10 ms; 400 tasks without a respawn, less than 1 MB more in 100 tasks; a crash noticed within 100 ms; cleaned
up within 1 s.

There is no pool, for two workers render everything. Eight workers are those of four engines that start together. A task is a module: it
is assigned when both workers have bound the program that holds it, from the moment at which control laid that program down.
"""

from __future__ import annotations

import contextlib
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chronus.memory import layout
from chronus.memory.layout import Memory
from chronus.memory.program import Program
from chronus.render.take import Take
from chronus.system import proc
from chronus.worker.binding import Bindings
from tests.kit.deaths import death
from tests.kit.live import Engine, engine
from tests.kit.machine import seconds_of
from tests.kit.takes import in_lockstep, kill, memory_of, worker_pids
from tests.kit.talk import Talker
from tests.kit.typed import RATE, said

TASKS, WARM = 400, 100
"""Modules loaded in all, and how many before memory is looked at."""
KINDS = ("bass", "tb303", "kick", "hat", "snare", "delay")
LOOK_SECONDS = 2e-5


def megabytes(pid: int) -> float:
    """What a process takes, what is shared counted in shares."""
    return proc.pss_mb(pid) or float("nan")


@pytest.mark.proof
def test_eight_workers_start_together_and_are_gone_together(tmp_path, held):
    def start(place: Path) -> Engine:
        place.mkdir()
        return stack.enter_context(engine(place, "--device", "null"))

    with contextlib.ExitStack() as stack, ThreadPoolExecutor(4) as threads:
        began = time.monotonic()
        running = list(threads.map(start, [tmp_path / str(k) for k in range(4)]))
        for one in running:
            in_lockstep(memory_of(one), 10)
        ready = time.monotonic() - began
        workers = [pid for one in running for pid in worker_pids(one).values()]
        sizes = [megabytes(pid) for pid in workers]
        began = time.monotonic()
        assert list(threads.map(Engine.stop, running)) == [0] * 4
        over = time.monotonic() - began
    held("workers ready", len(workers), "", least=8)
    held("8 workers of 4 engines in lockstep after", ready, "s", most=3, soak=True)
    held("a worker's memory, most", max(sizes), "MB", most=100)
    held("8 workers and all around them gone after", over, "s", most=1, soak=True)


class Binding(threading.Thread):
    """Looks how long control's newest program waits until both workers have bound it."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(daemon=True)
        self.memory, self.took, self.over = memory, list[float](), threading.Event()
        self.start()

    def run(self) -> None:
        known = self.memory.word(layout.PROGRAM)
        while not self.over.is_set():
            time.sleep(LOOK_SECONDS)
            newest = self.memory.word(layout.PROGRAM)
            if newest == known:
                continue
            began, known = time.perf_counter(), newest
            while min(self.memory.word(layout.PREPARED0, slot) for slot in range(layout.SLOTS)) < newest:
                time.sleep(LOOK_SECONDS)
                assert time.perf_counter() < began + 5, "it is never bound"
            self.took.append((time.perf_counter() - began) * 1e3)

    def end(self) -> list[float]:
        self.over.set()
        self.join()
        return self.took


@pytest.mark.proof
def test_a_module_is_bound_at_once(tmp_path, held):
    """By both workers of an engine that plays; their main threads have no priority, so others at work decide it, too."""
    with engine(tmp_path, "--device", "null") as running, Talker(running.home) as line:
        memory = memory_of(running)
        for what, lines, most in (
            ("the first of its kind", [f"load {kind}" for kind in KINDS], 10),
            ("one more of its kind", [f"load bass as bass{k}" for k in range(20)], 2),
            ("8 at once", ["; ".join(f"load hat as hat{n}{k}" for k in range(8)) for n in range(5)], 10),
        ):
            binding = Binding(memory)
            for one in lines:
                line.fine(one)
            took = statistics.median(binding.end())
            held(f"{what}: laid down to bound by both workers, median", took, "ms", most=most, soak=True)
        assert running.stop() == 0


@pytest.mark.parametrize(
    "what, lines, most",
    [
        ("the first of its kind", ["load bass"], 10),
        ("one more of its kind", ["load bass", "load bass as again"], 2),
        ("8 at once", [f"load {kind}" for kind in (*KINDS, "filter", "adsr")], 10),
    ],
)
def test_a_worker_takes_little_to_bind_a_module(what, lines, most, held):
    """In processor time, the quickest of five rounds: what a worker does for it, once it hears of the program."""
    one = Take(RATE, 0)
    said(one, 0, lines)
    memory = one.memory
    program = Program.read(memory.program(memory.word(layout.PROGRAM)))

    def bind() -> None:
        Bindings(one.bindings.kernels, RATE, one.bindings.shelf).bind(program, memory.arena(0).ctypes.data)

    held(f"{what}: bound in", seconds_of(bind) * 1e3, "ms", most=most)


@pytest.mark.proof
@pytest.mark.clock
def test_four_hundred_modules_come_and_go(tmp_path, held):
    kinds = ("saw", "sine", "kick", "bass", "filter", "delay", "hat", "adsr")
    with engine(tmp_path, "--device", "null") as running, Talker(running.home) as line:
        memory = memory_of(running)
        before = worker_pids(running)
        sizes: list[float] = []
        for task in range(TASKS):
            if task == WARM:
                sizes = [own_mb(pid) for pid in before.values()]
            line.fine(f"load {kinds[task % len(kinds)]} as task{task}")
            line.fine(f"unload task{task}")
        grown = max(own_mb(pid) - size for pid, size in zip(before.values(), sizes, strict=True))
        counters = running.status()["counters"]
        held(
            f"{TASKS} modules: workers started anew",
            sum(a != b for a, b in zip(before.values(), worker_pids(running).values(), strict=True)),
            "",
            most=0,
        )
        held(f"{TASKS} modules: a worker's memory, more in 100 of them", grown / (TASKS - WARM) * 100, "MB", most=1)
        held(f"{TASKS} modules: blocks missing or repeated", counters["missing"] + counters["repeated"], "", most=0)
        noticed = [death(running, memory, n % layout.SLOTS, kill).noticed * 1e3 for n in range(6)]
        held("a crash noticed after, longest of 6", max(noticed), "ms", most=100)
        assert running.stop() == 0


def own_mb(pid: int) -> float:
    return (proc.own_memory(pid) or 0) / 2**20
