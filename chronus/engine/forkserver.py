"""Where workers and hosts come from: a process that has loaded all machine code once, and forks.

Importing NumPy, Numba and the kernels costs half a second; a fork of one who has them 2 ms. It has one thread, because a fork of
more copies locks that nobody will release. What it is asked and what it answers stands in engine_line; descriptors travel beside it.

One child is always forked ahead and waits to be told what it is: a fork takes 2 to 5 ms of copying page tables, and laying the shared
memory under a process another 3, which a slot that plays alone should not wait for. It is made while nothing else is asked for;
without one, who is asked for is forked then and there.
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
from collections.abc import Callable, Mapping

from chronus import engine_line
from chronus.engine_line import CanFork, Ended, Forked, ForkProof, ForkWorker, FromForkserver, ToForkserver
from chronus.system import lifeline, title
from chronus.system.urgency import REPAIRING, hurry, unhurried

AHEAD_SECONDS = 0.03
"""So long after the last request the next child is forked ahead."""

ALONE = ForkProof
"""Who is not to have the engine's memory: it may break what it can reach."""

Life = Callable[..., None]
"""What a child does: (what was asked, the memory's descriptor, its own descriptors). It may return, or not."""
Lives = Mapping[type[ToForkserver], Life]
"""What a child does, by what was asked."""
Ahead = Callable[[int], None]
"""What a child that is forked ahead can do before it knows what it will be, given the memory's descriptor."""


class Forkserver:
    def __init__(self, channel: socket.socket, lives: Lives, ahead: Ahead) -> None:
        self.channel, self.lives, self.ahead = channel, lives, ahead
        self.memory = -1  # known from the first request on
        self.spare: tuple[int, socket.socket] | None = None  # pid, and where it is told what it is

    def run(self) -> None:
        """Forks what it is asked to, and tells who has died, until the other end is closed."""
        gc.collect()
        gc.freeze()
        woken, wake = os.pipe()
        for end in (woken, wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake)
        self._send(CanFork())
        hurry(REPAIRING)  # while it waits for its turn, one slot plays alone
        said = engine_line.to_forkserver()
        with selectors.DefaultSelector() as selector:
            selector.register(self.channel, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while True:
                ready = selector.select(None if self.spare or self.memory < 0 else AHEAD_SECONDS)
                if not ready:
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
                            self._fork(asked, descriptors, (woken, wake))
                        for descriptor in descriptors:
                            os.close(descriptor)
                    else:
                        os.read(woken, 4096)
                        self._reap()

    def _send(self, message: FromForkserver) -> None:
        self.channel.send(engine_line.encode(message))

    def _fork(self, asked: ToForkserver, descriptors: list[int], own: tuple[int, ...]) -> None:
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
            (asked,) = engine_line.to_forkserver().feed(packet)
            with contextlib.nullcontext() if isinstance(asked, ForkWorker) else unhurried():
                _live(asked, descriptors, self.lives)
        theirs.close()
        self.spare = pid, ours

    def _tell_spare(self, asked: ToForkserver, descriptors: list[int]) -> int:
        """The pid of the child that was forked ahead and is now what is asked for; 0 where there is none."""
        if self.spare is None or isinstance(asked, ALONE):
            return 0
        (pid, told), self.spare = self.spare, None
        with told:
            try:
                socket.send_fds(told, [engine_line.encode(asked)], descriptors)
            except OSError:
                return 0  # somebody killed it
        return pid

    def _let_go(self, own: tuple[int, ...]) -> None:
        """Closes, in a child, what is the forkserver's own."""
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


def _live(asked: ToForkserver, descriptors: list[int], lives: Lives) -> None:
    """The life of a child. Never returns."""
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


def _role(asked: ToForkserver) -> str:
    if isinstance(asked, ForkWorker):
        return f"worker {asked.slot}"
    return "proof" if isinstance(asked, ForkProof) else "host"


def main(channel_fd: int, line: int, load: Callable[[], tuple[Lives, Ahead]]) -> int:
    """`line` is the lifeline of the forkserver itself. `load` loads all machine code and returns what can be forked."""
    lifeline.hold(line)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()
    Forkserver(socket.socket(fileno=channel_fd), *load()).run()
    return 0
