"""Performs `sequence`, `clear`, `mute` and `solo` on a rack. {from} in a text stands for what is known only at the moment."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import accumulate
from math import lcm
from typing import Any

from chronus.catalogue.kinds import Catalogue, find_param
from chronus.catalogue.spec import MIX, Param, Spec
from chronus.commands import FLAGS, LONGEST_LINE, Clear, OfLanes, Quantity, Sequence, Sweep, Word
from chronus.errors import ChronusError, nearest
from chronus.pattern.harmony import ROOT, SCALE
from chronus.pattern.lane import OPTIONS, LaneOptions, locks_of
from chronus.pattern.loop import loop_of
from chronus.pattern.tree import Degree, Lock
from chronus.rack.document import (
    LANES,
    VOICES,
    Lane,
    Locked,
    Module,
    Rack,
    Steady,
    arped,
    bar_of,
    for_replicas,
    named,
    replace,
    with_module,
)
from chronus.rack.wiring import gated_off, voices_of
from chronus.units import NOTES, exact, is_musical, range_of, to_param

USUAL_KEY = f"{NOTES[ROOT % 12]} {SCALE}"
"""Of degrees where nothing says another."""
LOOKED_AT = 4
"""Loops of a lane in which its notes are counted."""
Result = tuple[Rack, str, dict[str, Any]]


def sequence(rack: Rack, command: Sequence, catalogue: Catalogue) -> Result:
    if "." in command.name:
        return _moving(rack, command, catalogue)
    name = named(rack, command.name, catalogue)
    if name == "out":
        raise ChronusError("E_VALUE", "out plays no notes", part="name")
    if name not in rack.lanes and len(rack.lanes) >= LANES:
        raise ChronusError("E_LIMIT", f"there can be {LANES} lanes at most", part="name")
    _check(replace(command, name=name))
    kind = rack.modules[name].kind
    locks = tuple(_locked(rack, lock, catalogue[kind], k) for k, lock in enumerate(locks_of(command.pattern)))
    if command.pattern.drums and not catalogue[kind].kit:
        kits = ", ".join(other for other, spec in catalogue.kinds.items() if spec.kit)
        loaded = tuple(other for other, module in rack.modules.items() if catalogue[module.kind].kit)
        raise ChronusError(
            "E_VALUE",
            f"names of drums are for a kit (`load {kits}`); {name} is a {kind} and plays notes",
            part="name" if loaded else "pattern",
            suggestions=loaded,
        )
    old = rack.lanes.get(name)
    kept = {flag: getattr(old, flag) for flag in FLAGS if old}
    lane = Lane(command.text, command.pattern, command.options, rack.takes, **kept, locks=locks)
    lane = arped(rack.modules[name], lane)
    module = replace(rack.modules[name], sequenced=True, hushed=False)
    rack = with_module(rack, _looked_at(module, (lock.param for lock in locks)))
    rack = replace(rack, lanes={**rack.lanes, name: lane}, takes=rack.takes + 1)
    steps = command.pattern.steps
    text = f"{in_words(name, command.text, lane.options)} ({steps} step{'s' * (steps != 1)}{{from}})"
    text += realigns(lane, bar_of(rack))
    result: dict[str, Any] = {"name": name, "steps": steps}
    if (loops := loop_of(lane.pattern, lane.options).repeats) > 1:
        text += f"; goes round in {loops:,} loops"
        result["loops"] = loops
    if told := key_told(rack, lane, catalogue[kind].kit):
        text += f"; {told}"
    return rack, text + short_of_voices(rack, name, catalogue), result


def _check(command: Sequence) -> None:
    """Checks what a typed pattern must keep by itself."""
    steps, step = command.pattern.steps, OPTIONS["every"]
    if not step.low <= Fraction(*command.options.every) <= step.high:
        raise ChronusError("E_VALUE", f"every is {step.low}..{step.high}", part="options.every")
    if len(in_words(command.name, command.text, command.options)) > LONGEST_LINE:
        raise ChronusError(
            "E_LIMIT", f"written out, the line has more than {LONGEST_LINE:,} characters", part="pattern"
        )
    for hit in command.pattern.hits:
        if Fraction(*hit.at) >= steps or Fraction(*hit.length) > steps:
            raise ChronusError("E_VALUE", f"a hit lies outside of its {steps} steps", part="pattern")


def _moving(rack: Rack, command: Sequence, catalogue: Catalogue) -> Result:
    """Gives a parameter a lane of its own."""
    word, _, param_word = command.name.partition(".")
    module = rack.modules[named(rack, word, catalogue)]
    spec = catalogue[module.kind]
    param = find_param(spec, param_word, "name.param")
    name = f"{module.name}.{param.name}"
    if name not in rack.lanes and len(rack.lanes) >= LANES:
        raise ChronusError("E_LIMIT", f"there can be {LANES} lanes at most", part="name")
    _check(replace(command, name=name))
    if param.words and any(hit.glide for hit in command.pattern.hits):
        raise ChronusError("E_VALUE", f"{param.name} is a word and cannot glide", part="pattern")
    locks = tuple(
        _locked(rack, replace(lock, param=param.name), spec, k) for k, lock in enumerate(locks_of(command.pattern))
    )
    old = rack.lanes.get(name)
    kept = {flag: getattr(old, flag) for flag in FLAGS if old}
    lane = Lane(command.text, command.pattern, command.options, rack.takes, **kept, locks=locks, moves=param.name)
    rack = with_module(rack, _looked_at(module, (param.name,)))
    rack = replace(rack, lanes={**rack.lanes, name: lane}, takes=rack.takes + 1)
    steps = command.pattern.steps
    text = f"{in_words(name, command.text, command.options)} ({steps} step{'s' * (steps != 1)}{{from}})"
    return rack, text + realigns(lane, bar_of(rack)), {"name": name, "steps": steps}


def _locked(rack: Rack, lock: Lock, spec: Spec, k: int) -> Locked:
    """Checks a lock against the declaration of its parameter."""
    param = find_param(spec, lock.param, f"locks.{k}.param")
    first, last = (lock.value.start, lock.value.stop) if isinstance(lock.value, Sweep) else (lock.value, lock.value)
    if param.words and isinstance(lock.value, Sweep):
        raise ChronusError("E_VALUE", f"{param.name} cannot be swept", part=f"locks.{k}.value")
    try:
        start, stop = (_setting(value, param, rack.bpm) for value in (first, last))
    except ChronusError as error:
        error.part = f"locks.{k}.value"
        raise
    by_kernel = bool(param.words) and param in spec.params
    musical = isinstance(start, Quantity) or isinstance(stop, Quantity)
    return Locked(
        param.name, spec.all_params.index(param), start, stop, by_kernel, range_of(param) if musical else None,
        param.curve == "exp",
    )  # fmt: skip


def _setting(value: Quantity | Word, param: Param, bpm: float) -> Steady:
    """Returns a value as the replicas have it, or the musical time itself."""
    number = to_param(value, param, bpm=bpm)
    return value if isinstance(value, Quantity) and is_musical(value, param) else for_replicas(number, param)


def _looked_at(module: Module, params: Iterable[str]) -> Module:
    """Returns the module with those of its level, pan and bypass written down that are to move, so that the graph looks at them."""
    moved = {param.name: float(param.default) for param in MIX if param.name in set(params)}
    return replace(module, params={**moved, **module.params}) if moved else module


def in_words(name: str, text: str, options: LaneOptions) -> str:
    """Writes a lane as the line that makes it."""
    return f"sequence {name}: {text}{options.words()}"


def realigns(lane: Lane, bar: Fraction) -> str:
    """Returns the note for an answer about a lane that does not divide into bars of so many beats."""
    steps, step = lane.pattern.steps, 4 * Fraction(*lane.options.every) / bar
    length = steps * step
    if length.numerator == 1 or length.denominator == 1:
        return ""
    bars = lcm(length.numerator, length.denominator) // length.denominator
    fitting = [n for n in range(1, steps) if (n * step).denominator == 1 or (n * step).numerator == 1]
    return f"; {steps} steps: realigns after {bars} bars" + (f" (len={fitting[-1]} to clip)" if fitting else "")


def key_told(rack: Rack, lane: Lane, kit: bool) -> str:
    """Returns the note for an answer about degrees: the key that they are counted in, where the line does not say all of it itself."""
    degrees = {degree for hit in lane.pattern.hits for degree in hit.degrees}
    if not degrees:
        return ""
    if kit:
        return "degrees are notes; a kit's drums are bd, sn, hh"
    if lane.options.root and lane.options.scale:
        return ""
    note, _, scale = (rack.key or USUAL_KEY).partition(" ")
    told = f"in {lane.options.root.rstrip('-0123456789') or note} {lane.options.scale or scale}"
    if degrees == {Degree(0), Degree(1)}:
        return f"degrees {told}; a rhythm is written x.x."
    return told if rack.key or lane.options.root or lane.options.scale else f"{told}; key a minor sets another"


def at_once(lane: Lane) -> int:
    """Returns the most notes of a lane that sound at the same time, in any of its first loops: chords, and notes that reach into others."""
    loop = loop_of(lane.pattern, lane.options)
    played = loop.notes(0, LOOKED_AT * len(loop.starts))
    moves: list[
        tuple[int, int, int]
    ] = []  # at one place what ends comes first, and what only lasts for its gate comes and goes
    gate = int(exact(lane.options.gate).limit_denominator(10_000) * loop.part)
    for begin, end, place in zip(played.begin.tolist(), played.end.tolist(), played.place.tolist(), strict=True):
        brief = loop.glide[place] or end - begin <= gate
        moves += [(begin, 1, 1), (begin, 2, -1) if brief else (end, 0, -1)]
    return max(accumulate(count for _, _, count in sorted(moves)), default=0)


def short_of_voices(rack: Rack, name: str, catalogue: Catalogue) -> str:
    """Returns the note for an answer about a lane that has more notes at once than its module has voices."""
    lane = rack.lanes[name]
    notes, chord = at_once(lane), max((len(hit.pitches) + len(hit.degrees) for hit in lane.pattern.hits), default=0)
    return too_many(rack, name, notes, chord == notes, catalogue)


def too_many(rack: Rack, name: str, notes: int, chord: bool, catalogue: Catalogue) -> str:
    """Returns the note for an answer if a module has not the voices for so many notes at once."""
    module, spec = rack.modules[name], catalogue[rack.modules[name].kind]
    if notes <= (module.voices if spec.width == "poly" else 1) or notes <= (voices := voices_of(name, rack, catalogue)):
        return ""
    has = "one voice and plays one note" if voices == 1 else f"{voices} voices and plays {voices} notes"
    more = f" (voices={notes} would play all)" if spec.width == "poly" and notes <= VOICES else ""
    return f"; {name} has {has} of {'the chord' if chord else f'{notes} at once'}{more}"


def clear(rack: Rack, command: Clear, catalogue: Catalogue) -> Result:
    name = with_lane(rack, command.name, catalogue, "name")
    moves = rack.lanes[name].moves
    rack = replace(rack, lanes={n: lane for n, lane in rack.lanes.items() if n != name})
    off = "" if moves else gated_off(name, rack, catalogue)
    return rack, f"clear {name}" + (f"; {name} is {off}" if off else ""), {"name": name}


def with_lane(rack: Rack, word: str, catalogue: Catalogue, part: str) -> str:
    name = lane_named(rack, word, catalogue, part)
    if name not in rack.lanes:
        raise ChronusError("E_NAME", f'"{name}" has no lane', suggestions=nearest(name, rack.lanes), part=part)
    return name


def lane_named(rack: Rack, word: str, catalogue: Catalogue, part: str = "name") -> str:
    """Returns the name of the lane that a word means, if there is one."""
    module, dot, param = word.partition(".")
    return named(rack, module, catalogue, part) + dot + param


def flag(rack: Rack, command: OfLanes, catalogue: Catalogue) -> Result:
    """Performs mute, unmute, solo, unsolo. Without names it means all that are."""
    field, becomes = command.makes
    names = [with_lane(rack, word, catalogue, f"names.{k}") for k, word in enumerate(command.names)]
    chosen = names or [name for name, lane in rack.lanes.items() if getattr(lane, field)]
    if field == "solo" and becomes and any(rack.lanes[name].moves for name in chosen):
        raise ChronusError("E_VALUE", "solo is for lanes of notes; a lane of values is muted", part="names.0")
    lanes = {name: replace(rack.lanes[name], **{field: becomes}) for name in chosen}
    text = " ".join([type(command).__name__.lower(), *chosen])
    return replace(rack, lanes={**rack.lanes, **lanes}), text, {"names": chosen}
