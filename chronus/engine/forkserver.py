"""Forks workers, hosts and recorders: a process that has loaded all the machine code on the disk.

Importing NumPy, Numba and the kernels costs half a second; forking a process that has them 2 ms. It has one thread, because a fork of
several threads copies locks that no thread will release. Its requests and answers are declared in engine_line; descriptors travel
beside them.

One child is always forked ahead and waits to be told what to be: a fork takes 2 to 5 ms to copy page tables, and mapping the shared
memory another 3, which a slot that plays alone should not wait for. That child is forked while nothing else is asked for; where there is
none, a process is forked when it is asked for.

It compiles nothing. The code that every worker needs is loaded before anything can be forked; if that is not on the disk yet, it says so,
and waits. Kernels are loaded one at a time, while no process is asked for: those it is told to load, and all that are on the disk.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import os
import selectors
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from chronus import engine_line
from chronus.engine_line import (
    CanFork,
    Ended,
    Fork,
    Forked,
    ForkProof,
    ForkRecorder,
    ForkWorker,
    FromForkserver,
    LacksParts,
    Load,
    Loaded,
    LoadParts,
)  # fmt: skip
from chronus.system import lifeline, title
from chronus.system.urgency import REPAIRING, hurry, unhurried

AHEAD_SECONDS = 0.03
"""So long after the last request the next child is forked ahead."""

ALONE = ForkProof
"""Who is not to have the engine's memory: it may break what it can reach."""

Life = Callable[..., None]
"""What a child does: (what was asked, the memory's descriptor, its own descriptors). It may return, or not."""
Lives = Mapping[type[Fork], Life]
"""What a child does, by what was asked."""
Ahead = Callable[[int], None]
"""What a child that is forked ahead can do before it knows what it will be, given the memory's descriptor."""


class Code(NamedTuple):
    """The machine code. `load_parts` loads what every worker needs, and returns whether it was there; with True it is compiled if
    not. `load` loads a kernel, and returns whether it was there. `kernels` are all kernels, the likeliest first.
    """

    load_parts: Callable[[bool], bool]
    load: Callable[[str], bool]
    kernels: Sequence[str]


class Forkserver:
    def __init__(self, channel: socket.socket, lives: Lives, ahead: Ahead, code: Code) -> None:
        self.channel, self.lives, self.ahead, self.code = channel, lives, ahead, code
        self.memory = -1  # known from the first request on
        self.spare: tuple[int, socket.socket] | None = None  # pid, and where it is told what it is
        self.to_load = deque(code.kernels)
        self.told_to: set[str] = set()
        self.found: dict[str, bool] = {}
        self.outdated = False
        """There is more machine code now than when the spare child was forked."""

    def run(self) -> None:
        """Forks what it is asked to, and reports deaths, until the other end is closed."""
        woken, wake = os.pipe()
        for end in (woken, wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake)
        if not self._load_parts():
            return
        self._send(CanFork())
        hurry(REPAIRING)  # while it waits for its turn, one slot plays alone
        said = engine_line.to_forkserver()
        with selectors.DefaultSelector() as selector:
            selector.register(self.channel, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while True:
                loads = self.to_load and self.memory >= 0
                ready = selector.select(0 if loads else None if self.spare or self.memory < 0 else AHEAD_SECONDS)
                if not ready and loads:
                    self._load_one()
                elif not ready:
                    self._fork_ahead((woken, wake))
                for key, _ in ready:
                    if key.fileobj is self.channel:
                        try:
                            packet, descriptors, _, _ = socket.recv_fds(self.channel, 1 << 16, 8)
                        except ConnectionError:
                            return
                        if not packet:
                            return
                        for asked in said.feed(packet):
                            if isinstance(asked, Load):
                                self.told_to.update(asked.kernels)
                                self.to_load.extendleft(reversed(asked.kernels))
                            elif not isinstance(asked, LoadParts):
                                self._fork(asked, descriptors, (woken, wake))
                        for descriptor in descriptors:
                            os.close(descriptor)
                    else:
                        os.read(woken, 4096)
                        self._reap()

    def _load_parts(self) -> bool:
        """Loads what every worker needs; False if the other end was closed meanwhile. Code that is missing although it was compiled
        is compiled here: the disk cannot keep it.
        """
        if not self.code.load_parts(False):
            self._send(LacksParts())
            if not self.channel.recv(1 << 16):
                return False
            self.code.load_parts(True)
        gc.collect()
        gc.freeze()
        return True

    def _load_one(self) -> None:
        """Loads the next kernel. One that was asked for is answered at once, the rest when all is done; then another child is
        forked ahead.
        """
        with unhurried():
            kernel = self.to_load.popleft()
            self.found[kernel] = self.code.load(kernel)
        self.outdated |= self.found[kernel]
        if kernel in self.told_to or not self.to_load:
            self.told_to.discard(kernel)
            there = tuple(name for name, loaded in self.found.items() if loaded)
            self._send(Loaded(there, tuple(name for name in self.found if name not in there)))
            self.found = {}
        if self.outdated and not self.to_load:
            self.outdated = False
            self._let_the_spare_go()

    def _let_the_spare_go(self) -> None:
        """Ends the child forked ahead; the next one is forked in a moment."""
        if self.spare is not None:
            self.spare[1].close()
            self.spare = None

    def _send(self, message: FromForkserver) -> None:
        self.channel.send(engine_line.encode(message))

    def _fork(self, asked: Fork, descriptors: list[int], own: tuple[int, ...]) -> None:
        pid = self._tell_spare(asked, descriptors) or os.fork()
        if pid == 0:
            self._let_go(own)
            _live(asked, descriptors, self.lives)
        if self.memory < 0 and not isinstance(asked, ALONE):
            self.memory = os.dup(descriptors[0])
        self._send(Forked(asked.number, pid))

    def _fork_ahead(self, own: tuple[int, ...]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pid = os.fork()
        if pid == 0:
            ours.close()
            self.ahead(self.memory)
            self._let_go(own)
            title.take("spare")
            hurry(REPAIRING)
            packet, descriptors, _, _ = socket.recv_fds(theirs, 1 << 16, 8)
            if not packet:
                os._exit(0)  # the forkserver has ended, and it was never needed
            theirs.close()
            (asked,) = engine_line.to_spare().feed(packet)
            with contextlib.nullcontext() if isinstance(asked, ForkWorker) else unhurried():
                _live(asked, descriptors, self.lives)
        theirs.close()
        self.spare = pid, ours

    def _tell_spare(self, asked: Fork, descriptors: list[int]) -> int:
        """Gives the child forked ahead its task, and returns its pid; 0 where there is none."""
        if self.spare is None or isinstance(asked, ALONE):
            return 0
        (pid, line), self.spare = self.spare, None
        with line:
            try:
                socket.send_fds(line, [engine_line.encode(asked)], descriptors)
            except OSError:
                return 0  # somebody killed it
        return pid

    def _let_go(self, own: tuple[int, ...]) -> None:
        """Closes, in a child, the forkserver's own descriptors."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self.channel.close()
        for end in (*own, *([self.memory] if self.memory >= 0 else [])):
            os.close(end)

    def _reap(self) -> None:
        for pid, status in lifeline.reaped():
            if self.spare and pid == self.spare[0]:
                self.spare[1].close()
                self.spare = None
            self._send(Ended(pid, status))


def _live(asked: Fork, descriptors: list[int], lives: Lives) -> None:
    """Runs the life of a child. Never returns."""
    try:
        memory_fd, line, *own = descriptors
        lifeline.hold(line)
        title.take(_role(asked))
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        lives[type(asked)](asked, memory_fd, *own)
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
        os._exit(70)
    os._exit(0)


def _role(asked: Fork) -> str:
    if isinstance(asked, ForkWorker):
        return f"worker {asked.slot}"
    return "proof" if isinstance(asked, ForkProof) else "recorder" if isinstance(asked, ForkRecorder) else "host"


def main(channel_fd: int, line: int, load: Callable[[], tuple[Lives, Ahead, Code]]) -> int:
    """Runs the forkserver. `line` is its own lifeline. `load` imports what the children need, and returns that."""
    lifeline.hold(line)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()
    Forkserver(socket.socket(fileno=channel_fd), *load()).run()
    return 0
