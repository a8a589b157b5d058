"""Declares what a module is: its ports, its parameters, the state it keeps.

Plain data without Numba, so that the conversation can read it (as the catalogue) and the
sound can be compiled from it. Everything that has to agree with a parameter - range checks,
completion, help, the OSC map, the JSON catalogue, the law tests - is derived from here.
"""

from __future__ import annotations

import math
from typing import Literal

from msgspec import Struct

from chronus.units import OFF

Curve = Literal["linear", "exp"]
Role = Literal["audio", "control", "gate", "velocity", "accent", "glide"]
Width = Literal["mono", "poly", "stereo"]

WIDTHS: dict[str, tuple[int, ...]] = {"mono": (1,), "poly": (1, 8), "stereo": (2,)}
"""The numbers of lanes a kernel is usually needed for."""
WIDE = (2, 32)
"""Those a poly kernel may be needed for as well: 2 is a stereo pair. 64 is so rare that it is compiled only when it is asked for."""

UNITS = ("", "Hz", "ms", "dB", "ct", "st", "Q", "s", "%")


class Param(Struct, frozen=True):
    """One parameter: said once, here.

    `curve` is how a knob would turn: "exp" halves and doubles (needs 0 < low), "linear" adds.
    A decibel parameter is linear in dB. `words` makes it an enum whose value is the
    index of the word; `("off", "on")` is a switch. `pitch` marks the frequency that a note plays. `has_off`: a level in dB that may also
    be off, which is OFF dB. `named` are words for some of its values.
    """

    name: str
    low: float
    high: float
    default: float
    unit: str = ""
    curve: Curve = "linear"
    help: str = ""
    words: tuple[str, ...] = ()
    pitch: bool = False
    has_off: bool = False
    named: dict[str, float] = {}

    def __post_init__(self) -> None:
        assert self.unit in UNITS, self.unit
        assert self.low <= self.default <= self.high and math.isfinite(self.high - self.low)
        assert self.curve == "linear" or self.low > 0
        assert not self.words or (self.low, self.high) == (0, len(self.words) - 1)


def switch(name: str, words: tuple[str, ...], default: str, help: str = "") -> Param:
    """An enum parameter: the value is the index of its word."""
    return Param(name, 0, len(words) - 1, words.index(default), words=words, help=help)


LEVEL = Param("level", -60, 12, 0, "dB", help="how loud it leaves, wherever it is heard", has_off=True)
SIDES = {"left": -1.0, "center": 0.0, "right": 1.0}
PAN = Param("pan", -1, 1, 0, help="left to right, at equal power; of what is stereo the balance", named=SIDES)
BYPASS = switch("bypass", ("off", "on"), "off", "on: what comes in goes past it")
MIX = (LEVEL, PAN, BYPASS)
"""What the graph does with the sound of every module that puts any out: no kernel knows of it. A parameter of that name which a module
has itself comes first."""


def factor(level: float) -> float:
    """Returns what a level in dB multiplies by."""
    return 0.0 if level <= OFF else math.pow(10.0, level / 20.0)


class In(Struct, frozen=True):
    """An input. The first one of role "audio" is the main input, where a bare `patch A > B` leads.

    Roles gate, velocity, accent and glide are fed by the module's lane unless a cable is patched. Into an input that is `normal` to
    another one that one's sound leads as long as nothing is patched, as into a normalled jack.
    """

    name: str
    role: Role = "audio"
    help: str = ""
    normal: str = ""


class Out(Struct, frozen=True):
    """An output. The first one is the main output."""

    name: str
    role: Literal["audio", "control"] = "audio"
    help: str = ""


class Table(Struct, frozen=True):
    """A read-only table that the kernel gets, float32 (rows, columns).

    `source` is what it is made of: "code", a function of the module; or a setting that is no number and belongs to the module like its
    parameters: "file", a recording (frames, channels) at the engine's rate, `set sampler.file "kick.wav"`; "text", its characters by their
    Unicode numbers (characters, 1). Of a setting that nobody has made the table is empty: it has no rows.
    """

    name: str
    source: Literal["code", "file", "text"]
    help: str = ""

    @property
    def is_setting(self) -> bool:
        return self.source != "code"


NOTE_OUTS = (
    Out("gate", "control", "on while its note is, 2 where one begins in another"),
    Out("pitch", "control", "what it plays, in octaves above a4 (440 Hz)"),
)
"""What every module that plays notes offers of them; the graph lays it, not the kernel."""


class Spec(Struct, frozen=True):
    """One kind of module.

    `state` is the number of float64 values kept per lane; `memory_seconds` and `memory_frames` add up
    to the rows of float32 per lane it may use as delay line. `drone` marks a plain oscillator: it sounds as soon
    as it is loaded, until something addresses it. `modulator` marks what is never sent to `out` unasked.
    `latency` is the delay of the main output in frames. `category` groups `chronus modules`. `tables` are what it reads besides its
    inputs and parameters. `voices` is how many notes it plays at once where nobody asks for another number. A `kit` takes its notes for
    drums, which a lane may call by their names; they meet within it, so that what comes after it has one voice. `gathers` marks what
    sums up others: no chain of inserts goes on through it.
    `gain` is the row of the state that holds the gain of its limiter, for the meters; -1: it has none.
    `tries` are three lines to try: typed one after another in an empty rack, each is done, and they are heard.
    """

    kind: str
    help: str
    params: tuple[Param, ...] = ()
    ins: tuple[In, ...] = ()
    outs: tuple[Out, ...] = (Out("out"),)
    state: int = 0
    memory_seconds: float = 0.0
    memory_frames: int = 0
    width: Width = "mono"
    voices: int = 1
    drone: bool = False
    modulator: bool = False
    latency: int = 0
    aliases: tuple[str, ...] = ()
    category: str = "effect"
    tables: tuple[Table, ...] = ()
    tries: tuple[str, ...] = ()
    kit: bool = False
    gathers: bool = False
    gain: int = -1

    @property
    def lanes(self) -> tuple[int, ...]:
        """What the kernel is compiled for first, if nobody asks for it."""
        return WIDTHS[self.width]

    @property
    def wide_lanes(self) -> tuple[int, ...]:
        """What it is compiled for afterwards. A source is never a stereo pair."""
        source = self.main_input() is None
        return tuple(n for n in WIDE if self.width == "poly" and not (source and n == 2))

    def memory_rows(self, rate: float) -> int:
        """Rows of the delay memory at a sample rate in Hz."""
        return math.ceil(self.memory_seconds * rate) + self.memory_frames

    @property
    def mix(self) -> tuple[Param, ...]:
        """Those of MIX that it has: `out` has a volume instead."""
        sounds = self.kind != "out" and any(out.role == "audio" for out in self.outs)
        own = {param.name for param in self.params}
        return tuple(param for param in MIX if sounds and param.name not in own)

    @property
    def all_params(self) -> tuple[Param, ...]:
        """Those of its kernel, then those of the graph."""
        return (*self.params, *self.mix)

    def param(self, name: str) -> Param | None:
        return next((p for p in self.all_params if p.name == name), None)

    @property
    def settings(self) -> tuple[Table, ...]:
        """What can be set besides the parameters: files and texts."""
        return tuple(table for table in self.tables if table.is_setting)

    def setting(self, name: str) -> Table | None:
        return next((table for table in self.settings if table.name == name), None)

    def main_input(self) -> In | None:
        return next((port for port in self.ins if port.role == "audio"), None)

    def has_gate(self) -> bool:
        return any(port.role == "gate" for port in self.ins)

    def note_outs(self) -> tuple[Out, ...]:
        """NOTE_OUTS, if it plays notes, without those that it has by itself."""
        own = {out.name for out in self.outs}
        return tuple(out for out in NOTE_OUTS if self.has_gate() and out.name not in own)

    def offers(self) -> tuple[Out, ...]:
        """Everything that a cable may come from."""
        return (*self.outs, *self.note_outs())
