"""What follows from a rack alone: who is rendered after whom, with how many voices, and whose notes open which gate.

Nothing here knows what was planned before, so the same rack always sounds the same, by whatever way it came to be.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from chronus.control.catalogue import Catalogue, carries_audio, main_output
from chronus.control.rack import Key, Module, Rack
from chronus.dsp.spec import In, Spec

T = TypeVar("T", bound=Hashable)
FITS = (1, 8, 32, 64)
"""Numbers of voices that kernels are compiled for."""


class Width(NamedTuple):
    """`lanes` of the kernel, whether two of them are left and right, and how many notes may take."""

    lanes: int
    stereo: bool
    voices: int


class Wiring(NamedTuple):
    """`late`: cables that close a circle, read one block late. `notes`: by module, whose notes it follows.
    `open`: drones whose gate stands open."""

    order: list[str]
    late: frozenset[Key]
    widths: dict[str, Width]
    notes: dict[str, str]
    open: frozenset[str]


def wire_up(rack: Rack, catalogue: Catalogue) -> Wiring:
    specs = {name: catalogue[module.kind] for name, module in rack.modules.items()}
    order, broken = sort(list(rack.modules), {(key.source, key.target) for key in rack.cables})
    late = frozenset(key for key in rack.cables if (key.source, key.target) in broken)
    heard = audio_sources(rack, specs)
    notes = {name: notes_of(name, rack, heard) for name in rack.modules}
    is_open = frozenset(name for name in rack.modules if _stands_open(name, rack, specs, notes))
    return Wiring(order, late, widths(rack, specs, order, heard), notes, is_open)


# ---------------------------------------------------------------- order


def sort(names: Sequence[T], edges: Iterable[tuple[T, T]]) -> tuple[list[T], set[tuple[T, T]]]:
    """Each after those that lead into it; where a circle forbids it, the first of `names` in the circle comes first.

    Returns the order and the edges that it breaks.
    """
    rank = {name: k for k, name in enumerate(names)}
    before: dict[T, set[T]] = {name: set() for name in names}
    after: dict[T, set[T]] = {name: set() for name in names}
    broken: set[tuple[T, T]] = set()
    for source, target in edges:
        if source == target:
            broken.add((source, target))
        else:
            before[target].add(source)
            after[source].add(target)
    ready = [rank[name] for name in names if not before[name]]
    order: list[T] = []
    waiting = {name for name in names if before[name]}
    while ready or waiting:
        if not ready:
            first = min(_circle(min(waiting, key=rank.__getitem__), before, rank), key=rank.__getitem__)
            broken |= {(source, first) for source in before[first]}
            for source in before[first]:
                after[source].discard(first)
            before[first].clear()
            waiting.discard(first)
            ready.append(rank[first])
        name = names[heapq.heappop(ready)]
        order.append(name)
        for target in after[name]:
            before[target].discard(name)
            if not before[target] and target in waiting:
                waiting.discard(target)
                heapq.heappush(ready, rank[target])
    return order, broken


def _circle(name: T, before: Mapping[T, set[T]], rank: Mapping[T, int]) -> set[T]:
    """A circle (all that lead to one another) into which nothing else leads, found by going up from `name`."""
    while True:
        above = _reach(name, before)
        higher = [other for other in above if name not in _reach(other, before)]
        if not higher:
            return above
        name = min(higher, key=rank.__getitem__)


def _reach(name: T, before: Mapping[T, set[T]]) -> set[T]:
    """`name` and all that leads to it, however far."""
    seen, todo = {name}, [name]
    while todo:
        for other in before[todo.pop()]:
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


# ---------------------------------------------------------------- voices


def audio_sources(rack: Rack, specs: Mapping[str, Spec]) -> dict[str, list[str]]:
    """For each module, those whose sound goes through it, in order of loading."""
    rank = {name: k for k, name in enumerate(rack.modules)}
    found: dict[str, set[str]] = defaultdict(set)
    for key in rack.cables:
        port = input_of(specs[key.target], key.into)
        if port and carries_audio(port) and sounds(specs[key.source], key.output):
            found[key.target].add(key.source)
    return {name: sorted(found[name], key=rank.__getitem__) for name in rack.modules}


def widths(rack: Rack, specs: Mapping[str, Spec], order: list[str], heard: Mapping[str, list[str]]) -> dict[str, Width]:
    """Voices follow the cables; round a circle too, so this goes on until nothing grows."""
    found = {name: _width(rack.modules[name], specs[name], []) for name in order}
    grown = True
    while grown:
        grown = False
        for name in order:
            width = _width(rack.modules[name], specs[name], [found[source] for source in heard[name]])
            grown |= width != found[name]
            found[name] = width
    return found


def _width(module: Module, spec: Spec, sources: list[Width]) -> Width:
    if spec.width == "mono":
        return Width(1, False, 1)
    if spec.width == "stereo" or (module.voices == 1 and any(source.stereo for source in sources)):
        return Width(2, True, 1)
    voices = max([module.voices, *(source.voices for source in sources)])
    return Width(next(fit for fit in FITS if fit >= voices), False, voices)


# ---------------------------------------------------------------- notes


def notes_of(name: str, rack: Rack, heard: Mapping[str, list[str]]) -> str:
    """Whose notes a module follows: its own if something plays it, else those of the nearest played one upstream."""
    module = rack.modules[name]
    if name in rack.lanes or module.held or module.played:
        return name
    seen, level = {name}, heard[name]
    while level:
        for source in level:
            if rack.modules[source].addressed:
                return source
        seen.update(level)
        level = list(dict.fromkeys(up for source in level for up in heard[source] if up not in seen))
    return name


def _stands_open(name: str, rack: Rack, specs: Mapping[str, Spec], notes: Mapping[str, str]) -> bool:
    """A drone that nothing has addressed; or one whose sound goes only through gates that follow it, which let go in their own time."""
    if not specs[name].drone:
        return False
    if not rack.modules[notes[name]].addressed:
        return True
    return notes[name] == name and _gated_after(name, name, rack, specs, notes, frozenset([name]))


def _gated_after(
    name: str, drone: str, rack: Rack, specs: Mapping[str, Spec], notes: Mapping[str, str], seen: frozenset[str]
) -> bool:
    main = main_output(specs[name])
    leads = [key for key in rack.cables if main and key.source == name and key.output == main.name]
    for key in leads:
        port = input_of(specs[key.target], key.into)
        if port is None or not carries_audio(port) or key.target in seen:
            return False
        follows = specs[key.target].has_gate() and notes[key.target] == drone
        if not follows and not _gated_after(key.target, drone, rack, specs, notes, seen | {key.target}):
            return False
    return bool(leads)


def input_of(spec: Spec, name: str) -> In | None:
    return next((port for port in spec.ins if port.name == name), None)


def sounds(spec: Spec, output: str) -> bool:
    """Whether an output of that name is sound rather than control."""
    return any(port.name == output and port.role == "audio" for port in spec.outs)
