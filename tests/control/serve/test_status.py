"""What `status` says of processes that die: what happened and when, also in the moment in which the supervisor has not heard of it."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from chronus.commands import Load
from chronus.commands import Status as Asked
from chronus.control.serve.status import HAPPENED, Status
from chronus.engine_line import Making, Process, Processes
from chronus.memory import layout


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
    line = next(line for line in house.status.told()[0] if line.startswith("1 processes, "))
    assert line.endswith(f" MB: worker 0 {process.pid}")
    assert house.status.slots()["mode"] == "duplex"


def test_who_has_just_died_is_not_said_to_run_though_the_supervisor_has_not_heard_of_it(house, process):
    house.supervisor.take(running(process.pid))
    process.kill()
    while house.status.processes()[0]["state"] == "running":
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


def test_what_happened_of_late_is_told_with_its_place_in_the_music(house):
    anna = house.caller()
    house.ask(anna, Load(kind="kick"))
    house.server.notify("failover", "slot 0 died (signal 9), slot 1 plays on, 0 frames lost")
    lines, whole = house.status.told()
    assert lines[1].endswith(" ms ago: failover: slot 0 died (signal 9), slot 1 plays on, 0 frames lost")
    (told,) = whole["happened"]
    assert told["kind"] == "failover" and told["ago_s"] < 60 and told["frame"] == whole["engine"]["frame"]
    for _ in range(HAPPENED + 4):
        house.server.notify("failover", "again")
    assert len(house.status.happened()) == HAPPENED


def test_an_author_is_told_what_was_counted_since_they_asked_and_no_other_author_takes_that_away(house):
    anna, bert = house.caller("anna"), house.caller("bert")
    (first,) = house.ask(anna, Asked())
    assert first.result["since"]["first"] and "since the engine began" in first.lines[0]
    house.ask(anna, Load(kind="kick"), Load(kind="bass"))
    house.ask(bert, Asked())
    (second,) = house.ask(anna, Asked())
    assert not second.result["since"]["first"] and "since you asked" in second.lines[0]
    assert second.result["since"]["counters"]["commands"] >= 2
    (third,) = house.ask(anna, Asked())
    assert third.result["since"]["counters"]["silent"] == 0


def test_all_is_well_only_where_nothing_was_lost_since_the_author_asked(house, process):
    house.supervisor.take(running(process.pid))
    assert house.status.told("anna")[1]["verdict"].startswith("all well: duplex, nothing lost since the engine began")
    house.memory.board[layout.SILENT] += 441
    lines, whole = house.status.told("anna")
    assert not whole["well"] and lines[0].startswith("duplex again, but 441 frames (10 ms) lost since you asked ")
    assert house.status.told("anna")[1]["well"]


def test_a_glance_is_no_question_after_which_changes_are_counted_anew(house):
    anna = house.caller("anna")
    house.ask(anna, Asked())
    house.memory.board[layout.SILENT] += 441
    for glance in (True, True, False):
        (reply,) = house.ask(anna, Asked(glance=glance))
        assert reply.result["since"]["counters"]["silent"] == 441
    (reply,) = house.ask(anna, Asked(glance=True))
    assert reply.result["since"]["counters"]["silent"] == 0


def test_the_verdict_names_a_slot_that_was_killed_just_now_and_says_afterwards_that_it_is_back(house, process):
    house.supervisor.take(running(process.pid))
    house.status.told("anna")
    process.kill()
    process.wait()
    _, dying = house.status.told("anna")
    assert not dying["well"]
    assert dying["verdict"].startswith("slot 0 died (it has just died) 0 ms ago and is coming back; slot ")
    assert " plays on alone; nothing lost since you asked " in dying["verdict"]


def test_who_was_coming_back_when_the_author_asked_is_told_to_be_back(house, process):
    house.supervisor.take(running(process.pid))
    killed = Process("worker", 0, None, "starting", 0, died="signal 9", died_at=time.monotonic() - 1)
    house.status.told("anna")
    house.supervisor.take(Processes((killed,)))
    assert not house.status.told("anna")[1]["well"]
    house.supervisor.take(running(process.pid, 1, died="signal 9", died_at=killed.died_at))
    assert "; slot 0 died (signal 9) 1 s ago and is back" in house.status.told("anna")[1]["verdict"]


def test_a_death_that_is_over_is_named_once(house, process):
    house.supervisor.take(running(process.pid, 1, died="killed on purpose", died_at=time.monotonic() - 1))
    house.status.facts["started"] = time.monotonic() - 60
    _, back = house.status.told("anna")
    assert (
        back["well"] and "; slot 0 died (killed on purpose) " in back["verdict"] and " and is back" in back["verdict"]
    )
    assert "killed" not in house.status.told("anna")[1]["verdict"]


def test_while_the_engine_is_compiled_nobody_says_that_all_is_well(house):
    house.supervisor.take(Making(("graph",), parts=3, kernels=400))
    lines, whole = house.status.told()
    assert not whole["well"] and lines[0].startswith("compiling: 3 parts of the engine are not compiled yet")
    house.supervisor.take(Making(("saw x8",), kernels=12))
    assert "; 12 kernels are still to be compiled in the background" in house.status.told()[0][0]


def test_who_plays_on_the_null_device_without_having_asked_for_it_is_told(house):
    house.supervisor.take(Processes((), "null"))
    assert "no device is open" in house.status.told()[0][0]
    house.status.facts["device"] = "null"
    assert "no device is open" not in house.status.told()[0][0]
