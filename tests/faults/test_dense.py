"""Dense music on a real engine is answered in time and played whole; and where control does not answer, the supervisor does."""

from __future__ import annotations

import contextlib
import os
import signal
import time

import psutil
import pytest

from chronus.control.jobs.performer import TRIES
from chronus.system import proc
from tests.kit.live import Engine, engine, until
from tests.kit.talk import Talker

pytestmark = [pytest.mark.proof, pytest.mark.timeout(240)]

BAR = " ".join(["a2:m7", "c3:maj7", ".", "e2:m7"] * 16)
CHORDS = [*(f"load saw as s{k} gain=0.001" for k in range(255)), *(f"seq s{k}: {BAR}" for k in range(255))]
FAST = ["bpm 400", *(f"load kick as s{k}" for k in range(64)), *(f"seq s{k}: x every=1/64" for k in range(64))]
SIXTEENTHS = ["bpm 174", *(f"load kick as s{k}" for k in range(64)), *(f"seq s{k}: {'x' * 16}" for k in range(64))]


def counted(running: Engine) -> dict[str, int]:
    return running.status()["counters"]


def lost(counters: dict[str, int]) -> tuple[int, ...]:
    return tuple(counters[name] for name in ("missing", "silent", "repeated", "notes_late"))


@pytest.mark.clock
@pytest.mark.parametrize("lines", [CHORDS, FAST], ids=["256 lanes of chords", "64 lanes of 1/64 at 400 bpm"])
def test_row_56_what_is_piled_up_is_answered_in_time_and_played_whole(tmp_path, measured, lines):
    with engine(tmp_path, "--device", "null") as running, Talker(running.home) as one, Talker(running.home) as other:
        before = lost(counted(running))
        measured("56", "the whole file answered in", one.fine("\n".join(lines)), "s", bar=2, soak=True)
        until(lambda: running.status()["engine"]["bar"] >= 2, 10, "it does not play")
        for line in ("bpm 180", "solo s3 now; unsolo now", "bpm 174", "panic", "play", "bpm 181"):
            was = counted(running)["recommitted"]
            took = (other if line == "panic" else one).fine(line)
            bar, what = (0.05, "panic") if line == "panic" else (0.3, "a line about all lanes")
            measured("56", f"{what} answered in", took * 1e3, "ms", bar=bar * 1e3, soak=True)
            measured("56", "moments tried for a line", counted(running)["recommitted"] - was + 1, bar=TRIES)
            one.fine("wait 300 ms")
        after = counted(running)
        measured("56", "blocks missed, frames silent or repeated, notes late", sum(lost(after)) - sum(before), bar=0)
        assert running.stop() == 0


def test_row_56_control_takes_a_tenth_of_a_core_for_64_lanes_of_sixteenths(tmp_path, measured):
    with engine(tmp_path, "--device", "null") as running, Talker(running.home) as talker:
        talker.fine("\n".join([*SIXTEENTHS, "wait 1 bar"]))
        control = psutil.Process(control_of(running))
        began, used = time.monotonic(), sum(control.cpu_times()[:2])
        talker.fine("wait 6 bars")
        share = (sum(control.cpu_times()[:2]) - used) / (time.monotonic() - began)
        measured("56", "control, of one core, 64 lanes of sixteenths at 174", share * 100, "%", bar=10)


@contextlib.contextmanager
def stopped(pid: int):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def control_of(running: Engine) -> int:
    return next(p["pid"] for p in running.status()["processes"] if p["role"] == "control")


@pytest.mark.parametrize("form", ["status", "journal"])
def test_row_59_a_shell_whose_engine_does_not_answer_says_so_in_a_line(tmp_path, measured, form):
    with engine(tmp_path, "--device", "null") as running, stopped(control_of(running)):
        began = time.monotonic()
        done = running.home.chronus(form, seconds=20)
        measured("59", f"{form} says so after", time.monotonic() - began, "s", bar=7, soak=True)
        assert done.returncode == 3 and done.stdout == ""
        assert len(done.stderr.splitlines()) == 1 and "E_ENGINE" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("whom", ["control", "supervisor"])
def test_row_59_stop_ends_an_engine_whatever_hangs_in_it(tmp_path, measured, whom):
    with engine(tmp_path, "--device", "null") as running:
        running.say("load kick; seq kick: x...")
        pids = running.pids()
        with stopped(control_of(running) if whom == "control" else running.process.pid):
            began = time.monotonic()
            done = running.home.chronus("stop", seconds=20)
            measured("59", f"stop ends it while {whom} hangs, after", time.monotonic() - began, "s", bar=4, soak=True)
        assert done.returncode == 0, done.stdout + done.stderr
        running.process.wait(5)
        until(lambda: not [pid for pid in pids if proc.lives(pid)], 5, "a process is left")
