"""Rows 7, 9 and 10 of the table of faults: workers that fail before they die, and racks that are too much for the machine."""

import os
import signal
import time
from pathlib import Path

from chronus.memory import layout
from tests.faults.takes import in_lockstep, settle, take, worker_pids
from tests.live import alive, engine, until

SABOTEUR = Path(__file__).parent / "saboteur"


def sabotage(folder: Path) -> dict[str, str]:
    """The environment of an engine whose forks obey orders."""
    (folder / "orders").mkdir()
    path = os.pathsep.join([str(SABOTEUR), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return {"PYTHONPATH": path, "CHRONUS_SABOTAGE": str(folder / "orders")}


def order(folder: Path, pid: int, word: str) -> None:
    draft = folder / "orders" / "draft"
    draft.write_text(word)
    draft.rename(folder / "orders" / str(pid))


def active_worker(running, memory):
    return worker_pids(running)[memory.word(layout.ACTIVE)]


def test_rows_7_10_a_worker_without_its_interpreter_or_without_memory_is_replaced_unheard(tmp_path):
    seconds = {}

    def ends(pid):
        began = time.monotonic()
        until(lambda: not alive(pid), 5, "the worker lives on")
        return time.monotonic() - began

    def breaking(running, memory):
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
        assert running.home.chronus("-c", "load snare").returncode == 0
        seconds["exhausted"] = ends(full)
        in_lockstep(memory)

    done = take(tmp_path, breaking, **sabotage(tmp_path))
    print({what: f"{took * 1000:.0f} ms" for what, took in seconds.items()}, done.status["counters"])
    assert done.lost == 0, done.gaps
    assert seconds["held"] <= 0.25


def test_row_10_a_worker_is_ended_before_anybody_else_where_memory_runs_out(tmp_path):
    with engine(tmp_path, "--device", "null") as running:
        until(lambda: len(worker_pids(running)) == 2, 5)
        points = {
            process["role"]: int(Path(f"/proc/{process['pid']}/oom_score_adj").read_text())
            for process in running.status()["processes"]
        }
    print(points)
    assert points["worker"] > max(points["host"], points["control"], points["forkserver"]) > points["supervisor"]


def test_what_fails_before_it_dies_is_replaced_while_it_still_works(tmp_path):
    """A worker whose blocks come later and later (it is stopped again and again), then one whose memory grows."""
    seconds = {}

    def replaced(what, pid, meanwhile=lambda: None):
        began = time.monotonic()
        while alive(pid) and time.monotonic() < began + 5:
            meanwhile()
        seconds[what] = time.monotonic() - began
        assert not alive(pid), what

    def breaking(running, memory):
        slow = active_worker(running, memory)

        def pulse():
            for number, pause in ((signal.SIGSTOP, 0.012), (signal.SIGCONT, 0.003)):
                if alive(slow):
                    os.kill(slow, number)
                    time.sleep(pause)

        replaced("late", slow, pulse)
        in_lockstep(memory)
        leaking = active_worker(running, memory)
        order(tmp_path, leaking, "leak")
        replaced("leaking", leaking, lambda: time.sleep(0.005))
        in_lockstep(memory)

    done = take(tmp_path, breaking, **sabotage(tmp_path))
    print({what: f"{took * 1000:.0f} ms" for what, took in seconds.items()}, done.status["counters"])
    assert done.lost == 0, done.gaps
    assert max(seconds.values()) <= 2.0
    assert done.status["counters"]["missing"] == 0
