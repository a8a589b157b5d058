"""Turns SIGTERM into something a selector can see: a byte on a socket."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def terminations() -> Iterator[socket.socket]:
    """Returns a socket that is readable once the process has been told to end. SIGINT (Ctrl-C goes to the whole foreground group)
    is ignored.
    """
    heard, told = socket.socketpair()
    heard.setblocking(False)
    told.setblocking(False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    before = signal.signal(signal.SIGTERM, lambda number, frame: None)
    old = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    try:
        yield heard
    finally:
        signal.set_wakeup_fd(old)
        signal.signal(signal.SIGTERM, before)
        heard.close()
        told.close()
