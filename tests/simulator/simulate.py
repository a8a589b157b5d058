"""Ten thousand ways to break an engine, in one thread: `python -m tests.simulator.simulate [--seed N | --schedules N]`.

A schedule is drawn from its seed alone: faults, their places and times, what is said meanwhile. The same seed replays the same
run, access by access. Where an invariant does not hold, the seed is printed, with the fewest of its first faults that still break it.

What must hold (see `World`):

1. What is heard is, frame by frame and bit by bit, what one replica without a fault plays from the same seals; each frame once.
2. Nothing is missing while one slot has all it needs.
3. Both slots are in lockstep, arena by arena, 2 s after the last fault at the latest.
4. What was acknowledged took effect once, at the frame that was told, and stands in the journal once; what was not, at most once.
5. No note is played twice; none is left out, whatever happens to control within the two seconds that the log reaches ahead.
6. Nobody who is well is killed, no slot is served twice, nobody is started at once who keeps dying, nobody is stale unless overtaken.
7. What waits is bounded: submissions and batches on their way, entries in an arena.
8. A new engine would begin with all that was acknowledged, also from a journal whose tail is torn.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec.structs import replace

from tests.simulator.lives import Failure, Fault, Ground, Schedule
from tests.simulator.world import World

RATES = (8000, 8000, 8000, 11025, 22050, 44100)
"""A low rate makes the same faults cheaper: fewer blocks between two of them."""
PERIODS = (64, 128, 128, 128, 100, 256, 441)
LONGEST_PERIOD = 0.08
"""Seconds: turns are given from period to period, and who has none for 0.1 s would seem to be stuck."""

_SLOT = ("kill", "kill", "kill", "stop", "stop", "crash")
_OTHERS = (
    "hang", "slow", "both", "host_kill", "host_stop", "control_kill", "control_kill", "control_kill", "control_stop",
    "supervisor_stop", "forkserver_kill", "hour",
)  # fmt: skip
_CONTROL_OCCASIONS = ("", "lay", "publish", "before the record", "in the record", "after the record", "answer")
_SLOT_OCCASIONS = ("", "seal", "write", "write", "lend", "checkpoint")


def draw(seed: int) -> Schedule:
    """The schedule of a seed."""
    chance = random.Random(seed)
    kind = chance.random()
    if kind < 0.002:
        return _overtaken(seed, chance)
    if kind < 0.03:
        return _loop(seed, chance)
    if kind < 0.08:
        return _siege(seed, chance)
    if kind < 0.095:
        return _torn_checkpoint(seed, chance)
    if kind < 0.105:
        return _doomed(seed, chance)
    faults, at = [], 0.0
    flip = chance.random() < 0.05
    for _ in range(1 if flip else chance.choice((1, 2, 2, 3, 3, 4, 6, 9))):
        at += chance.choice((0.0005, 0.005, 0.02, 0.1, 0.3)) * chance.uniform(0.5, 1.5)
        faults.append(_fault(chance, round(at, 6), "flip" if flip else chance.choice(_SLOT + _OTHERS)))
    if chance.random() < 0.1:
        faults.append(Fault(round(at + chance.uniform(0, 0.3), 6), "end", occasion=chance.choice(("", "power"))))
    commands = tuple(sorted(round(chance.uniform(0.0, at + 0.1), 6) for _ in range(chance.choice((1, 2, 3, 5)))))
    rate, period, varies = chance.choice(RATES), chance.choice(PERIODS), chance.random() < 0.2
    short = 2 * period / rate <= LONGEST_PERIOD
    return Schedule(seed, rate, period, varies and short, chance.random() < 0.15, commands, tuple(faults))


def _overtaken(seed: int, chance: random.Random) -> Schedule:
    """A worker that sleeps until its seals are gone, while nobody watches."""
    slot = chance.randrange(2)
    faults = (Fault(0.01, "supervisor_stop", seconds=14.0), Fault(0.02, "stop", slot, seconds=12.8))
    return Schedule(seed, 44100, chance.choice(PERIODS), commands=(0.05, 6.0, 12.7), faults=faults)


def _loop(seed: int, chance: random.Random) -> Schedule:
    """A slot that is killed again and again, sooner than it can join."""
    slot, every = chance.randrange(2), chance.uniform(0.01, 0.06)
    faults = tuple(Fault(round(0.05 + k * every, 6), "kill", slot) for k in range(chance.randint(7, 12)))
    return Schedule(seed, 8000, commands=(0.1,), faults=faults)


def _torn_checkpoint(seed: int, chance: random.Random) -> Schedule:
    """A worker that dies over a checkpoint; a little later there is nobody but the checkpoints to go back to."""
    over = Fault(0.8, "kill", 1, "checkpoint", chance.randint(74, 84))  # the block is laid first
    return Schedule(
        seed, 44100, commands=(0.1, 0.6, 1.1), faults=(over, Fault(round(chance.uniform(1.0, 1.4), 6), "both"))
    )


def _doomed(seed: int, chance: random.Random) -> Schedule:
    """Workers that die of themselves before they play, while nobody does."""
    at, slot, faults = chance.uniform(0.1, 0.9), chance.randrange(2), []
    for _ in range(chance.choice((1, 1, 2))):
        faults += [
            Fault(round(at, 6), "both"),
            Fault(round(at + chance.uniform(0.001, 0.006), 6), "crash", slot, "write", 3),
        ]
        at += chance.uniform(0.006, 0.03)
    return Schedule(seed, chance.choice(RATES), commands=(0.05, round(at + 0.1, 6)), faults=tuple(faults))


def _siege(seed: int, chance: random.Random) -> Schedule:
    """A control that is killed over one command after another."""
    places = chance.choices(_CONTROL_OCCASIONS[1:], k=chance.randint(2, 4))
    times = [round(0.05 + 0.5 * k, 6) for k in range(len(places))]
    faults = tuple(Fault(at - 0.01, "control_kill", occasion=place) for at, place in zip(times, places, strict=True))
    return Schedule(seed, 8000, commands=(*times, times[-1] + 0.5), faults=faults)


def _fault(chance: random.Random, at: float, what: str) -> Fault:
    slot = chance.randrange(2)
    if what in _SLOT:
        occasion = chance.choice(_SLOT_OCCASIONS)
        moment = chance.choice((1, 2, 3, 4, 5, chance.randint(1, 84)))
        seconds = chance.choice((0.0003, 0.003, 0.03, 0.3)) * chance.uniform(0.5, 1.5) if what == "stop" else 0.0
        return Fault(at, what, slot, occasion, moment if occasion else 0, round(seconds, 6))
    if what == "slow":
        return Fault(at, what, chance.randrange(3), seconds=chance.uniform(0.05, 0.5), share=chance.uniform(0.4, 1.5))
    if what == "control_kill":
        return Fault(at, what, occasion=chance.choice(_CONTROL_OCCASIONS), moment=chance.randint(1, 4))
    if what == "host_stop":
        return Fault(at, what, seconds=chance.choice((0.0, chance.uniform(0.01, 0.29))))
    if what in ("control_stop", "supervisor_stop"):
        return Fault(at, what, seconds=chance.uniform(0.05, 1.0))
    if what == "flip":
        return Fault(at, what, moment=chance.randrange(40_000))
    return Fault(at, what, slot if what == "hang" else 0)


# ---------------------------------------------------------------- running


def run(schedule: Schedule, ground: Ground, trace: Callable[[str], None] | None = None) -> str:
    """What is wrong with a run, "" if nothing."""
    try:
        World(schedule, ground, "simulated", trace).play()
    except Failure as failure:
        return str(failure)
    return ""


def shortest(schedule: Schedule, ground: Ground) -> Schedule:
    """The fewest of a failing schedule's first faults that still break something, without those that do not matter to it."""
    for length in range(len(schedule.faults) + 1):
        shorter = replace(schedule, faults=schedule.faults[:length])
        if run(shorter, ground):
            break
    for fault in shorter.faults[:-1]:
        without = replace(shorter, faults=tuple(other for other in shorter.faults if other is not fault))
        if run(without, ground):
            shorter = without
    return shorter


def search(seeds: Iterable[int], ground: Ground) -> tuple[int, Schedule | None, str]:
    """(schedules run, the first that fails, what is wrong)."""
    done = 0
    for seed in seeds:
        schedule = draw(seed)
        wrong = run(schedule, ground)
        done += 1
        if wrong:
            return done, schedule, wrong
    return done, None, ""


def told(schedule: Schedule) -> list[str]:
    head = f"seed {schedule.seed}: {schedule.rate} Hz, period {schedule.period}{' (varies)' if schedule.varies else ''}"
    return [head, *(f"    {fault}" for fault in schedule.faults)]


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.simulator.simulate", description=__doc__.split("\n")[0])
    words.add_argument("--seed", type=int, help="replay one schedule and tell what happens")
    words.add_argument("--schedules", type=int, default=10_000, metavar="N")
    words.add_argument("--first", type=int, default=0, metavar="SEED")
    words.add_argument(
        "--processes", type=int, default=1, metavar="N", help="share the schedules among so many processes"
    )
    asked = words.parse_args()
    if asked.processes > 1:
        return _shared(asked.first, asked.schedules, asked.processes)
    quick = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=quick if quick.is_dir() else None) as home:
        os.environ["CHRONUS_HOME"] = home
        ground = Ground()
        if asked.seed is not None:
            schedule = draw(asked.seed)
            print("\n".join(told(schedule)))
            wrong = run(schedule, ground, print)
            print(wrong or "everything holds")
            return int(bool(wrong))
        began = time.monotonic()
        done, failing, wrong = search(range(asked.first, asked.first + asked.schedules), ground)
        print(
            f"{done} schedules from seed {asked.first} on, {time.monotonic() - began:.1f} s ({time.process_time():.1f} s of CPU)",
            flush=True,
        )
        if failing is None:
            return 0
        print(f"seed {failing.seed} fails: {wrong}")
        less = shortest(failing, ground)
        print("the shortest of it that fails:", *told(less), run(less, ground), sep="\n")
        return 1


def _shared(first: int, schedules: int, processes: int) -> int:
    """Each takes a stretch of the seeds; they know nothing of one another."""
    each = -(-schedules // processes)
    starts = range(first, first + schedules, each)
    command = [sys.executable, "-m", "tests.simulator.simulate", "--first"]
    running = [
        subprocess.Popen([*command, str(start), "--schedules", str(min(each, first + schedules - start))])
        for start in starts
    ]
    codes = [process.wait() for process in running]
    return int(any(codes))  # also one that died of a signal


if __name__ == "__main__":
    sys.exit(main())
