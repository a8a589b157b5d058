"""Plans: where each module and cable of a rack has its place in the arena, and which program says so to the replicas.

A planner gives places and takes them back; it changes nothing until a plan is adopted, so a plan that comes to nothing costs only
its number. Rules:
1. What stays keeps its place and incarnation. What goes stays in the program, leaving, until its fade of 10 ms is over.
2. A place is given anew only after the program that no longer uses it has been applied.
3. The order of sums depends on the rack alone, never on the way it came to be.
"""

from __future__ import annotations

import itertools
import math

from chronus.catalogue.kinds import Catalogue
from chronus.plan.drawing import Drawing
from chronus.plan.seats import NOTHING, Plan
from chronus.rack.document import Rack

FADE_SECONDS = 0.012
"""When a leaving cable is surely silent: its fade lasts 10 ms from the block that applies the swap."""


class Planner:
    """`first` is the least incarnation it gives: a planner that comes after another one goes on from there."""

    def __init__(self, catalogue: Catalogue, rate: int, first: int = 1) -> None:
        self.catalogue, self.rate = catalogue, rate
        self.incarnations, self.number = itertools.count(first), 0
        self.plan = NOTHING
        self.applied: dict[int, int] = {}
        self.draining: dict[int, Plan] = {}

    @property
    def next_incarnation(self) -> int:
        """The number that the next new module or cable will get."""
        first = next(self.incarnations)
        self.incarnations = itertools.count(first)
        return first

    def draw(self, rack: Rack, frame: int = 0, fresh: frozenset[str] = frozenset()) -> Plan:
        """The plan of a rack, as it is at `frame`: what left long enough ago is dropped. E_LIMIT where there is no room.

        `fresh`: modules that are not those that had these names before.
        """
        self.number += 1
        over = frozenset(number for number in self.applied if self.is_over(number, frame))
        return Drawing(
            self.catalogue, self.rate, rack, self.number, self.plan, self.draining, over, self.incarnations, fresh
        ).finish()

    def adopt(self, plan: Plan) -> None:
        """From now on plans start from this one. What it drops drains until it is applied."""
        self.draining[plan.number] = self.plan
        self.plan = plan

    def confirm(self, number: int, frame: int) -> None:
        """The program was applied at that frame: what only older programs used is free."""
        self.applied[number] = frame
        for older in [n for n in self.draining if n <= number]:
            del self.draining[older]
        plan = self.plan
        asked = {*plan.seats_left.values(), *plan.strands_left.values(), *(s.born for s in plan.strands.values())}
        self.applied = {n: at for n, at in self.applied.items() if n in asked}

    def faded(self, frame: int) -> bool:
        """Whether something that is leaving could be dropped."""
        return any(self.is_over(n, frame) for n in {*self.plan.seats_left.values(), *self.plan.strands_left.values()})

    def is_over(self, number: int, frame: int) -> bool:
        """Whether the fades that a program began are over at a frame."""
        return number in self.applied and self.applied[number] + math.ceil(self.rate * FADE_SECONDS) <= frame
