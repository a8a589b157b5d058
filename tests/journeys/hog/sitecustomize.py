"""On the path of an engine, this puts a thread into its audio host that holds the interpreter for 100 ms at a time: the pause of a
garbage collector, or worse."""

import os
import sys
import threading
from pathlib import Path


def _hold() -> None:
    import ctypes
    import time

    for _ in range(1000):  # who will be the host is known once it has loaded its room
        if "chronus.audio.host" in sys.modules:
            break
        time.sleep(0.001)
    else:
        return
    hold = ctypes.PyDLL(None).usleep  # PyDLL keeps the GIL through the call
    while True:
        hold(100_000)
        time.sleep(0.002)


if b"forkserver" in Path("/proc/self/cmdline").read_bytes():
    os.register_at_fork(after_in_child=lambda: threading.Thread(target=_hold, daemon=True).start())
