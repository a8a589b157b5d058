"""Derives from a rack the order of rendering, the number of voices of each module, and whose notes open which gate.

Nothing here knows what was planned before, nor in which order the rack was typed: modules are taken by name. So the same rack
always sounds the same, whatever commands made it.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from chronus.catalogue.kinds import Catalogue, carries_audio, main_output
from chronus.catalogue.spec import PAN, In, Spec
from chronus.rack.document import Key, Module, Rack, mixed

T = TypeVar("T", bound=Hashable)
FITS = (1, 8, 32, 64)
"""Numbers of voices that kernels are compiled for."""


class Width(NamedTuple):
    """`lanes` of the kernel, whether two of them are left and right, and how many notes may take."""

    lanes: int
    stereo: bool
    voices: int


class Wiring(NamedTuple):
    """`late`: cables that are read one block late, because what they come from is rendered after what they lead to. `notes`: by module,
    whose notes it follows. `open`: drones whose gate stands open. `echoes`: gates that come round a circle of gates. `mixed`: by module
    what of MIX was ever set, or is moved."""

    order: list[str]
    late: frozenset[Key]
    widths: dict[str, Width]
    notes: dict[str, str]
    open: frozenset[str]
    echoes: frozenset[Key]
    mixed: dict[str, set[str]]


def wire_up(rack: Rack, catalogue: Catalogue) -> Wiring:
    specs = {name: catalogue[module.kind] for name, module in rack.modules.items()}
    order, late = rendering(rack, specs)
    heard = audio_sources(rack, specs)
    notes = {name: notes_of(name, rack, heard) for name in rack.modules}
    is_open = frozenset(name for name in rack.modules if _stands_open(name, rack, specs, notes))
    mix = mixed(rack, specs)
    panned = {name for name, said in mix.items() if PAN.name in said}
    found = widths(rack, specs, order, heard, panned)
    return Wiring(order, late, found, notes, is_open, _echoes(rack, specs), mix)


# ---------------------------------------------------------------- order

MOVES, LISTENS, SOUNDS = 1, 2, 3
"""How strong a cable is: into a parameter, into a gate or what else only listens, into a sound. A circle is cut where it is weakest."""


def rendering(rack: Rack, specs: Mapping[str, Spec]) -> tuple[list[str], frozenset[Key]]:
    """Returns the order in which the modules are rendered, and the cables that are late because of it."""
    order, late = sort(sorted(rack.modules), strengths(rack.cables, specs))
    return order, frozenset(key for key in rack.cables if (key.source, key.target) in late)


def strengths(cables: Iterable[Key], specs: Mapping[str, Spec]) -> dict[tuple[str, str], int]:
    """Returns the strongest cable from each module to each other."""
    found: dict[tuple[str, str], int] = {}
    for key in cables:
        port = input_of(specs[key.target], key.into)
        strength = MOVES if port is None else SOUNDS if carries_audio(port) else LISTENS
        pair = key.source, key.target
        found[pair] = max(strength, found.get(pair, 0))
    return found


def sort(names: Sequence[T], edges: Mapping[tuple[T, T], int]) -> tuple[list[T], set[tuple[T, T]]]:
    """Puts each after those that lead into it. Where a circle forbids it, its weakest edges (of the least number) give way.

    Among equals the circle begins where it is entered from outside, or where the fewest edges give way, or with the first of `names`:
    it does not matter in which order the edges came to be. Returns the order and the edges that lead backwards in it.
    """
    rank = {name: k for k, name in enumerate(names)}
    straight = {edge for edge in edges if edge[0] != edge[1]}
    order = _in_order(names, straight, rank)
    if len(order) < len(names):
        kept: set[tuple[T, T]] = set()
        for strength in sorted(set(edges.values()), reverse=True):
            more = {edge for edge in straight if edges[edge] == strength}
            kept |= more - _closing(names, kept, more, rank)
        order = _in_order(names, kept, rank)
    place = {name: k for k, name in enumerate(order)}
    return order, {(source, target) for source, target in edges if place[source] >= place[target]}


def _in_order(names: Sequence[T], edges: Iterable[tuple[T, T]], rank: Mapping[T, int]) -> list[T]:
    """Puts each after those that lead into it, the first of `names` first; without those that are in a circle or behind one."""
    before, after = dict.fromkeys(names, 0), _ends(names, edges)
    for targets in after.values():
        for target in targets:
            before[target] += 1
    ready = [rank[name] for name in names if not before[name]]
    order: list[T] = []
    while ready:
        name = names[heapq.heappop(ready)]
        order.append(name)
        for target in after[name]:
            before[target] -= 1
            if not before[target]:
                heapq.heappush(ready, rank[target])
    return order


def _ends(names: Sequence[T], edges: Iterable[tuple[T, T]], backwards: bool = False) -> dict[T, list[T]]:
    found: dict[T, list[T]] = {name: [] for name in names}
    for source, target in edges:
        if backwards:
            source, target = target, source
        found[source].append(target)
    return found


def _closing(
    names: Sequence[T], kept: set[tuple[T, T]], more: set[tuple[T, T]], rank: Mapping[T, int]
) -> set[tuple[T, T]]:
    """Returns those of `more` that must go, because they would make circles with those that are kept, which make none themselves."""
    into = _ends(names, kept | more, backwards=True)
    gone: set[tuple[T, T]] = set()
    todo = [circle for circle in circles(names, into) if len(circle) > 1]
    while todo:
        circle = todo.pop()
        pending = {name: [source for source in into[name] if source in circle] for name in circle}
        first = _beginning(circle, into, pending, kept, rank)
        gone |= {(source, first) for source in pending.pop(first)}
        left = {name: [source for source in sources if source != first] for name, sources in pending.items()}
        todo += [part for part in circles(left, left) if len(part) > 1]
    return gone


def _beginning(
    circle: set[T],
    into: Mapping[T, Sequence[T]],
    pending: Mapping[T, Sequence[T]],
    kept: set[tuple[T, T]],
    rank: Mapping[T, int],
) -> T:
    """Returns where a circle begins: no kept edge leads there inside it. `pending`: which lead there from inside."""
    free = [name for name in circle if not any((source, name) in kept for source in pending[name])]
    return min(free, key=lambda name: (all(s in circle for s in into[name]), len(pending[name]), rank[name]))


def circles(names: Iterable[T], into: Mapping[T, Sequence[T]]) -> list[set[T]]:
    """Returns the parts of a graph in which each leads to each other (Tarjan, 1972), single ones too. `into`: which lead to a name."""
    number: dict[T, int] = {}
    low: dict[T, int] = {}
    stack: list[T] = []
    found: list[set[T]] = []
    done: set[T] = set()
    for root in names:
        if root in number:
            continue
        number[root] = low[root] = len(number)
        stack.append(root)
        path = [(root, iter(into[root]))]
        while path:
            name, others = path[-1]
            other = next((o for o in others if o not in done), None)
            if other is None:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[name])
                if low[name] == number[name]:
                    at = stack.index(name)
                    part = set(stack[at:])
                    del stack[at:]
                    done |= part
                    found.append(part)
            elif other in number:
                low[name] = min(low[name], number[other])
            else:
                number[other] = low[other] = len(number)
                stack.append(other)
                path.append((other, iter(into[other])))
    return found


# ---------------------------------------------------------------- voices


def audio_sources(rack: Rack, specs: Mapping[str, Spec]) -> dict[str, list[str]]:
    """Returns for each module those whose sound goes through it, in order of name."""
    found: dict[str, set[str]] = defaultdict(set)
    for key in rack.cables:
        port = input_of(specs[key.target], key.into)
        if port and carries_audio(port) and sounds(specs[key.source], key.output):
            found[key.target].add(key.source)
    return {name: sorted(found[name]) for name in rack.modules}


def widths(
    rack: Rack, specs: Mapping[str, Spec], order: list[str], heard: Mapping[str, list[str]], panned: Collection[str]
) -> dict[str, Width]:
    """Computes the voices of all modules. Voices follow the cables, round a circle too, so this goes on until nothing grows.

    Behind what is stereo all is; and behind one voice that is panned. Several voices stay apart, and are panned where they meet.
    """

    def seen(source: str) -> Width:
        width = _sent(specs[source], found[source])
        return width._replace(stereo=True) if source in panned and width.voices == 1 else width

    found = {name: _width(rack.modules[name], specs[name], []) for name in order}
    grown = True
    while grown:
        grown = False
        for name in order:
            width = _width(rack.modules[name], specs[name], [seen(source) for source in heard[name]])
            grown |= width != found[name]
            found[name] = width
    return found


def _sent(spec: Spec, width: Width) -> Width:
    """What comes after a module hears of its voices: the drums of a kit have met."""
    return Width(1, False, 1) if spec.kit else width


def _width(module: Module, spec: Spec, sources: list[Width]) -> Width:
    if spec.width == "mono":
        return Width(1, False, 1)
    if spec.width == "stereo" or (module.voices == 1 and any(source.stereo for source in sources)):
        return Width(2, True, 1)
    voices = max([module.voices, *(source.voices for source in sources)])
    return Width(next(fit for fit in FITS if fit >= voices), False, voices)


# ---------------------------------------------------------------- notes


def notes_of(name: str, rack: Rack, heard: Mapping[str, list[str]], behind: frozenset[str] = frozenset()) -> str:
    """Finds whose notes a module follows: its own if it has a lane or its gate is held, else those of the nearest played one upstream.

    That one may follow another in its turn. `behind` are those that have asked already.
    """
    if name in rack.lanes or rack.modules[name].held:
        return name
    seen, level = {name, *behind}, heard[name]
    while level := [source for source in level if source not in seen]:
        for source in level:
            if rack.modules[source].addressed:
                return notes_of(source, rack, heard, behind | {name})
        seen.update(level)
        level = list(dict.fromkeys(up for source in level for up in heard[source]))
    return name


def played_by(name: str, rack: Rack, catalogue: Catalogue) -> str:
    """Finds whose notes a module follows, without wiring up the whole rack where nothing can lead there."""
    if catalogue[rack.modules[name].kind].main_input() is None:
        return name
    specs = {other: catalogue[module.kind] for other, module in rack.modules.items()}
    return notes_of(name, rack, audio_sources(rack, specs))


def gated_off(name: str, rack: Rack, catalogue: Catalogue) -> str:
    """Explains why a drone that nothing plays is not heard, and what brings it back; "" for all others."""
    module, spec = rack.modules[name], catalogue[rack.modules[name].kind]
    if not spec.drone or module.held or name in rack.lanes or not (module.addressed or module.hushed):
        return ""
    gates = {port.name for port in spec.ins if port.role == "gate"}
    if any(key.target == name and key.into in gates for key in rack.cables) or played_by(name, rack, catalogue) != name:
        return ""
    return f"gated off; {'`play` or ' if module.hushed else ''}`gate {name} on` lets it sound"


def voices_of(name: str, rack: Rack, catalogue: Catalogue) -> int:
    """Returns how many notes a module can play at once."""
    module, spec = rack.modules[name], catalogue[rack.modules[name].kind]
    if spec.main_input() is None or spec.width != "poly":
        return module.voices if spec.width == "poly" else 1
    return wire_up(rack, catalogue).widths[name].voices


def kept_apart(name: str, rack: Rack, catalogue: Catalogue) -> str:
    """Returns the note for an answer about a pan that is not heard yet: behind this module its voices are still apart."""
    poly = [
        key.target
        for key in rack.cables
        if key.source == name and catalogue[rack.modules[key.target].kind].width == "poly" and key.target != "out"
    ]
    if not poly or catalogue[rack.modules[name].kind].width != "poly":
        return ""
    found = wire_up(rack, catalogue).widths
    apart = sorted(target for target in poly if found[name].voices > 1 and found[target].voices > 1)
    return f"; its voices go on to {apart[0]} one by one: `set {apart[0]}.pan` pans them" if apart else ""


def _stands_open(name: str, rack: Rack, specs: Mapping[str, Spec], notes: Mapping[str, str]) -> bool:
    """A drone that nothing has addressed; or one whose sound goes only through gates that follow it, which let go in their own time."""
    module = rack.modules[name]
    if not specs[name].drone or module.hushed:
        return False
    if not rack.modules[notes[name]].addressed:
        return True
    return notes[name] == name and _gated_after(name, rack, specs, notes)


def _gated_after(drone: str, rack: Rack, specs: Mapping[str, Spec], notes: Mapping[str, str]) -> bool:
    """Whether all that the sound of a drone comes to, however far and round whatever circles, lies behind a gate that follows it."""
    seen, todo = {drone}, [drone]
    while todo:
        name = todo.pop()
        main = main_output(specs[name])
        leads = [key for key in rack.cables if main and key.source == name and key.output == main.name]
        for key in leads:
            port = input_of(specs[key.target], key.into)
            if port is None or not carries_audio(port):
                return False
            gated = specs[key.target].has_gate() and notes[key.target] == drone
            if not gated and key.target not in seen:
                seen.add(key.target)
                todo.append(key.target)
        if not leads:
            return False
    return True


def _echoes(rack: Rack, specs: Mapping[str, Spec]) -> frozenset[Key]:
    """Returns the cables that close circles of gates: where a gate comes back to a module that gave it."""
    gates = [key for key in rack.cables if tells(specs[key.source], key.output) and key.output == "gate"]
    gates = [key for key in gates if (port := input_of(specs[key.target], key.into)) and port.role == "gate"]
    if not gates:
        return frozenset()
    _, back = sort(sorted(rack.modules), {(key.source, key.target): LISTENS for key in gates})
    return frozenset(key for key in gates if (key.source, key.target) in back)


def input_of(spec: Spec, name: str) -> In | None:
    return next((port for port in spec.ins if port.name == name), None)


def sounds(spec: Spec, output: str) -> bool:
    """Whether an output of that name is sound rather than control."""
    return any(port.name == output and port.role == "audio" for port in spec.outs)


def tells(spec: Spec, output: str) -> bool:
    """Whether an output of that name gives the module's notes, and not what its kernel renders."""
    return all(port.name != output for port in spec.outs)
