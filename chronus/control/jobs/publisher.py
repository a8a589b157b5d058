"""Publishes batches of entries in the log, and finds out in which block the replicas sealed them.

Rule 1: nothing here waits. `poll` looks once; its caller calls it again.
Rule 2: a batch is sealed by the first block whose seal reaches its tail. If it names a frame before that block, both
replicas refuse all of it, and so does this file: the same rule on the same numbers, so no replica needs to be asked.
Rule 3: a program's place is written again only when no replica can still need the program that lies in it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from chronus.memory import layout
from chronus.memory.layout import BLOCK, LOG_ENTRIES, PLAYING, PROGRAMS, SEALS, SLOTS, Memory
from chronus.memory.log import (
    FRAME,
    NOTE_ON,
    NOW,
    ORDER,
    SWAP,
    WHAT,
    WHO,
    Entry,
    Rows,
    Writer,
    decode,
    encode,
    least_frame,
    unseal,
)
from chronus.memory.program import Program

AHEAD_SECONDS = 0.020
"""What is scheduled names a frame at least this far ahead."""
UNSEALED_MOST = LOG_ENTRIES // 4
"""Entries that may wait for a seal: with both workers down the log must not run over its own tail."""


class Batch(Struct, eq=False):
    """A published batch. `frame` is the start of the block that sealed it, or -1 while no replica has begun that block."""

    tail: int
    size: int
    least: int
    """Least absolute frame among its entries, NOW where all of them are for now."""
    frame: int = -1

    @property
    def sealed(self) -> bool:
        return self.frame >= 0

    @property
    def refused(self) -> bool:
        return self.sealed and self.least != NOW and self.least < self.frame


class Publisher:
    """Publishes batches for the replicas. `wake(slot)` tells a worker that a program lies ready to be prepared."""

    def __init__(self, memory: Memory, wake: Callable[[int], None]) -> None:
        self.memory, self.wake = memory, wake
        self.writer = Writer(memory)
        self.rate = memory.word(layout.RATE)
        self.unsealed: deque[Batch] = deque()
        self._begun = 0
        self._block = 0
        self._swaps: deque[tuple[int, int]] = deque()

    # ------------------------------------------------------------ the clocks

    def playing(self) -> tuple[int, ...]:
        return tuple(slot for slot in range(SLOTS) if self.memory.word(layout.STATE0, slot) == PLAYING)

    def begun(self) -> int:
        """The first block that no replica has finished. It never goes back: what was begun once has its seal."""
        self._begun = max(self._begun, *(self.memory.word(layout.BLOCK0, slot) for slot in range(SLOTS)))
        return self._begun

    def head(self) -> int:
        """The frame from which on a command given now will act (one block later, if that block has just begun)."""
        return self.begun() * BLOCK

    def heard(self) -> int:
        """The frame that the device asks for next: the clock of what people hear."""
        return self.memory.word(layout.HEARD)

    def front(self) -> int:
        """The head, or the clock if that is further: while both workers are down, time runs on without blocks."""
        return max(self.head(), self.heard())

    def safe_moment(self, seconds: float = 0.0) -> int:
        """Returns the first whole block that can be named without fear of a refusal, if publishing takes that many seconds."""
        frame = self.front() + round((AHEAD_SECONDS + seconds) * self.rate) + BLOCK
        return -(-frame // BLOCK) * BLOCK

    def count(self, word: int, number: int = 1) -> None:
        """Adds to a counter on the board: counters belong to the engine, and outlive this process."""
        self.memory.board[word] += number

    # ------------------------------------------------------------ programs

    def has_place(self, number: int) -> bool:
        """Whether the place of this program is free: every replica has swapped away from what lies there."""
        behind = min((self.memory.word(layout.BLOCK0, slot) for slot in self.playing()), default=0) * BLOCK
        while self._swaps and self._swaps[0][1] < behind:
            self._swaps.popleft()
        return not self._swaps or self._swaps[0][0] > number - PROGRAMS + 1

    def lay(self, program: Program) -> None:
        """Lays the program into its place and tells the workers to prepare it. ValueError if it is too long."""
        program.lay(self.memory.program(program.number))
        self.memory.board[layout.PROGRAM] = program.number
        for slot in range(SLOTS):
            self.wake(slot)

    def prepared(self, number: int) -> bool:
        """Whether every playing slot has bound that program; False while none plays."""
        slots = self.playing()
        return bool(slots) and all(self.memory.word(layout.PREPARED0, slot) >= number for slot in slots)

    # ------------------------------------------------------------ batches

    def room(self) -> bool:
        """Whether more may be published: False while too much waits for replicas that do not come."""
        return sum(batch.size for batch in self.unsealed) < UNSEALED_MOST

    def next_tail(self, size: int) -> int:
        """Returns the tail that a batch of so many entries will have."""
        return self.writer.tail + size + 1

    def publish(self, entries: Sequence[Entry] | Rows, number: int = 0) -> Batch:
        """Makes all entries visible at once. `number` is the command's; 0 for what no command asked for."""
        self._block = max(self._block, self.begun()) if not self.unsealed else self._block
        rows = entries if isinstance(entries, np.ndarray) else encode(entries)
        batch = Batch(self.writer.publish(rows), len(rows) + 1, least_frame(rows))
        if number:
            self.memory.board[layout.COMMAND] = number
        for entry in decode(rows[rows[:, WHAT] & 0xFF == SWAP]):
            self._swaps.append((int(entry.a), max(entry.frame, self.head() + BLOCK)))
        self.unsealed.append(batch)
        return batch

    def last_note(self) -> int:
        """The last frame at which a note that lies in the log begins; -1 if there is none."""
        rows = self._lying()
        return int(rows[rows[:, WHAT] & 0xFF == NOTE_ON, FRAME].max(initial=-1))

    def lacking(self, rows: Rows) -> Rows:
        """Returns those of the entries that do not lie in the log."""
        return rows[~np.isin(_keys(rows), _keys(self._lying()))]

    def _lying(self) -> Rows:
        tail = self.writer.tail
        return self.memory.log[np.arange(max(0, tail - LOG_ENTRIES + 1), tail) % LOG_ENTRIES]

    def look_back(self, blocks: int) -> None:
        """Reads seals from that many blocks before the head, from the next poll on: for batches that another control published."""
        self._block = max(0, self.begun() - blocks)

    def expect(self, batches: Iterable[Batch]) -> None:
        """Looks also for the seals of a batch that another control published."""
        self.unsealed += batches

    def poll(self) -> None:
        """Gives every batch that was sealed since the last look its frame."""
        while self.unsealed:
            frame = self._find(self.unsealed[0].tail)
            if frame < 0:
                return
            self.unsealed.popleft().frame = frame

    def applied(self, batch: Batch) -> bool:
        """Whether every playing slot has rendered the block that sealed the batch."""
        slots = self.playing()
        return batch.sealed and bool(slots) and all(self.passed(batch.frame, slot) for slot in slots)

    def passed(self, frame: int, slot: int) -> bool:
        return self.memory.word(layout.BLOCK0, slot) * BLOCK > frame

    def scheduled(self, frame: int) -> None:
        self.memory.board[layout.SCHEDULED] = frame

    def _find(self, tail: int) -> int:
        """Returns the start of the first block sealed with that tail or more, -1 while there is none."""
        self._block = max(self._block, self.begun() - SEALS + 1)
        while (sealed := self._seal(self._block)) >= 0:
            if sealed >= tail:
                return self._block * BLOCK
            self._block += 1
        return -1

    def _seal(self, block: int) -> int:
        """Returns the tail that a block was sealed with, -1 if no replica has begun it."""
        value = int(self.memory.seals[block % SEALS])
        number, tail = unseal(value, max(0, self.writer.tail - (1 << 31)))
        begun = number == block & 0xFFFFFFFF and (value != 0 or self.begun() > 0)
        return tail if begun else -1


def _keys(rows: Rows) -> NDArray[np.void]:
    """Returns what identifies each entry."""
    words = np.ascontiguousarray(rows[:, [FRAME, ORDER, WHAT, WHO]])
    return words.view([("", np.int64)] * 4).ravel()
