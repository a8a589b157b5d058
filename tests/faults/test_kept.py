"""Rows 17, 18, 27, 42, 50 and 53: what is kept over an end, and what old files, names and clocks cannot do to a start."""

from __future__ import annotations

import ast
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import chronus
from chronus import connection
from chronus.control.outside import surface
from chronus.engine.supervisor import Engine as Supervisor
from chronus.journal import reading
from chronus.journal.records import Ended
from chronus.memory import layout
from chronus.settings import Settings
from chronus.worker.joining import is_whole
from tests.kit.live import Home, alive, engine, until
from tests.kit.takes import RATE, in_lockstep, memory_of, settle, take, worker_pids
from tests.kit.talk import Talker

pytestmark = pytest.mark.clock

# ---------------------------------------------------------------- row 17


def _crashes(arena) -> None:
    """The first note is written where nothing is."""
    handles = arena[layout.HANDLE_TABLE // 8 :][: layout.HANDLES * layout.HANDLE_WORDS].reshape(layout.HANDLES, -1)
    handles[:, [layout.H_REGION, layout.H_PARAMS]] = 1 << 50


def _never_arrives(arena) -> None:
    """It finds itself overtaken by the log, however often it goes back."""
    arena[layout.A_CURSOR] = -(1 << 40)


def _kill_both(running, memory, poison, how_many: int) -> float:
    """Kills both, their newest checkpoints poisoned just before. Gives the time."""
    pids = worker_pids(running)
    newest = max(memory.word(layout.CHECKPOINT0, place) for place in range(2))
    until(
        lambda: max(memory.word(layout.CHECKPOINT0, place) for place in range(2)) > newest, 3
    )  # a second until the next
    places = sorted(range(2), key=lambda place: -memory.word(layout.CHECKPOINT0, place))
    for place in places[:how_many]:
        poison(memory.checkpoints()[place])
    began = time.monotonic()
    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)
    until(lambda: not any(map(alive, pids.values())), 2)
    return began


def _back(memory, began: float) -> float:
    """Seconds until they are in lockstep again."""
    until(lambda: memory.word(layout.RESTORE0) + memory.word(layout.RESTORE0, 1) > 0, 10, "nothing was passed over")
    in_lockstep(memory, 8)
    return time.monotonic() - began


def _worker_restarts(running) -> int:
    return max(p["restarts"] for p in running.status()["processes"] if p["role"] == "worker")


def test_row_17_a_checkpoint_that_says_more_than_there_is_room_for_is_not_even_tried():
    arena = np.zeros(64, np.int64)
    assert is_whole(arena)
    for word, most in ((layout.A_PENDING, layout.PENDING), (layout.A_USED, layout.ARENA_BYTES)):
        for value in (-1, most + 1, 1 << 60):
            wrong = arena.copy()
            wrong[word] = value
            assert not is_whole(wrong)


@pytest.mark.proof
def test_row_17_a_checkpoint_that_kills_whoever_restores_it_is_passed_over_for_the_one_before(tmp_path, measured):
    seen = {}

    def breaking(running, memory):
        settle(memory, 1.2)  # until there is a checkpoint; the next one is waited for
        seen["back"] = _back(memory, _kill_both(running, memory, _crashes, 1))
        seen["attempts"] = _worker_restarts(running)

    done = take(tmp_path, breaking, after=1.5, hurt=lambda done: len(done.gaps) > 2)
    measured("17", "attempts", seen["attempts"], bar=3)
    measured("17", "in lockstep again", seen["back"], "s", bar=2)
    # the broken checkpoint may play, rightly, until its first note; then comes the second gap
    assert 1 <= len(done.gaps) <= 2, "what came back is not what would have been"


@pytest.mark.proof
def test_row_17_where_no_checkpoint_can_be_restored_the_rack_is_empty_and_undo_brings_it_back(tmp_path, measured):
    with engine(tmp_path, "--device", "null") as running, Talker(running.home) as line:
        assert line.ask("load saw").ok and line.ask("load kick").ok and line.ask("seq kick: xxxxxxxx").ok
        memory = memory_of(running)
        settle(memory, 1.2)
        died = _kill_both(running, memory, _never_arrives, 2)
        began = time.monotonic()
        assert line.ask("status").ok
        answered = time.monotonic() - began
        back = _back(memory, died)
        measured("17", "attempts", _worker_restarts(running), bar=3)
        measured("17", "status answered", answered * 1e3, "ms", bar=2000, soak=True)
        measured("17", "in lockstep again, empty", back, "s")
        until(lambda: running.status()["modules"] == 0, 2, "the rack is not empty")
        until(lambda: running.status()["slots"]["mode"] == "duplex", 2, "only one slot plays")
        assert line.ask("undo").ok
        settle(memory, 0.3)
        samples = memory.ring(memory.word(layout.ACTIVE)).view(np.float32).reshape(layout.RING_BLOCKS, -1)
        assert np.abs(samples[:, layout.RING_HEAD * 2 :]).max() > 0.01, "the saw is not heard again"
        assert running.stop() == 0


# ---------------------------------------------------------------- rows 18 and 27


@pytest.mark.proof
def test_row_18_after_two_unclean_ends_the_engine_starts_empty_and_keeps_the_file(tmp_path, measured):
    paths, notes, took = [], [], []
    for k in range(3):
        began = time.monotonic()
        with engine(tmp_path, "--device", "null") as running:
            took.append(time.monotonic() - began)
            notes.append(" ".join(running.notes))
            paths.append(running.journal())
            modules = running.status()["modules"]
            assert modules == (0, 1, 0)[k], notes
            if k == 0:
                assert running.home.chronus("--keep", "-c", "load bass").returncode == 0
            if k < 2:
                os.kill(running.process.pid, signal.SIGKILL)
                running.process.wait(5)
            else:
                assert running.stop() == 0
    measured("18", "third start", took[2], "s", bar=3, soak=True)
    assert "recovered" in notes[1] and str(paths[0]) in notes[1]
    assert "twice" in notes[2] and "`open default-0002` brings its rack back" in notes[2]
    assert paths[1].exists(), "the file is not kept"
    assert "load bass" in paths[0].read_text() and "open journal" in paths[1].read_text(), "the files are kept"


@pytest.mark.proof
def test_row_27_sigterm_fades_out_closes_the_journal_and_ends_with_0(tmp_path, measured):
    heard = tmp_path / "heard.f32"
    with engine(tmp_path, "--device", "null", CHRONUS_NULL_CAPTURE=str(heard)) as running:
        running.say("load sine freq=55 gain=0.5")
        settle(memory_of(running), 0.5)
        path = running.journal()
        began = time.monotonic()
        assert running.stop() == 0
        took = time.monotonic() - began
    found = reading.read(path)
    assert found.clean and isinstance(found.records[-1], Ended) and found.unsealed() == []
    captured = np.fromfile(heard, np.float32).reshape(-1, 2)
    sounding = captured[np.abs(captured).max(axis=1) > 0]
    assert np.abs(sounding[-RATE // 2 : -RATE // 5]).max() > 0.2, "nothing was playing"
    step = float(np.abs(np.diff(captured[-RATE // 2 :], axis=0, append=np.zeros((1, 2), np.float32))).max())
    measured("27", "ended after", took, "s", bar=2, soak=True)
    measured("27", "largest step of the fade", step, bar=0.01)


# ---------------------------------------------------------------- row 42


def test_row_42_a_stale_socket_a_stale_lock_and_a_pid_that_is_another_programs_now_hinder_no_start(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        for k in range(100):
            name = f"engine{k % 7}"
            with socket.socket(socket.AF_UNIX) as dead:
                connection.socket_path(name).unlink(missing_ok=True)
                dead.bind(str(connection.socket_path(name)))  # nobody listens there any more
            connection.lock_path(name).write_text(str(bystander.pid))
            assert not connection.lock_held(name)
            starting = Supervisor(Settings(engine=name), lambda message: None)
            starting.own_the_name()
            starting.listen()
            connection.connect(name, 1.0).close()
            assert connection.lock_held(name) and bystander.poll() is None
            starting.door.close()
            os.close(starting.lock)
    finally:
        bystander.communicate(b"\n", 5)
    assert bystander.returncode == 0


# ---------------------------------------------------------------- rows 50 and 53


@pytest.mark.proof
def test_row_50_no_process_of_an_engine_has_anything_in_dev_shm(tmp_path):
    with engine(tmp_path, "--device", "null") as running:
        running.say("load kick; seq kick: x...")
        seen = 0
        for pid in running.pids():
            assert "/dev/shm" not in Path(f"/proc/{pid}/maps").read_text()
            opened = [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir() if entry.is_symlink()]
            assert not [path for path in opened if "/dev/shm" in path]
            seen += any("memfd:chronus" in path for path in opened)
        assert seen >= 4, "the memory is no memfd"
        assert running.stop() == 0


@pytest.mark.proof
def test_row_50_with_a_full_dev_shm_an_engine_starts_and_plays(tmp_path):
    namespace = ["unshare", "--mount", "sh", "-c"]
    full = "mount -t tmpfs -o size=64k tmpfs /dev/shm && { head -c 1000000 /dev/zero > /dev/shm/full 2>&1; test -s /dev/shm/full; }"
    if subprocess.run([*namespace, full], capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody mount a /dev/shm of one's own")
    lines = "load kick; seq kick: x...; wait 1 beat"
    command = f'{full} && exec "$@"'
    done = subprocess.run(
        [*namespace, command, "sh", sys.executable, "-m", "chronus", "--device", "null", "-c", lines],
        capture_output=True, timeout=60, env=Home(tmp_path).environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


WALL_CLOCK = {"time", "time_ns", "localtime", "gmtime", "strftime", "ctime", "now", "utcnow", "today", "CLOCK_REALTIME"}


def test_row_53_nothing_reads_the_clock_on_the_wall_but_the_time_tags_of_osc():
    """A real run under a clock that is set back cannot be had without setting the machine's own; this reads the source instead."""
    found = []
    for path in sorted(Path(chronus.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
                assert "datetime" not in names, path
                assert getattr(node, "module", "") != "time", f"{path}: say time.monotonic where it is used"
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if node.value.id == "time" and node.attr in WALL_CLOCK:
                    found.append(path.name)
    assert found == ["surface.py"]


@pytest.mark.parametrize("step", [-86400.0, 86400.0])
def test_row_53_a_time_tag_after_the_clock_was_set_a_day_off_is_now_and_not_a_day_late(monkeypatch, step):
    real = time.time()
    tag = int((real + 2.0 + surface.NTP_EPOCH) * (1 << 32))
    assert 1.5 < surface._seconds_ahead(tag) < 2.5
    monkeypatch.setattr(surface.time, "time", lambda: real + step)
    assert surface._seconds_ahead(tag) == 0.0
