"""Decides from the board which process is stuck, and whether the slots agree. It kills nothing and reads no clock.

Rule 1: a process is judged by the blocks and periods it gets done, never by what it says about itself.
Rule 2: a process that is late but moves is not stuck: overload is no reason to kill.
Rule 3: time that was not watched does not count: a pause of the watcher itself, or of the machine, is not held against any process.
Rule 4: two workers that stand in the same module at the same time leave no music to lose, so they are given up sooner.
Rule 5: the same holds for two that crawl: an eighth of the blocks that are due, or fewer, and all that time spent in one module.
Rule 6: two slots that differ in one block are both suspect; the standby is the one that can be replaced unheard.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from chronus.memory.layout import RING_BLOCKS, RING_STRIDE

SLOT_SECONDS = 0.1
"""A slot that owes blocks and renders none for so long, while the device goes on asking, is stuck."""
TOGETHER_SECONDS, SILENT_SECONDS = 0.025, 0.05
"""Both slots in one module for so long without a block, and so much silence since one of them rendered: its kernel does not return."""
CRAWLING, CRAWLING_SHARE = 8, 0.5
"""So many times fewer blocks than are due, through so much silence, and a rack crawls; if its mean block took that share of a block's
time, in time of the processor: it is not others that keep it from one."""
STARTING_SECONDS = 10.0
"""The same for one that has yet to join: it may have a program to compile, as long as control waits for one."""
HOST_SECONDS = 0.3
"""So long without a period, and a host is stuck, whatever its stream says."""
LOOK_SECONDS = 0.06
"""Between two looks no more than this counts: less than anybody's patience, or one look after a pause would use up all of it."""


class Seen(Struct, frozen=True):
    """What one look at the board shows. `owes`: the slot is not as far ahead as it should be. `culprits`: the module it is in, or
    0. `silent`: seconds of silence sent for want of blocks, ever. `asked`: blocks that were asked for, heard or silent. `share`: of
    a block's time that rendering one takes, in the slot that takes less.
    """

    now: float
    periods: int
    blocks: tuple[int, ...]
    owes: tuple[bool, ...]
    playing: tuple[bool, ...]
    starting: tuple[bool, ...] = (False, False)
    culprits: tuple[int, ...] = (0, 0)
    silent: float = 0.0
    asked: int = 0
    share: float = 0.0

    @property
    def together(self) -> bool:
        """Whether both slots are in the same module."""
        return all(self.playing) and self.culprits[0] == self.culprits[1] != 0


class Watch(Struct):
    """Records since when nothing has moved."""

    periods: int = -1
    periods_since: float = 0.0
    blocks: list[int] = field(default_factory=lambda: [-1, -1])
    blocks_since: list[float] = field(default_factory=lambda: [0.0, 0.0])
    looked: float = 0.0
    watched: float = 0.0
    """Seconds watched, up to the last look."""
    silent: float = 0.0
    silent_since: float = 0.0
    """The silence at the last look, and at the last one before which a slot had moved."""
    before: Seen | None = None
    """The look from which on both have crawled."""
    crawled_from: int | None = None
    """The block that the slower one was at then, if that is what the last two were given up for."""

    @property
    def in_silence(self) -> bool:
        """Whether nothing has been heard since a slot moved: a reason to look more often."""
        return self.silent > self.silent_since

    def awake(self, now: float) -> float:
        """Returns `now` in seconds watched."""
        self.watched += min(max(now - self.looked, 0.0), LOOK_SECONDS)
        self.looked = max(self.looked, now)  # some know when a look began, others what time it is
        return self.watched

    def stuck_slots(self, seen: Seen) -> list[int]:
        """Returns the slots that hang, each once for every stretch of patience."""
        paused = seen.now - self.looked > LOOK_SECONDS
        found, now = [], self.awake(seen.now)
        self.crawled_from = None
        if self._crawl(seen, paused):
            return [0, 1]
        if any(ours != theirs for ours, theirs in zip(self.blocks, seen.blocks, strict=True)):
            self.silent_since = self.silent
        self.silent = seen.silent
        mute = seen.together and seen.silent - self.silent_since >= SILENT_SECONDS
        of_playing = TOGETHER_SECONDS if mute else SLOT_SECONDS
        for slot in range(2):
            lives = seen.playing[slot] or seen.starting[slot]
            patience = of_playing if seen.playing[slot] else STARTING_SECONDS
            moved = seen.blocks[slot] != self.blocks[slot] or not seen.owes[slot] or not lives
            if moved or seen.periods == self.periods:
                if moved:
                    self.blocks[slot], self.blocks_since[slot] = seen.blocks[slot], now
            elif now - self.blocks_since[slot] > patience:
                self.blocks_since[slot] = now
                found.append(slot)
        return found

    def _crawl(self, seen: Seen, paused: bool) -> bool:
        """Whether both slots crawl; True once a stretch."""
        before = self.before
        if before is None or paused or not all(seen.playing):
            self.before = seen
            return False
        few = (seen.asked - before.asked) / CRAWLING
        if any(now - then > few for now, then in zip(seen.blocks, before.blocks, strict=True)):
            self.before = seen
            return False
        if not seen.together or seen.share < CRAWLING_SHARE or seen.silent - before.silent < SILENT_SECONDS:
            return False
        self.before, self.crawled_from = None, min(before.blocks)
        return True

    def host_is_stuck(self, seen: Seen, period_seconds: float) -> bool:
        """Whether the host is stuck; True once a stretch of HOST_SECONDS, or of four periods where those are longer."""
        now = self.awake(seen.now)
        if seen.periods != self.periods:
            self.periods, self.periods_since = seen.periods, now
            return False
        if now - self.periods_since <= max(HOST_SECONDS, 4 * period_seconds):
            return False
        self.periods_since = now
        return True

    def host_begins(self, now: float) -> None:
        """Takes in that a host is told to play: until then it was not expected to move."""
        self.periods_since = self.awake(now)


def disagreements(ours: list[tuple[int, int, int]], theirs: list[tuple[int, int, int]]) -> int:
    """Returns the blocks on which two slots differ, from rows (number, checksum, checksum of the arena) that both have."""
    known = {number: rest for number, *rest in ours if number}
    return sum(1 for number, *rest in theirs if number in known and known[number] != rest)


def ring_row(ring: Any, block: int) -> tuple[int, int, int]:
    """Returns (number, checksum, checksum of the arena) of a block in a ring; number 0 where it is not there any more."""
    at = block % RING_BLOCKS * RING_STRIDE // 8
    number = int(ring[at]) if int(ring[at]) == block + 1 else 0
    return number, int(ring[at + 1]), int(ring[at + 2])
