"""Where workers and hosts come from: a process that has loaded all machine code once, and forks.

Importing NumPy, Numba and the kernels costs half a second; a fork of one who has them 2 ms. It has one thread, because a fork of
more copies locks that nobody will release. Messages are JSON packets; descriptors travel beside them.

    -> {"id": 1, "role": "worker", "slot": 0}                            memory, lifeline, wake
    -> {"id": 2, "role": "host", "device": null, ...}                    memory, lifeline, channel
    <- {"id": 1, "pid": 4711}     <- {"exit": 4711, "status": 9}     <- {"ready": true}
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

from chronus import lifeline, title
from chronus.urgency import WATCHING, hurry

Life = Callable[[dict[str, Any], int, int], None]
"""What a child does: (what was asked, the memory's descriptor, its own descriptor). It may return, or not."""


class Forkserver:
    def __init__(self, channel: socket.socket, lives: Mapping[str, Life]) -> None:
        self.channel, self.lives = channel, lives

    def run(self) -> None:
        """Forks what it is asked to, and tells who has died, until the other end is closed."""
        gc.collect()
        gc.freeze()
        woken, wake = os.pipe()
        for end in (woken, wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake)
        self._send({"ready": True})
        with selectors.DefaultSelector() as selector:
            selector.register(self.channel, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self.channel:
                        try:
                            message, descriptors, _, _ = socket.recv_fds(self.channel, 1 << 16, 8)
                        except ConnectionError:
                            return
                        if not message:
                            return
                        self._fork(json.loads(message), descriptors, (woken, wake))
                    else:
                        os.read(woken, 4096)
                        self._reap()

    def _send(self, message: dict[str, Any]) -> None:
        self.channel.send(json.dumps(message).encode())

    def _fork(self, asked: dict[str, Any], descriptors: list[int], own: tuple[int, ...]) -> None:
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self.channel.close()
            for end in own:
                os.close(end)
            _live(asked, descriptors, self.lives)
        for descriptor in descriptors:
            os.close(descriptor)
        self._send({"id": asked["id"], "pid": pid})

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._send({"exit": pid, "status": os.waitstatus_to_exitcode(status)})


def _live(asked: dict[str, Any], descriptors: list[int], lives: Mapping[str, Life]) -> None:
    """The life of a child. Never returns."""
    try:
        memory_fd, line, own = descriptors
        lifeline.hold(line)
        title.take(f"{asked['role']} {asked.get('slot', '')}".strip())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        lives[asked["role"]](asked, memory_fd, own)
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
        os._exit(70)
    os._exit(0)


def main(channel_fd: int, line: int, load: Callable[[], Mapping[str, Life]]) -> int:
    """`line` is the lifeline of the forkserver itself. `load` loads all machine code and returns what can be forked."""
    lifeline.hold(line)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()
    lives = load()
    hurry(WATCHING)  # a child does not inherit it
    Forkserver(socket.socket(fileno=channel_fd), lives).run()
    return 0
