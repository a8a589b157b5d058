"""Declares a lane as it was written: a tree of steps and groups, and how it is written out again.

`language/notation.py` reads it from a line, `pattern/unfold.py` lays it out in time. Reading what `written` says gives the same tree.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from msgspec import Meta, Struct

from chronus.units import Quantity, Sweep, Word, format_number

Time = Fraction | int
"""In steps. Whole numbers are counted ten times as fast, so they are no fractions."""


class Lock(Struct, frozen=True):
    """A parameter of the lane's module that stands at a value for a step, or sweeps in it."""

    param: str
    value: Quantity | Word | Sweep


class Mark(Struct, frozen=True):
    """A hit of a grid: x X o 1-9."""

    mark: str


class Tone(Struct, frozen=True):
    """A note (`a1`) or a chord (`a2:m7`)."""

    text: str
    pitches: tuple[int, ...]


class Degree(Struct, frozen=True, array_like=True):
    """A step of the scale, from 0 on, raised or lowered by semitones: `4`, `-1`, `6#`."""

    number: Annotated[int, Meta(ge=-99, le=99)]
    semitones: Annotated[int, Meta(ge=-2, le=2)] = 0


class Drum(Struct, frozen=True):
    """A drum of a kit, and which of its samples."""

    name: str
    sample: int = 0


class Level(Struct, frozen=True):
    """A value of a lane that moves a parameter, as it is typed."""

    text: str
    value: Quantity | Word | Sweep


class Rest(Struct, frozen=True):
    pass


class Group(Struct, frozen=True):
    """`[a b]`: one after another inside of one step. Of several parts, `[a b,c]` plays them together, `[a|b]` one of them by chance."""

    parts: tuple[tuple[Item, ...], ...]
    choice: bool = False


class Turns(Struct, frozen=True):
    """`<a b>`: another one in each loop."""

    items: tuple[Item, ...]


class Polymeter(Struct, frozen=True):
    """`{a b c}%4`: takes so many steps, and goes on through its list in the next loop."""

    items: tuple[Item, ...]
    steps: int


Sound = Mark | Tone | Degree | Drum | Level | Rest | Group | Turns | Polymeter


class Item(Struct, frozen=True):
    """A step, and all that is written behind it.

    `length` is in steps; `euclid` (hits, steps, rotation); `chance` 0..1; `cycle` (k, n): the k-th of every n loops; `fill`: only while
    fill is on, or only while it is off; `held` counts the `_` that follow.
    """

    sound: Sound
    accent: bool = False
    velocity: int = 0
    ratchet: int = 1
    euclid: tuple[int, int, int] | None = None
    chance: float | None = None
    cycle: tuple[int, int] | None = None
    fill: bool | None = None
    locks: tuple[Lock, ...] = ()
    locked: str = ""
    length: Time = 1
    repeat: int = 1
    glide: bool = False
    held: int = 0

    @property
    def width(self) -> Time:
        """In steps."""
        each = self.length * self.sound.steps if isinstance(self.sound, Polymeter) else self.length
        return each * (self.euclid[1] if self.euclid else 1) * self.repeat + self.held


Lanes = tuple[tuple[Item, ...], ...]
"""What is written between commas is played at the same time."""
HALF = 0.5


def written(lanes: Lanes) -> str:
    return " , ".join(_line(items) for items in lanes)


def _line(items: tuple[Item, ...]) -> str:
    """Hits and rests of a grid stand close together, up to what is written behind one; all else between spaces.

    Digits must: `53@2` are velocities, and `5 3@2` would be degrees.
    """
    text = ""
    close = True
    for item in items:
        word = _item(item)
        text += word if close and isinstance(item.sound, Mark | Rest) else f" {word}"
        close = _is_plain(item) or item.held > 0
    return text.lstrip()


def _is_plain(item: Item) -> bool:
    return isinstance(item.sound, Mark | Rest) and item == Item(item.sound, held=item.held)


def _item(item: Item) -> str:
    text = _sound(item.sound)
    text += "^" * item.accent
    text += f"'{item.velocity}" * bool(item.velocity)
    text += f"*{item.ratchet}" * (item.ratchet > 1)
    text += f"({','.join(map(str, item.euclid if item.euclid[2] else item.euclid[:2]))})" if item.euclid else ""
    if item.chance is not None:
        text += "?" if item.chance == HALF else f"?{round(item.chance * 100):02d}"
    text += f"?{item.cycle[0]}:{item.cycle[1]}" if item.cycle else ""
    text += "" if item.fill is None else "?fill" if item.fill else "?nofill"
    text += f"{{{item.locked}}}" * bool(item.locked)
    text += f"@{format_number(float(item.length))}" * (item.length != 1)
    text += f"!{item.repeat}" * (item.repeat > 1)
    text += "~" * item.glide
    if item.held:
        text += ("" if _is_plain(item) else " ") + "_" * item.held
    return text


def _sound(sound: Sound) -> str:
    match sound:
        case Mark(mark):
            return mark
        case Tone(text, _):
            return text
        case Degree(number, semitones):
            return f"{number}{'#' * semitones}{'b' * -semitones}"
        case Drum(name, sample):
            return f"{name}:{sample}" if sample else name
        case Level(text, _):
            return text
        case Group(parts, choice):
            return f"[{('|' if choice else ',').join(_line(items) for items in parts)}]"
        case Turns(items):
            return f"<{_line(items)}>"
        case Polymeter(items, steps):
            return f"{{{_line(items)}}}%{steps}"
        case _:
            return "."
