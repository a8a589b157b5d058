"""What of a measurement is the machine's own doing."""

from __future__ import annotations

import contextlib
import gc
import os
import time
from collections.abc import Callable, Iterator
from math import inf
from typing import TypeVar

import pytest

from chronus.drills.witness import Stretches, Witness

ROUNDS = 3
"""A round that the machine disturbed is taken again, twice at most."""
HELD = "`make soak` holds it"
soaking = False
"""Whether the last round counts, whatever happened (see rounds.py)."""

_LOOP_SECONDS = 0.0025

T = TypeVar("T")


def undisturbed(play: Callable[[int], T], lost: Callable[[T], float]) -> T:
    """What `play` gives; again where something was lost while the machine stood still. Where it always was, the test is skipped."""
    for number in range(1, ROUNDS + 1):
        with Witness() as witness:
            done = play(number - 1)
        stretches = witness.stood_still()
        if not lost(done) or not stretches:
            return done
        said = told(stretches, f"{lost(done)} lost")
        if number < ROUNDS:
            print(f"{said}; once more")
    if not soaking:
        pytest.skip(f"{said}; {HELD}")
    return done


def told(stretches: Stretches, what: str) -> str:
    longest = max(end - start for start, end in stretches)
    return f"{what} while the machine stood still {len(stretches)} times, up to {1000 * longest:.0f} ms"


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


def seconds_of(work: Callable[[], object], rounds: int = 5, enough: float = 0.0) -> float:
    """Time on the processor that the quickest round took, had the machine been as quick as the one the bars were set on.

    Others at work slow some rounds down, and nothing makes one quicker than it is: after one that took no more than `enough` there is
    no other. The collector is kept out: it would sweep what other tests have piled up. Each round is called from another depth: CPython
    3.11 asks for a piece of stack, and gives it back, at each call that crosses the end of a piece, and a loop that happens to stand
    there takes several times as long.
    """
    took = [inf]
    gc.disable()
    try:
        before = slowness()
        for number in range(rounds):
            if min(took) > enough:
                began = time.process_time()
                _from_depth(10 * number, work)
                used, after = time.process_time() - began, slowness()
                took.append(used / max(before, after))
                before = after
    finally:
        gc.enable()
    return min(took)


def _from_depth(frames: int, work: Callable[[], object]) -> None:
    if frames:
        _from_depth(frames - 1, work)
    else:
        work()


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
