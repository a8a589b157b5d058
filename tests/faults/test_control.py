"""Control is killed at each step of the way of a command: the command is done once, or refused and not done, and never done twice."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time

import psutil
import pytest

from chronus.journal import reading
from tests.faults.table import Missed
from tests.kit.live import PYTHON, Engine, alive, engine, until
from tests.kit.sabotage import SABOTEUR

LINE = "set bass.freq +12st"


class Shell:
    """A plain shell with a pipe in either direction, that stays while control comes and goes."""

    def __init__(self, running: Engine) -> None:
        self.process = subprocess.Popen(
            [PYTHON, "-m", "chronus", "--json", "--as", "anna"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=running.home.environment,
        )
        self.number, self.unread, self.said = 0, b"", []

    def say(self, line: str) -> None:
        self.number += 1
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def next(self, wanted) -> dict:
        """The next object that it prints and that is wanted; what came before it is in `said`."""
        deadline = time.monotonic() + 10
        while True:
            while b"\n" not in self.unread:
                ready, _, _ = select.select([self.process.stdout], [], [], deadline - time.monotonic())
                assert ready, f"the shell says no more after {self.said[-3:]}"
                self.unread += os.read(self.process.stdout.fileno(), 1 << 16)
            line, _, self.unread = self.unread.partition(b"\n")
            self.said.append(json.loads(line))
            if wanted(self.said[-1]):
                return self.said[-1]

    def ask(self, line: str) -> dict:
        self.say(line)
        return self.next(lambda one: one.get("id") == self.number)


@pytest.fixture(scope="module")
def playing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("control")
    paths = os.pathsep.join([str(SABOTEUR), *filter(None, [os.environ.get("PYTHONPATH")])])
    with engine(folder, "--device", "null", PYTHONPATH=paths, CHRONUS_SABOTAGE=str(folder)) as running:
        shell = Shell(running)
        for line in ("load bass", "set bass.freq 55", "seq bass: x.x."):
            assert shell.ask(line)["ok"]
        yield running, shell, running.journal()
        shell.process.stdin.close()
        assert shell.process.wait(10) in (0, 3)


def control_of(running: Engine) -> psutil.Process:
    def found():
        children = psutil.Process(running.process.pid).children()
        return next((child for child in children if "--told" in child.cmdline() or "control" in child.name()), None)

    return until(found, 5, "control")


def order(running: Engine, point: str) -> psutil.Process:
    control = control_of(running)
    told = running.home.folder / str(control.pid)
    told.with_suffix(".draft").write_text(point)
    told.with_suffix(".draft").rename(told)
    until(lambda: told.with_suffix(".obeyed").exists(), 5, "control took no order")
    return control


def freq(shell: Shell) -> float:
    return shell.ask("show bass")["result"]["params"]["freq"]


@pytest.mark.clock
@pytest.mark.parametrize(
    ("point", "done"),
    [
        ("before the record", False), ("after the record", False), ("after the log", True),
        ("at the seal", True), ("before the answer", True), ("after the answer", True),
    ],
)  # fmt: skip
def test_row_23a_a_command_in_flight_is_done_once_or_refused_and_never_twice(playing, point, done):
    running, shell, path = playing
    shell.said.clear()
    before = freq(shell)
    control = order(running, point)
    answer = shell.ask(LINE)
    until(lambda: not alive(control.pid), 5, "control lives on")
    assert answer["ok"] or answer["error"]["code"] == "E_ENGINE"
    assert answer["ok"] == (point == "after the answer")
    notice = shell.next(lambda one: one.get("notice", {}).get("kind") == "control")["notice"]
    assert notice["text"].startswith("control died (signal 9) and came back; ")
    assert freq(shell) == pytest.approx(before * 2 if done else before)
    assert sum("notice" in one and one["notice"]["kind"] == "control" for one in shell.said) == 1, "it is told twice"
    records = reading.read_take(path)
    doublings = sum("+12" in text for played in records.played() for text in played.said.texts)
    assert 55 * 2**doublings == pytest.approx(freq(shell))
    if not notice["text"].endswith(" ms, 0 frames lost"):
        raise Missed(notice["text"])
