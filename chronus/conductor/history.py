"""Finds the racks that were: by the id of the step after which each was the present one, or by what was heard at a frame.

The steps lie in three piles: `past` holds what undo takes back, `future` what redo brings again, the next one last, and `dropped` what
was taken back before something else was said. A step of the past has the rack before it on its other side, one of the others the
rack after it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from chronus.commands import FLAGS
from chronus.conductor import lasting
from chronus.conductor.transaction import History, Later, Trail, Undoable, rack_of
from chronus.errors import ChronusError
from chronus.rack.document import Rack

HISTORY = 1000
"""Steps that are kept, in all three piles."""
TRAIL = 1000
"""Changes of what was heard that are remembered."""


class Piles(NamedTuple):
    past: History = ()
    future: History = ()
    dropped: History = ()
    trail: Trail = ()


class Was(NamedTuple):
    """A rack of the past, and the step that made it; None for the first rack that is known."""

    rack: Rack
    step: Undoable | None
    id: int


def first(past: History, future: History) -> int:
    """Returns the id of the oldest rack that undo can reach: 0 until steps have been cut off."""
    return past[0].before if past else future[-1].before if future else 0


def present(past: History, future: History) -> int:
    """Returns the id of the step that made the present rack."""
    return next((step.id for step in reversed(past) if rack_of(step.thing) is not None), first(past, future))


def remembered(piles: Piles, step: Undoable) -> Piles:
    """Adds a step. What could have been redone is dropped, but not forgotten."""
    past = (*piles.past[-HISTORY + 1 :], step)
    gone = tuple(one for one in reversed(piles.future) if rack_of(one.thing) is not None)
    room = HISTORY - len(past)
    return Piles(past, (), (*piles.dropped, *gone)[-room:] if room else (), piles.trail)


def after(id: int, now: Rack, piles: Piles) -> Was | None:
    """Returns the rack as it was after a step; None if that is not known."""
    rack = now
    for step in reversed(piles.past):
        if step.id == id:
            return Was(rack, step, id)
        rack = rack_of(step.thing) or rack
    if id == first(piles.past, piles.future):
        return Was(rack, None, id)
    rack = now
    for step in reversed(piles.future):
        rack = rack_of(step.thing) or rack
        if step.id == id:
            return Was(rack, step, id)
    gone = next((step for step in piles.dropped if step.id == id), None)
    return Was(rack_of(gone.thing) or now, gone, id) if gone is not None else None


def named(id: int, now: Rack, piles: Piles, part: str) -> Was:
    """Returns the same, or raises E_VALUE with the ids that there are."""
    was = after(id, now, piles)
    if was is None:
        ids = sorted(one.step.id for one in steps(piles))
        known = f"it knows {ids[0]}..{ids[-1]}" if ids else "there is none yet"
        raise ChronusError("E_VALUE", f"the history has no step {id}; {known}", part=part)
    return was


def last_heard(id: int, trail: Trail, now: int) -> tuple[int, int]:
    """Returns from which frame until which the rack behind a step was heard last. Raises E_VALUE where it was not, or still is."""
    trail = tuple(one for one in trail if one[0] <= now)
    ends = [frame for frame, _ in trail[1:]] + [now]
    spans = {step: (max(frame, 0), end) for (frame, step), end in zip(trail, ends, strict=True) if end > max(frame, 0)}
    if trail and id == trail[-1][1] and id in spans:
        raise ChronusError(
            "E_VALUE", f"step {id} is what is heard now; an earlier one is held against it", part="versus"
        )
    if id not in spans:
        there = sorted(spans.keys() - {trail[-1][1]} if trail else ())
        message = f"step {id} was not heard by itself; {f'heard was {there[-1]}' if there else 'nor was any other before the present one'}"
        raise ChronusError("E_VALUE", message, part="versus", suggestions=(f"{there[-1]}",) if there else ())
    return spans[id]


def heard_at(frame: int, now: Rack, piles: Piles) -> Was:
    """Returns the rack as it was heard at a frame: without lanes that began later. If that is too long ago, the oldest one known."""
    for at, id in reversed(piles.trail):
        if at <= frame and (was := after(id, now, piles)) is not None:
            return was._replace(rack=_without_what_waited(was, frame, now, piles))
    oldest = after(first(piles.past, piles.future), now, piles)
    assert oldest is not None
    return oldest


def _without_what_waited(was: Was, frame: int, now: Rack, piles: Piles) -> Rack:
    """Returns a rack with the lanes that were still heard at a frame in the place of those said for a later bar."""
    rack, known = was.rack, dict[Any, Any]()
    found = was.step is None
    for step, before, later in _newest_first(now, piles):
        found = found or step.id == was.id
        if not found or step.frame <= frame:
            continue
        lanes = [n for n, lane in later.lanes.items() if before.lanes.get(n) is not lane and rack.lanes.get(n) is lane]
        lanes += [n for n in before.lanes if n not in later.lanes and n not in rack.lanes]
        items = [(name, what) for name in lanes for what in (lasting.NOTES, *(f":{flag}" for flag in FLAGS))]
        rack = lasting.bring(rack, items, before, known) if items else rack
    return rack


def _newest_first(now: Rack, piles: Piles) -> Iterator[tuple[Undoable, Rack, Rack]]:
    """Gives what can be redone and what can be undone: each step with the rack before it and the rack after it."""
    redo, before = [], now
    for step in reversed(piles.future):
        if (later := rack_of(step.thing)) is not None:
            redo.append((step, before, later))
            before = later
    yield from reversed(redo)
    later = now
    for step in reversed(piles.past):
        if (was := rack_of(step.thing)) is not None:
            yield step, was, later
            later = was


def with_ways_gone(was: Was, waiting: Collection[int]) -> Rack:
    """Returns a past rack with all put back that held for a length then, unless its end is still to come."""
    rack = was.rack
    for way in was.step.ways if was.step is not None else ():
        if way.number not in waiting:
            rack = lasting.put_back(rack, way)
    return rack


# ---------------------------------------------------------------- told


class Told(NamedTuple):
    """A step and what became of it: "" where it holds, or "undone", or "waits"."""

    step: Undoable
    state: str


def steps(piles: Piles, author: str = "") -> list[Told]:
    """Returns all steps that are known, or those of an author, in the order in which they took hold."""
    found = [Told(step, "waits" if isinstance(step.thing, Later) else "") for step in piles.past]
    found += [Told(step, "undone") for step in (*piles.future, *piles.dropped)]
    mine = (one for one in found if not author or one.step.author.lower() == author.lower())
    return sorted(mine, key=lambda one: (one.step.frame, one.step.id))


def by_whom(step: Undoable, author: str) -> str:
    """Returns a step's words, with whose it is where that is not the one who asks."""
    return f"{step.label} (by {step.author})" if step.author and step.author != author else step.label


def lines(found: list[Told]) -> list[str]:
    """Draws steps as a table: id, bar, who, what."""
    rows = [
        (f"{one.id}", f"bar {bar}" if (bar := one.where[0]) else "-", one.author or "-", one.label, state)
        for one, state in found
    ]
    ids, bars, names = (max((len(row[k]) for row in rows), default=0) for k in range(3))
    return [
        f"{row[0]:>{ids}}  {row[1]:<{bars}}  {row[2]:<{names}}  {row[3]}{f'  ({row[4]})' if row[4] else ''}"
        for row in rows
    ]


def plain(one: Told) -> dict[str, Any]:
    """Returns a step for JSON. Bars and beats count from 1; without music they are 0."""
    step, (bar, beat) = one.step, one.step.where
    return {
        "id": step.id, "author": step.author, "bar": bar, "beat": round(beat, 6), "frame": step.frame,
        "text": step.label, "state": one.state or "done",
    }  # fmt: skip
