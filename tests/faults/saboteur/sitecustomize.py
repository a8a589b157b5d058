"""On the path of an engine, this puts a thread into every fork of its forkserver that obeys orders: a word in a file that is named like the
process, in the folder CHRONUS_SABOTAGE.

    hold      holds the interpreter for ever
    hog       holds it for 100 ms at a time, again and again: the pause of a garbage collector, or worse
    fail      raises an exception in the main thread
    exit      ends the process as a library might that thinks it knows best
    litter    allocates 100 MB of short-lived objects a second in circles that only the collector clears, and has it collect all the time
    leak      takes 8 MB more every 10 ms, up to 400 MB, and lets go of none
    gorge     takes and touches memory as fast as it can, until it is ended
    exhaust   takes all the memory that it is allowed, without touching it
    slower    needs more time for each block, 10 us more every 10 ms or so, until it needs twice the time there is
    spin      never comes back from its next block, in machine code

And into control one that kills it at a point of the way of the next command: see POINTS.
"""

import gc
import os
import signal
import threading
import time
from pathlib import Path

_kept = []


def _hold() -> None:
    import ctypes

    ctypes.PyDLL(None).pause()  # PyDLL keeps the GIL through the call


def _hog() -> None:
    import ctypes

    held = ctypes.PyDLL(None).usleep
    while True:
        held(100_000)
        time.sleep(0.002)


def _fail() -> None:
    import ctypes

    main = ctypes.c_ulong(threading.main_thread().ident)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(main, ctypes.py_object(RuntimeError))


def _exit() -> None:
    os._exit(3)


def _litter() -> None:
    while True:
        began = time.monotonic()
        for _ in range(100):
            circle = [bytearray(10_000)]
            circle.append(circle)
        gc.collect()
        time.sleep(max(0.001, began + 0.01 - time.monotonic()))


def _leak() -> None:
    for _ in range(50):
        _kept.append(b"\1" * (8 << 20))
        time.sleep(0.01)


def _gorge() -> None:
    while True:
        _kept.append(b"\1" * (1 << 20))


def _exhaust() -> None:
    for size in (1 << 28, 1 << 20, 1 << 14):
        try:
            while True:
                _kept.append(bytes(size))
        except MemoryError:
            pass


def _labour():
    """Puts work before each block that this process renders: the word that says how much."""
    import numpy as np
    from numba import cfunc, types

    from chronus.dsp.kernel import plane_i64
    from chronus.graph.block import call_block
    from chronus.worker.replica import W_BLOCK

    worker = next(one for one in gc.get_objects() if type(one).__name__ == "Worker")
    words = np.zeros((1, 2), np.int64)
    place, real = words.ctypes.data, int(worker.desk[W_BLOCK])

    @cfunc(types.int64(*[types.int64] * 7))
    def laboured(arena, bounds, board, culprit, block, first, out):
        there = plane_i64(place, 1, 2)
        x = there[0, 1]
        for k in range(there[0, 0]):
            x = (x * 6364136223846793005) ^ k
        there[0, 1] = x
        return call_block(real, arena, bounds, board, culprit, block, first, out)

    _kept.extend([words, laboured])
    worker.desk[W_BLOCK] = laboured.address
    return words


def _slower() -> None:
    words = _labour()
    for k in range(300):
        words[0, 0] = 8000 * k
        time.sleep(0.01)


def _spin() -> None:
    _labour()[0, 0] = 1 << 62


def _obey() -> None:
    order = Path(os.environ["CHRONUS_SABOTAGE"]) / str(os.getpid())
    while not order.exists():
        time.sleep(0.005)
    WORDS[order.read_text()]()


WORDS = {
    "hold": _hold, "hog": _hog, "fail": _fail, "exit": _exit, "litter": _litter, "leak": _leak, "gorge": _gorge,
    "exhaust": _exhaust, "slower": _slower, "spin": _spin,
}  # fmt: skip

if b"forkserver" in Path("/proc/self/cmdline").read_bytes():
    os.register_at_fork(after_in_child=lambda: threading.Thread(target=_obey, daemon=True).start())


# ---------------------------------------------------------------- control

POINTS = {
    "before the record": ("jobs.performer", "Performer", "_keep", True),
    "after the record": ("jobs.publisher", "Publisher", "publish", True),
    "after the log": ("jobs.publisher", "Publisher", "publish", False),
    "at the seal": ("jobs.performer", "Performer", "_seal", True),
    "before the answer": ("jobs.performer", "Performer", "_land", True),
    "after the answer": ("serve.client", "Client", "answer", False),
}


def _die_at(point: str) -> None:
    """The next command that a client gave is the last one that comes to this point, before or after the function that is named for it."""
    import importlib

    file, owner, function, before = POINTS[point]
    place = getattr(importlib.import_module(f"chronus.control.{file}"), owner)
    whole = getattr(place, function)

    def mortal(self, *given):
        about_a_command = {
            "_keep": lambda: bool(given[0].author),
            "publish": lambda: len(given) > 1,
            "_seal": lambda: _was_asked_for(given[0]),
            "_land": lambda: any(_was_asked_for(one.flying) for one in self.landing),
            "answer": lambda: bool(self.unanswered),
        }[function]()
        if about_a_command and before:
            os.kill(os.getpid(), signal.SIGKILL)
        done = whole(self, *given)
        if about_a_command and (function != "answer" or not self.unanswered):
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    setattr(place, function, mortal)


def _was_asked_for(flying) -> bool:
    job = getattr(flying.asked, "job", None)
    return job is not None and bool(job.author)


def _obey_in_control() -> None:
    order = Path(os.environ["CHRONUS_SABOTAGE"]) / str(os.getpid())
    while not order.exists():
        time.sleep(0.005)
    _die_at(order.read_text())
    order.rename(order.with_suffix(".obeyed"))


if b"\0control\0" in Path("/proc/self/cmdline").read_bytes():
    threading.Thread(target=_obey_in_control, daemon=True).start()
