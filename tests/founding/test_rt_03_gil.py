"""RT-03, independence of the GIL. As first defined, it was to find out whether DSP may run in threads of one interpreter or needs
processes: threads more than 2 times as quick on 4 cores, their memory below 25 % of that of processes, a parameter updated in 0.1 ms, a
ceiling of 2 to 3 workers at a time.

Today what renders and plays is machine code in one thread of a process of its own, so each question is asked of that: it goes on while
the interpreter of its process is held for 100 ms at a time; two of them in one interpreter do not wait for each other; a worker, being a
fork, takes a quarter of what a process of its own would; an update costs less than 0.1 ms; and the ceiling is what the processors bear.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time

import numpy as np
import pytest
from numba import njit

from chronus.drills.crash_test import SONG
from chronus.graph.block import block_address
from chronus.memory.atomics import load, system_call
from chronus.memory.layout import A_BLOCK, BLOCK, CHANNELS, Memory
from chronus.memory.log import SET, Entry, Writer
from chronus.render.take import Take, play_script
from chronus.system import proc
from chronus.worker import unpaced
from tests.kit.machine import seconds_of
from tests.kit.sabotage import order, sabotage
from tests.kit.takes import RATE, settle, take, worker_pids

HELD_SECONDS = 0.1


def playing() -> Take:
    """A take in which a song has played for two seconds."""
    one = Take(RATE, 0)
    wrong, _ = play_script(one, SONG + "wait 2 s", None)
    assert not wrong
    return one


def rendering(one: Take, blocks: int, ready: threading.Barrier) -> threading.Thread:
    """A thread that renders so many blocks without the interpreter."""
    memory, out = one.memory, np.empty((blocks * BLOCK, CHANNELS), np.float32)

    def render() -> None:
        ready.wait()
        unpaced.render(block_address(), memory.board, memory.log, memory.arena(0), one.bindings.table, blocks, out)

    thread = threading.Thread(target=render)
    thread.start()
    return thread


@njit
def advanced(arena, usleep, microseconds):
    """Blocks that somebody else rendered while this slept with the GIL in its hand, from the first look to the last."""
    before = load(arena, A_BLOCK)
    system_call(usleep, microseconds, 0, 0, 0, 0)
    return load(arena, A_BLOCK) - before


def test_it_renders_while_the_interpreter_is_held(held):
    """For 100 ms no thread of this process can run a line of Python; what has to be rendered in that time is rendered all the same."""
    one, ready = playing(), threading.Barrier(2)
    arena, usleep = one.memory.arena(0), ctypes.cast(ctypes.CDLL(None).usleep, ctypes.c_void_p).value
    advanced(arena, usleep, 0)  # compiled
    thread = rendering(one, 60 * RATE // BLOCK, ready)
    first = int(arena[A_BLOCK])
    ready.wait()
    while int(arena[A_BLOCK]) == first:
        pass
    meanwhile = advanced(arena, usleep, round(HELD_SECONDS * 1e6))
    thread.join()
    held("blocks rendered while the GIL is held for 100 ms", meanwhile, "", least=HELD_SECONDS * RATE / BLOCK)


def test_two_in_one_interpreter_do_not_wait_for_each_other(held):
    """The same work one after the other, and side by side in threads; as many as there are processors, at most four."""
    count = min(4, len(os.sched_getaffinity(0)))
    takes, blocks = [playing() for _ in range(count)], 40 * RATE // BLOCK

    def run(together: bool) -> float:
        ready = threading.Barrier(count + 1 if together else 2)
        began = time.perf_counter()
        threads = []
        for one in takes:
            threads.append(rendering(one, blocks, ready))
            if not together:
                ready.wait()
                threads.pop().join()
        if together:
            ready.wait()
        for thread in threads:
            thread.join()
        return time.perf_counter() - began

    run(True)
    speed_up = run(False) / run(True)
    held(f"{count} threads, times as quick as one", speed_up, "x", least=count / 2 + 0.1, soak=True)


def test_a_parameter_is_updated_in_a_tenth_of_a_millisecond(held):
    """Published in the log, for both replicas; in processor time, the quickest of five rounds."""
    writer = Writer(Memory())
    entry = Entry(SET, index=3, more=1, incarnation=1, a=440.0, c=float("nan"))

    def update() -> None:
        for _ in range(1000):
            writer.publish([entry])

    held("a parameter updated", seconds_of(update) / 1000 * 1e3, "ms", most=0.1)


@pytest.mark.proof
@pytest.mark.clock
def test_no_frame_is_lost_while_the_interpreters_of_both_workers_and_the_host_are_held(tmp_path, held):
    """For 100 ms at a time, with 2 ms between, for 5 s."""
    memories = {}

    def breaking(running, memory):
        memories.clear()
        for slot, pid in worker_pids(running).items():
            memories[slot] = proc.pss_mb(pid, "Private_Clean:", "Private_Dirty:") / proc.pss_mb(pid, "Rss:")
            order(tmp_path, pid, "hog")
        host = next(row["pid"] for row in running.status()["processes"] if row["role"] == "host")
        order(tmp_path, host, "hog")
        settle(memory, 5)

    done = take(tmp_path, breaking, **sabotage(tmp_path))
    held("frames lost while all interpreters are held", done.lost, "", most=0)
    held(
        "blocks missing or repeated",
        done.status["counters"]["missing"] + done.status["counters"]["repeated"],
        "",
        most=0,
    )
    held("a worker's own memory, of all that it uses", max(memories.values()) * 100, "%", most=25)
