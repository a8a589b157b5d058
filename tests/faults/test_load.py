"""Rows 7, 9 and 10 of the table of faults: workers that fail before they die, and racks that are too much for the machine."""

import contextlib
import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from msgspec import Struct

from chronus.drills.crash_test import Rejoin
from chronus.engine.failing import SHARE
from chronus.memory import layout
from tests.faults.table import nothing_missing
from tests.kit.live import alive, engine, until
from tests.kit.machine import undisturbed, uninterrupted
from tests.kit.sabotage import order, sabotage
from tests.kit.takes import RATE, in_lockstep, memory_of, settle, take, worker_pids
from tests.kit.talk import Talker

pytestmark = [pytest.mark.proof, pytest.mark.clock, pytest.mark.alone]

HEAVY = '''"""A module of the tests that takes as long as it is told to, once it has played for longer than any trial."""
from chronus.dsp.kernel import kernel
from chronus.catalogue.spec import Param, Spec

SPEC = Spec(kind="heavy", help="takes its time", params=(Param("work", 0, 1000000, 0),), state=2)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    y = state[0, 0]
    state[1, 0] += frames
    work = int(params[0][0, 0]) if state[1, 0] > 88200 else 0
    for i in range(frames):
        for _ in range(work):
            y = y * 0.999 + 0.001
        outs[0][i, 0] = y * 1e-6
    state[0, 0] = y
'''


def active_worker(running, memory):
    return worker_pids(running)[memory.word(layout.ACTIVE)]


def test_rows_7_10_a_worker_without_its_interpreter_or_without_memory_is_replaced_unheard(tmp_path, measured):
    """Memory runs out by the limit on a worker's address space, and it is asked whom the kernel would end where the machine's own does."""
    seconds, scores = {}, {}

    def ends(pid):
        began = time.monotonic()
        until(lambda: not alive(pid), 5, "the worker lives on")
        return time.monotonic() - began

    def breaking(running, memory):
        for process in running.status()["processes"]:
            scores.setdefault(process["role"], []).append(int(Path(f"/proc/{process['pid']}/oom_score").read_text()))
        held = active_worker(running, memory)
        order(tmp_path, held, "hold")
        settle(memory, 0.4)
        assert alive(held), "a worker whose interpreter is held renders on"
        newest = memory.word(layout.PROGRAM)
        shell = running.home.begin("-c", "load hat")
        until(lambda: memory.word(layout.PROGRAM) > newest, 5)
        seconds["held"] = ends(held)
        said, _ = shell.communicate(timeout=20)
        assert shell.returncode == 0, said
        in_lockstep(memory)
        full = active_worker(running, memory)
        order(tmp_path, full, "exhaust")
        settle(memory, 0.4)
        running.say("load snare")
        seconds["exhausted"] = ends(full)
        in_lockstep(memory)

    done = take(tmp_path, breaking, **sabotage(tmp_path))
    print({what: f"{took * 1000:.0f} ms" for what, took in seconds.items()}, done.status["counters"])
    print(f"whom the kernel would end first where memory runs out: {scores}")
    others = max(max(mine) for role, mine in scores.items() if role != "worker")
    assert min(scores["worker"]) > others > max(scores["supervisor"])
    measured("7", "frames lost", done.lost, bar=0)
    measured("7", "until it was ended", seconds["held"] * 1e3, "ms", bar=250)
    measured("10", "frames lost", done.lost, bar=0)


@contextlib.contextmanager
def group_of_memory():
    """A folder in which the kernel counts the memory of the processes that are put there."""
    folder = Path(f"/sys/fs/cgroup/memory/chronus_test_{os.getpid()}")
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"no group of one's own for memory is to be had here (cgroup v1, as root): {error}")
    try:
        yield folder
    finally:
        until(lambda: not (folder / "cgroup.procs").read_text(), 5, "somebody is still in the group")
        folder.rmdir()


@pytest.mark.timeout(240)
def test_row_10_where_memory_runs_out_the_kernel_ends_a_worker_and_nobody_hears_it(tmp_path, measured):
    """For real: the engine may have so much more memory, and one of its workers takes all of that in a moment.

    The host is not in the group: the capture is the test's own, and each of its pages would be the host's. While a killed worker's
    memory is on its way back (3 ms and more), the kernel no longer counts it among the group's processes, and for whoever asks for
    a page then it ends the next (seen in dmesg).
    """
    took = []

    def ended():
        return int(dict(map(str.split, (group / "memory.oom_control").read_text().splitlines()))["oom_kill"])

    def breaking(running, memory):
        before = ended()
        processes = {process["role"]: process["pid"] for process in running.status()["processes"]}
        for pid in {*running.pids()} - {processes["host"]}:
            (group / "cgroup.procs").write_text(str(pid))
        (group / "memory.limit_in_bytes").write_text(str(128 << 20))
        full = active_worker(running, memory)
        os.kill(running.process.pid, signal.SIGSTOP)  # or it might be the one to replace a worker whose memory grows
        order(tmp_path, full, "gorge")
        began = time.monotonic()
        until(lambda: not alive(full), 5, "the worker lives on")
        took.append(time.monotonic() - began)
        # its leader is dead, and another of its threads may still hold all that memory
        until(lambda: int((group / "memory.usage_in_bytes").read_text()) < 64 << 20, 5, "the memory does not come back")
        os.kill(running.process.pid, signal.SIGCONT)
        in_lockstep(memory)
        assert ended() == before + 1, "the kernel ended nobody, or others, too"
        now = {process["role"]: process["pid"] for process in running.status()["processes"]}
        assert all(now[role] == processes[role] for role in ("supervisor", "control", "host"))
        (group / "memory.limit_in_bytes").write_text("-1")

    with group_of_memory() as group:
        done = take(tmp_path, breaking, **sabotage(tmp_path))
    restarts = {(row["role"], row["slot"]): row["restarts"] for row in done.status["processes"] if row["restarts"]}
    print(f"restarts {restarts}; {done.status['counters']}, gaps {done.gaps}")
    measured("10", "from the first byte to its end", took[-1] * 1e3, "ms")
    measured("10", "frames lost where the kernel ended it", done.lost, bar=0)


def test_row_8_a_worker_that_never_comes_back_from_machine_code_is_replaced_unheard(tmp_path, measured):
    """One worker alone, in no module: what hangs in a module hangs in both, see test_poison."""
    seconds = []

    def breaking(running, memory):
        seconds.clear()
        for slot in (memory.word(layout.ACTIVE), 1 - memory.word(layout.ACTIVE)):
            pid = worker_pids(running)[slot]
            rejoin = Rejoin(memory, slot)
            rendered = memory.word(layout.BLOCK0, slot)
            order(tmp_path, pid, "spin")
            until(lambda slot=slot, past=rendered: memory.word(layout.BLOCK0, slot) > past, 2)
            last = [memory.word(layout.BLOCK0, slot), time.monotonic()]
            while alive(pid):
                if memory.word(layout.BLOCK0, slot) != last[0]:
                    last[:] = [memory.word(layout.BLOCK0, slot), time.monotonic()]
                assert time.monotonic() < last[1] + 5, "it hangs on"
                time.sleep(0.0005)
            seconds.append(time.monotonic() - last[1])
            rejoin.wait()

    done = take(tmp_path, breaking, **sabotage(tmp_path))
    assert done.lost == 0, done.gaps
    assert done.status["taken_out"] == {}, "a module is blamed for it"
    measured("8", "frames lost", done.lost, bar=0)
    measured("8", "from the last block to its end, longest", max(seconds) * 1e3, "ms", bar=250)


def replaced(pid, meanwhile):
    """Seconds until a worker is gone that nobody has killed here."""
    began = time.monotonic()
    while alive(pid) and time.monotonic() < began + 5:
        meanwhile()
    assert not alive(pid), "it was not replaced"
    return time.monotonic() - began


def test_what_fails_before_it_dies_is_replaced_while_it_still_works(tmp_path):
    """A worker whose blocks come later and later (it is stopped again and again), then one whose memory grows."""
    seconds = {}

    def breaking(running, memory):
        slow = active_worker(running, memory)

        def pulse():
            for number, pause in ((signal.SIGSTOP, 0.012), (signal.SIGCONT, 0.003)):
                if alive(slow):
                    os.kill(slow, number)
                    time.sleep(pause)

        seconds["late"] = replaced(slow, pulse)
        in_lockstep(memory)
        leaking = active_worker(running, memory)
        order(tmp_path, leaking, "leak")
        seconds["leaking"] = replaced(leaking, lambda: time.sleep(0.005))
        in_lockstep(memory)

    done = take(tmp_path, breaking, **sabotage(tmp_path))
    print({what: f"{took * 1000:.0f} ms" for what, took in seconds.items()}, done.status["counters"])
    assert done.lost == 0, done.gaps
    assert max(seconds.values()) <= 2.0
    nothing_missing(done.status["counters"])


def _disturbed(counters):
    """What only a machine that stands still does to the slot that is well."""
    return counters["missing"] or counters["switches"] > 1


def test_a_worker_that_needs_ever_more_time_in_one_slot_alone_is_replaced_before_it_is_late(tmp_path):
    seen = {}

    def breaking(running, memory):
        slot = memory.word(layout.ACTIVE)
        pid = worker_pids(running)[slot]
        block = layout.BLOCK / RATE * 1e9
        talker = Talker(running.home)
        seen["usual"] = memory.word(layout.NANOSECONDS0, slot) / block
        late = memory.word(layout.LATE0, slot)

        def look():
            seen["share"] = memory.word(layout.NANOSECONDS0, slot) / block
            seen["late"] = memory.word(layout.LATE0, slot) - late
            time.sleep(0.002)

        order(tmp_path, pid, "slower")
        seen["seconds"] = replaced(pid, look)
        seen["why"] = talker.notice("failing")
        seen["slot"] = slot
        assert memory.word(layout.ACTIVE) == 1 - slot, "it was heard to the end"
        in_lockstep(memory)
        talker.close()

    done = take(
        tmp_path,
        breaking,
        hurt=lambda done: done.lost or seen["late"] or _disturbed(done.status["counters"]),
        **sabotage(tmp_path),
    )
    print(
        f"slower and slower: from {seen['usual']:.0%} of a block's time to {seen['share']:.0%} when it was replaced, "
        f"after {seen['seconds'] * 1000:.0f} ms; {seen['late']} blocks late"
    )
    assert done.lost == 0, done.gaps
    assert seen["why"].startswith(f"slot {seen['slot']} is replaced") and "later and later" in seen["why"]
    assert seen["usual"] < SHARE < seen["share"] < 0.9, "it was replaced for another reason, or too late"
    assert seen["late"] == 0
    nothing_missing(done.status["counters"])
    assert done.status["counters"]["switches"] == 1


@contextlib.contextmanager
def heavy_engine(folder: Path):
    """An engine with a kick, a bass and a module that takes as long as it is told to."""
    modules = folder / "modules"
    modules.mkdir(parents=True)
    (modules / "heavy.py").write_text(HEAVY)
    heard = str(folder / "heard.f32")
    with engine(folder, "--device", "null", CHRONUS_MODULES=str(modules), CHRONUS_NULL_CAPTURE=heard) as running:
        running.home.environment["CHRONUS_MODULES"] = str(modules)
        running.say("load kick; seq kick: x...; load bass; seq bass: x.x.; load heavy")
        settle(memory_of(running), 2.5)
        yield running


def share(running, memory) -> float:
    """Of a block's time that rendering takes, once the mean has settled."""
    settle(memory, 0.5)
    return running.status()["load"]["mean"]


def test_row_4_a_rack_that_takes_four_tenths_of_a_block_s_time_is_back_as_soon(tmp_path, measured):
    """What lies between its last checkpoint and now is rendered again, so it is given more of them."""

    def play(attempt):
        with heavy_engine(tmp_path / f"take{attempt}") as heavy:
            memory, work, silences = memory_of(heavy), 2000.0, []
            for goal in (0.2, 0.4):
                heavy.say(f"set heavy.work {work}")
                work *= goal / share(heavy, memory)
            heavy.say(f"set heavy.work {work}")
            load = share(heavy, memory)
            for _ in range(3):
                settle(memory, 1.3)
                before, pids = memory.word(layout.SILENT), worker_pids(heavy)
                with uninterrupted():
                    for pid in pids.values():
                        os.kill(pid, signal.SIGKILL)
                until(lambda pids=pids: not any(map(alive, pids.values())), 2)
                in_lockstep(memory, 5)
                silences.append((memory.word(layout.SILENT) - before) / RATE)
            return load, silences

    load, silences = undisturbed(play, lambda done: max(done[1]) > 0.15)
    assert load > 0.3
    measured("4", "of a block's time that a heavy rack takes", load * 100, "%")
    measured("4", "silence of it, longest", max(silences) * 1e3, "ms", bar=150)


class Overloaded(Struct):
    """What a rack that is too slow did. `silent` and `after` in seconds: until it was made lighter, and in the half second after that."""

    load: float
    stumbled: float
    notices: list[dict]
    status: dict
    silent: float
    after: float
    played: bool
    again: str
    as_written: bool

    def hurt(self) -> bool:
        """Whether anything is amiss that a machine which stood still would do to any rack."""
        switches = self.status["counters"]["switches"]
        return self.stumbled >= self.load - 0.5 or switches > 1 or self.after > 0 or not self.as_written


def overloaded(folder: Path) -> Overloaded:
    with heavy_engine(folder) as heavy:
        memory, work = memory_of(heavy), 2000.0
        for goal in (0.3, 0.55, 0.57):  # what is around it takes its share, too, so it is come near to in steps
            heavy.say(f"set heavy.work {work}")
            work *= goal / share(heavy, memory)
        second = heavy.home.chronus("-c", f"set heavy.work {work}; wait 500ms; load heavy as second")
        assert second.returncode == 1 and "E_BUDGET" in second.stdout, second.stdout
        quiet = memory.word(layout.SILENT)
        load = share(heavy, memory)
        stumbled = (memory.word(layout.SILENT) - quiet) / (0.5 * RATE)
        periods = memory.word(layout.PERIODS)
        shell = heavy.home.begin("--json", "-c", f"set heavy.work {work * 1.25 / load}; wait 2 s")
        said, _ = shell.communicate(timeout=30)
        lines = [json.loads(line) for line in said.splitlines()]
        settle(memory, 0.5)
        status = heavy.status()
        quiet = memory.word(layout.SILENT)
        played = memory.word(layout.PERIODS) > periods
        again = heavy.home.chronus("-c", "undo").stdout
        settle(memory, 0.5)
        after = (memory.word(layout.SILENT) - quiet) / RATE
        journal, frame = heavy.journal(), heavy.status()["engine"]["frame"]
        assert heavy.stop() == 0
        _, reference = heavy.home.render(journal, "--seconds", str(frame / RATE))
    heard = np.fromfile(folder / "heard.f32", np.float32).reshape(-1, 2)
    begin, end = frame - RATE // 3, frame - RATE // 20  # without the final fade
    tail = reference[begin:end]
    assert np.abs(tail).max() > 0.01
    as_written = heard.tobytes().find(tail.tobytes()) >= 8 * begin
    notices = [line["notice"] for line in lines if "notice" in line]
    return Overloaded(load, stumbled, notices, status, quiet / RATE, after, played, again, as_written)


def test_row_9_a_rack_that_is_too_slow_is_made_lighter_after_a_second_and_nobody_is_killed(tmp_path, measured):
    done = undisturbed(lambda attempt: overloaded(tmp_path / f"take{attempt}"), Overloaded.hurt)
    counters, slots = done.status["counters"], done.status["load"]["slots"]
    print(f"an overloaded rack: {done.silent * 1000:.0f} ms of silence, {counters}", done.notices, slots)
    # on one processor two slots of more than half a block's time each would be silent for the rest of it
    assert done.load > 0.5, "it takes too little to tell"
    assert done.stumbled < done.load - 0.5, "the slots are not spread over the processors"
    assert [notice["kind"] for notice in done.notices] == ["overload"], done.notices
    assert "heavy" in done.notices[0]["text"]
    assert done.status["modules"] == 2 and done.status["load"]["mean"] < 0.3
    assert min(slot["late"] for slot in slots) > 10 and counters["missing"] > 10
    measured("9", "lasting changes of the active slot", counters["switches"], bar=1)
    measured("9", "processes killed", sum(process["restarts"] for process in done.status["processes"]), bar=0)
    measured("9", "silent in all until it is made lighter", done.silent, "s", bar=1)
    assert done.played and done.status["slots"]["mode"] == "duplex"
    assert "E_BUDGET" in done.again, done.again
    assert done.after == 0, "it goes on stumbling"
    assert done.as_written, "what was heard after the stumbling is not what the journal says, at the frame it says"


def test_row_9_a_module_that_turns_out_twenty_times_too_slow_is_named_and_taken_out_and_the_rest_plays_on(
    tmp_path, measured
):
    """It was quick enough at its trial. Of 20 % too much a rack is relieved without a kill; with this it would be silent for a second."""

    def play(attempt):
        with heavy_engine(tmp_path / f"take{attempt}") as heavy:
            memory, work = memory_of(heavy), 2000.0
            heavy.say(f"set heavy.work {work}")
            work *= 20 / share(heavy, memory)
            # a usual rack, rendered again from the last checkpoint within some 20 ms
            assert heavy.home.chronus("-c", "set heavy.work 100; wait 1500ms").returncode == 0
            before = memory.word(layout.SILENT)
            shell = heavy.home.begin("--json", "-c", f"set heavy.work {work:.0f}; wait 1 s")
            said, _ = shell.communicate(timeout=30)
            until(lambda: heavy.status()["slots"]["mode"] == "duplex", 5)
            settle(memory, 0.5)
            return said, heavy.status(), (memory.word(layout.SILENT) - before) / RATE

    said, status, silent = undisturbed(play, lambda done: done[2] > 0.15)
    notices = [line["notice"]["text"] for line in map(json.loads, said.splitlines()) if "notice" in line]
    print(f"twenty times too slow: {notices}, {silent * 1000:.0f} ms of silence")
    assert [notice for notice in notices if '"heavy"' in notice or "heavy.work" in notice], notices
    assert status["load"]["mean"] < 0.3 and status["lanes"] == 2
    measured("9", "silence of a module twenty times too slow", silent * 1e3, "ms", bar=150)
