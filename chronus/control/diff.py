"""The difference between two racks, as entries of the log: what is set, what moves, what hands do."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from chronus.commands import Gate, Note
from chronus.control.catalogue import Catalogue
from chronus.control.rack import Rack, find, value
from chronus.control.seats import Plan, Seat
from chronus.control.timeline import Timeline, beat_frames, frames_of
from chronus.control.values import Motion
from chronus.dsp.spec import Param
from chronus.memory import log
from chronus.memory.log import F_STRAIGHT, NO_LANE, NOTE_ON, NOW, SET, Entry
from chronus.units import frequency

RAMP = 512
"""Frames that a typed jump takes. Words of an enum take none: the kernel has its own way from one to the other."""


class Moment(NamedTuple):
    """What must be known to turn a difference into entries. `number` is the transaction's, and it `swaps` to the plan."""

    plan: Plan
    catalogue: Catalogue
    rate: int
    timeline: Timeline | None
    frame: int
    number: int
    swaps: bool


def is_structural(before: Rack, after: Rack) -> bool:
    """Whether the replicas need another program."""
    if before is after:
        return False
    if before.cables is not after.cables and before.cables != after.cables:
        return True
    if before.seed != after.seed or before.lanes.keys() != after.lanes.keys():
        return True
    if before.modules.keys() != after.modules.keys():
        return True
    if list(before.modules) != list(after.modules):
        return True
    return any(
        now is not was
        and (now.kind, now.voices, now.addressed, now.played, now.held)
        != (was.kind, was.voices, was.addressed, was.played, was.held)
        for was, now in zip(before.modules.values(), after.modules.values(), strict=True)
    )


Motions = Mapping[tuple[str, str], Motion]


def entries(before: Rack, after: Rack, motions: Motions, hands: Sequence[Gate | Note], at: Moment) -> list[Entry]:
    """Sets, then sweeps, then gates and hands, in the order in which they must act."""
    moves = [*_sets(before, after, motions, at), *_sweeps(after, motions, at)]
    told = {find(after, hand.name, at.catalogue) for hand in hands if isinstance(hand, Gate)}
    return [*moves, *_gates(before, after, told, at), *_hands(after, hands, at)]


def _sets(before: Rack, after: Rack, motions: Motions, at: Moment) -> list[Entry]:
    found = []
    for name, module in after.modules.items():
        was, seat = before.modules.get(name), at.plan.seats[name]
        if (
            was is None
            or (was.params == module.params and before.bpm == after.bpm)
            or (at.swaps and seat.born == at.plan.number)
        ):
            continue
        for k, param in enumerate(at.catalogue[module.kind].params):
            if (name, param.name) in motions:
                continue
            now = value(after, module, param)
            if now != value(before, was, param):
                found.append(_set(seat, k, now, 0 if param.words else RAMP))
    return found


def _set(
    seat: Seat, k: int, goal: float, frames: float, start: float = math.nan, frame: int = NOW, flags: int = 0
) -> Entry:
    return Entry(SET, frame, 0, seat.handle, k, flags, seat.incarnation, 0, goal, float(frames), start)


def _sweeps(after: Rack, motions: Motions, at: Moment) -> list[Entry]:
    found = []
    for (name, param), motion in motions.items():
        seat = at.plan.seats.get(name)
        if seat is None:
            continue
        params: Sequence[Param] = at.catalogue[seat.kind].params
        k = next(k for k, p in enumerate(params) if p.name == param)
        frames = frames_of(motion.over, after.bpm, at.rate, at.timeline, at.frame)
        found.append(_set(seat, k, motion.stop, frames, motion.start, at.frame, F_STRAIGHT))
    return found


def _gates(before: Rack, after: Rack, told: Collection[str | None], at: Moment) -> list[Entry]:
    """Gates that are held now and were not, or are not any more, besides those that hands have `told`: an `undo` brings some back."""
    found = []
    for name, module in after.modules.items():
        if name in told:
            continue
        was, seat = before.modules.get(name), at.plan.seats[name]
        held = was is not None and was.held and not (at.swaps and seat.born == at.plan.number)
        if module.held != held:
            found.append(_gate(seat, module.held))
    return found


def _gate(seat: Seat, on: bool) -> Entry:
    return Entry(log.GATE, index=seat.handle, incarnation=seat.incarnation, a=float(on))


def _hands(after: Rack, hands: Sequence[Gate | Note], at: Moment) -> list[Entry]:
    found = []
    for k, hand in enumerate(hands):
        seat = at.plan.seats.get(find(after, hand.name, at.catalogue) or "")
        if seat is None:
            continue
        if isinstance(hand, Gate):
            found.append(_gate(seat, hand.on))
        else:
            found.append(_note(seat, hand, at.number << 12 | k, after.bpm, at.rate))
    return found


def _note(seat: Seat, note: Note, number: int, bpm: float, rate: int) -> Entry:
    """A note by hand brings its own length, in the place of a generation."""
    whole = note.length_unit == "whole"
    frames = round(note.length * 4 * beat_frames(bpm, rate)) if whole else round(note.length * rate)
    return Entry(
        NOTE_ON, NOW, 0, seat.handle, NO_LANE, 0, seat.incarnation, max(frames, 1), frequency(note.pitch),
        min(max(note.velocity, 0.0), 1.0), float(number),
    )  # fmt: skip
