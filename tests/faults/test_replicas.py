"""Rows 1 to 8, 19, 22 to 24 of the table of faults: workers, control and host killed, stopped, corrupted, under a playing song."""

import contextlib
import os
import random
import signal
import statistics
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from chronus.audio.callback import GAP_FADE
from chronus.audio.ring import NUMBER
from chronus.drills.crash_test import Rejoin
from chronus.drills.own_engine import WireClient
from chronus.engine.supervision import BUDGET, PERIOD
from chronus.engine.watch import ring_row
from chronus.journal import reading
from chronus.memory import layout
from chronus.worker.process import FEWEST_APART
from tests.kit.live import alive, until
from tests.kit.machine import uninterrupted
from tests.kit.takes import RATE, in_lockstep, kill, settle, take, worker_pids

pytestmark = pytest.mark.clock


def processors_of_the_renderer(pid: int) -> set[int]:
    """Those that the thread which renders may use."""
    (renderer,) = {int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()} - {pid}
    return os.sched_getaffinity(renderer)


@pytest.mark.proof
def test_row_2_a_killed_standby_is_not_missed(tmp_path, measured):
    back, switched = [], []

    def breaking(running, memory):
        switched.clear()
        for _ in range(4):
            if len(there := os.sched_getaffinity(0)) >= FEWEST_APART:
                ours, theirs = map(processors_of_the_renderer, worker_pids(running).values())
                assert ours | theirs == there and not ours & theirs, "one that stands still would hold both up"
            settle(memory, 0.3)
            slot = 1 - memory.word(layout.ACTIVE)
            pid, rejoin = worker_pids(running)[slot], Rejoin(memory, slot)
            # between two kills one may be held up as long as it likes: what becomes of that is not the row's
            began, switches = time.monotonic(), memory.word(layout.SWITCHES)
            kill(pid)
            rejoin.wait()
            back.append(time.monotonic() - began)
            switched.append(memory.word(layout.SWITCHES) - switches)

    done = take(tmp_path, breaking, hurt=lambda done: done.lost + sum(switched))
    assert done.lost == 0, done.gaps
    assert switched == [0, 0, 0, 0]
    measured("2", "frames lost", done.lost, bar=0)
    measured("2", "in lockstep again, longest", max(back) * 1e3, "ms", bar=1000)


def stopped_in_a_ring_write(pid: int, ring: np.ndarray) -> int:
    """Stops a worker at one moment after another until it is one at which it writes a block: it is left stopped. How often it was."""
    numbers = ring.reshape(layout.RING_BLOCKS, -1)[:, NUMBER]
    for attempt in range(1, 1_000_000):
        os.kill(pid, signal.SIGSTOP)
        while Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "T":
            pass
        if not numbers.all():  # taken away before the first sample, and set behind the last
            return attempt
        os.kill(pid, signal.SIGCONT)
    raise AssertionError("it was never met in the middle of a block")


@pytest.mark.proof
@pytest.mark.timeout(900)
@pytest.mark.parametrize("times", [1, pytest.param(50, marks=pytest.mark.soak)])
def test_row_3_an_active_worker_killed_in_the_middle_of_a_ring_write_is_not_missed(tmp_path, measured, times):
    stops = []

    def breaking(running, memory):
        stops.clear()
        for _ in range(times):
            settle(memory, 0.3 if times <= BUDGET else PERIOD / BUDGET)
            slot = memory.word(layout.ACTIVE)
            pid, rejoin = worker_pids(running)[slot], Rejoin(memory, slot)
            stops.append(stopped_in_a_ring_write(pid, memory.ring(slot)))
            os.kill(pid, signal.SIGKILL)
            rejoin.wait()

    done = take(tmp_path, breaking)
    measured("3", "killed in the middle of a ring write", times)
    measured("3", "moments looked at for one, median", statistics.median(stops))
    measured("3", "frames lost", done.lost, bar=0)


def not_silent(done) -> int:
    """Frames inside of gaps that are neither silence nor a fade: there is nothing between silence and the same bits."""
    heard = np.fromfile(done.folder / "heard.f32", np.float32).reshape(-1, 2)
    inner = [heard[at + GAP_FADE : at + frames - GAP_FADE] for at, frames in done.gaps if frames > 2 * GAP_FADE]
    return sum(int(piece.any(axis=1).sum()) for piece in inner)


@pytest.mark.proof
@pytest.mark.parametrize("times", [3, pytest.param(50, marks=[pytest.mark.soak, pytest.mark.timeout(900)])])
def test_row_4_both_killed_at_once_come_back_to_the_bit(tmp_path, measured, times):
    apart = []

    def breaking(running, memory):
        apart.clear()
        for _ in range(times):
            settle(memory, 1.3 if times <= BUDGET else PERIOD / BUDGET + 0.1)
            pids = worker_pids(running)
            with uninterrupted():
                began = time.monotonic()
                os.kill(pids[0], signal.SIGKILL)
                os.kill(pids[1], signal.SIGKILL)
                apart.append(time.monotonic() - began)
            until(lambda pids=pids: not any(map(alive, pids.values())), 2)
            in_lockstep(memory)

    def hurt(done):
        return len(done.gaps) > times or done.longest > RATE * 150 // 1000 or max(apart) > 1e-3

    done = take(tmp_path, breaking, hurt=hurt)
    silences = [length / RATE * 1000 for _, length in done.gaps]
    assert 1 <= len(silences) <= times, done.gaps
    measured("4", "double kills", times)
    measured("4", "apart, longest", max(apart) * 1e3, "ms", bar=1)
    measured("4", "silence, median", statistics.median(silences), "ms")
    measured("4", "silence, longest", max(silences), "ms", bar=150)
    measured("4", "frames in them that are neither silence nor a fade", not_silent(done), bar=0)


@pytest.mark.proof
def test_row_5_a_stopped_active_worker_is_switched_away_from_and_replaced(tmp_path, measured, monkeypatch):
    seen = {}

    def breaking(running, memory):
        monkeypatch.setenv("XDG_RUNTIME_DIR", running.home.environment["XDG_RUNTIME_DIR"])
        client = WireClient("default")
        active = memory.word(layout.ACTIVE)
        pid, rejoin = worker_pids(running)[active], Rejoin(memory, active)
        began, ahead = time.monotonic(), memory.word(layout.BLOCK0, active)
        switches = memory.word(layout.SWITCHES)
        os.kill(pid, signal.SIGSTOP)
        until(lambda: memory.word(layout.ACTIVE) != active, 2, "it is still the one that is heard")
        # the callback moves it once it lacks the block that is due, and says how far it came when the period is full
        seen["late"] = max(
            0, memory.word(layout.HEARD) // layout.BLOCK - max(ahead, memory.word(layout.BLOCK0, active))
        )
        until(lambda: not alive(pid), 2, "the stopped worker was not killed")
        seen["killed"] = time.monotonic() - began
        # until there is another one again; whichever of two has the next block is heard
        seen["switches"] = memory.word(layout.SWITCHES) - switches
        rejoin.wait()
        until(lambda: client.status() and client.notices, 2, "nobody says that it hung")
        seen["said"] = [f"{notice.kind}: {notice.text}" for notice in client.notices]
        client.close()

    def more_than_once(done):
        return done.lost + seen["switches"] - 1

    done = take(tmp_path, breaking, hurt=more_than_once)
    assert len(seen["said"]) == 1 and "died (it hung)" in seen["said"][0], seen["said"]
    assert seen["switches"] == 1
    measured("5", "frames lost", done.lost, bar=0)
    measured("5", "blocks late when it was no longer heard", seen["late"], bar=3)
    measured("5", "from SIGSTOP until it was killed", seen["killed"] * 1e3, "ms", bar=250)


@pytest.mark.proof
def test_row_6_a_stopped_standby_that_goes_on_is_never_heard_stale(tmp_path, measured):
    """It goes on behind the others and catches up, or, stopped for longer than a slot may stand, has been replaced by then."""
    went_on, stale = {}, []

    def breaking(running, memory):
        stale.clear()
        for seconds in (0.02, 0.05, 0.1, 1):
            slot = 1 - memory.word(layout.ACTIVE)
            pid, rejoin = worker_pids(running)[slot], Rejoin(memory, slot)
            os.kill(pid, signal.SIGSTOP)
            settle(memory, seconds)
            went_on[seconds] = alive(pid)
            if went_on[seconds]:
                os.kill(pid, signal.SIGCONT)
            while not rejoin.done():
                due = memory.word(layout.HEARD) // layout.BLOCK
                heard = memory.word(layout.ACTIVE) == slot
                # looked at last, so that it is behind for certain
                stale.append(heard and memory.word(layout.BLOCK0, slot) <= due)

    done = take(tmp_path, breaking)
    assert went_on[0.02] and went_on[0.05], "it was given up too soon to be stale"
    assert not went_on[1]
    measured("6", "frames lost", done.lost, bar=0)
    measured("6", "looks at which it was heard and behind", sum(stale), bar=0)


def test_row_11_a_worker_that_dies_of_a_fault_of_its_own_is_replaced(tmp_path, measured):
    def breaking(running, memory):
        for number in (signal.SIGSEGV, signal.SIGILL, signal.SIGFPE, signal.SIGABRT):
            pid = worker_pids(running)[memory.word(layout.ACTIVE)]
            os.kill(pid, number)
            until(lambda pid=pid: not alive(pid), 2)
            in_lockstep(memory)

    done = take(tmp_path, breaking)
    measured("11", "frames lost to SIGSEGV, SIGILL, SIGFPE and SIGABRT of the active worker", done.lost, bar=0)


@pytest.mark.proof
def test_row_19_a_flipped_bit_is_found_and_healed_unheard(tmp_path, measured):
    """Each block's checksum takes in another 64th of the arena, so the 64th block after the flip tells at the latest."""
    took = []

    def breaking(running, memory):
        standby = 1 - memory.word(layout.ACTIVE)
        flipped = memory.word(layout.BLOCK0, standby)
        memory.arena(standby)[layout.CABLE_TABLE // 8 + layout.C_FROM] ^= 1 << 20
        until(lambda: memory.word(layout.DIVERGENCES) > 0, 2, "the divergence was not found")
        rows = [{ring_row(memory.ring(slot), flipped + k) for k in range(layout.RING_BLOCKS // 2)} for slot in range(2)]
        numbers = [{number for number, *_ in mine if number} for mine in rows]
        differ = {number for number, *_ in rows[0] ^ rows[1]} & numbers[0] & numbers[1]
        took.append(min(differ) - flipped)
        settle(memory, 0.1)
        in_lockstep(memory)

    done = take(tmp_path, breaking)
    assert done.status["counters"]["divergences"] > 0
    measured("19", "frames lost", done.lost, bar=0)
    measured("19", "blocks from the flip to the first checksum that tells", took[-1], bar=64)


@pytest.mark.proof
@pytest.mark.parametrize("times", [3, pytest.param(50, marks=[pytest.mark.soak, pytest.mark.timeout(900)])])
def test_row_23a_control_killed_while_lanes_play_loses_no_frame(tmp_path, measured, monkeypatch, times):
    chance, back, on_their_way, journals = random.Random(23), [], {}, []

    def breaking(running, memory):
        monkeypatch.setenv("XDG_RUNTIME_DIR", running.home.environment["XDG_RUNTIME_DIR"])
        back.clear()
        on_their_way.clear()
        for n in range(times):
            settle(memory, chance.uniform(0.1, 0.4) + (0 if times <= BUDGET else PERIOD / BUDGET))
            client = WireClient("default")
            pid = next(row["pid"] for row in client.status()["processes"] if row["role"] == "control")
            line = f"set bass.distortion {(n + 1) / 100}"
            packet, _ = client.prepare(line)
            began = time.monotonic()
            client.socket.sendall(packet)
            time.sleep(chance.uniform(0, 0.004))  # on its way, done, or answered: at any of it control may die
            kill(pid)
            with contextlib.suppress(OSError):
                on_their_way[line] = False
                on_their_way[line] = client.reply().ok
            client.close()
            client = WireClient("default")
            client.say(f"set bass.cutoff {500 + n}")
            back.append(time.monotonic() - began)
            client.say(f"assert bass.cutoff == {500 + n}")
            client.close()
        journals.append(running.journal())

    done = take(tmp_path, breaking, after=3.0)
    measured("23a", "kills", times)
    measured("23a", "frames lost", done.lost, bar=0)
    measured("23a", "until the next ok, longest", max(back) * 1e3, "ms", bar=1000, soak=True)
    played = Counter(text for one in reading.read_take(journals[-1]).played() for text in one.said.texts)
    measured("23a", "on their way at a kill and done", sum(played[line] for line in on_their_way))
    measured("23a", "of them done twice", max(played[line] for line in on_their_way) - 1, bar=0)
    measured("23a", "acknowledged and lost", sum(ok and not played[line] for line, ok in on_their_way.items()), bar=0)


@pytest.mark.proof
def test_row_23b_control_stopped_for_a_second_and_a_half_loses_no_frame(tmp_path, measured):
    def breaking(running, memory):
        pid = next(p["pid"] for p in running.status()["processes"] if p["role"] == "control")
        os.kill(pid, signal.SIGSTOP)
        settle(memory, 1.5)
        os.kill(pid, signal.SIGCONT)

    done = take(tmp_path, breaking, after=1.5)
    measured("23b", "frames lost", done.lost, bar=0)


@pytest.mark.proof
def test_row_24_a_killed_host_is_back_within_300_ms_and_goes_on_at_its_frame(tmp_path, measured):
    seen = {}

    def breaking(running, memory):
        pid = next(p["pid"] for p in running.status()["processes"] if p["role"] == "host")
        workers = worker_pids(running)
        began = time.monotonic()
        kill(pid)
        at = memory.word(layout.PERIODS)
        until(lambda: memory.word(layout.PERIODS) > at, 2)
        seen["gap"] = time.monotonic() - began
        seen["untouched"] = worker_pids(running) == workers

    done = take(tmp_path, breaking, hurt=lambda done: done.lost > 256)
    assert seen["untouched"]
    measured("24", "from SIGKILL to the next period", seen["gap"] * 1e3, "ms", bar=300)
    # what was on its way through the device is lost with it: at most a period at the seam
    measured("24", "frames lost at the seam", done.lost, bar=256)
