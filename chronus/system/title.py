"""Sets the name of a process in `ps` and `top`: a forked process shows the command line of its parent until it sets its own."""

from __future__ import annotations

import ctypes
from contextlib import suppress

from chronus.system import proc

_PR_SET_NAME = 15


def take(role: str) -> None:
    """Sets the name to `chronus ROLE`, in full in `ps`, in 15 letters in `top`. Where the system has no such thing, nothing happens."""
    title = f"chronus {role}".encode()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_NAME, title.replace(b" ", b"-", 1).replace(b" ", b"")[:15], 0, 0, 0)
    with suppress(OSError):
        start, end = found.arguments if (found := proc.stat("self")) else (0, 0)
        size = end - start
        if start and size > len(title) + 1:
            # Where the last byte is no NUL, the kernel shows the words up to the first one, and not all that stood there.
            ctypes.memmove(start, title.ljust(size - 1, b"\0") + b".", size)
