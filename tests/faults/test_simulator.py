"""The simulator: what it once found stays mended, and it finds what is broken on purpose. Ten thousand: see the Makefile."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from chronus.conductor.transaction import Committed
from chronus.control.jobs import performer
from chronus.control.jobs.job import Applied
from chronus.engine import pair, supervision, supervisor, watch
from chronus.journal import replay, writing
from chronus.journal.records import Void
from tests.simulator.lives import Fault, Ground, Schedule
from tests.simulator.simulate import draw, run, search, shortest

SCHEDULES = 10_000
"""What `make proof` runs, both processors at it."""
FEW = 400


@pytest.fixture(scope="module")
def ground():
    return Ground()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))


@pytest.mark.parametrize("first", range(0, FEW, FEW // 4))
def test_the_first_schedules_hold(ground, first):
    """The first of the ten thousand, in pieces that processes can share."""
    _, failing, wrong = search(range(first, first + FEW // 4), ground)
    assert failing is None, (
        f"seed {failing.seed} fails: {wrong}; replay it with python -m tests.simulator.simulate --seed {failing.seed}"
    )


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_fifty_thousand_more_schedules_hold():
    command = [sys.executable, "-m", "tests.simulator.simulate", "--processes", "2"]
    command += ["--first", str(SCHEDULES), "--schedules", str(5 * SCHEDULES)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sum(int(number) for number in re.findall(r"^(\d+) schedules", done.stdout, re.M)) == 5 * SCHEDULES


def test_a_seed_replays_exactly(ground):
    for seed in range(6):
        once: list[str] = []
        again: list[str] = []
        run(draw(seed), ground, once.append)
        run(draw(seed + 1000), ground)
        run(draw(seed), ground, again.append)
        assert once == again and len(once) > 4


FOUND = {
    "a forkserver that dies over what it was asked for": Schedule(
        0, faults=(Fault(0.1, "kill", 1), Fault(0.1022, "forkserver_kill"))
    ),
    "an hour that passes before anybody has had a turn": Schedule(
        205, period=64, faults=(Fault(0.141029, "host_kill"), Fault(0.15145, "hour"))
    ),
    "two controls that die between the journal and the log": Schedule(
        0,
        commands=(0.05, 0.6),
        faults=tuple(Fault(at, "control_kill", occasion="after the record", moment=1) for at in (0.04, 0.59)),
    ),
    "a worker that hangs before it ever played": Schedule(
        552, period=441, faults=(Fault(0.000963, "hang", 1), Fault(0.20623, "hang", 1))
    ),
    "what a dead worker asked for, laid down by one that had just begun": Schedule(
        433, varies=True, faults=(Fault(0.219394, "hang", 1), Fault(0.223474, "kill", 0), Fault(0.277022, "both"))
    ),
    "a worker that was to be replaced for its lateness, dies, and has a successor": Schedule(
        932, 44100, 441, faults=(Fault(0.003091, "kill"), Fault(0.186142, "hang", 1), Fault(0.190344, "hour"))
    ),
    "a worker that dies over the only checkpoint there is": Schedule(
        164, faults=(Fault(0.340829, "both"), Fault(0.344276, "crash", 1, "write", 3))
    ),
    "an hour that passes while a host opens its device": Schedule(
        4695, 22050, 256, faults=(Fault(0.344548, "host_kill"), Fault(0.35132, "hour"), Fault(0.355611, "crash"))
    ),
    "an hour that passes while nobody plays yet": Schedule(
        223,
        varies=True,
        faults=(Fault(0.339662, "crash", 1, "write", 5), Fault(0.354912, "kill", 0, "lend", 4), Fault(0.355445, "hour")),
    ),
    "a worker that was late before its host went, and nobody looked for a while": Schedule(
        1044, 22050, 64, commands=(0.35448, 0.847295),
        faults=(
            Fault(0.389454, "hang"), Fault(0.39471, "supervisor_stop", seconds=0.08435480890881054),
            Fault(0.420695, "forkserver_kill"), Fault(0.438861, "host_kill"),
        ),
    ),
    "a control that dies between the notes it gave and the word of how far they go": Schedule(
        42199, 22050, 128, lane=True, commands=(0.151271, 0.405885),
        faults=(Fault(0.000254, "control_kill", occasion="publish", moment=3), Fault(0.194979, "both"), Fault(0.222978, "hang", 1)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("schedule", FOUND.values(), ids=FOUND)
def test_what_the_simulator_once_found_stays_mended(ground, schedule):
    assert run(schedule, ground) == ""


# ---------------------------------------------------------------- it can fail


def forget_the_budget(patch):
    patch.setattr(supervision, "BUDGET", 1000)


def say_it_before_it_is_written(patch):
    kept = performer.Performer._accept

    def accept(self, ready, done):
        kept(self, ready, done)
        if isinstance(done, Committed) and not ready.ours:
            ready.asked.job.ended(Applied(ready.submission, done.transaction, done.moment))

    patch.setattr(performer.Performer, "_accept", accept)
    patch.setattr(performer.Performer, "_land", lambda self: self.landing.clear())


def go_on_behind_a_torn_record(patch):
    patch.setattr(writing.os, "ftruncate", lambda descriptor, size: None)


def take_up_what_is_void(patch):
    kept = replay.Replay.play

    def play(self, records, **more):
        kept(self, tuple(record for record in records if not isinstance(record, Void)), **more)

    patch.setattr(replay.Replay, "play", play)


def trust_a_watch_that_slept(patch):
    patch.setattr(watch, "LOOK_SECONDS", 1e9)


def forget_whom_the_forkserver_owes(patch):
    patch.setattr(supervisor.Engine, "_ask_again", lambda self: None)


def hold_everybody_to_what_nobody_watched(patch):
    patch.setattr(supervisor.Engine, "_awake", lambda self: self.clock())


def never_compare(patch):
    patch.setattr(pair, "disagreements", lambda ours, theirs: 0)


BREAKS = (
    forget_the_budget, say_it_before_it_is_written, go_on_behind_a_torn_record, take_up_what_is_void, trust_a_watch_that_slept,
    forget_whom_the_forkserver_owes, hold_everybody_to_what_nobody_watched, never_compare,
)  # fmt: skip


@pytest.mark.parametrize("breaks", BREAKS, ids=lambda breaks: breaks.__name__)
def test_the_simulator_finds_what_is_broken_on_purpose(ground, monkeypatch, breaks):
    breaks(monkeypatch)
    schedules, failing, wrong = search(range(SCHEDULES), ground)
    print(f"{breaks.__name__}: found in {schedules} schedules: {wrong}")
    assert failing is not None
    less = shortest(failing, ground)
    assert run(less, ground) and len(less.faults) <= len(failing.faults)
