"""Writes seats and strands as the tables of a program. The rows stand in the order of rendering."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from enum import IntEnum
from itertools import accumulate

import numpy as np

from chronus.catalogue.kinds import Catalogue, carries_audio, main_input
from chronus.catalogue.spec import BYPASS, LEVEL, PAN, In, Param, Spec
from chronus.memory.layout import BLOCK, PARAM_WORDS, instance_bytes
from chronus.memory.program import Cable as C
from chronus.memory.program import Feed, Input, Instance, Program, Read
from chronus.memory.program import Param as P
from chronus.plan.seats import Plan, Seat, Strand
from chronus.rack.amounts import IN_CURVE, OCTAVES, gain, scaled
from chronus.rack.document import Key, for_replicas, seed_of
from chronus.rack.wiring import input_of, sounds, tells

NOTES = {"gate": Feed.GATE, "velocity": Feed.VELOCITY, "accent": Feed.ACCENT, "glide": Feed.GLIDE}
UP = ("gate", "velocity")
"""What is 1 where a gate stands open."""


class Tables:
    """`settled(strand, source)` tells whether a cable has its full level already; `echoes` are gates that come round a circle of gates."""

    def __init__(
        self,
        catalogue: Catalogue,
        rate: int,
        seed: int,
        settled: Callable[[Strand, Seat], bool],
        echoes: frozenset[Key] = frozenset(),
    ) -> None:
        self.catalogue, self.rate, self.seed, self.settled, self.echoes = catalogue, rate, seed, settled, echoes
        self.buffers = 0
        self.instances: list[list[int]] = []
        self.inputs: list[list[int]] = []
        self.params: list[list[int]] = []
        self.cables: list[list[int]] = []
        self.reads: list[list[int]] = []
        self.param_floats: list[tuple[float, float, float]] = []
        self.amounts: list[tuple[float, float]] = []

    def program(self, plan: Plan, order: Sequence[Seat], used: int) -> Program:
        self.rows = {seat.handle: k for k, seat in enumerate(order)}
        self.seats = {seat.handle: seat for seat in order}
        self.specs = {seat.handle: self.catalogue[seat.kind] for seat in order}
        self.outputs = {seat.handle: self._buffer(seat, len(self.specs[seat.handle].outs)) for seat in order}
        self.first_params: dict[int, int] = {}
        known = {kind: len(self.catalogue[kind].all_params) for kind in {seat.kind for seat in order}}
        ends = accumulate(known[seat.kind] for seat in order)
        for seat, end in zip(order, ends, strict=True):
            self.first_params[seat.handle] = end - known[seat.kind]
        strands = (*plan.strands.values(), *plan.old_strands.values())
        asked = {strand.source for strand in strands if self._is_told(strand)}
        self.told = {seat.handle: self._told(seat) if seat.handle in asked else -1 for seat in order}
        self.leading: dict[tuple[int, str], list[tuple[Strand, bool]]] = defaultdict(list)
        for strand in plan.strands.values():
            self.leading[strand.target, strand.key.into].append((strand, False))
        for _, strand in sorted(plan.old_strands.items()):
            self.leading[strand.target, strand.key.into].append((strand, True))
        names = sorted({seat.kind for seat in order})
        for seat in order:
            self._instance(seat, names.index(seat.kind))
        return Program(
            plan.number, names, _table(self.instances, Instance), _table(self.inputs, Input), self._params(), self._cables(),
            self.buffers, used, self.outputs[plan.seats["out"].handle], _table(self.reads, Read),
        )  # fmt: skip

    def _buffer(self, seat: Seat, count: int = 1) -> int:
        at = self.buffers
        self.buffers += count * BLOCK * seat.lanes
        return at

    # ------------------------------------------------------------ rows

    def _instance(self, seat: Seat, name: int) -> None:
        spec = self.specs[seat.handle]
        memory = spec.memory_rows(self.rate)
        at_params, at_state, at_memory, _ = instance_bytes(
            seat.voices, len(spec.all_params), spec.state, seat.lanes, memory
        )
        first_input, first_param = len(self.inputs), len(self.params)
        main = main_input(spec)
        self.reads += [[len(self.instances), *recipe.key] for recipe in seat.tables]
        for port in spec.ins:
            self._input(seat, port, spec)
        for k, port in enumerate(spec.ins):
            if port.normal and all(leaving for _, leaving in self.leading.get((seat.handle, port.name), ())):
                self._normalled(first_input + k, first_input + [other.name for other in spec.ins].index(port.normal))
        for k, param in enumerate(spec.all_params):
            self._param(seat, k, param, seat.region + at_params, k < len(spec.params) or seat.mixed)
        self.instances.append([
            name, seat.lanes, seat.stereo, seat.voices, seat.handle, seat.incarnation, seat.region,
            seat.region + at_params, seat.region + at_state, spec.state, seat.region + at_memory, memory, seat.size,
            seed_of(self.seed, seat.name), first_input, len(spec.ins), first_param, len(spec.params),
            self.outputs[seat.handle], len(spec.outs), self.told[seat.handle],
            _place([port.role == "gate" for port in spec.ins]), _place([param.pitch for param in spec.params]),
            len(spec.mix), seat.mixed, self._mix_row(seat, BYPASS), spec.ins.index(main) if main else -1,
            seat.region + at_state + spec.gain * seat.lanes * 8 if spec.gain >= 0 else -1,
        ])  # fmt: skip

    def _input(self, seat: Seat, port: In, spec: Spec) -> None:
        leading = self.leading.get((seat.handle, port.name), [])
        feed, buffer = self._feed(seat, port, spec, leading), -1
        if feed == Feed.CABLES and len(leading) == 1:
            buffer = self._direct(seat, *leading[0])
        if buffer >= 0:
            feed = Feed.DIRECT
        else:
            buffer = self._buffer(seat)
        self.inputs.append(
            [buffer, feed, self.rows.get(seat.notes, self.rows[seat.handle]), *self._lead(seat, leading)]
        )

    def _normalled(self, k: int, other: int) -> None:
        """Lets input `k` read what another one of its module reads. A cable that is leaving it counts no more: when the program
        drops that one, nothing may change.
        """
        buffer, feed = self.inputs[other][:2]
        self.inputs[k][:2] = buffer, Feed.NOTHING if feed == Feed.NOTHING else Feed.DIRECT

    def _feed(self, seat: Seat, port: In, spec: Spec, leading: list[tuple[Strand, bool]]) -> Feed:
        """What an input reads. A gate that only cables open has no notes to take a velocity from: it counts as full."""
        if port.role not in NOTES:
            return Feed.CABLES if leading else Feed.NOTHING
        if leading:
            return Feed.BOTH if port.role == "gate" and seat.follows else Feed.CABLES
        if port.role in UP and seat.open:
            return Feed.OPEN if port.role == "gate" and seat.follows else Feed.ONE
        if port.role == "velocity" and not seat.follows and self._gated_by_cable(seat, spec):
            return Feed.ONE
        return NOTES[port.role]

    def _gated_by_cable(self, seat: Seat, spec: Spec) -> bool:
        return any((seat.handle, port.name) in self.leading for port in spec.ins if port.role == "gate")

    def _direct(self, seat: Seat, strand: Strand, leaving: bool) -> int:
        """The source's own buffer where reading it gives what the sum of this one cable would; else -1."""
        source = self.seats[strand.source]
        alike = (source.lanes, source.stereo) == (seat.lanes, seat.stereo)
        moves = strand.mixed or (source.mixed and self._is_heard(strand))
        if leaving or strand.late or moves or not alike or not self.settled(strand, source):
            return -1
        return self._output(strand, seat)[0]

    def _output(self, strand: Strand, seat: Seat) -> tuple[int, int, bool]:
        """(buffer, lanes, stereo) of what a cable reads. Of notes that its target has no lane for each, it reads the newest."""
        source = self.seats[strand.source]
        if self._is_told(strand):
            pitch = strand.key.output == "pitch"
            if (source.lanes, source.stereo) == (seat.lanes, seat.stereo):
                return self.told[strand.source] + pitch * BLOCK * source.lanes, source.lanes, source.stereo
            return self.told[strand.source] + (2 * source.lanes + pitch) * BLOCK, 1, False
        place = next(k for k, port in enumerate(self.specs[strand.source].outs) if port.name == strand.key.output)
        return self.outputs[strand.source] + place * BLOCK * source.lanes, source.lanes, source.stereo

    def _is_told(self, strand: Strand) -> bool:
        """Whether a cable asks for notes and not for what a kernel yields."""
        return tells(self.specs[strand.source], strand.key.output)

    def _told(self, seat: Seat) -> int:
        at = self.buffers
        self.buffers += 2 * BLOCK * (seat.lanes + 1)
        return at

    def _is_heard(self, strand: Strand) -> bool:
        """Whether a cable brings a module's sound to where it is heard: there it has the level and the pan of that module."""
        port = input_of(self.specs[strand.target], strand.key.into)
        return port is not None and carries_audio(port) and sounds(self.specs[strand.source], strand.key.output)

    def _mix_row(self, seat: Seat, param: Param) -> int:
        """The row of one of the parameters that the graph alone reads, or -1 where it need not."""
        known = self.specs[seat.handle].all_params
        own = seat.mixed and param in self.specs[seat.handle].mix
        return self.first_params[seat.handle] + known.index(param) if own else -1

    def _param(self, seat: Seat, k: int, param: Param, records: int, is_read: bool) -> None:
        leading = self.leading.get((seat.handle, param.name), [])
        pitch = 1 + self.rows.get(seat.notes, self.rows[seat.handle]) if param.pitch else 0
        self.params.append([
            records + k * PARAM_WORDS * 8, self._buffer(seat) if is_read else 0, 0, 0, 0,
            param.curve == "exp" or param.has_off, pitch, *self._lead(seat, leading),
        ])  # fmt: skip
        low = 0.0 if param.has_off else param.low
        self.param_floats.append((low, for_replicas(param.high, param), seat.initial[k]))

    def _lead(self, seat: Seat, leading: list[tuple[Strand, bool]]) -> tuple[int, int]:
        """The rows of the cables that lead to one place: (first, count)."""
        first = len(self.cables)
        for strand, leaving in leading:
            scale, amount, gain = self._amount(strand, seat)
            source, heard = self.seats[strand.source], self._is_heard(strand)
            self.cables.append([
                *self._output(strand, seat), seat.lanes, seat.stereo, strand.handle,
                strand.incarnation, leaving, strand.late, self.rows[strand.source], 0, scale, strand.key in self.echoes,
                0, *(self._mix_row(source, param) if heard else -1 for param in (LEVEL, PAN)),
            ])  # fmt: skip
            self.amounts.append((amount, gain))
        return first, len(leading)

    def _amount(self, strand: Strand, seat: Seat) -> tuple[int, float, float]:
        """(SCALE, AMOUNT, GAIN) of a cable."""
        spec = self.specs[seat.handle]
        param = spec.param(strand.key.into)
        if param is None or input_of(spec, strand.key.into):
            return IN_CURVE, 1.0, gain(strand.cable.amount)
        if strand.cable.amount is None and param.unit == "Hz" and strand.key.output == "pitch":
            return OCTAVES, 1.0, 1.0  # an octave for an octave
        return *scaled(strand.cable.amount, param), 1.0

    # ------------------------------------------------------------ arrays

    def _params(self) -> np.ndarray:
        table = _table(self.params, P)
        table[:, P.LOW : P.INITIAL + 1] = np.array(self.param_floats, np.float64).reshape(-1, 3).view(np.int64)
        return table

    def _cables(self) -> np.ndarray:
        table = _table(self.cables, C)
        numbers = np.array(self.amounts, np.float64).reshape(-1, 2).view(np.int64)
        table[:, C.AMOUNT], table[:, C.GAIN] = numbers[:, 0], numbers[:, 1]
        return table


def _place(flags: list[bool]) -> int:
    return flags.index(True) if True in flags else -1


def _table(rows: list[list[int]], columns: type[IntEnum]) -> np.ndarray:
    return np.array(rows, np.int64).reshape(len(rows), len(columns))
