"""Watches both slots together: which worker is about to fail while the other plays on, and whether the slots differ. It kills nothing.

If the worker to be replaced serves the active slot, the other slot is made active first; a slot that differs starts again from the other.
"""

from __future__ import annotations

from msgspec import Struct

from chronus.engine.failing import Failing, Look
from chronus.engine.watch import disagreements, ring_row
from chronus.engine_line import Notice
from chronus.memory import layout
from chronus.memory.layout import BLOCK, BLOCK0, HEARD, PLAYING, STATE0, Memory
from chronus.system import proc

MEMORY_SECONDS = 1.0
"""Between two looks at the memory of the workers."""
RETIRE_SECONDS = 0.1
"""How long the callback is given to switch away from a worker that is to be replaced."""

Pids = tuple[int, int]


class Replace(Struct, frozen=True):
    """The worker of that slot is to be killed, which ends the retirement; a new one comes."""

    slot: int


class Retiring(Struct, frozen=True):
    """The worker of that slot is replaced once the callback has switched away from it, or at `by`, seconds of the clock."""

    slot: int
    by: float


class Weighed(Struct, frozen=True):
    """The private memory of both workers, in bytes, without bound programs; None where one of them is dead. Valid until `due`."""

    pids: Pids
    playing: tuple[bool, bool]
    due: float
    own: tuple[int, int] | None


Action = Replace | Notice


class Pair:
    """Watches both slots. `block_nanoseconds` is the time that a block lasts."""

    def __init__(self, memory: Memory, block_nanoseconds: float) -> None:
        self.memory = memory
        self.failing = Failing(block_nanoseconds)
        self.retiring: Retiring | None = None
        self._weighed = Weighed((0, 0), (False, False), 0.0, None)
        self._compared = 0

    def foresee(self, now: float, awake: float, pids: Pids) -> list[Action]:
        """Has a worker replaced that still works but soon will not. `awake` is now in seconds watched."""
        found: list[Action] = []
        failing = self.failing.seen(self._look(now, awake, pids))
        if failing is not None and self.retiring is None:
            slot, why = failing
            self.retiring = Retiring(slot, now + RETIRE_SECONDS)
            self.memory.board[layout.PREFERRED] = 1 + (1 - slot)
            found.append(Notice("failing", f"slot {slot} is replaced while slot {1 - slot} plays on: {why}"))
        if self.retiring is not None:
            slot, other, word = self.retiring.slot, 1 - self.retiring.slot, self.memory.word
            if word(layout.ACTIVE) != slot or now > self.retiring.by:
                if self._plays(other) and word(BLOCK0, other) * BLOCK > word(HEARD):
                    found.append(Replace(slot))
                else:
                    self.retire_nobody()
        return found

    def retire_nobody(self) -> None:
        """Ends the retirement: a worker is killed or dead, either the one to be replaced or the one to play on."""
        self.retiring, self.memory.board[layout.PREFERRED] = None, 0

    def compare(self, upto: int) -> list[Action]:
        """Compares what both slots rendered since the last look; where they differ, the standby is replaced."""
        first, self._compared = max(self._compared, upto - layout.RING_BLOCKS // 2), upto
        rings = (self.memory.ring(slot) for slot in range(layout.SLOTS))
        rows = [[ring_row(ring, block) for block in range(first, upto)] for ring in rings]
        differ = disagreements(*rows)
        if not differ:
            return []
        self.memory.board[layout.DIVERGENCES] += differ
        standby = 1 - int(self.memory.board[layout.ACTIVE])
        text = f"the slots differed in {differ} blocks; slot {standby} starts again from the other one"
        return [Notice("divergence", text), Replace(standby)]

    def _look(self, now: float, awake: float, pids: Pids) -> Look:
        word, playing = self.memory.word, (self._plays(0), self._plays(1))
        if now >= self._weighed.due or (self._weighed.pids, self._weighed.playing) != (pids, playing):
            self._weighed = Weighed(pids, playing, now + MEMORY_SECONDS, self._own_memory(pids))
        laid, prepared = word(layout.PROGRAM), (word(layout.PREPARED0), word(layout.PREPARED0, 1))
        return Look(
            awake, pids, playing, (word(layout.LATE0), word(layout.LATE0, 1)),
            (word(layout.NANOSECONDS0), word(layout.NANOSECONDS0, 1)), self._weighed.own,
            laid, prepared, (prepared[0] < laid and _is_busy(pids[0]), prepared[1] < laid and _is_busy(pids[1])),
        )  # fmt: skip

    def _plays(self, slot: int) -> bool:
        return self.memory.word(STATE0, slot) == PLAYING

    def _own_memory(self, pids: Pids) -> tuple[int, int] | None:
        """Returns a worker's private memory; None if it was killed a moment ago, and has given back all it had."""
        held, word = (proc.own_memory(pids[0]), proc.own_memory(pids[1])), self.memory.word
        if held[0] is None or held[1] is None:
            return None
        return held[0] - word(layout.KEPT0), held[1] - word(layout.KEPT0, 1)


def _is_busy(pid: int) -> bool:
    """Whether the main thread of a process runs, or would if there were a processor for it."""
    found = proc.stat(pid, pid)
    return found is not None and found.state == "R"
