"""How soon the prompt is there, echoes a key and completes a name while a song plays, and how many lines a second come through a pipe.

The figures are told in every run; their bars, in wall-clock time, gate in `make soak` alone.
"""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

import pexpect
import pytest

from tests.kit import machine
from tests.kit.live import Engine, Home, alive, until

pytestmark = [pytest.mark.soak, pytest.mark.timeout(300)]

MODULES = 100
LINES = 10_000
CURSOR = re.compile(rb"\x1b\[6n")
"""Asks the terminal where the cursor is."""


class Typed:
    """A shell on a terminal that answers at once, and whose every byte is seen as it comes."""

    def __init__(self, home: Home) -> None:
        self.shell = pexpect.spawn(
            sys.executable, ["-m", "chronus"], env={**home.environment, "TERM": "xterm-256color"}, dimensions=(30, 100)
        )
        self.shell.delaybeforesend = None

    def press(self, keys: str, *awaited: str, seconds: float = 5.0) -> float:
        """Seconds from the keys to the first of these texts."""
        began, seen = time.monotonic(), b""
        if keys:
            os.write(self.shell.child_fd, keys.encode())
        while not any(text.encode() in seen for text in awaited):
            left = began + seconds - time.monotonic()
            assert left > 0 and select.select([self.shell.child_fd], [], [], left)[0], f"none of {awaited} in {seen!r}"
            some = os.read(self.shell.child_fd, 1 << 16)
            for _ in CURSOR.findall(some):
                os.write(self.shell.child_fd, b"\x1b[1;1R")
            seen += some
        return time.monotonic() - began

    def clear(self) -> None:
        """Empties the line, and reads what comes of it."""
        self.press("\x15", "\x1b")
        while select.select([self.shell.child_fd], [], [], 0.05)[0]:
            os.read(self.shell.child_fd, 1 << 16)

    def close(self) -> None:
        self.shell.close(force=True)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return Home(tmp_path_factory.mktemp("figures"))


@pytest.fixture(scope="module")
def engine(home):
    running = Engine(home, "--device", "null")
    pids = running.pids()
    running.say("open roller now")
    for first in range(0, MODULES, 25):
        running.say("; ".join(f"load lfo as many{k:02}" for k in range(first, first + 25)))
    yield running
    running.stop()
    until(lambda: not any(map(alive, pids)), 5, "a process outlived its engine")


@pytest.fixture
def shell(home, engine):
    typed = Typed(home)
    typed.press("", "chronus>")
    yield typed
    typed.close()


def p95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * len(times))]


def test_the_prompt_of_a_running_engine_is_there_soon(home, engine, bar):
    def begin() -> float:
        typed = Typed(home)
        took = typed.press("", "chronus>")
        typed.close()
        return took

    bar("until the prompt of a running engine, median of 9", median(begin() for _ in range(9)), "s", most=0.4)


def test_a_key_is_echoed_soon_while_a_song_plays(shell, bar):
    times = []
    for _ in range(12):
        times += [shell.press(key, key) for key in "QWRTYUIOPADFGH"]
        shell.clear()
    bar("from a key to its echo, p95", 1e3 * p95(times), "ms", most=15)


def test_names_are_completed_soon_with_a_hundred_modules(shell, bar):
    times = []
    for k in range(40):
        shell.press(f"set many{k % 10}", f"{k % 10}")
        while select.select([shell.shell.child_fd], [], [], 0.05)[0]:
            os.read(shell.shell.child_fd, 1 << 16)
        times.append(shell.press("\t", f"many{k % 10}0", f"many{k % 10}1"))
        shell.clear()
    bar("from Tab to the names of 100 modules, p95", 1e3 * p95(times), "ms", most=15)


def test_ten_thousand_piped_lines_are_answered_in_order_and_fast(home, engine, bar):
    def took(lines: int) -> tuple[float, list[int]]:
        given = "".join(f"set many00.rate {1 + k % 7}\n" for k in range(lines))
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "chronus"],
            input=given,
            capture_output=True,
            text=True,
            env=home.environment,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return time.monotonic() - began, [
            int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("ok ")
        ]

    start, _ = took(1)
    whole, numbers = took(LINES)
    assert numbers == list(range(1, LINES + 1))
    bar(f"{LINES:,} piped lines a second", (LINES - 1) / (whole - start), "", least=3000)


@pytest.fixture
def bar(figure) -> Callable[..., None]:
    def hold(what: str, value: float, unit: str, most: float | None = None, least: float | None = None) -> None:
        holds = value <= most if most is not None else least is None or value >= least
        told = f"<= {most:g}" if most is not None else f">= {least:g}"
        figure(f"{what}: {value:.3g} {unit} ({told}: {'holds' if holds else 'MISSED'})")
        assert holds or not machine.soaking, what

    return hold
