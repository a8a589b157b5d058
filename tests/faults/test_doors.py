"""The doors of a real engine: who comes in, who is turned away, and that the music does not notice."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from chronus.commands import Hello
from chronus.text.attached import Attached
from tests.live import PYTHON, Engine, Home, alive, engine, until

ACK_SECONDS = 0.05
"""What 99 of 100 answers may take while the doors are under siege."""


@pytest.fixture(scope="module")
def running(tmp_path_factory) -> Iterator[Engine]:
    with engine(tmp_path_factory.mktemp("doors"), "--device", "null") as there:
        assert there.home.chronus("-c", "load bass; seq bass: x.x.x.x.; load saw").returncode == 0
        yield there


def socket_of(home: Home) -> Path:
    return Path(home.environment["XDG_RUNTIME_DIR"]) / "chronus" / "default.sock"


def connected(home: Home) -> socket.socket:
    there = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    there.settimeout(10)
    there.connect(str(socket_of(home)))
    return there


@contextlib.contextmanager
def attached(home: Home, author: str = "") -> Iterator[Attached]:
    there = Attached(connected(home))
    there.greet(Hello(author=author))
    try:
        yield there
    finally:
        there.close()


def process(running: Engine, role: str) -> psutil.Process:
    return psutil.Process(next(p["pid"] for p in running.status()["processes"] if p["role"] == role))


@contextlib.contextmanager
def untroubled(running: Engine) -> Iterator[None]:
    """Nobody dies and no block is missed meanwhile."""

    def known() -> tuple[list[int], dict[str, int]]:
        status = running.status()
        return sorted(p["pid"] for p in status["processes"]), {
            name: status["counters"][name] for name in ("missing", "repeated", "divergences")
        }

    before = known()
    yield
    assert known() == before


# ---------------------------------------------------------------- who started it


def descendants(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


@pytest.mark.parametrize("cache", ["warm", "cold"])
def test_an_engine_whose_starter_dies_before_it_is_ready_ends(tmp_path, cache):
    """With a cold cache it dies while kernels are compiled, with a warm one in the half second after."""
    home = Home(tmp_path)
    more = {"XDG_CACHE_HOME": str(tmp_path / "cache")} if cache == "cold" else {}
    starter = subprocess.Popen(
        [PYTHON, "-m", "chronus", "--device", "null", "-c", "wait 60 s"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**home.environment, **more},
    )  # fmt: skip
    lock = socket_of(home).with_suffix(".lock")
    least = 2 if cache == "cold" else 1  # the engine, and what compiles for it
    pids: list[int] = until(lambda: lock.exists() and len(d := descendants(starter.pid)) >= least and d, 20)  # type: ignore[assignment]
    starter.kill()
    starter.wait()
    family = [*pids, *(child for pid in pids if psutil.pid_exists(pid) for child in descendants(pid))]
    until(lambda: not any(map(alive, family)), 30, "the engine goes on without anybody who knows it")
    assert home.chronus("status").returncode == 3


def test_with_keep_it_stays_though_its_starter_is_gone(tmp_path):
    home = Home(tmp_path)
    starter = subprocess.Popen(
        [PYTHON, "-m", "chronus", "--keep", "--device", "null", "-c", "wait 60 s"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=home.environment,
    )  # fmt: skip
    lock = socket_of(home).with_suffix(".lock")
    until(lambda: lock.exists() and descendants(starter.pid), 20)
    starter.kill()
    starter.wait()
    assert home.chronus("-c", "wait 1.5 s; load kick").returncode == 0  # longer than an orphan waits
    assert "kick" in home.chronus("-c", "list").stdout
    assert home.chronus("stop").returncode == 0
