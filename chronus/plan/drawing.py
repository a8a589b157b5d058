"""Draws one plan: from the rack and the plan before it come the seats, strands and tables of the next."""

from __future__ import annotations

from collections.abc import Mapping

from chronus.catalogue.kinds import Catalogue
from chronus.errors import ChronusError
from chronus.memory.layout import ARENA_BYTES, BLOCK, CABLES, HANDLES, INSTANCES, instance_bytes
from chronus.memory.program import Program
from chronus.memory.shelf import MOST_BYTES, PLACES
from chronus.plan.seats import Places, Plan, Seat, Strand
from chronus.plan.tables import Tables
from chronus.rack.document import Cable, Key, Rack, for_replicas, replace, values
from chronus.rack.wiring import sort, wire_up
from chronus.shelf.recipe import recipes

MOST_TABLES = PLACES // 2
"""As many again may still fade out."""
FIRST = -(-INSTANCES // 64) * 64
Ident = tuple[Key, int, int, bool]
"""A cable between two seats; one that becomes late, or whose module is another one now, is another cable, and they cross-fade."""


class Drawing:
    """Draws a plan; `finish` gives it. `over` are the programs whose fades are over; `incarnation` is the next one to give."""

    def __init__(
        self,
        catalogue: Catalogue,
        rate: int,
        rack: Rack,
        number: int,
        places: Places,
        over: frozenset[int],
        fresh: frozenset[str] = frozenset(),
    ) -> None:
        self.catalogue, self.rate, self.rack, self.number = catalogue, rate, rack, number
        self.before, self.incarnation, self.over, self.fresh = places.plan, places.incarnation, over, fresh
        self.wiring = wire_up(rack, catalogue)
        known = [places.plan, *places.draining.values()]
        self.taken = sorted({span for plan in known for span in plan.spans()})
        self.handles = _Free("modules", HANDLES, {h for plan in known for h in plan.handles()})
        self.cables = _Free("cables", CABLES, {h for plan in known for h in plan.cables()})

    def finish(self) -> Plan:
        seats = {name: self._seat(name) for name in self.rack.modules}
        seats = {name: self._follow(seat, seats) for name, seat in seats.items()}
        self._check_tables(seats)
        self._keep_leaving()
        strands = self._strands(seats)
        self._let_go(seats, strands)
        order = self._order(seats, strands)
        plan = Plan(self.number, seats, strands, self.old_seats, self.old_strands, self.seats_left, self.strands_left)
        return replace(plan, program=self._program(plan, order))

    # ------------------------------------------------------------ what stays and what goes

    def _keep_leaving(self) -> None:
        before = self.before
        self.strands_left = {h: n for h, n in before.strands_left.items() if n not in self.over}
        self.old_strands = {h: before.old_strands[h] for h in self.strands_left}
        # A seat outlives the strands that lead out of it: they left with it or earlier.
        self.seats_left = {h: n for h, n in before.seats_left.items() if n not in self.over}
        self.old_seats = {h: before.old_seats[h] for h in self.seats_left}

    def _let_go(self, seats: dict[str, Seat], strands: dict[int, Strand]) -> None:
        alive = {seat.handle for seat in seats.values()}
        for seat in self.before.seats.values():
            if seat.handle not in alive:
                self.old_seats[seat.handle], self.seats_left[seat.handle] = seat, self.number
        for handle, strand in self.before.strands.items():
            if handle not in strands:
                self.old_strands[handle], self.strands_left[handle] = strand, self.number
        for handle in strands.keys() & self.old_strands.keys():
            del self.old_strands[handle], self.strands_left[handle]

    # ------------------------------------------------------------ places

    def _seat(self, name: str) -> Seat:
        module, (lanes, stereo, voices) = self.rack.modules[name], self.wiring.widths[name]
        old = None if name in self.fresh else self.before.seats.get(name)
        spec = self.catalogue[module.kind]
        tables = recipes(spec, module.params, self.rate) if spec.tables else ()
        if old and (old.kind, old.lanes, old.stereo, old.voices) == (module.kind, lanes, stereo, voices):
            if [recipe.key for recipe in old.tables] == [recipe.key for recipe in tables]:
                return old
        rows = spec.memory_rows(self.rate)
        size = instance_bytes(voices, len(spec.all_params), spec.state, lanes, rows)[3]
        initial = tuple(map(for_replicas, values(self.rack, module, spec), spec.all_params))
        return Seat(
            name, module.kind, lanes, stereo, voices, self.handles.take(), self._incarnate(), self._region(size, name),
            size, self.number, initial, tables=tables,
        )  # fmt: skip

    def _check_tables(self, seats: Mapping[str, Seat]) -> None:
        """Raises E_LIMIT if all that the rack reads of the shelf is too large, or too many tables."""
        read = {recipe.key: recipe for seat in seats.values() for recipe in seat.tables}
        size = sum(recipe.bytes for recipe in read.values())
        if size > MOST_BYTES:
            what = f"the recordings of the rack would take {size / 1e6:.3g} MB"
            raise ChronusError("E_LIMIT", f"{what}, and {MOST_BYTES / 1e6:.3g} MB is the most")
        if len(read) > MOST_TABLES:
            raise ChronusError("E_LIMIT", f"a rack can read {MOST_TABLES} different files and texts at most")

    def _incarnate(self) -> int:
        self.incarnation += 1
        return self.incarnation - 1

    def _follow(self, seat: Seat, seats: dict[str, Seat]) -> Seat:
        source = self.wiring.notes[seat.name]
        wanted = (seats[source].handle, self.rack.modules[source].addressed, seat.name in self.wiring.open)
        is_mixed = seat.mixed or seat.name in self.wiring.mixed
        if (seat.notes, seat.follows, seat.open, seat.mixed) == (*wanted, is_mixed):
            return seat
        return replace(seat, notes=wanted[0], follows=wanted[1], open=wanted[2], mixed=is_mixed)

    def _strands(self, seats: dict[str, Seat]) -> dict[int, Strand]:
        """Returns the strands in the order in which they are summed."""
        known: dict[Ident, Strand] = {}
        for strand in (*self.old_strands.values(), *self.before.strands.values()):
            known[strand.key, strand.source, strand.target, strand.late > 0] = strand
        found: dict[int, Strand] = {}
        for key in sorted(self.rack.cables, key=lambda key: (key.target, key.into, key.source, key.output)):
            source, target, cable = seats[key.source], seats[key.target], self.rack.cables[key]
            old = known.get((key, source.handle, target.handle, key in self.wiring.late))
            strand = old or self._strand(key, source, target, cable)
            mixed = strand.mixed or cable.amount is not None
            same = (strand.cable, strand.mixed) == (cable, mixed)
            found[strand.handle] = strand if same else replace(strand, cable=cable, mixed=mixed)
        return found

    def _strand(self, key: Key, source: Seat, target: Seat, cable: Cable) -> Strand:
        strand = Strand(key, source.handle, target.handle, self.cables.take(), self._incarnate(), self.number, cable)
        return self._made_late(strand, target) if key in self.wiring.late else strand

    def _made_late(self, strand: Strand, target: Seat) -> Strand:
        size = 2 * BLOCK * target.lanes * 4
        return replace(strand, late=self._region(size, target.name), late_bytes=size)

    def _region(self, size: int, name: str) -> int:
        """Returns the first stretch of the arena that is free and long enough."""
        at, place = FIRST, len(self.taken)
        for k, (start, end) in enumerate(self.taken):
            if start - at >= size:
                place = k
                break
            at = max(at, end)
        if at + size > ARENA_BYTES:
            raise ChronusError("E_LIMIT", f"there is no memory left for {name}")
        self.taken.insert(place, (at, at + size))
        return at

    # ------------------------------------------------------------ the program

    def _order(self, seats: dict[str, Seat], strands: dict[int, Strand]) -> list[Seat]:
        """Returns the order of rendering. Leaving cables change it where they can; those that cannot are read one block late."""
        by_handle = {seat.handle: seat for seat in (*seats.values(), *self.old_seats.values())}
        handles = [*(seats[name].handle for name in self.wiring.order), *sorted(self.old_seats)]
        edges = {(s.source, s.target): 1 for s in self.old_strands.values() if not s.late}
        edges |= {(s.source, s.target): 2 for s in strands.values() if not s.late}
        order, back = sort(handles, edges)
        for handle, strand in self.old_strands.items():
            if not strand.late and (strand.source, strand.target) in back:
                self.old_strands[handle] = self._made_late(strand, by_handle[strand.target])
        return [by_handle[handle] for handle in order]

    def _program(self, plan: Plan, order: list[Seat]) -> Program:
        tables = Tables(self.catalogue, self.rate, self.rack.seed, self._settled, self.wiring.echoes)
        used = max(end for _, end in self.taken)
        return tables.program(plan, order, used)

    def _settled(self, strand: Strand, source: Seat) -> bool:
        """Whether a cable has no fade ahead of it: it is as old as its source, or older than the fade."""
        return strand.born == source.born or strand.born in self.over


class _Free:
    """Numbers to give away, the least first."""

    def __init__(self, what: str, size: int, taken: set[int]) -> None:
        self.what, self.size, self.taken, self.next = what, size, taken, 0

    def take(self) -> int:
        while self.next in self.taken:
            self.next += 1
        if self.next >= self.size:
            raise ChronusError("E_LIMIT", f"too many {self.what} are still fading out; try again in a moment")
        self.taken.add(self.next)
        return self.next
