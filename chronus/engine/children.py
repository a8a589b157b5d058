"""Starts the engine's processes, listens to them and ends them. It decides nothing about what it hears.

Rule 1: every process holds the read end of a lifeline whose write end only this process holds: a process whose lifeline is closed dies,
        and when the supervisor dies, all of them do. The lifeline of a dead process is closed.
Rule 2: the forkserver, control and the compilers are started afresh; workers, hosts, recorders and trials are forked by the forkserver,
        on request.
Rule 3: nothing here waits for a child, except for control at the very end.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import msgspec

from chronus import connection, engine_line, places
from chronus.engine.roll import CompilerSaid, Died, Heard, Roll
from chronus.engine_line import (
    ForkHost,
    ForkProof,
    ForkRecorder,
    ForkWorker,
    FromCompiler,
    FromForkserver,
    FromHost,
    Given,
    Lines,
    Load,
    LoadParts,
    Play,
    Record,
    Recording,
    ToCompiler,
    ToControl,
    ToForkserver,
)  # fmt: skip
from chronus.memory import layout
from chronus.memory.shelf import for_reading
from chronus.settings import Settings
from chronus.system import lifeline

_LEAVE_SECONDS = 0.3
"""So long may the host take leave of its server."""
_SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER."""
_LARGE_PAGES = {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""The forkserver's memory lies in few large pages, where the system has any: most of the time from SIGKILL until a worker is dead goes
into taking its memory apart. Measured: 3.3 ms instead of 5.7, and as much sooner is the next one in lockstep."""


class Children(Roll):
    """`memory`, `sheet` and `shelf`: descriptors of the engine's memory, the sheet of trials and the shelf of tables, for the children."""

    def __init__(self, settings: Settings, memory: int, sheet: int, shelf: int) -> None:
        super().__init__()
        self.settings, self.memory, self.sheet, self.shelf = settings, memory, sheet, shelf
        self.wakes = [os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK) for _ in range(layout.SLOTS)]
        self.alarm = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        """The callback of the host rings it where silence begins."""
        self.lines: dict[str, int] = {}
        self.compilers: dict[str, Compiler] = {}
        self.recorder: socket.socket | None = None
        self.selector = selectors.DefaultSelector()

    def begin(self) -> None:
        """Starts to listen for deaths: of the processes it started, and of the orphans of a dead forkserver."""
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
        self.woken, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(self.woken, selectors.EVENT_READ, self._reap)
        self.selector.register(self.alarm, selectors.EVENT_READ, self._alarmed)

    # ------------------------------------------------------------ starting

    def start_forkserver(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.forkserver, said = ours, engine_line.from_forkserver()
        self.selector.register(ours, selectors.EVENT_READ, lambda: self._hear_forkserver(ours, said))
        shelf = for_reading(self.shelf)
        given = {"--channel": theirs.fileno(), "--shelf": shelf}
        words = [word for name, number in given.items() for word in (name, str(number))]
        self._spawn("forkserver", *words, keep=tuple(given.values()), **_LARGE_PAGES)
        theirs.close()
        os.close(shelf)

    def start_control(self, door: int) -> None:
        """Starts control. `door` is the listening socket."""
        ours, theirs = socket.socketpair()
        self.control, said = ours, engine_line.from_control()
        self.selector.register(ours, selectors.EVENT_READ, lambda: said.feed(self._received(ours)))
        channel, wakes = theirs.fileno(), tuple(self.wakes)
        given = Given(channel, self.memory, self.sheet, self.shelf, door, wakes, self.settings, os.getpid())
        keep = (channel, self.memory, self.sheet, self.shelf, door, *wakes)
        self._spawn("control", "--given", msgspec.json.encode(given).decode(), keep=keep)
        theirs.close()

    def fork_worker(self, slot: int) -> None:
        role = f"worker {slot}"
        self._fork(role, ForkWorker(self.ask(role), slot), self.memory, self.wakes[slot])

    def fork_host(self, role: str, device: str | None, fall_back: bool = False) -> None:
        """Asks for a host, or a candidate for its place; it opens the device of that name, and then waits to be told to play."""
        ours, theirs = socket.socketpair()
        said = engine_line.from_host()
        self.selector.register(ours, selectors.EVENT_READ, lambda: self._hear_host(ours, said))
        log = str(connection.log_path(self.settings.engine))
        asked = ForkHost(self.ask(role), device, self.settings.period, fall_back, log)
        self._fork(role, asked, self.memory, theirs.fileno(), self.alarm)
        theirs.close()
        self.hosts[role] = ours

    def fork_proof(self) -> None:
        """Asks for a trial of what lies on the sheet; the trial sees that and nothing of the engine."""
        self.kill("proof")  # one that still runs was asked for by a control that is gone
        self._fork("proof", ForkProof(self.ask("proof")), self.sheet, self.sheet)

    def fork_recorder(self, record: Record, after: Recording | None) -> None:
        """Asks for a recorder; `after`: what the one said last whose file it goes on with."""
        ours, theirs = socket.socketpair()
        said = engine_line.from_recorder()
        self.selector.register(ours, selectors.EVENT_READ, lambda: self._hear_recorder(ours, said))
        asked = ForkRecorder(self.ask("recorder"), self.settings.engine, record, after)
        self._fork("recorder", asked, self.memory, theirs.fileno())
        theirs.close()
        self.recorder = ours

    def tell_recorder(self, record: Record) -> None:
        with contextlib.suppress(OSError, AttributeError):  # it is dead; the next one is told
            self.recorder.send(engine_line.encode(record), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)  # type: ignore[union-attr]

    def start_compiler(self, role: str) -> None:
        """Starts a compiler, which waits for jobs."""
        line = self._line(role)
        compiler = self.compilers[role] = Compiler(line)
        os.close(line)
        self.pids[role] = compiler.pid
        self.selector.register(compiler.answers, selectors.EVENT_READ, lambda: self._hear_compiler(role, compiler))

    def tell_compiler(self, role: str, message: ToCompiler) -> None:
        if role in self.compilers:
            self.compilers[role].tell(message)

    def end_compiler(self, role: str) -> None:
        """Ends a compiler when it has done its jobs."""
        if role in self.compilers:
            self.compilers.pop(role).end()

    def tell_forkserver(self, message: LoadParts | Load) -> None:
        with contextlib.suppress(OSError, AttributeError):  # there is none; the next one finds by itself what there is
            self.forkserver.send(engine_line.encode(message))

    def _spawn(self, role: str, *arguments: str, keep: tuple[int, ...], **more: str) -> None:
        line, words = self._line(role), ("chronus.processes", role, *arguments)
        self.pids[role] = self._run(*words, "--line", str(line), keep=(*keep, line), OPENBLAS_NUM_THREADS="1", **more)
        os.close(line)

    def _run(self, file: str, *arguments: str, keep: tuple[int, ...], **more: str) -> int:
        command = [sys.executable, "-m", file, *arguments]
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=keep, env={**os.environ, **more})
        child.returncode = 0  # it is reaped here, not by subprocess
        return child.pid

    def _fork(self, role: str, asked: ToForkserver, memory: int, *own: int) -> None:
        line = self._line(role)
        with contextlib.suppress(OSError):  # it is dead, which may not have been heard yet: then it owes this, too
            socket.send_fds(self.forkserver, [engine_line.encode(asked)], [memory, line, *own])
        os.close(line)

    def _line(self, role: str) -> int:
        """Makes a lifeline for a new child; returns the read end."""
        self.cut(role)
        read, self.lines[role] = os.pipe2(os.O_CLOEXEC)
        return read

    # ------------------------------------------------------------ listening

    def listen(self, seconds: float) -> Iterator[Heard]:
        """Waits until there is something to hear, at most that many seconds. Each message is acted upon before the next is heard."""
        ready = self.selector.select(seconds)
        return (heard for key, _ in ready for heard in key.data())

    def _hear_forkserver(self, channel: socket.socket, said: Lines[FromForkserver]) -> Iterator[Heard]:
        for message in said.feed(self._received(channel)):
            yield from self.forkserver_said(message)

    def _hear_compiler(self, role: str, compiler: Compiler) -> Iterator[Heard]:
        for message in compiler.read():
            yield CompilerSaid(role, message)
        if compiler.gone:
            self.selector.unregister(compiler.answers)
            compiler.close()

    def _hear_host(self, channel: socket.socket, said: Lines[FromHost]) -> Iterator[Heard]:
        for message in said.feed(self._received(channel)):
            yield from self.host_said(channel, message)

    def _hear_recorder(self, channel: socket.socket, said: Lines[Recording]) -> list[Recording]:
        heard = said.feed(self._received(channel))
        return heard if channel is self.recorder else []

    def _received(self, channel: socket.socket) -> bytes:
        """Reads a message; empty where the other end is gone: then this one is closed."""
        try:
            text = channel.recv(1 << 16)
        except ConnectionError:
            text = b""
        if not text:
            self.selector.unregister(channel)
            channel.close()
        return text

    def _alarmed(self) -> tuple[Heard, ...]:
        """Does nothing with the alarm itself: it only wakes the listener, which then looks at the board."""
        os.eventfd_read(self.alarm)
        return ()

    def _reap(self) -> Iterator[Heard]:
        os.read(self.woken, 4096)
        for pid, status in lifeline.reaped():
            yield from self.died(pid, status)

    def died(self, pid: int, status: int) -> list[Died]:
        heard = super().died(pid, status)
        for one in heard:
            self.compilers.pop(one.role, None)
        for one in heard:
            self.cut(one.role)
        return heard

    # ------------------------------------------------------------ telling

    def tell_control(self, message: ToControl) -> None:
        try:
            self.control.send(engine_line.encode(message), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except (OSError, AttributeError):
            pass  # it is not there; the next one asks for all of it

    def play(self) -> None:
        """Tells the host to play what it has open."""
        with contextlib.suppress(OSError):  # it is dead; that is heard elsewhere
            self.hosts["host"].send(engine_line.encode(Play()), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)

    def candidate_takes_over(self) -> None:
        """Gives the candidate the place of the host, which is dead."""
        for known in (self.pids, self.lines, self.hosts):
            known["host"] = known.pop("candidate")

    # ------------------------------------------------------------ ending

    def kill(self, role: str) -> None:
        if role in self.pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pids[role], signal.SIGKILL)

    def cut(self, role: str) -> None:
        """Closes a lifeline: the process that holds its other end dies."""
        if role in self.lines:
            os.close(self.lines.pop(role))

    def end_control(self, seconds: float) -> None:
        """Asks control to end, and waits until it has; at most that many seconds."""
        pid = self.pids["control"]
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and _lives(pid):
            time.sleep(0.002)

    def part_from_host(self) -> None:
        """Lets the host disconnect from its server, which may wait for seconds for a client that vanished."""
        if "host" in self.hosts:
            with contextlib.suppress(OSError):
                self.hosts["host"].settimeout(_LEAVE_SECONDS)
                self.hosts["host"].shutdown(socket.SHUT_WR)
                self.hosts["host"].recv(64)


class Compiler:
    """The two ends of a compiler, see worker/compiler.py: jobs go in, answers come out. `line`: the read end of a lifeline for it."""

    def __init__(self, line: int | None = None) -> None:
        command = [sys.executable, "-P", "-m", "chronus.worker.compiler", *([] if line is None else [str(line)])]
        pipe, keep = subprocess.PIPE, () if line is None else (line,)
        child = subprocess.Popen(command, stdin=pipe, stdout=pipe, pass_fds=keep, env=places.environment())
        assert child.stdin and child.stdout
        child.returncode = 0  # whoever starts it hears of its death by himself
        self.pid, self.jobs, self.answers = child.pid, child.stdin, child.stdout
        self.gone = False
        self._said = engine_line.from_compiler()

    def tell(self, message: ToCompiler) -> None:
        with contextlib.suppress(BrokenPipeError, ValueError):  # it is dead; that is heard elsewhere
            os.write(self.jobs.fileno(), engine_line.encode(message))

    def read(self) -> list[FromCompiler]:
        """Returns the compiler's messages."""
        more = os.read(self.answers.fileno(), 1 << 16)
        self.gone = not more
        return self._said.feed(more)

    def end(self) -> None:
        """Gives it no more jobs, so that it ends."""
        self.jobs.close()

    def close(self) -> None:
        self.answers.close()
        self.jobs.close()

    def kill(self) -> None:
        """Kills it at once, and waits until it is dead."""
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self.close()


def _lives(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == 0
    except ChildProcessError:
        return False
