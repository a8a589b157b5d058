"""Whether the machine itself stood still meanwhile.

On a shared host all processors of a virtual machine are stopped now and then, for 5 to 35 ms, longer than what is rendered ahead.
No program that runs on it can play through that, so a take from such a moment says nothing of Chronus. The witness is a thread of
the highest priority on each processor that wakes every millisecond: what keeps it from waking would have kept anybody.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

STILL_SECONDS = 0.004
"""Two periods of 128 pass in less than what is ahead (8.7 ms) and this."""
ATTEMPTS = 4

_LOOP_SECONDS = 0.0025

T = TypeVar("T")
Stall = tuple[int, float, float]
"""A processor, from when, until when."""


class Witness:
    """Watches from `with` to the end of it; then `stalls` are known."""

    def __enter__(self) -> Witness:
        self.watchers = [
            subprocess.Popen([sys.executable, "-S", __file__, str(cpu)], stdout=subprocess.PIPE, text=True)
            for cpu in sorted(os.sched_getaffinity(0))
        ]
        for watcher in self.watchers:
            assert watcher.stdout and watcher.stdout.readline() == "watching\n"
        return self

    def __exit__(self, *_: object) -> None:
        self.stalls: list[Stall] = []
        for watcher in self.watchers:
            watcher.send_signal(signal.SIGTERM)
            for line in watcher.communicate()[0].splitlines():
                cpu, start, end = line.split()
                self.stalls.append((int(cpu), float(start), float(end)))

    def stood_still(self) -> list[tuple[float, float]]:
        """The stretches in which two processors stood, or the only one there is: both slots at once can lose a block only then."""
        needed = min(2, len(self.watchers))
        found = []
        for _, start, end in sorted(self.stalls, key=lambda stall: stall[1]):
            others = {cpu for cpu, a, b in self.stalls if a < end and start < b}
            if len(others) >= needed:
                found.append((start, end))
        return found


def undisturbed(play: Callable[[int], T], lost: Callable[[T], int]) -> T:
    """What `play` gives; once more if frames were lost while the machine stood still. The last attempt counts, whatever happened."""
    for attempt in range(ATTEMPTS):
        with Witness() as witness:
            done = play(attempt)
        stretches = witness.stood_still()
        if not lost(done) or not stretches:
            break
        longest = max(end - start for start, end in stretches)
        print(
            f"the machine stood still {len(stretches)} times, up to {1000 * longest:.0f} ms; {lost(done)} frames lost; once more"
        )
    return done


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Nobody else takes this thread's processor: for two things that are to happen at once. Without the right to it, as it comes."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(60))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def slowness() -> float:
    """How many times slower than the machine the bars were set on this one runs plain Python at the moment; at least 1.

    With it a bar of time is a ratio within one run: it says how much work something is, not who else is at work.
    """
    took = []
    for _ in range(7):
        began, digest = time.process_time(), 0
        for k in range(50_000):
            digest += k * k & 7
        took.append(time.process_time() - began)
    return max(1.0, sorted(took)[3] / _LOOP_SECONDS)


def _watch(cpu: int) -> None:
    os.sched_setaffinity(0, {cpu})
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(60))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    print("watching", flush=True)
    last = time.monotonic()
    while True:
        time.sleep(0.001)
        now = time.monotonic()
        if now - last > STILL_SECONDS:
            print(cpu, last, now, flush=True)
        last = now


if __name__ == "__main__":
    _watch(int(sys.argv[1]))
