"""Watches the load: tells the budget what rendering takes, and takes modules out of an overloaded rack.

Such a module is unloaded like any other, by a command of an author called `overload`: it fades out, the journal has the command, and
`undo` brings the module back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from chronus import places
from chronus.commands import Unload
from chronus.conductor import authors
from chronus.control.care.budget import Budget, CostsFile
from chronus.control.care.overload import MACHINE, RACK, Look, Overload, dearest
from chronus.control.jobs.job import End, Failed
from chronus.control.serve.server import Server
from chronus.memory import layout
from chronus.memory.layout import BLOCK, HANDLES, SLOTS, Memory

_DEAR = 16
"""Modules remembered as too dear."""


class Relief:
    """Watches the load for a server. `tick` looks once."""

    def __init__(self, server: Server, clock: Callable[[], float] = time.monotonic) -> None:
        self.server, self.clock = server, clock
        self.conductor, self.publisher = server.conductor, server.publisher
        self.memory: Memory = self.publisher.memory
        self.block = BLOCK / self.publisher.rate * 1e9
        self.budget = Budget(self.conductor.catalogue, self.block, CostsFile(places.costs_file()), self.now)
        self.overload = Overload(self.block)
        self.conductor.afford = self.budget.afford
        server.every_tick.append(self.tick)

    def now(self) -> tuple[float, Mapping[str, float]]:
        """Returns what a block takes, and each module of it, in nanoseconds: in the slot that plays and takes less."""
        playing = self.publisher.playing() or range(SLOTS)
        seats = self.conductor.plan.seats
        each = {
            name: float(min(int(self.memory.board[layout.COSTS + slot * HANDLES + seat.handle]) for slot in playing))
            for name, seat in seats.items()
        }
        return float(min(self.memory.word(layout.NANOSECONDS0, slot) for slot in playing)), each

    def tick(self) -> None:
        playing, word = self.publisher.playing(), self.memory.word
        late = {slot: word(layout.LATE0, slot) for slot in playing}
        took = {slot: word(layout.NANOSECONDS0, slot) for slot in playing}
        found = self.overload.seen(Look(self.clock(), late, took))
        if found == RACK:
            self._take_out()
        elif found == MACHINE:
            share = min(took.values()) / self.block
            text = f"blocks come late although rendering takes {share:.0%} of the time there is: something else keeps the processors busy"
            self.server.notify("overload", text, {"load": round(share, 3)})

    def _take_out(self) -> None:
        """Takes out the module whose going is enough; or says that there is none."""
        took, each = self.now()
        rack = self.conductor.rack
        costs = {name: each.get(name, 0.0) for name in rack.modules if name != "out"}
        name, share = dearest(costs, took, self.block), took / self.block
        if name is None:
            text = f"rendering takes {share:.0%} of the time there is, and there is nothing left to unload"
            self.server.notify("overload", text, {"load": round(share, 3)})
            return
        module = rack.modules[name]
        self.budget.dear = [*self.budget.dear[-_DEAR:], (module, costs[name])]

        def done(end: End) -> None:
            if not isinstance(end, Failed) and all(outcome.error is None for outcome in end.outcomes):
                alone = min(costs[name] / self.block, share)
                text = (
                    f'rendering took {share:.0%} of the time there is, "{name}" alone {alone:.0%}: it was unloaded; '
                    "undo brings it back once there is room"
                )
                self.server.notify("overload", text, {"load": round(share, 3), "unloaded": name})

        self.server.perform((Unload(name=name),), (f"unload {name}",), authors.OVERLOAD, ended=done)
