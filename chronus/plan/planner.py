"""Plans the place of each module and cable of a rack in the arena, and the program that tells the replicas about it.

A planner draws plans from the places given away so far, its `Places`; it keeps nothing itself. A plan changes them when it is adopted,
so a plan that is given up costs only the numbers in it. Rules:
1. A module that stays keeps its place and incarnation. One that goes stays in the program, leaving, until its fade of 10 ms is over.
2. A place is given anew only after the program that no longer uses it has been applied.
3. The order of sums depends on the rack alone, never on the way it came to be.
"""

from __future__ import annotations

import math

from chronus.catalogue.kinds import Catalogue
from chronus.plan.drawing import Drawing
from chronus.plan.seats import Places, Plan
from chronus.rack.document import Rack, replace

FADE_SECONDS = 0.012
"""When a leaving cable is surely silent: its fade lasts 10 ms from the block that applies the swap."""


class Planner:
    def __init__(self, catalogue: Catalogue, rate: int) -> None:
        self.catalogue, self.rate = catalogue, rate

    def draw(
        self, places: Places, rack: Rack, frame: int = 0, fresh: frozenset[str] = frozenset()
    ) -> tuple[Places, Plan]:
        """Draws the plan of a rack, as it is at `frame`: what left long enough ago is dropped. Raises E_LIMIT where there is no room.

        `fresh`: modules that are not those that had these names before. The places that come back have given the numbers away, and no more.
        """
        number = places.number + 1
        over = frozenset(older for older in places.applied if self.is_over(places, older, frame))
        drawing = Drawing(self.catalogue, self.rate, rack, number, places, over, fresh)
        plan = drawing.finish()
        return replace(places, number=number, incarnation=drawing.incarnation), plan

    def faded(self, places: Places, frame: int) -> bool:
        """Whether something that is leaving could be dropped."""
        left = {*places.plan.seats_left.values(), *places.plan.strands_left.values()}
        return any(self.is_over(places, number, frame) for number in left)

    def is_over(self, places: Places, number: int, frame: int) -> bool:
        """Whether the fades that a program began are over at a frame."""
        return number in places.applied and places.applied[number] + math.ceil(self.rate * FADE_SECONDS) <= frame
