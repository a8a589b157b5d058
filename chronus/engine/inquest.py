"""Finds out what a worker died of: the module or the entry of the log that it was at, or the checkpoint that it went back to.

It writes the verdict on the board: which module is rendered no more, which entry is passed over, and which checkpoint the next worker
goes back to. The rules are those of supervision.py. It kills no process and reads no clock.
"""

from __future__ import annotations

import signal

from chronus.engine import supervision
from chronus.engine.supervision import Blame
from chronus.engine_line import Notice
from chronus.memory import layout, quarantine
from chronus.memory.layout import BLOCK0, LINE, PLAYING, STARTING, STATE0, Memory
from chronus.memory.quarantine import TakenOut


class Inquest:
    """Keeps what is known of the workers of both slots. Times are seconds watched."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.blamed: tuple[Blame, ...] = ()
        self.restore = supervision.NEWEST
        self.went_back: list[int | None] = [None] * layout.SLOTS
        self.begun = [0.0] * layout.SLOTS
        self.hung: set[int] = set()  # slots whose worker is killed because it gets nothing done

    def begins(self, slot: int, now: float) -> None:
        """Takes in that a worker is asked for. If no slot plays and there is a checkpoint, the worker goes back to that."""
        self.memory.board[layout.RESTORE0 + slot * LINE] = self.restore
        self.went_back[slot], self.begun[slot] = None, now
        if self.memory.board[STATE0 + (1 - slot) * LINE] != PLAYING:
            self._finds_nobody(slot)

    def _finds_nobody(self, slot: int) -> None:
        if any(self.memory.word(layout.CHECKPOINT0, place) for place in range(2)):
            self.went_back[slot] = self.memory.word(layout.RESTORE0, slot)

    def had_time(self, slot: int, now: float) -> bool:
        """Whether the worker of a slot was asked for so long ago that it should play by now."""
        return now - self.begun[slot] > supervision.RESTORE_SECONDS

    def is_back(self) -> None:
        """Takes in that a worker plays that had time to die of what it went back to."""
        self.restore = supervision.NEWEST

    def hangs(self, slot: int, since: int | None = None) -> None:
        """Takes in that the worker of a slot will be killed: its kernel never returns, or it hangs elsewhere, which blames no module.

        `since`: the block from which on it has crawled. To render what came after once more would take as long again.
        """
        self.hung.add(slot)
        self._blame(slot, 0, since=since)

    def died(self, slot: int, status: int, now: float) -> list[Notice]:
        """Takes in that a worker is dead, while the board still shows what it did. `status`: its exit code, or minus the signal."""
        played = bool(self.memory.board[STATE0 + slot * LINE] == PLAYING)
        before = self.restore
        died_of_it = self._note_restore(slot, -signal.SIGABRT if slot in self.hung else status, played, now)
        self.hung.discard(slot)
        if self.memory.board[STATE0 + (1 - slot) * LINE] == STARTING and self.went_back[1 - slot] is None:
            # it was to join this one: two that die at once are told of one after the other
            self._finds_nobody(1 - slot)
        if status in supervision.OF_ITSELF and played:
            self._blame(slot, -status, entries=not died_of_it)
        return [self._told(slot)] if self.restore > before else []

    def _note_restore(self, slot: int, status: int, played: bool, now: float) -> bool:
        """Decides whether a worker died of the checkpoint that it went back to: it does if it dies soon, and in no module."""
        tried = self.went_back[slot]
        if tried is None or ((played or slot in self.hung) and self.memory.word(layout.CULPRIT0, slot)):
            return False
        level = supervision.restoring(tried, status, now - self.begun[slot], played)
        self.restore = max(self.restore, level)
        return level > tried

    def _told(self, slot: int) -> Notice:
        if self.restore == supervision.NOTHING:
            return Notice(
                "safe mode", "what sounded could not be restored; the rack is empty now, and undo brings it back"
            )
        return Notice("restore", f"slot {slot} died of the last checkpoint; the one before it is tried")

    def _blame(self, slot: int, how: int, entries: bool = True, since: int | None = None) -> None:
        """Blames what the slot was at. A module that is blamed twice is rendered no more, an entry is passed over; control sees it
        on the board and reports it. `how`: the signal that the worker died of, 0 where it hangs.
        """
        board, word = self.memory.board, self.memory.word
        handle, entry = word(layout.CULPRIT0, slot) - 1, word(layout.ENTRY0, slot)
        if 0 <= handle < layout.HANDLES:
            place = layout.HANDLE_TABLE // 8 + handle * layout.HANDLE_WORDS
            blame = Blame(handle, int(self.memory.arena(slot)[place + layout.H_INCARNATION]))
        elif entry > 0 and entries:
            blame = Blame(entry=entry)
        else:
            return
        self.blamed, guilty = supervision.convicted(self.blamed, blame)
        if not guilty:
            return
        if blame.entry:
            quarantine.pass_over(board, blame.entry)
            return
        other = 1 - slot
        plays = word(STATE0, other) == PLAYING
        block = supervision.out_from(word(BLOCK0, slot), word(BLOCK0, other) if plays else None)
        first = block if since is None else min(block, since)
        quarantine.take_out(board, TakenOut(blame.handle, blame.incarnation, first, how))
