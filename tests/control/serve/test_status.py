"""What `status` says of processes that die: what happened and when, also in the moment in which the supervisor has not heard of it."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from chronus.control.serve.status import Status
from chronus.engine_line import Notice, Process, Processes
from tests.kit.house import House


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    house = House(tmp_path)
    yield house
    house.close()


@pytest.fixture
def process():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def running(pid, restarts=0, **more):
    return Processes((Process("worker", 0, pid, "running", restarts, **more),))


def worker_line(status: Status) -> str:
    (line,) = (line for line in status.told()[0] if line.startswith("worker 0"))
    return line


def test_who_lives_runs(house, process):
    house.supervisor.take(running(process.pid))
    assert worker_line(house.status).startswith(f"worker 0 (pid {process.pid}): running, 0 restarts, ")
    assert house.status.slots()["mode"] == "duplex"


def test_who_has_just_died_is_not_said_to_run_though_the_supervisor_has_not_heard_of_it(house, process):
    house.supervisor.take(running(process.pid))
    process.kill()
    while worker_line(house.status).startswith(f"worker 0 (pid {process.pid}): running"):
        pass  # the kernel takes a moment to end it; nobody waits for it here, so it stays a zombie
    assert worker_line(house.status).startswith(
        f"worker 0 (pid {process.pid}): dying, 0 restarts, it has just died 0 ms ago"
    )
    assert house.status.slots()["mode"] == "simplex"
    (told,) = house.status.processes()
    assert (told["state"], told["died"]) == ("dying", "it has just died") and told["died_ago_s"] < 1


def test_who_came_back_says_how_the_last_one_ended_and_when(house, process):
    house.supervisor.take(running(process.pid, 1, died="signal 9", died_at=time.monotonic() - 2))
    assert "running, 1 restart, signal 9 2 s ago" in worker_line(house.status)
    (told,) = house.status.processes()
    assert told["died"] == "signal 9" and 2 <= told["died_ago_s"] < 60 and "died_at" not in told


def test_what_happened_of_late_is_told_with_what_was_lost(house):
    said = Notice("failover", "slot 0 died (signal 9), slot 1 plays on, 0 frames lost")
    house.supervisor.take(said)
    lines, whole = house.status.told()
    assert "0 frames lost; load" in lines[1]
    assert lines[2].endswith(" ms ago: failover: slot 0 died (signal 9), slot 1 plays on, 0 frames lost")
    assert whole["happened"][0]["kind"] == "failover" and whole["happened"][0]["ago_s"] < 60
    for _ in range(9):
        house.supervisor.take(said)
    assert len(house.status.happened()) == 3
