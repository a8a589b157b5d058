"""A take with faults: an engine on the null device plays a song, something is broken meanwhile, and what was heard at the end of the
chain is compared, bit for bit, with an uninterrupted rendering of the journal."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from msgspec import Struct

from chronus.memory import layout
from chronus.memory.layout import Memory
from tests.live import Engine, alive, engine, place_of, until
from tests.machine import undisturbed

RATE = 44100
SONG = """\
bpm 174
load bass freq=55 distortion=0.6
seq bass: a1 . a1 . c2 . . g1 gate=80%
load kick model=dnb
seq kick: X.........x.....
load saw as pad voices=3 gain=0.2
patch pad > filter > adsr > delay
seq pad: a2:m7 . . . . . . . every=1/8
load noise gain=0.02
load lfo rate=0.7
patch lfo > filter.cutoff 0.4
"""


class Take(Struct):
    """`gaps` are the stretches (first frame, frames) at which the capture differs from the reference."""

    status: dict
    gaps: list[tuple[int, int]]
    frames: int

    @property
    def lost(self) -> int:
        return sum(length for _, length in self.gaps)


def memory_of(running: Engine) -> Memory:
    """The engine's shared memory, seen from outside: a memfd has no name, but its holder's descriptors can be opened."""
    for entry in Path(f"/proc/{running.process.pid}/fd").iterdir():
        if "memfd:chronus" in os.readlink(entry):
            return Memory(os.open(entry, os.O_RDWR))
    raise AssertionError("the engine has no memory")


def take(
    folder: Path,
    breaking: Callable[[Engine, Memory], None],
    *,
    after: float = 0.6,
    song: str = SONG,
    **environment: str,
) -> Take:
    """Plays `song`, calls `breaking` once it sounds, lets it play on for `after` seconds. Again, if the machine stood still."""

    def play(attempt: int) -> Take:
        place = folder / f"take{attempt}"
        place.mkdir()
        return _play(place, breaking, after, song, environment)

    return undisturbed(play, lambda done: done.lost)


def _play(
    folder: Path, breaking: Callable[[Engine, Memory], None], after: float, song: str, environment: dict[str, str]
) -> Take:
    heard = folder / "heard.f32"
    with engine(folder, "--device", "null", CHRONUS_NULL_CAPTURE=str(heard), **environment) as running:
        assert running.home.chronus("-c", song).returncode == 0
        memory = memory_of(running)
        settle(memory, 0.5)
        breaking(running, memory)
        settle(memory, after)
        status = running.status()
        journal = running.journal()
        assert running.stop() == 0
    _, reference = running.home.render(journal, "--seconds", str(status["engine"]["frame"] / RATE))
    captured = np.fromfile(heard, np.float32).reshape(-1, 2)
    start = place_of(reference, captured)
    enough = min(len(reference), len(captured) - start) - RATE // 20  # without the final fade
    return Take(status, _gaps(reference, captured, start, enough), enough)


def settle(memory: Memory, seconds: float) -> None:
    """Until so much has been heard."""
    goal = memory.word(layout.HEARD) + round(seconds * RATE)
    until(lambda: memory.word(layout.HEARD) >= goal, seconds + 5, "the clock stands")


def in_lockstep(memory: Memory, seconds: float = 2.0) -> float:
    """Seconds until both slots play and are ahead of what is heard."""
    began = time.monotonic()

    def both() -> bool:
        due = memory.word(layout.HEARD) // layout.BLOCK
        return all(
            memory.word(layout.STATE0, slot) == layout.PLAYING and memory.word(layout.BLOCK0, slot) > due
            for slot in range(2)
        )

    until(both, seconds, "both slots in lockstep")
    return time.monotonic() - began


def worker_pids(running: Engine) -> dict[int, int]:
    """The workers that there are; a slot whose worker is on its way is waited for."""

    def both() -> dict[int, int]:
        rows = [p for p in running.status()["processes"] if p["role"] == "worker" and p["pid"]]
        return {p["slot"]: p["pid"] for p in rows} if len(rows) == 2 else {}

    return until(both, 5)  # type: ignore[return-value]


def kill(pid: int, number: int = 9) -> None:
    os.kill(pid, number)
    if number == 9:
        until(lambda: not alive(pid), 2, f"{pid} did not die")


def _gaps(reference: np.ndarray, captured: np.ndarray, start: int, frames: int) -> list[tuple[int, int]]:
    """(frame of the capture, frames until it is the reference again, to the bit) for each place where they part.

    After a gap the reference may go on later than it left off (the clock ran on) or where it left off (the clock waited).
    """
    place, at = max(0, -start), max(0, start)
    text, found = reference.tobytes(), []
    while place < frames and at < len(captured):
        n = min(frames - place, len(captured) - at)
        a, b = reference[place : place + n], captured[at : at + n]
        parts = np.flatnonzero((a.view(np.int32) != b.view(np.int32)).any(axis=1))
        if not parts.size:
            break
        first = int(parts[0])
        place, at = place + first, at + first
        for frame in range(at + 1, len(captured) - 256):
            piece = captured[frame : frame + 256]
            goes_on = text.find(piece.tobytes(), place * 8) if piece[0].any() and piece.std() > 1e-4 else -1
            if goes_on >= 0 and goes_on % 8 == 0:
                break
        else:
            return [*found, (at, len(captured) - at)]
        found.append((at, frame - at))
        place, at = goes_on // 8, frame
    return found
