"""Gets a worker an arena to go on from. Each call looks once, so that the caller decides how to wait.

Rule 1: if the other slot plays, the worker asks it for a snapshot, which that slot's worker writes between two blocks.
Rule 2: a worker that is alone goes back to the newest checkpoint, or to the very first block: the log and the seals tell what happened
        since.
Rule 3: a checkpoint that workers died of is passed over for the one before, or for the very first block if there is none. If that was
        tried too, the slot begins with nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chronus.memory.layout import (
    A_BLOCK,
    A_CURSOR,
    A_PENDING,
    A_USED,
    ARENA_BYTES,
    BLOCK,
    CHECKPOINT0,
    HEARD,
    INSTANCES,
    LAID_DOWN,
    LINE,
    PENDING,
    PLAYING,
    RESTORE0,
    SEALS,
    STATE0,
    TAIL,
    WANT0,
    WANTED,
    Memory,
)  # fmt: skip
from chronus.memory.log import unseal
from chronus.worker import replica

PLACES = 2
"""Of checkpoints."""
SNAPSHOT_SECONDS = 1.0
"""How long a fresh worker waits for the other slot to lay down a snapshot, before it asks anew."""


class Joining:
    """Brings a slot's worker to its arena. `look` until it returns True. `asked` is called when the other slot has been asked."""

    def __init__(self, memory: Memory, slot: int, asked: Callable[[], None]) -> None:
        self.memory, self.slot, self.asked = memory, slot, asked
        self.deadline: float | None = None
        self.second_since: float | None = None

    def look(self, now: float) -> bool:
        """Looks once, at `now` seconds of the monotonic clock. True: the arena stands where rendering is to go on."""
        board, want = self.memory.board, WANT0 + self.slot * LINE
        if self.deadline is not None and board[want] == LAID_DOWN:
            board[want] = 0
            return True
        if board[STATE0 + (1 - self.slot) * LINE] != PLAYING:
            if self._comes_second(now):
                return False
            board[want] = 0
            self._go_back()
            return True
        if self.deadline is None or now >= self.deadline:
            board[want] = WANTED
            self.deadline = now + SNAPSHOT_SECONDS
            self.asked()
        return False

    def _comes_second(self, now: float) -> bool:
        """Whether this slot waits for the other: where nothing can be restored slot 0 begins, and slot 1 goes on from there,
        because two that begin at different blocks would differ.
        """
        if self.slot == 0 or self.memory.word(RESTORE0, self.slot) < PLACES:
            return False
        if self.second_since is None:
            self.second_since = now
        return now - self.second_since < SNAPSHOT_SECONDS

    def _go_back(self) -> None:
        """Goes back to a checkpoint: the own arena cannot be trusted, since its worker may have died in the middle of a block."""
        board, checkpoints, arena = self.memory.board, self.memory.checkpoints(), self.memory.arena(self.slot)
        arena[: min(max(int(arena[A_USED]), INSTANCES), ARENA_BYTES) // 8] = 0
        places = [(int(board[CHECKPOINT0 + place * LINE]), place) for place in range(2)]
        places = sorted([kept for kept in places if kept[0] and is_whole(checkpoints[kept[1]])], reverse=True)
        tried = self.memory.word(RESTORE0, self.slot)
        if tried < len(places):
            replica.lay_snapshot(checkpoints[places[tried][1]], arena)
        elif tried >= PLACES:
            arena[A_BLOCK], arena[A_CURSOR] = self._last_sealed()

    def _last_sealed(self) -> tuple[int, int]:
        """Returns the last block up to now that has a seal, and its log tail: no block is passed over, or control would wait for
        its seal.
        """
        heard, tail = self.memory.word(HEARD) // BLOCK, self.memory.word(TAIL)
        for block in range(heard, max(0, heard - SEALS), -1):
            number, sealed = unseal(int(self.memory.seals[block % SEALS]), max(0, tail - (1 << 31)))
            if number == block & 0xFFFFFFFF:
                return block, sealed
        return heard, tail


def is_whole(arena: np.ndarray) -> bool:
    """Whether a checkpoint's own measures can be believed: they decide how much is copied."""
    return 0 <= int(arena[A_PENDING]) <= PENDING and 0 <= int(arena[A_USED]) <= ARENA_BYTES
