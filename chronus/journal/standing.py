"""Writes the state of a conductor as bytes, and reads it: a new journal file begins with it, so that a replay can begin at that file.

It serves a control that takes the place of one that died; for people and for other versions the same record holds the rack's script.
Where the whole engine died, the next one takes its history from the same bytes.
Racks of the history share most of their parts, so each module, cable and lane is kept once.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import msgspec
from msgspec import Struct

from chronus.catalogue.kinds import Catalogue
from chronus.conductor.claims import Claims
from chronus.conductor.state import State
from chronus.conductor.transaction import (
    UNKNOWN,
    Back,
    Deed,
    Due,
    History,
    Later,
    Thing,
    Trail,
    Undoable,
    rack_of,
    with_rack,
)
from chronus.plan.seats import NOTHING, Places, Plan
from chronus.rack.document import EMPTY, Cable, Key, Lane, Module, Moving, Rack, replace
from chronus.rack.patching import is_into
from chronus.score.score import Score
from chronus.score.timeline import Timeline


class Sketch(Struct, frozen=True):
    """A rack whose modules, cables and lanes are places in the tables of `Standing`."""

    rest: Rack
    modules: list[int]
    cables: list[int]
    lanes: list[int]


class Mark(Struct, frozen=True, omit_defaults=True):
    """A step of undo without its words and its rack; `timeline` and `ways` are places in the tables of `Standing`."""

    id: int = 0
    before: int = 0
    author: str = ""
    frame: int = UNKNOWN
    timeline: int | None = None
    waited: tuple[int, ...] = ()
    ways: tuple[int, ...] = ()


class Standing(Struct, frozen=True):
    """`racks`: the present one, then those of `past`, then those of `future`, which are their labels, and those of `dropped`.

    `later` is what waits or was withdrawn, by its place among those labels; the rack there is none. `deeds` are the steps that did more
    than change the rack. `marks` is all else that is known of each step; older journals have none. `step` is the last id.
    """

    modules: list[Module]
    cables: list[tuple[Key, Cable]]
    lanes: list[tuple[str, Lane]]
    racks: list[Sketch]
    later: dict[int, Later]
    deeds: dict[int, Deed]
    past: list[str]
    future: list[str]
    score: Score
    plan: Plan
    draining: dict[int, Plan]
    applied: dict[int, int]
    program: int
    incarnation: int
    number: int
    now: int
    put_off: int
    waiting: tuple[Due, ...]
    dropped: list[str] = []
    marks: list[Mark] = []
    ways: list[Back] = []
    timelines: list[Timeline] = []
    step: int = 0
    trail: Trail = ()
    claims: Claims = ()


def keep(state: State) -> bytes:
    """Keeps a state between two submissions, without the notes that the replicas are still to get: they are owed anew from this frame."""
    places = state.places
    modules, cables, lanes, ways, timelines = (_Table() for _ in range(5))
    steps = (*state.past, *state.future, *state.dropped)
    things = [step.thing for step in steps]
    racks = [state.rack, *(rack_of(thing) or EMPTY for thing in things)]
    sketches = [
        Sketch(
            replace(rack, modules={}, cables={}, lanes={}),
            [modules.place(module) for module in rack.modules.values()],
            [cables.place(*pair) for pair in rack.cables.items()],
            [lanes.place(*pair) for pair in rack.lanes.items()],
        )
        for rack in racks
    ]
    marks = [
        Mark(
            s.id, s.before, s.author, s.frame, None if s.timeline is None else timelines.place(s.timeline), s.waited,
            tuple(ways.place(way) for way in s.ways),
        )
        for s in steps
    ]  # fmt: skip
    return _encoder.encode(
        Standing(
            modules.things, cables.things, lanes.things, sketches,
            {place: thing for place, thing in enumerate(things) if isinstance(thing, Later)},
            {place: replace(thing, rack=EMPTY) for place, thing in enumerate(things) if isinstance(thing, Deed)},
            [step.label for step in state.past], [step.label for step in state.future],
            state.score, replace(places.plan, program=None),
            {number: replace(plan, program=None) for number, plan in places.draining.items()},
            places.applied, places.number, places.incarnation,
            state.number, state.now, state.put_off, state.kept,
            [step.label for step in state.dropped], marks, ways.things, timelines.things, state.step, state.trail, state.claims,
        )
    )  # fmt: skip


def fits(kept_state: bytes, catalogue: Catalogue) -> bool:
    """Whether all that the racks are made of still exists. Raises a msgspec error where another version wrote it."""
    kept = _decoder.decode(kept_state)
    return all(_fits(kept, sketch, catalogue) for sketch in kept.racks)


def _fits(kept: Standing, sketch: Sketch, catalogue: Catalogue) -> bool:
    """Whether the modules exist. In the history a name may have been that of another kind."""
    modules = [kept.modules[place] for place in sketch.modules]
    specs = {module.name: catalogue.find(module.kind) for module in modules}
    return all(
        (spec := specs[module.name]) is not None
        and all(spec.param(name) or spec.setting(name) for name in module.params)
        for module in modules
    ) and all(
        (source := specs.get(key.source)) is not None
        and (target := specs.get(key.target)) is not None
        and any(port.name == key.output for port in source.offers())
        and is_into(target, key.into)
        for key, _ in (kept.cables[place] for place in sketch.cables)
    )


def restored(state: State, kept_state: bytes) -> State:
    """Returns a fresh state with all that was kept. Raises a msgspec error where another version wrote it."""
    kept = _decoder.decode(kept_state)
    racks = [
        replace(
            sketch.rest,
            modules={kept.modules[place].name: kept.modules[place] for place in sketch.modules},
            cables=dict(kept.cables[place] for place in sketch.cables),
            lanes=dict(kept.lanes[place] for place in sketch.lanes),
        )
        for sketch in kept.racks
    ]
    things = [kept.later.get(place) or _thing_of(kept.deeds.get(place), rack) for place, rack in enumerate(racks[1:])]
    labels = (*kept.past, *kept.future, *kept.dropped)
    steps = tuple(_step(*known, kept) for known in zip(labels, things, kept.marks or _marks(kept), strict=True))
    future, dropped = len(kept.past), len(kept.past) + len(kept.future)
    plan = kept.plan if kept.plan.number else NOTHING
    return replace(
        state,
        rack=racks[0],
        score=kept.score,
        places=Places(plan, kept.program, kept.incarnation, kept.applied, kept.draining),
        past=steps[:future],
        future=steps[future:dropped],
        dropped=steps[dropped:],
        step=kept.step or len(steps),
        trail=kept.trail,
        claims=kept.claims,
        number=kept.number,
        now=kept.now,
        put_off=kept.put_off,
        waiting=kept.waiting,
    )


def recalled(state: State, kept_state: bytes, frames: int) -> State:
    """Returns the state of an engine with the history of the one whose rack it has recovered, which ended so many frames before this
    one's first. Raises a msgspec error where another version wrote it.

    Nothing of that time moves or waits any more. What the present rack still has in common with the racks of the past stays common, so
    that a lane which `undo` leaves alone is not heard to begin anew.
    """
    was = restored(state, kept_state)
    ours = _Ours(was.rack, state.rack)

    def brought(steps: History) -> History:
        return tuple(_long_ago(step, ours, frames) for step in steps if rack_of(step.thing) is not None)

    return replace(
        state,
        rack=replace(state.rack, takes=state.rack.takes + was.rack.takes),
        past=brought(was.past),
        future=brought(was.future),
        dropped=brought(was.dropped),
        step=was.step,
        trail=tuple((frame - frames, id) for frame, id in was.trail),
    )


class _Ours:
    """Makes racks of an engine that died racks of this one. `was` and `now`: the last of its racks, and the same in this engine.

    Parts are known by their place in memory, so those racks must live as long as this.
    """

    def __init__(self, was: Rack, now: Rack) -> None:
        self._was, self._now = was, now
        self._modules = {id(was.modules[name]): module for name, module in now.modules.items() if name in was.modules}
        self._lanes = {id(was.lanes[name]): lane for name, lane in now.lanes.items() if name in was.lanes}

    def rack(self, rack: Rack) -> Rack:
        was, now = self._was, self._now
        return replace(
            rack,
            modules={name: self._module(module) for name, module in rack.modules.items()},
            lanes={name: self._lane(lane) for name, lane in rack.lanes.items()},
            takes=rack.takes + now.takes,
            tempo=now.tempo if rack.tempo == was.tempo else None,
            song=now.song if rack.song == was.song else rack.song and replace(rack.song, zero=0, first=1),
        )

    def _module(self, module: Module) -> Module:
        if id(module) not in self._modules:
            at_rest = {name: one.stop for name, one in module.params.items() if isinstance(one, Moving)}
            self._modules[id(module)] = replace(module, params={**module.params, **at_rest}) if at_rest else module
        return self._modules[id(module)]

    def _lane(self, lane: Lane) -> Lane:
        if id(lane) not in self._lanes:
            self._lanes[id(lane)] = replace(lane, take=lane.take + self._now.takes)
        return self._lanes[id(lane)]


def _long_ago(step: Undoable, ours: _Ours, frames: int) -> Undoable:
    """Returns a step of an engine that died: what it withdrew does not wait again, and it lies before this engine's first frame."""
    rack = rack_of(step.thing)
    assert rack is not None and not isinstance(step.thing, Later)
    thing = with_rack(step.thing, ours.rack(rack))
    if isinstance(thing, Deed):
        thing = replace(thing, withdrawn=(), back=None)
    timeline = None if step.timeline is None else step.timeline.earlier(frames)
    frame = step.frame if step.frame == UNKNOWN else step.frame - frames
    return step._replace(thing=thing, frame=frame, timeline=timeline, waited=(), ways=())


def _thing_of(deed: Deed | None, rack: Rack) -> Rack | Deed:
    return rack if deed is None else with_rack(deed, rack)


def _step(label: str, thing: Thing, mark: Mark, kept: Standing) -> Undoable:
    ways = tuple(kept.ways[place] for place in mark.ways)
    timeline = None if mark.timeline is None else kept.timelines[mark.timeline]
    return Undoable(label, thing, mark.id, mark.before, mark.author, mark.frame, timeline, mark.waited, ways)


def _marks(kept: Standing) -> list[Mark]:
    """Numbers the steps of a journal from before they had ids, in the order in which they were made."""
    past, all = len(kept.past), len(kept.past) + len(kept.future)
    return [Mark(id, id - 1) for id in (*range(1, past + 1), *range(all, past, -1))]


class _Table:
    """Lists things, or names and things, each once; the same thing has the same place."""

    def __init__(self) -> None:
        self.things: list[Any] = []
        self._places: dict[tuple[Any, ...], int] = {}

    def place(self, *named: Any) -> int:
        *name, thing = named
        found = self._places.setdefault((*name, id(thing)), len(self.things))
        if found == len(self.things):
            self.things.append(named if name else thing)
        return found


def _plain(thing: Any) -> Any:
    if isinstance(thing, Fraction):
        return thing.as_integer_ratio()
    raise NotImplementedError(type(thing))


def _thing(kind: type, plain: Any) -> Any:
    if kind is Fraction:
        return Fraction(*plain)
    raise NotImplementedError(kind)


_encoder = msgspec.msgpack.Encoder(enc_hook=_plain)
_decoder = msgspec.msgpack.Decoder(Standing, dec_hook=_thing)
