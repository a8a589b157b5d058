"""The rack: what is loaded, patched, set and sequenced now. Plain data that is never changed: a command makes another rack.

Undo is keeping the old one, and the difference between two is what the replicas are told.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from chronus import othernames
from chronus.catalogue.kinds import Catalogue
from chronus.catalogue.spec import MIX, Param, Spec, Table, factor
from chronus.catalogue.whole import BPM, METER, PACE, SEED, SWING, Whole
from chronus.commands import MODULES as MODULES
from chronus.commands import RESERVED as RESERVED
from chronus.commands import File, Length, Quantity, ScenePart, Word
from chronus.errors import ChronusError
from chronus.othernames import meant
from chronus.pattern.arpeggio import Arpeggiator, through
from chronus.pattern.lane import LaneOptions, Pattern
from chronus.units import OFF, SILENCE, Range, format_param, format_quantity, is_clamped, to_param

CABLES, LANES, VOICES = 2048, 256, 64
"""The limits, and MODULES; E_LIMIT beyond."""

PACES = {"normal": Fraction(1), "half": Fraction(2), "double": Fraction(1, 2)}
"""The beats that a beat of the lanes takes."""

Steady = float | Quantity
"""A number in the parameter's own unit, or a musical time (3/16), which follows the tempo."""


class Moving(Struct, frozen=True, tag="moving"):
    """A sweep from one setting to another. `number` tells it from all others; when it began, and how far it has got, the score knows."""

    number: int
    start: Steady
    stop: Steady
    over: Length


class Waving(Struct, frozen=True, tag="waving"):
    """A wave between two settings (rack/waves.py). `place` is the parameter's, `bass.cutoff`: its chances are its own."""

    shape: str
    rate: Quantity
    start: Steady
    stop: Steady
    place: str


Setting = Steady | Moving | Waving | Word | File
"""A Word is the text of a setting that is one, a File the recording of one that names one; the others are of parameters."""
Share = Callable[[Moving | Waving], float]
"""How much of its way a sweep has behind it, 0..1; or where between its two ends a wave is."""


def at_rest(moving: Moving | Waving) -> float:
    """The rack as if every sweep were over, and every wave at its second end."""
    return 1.0


class Module(Struct, frozen=True):
    """A module of the rack. `params` holds what was set; the rest stands at its default.

    `sequenced`: a lane has addressed it; `played`: a note or gate by hand has; either ends a drone, which from then on sounds while
    its gate is on. `held`: its gate is held on by hand. `hushed`: a drone that a panic silenced, until the next `play`.
    """

    name: str
    kind: str
    voices: int = 1
    params: dict[str, Setting] = {}
    sequenced: bool = False
    played: bool = False
    held: bool = False
    hushed: bool = False
    arp: Arpeggiator | None = None

    @property
    def addressed(self) -> bool:
        return self.sequenced or self.played


class Key(NamedTuple):
    """What a cable is known by: from an output to an input or a parameter."""

    source: str
    output: str
    target: str
    into: str


class Cable(Struct, frozen=True):
    """`amount`: how far it moves a parameter, or the gain of a sound. `auto` marks a cable to `out` that nobody asked for."""

    amount: Quantity | None = None
    auto: bool = False


class Locked(Struct, frozen=True):
    """A lock of a lane, as the replicas have it: parameter number `place` from `start` to `stop`; both are the same where it stands still.

    A musical time follows the tempo, inside of `range`. `at_once`: the kernel has its own way from one to the other. `exponential`: it
    moves by equal ratios.
    """

    param: str
    place: int
    start: Steady
    stop: Steady
    at_once: bool = False
    range: Range | None = None
    exponential: bool = False

    def ends(self, bpm: float) -> tuple[float, float]:
        """Returns where it begins and ends, at a tempo."""
        return self._number(self.start, bpm), self._number(self.stop, bpm)

    def _number(self, setting: Steady, bpm: float) -> float:
        if not isinstance(setting, Quantity):
            return setting
        assert self.range is not None
        return to_param(setting, self.range, bpm=bpm)


class Lane(Struct, frozen=True):
    """The pattern of one module. `take` numbers the lanes ever typed, so that a lane brought back knows when it began. `locks`: those
    of its pattern, in the order of `locks_of`. `held`: it is a chord by hand, whose notes hands hold for so many beats.
    """

    text: str
    pattern: Pattern
    options: LaneOptions
    take: int
    muted: bool = False
    solo: bool = False
    locks: tuple[Locked, ...] = ()
    moves: str = ""
    """The parameter that it moves, of a lane of values."""
    held: float = 0.0


class Scene(Struct, frozen=True):
    """Which lanes are heard, and what is set besides: all with the names that the rack knows."""

    lanes: tuple[str, ...] = ()
    parts: tuple[ScenePart, ...] = ()


class Song(Struct, frozen=True):
    """Scenes in order, each with how many bars it is heard. `stopped`: it goes on no more, until it is begun again.

    Its first bar falls on the bar `first` of the timeline `zero`, both counted from 1: that may lie before what was played, after a
    jump. `zero` 0: it begins now, and `first` counts from the present bar, which is 1.
    """

    sections: tuple[tuple[str, int], ...]
    loop: bool = False
    stopped: bool = False
    zero: int = 0
    first: int = 1


class Rack(Struct, frozen=True):
    """The document. `takes` counts the lanes typed so far; it is no part of what is saved. `tempo` is on its way to `bpm`, if it is.

    `before_out` are the modules inserted on `out`, in order: what is sent to `out` goes to the first of them, and from each to the next.
    """

    modules: dict[str, Module]
    cables: dict[Key, Cable] = {}
    lanes: dict[str, Lane] = {}
    bpm: float = float(BPM.default)
    tempo: Moving | None = None
    swing: float = float(SWING.default)
    key: str = ""
    seed: int = int(SEED.default)
    meter: str = METER.default
    pace: str = PACE.default
    takes: int = 0
    before_out: tuple[str, ...] = ()
    scenes: dict[str, Scene] = {}
    song: Song | None = None
    fill: bool = False
    fill_every: int = 0


T = TypeVar("T", bound=Struct)
EMPTY = Rack({"out": Module("out", "out")})


def with_module(rack: Rack, module: Module) -> Rack:
    return replace(rack, modules={**rack.modules, module.name: module})


def replace(whole: T, **changes: Any) -> T:
    return msgspec.structs.replace(whole, **changes)


def changed(before: Rack, after: Rack) -> set[str]:
    """Returns the modules that are not quite as they were, and the new ones."""
    return {name for name, module in after.modules.items() if module is not before.modules.get(name)}


def value(rack: Rack, module: Module, param: Param, share: Share = at_rest) -> float:
    """Returns a parameter's value now, in its own unit. A musical time that the tempo takes out of range stops at its edge."""
    setting = module.params.get(param.name, param.default)
    assert not isinstance(setting, Word | File)
    if isinstance(setting, Quantity) and rack.tempo is not None:
        first, last = (steady(setting, param, bpm) for bpm in (tempo(rack, lambda moving: 0.0), rack.bpm))
        return _between(first, last, share(rack.tempo), param)
    if not isinstance(setting, Moving | Waving):
        return steady(setting, param, rack.bpm)
    start, stop = steady(setting.start, param, rack.bpm), steady(setting.stop, param, rack.bpm)
    return _between(start, stop, share(setting), param)


def retunes(before: Rack, after: Rack) -> bool:
    """Whether the tempo is another one, or moves to another one."""
    return before.bpm != after.bpm or before.tempo != after.tempo


def tempo(rack: Rack, share: Share = at_rest) -> float:
    """Beats a minute now."""
    return of_the_whole(rack, BPM, share)


def of_the_whole(rack: Rack, row: Whole, share: Share = at_rest) -> float:
    """Returns a parameter of the whole now. One that moves does so evenly in time."""
    number: float = getattr(rack, row.name)
    moving: Moving | None = getattr(rack, row.moving) if row.moving else None
    if moving is None:
        return number
    assert isinstance(moving.start, float)
    return moving.start + (number - moving.start) * share(moving)


def _between(start: float, stop: float, share: float, param: Param) -> float:
    """Returns the value on the way, as the replicas compute it, in the parameter's own curve."""
    if param.has_off and share < 1.0 and OFF in (start, stop):
        gain = factor(start) + (factor(stop) - factor(start)) * share
        return 20.0 * math.log10(gain) if gain >= factor(param.low) else OFF
    return between_of(start, stop, share, param.curve == "exp")


def between_of(start: float, stop: float, share: float, exponential: bool) -> float:
    """Returns the same of two values as the replicas have them."""
    if share >= 1.0:
        return stop
    if exponential and start > 0.0 and stop > 0.0:
        return start * 2.0 ** (share * math.log2(stop / start))
    return start + (stop - start) * share


def steady(setting: Steady, param: Param, bpm: float) -> float:
    return setting if isinstance(setting, float | int) else to_param(setting, param, bpm=bpm)


def in_words(rack: Rack, module: Module, param: Param, share: Share = at_rest) -> list[str]:
    """Writes a value for people; for a musical time also what it comes to now: ["1/1", "2000 ms", "clamped"]."""
    setting, now = module.params.get(param.name), format_param(value(rack, module, param, share), param)
    if isinstance(setting, Waving):
        return [wave_words(setting, param)]
    if isinstance(setting, Moving) and share(setting) >= 1.0:
        setting = setting.stop
    if not isinstance(setting, Quantity):
        return [now]
    return [format_quantity(setting), now, *(["clamped"] if is_clamped(setting, param, rack.bpm) else [])]


def wave_words(wave: Waving, param: Param) -> str:
    """Writes a wave as it is typed."""
    start, stop = (end_words(end, param) for end in (wave.start, wave.stop))
    return f"lfo({wave.shape}, {format_quantity(wave.rate)}, {start}..{stop})"


def end_words(setting: Steady, param: Param) -> str:
    """Writes an end of a sweep or of a wave as it is typed, which is never a word."""
    if isinstance(setting, Quantity):
        return format_quantity(setting)
    return format_quantity(SILENCE) if param.has_off and setting == OFF else format_param(setting, param, exact=True)


def for_replicas(value: float, param: Param) -> float:
    """Returns a parameter's value as the replicas have it: a level that may be off is a factor there."""
    return factor(value) if param.has_off else value


def from_replicas(value: float, param: Param) -> float:
    """Returns what the replicas have in the parameter's own unit."""
    if not param.has_off:
        return value
    return round(20.0 * math.log10(value), 9) if value >= factor(param.low) else OFF


def words_of(module: Module, table: Table) -> str:
    """Writes for people what a file or a text is set to; "" where it is not set."""
    setting = module.params.get(table.name)
    if isinstance(setting, File):
        return setting.path
    return setting.text if isinstance(setting, Word) else ""


def values(rack: Rack, module: Module, spec: Spec) -> list[float]:
    return [value(rack, module, param) for param in spec.all_params]


def mixed(rack: Rack, specs: Mapping[str, Spec]) -> dict[str, set[str]]:
    """Returns by module which of MIX have ever been set or are moved by a cable: where none is, the graph has nothing to do."""
    found: dict[str, set[str]] = {}
    for name, module in rack.modules.items():
        if said := {param.name for param in MIX if param.name in module.params}:
            found[name] = said
    for key in rack.cables:
        if any(param.name == key.into for param in MIX):
            found.setdefault(key.target, set()).add(key.into)
    return {name: own for name, said in found.items() if (own := said & {param.name for param in specs[name].mix})}


def arped(module: Module, lane: Lane) -> Lane:
    """Returns a lane as its module's arpeggiator lets it be played; what the lane says of its own holds."""
    if module.arp is None or lane.options.arp:
        return lane
    return replace(lane, options=through(module.arp, lane.options))


def audible(rack: Rack, name: str) -> bool:
    lane = rack.lanes[name]
    return not lane.muted and (bool(lane.moves) or lane.solo or not any_solo(rack))


def bar_of(rack: Rack) -> Fraction:
    """Returns the beats of a bar: 7/8 are three and a half."""
    return 4 * Fraction(rack.meter)


def times_of(rack: Rack) -> Fraction:
    """Returns how many beats a beat of the lanes takes."""
    return PACES[rack.pace]


def seed_of(seed: int, name: str) -> int:
    """The same in every process and on every day, and another for each module and lane."""
    return int.from_bytes(hashlib.blake2b(f"{seed} {name}".encode(), digest_size=8).digest(), "little") >> 1


def module_of(lane: str) -> str:
    """Returns the module that a lane is for: of `filter.cutoff` the filter."""
    return lane.partition(".")[0]


def any_solo(rack: Rack) -> bool:
    return any(lane.solo for lane in rack.lanes.values())


def find(rack: Rack, word: str, catalogue: Catalogue) -> str | None:
    """Finds the module a word means: its name, or the kind it is called by (`bass_module`, `acid`) where a module bears that name."""
    if word in rack.modules:
        return word
    spec = catalogue.find(word)
    return spec.kind if spec and spec.kind in rack.modules else None


EVERY = ("all", "everything", "every")
"""Stands for all lanes elsewhere."""


def named(rack: Rack, word: str, catalogue: Catalogue, part: str = "name") -> str:
    """Finds the module meant, or raises E_NAME with names that are like it."""
    name = find(rack, word, catalogue)
    if name is None:
        spec = catalogue.find(word)
        how = f"; `load {spec.kind}` makes one" if spec else ""
        every = (" ".join(rack.lanes),) if word in EVERY and part.startswith("names") and rack.lanes else ()
        near = every or othernames.BETWEEN.get(word) or meant(word, rack.modules, othernames.KINDS)
        raise ChronusError("E_NAME", f'no module "{word}" is loaded{how}', suggestions=near, part=part)
    return name
