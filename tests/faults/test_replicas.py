"""Rows 1 to 8, 19, 22 to 24 of the table of faults: workers, control and host killed, stopped, corrupted, under a playing song."""

import os
import random
import signal
import time

from chronus.memory import layout
from tests.faults.takes import RATE, in_lockstep, kill, settle, take, worker_pids
from tests.live import alive, until


def test_rows_1_2_3_workers_killed_at_random_phases_lose_nothing(tmp_path):
    chance = random.Random(1)
    back = []

    def breaking(running, memory):
        for n in range(12):
            settle(memory, 0.8)  # five deaths of a slot in ten seconds are what it is restarted after at once
            pids = worker_pids(running)
            slot = memory.word(layout.ACTIVE) if n % 3 else 1 - memory.word(layout.ACTIVE)
            phase = time.monotonic() + chance.random() * 0.005
            while time.monotonic() < phase:
                pass
            kill(pids[slot])
            back.append(in_lockstep(memory))

    done = take(tmp_path, breaking)
    assert done.lost == 0, done.gaps
    assert done.status["counters"]["switches"] >= 7 and done.status["counters"]["missing"] == 0
    assert max(back) <= 1.0


def test_row_4_both_killed_at_once_come_back_to_the_bit(tmp_path):
    def breaking(running, memory):
        for _ in range(3):
            settle(memory, 1.3)
            pids = worker_pids(running)
            os.kill(pids[0], signal.SIGKILL)
            os.kill(pids[1], signal.SIGKILL)
            until(lambda pids=pids: not any(map(alive, pids.values())), 2)
            in_lockstep(memory)

    done = take(tmp_path, breaking)
    assert 1 <= len(done.gaps) <= 3, done.gaps
    longest = max(length for _, length in done.gaps) / RATE
    print(f"silence after both died: {[round(length / RATE * 1000) for _, length in done.gaps]} ms")
    assert longest <= 0.150


def test_row_5_a_stopped_active_worker_is_switched_away_from_and_replaced(tmp_path):
    def breaking(running, memory):
        active = memory.word(layout.ACTIVE)
        pid = worker_pids(running)[active]
        began = time.monotonic()
        os.kill(pid, signal.SIGSTOP)
        until(lambda: not alive(pid), 2, "the stopped worker was not killed")
        assert time.monotonic() - began <= 0.5
        in_lockstep(memory)

    done = take(tmp_path, breaking)
    assert done.lost == 0, done.gaps


def test_row_6_a_stopped_standby_that_goes_on_is_never_heard_stale(tmp_path):
    def breaking(running, memory):
        pid = worker_pids(running)[1 - memory.word(layout.ACTIVE)]
        os.kill(pid, signal.SIGSTOP)
        settle(memory, 0.1)
        os.kill(pid, signal.SIGCONT)
        in_lockstep(memory)

    done = take(tmp_path, breaking)
    assert done.lost == 0, done.gaps


def test_row_11_a_worker_that_dies_of_a_fault_of_its_own_is_replaced(tmp_path):
    def breaking(running, memory):
        for number in (signal.SIGSEGV, signal.SIGILL, signal.SIGFPE, signal.SIGABRT):
            pid = worker_pids(running)[memory.word(layout.ACTIVE)]
            os.kill(pid, number)
            until(lambda pid=pid: not alive(pid), 2)
            in_lockstep(memory)

    done = take(tmp_path, breaking)
    assert done.lost == 0, done.gaps


def test_row_19_a_flipped_bit_is_found_and_healed_unheard(tmp_path):
    def breaking(running, memory):
        arena = memory.arena(1 - memory.word(layout.ACTIVE))
        arena[layout.CABLE_TABLE // 8 + layout.C_FROM] ^= 1 << 20
        until(lambda: memory.word(layout.DIVERGENCES) > 0, 2, "the divergence was not found")
        settle(memory, 0.1)
        in_lockstep(memory)

    done = take(tmp_path, breaking)
    assert done.lost == 0, done.gaps
    assert done.status["counters"]["divergences"] > 0


def test_row_23a_control_killed_while_lanes_play_loses_no_frame(tmp_path):
    def breaking(running, memory):
        for n in range(4):
            pid = next(p["pid"] for p in running.status()["processes"] if p["role"] == "control")
            kill(pid)
            settle(memory, 0.3)
            assert running.home.chronus("-c", f"set bass.cutoff {500 + n}").returncode == 0

    done = take(tmp_path, breaking, after=3.0)
    assert done.lost == 0, done.gaps


def test_row_23b_control_stopped_for_a_second_and_a_half_loses_no_frame(tmp_path):
    def breaking(running, memory):
        pid = next(p["pid"] for p in running.status()["processes"] if p["role"] == "control")
        os.kill(pid, signal.SIGSTOP)
        settle(memory, 1.5)
        os.kill(pid, signal.SIGCONT)

    done = take(tmp_path, breaking, after=1.5)
    assert done.lost == 0, done.gaps


def test_row_24_a_killed_host_is_back_within_300_ms_and_goes_on_at_its_frame(tmp_path):
    def breaking(running, memory):
        pid = next(p["pid"] for p in running.status()["processes"] if p["role"] == "host")
        periods = memory.word(layout.PERIODS)
        kill(pid)
        at = memory.word(layout.PERIODS)
        began = time.monotonic()
        until(lambda: memory.word(layout.PERIODS) > at, 2)
        assert time.monotonic() - began <= 0.3 and periods > 0

    done = take(tmp_path, breaking)
    # what was on its way through the device is lost with it: at most a period at the seam
    assert done.lost <= 256, done.gaps
