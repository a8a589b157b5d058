"""Decides which worker is about to fail: the one whose slot gets worse while the other does not. It kills nothing and reads no clock.

Rule 1: only a difference between the slots counts. Both render the same: what slows both is the rack, and replacing a worker cures no rack.
    Of a rack that leaves little of a block's time, one slot may come late and the other just not: that is the rack, too.
Rule 2: a slot is named only while both play, so that the other one can play on.
Rule 3: one bad moment proves nothing. Strain has to last for STRAIN_SECONDS; while there is none, it wears off half as fast.
Rule 4: if replacing did not help, the next replacement comes later and later: perhaps the fault is not the worker's.
"""

from __future__ import annotations

from msgspec import Struct, field

from chronus.engine.watch import LOOK_SECONDS

STRAIN_SECONDS = 0.2
SLOWER = 3.0
"""Times as much processor time as the other slot takes for the same block."""
SHARE = 0.1
"""Of a block's time: a slot that takes less is in no danger, however much slower it is."""
EASE = 0.7
"""Of a block's time: where the other slot takes more, a slot that is late has a heavy rack, and nothing that another worker would cure."""
GROWTH = 64 << 20
"""Bytes that a worker's own memory may grow beyond what the other's grows, bound programs left out."""
OWED_SECONDS = 0.1
"""So long after the other slot has a program ready, and half as long again as that took, a slot must have it, too."""
BUSY_SECONDS = 1.0
"""The same for one that works on it or waits for a processor, and does not merely wait for its interpreter."""
FIRST_REST, LONGEST_REST = 1.0, 60.0


class Look(Struct, frozen=True):
    """What is seen of both slots at one moment. `late` counts blocks that were due and not there; `nanoseconds` is a mean of a block.

    `memory` is what a worker has for itself without bound programs, in bytes; None where one of them is dead, which is heard a
    little later. `prepared` is its newest program, `laid` the newest there is.
    """

    now: float
    workers: tuple[int, int]
    """Process ids: who is judged."""
    playing: tuple[bool, bool]
    late: tuple[int, int]
    nanoseconds: tuple[int, int]
    memory: tuple[int, int] | None
    laid: int = 0
    prepared: tuple[int, int] = (0, 0)
    busy: tuple[bool, bool] = (False, False)
    """Whether the thread that makes programs ready runs, or would if there were a processor for it."""


class Failing(Struct):
    """Compares both slots since their present workers serve them. `block_nanoseconds` is the time that a block lasts."""

    block_nanoseconds: float
    before: Look | None = None
    memory: tuple[int, int] | None = None
    strain: list[float] = field(default_factory=lambda: [0.0, 0.0])
    owed_since: float = 0.0
    ready_at: float | None = None
    told_at: float = -LONGEST_REST
    rest: float = FIRST_REST

    def seen(self, look: Look) -> tuple[int, str] | None:
        """Returns (slot, why) of a worker that is to be replaced while it still works."""
        before, self.before = self.before, look
        if before is None or look.workers != before.workers or not (all(look.playing) and all(before.playing)):
            self.memory, self.strain, self.ready_at, self.owed_since = look.memory, [0.0, 0.0], None, look.now
            return None
        self.memory = self.memory or look.memory
        for slot in range(2):
            strained = self._is_late(slot, before, look) or self._is_slow(slot, look)
            passed = min(look.now - before.now, LOOK_SECONDS)
            self.strain[slot] = self.strain[slot] + passed if strained else max(0.0, self.strain[slot] - passed / 2)
        found = self._worst(before, look)
        if found is None or look.now - self.told_at < self.rest:
            return None
        calm = look.now - self.told_at > LONGEST_REST
        self.rest = FIRST_REST if calm else min(2 * self.rest, LONGEST_REST)
        self.told_at = look.now
        return found

    def _worst(self, before: Look, look: Look) -> tuple[int, str] | None:
        debtor = self._debtor(before, look)
        if debtor is not None:
            return debtor, "it does not get a program ready that the other slot has"
        for slot in range(2):
            if self.strain[slot] > STRAIN_SECONDS:
                return slot, "its blocks come later and later, and the other slot's do not"
        if look.memory and self.memory:
            grown = [now - then for now, then in zip(look.memory, self.memory, strict=True)]
            slot = grown.index(max(grown))
            if grown[slot] - max(0, grown[1 - slot]) > GROWTH:
                return (
                    slot,
                    f"its memory grew by {grown[slot] >> 20} MB, and the other slot's by {grown[1 - slot] >> 20}",
                )
        return None

    def _is_late(self, slot: int, before: Look, look: Look) -> bool:
        other = 1 - slot
        eased = look.nanoseconds[other] < EASE * self.block_nanoseconds
        return eased and look.late[slot] > before.late[slot] and look.late[other] == before.late[other]

    def _is_slow(self, slot: int, look: Look) -> bool:
        took = look.nanoseconds[slot]
        return took > SHARE * self.block_nanoseconds and took > SLOWER * look.nanoseconds[1 - slot]

    def _debtor(self, before: Look, look: Look) -> int | None:
        """Returns the slot that has not prepared a program which the other one has had ready for too long."""
        if look.laid != before.laid:
            self.owed_since, self.ready_at = before.now, None
        owing = [slot for slot in range(2) if look.prepared[slot] < look.laid]
        if len(owing) != 1:
            return None
        if self.ready_at is None:
            self.ready_at = look.now
        patience = BUSY_SECONDS if look.busy[owing[0]] else OWED_SECONDS
        patience += (self.ready_at - self.owed_since) / 2
        return owing[0] if look.now - self.ready_at > patience else None
