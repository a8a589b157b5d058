"""Measures when the machine itself stood still.

On a shared host all processors of a virtual machine are stopped now and then, for 5 to 70 ms, longer than what is rendered ahead.
No program that runs on it can play through that, so what is lost in such a moment says nothing about Chronus. The witness is a process
of the highest priority on each processor that wakes every millisecond: what keeps it from waking would have stopped any process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

STILL_SECONDS = 0.004
"""Two periods of 128 pass in less than what is ahead (8.7 ms) and this."""
READY = "watching\n"
_PRIORITY = 60
_FEWEST_APART = 4
"""Processors, as in worker/process.py, of which this knows nothing."""

Stall = tuple[int, float, float]
"""A processor, from when, until when."""
Stretches = list[tuple[float, float]]
"""From when, until when."""


class Witness:
    """Watches from `with` until `end`, or the end of that; then `stalls` are known. Times are of the monotonic clock."""

    def __init__(self) -> None:
        self.stalls: list[Stall] = []
        self.processors = sorted(os.sched_getaffinity(0))
        self.watchers: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Witness:
        try:
            for cpu in self.processors:
                command = [sys.executable, "-S", __file__, str(cpu), str(os.getpid())]
                # a group of their own: Ctrl-C at the terminal is not meant for them
                self.watchers.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, process_group=0))
            for watcher in self.watchers:
                assert watcher.stdout and watcher.stdout.readline() == READY
        except BaseException:  # told to end meanwhile: nobody will ask what they saw
            for watcher in self.watchers:
                watcher.kill()
                watcher.communicate()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        while self.watchers:
            watcher = self.watchers.pop()
            watcher.send_signal(signal.SIGTERM)
            for line in watcher.communicate()[0].split("\n")[:-1]:
                cpu, start, end = line.split()
                self.stalls.append((int(cpu), float(start), float(end)))

    def stood_still(self) -> Stretches:
        """The stretches in which two processors stood, or one where they are too few to keep the slots apart: both can wait on it.

        Both slots at once can lose a block only then.
        """
        needed = 2 if len(self.processors) >= _FEWEST_APART else 1
        found = []
        for _, start, end in sorted(self.stalls, key=lambda stall: stall[1]):
            others = {cpu for cpu, a, b in self.stalls if a < end and start < b}
            if len(others) >= needed:
                found.append((start, end))
        return found


def _watch(cpu: int, parent: int) -> None:
    os.sched_setaffinity(0, {cpu})
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: told.append(1))
    stalls: list[str] = []  # said at the end: a pipe that nobody reads holds an hour's, not a night's
    _say(READY)
    last = time.monotonic()
    while not told and os.getppid() == parent:  # whoever is killed cannot tell
        time.sleep(0.001)
        now = time.monotonic()
        if now - last > STILL_SECONDS:
            stalls.append(f"{cpu} {last} {now}")
        last = now
    _say("".join(f"{stall}\n" for stall in stalls))


def _say(text: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # whoever would read it may have been killed
        os.write(1, text.encode())


if __name__ == "__main__":
    _watch(int(sys.argv[1]), int(sys.argv[2]))
