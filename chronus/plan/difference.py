"""Writes the difference between two racks as entries of the log: what is set, what moves, what is played by hand."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from chronus.catalogue.kinds import Catalogue
from chronus.catalogue.spec import MIX, Param
from chronus.commands import ByHand, File, Gate, Length, Note, Quantity, Word
from chronus.memory import log
from chronus.memory.layout import RAMP
from chronus.memory.log import F_STRAIGHT, HOLD, NO_LANE, NOTE_ON, NOW, SET, TURNS, WAVE, Entry
from chronus.plan.seats import Plan, Seat
from chronus.rack import waves
from chronus.rack.document import Module, Moving, Rack, Setting, Waving, find, for_replicas, retunes, steady, value
from chronus.rack.sweeps import Course, Present
from chronus.score.courses import Sounding
from chronus.score.timeline import Timeline, frames_of
from chronus.score.turning import turns_of
from chronus.units import frequency

NUMBERED, HANDS = 16, 1 << 12
"""Bits for the notes by hand of one submission, and how many of them may be new: the rest are those that go on."""


class Moment(NamedTuple):
    """What is needed to turn a difference into entries. `number` is the transaction's, and it `swaps` to the plan.

    A typed jump takes RAMP frames; words of a kernel's enum take none: it has its own way from one to the other.
    """

    plan: Plan
    catalogue: Catalogue
    rate: int
    timeline: Timeline | None
    frame: int
    number: int
    swaps: bool
    present: Present
    turns: bool = False
    """The transport stops, or goes on."""
    began: bool = False
    """Beats are counted from elsewhere now, or no more."""

    def course(self, setting: Setting | None, rack: Rack) -> Course | None:
        """Returns the course of what still moves. One that has less left to go than a typed jump takes is over."""
        moving = mover(setting, rack)
        course = None if moving is None else self.present.courses.get(moving.number)
        return course if course is not None and course.end >= self.frame + RAMP else None


def is_structural(before: Rack, after: Rack) -> bool:
    """Whether the replicas need another program."""
    if before is after:
        return False
    if before.cables is not after.cables and before.cables != after.cables:
        return True
    if before.seed != after.seed or _players(before) != _players(after):
        return True
    if before.modules.keys() != after.modules.keys():
        return True
    return any(
        now is not before.modules[name] and _part(now) != _part(before.modules[name])
        for name, now in after.modules.items()
    )


def _players(rack: Rack) -> set[str]:
    """Returns the modules that lanes play; not those of which they only move a parameter."""
    return {name for name, lane in rack.lanes.items() if not lane.moves}


def _part(module: Module) -> tuple[object, ...]:
    """Returns what of a module the program depends on."""
    tables = [(name, setting) for name, setting in module.params.items() if isinstance(setting, Word | File)]
    return (
        module.kind,
        module.voices,
        module.addressed,
        module.held,
        module.hushed,
        [param.name in module.params for param in MIX],
        sorted(tables, key=lambda one: one[0]),
    )


def mover(setting: Setting | None, rack: Rack) -> Moving | None:
    """Returns what a setting moves with, if it moves: a musical length with the tempo."""
    return setting if isinstance(setting, Moving) else rack.tempo if isinstance(setting, Quantity) else None


def entries(before: Rack, after: Rack, hands: Sequence[ByHand], at: Moment) -> list[Entry]:
    """Returns sets and sweeps, then gates and hands, in the order in which they must act."""
    by_hand = {find(after, hand.name, at.catalogue) for hand in hands if isinstance(hand, Gate)}
    return [*_sets(before, after, at), *_gates(before, after, by_hand, at), *_hands(after, hands, at)]


def _sets(before: Rack, after: Rack, at: Moment) -> list[Entry]:
    found: list[Entry] = []
    retuned = at.turns or at.began or retunes(before, after)
    reseeded = before.seed != after.seed
    for name, module in after.modules.items():
        was = before.modules.get(name)
        if was is module and not retuned and not reseeded and not at.swaps:
            continue
        seat = at.plan.seats[name]
        if at.swaps and seat.born == at.plan.number:
            was = None  # what is born stands where its program says, and whatever moves has to be said
        if was is not None and was.params == module.params and not retuned and not reseeded:
            continue
        spec = at.catalogue[module.kind]
        for k, param in enumerate(spec.all_params):
            then, now = was.params.get(param.name) if was else None, module.params.get(param.name)
            if was is not None and then == now and not retuned and not (reseeded and isinstance(now, Waving)):
                continue
            if isinstance(now, Waving):
                found += _wave(seat, k, now, after, param, at)
                continue
            course = at.course(now, after)
            if course is not None:
                found.append(_line(seat, k, course, after, module, param, at))
            elif was is not None:
                goal = value(after, module, param)
                moved = then != now and (at.course(then, before) is not None or isinstance(then, Waving))
                if moved or goal != value(before, was, param, at.present):
                    by_kernel = param.words and k < len(spec.params)
                    found.append(_set(seat, k, for_replicas(goal, param), 0 if by_kernel else RAMP))
    return found


def _line(seat: Seat, k: int, course: Course, rack: Rack, module: Module, param: Param, at: Moment) -> Entry:
    """Returns what is left of a sweep, from where it is by now. It names its frame: it is a line in time."""
    start = value(rack, module, param, at.present)
    start, goal = for_replicas(start, param), for_replicas(value(rack, module, param), param)
    if course.waits:
        return _set(seat, k, start, RAMP)
    return _set(seat, k, goal, course.end - at.frame, start, at.frame, F_STRAIGHT)


def _wave(seat: Seat, k: int, wave: Waving, rack: Rack, param: Param, at: Moment) -> list[Entry]:
    """Returns a wave, from where in its turn it is by now. It names its frame: it is a line in time."""
    now = turns_of(wave, at.timeline, at.rate, rack.bpm, at.frame)
    start, stop = (for_replicas(steady(end, param, rack.bpm), param) for end in (wave.start, wave.stop))
    shape, key = waves.SHAPES.index(wave.shape), waves.key_of(rack, wave)
    return [
        Entry(WAVE, at.frame, 0, seat.handle, k, shape, seat.incarnation, 0, start, stop, now.period),
        Entry(TURNS, at.frame, 0, seat.handle, k, 0, seat.incarnation, key, now.turns, now.bend, now.bent),
    ]


def _set(
    seat: Seat, k: int, goal: float, frames: float, start: float = math.nan, frame: int = NOW, flags: int = 0
) -> Entry:
    return Entry(SET, frame, 0, seat.handle, k, flags, seat.incarnation, 0, goal, float(frames), start)


def _gates(before: Rack, after: Rack, by_hand: Collection[str | None], at: Moment) -> list[Entry]:
    """Gates that are held now and were not, or are not any more, except those set now `by_hand`: an `undo` brings some back."""
    found = []
    for name, module in after.modules.items():
        was = before.modules.get(name)
        if (module is was and not at.swaps) or name in by_hand:
            continue
        seat = at.plan.seats[name]
        held = was is not None and was.held and not (at.swaps and seat.born == at.plan.number)
        if module.held != held:
            found.append(_gate(seat, module.held))
    return found


def _gate(seat: Seat, on: bool) -> Entry:
    return Entry(log.GATE, index=seat.handle, incarnation=seat.incarnation, a=float(on))


def _hands(after: Rack, hands: Sequence[ByHand], at: Moment) -> list[Entry]:
    """Returns what hands do, of one moment the gates first: in whatever order they were typed, a note is heard on a gate that is
    opened with it.
    """
    found: list[Entry] = []
    for k, hand in sorted(enumerate(hands), key=lambda pair: isinstance(pair[1], Note)):
        seat = at.plan.seats.get(find(after, hand.name, at.catalogue) or "")
        if seat is None:
            continue
        if isinstance(hand, Gate):
            found.append(_gate(seat, hand.on))
        elif isinstance(hand, Note):
            found.append(_note(at.plan.leader(seat), hand, at.number << NUMBERED | k, after.bpm, at))
    return found


def _note(seat: Seat, note: Note, number: int, bpm: float, at: Moment) -> Entry:
    """Returns the entry of a note by hand, with its own length in the place of a generation."""
    length = Length(note.length * 4, "beats") if note.length_unit == "whole" else Length(note.length, "s")
    frames = frames_of(length, bpm, at.rate, at.timeline, at.frame)
    return Entry(
        NOTE_ON, NOW, 0, seat.handle, NO_LANE, 0, seat.incarnation, max(frames, 1), frequency(note.pitch),
        min(max(note.velocity, 0.0), 1.0), float(number),
    )  # fmt: skip


def begun_by_hand(entries: Sequence[Entry], hands: Sequence[ByHand], at: Moment) -> dict[int, Sounding]:
    """Returns those of a transaction's entries that are notes by hand over beats, by their ids."""
    found = {}
    for entry in entries:
        if entry.kind == NOTE_ON and entry.more == NO_LANE:
            hand = hands[int(entry.c) & (1 << NUMBERED) - 1]
            if isinstance(hand, Note) and hand.length_unit == "whole":
                course = Course(at.frame, entry.generation, hand.length * 4)
                found[int(entry.c)] = Sounding(entry.index, entry.incarnation, course)
    return found


def held_on(
    before: Mapping[int, Sounding], after: Mapping[int, Sounding], at: Moment
) -> tuple[list[Entry], dict[int, Sounding]]:
    """Returns the entries for notes by hand that the tempo makes longer or shorter, and how they are known from then on."""
    found, known = [], {}
    for k, (number, note) in enumerate(after.items()):
        if note == before.get(number):
            known[number] = note
            continue
        new = at.number << NUMBERED | HANDS + k
        known[new] = note
        found.append(
            Entry(
                HOLD, at.frame, 0, note.handle, NO_LANE, 0, note.incarnation, 0, float(new),
                float(note.course.end - at.frame), float(number),
            )
        )  # fmt: skip
    return found, known
