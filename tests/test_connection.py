"""The way to an engine: the lock, waiting for it, and starting one (here a shell script that says what an engine would)."""

import os
import socket
import time

import pytest

from chronus import connection
from chronus.errors import ChronusError
from chronus.settings import Settings
from chronus.shell import remote


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def says(home, monkeypatch):
    """Makes this shell script the engine. `$FD` is where it reports."""

    def says(script):
        path = home / "engine.sh"
        path.write_text(f"#!/bin/bash\nfor FD; do :; done\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(connection.sys, "executable", str(path))
        seen = []
        try:
            return connection.start_engine(Settings(), lambda *progress: seen.append(progress)), seen
        except ChronusError as error:
            return error, seen

    return says


def test_looking_at_a_lock_does_not_take_it(home):
    assert not connection.lock_held("x")
    held = connection.own("x")
    assert connection.lock_held("x")
    assert not connection.wait_until_free("x", 0.05)
    os.close(held)
    assert not connection.lock_held("x")
    assert connection.wait_until_free("x", 0)


def test_a_name_has_one_owner(home):
    held = connection.own("x")
    with pytest.raises(ChronusError) as error:
        connection.own("x")
    assert error.value.code == "E_EXISTS"
    os.close(held)


def test_a_client_waits_for_an_engine_that_holds_its_lock(home):
    held = connection.own("default")
    began = time.monotonic()
    with pytest.raises(ChronusError, match="did not answer"):
        connection.connect("default", 0.2)
    assert time.monotonic() - began >= 0.2
    os.close(held)
    with pytest.raises(connection.NoEngine):
        connection.connect("default", 30)


def test_who_waits_for_long_is_told_once(home, monkeypatch):
    monkeypatch.setattr(connection, "WAIT_SECONDS", 0.05)
    held, told = connection.own("default"), []
    with pytest.raises(ChronusError, match="did not answer"):
        connection.connect("default", 0.3, lambda: told.append(1))
    os.close(held)
    assert told == [1]


def test_a_stale_socket_is_no_engine(home):
    with connection.socket.socket(connection.socket.AF_UNIX) as dead:
        dead.bind(str(connection.socket_path("default")))
    with pytest.raises(connection.NoEngine):
        connection.connect("default", 30)


def test_a_folder_name_that_is_too_long_for_a_socket_is_said(home, monkeypatch):
    long = home / ("x" * 100)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    for attempt in (lambda: connection.connect("default", 0), lambda: connection.socket_path("default")):
        with pytest.raises(ChronusError, match="bytes too long for a socket") as error:
            attempt()
        assert error.value.code == "E_PATH"


def test_a_runtime_folder_that_others_can_read_is_refused(home):
    connection.places.runtime().chmod(0o755)
    with pytest.raises(ChronusError, match="private"):
        connection.connect("default", 0)


def test_an_engine_reports_its_progress_and_then_its_notes(says):
    started, seen = says(
        """echo '{"progress":[1,2,"saw"]}' >&$FD; echo -n '{"progress":[2,' >&$FD; sleep 0.1; echo '2,"sine"]}' >&$FD
        echo '{"ready":true,"notes":["no sound card: the null device plays, silently"]}' >&$FD; exec sleep 5"""
    )
    assert started.notes == ["no sound card: the null device plays, silently"]
    assert seen == [(1, 2, "saw"), (2, 2, "sine")]
    assert os.getsid(started.process.pid) == started.process.pid
    started.process.kill()
    started.process.wait()


def test_a_missing_device_ends_with_4(says):
    error, _ = says("""echo '{"error":{"code":"E_DEVICE","message":"no output is named x","exit":4}}' >&$FD""")
    assert (error.code, error.message, error.exit) == ("E_DEVICE", "no output is named x", 4)


def test_an_engine_that_dies_before_it_is_ready_is_said_with_its_log(says):
    error, _ = says("echo what happened >&2; exit 1")
    assert (error.code, error.exit) == ("E_ENGINE", 3)
    assert str(connection.log_path("default")) in error.message
    assert "what happened" in connection.log_path("default").read_text()


def test_a_child_that_holds_the_pipe_open_does_not_keep_us(says):
    began = time.monotonic()
    error, _ = says("sleep 3 & exit 1")
    assert error.code == "E_ENGINE"
    assert time.monotonic() - began < 2


def test_an_engine_that_hangs_is_not_waited_for_by_who_asks_what_kinds_are_set_to(home, capsys):
    """Its socket takes the connection, and nobody answers."""
    path = connection.socket_path("default")
    path.parent.mkdir(exist_ok=True)
    with socket.socket(socket.AF_UNIX) as hangs:
        hangs.bind(str(path))
        hangs.listen()
        began = time.monotonic()
        assert remote.described(Settings(), ["kick"]) == {}
    assert time.monotonic() - began < remote.PRESENT_SECONDS + 2
    assert capsys.readouterr().err == "chronus: the engine did not say hello in 1 s; present values are left out\n"
