"""Finds a running engine by its name, connects to its socket, or starts an engine.

The rules: the lock file (flock) decides who owns a name; a socket without a held lock is stale, and only the lock's
owner removes it; the process that answers on the socket must belong to our own user.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from chronus import places
from chronus.errors import CODES, ChronusError
from chronus.settings import Settings

PROBE_SECONDS = 0.5
"""How long an engine tries for its lock: a client that only looks whether it is held holds it for an instant."""

WAIT_SECONDS = 1.0
"""After which whoever waits for an engine is told that he does."""

SOCKET_PATH_BYTES = 107
"""What sun_path holds besides the zero at its end (unix(7))."""

LOG_BYTES = 1 << 20
"""A log file larger than this is begun anew."""

Progress = Callable[[int, int, str], None]
"""Kernels compiled, kernels in all, the one at work."""


def socket_path(name: str) -> Path:
    """Returns the socket's path; raises E_PATH where it has more bytes than the system allows."""
    path = places.runtime() / f"{name}.sock"
    excess = len(os.fsencode(path)) - SOCKET_PATH_BYTES
    if excess > 0:
        raise ChronusError(
            "E_PATH", f"{path} is {excess} bytes too long for a socket; XDG_RUNTIME_DIR may name another folder"
        )
    return path


def lock_path(name: str) -> Path:
    return places.runtime() / f"{name}.lock"


def log_path(name: str) -> Path:
    return places.runtime() / f"{name}.log"


# ---------------------------------------------------------------- the lock


def own(name: str) -> int:
    """Takes the engine's name: returns a descriptor that holds the lock until it is closed. Raises E_EXISTS where another has it.

    The file then holds the number of this process.
    """
    file = os.open(lock_path(name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    until = time.monotonic() + PROBE_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(file, 0)
            os.pwrite(file, b"%d\n" % os.getpid(), 0)
            return file
        except BlockingIOError:
            if time.monotonic() > until:
                os.close(file)
                raise ChronusError("E_EXISTS", f'an engine named "{name}" is already running') from None
            time.sleep(0.02)


def lock_held(name: str) -> bool:
    """Whether an engine owns the name. Takes the lock shared for an instant, so that two who look do not see each other."""
    try:
        file = os.open(lock_path(name), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def owner(name: str) -> int | None:
    """Returns the process that owns the name; None where there is none."""
    with contextlib.suppress(OSError, ValueError):
        number = int(lock_path(name).read_text())
        return number if lock_held(name) else None
    return None


def wait_until_free(name: str, timeout: float) -> bool:
    """Whether the name was given back in time (seconds)."""
    until = time.monotonic() + timeout
    while lock_held(name):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


# ---------------------------------------------------------------- connecting


class NoEngine(ChronusError):
    """No engine owns the name."""


def connect(name: str, timeout: float, on_wait: Callable[[], object] = lambda: None) -> socket.socket:
    """Connects to the engine's socket; raises NoEngine where there is none. Waits for an engine that holds its lock but does not
    listen yet.

    `timeout` is in seconds. `on_wait` is called once if it takes longer than somebody expects who looks on.
    """
    path = socket_path(name)
    began = time.monotonic()
    until, said = began + timeout, False
    while True:
        there = _try(path)
        if there is not None:
            return there
        if not lock_held(name):
            raise NoEngine("E_ENGINE", f'no engine named "{name}" is running')
        if time.monotonic() > until:
            raise ChronusError(
                "E_ENGINE",
                f'the engine "{name}" is there but did not answer in {timeout:g} s; its log is {log_path(name)}',
            )
        if not said and time.monotonic() > began + WAIT_SECONDS:
            said = True
            on_wait()
        time.sleep(0.02)


def _try(path: Path) -> socket.socket | None:
    there = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        there.connect(str(path))
        _check_peer(there, path)
    except (FileNotFoundError, ConnectionRefusedError, BlockingIOError):
        there.close()
        return None
    except OSError as problem:
        there.close()
        raise ChronusError("E_ENGINE", f"{path}: {problem.strerror or problem}") from None
    except ChronusError:
        there.close()
        raise
    return there


def peer_uid(there: socket.socket) -> int:
    """Returns the user at the other end."""
    _pid, uid, _gid = struct.unpack("3i", there.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(uid)


def _check_peer(there: socket.socket, path: Path) -> None:
    if peer_uid(there) != os.getuid():
        raise ChronusError("E_ENGINE", f"{path} is answered by another user; nothing was sent")


# ---------------------------------------------------------------- starting one


class Started(NamedTuple):
    """`notes` are what the new engine has to say; `process` is to be waited for if it is told to end."""

    notes: list[str]
    process: subprocess.Popen[bytes]


class StartError(ChronusError):
    """Raised when the engine did not come up; `exit` is what this program should end with."""

    def __init__(self, code: str, message: str, exit: int) -> None:
        super().__init__(code, message)
        self.exit = exit


def start_engine(settings: Settings, on_progress: Progress, line: int | None = None) -> Started:
    """Starts an engine in a session of its own and waits until it is ready. StartError says why it is not.

    `line`: the read end of a lifeline; when its other end is gone, so is the engine.
    """
    reports, telling = os.pipe()
    words = [sys.executable, "-P", "-m", "chronus", "engine", *settings.engine_arguments(), "--ready-fd", str(telling)]
    if line is not None:
        words += ["--line", str(line)]
    with _log(settings.engine) as log:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(telling,) if line is None else (telling, line),
            env=places.environment(),
        )
    os.close(telling)
    try:
        return Started(_hear(reports, process, settings.engine, on_progress), process)
    except BaseException:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(2)
        raise
    finally:
        os.close(reports)


@contextlib.contextmanager
def _log(name: str) -> Iterator[int]:
    path = log_path(name)
    large = path.exists() and path.stat().st_size > LOG_BYTES
    log = os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if large else os.O_APPEND), 0o600)
    try:
        yield log
    finally:
        os.close(log)


def _hear(reports: int, process: subprocess.Popen[bytes], name: str, on_progress: Progress) -> list[str]:
    for line in _lines(reports, process):
        message: dict[str, Any] = json.loads(line)
        if "progress" in message:
            on_progress(*message["progress"])
        elif "error" in message:
            error = message["error"]
            code = error["code"] if error["code"] in CODES else "E_ENGINE"
            raise StartError(code, error["message"], int(error.get("exit", 3)))
        elif message.get("ready"):
            return list(message.get("notes", []))
    raise StartError(
        "E_ENGINE", f"the engine ended before it was ready ({_end(process)}); its log is {log_path(name)}", 3
    )


def _end(process: subprocess.Popen[bytes]) -> str:
    try:
        code = process.wait(1)
    except subprocess.TimeoutExpired:
        return "it says no more"
    return f"exit {code}" if code >= 0 else f"signal {-code}"


def _lines(reports: int, process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Returns lines until the engine closes its end or dies: its children may hold the pipe open, so both are watched."""
    waiting = b""
    while True:
        if select.select([reports], [], [], 0.1)[0]:
            more = os.read(reports, 65536)
            if not more:
                return
            *whole, waiting = (waiting + more).split(b"\n")
            yield from whole
        elif process.poll() is not None:
            return
