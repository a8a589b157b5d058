"""`chronus crash-test`: kills the workers of an engine of its own, one after the other, while a song plays, and counts what was lost.

What is lost is counted at the end of the chain: all that the null device played is compared with a rendering of the journal, bit for bit.
A worker is killed again as soon as both slots are in lockstep, at a random phase of a block; but never so often that the
supervisor would pause before it starts the next one.
"""

from __future__ import annotations

import contextlib
import math
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import deque
from pathlib import Path

from msgspec import Struct

from chronus.audio.devices import NULL
from chronus.drills.capture import (
    Clock,
    Comparison,
    Gaps,
    apart,
    by_cause,
    compare,
    lost_in,
    open_capture,
    told_gaps,
    told_stalls,
)
from chronus.drills.own_engine import (
    Census,
    Figure,
    Own,
    WireClient,
    census,
    memory_of,
    of_the_machine,
    own_engine,
    told,
)
from chronus.drills.witness import Stretches, Witness
from chronus.engine.supervision import BUDGET, PERIOD
from chronus.engine.watch import ring_row
from chronus.errors import ChronusError
from chronus.memory import layout
from chronus.memory.layout import BLOCK, BLOCK0, HEARD, LOOKAHEAD, PLAYING, RATE, SILENT, STATE0, Memory
from chronus.render.take import ProgressBar
from chronus.settings import Settings
from chronus.system.urgency import WATCHING, hurry

SONG = """\
bpm 174
load bass freq=55 distortion=0.6
seq bass: a1 . a1{cutoff=300..3k} . c2{distortion=0.9}@2 . g1 gate=80%
load kick model=dnb
seq kick: X.........x.....
load saw as pad voices=3 gain=0.2
patch pad > filter > adsr > delay
seq pad: a2:m7 . . . . . . . every=1/8
load noise gain=0.02
load lfo rate=0.7
patch lfo > filter.cutoff 0.4
"""
LOCKSTEP_BLOCKS = 8
"""So many blocks in a row with the same checksums are lockstep."""
PATIENCE_SECONDS = 10.0
SETTLE_SECONDS = 2.5
"""Of music before the first count: two checkpoints have been taken by then."""


class NotBack(ChronusError):
    """What was killed did not come back in time."""

    def __init__(self, what: str) -> None:
        super().__init__("E_ENGINE", what)


class Rejoin:
    """Looks, after a kill, for the moment at which a slot is in lockstep again: 8 blocks in a row, rendered since, that agree."""

    def __init__(self, memory: Memory, slot: int) -> None:
        """Made just before the kill."""
        self.memory, self.slot = memory, slot
        ahead = memory.word(LOOKAHEAD) + 2
        self.first: int | None = None  # the first block that the new worker rendered
        self.surely = memory.word(HEARD) // BLOCK + ahead + 2  # no worker that died by now has rendered this one
        self.gone_at: float | None = None
        """When the slot was first seen to be down: the supervisor has noticed."""

    def done(self) -> bool:
        block = self.memory.word(BLOCK0, self.slot)
        if block == 0 or self.memory.word(STATE0, self.slot) != PLAYING:
            self.gone_at = self.gone_at or time.monotonic()
        gone = self.gone_at is not None
        if self.first is None and block and (gone or block > self.surely):
            self.first = block if gone else self.surely
        if self.first is None or block < self.first + LOCKSTEP_BLOCKS:
            return False
        upto = min(self.memory.word(BLOCK0, slot) for slot in range(layout.SLOTS))
        first = max(self.first, upto - layout.RING_BLOCKS // 2)
        rows = [
            [ring_row(self.memory.ring(slot), number) for number in range(first, upto)] for slot in range(layout.SLOTS)
        ]
        agree = [bool(ours[0]) and ours == theirs for ours, theirs in zip(*rows, strict=True)]
        return "1" * LOCKSTEP_BLOCKS in "".join("01"[one] for one in agree)

    def wait(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.done():
            if time.monotonic() > deadline:
                raise NotBack(f"slot {self.slot} is not in lockstep after {PATIENCE_SECONDS:g} s")
            time.sleep(0.0002)


def settle(memory: Memory, seconds: float) -> None:
    """Until so much more has been heard. NotBack where the clock stands."""
    goal = memory.word(HEARD) + round(seconds * memory.word(RATE))
    deadline = time.monotonic() + seconds + PATIENCE_SECONDS
    while memory.word(HEARD) < goal:
        if time.monotonic() > deadline:
            raise NotBack("the clock stands")
        time.sleep(0.005)


def both_play(memory: Memory) -> bool:
    """Whether both slots are ahead of what is heard, far enough for either to go on alone."""
    due = memory.word(HEARD) // BLOCK + memory.word(LOOKAHEAD) // 2
    return all(memory.word(STATE0, slot) == PLAYING and memory.word(BLOCK0, slot) > due for slot in range(layout.SLOTS))


class Kills(Struct):
    """What a series of kills showed. `back` is seconds from SIGKILL to lockstep, one a kill; `noticed` until the slot was down."""

    back: list[float]
    noticed: list[float]
    before: Census
    after: Census
    lost: int
    how: str
    still: Stretches
    then: dict[str, Gaps]
    """What was lost while the machine itself stood still."""
    together: int


def pids(client: WireClient) -> dict[int, int]:
    """Slot -> pid of the workers there are."""
    rows = client.status()["processes"]
    return {row["slot"]: row["pid"] for row in rows if row["role"] == "worker" and row["pid"]}


def series(settings: Settings, kills: int, seconds_apart: float, seed: int, bar: ProgressBar | None = None) -> Kills:
    """Kills workers, alternating slots, and compares. `settings.device` None is the null device, which is captured."""
    chance = random.Random(seed)
    device = settings.device or NULL
    back: list[float] = []
    noticed: list[float] = []
    killed: list[tuple[str, int]] = []
    clock: Clock = []
    deaths: list[deque[float]] = [deque(maxlen=BUDGET) for _ in range(layout.SLOTS)]
    hurry(WATCHING)
    with contextlib.ExitStack() as stack:
        capture = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chronus-capture-"))) / "heard.f32"
        own = stack.enter_context(own_engine(settings, device, CHRONUS_NULL_CAPTURE=str(capture)))
        client = WireClient(own.engine)
        client.say(SONG)
        memory = memory_of(own.pid)
        settle(memory, SETTLE_SECONDS)
        before, silent = census(own.pid), memory.word(SILENT)
        last = time.monotonic()
        witness = stack.enter_context(Witness())
        for n in range(kills):
            slot = n % layout.SLOTS
            due = last + seconds_apart + chance.random() * 2 * BLOCK / memory.word(RATE)
            if len(deaths[slot]) == BUDGET:
                due = max(due, deaths[slot][0] + PERIOD)
            victim = pids(client)[slot]
            time.sleep(max(0.0, due - time.monotonic()))
            rejoin = Rejoin(memory, slot)
            captured = capture.stat().st_size // 8 if device == NULL else 0
            killed.append((f"slot {slot}", captured))
            last = time.monotonic()
            clock.append((last, captured))
            deaths[slot].append(last + 0.1)
            os.kill(victim, signal.SIGKILL)
            rejoin.wait()
            back.append(time.monotonic() - last)
            if rejoin.gone_at is not None:
                noticed.append(rejoin.gone_at - last)
            if bar:
                bar(n / kills)
        settle(memory, SETTLE_SECONDS)
        after = census(own.pid)
        together = sum(memory.word(STATE0, slot) == PLAYING for slot in range(layout.SLOTS))
        lost, how = memory.word(SILENT) - silent, "silence that the callback sent; only the null device is captured"
        witness.end()
        still = witness.stood_still()
        then: dict[str, Gaps] = {}
        if device == NULL:
            found = _compared(own, client, capture, bar)
            causes, then = apart(by_cause(found.gaps, found.since, killed), found.since, clock, still)
            lost = lost_in(causes)
            how = f"the capture against a rendering of the journal: {told_gaps(causes)}{told_stalls(causes, clock, witness.stalls)}"
        return Kills(back, noticed, before, after, lost, how, still, then, together)


def _compared(own: Own, client: WireClient, capture: Path, bar: ProgressBar | None) -> Comparison:
    journal = Path(client.status()["journal"])
    heard = len(open_capture(capture))  # what comes now is the fade at the end
    own.stop()
    if bar:
        bar.title = "comparing"
    return compare(open_capture(capture)[:heard], journal, bar)


def figures(kills: Kills) -> list[Figure]:
    back = sorted(seconds * 1e3 for seconds in kills.back)
    noticed = statistics.median(kills.noticed or [math.inf]) * 1e3
    before, after = kills.before, kills.after
    from_kill = "from SIGKILL to 8 blocks in a row whose checksums agree"

    def growth(name: str, how: str) -> Figure:
        return Figure(f"growth in {name}", getattr(after, name) - getattr(before, name), "", 0, how)

    of_all = "all processes of the engine, before the first kill and after the last"
    return [
        Figure("frames lost", kills.lost, "", 0, kills.how),
        *of_the_machine(kills.still, lost_in(kills.then), told_gaps(kills.then)),
        Figure("noticed, median", noticed, "ms", 10, "from SIGKILL until the slot is said to be down"),
        Figure("rejoin, median", statistics.median(back), "ms", 20, from_kill),
        Figure("rejoin, p99", back[int(len(back) * 0.99)], "ms", 150, from_kill),
        Figure("rejoin, worst", back[-1], "ms", None, from_kill),
        growth("processes", of_all),
        growth("threads", of_all),
        growth("descriptors", of_all),
        growth("memories", "shared memories that are held or named"),
        Figure("growth in PSS", (after.pss_mb / before.pss_mb - 1) * 100, "%", 5, f"from {before.pss_mb:.0f} MB without files; {of_all}"),
        Figure("zombies", after.zombies, "", 0, "at the end"),
        Figure("slots in lockstep", kills.together, "", 2, "at the end", above=True),
    ]  # fmt: skip


def main(settings: Settings, kills: int, seconds_apart: float, seed: int) -> int:
    """Prints a table. 0 if every bar holds."""
    bar = ProgressBar("killing") if sys.stderr.isatty() and not settings.json else None
    try:
        found = figures(series(settings, kills, seconds_apart, seed, bar))
    finally:
        if bar:
            bar.clear()
    if not settings.json:
        print(f"{kills} workers killed, in turn; seed {seed}")
        for figure in found:
            figure.show()
    return told(found, settings.json)
