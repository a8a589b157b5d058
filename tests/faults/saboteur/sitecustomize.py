"""On the path of an engine, this puts a thread into every fork of its forkserver that obeys orders: a word in a file that is named like the
process, in the folder CHRONUS_SABOTAGE.

    hold      holds the interpreter for ever
    leak      takes 8 MB more every 10 ms, up to 400 MB, and lets go of none
    exhaust   takes all the memory that it is allowed, without touching it
"""

import os
import threading
import time
from pathlib import Path

_kept = []


def _hold() -> None:
    import ctypes

    ctypes.PyDLL(None).pause()  # PyDLL keeps the GIL through the call


def _leak() -> None:
    for _ in range(50):
        _kept.append(b"\1" * (8 << 20))
        time.sleep(0.01)


def _exhaust() -> None:
    for size in (1 << 28, 1 << 20, 1 << 14):
        try:
            while True:
                _kept.append(bytes(size))
        except MemoryError:
            pass


def _obey() -> None:
    order = Path(os.environ["CHRONUS_SABOTAGE"]) / str(os.getpid())
    while not order.exists():
        time.sleep(0.005)
    {"hold": _hold, "leak": _leak, "exhaust": _exhaust}[order.read_text()]()


if b"forkserver" in Path("/proc/self/cmdline").read_bytes():
    os.register_at_fork(after_in_child=lambda: threading.Thread(target=_obey, daemon=True).start())
