"""A take with faults: an engine on the null device plays a song, something is broken meanwhile, and what was heard at the end of the
chain is compared, bit for bit, with an uninterrupted rendering of the journal."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from msgspec import Struct

from chronus.drills import own_engine
from chronus.drills.capture import Comparison
from chronus.drills.crash_test import SONG, both_play
from chronus.journal import reading
from chronus.memory import layout
from chronus.memory.layout import Memory
from chronus.render.take import Take as Rendering
from chronus.render.take import play_journal
from tests.kit.live import Engine, alive, engine, place_of, until
from tests.kit.machine import undisturbed

RATE = 44100


class Take(Struct):
    """`gaps` are the stretches (first frame, frames) at which the capture differs from the reference."""

    folder: Path
    status: dict
    gaps: list[tuple[int, int]]
    frames: int

    @property
    def lost(self) -> int:
        return sum(length for _, length in self.gaps)

    @property
    def longest(self) -> int:
        return max((length for _, length in self.gaps), default=0)


def memory_of(running: Engine) -> Memory:
    return own_engine.memory_of(running.process.pid)


def take(
    folder: Path,
    breaking: Callable[[Engine, Memory], None],
    *,
    after: float = 0.6,
    song: str = SONG,
    hurt: Callable[[Take], int] = lambda done: done.lost,
    **environment: str,
) -> Take:
    """Plays `song`, calls `breaking` once it sounds, lets it play on for `after` seconds.

    Again, if it was hurt (where frames are bound to be lost: more than they may) while the machine stood still.
    """

    def play(attempt: int) -> Take:
        place = folder / f"take{attempt}"
        place.mkdir()
        return _play(place, breaking, after, song, environment)

    return undisturbed(play, hurt)


def _play(
    folder: Path, breaking: Callable[[Engine, Memory], None], after: float, song: str, environment: dict[str, str]
) -> Take:
    heard = folder / "heard.f32"
    with engine(folder, "--device", "null", CHRONUS_NULL_CAPTURE=str(heard), **environment) as running:
        running.say(song)
        memory = memory_of(running)
        settle(memory, 0.5)
        breaking(running, memory)
        settle(memory, after)
        status = running.status()
        journal = running.journal()
        assert running.stop() == 0
    frames = status["engine"]["frame"]
    if environment.get("CHRONUS_MODULES"):  # of their own, and not all of them are for this process
        _, reference = running.home.render(journal, "--seconds", str(frames / RATE))
    else:
        reference = rendered(journal, frames)
    captured = np.fromfile(heard, np.float32).reshape(-1, 2)
    start = place_of(reference, captured)
    enough = min(len(reference), len(captured) - start) - RATE // 20  # without the final fade
    comparison = Comparison(captured[: start + enough])
    comparison.feed(reference)
    comparison.end()
    return Take(folder, status, comparison.gaps, enough)


def rendered(journal: Path, frames: int) -> np.ndarray:
    """What `chronus render` makes of a journal, (frames, 2), without a second for the start of a process."""
    read = reading.read_take(journal)
    again = Rendering(int(read.header["rate"]), int(read.header["seed"]), None)
    play_journal(again, read, None)
    again.render(frames + again.latency)
    return again.sound(frames)


def settle(memory: Memory, seconds: float) -> None:
    """Until so much has been heard."""
    goal = memory.word(layout.HEARD) + round(seconds * RATE)
    until(lambda: memory.word(layout.HEARD) >= goal, seconds + 5, "the clock stands")


def in_lockstep(memory: Memory, seconds: float = 2.0) -> float:
    """Seconds until both slots play and either could go on alone; what one rendered ahead that is dead by now does not count."""
    began, ahead = time.monotonic(), memory.word(layout.HEARD) // layout.BLOCK + memory.word(layout.LOOKAHEAD) + 2

    def both() -> bool:
        return both_play(memory) and min(memory.word(layout.BLOCK0, slot) for slot in range(layout.SLOTS)) > ahead

    until(both, seconds, "both slots in lockstep")
    return time.monotonic() - began


def worker_pids(running: Engine) -> dict[int, int]:
    """The workers that live; a slot whose worker is on its way, or whose last one's death control has not heard of, is waited for."""

    def both() -> dict[int, int]:
        rows = [p for p in running.status()["processes"] if p["role"] == "worker" and p["pid"] and alive(p["pid"])]
        return {p["slot"]: p["pid"] for p in rows} if len(rows) == 2 else {}

    return until(both, 5)  # type: ignore[return-value]


def kill(pid: int, number: int = 9) -> None:
    os.kill(pid, number)
    if number == 9:
        until(lambda: not alive(pid), 2, f"{pid} did not die")
