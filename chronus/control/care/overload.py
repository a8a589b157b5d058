"""Decides when a rack is too much for the machine, and which module to take out of it. It takes nothing out and reads no clock.

Rule 1: overload means that no slot has its blocks in time. One slot that is late alone is the supervisor's concern.
Rule 2: strain has to last for a second. While there is none, it wears off half as fast.
Rule 3: the rack is blamed only if rendering it takes all the time there is. If it does not, something else on this machine takes the
        processors; then nothing is taken out, and a notice says so, once a minute at most.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

STRAIN_SECONDS = 1.0
TOO_MUCH = 0.85
"""Of a block's time, in processor time of the slot that takes less: more, and being late is the rack's own doing."""
ENOUGH = 0.8
"""What is to be left after something was taken out."""
TOLD_SECONDS = 60.0
LONGEST_LOOK = 0.2
"""Seconds that one look counts for at most: if nobody looked for longer, nobody knows what happened meanwhile."""

RACK, MACHINE = "rack", "machine"


class Look(Struct, frozen=True):
    """What is seen at one moment: for each slot that plays, how often its block was due and missing so far, and the mean time of a
    block in nanoseconds.
    """

    now: float
    late: Mapping[int, int]
    nanoseconds: Mapping[int, int]


class Overload(Struct):
    """Measures the strain. `block_nanoseconds` is the time that a block lasts."""

    block_nanoseconds: float
    before: Look | None = None
    strain: float = 0.0
    told: float = -TOLD_SECONDS

    def seen(self, look: Look) -> str:
        """Returns RACK or MACHINE once it has been too much for long enough; then the strain begins anew. Else nothing."""
        before, self.before = self.before, look
        if before is None or not look.late or look.late.keys() != before.late.keys():
            return ""
        passed = min(look.now - before.now, LONGEST_LOOK)
        late = all(look.late[slot] > before.late[slot] for slot in look.late)
        self.strain = self.strain + passed if late else max(0.0, self.strain - passed / 2)
        if self.strain < STRAIN_SECONDS:
            return ""
        self.strain = 0.0
        if min(look.nanoseconds.values()) > TOO_MUCH * self.block_nanoseconds:
            return RACK
        if look.now - self.told < TOLD_SECONDS:
            return ""
        self.told = look.now
        return MACHINE


def dearest(costs: Mapping[str, float], took: float, block_nanoseconds: float) -> str | None:
    """Chooses the module to take out: of those (in the order of loading) whose going is enough, the cheapest, the last of equals;
    if none is enough, the dearest. None where there is no module.
    """
    excess = took - ENOUGH * block_nanoseconds
    names = list(costs)
    enough = [name for name in names if costs[name] >= excess]
    if enough:
        return min(reversed(enough), key=lambda name: costs[name])
    return max(reversed(names), key=lambda name: costs[name], default=None)
