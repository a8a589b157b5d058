"""Declares the places of a rack's modules and cables: seats in the arena, strands between them."""

from __future__ import annotations

from msgspec import Struct

from chronus.memory import shelf
from chronus.memory.program import Program
from chronus.rack import document
from chronus.rack.document import Cable, replace
from chronus.shelf.recipe import Recipe


class Seat(Struct, frozen=True):
    """An instance's place: `handle` in the tables, `region` in the arena. `born` is the program that brought it.

    `notes` is the handle of the seat whose notes it follows, `follows` whether anything plays those; `open`: its gate stands open.
    `tables` are those of the shelf that it reads: with other ones it is another instance, and the two cross-fade. `mixed`: the graph
    looks at its level, pan and bypass, from the first time on that one of them is set or moved.
    """

    name: str
    kind: str
    lanes: int
    stereo: bool
    voices: int
    handle: int
    incarnation: int
    region: int
    size: int
    born: int
    initial: tuple[float, ...]
    notes: int = -1
    follows: bool = False
    open: bool = False
    tables: tuple[Recipe, ...] = ()
    mixed: bool = False


class Strand(Struct, frozen=True):
    """A cable's place. `source` and `target` are handles; `late` is the arena offset of its two blocks where it closes a circle, else 0.

    `mixed`: it has had a gain other than 1, and may still be on its way from there.
    """

    key: document.Key
    source: int
    target: int
    handle: int
    incarnation: int
    born: int
    cable: Cable
    late: int = 0
    late_bytes: int = 0
    mixed: bool = False


class Plan(Struct, frozen=True):
    """Everything that has a place, by handle (`seats` by name). `left` says by which program a leaving one went."""

    number: int
    seats: dict[str, Seat]
    strands: dict[int, Strand]
    old_seats: dict[int, Seat]
    old_strands: dict[int, Strand]
    seats_left: dict[int, int]
    strands_left: dict[int, int]
    program: Program | None = None

    def leader(self, seat: Seat) -> Seat:
        """The seat of the module whose notes it follows."""
        return next((other for other in self.seats.values() if other.handle == seat.notes), seat)

    def spans(self) -> list[tuple[int, int]]:
        """The stretches of the arena that are in use."""
        seats = (*self.seats.values(), *self.old_seats.values())
        strands = (*self.strands.values(), *self.old_strands.values())
        return [(s.region, s.region + s.size) for s in seats] + [
            (s.late, s.late + s.late_bytes) for s in strands if s.late
        ]

    def tables(self) -> dict[shelf.Key, Recipe]:
        """Returns all tables of the shelf that are read, also by what is leaving."""
        seats = (*self.seats.values(), *self.old_seats.values())
        return {recipe.key: recipe for seat in seats for recipe in seat.tables}

    def handles(self) -> set[int]:
        return {seat.handle for seat in self.seats.values()} | self.old_seats.keys()

    def cables(self) -> set[int]:
        return self.strands.keys() | self.old_strands.keys()


NOTHING = Plan(0, {}, {}, {}, {}, {}, {})


class Places(Struct, frozen=True):
    """`plan` is the one in use, `number` that of the last one that was drawn, `incarnation` what the next new module or cable will get.

    `applied`: by a program's number, the frame at which it was applied, for those whose fades matter. `draining`: by the number of the
    program that followed it, a plan whose places are still in use until that one is applied.
    """

    plan: Plan = NOTHING
    number: int = 0
    incarnation: int = 1
    applied: dict[int, int] = {}
    draining: dict[int, Plan] = {}

    def adopted(self, plan: Plan) -> Places:
        """Takes a plan as the one that later plans start from. What it drops drains until it is applied."""
        return replace(self, plan=plan, draining={**self.draining, plan.number: self.plan})

    def tables(self) -> dict[shelf.Key, Recipe]:
        """Returns all tables of the shelf that are read by any plan that may still be in use."""
        return {key: recipe for plan in (self.plan, *self.draining.values()) for key, recipe in plan.tables().items()}

    def confirmed(self, number: int, frame: int) -> Places:
        """The program was applied at that frame: what only older programs used is free."""
        plan = self.plan
        asked = {*plan.seats_left.values(), *plan.strands_left.values(), *(s.born for s in plan.strands.values())}
        applied = {n: at for n, at in {**self.applied, number: frame}.items() if n in asked}
        draining = {newer: older for newer, older in self.draining.items() if newer > number}
        return replace(self, applied=applied, draining=draining)
