"""Lays a tree out in time: the hits of a lane, each with the conditions on which a loop plays it.

What differs from loop to loop (turns, chance, choices) is laid out in full, every branch of it: which of them a loop plays, `loop.py`
asks of numbers alone. So a lane is unfolded once, when it is read.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple

import msgspec

from chronus.errors import ChronusError
from chronus.pattern.drums import DRUMS
from chronus.pattern.lane import MOST_CONDITIONS, MOST_STEPS, Cycle, Draw, Hit, Pattern
from chronus.pattern.tree import Degree, Drum, Group, Item, Lanes, Level, Lock, Mark, Polymeter, Rest, Time, Tone, Turns

HIT, ACCENT, GHOST = 0.8, 1.0, 0.35
VELOCITIES = {
    "x": HIT,
    "X": ACCENT,
    "o": GHOST,
    **{str(k): k / 10 for k in range(1, 10)},
}
"""Of the hits of a grid."""
WORK = 2 * MOST_STEPS
"""Steps of groups, repeats and turns that are laid out, at most: also of those that are silent."""
FINEST = 1 << 20
"""Parts of a step, at most, that all the places of a lane are counted in."""


class Visits(NamedTuple):
    """Which time it is that a place is come by: (loop * times + plus) // of."""

    times: int
    plus: int
    of: int


class Conditions(NamedTuple):
    """On which a place is played."""

    visits: Visits
    cycles: tuple[Cycle, ...] = ()
    draws: tuple[Draw, ...] = ()
    fill: bool | None = None

    def turn(self, visits: Visits, among: int, place: int) -> Conditions:
        return self._replace(cycles=(*self.cycles, Cycle(*visits, among, place)))

    def draw(self, number: int, low: float, high: float) -> Conditions:
        return self._replace(draws=(*self.draws, Draw(number, low, high)))


class Manner(NamedTuple):
    """What the groups around a step say of it."""

    accent: bool = False
    velocity: int = 0
    glide: bool = False
    locks: tuple[Lock, ...] = ()


def unfold(lanes: Lanes, gate: Fraction, clip: int = 0, param: str = "") -> Pattern:
    """Lays lanes one over the other. `clip` cuts or fills them to so many steps; else they go round until they end at once.

    `gate` is a share of a step. `param`: the lane moves this parameter; a value is a lock without a note, and `_` a glide: a hit without
    one. Raises E_LIMIT for more than can be played, E_VALUE for a lane that is no whole number of steps.
    """
    widths = [_width(items) for items in lanes]
    if any(width > MOST_STEPS for width in widths):
        raise _too_much(f"a lane has at most {MOST_STEPS:,} steps")
    for width in widths:
        if width.denominator != 1 and not clip:
            raise ChronusError(
                "E_VALUE",
                f"a lane has a whole number of steps; this one has {float(width):g} (len={int(width) or 1} would cut it)",
            )
    total = clip or lcm(*(int(width) for width in widths))
    if total > MOST_STEPS:
        raise _too_much(f"these lanes end together after {total:,} steps only; at most {MOST_STEPS:,} (len= cuts them)")
    layout = _Layout(gate.limit_denominator(10_000), param)
    for items, width in zip(lanes, widths, strict=True):
        copies = 1 if clip else int(total // width)
        layout.line += layout.line > 0 or bool(layout.hits)
        for copy in range(copies):
            layout.lay(items, int(copy * width), 1, Conditions(Visits(copies, copy, 1)), Manner())
    hits = tuple(layout.within(0, 0, total))
    if lcm(*(hit.at[1] for hit in hits), *(hit.length[1] for hit in hits)) > FINEST:
        raise _too_much("its steps are divided in too many different ways")
    return Pattern(total, hits, layout.drums)


def _too_much(message: str) -> ChronusError:
    return ChronusError("E_LIMIT", message)


class _Layout:
    def __init__(self, gate: Fraction, param: str) -> None:
        self.gate, self.param = gate, param
        self.hits: list[Hit] = []
        self.drawn = self.line = self.work = 0
        self.drums = False

    def lay(
        self,
        items: tuple[Item, ...],
        at: Time,
        step: Time,
        on: Conditions,
        manner: Manner,
        tail: Time = 0,
        unit: Time = 0,
    ) -> None:
        """Lays items end to end. A `tail` prolongs the last one; so does a glide lead on from it.

        `unit`: what a gate is a share of, where that is not the step: one item that fills a group is as long as the group is.
        """
        before = manner._replace(glide=False) if manner.glide else manner
        for item in items[:-1]:
            self._item(item, at, step, on, before, 0, 0)
            width = item.width
            at += step if width == 1 else width * step
        for item in items[-1:]:
            alone = len(items) == 1 and item.repeat == 1 and item.euclid is None and not item.held
            self._item(item, at, step, on, manner, tail, unit if alone else 0)

    def within(self, first: int, begin: Time, end: Time) -> list[Hit]:
        """Returns the hits from number `first` on that begin before `end`, none longer than to there."""
        (first_at, of), (last_at, parts) = begin.as_integer_ratio(), end.as_integer_ratio()
        found = []
        for hit in self.hits[first:]:
            at, share = hit.at
            if not (first_at * share <= at * of and at * parts < last_at * share):
                continue
            room, whole = last_at * share - at * parts, share * parts
            if hit.cell[0] * whole > room * hit.cell[1] or hit.length[0] * whole > room * hit.length[1]:
                left = Fraction(room, whole)
                length, cell = min(Fraction(*hit.length), left), min(Fraction(*hit.cell), left)
                hit = msgspec.structs.replace(hit, length=length.as_integer_ratio(), cell=cell.as_integer_ratio())
            found.append(hit)
        return found

    def _item(self, item: Item, at: Time, step: Time, on: Conditions, manner: Manner, tail: Time, unit: Time) -> None:
        size = (item.length * item.sound.steps if isinstance(item.sound, Polymeter) else item.length) * step
        places = (euclid(*item.euclid) if item.euclid else [True]) * item.repeat
        glide = item.glide or manner.glide
        slides = Manner(
            item.accent or manner.accent, item.velocity or manner.velocity, glide, (*manner.locks, *item.locks)
        )
        own = slides._replace(glide=False) if glide else slides
        if item.cycle:
            # whole loops are counted, wherever it stands
            on = on.turn(Visits(on.visits.times, on.visits.plus, 1), item.cycle[1], item.cycle[0] - 1)
        if item.fill is not None:
            on = on._replace(fill=item.fill)
        small = size / Fraction(item.ratchet) if item.ratchet > 1 else size
        whole = unit or step
        unit = small if item.ratchet > 1 or whole is size else min(whole, size)
        if self.param and item.held:
            self._say(at + len(places) * size, item.held * step, on)
            item = msgspec.structs.replace(item, held=0)
        for k, sounds in enumerate(places):
            if not sounds:
                self._worked()
                at += size
                continue
            some, last = on, k == len(places) - 1
            if item.chance is not None:
                some = some.draw(self._number(), 0.0, item.chance)
            held = tail + item.held * step if last else 0
            for j in range(item.ratchet):
                final = last and j == item.ratchet - 1
                self._sound(item, at, small, unit, some, slides if final else own, held if final else 0)
                at += small

    def _sound(self, item: Item, at: Time, size: Time, unit: Time, on: Conditions, manner: Manner, tail: Time) -> None:
        self._worked()
        match item.sound:
            case Rest():
                pass
            case Group(parts, choice):
                chord = None if choice else _chord(parts)
                if chord:
                    self._hit(at, size, unit, on, manner, tail, chord)
                else:
                    self._group(parts, choice, at, size, unit, on, manner, tail)
            case Turns(items):
                self._turns(items, at, size, unit, on, manner, tail)
            case Polymeter(items, steps):
                self._polymeter(items, steps, at, _part(size, steps), on, manner, tail)
            case Level(_, value):
                self._say(at, size, on, (Lock(self.param, value),))
            case sound:
                self._hit(at, size, unit, on, manner, tail, (sound,))

    def _hit(
        self, at: Time, size: Time, unit: Time, on: Conditions, manner: Manner, tail: Time, sounds: tuple[object, ...]
    ) -> None:
        pitches: list[int] = []
        degrees, velocity, accent, sample = [], HIT, False, 0
        for sound in sounds:
            match sound:
                case Mark(mark):
                    velocity, accent = VELOCITIES[mark], mark == "X"
                case Tone(_, some):
                    pitches += some
                case Degree():
                    degrees.append(sound)
                case Drum(name, number):
                    pitches.append(DRUMS[name])
                    self.drums, sample = True, number
        if manner.accent:
            velocity, accent = ACCENT, True
        if manner.velocity:
            velocity = manner.velocity / 10
        length: Time = 0
        if manner.glide:
            length = size + tail
        elif tail or size != 1 or unit != 1:
            length = unit * self.gate if size is unit else size - unit + unit * self.gate
            length = length + tail if tail else length
        self._add(Hit(
            _ratio(at), _ratio(length), tuple(dict.fromkeys(pitches)), velocity, accent, manner.glide, tuple(degrees),
            on.cycles, on.draws, on.fill, manner.locks, self.line, _ratio(size + tail if tail else size), sample,
        ), on)  # fmt: skip

    def _say(self, at: Time, size: Time, on: Conditions, locks: tuple[Lock, ...] = ()) -> None:
        """Lays a value, or without one a glide."""
        self._add(Hit(
            _ratio(at), cell=_ratio(size), locks=locks, glide=not locks, cycles=on.cycles, draws=on.draws, fill=on.fill
        ), on)  # fmt: skip

    def _add(self, hit: Hit, on: Conditions) -> None:
        self.hits.append(hit)
        if len(self.hits) > MOST_STEPS:
            raise _too_much(f"a lane has at most {MOST_STEPS:,} hits, those of all its turns counted")
        if max(len(on.cycles), len(on.draws)) > MOST_CONDITIONS:
            raise _too_much(f"a hit has at most {MOST_CONDITIONS} conditions")

    def _group(
        self, parts: tuple[tuple[Item, ...], ...], choice: bool, at: Time, size: Time, unit: Time, on: Conditions, manner: Manner,
        tail: Time,
    ) -> None:  # fmt: skip
        number = self._number() if choice else 0
        for k, items in enumerate(parts):
            if k and not choice:
                self.line += 1  # what goes on at once
            some = on.draw(number, k / len(parts), (k + 1) / len(parts)) if choice else on
            self.lay(items, at, _share(size, items), some, manner, tail, unit)

    def _turns(
        self, items: tuple[Item, ...], at: Time, size: Time, unit: Time, on: Conditions, manner: Manner, tail: Time
    ) -> None:
        once = (item if item.repeat == 1 else msgspec.structs.replace(item, repeat=1) for item in items)
        turns = [one for one, item in zip(once, items, strict=True) for _ in range(item.repeat)]
        if len(turns) > MOST_STEPS:
            raise _too_much(f"there are at most {MOST_STEPS:,} turns")
        here = on.visits
        inner = here._replace(of=min(here.of * len(turns), 1 << 40))
        for k, item in enumerate(turns):
            some = Conditions(inner, (*on.cycles, Cycle(*here, len(turns), k)), on.draws, on.fill)
            self.lay((item,), at, _share(size, (item,)), some, manner, tail, unit)

    def _polymeter(
        self, items: tuple[Item, ...], steps: int, at: Time, step: Time, on: Conditions, manner: Manner, tail: Time
    ) -> None:  # fmt: skip
        """So many steps of the list, and in the next loop those that follow: as turns of all that it may begin with."""
        whole = _width(items)
        if whole.denominator != 1:
            raise ChronusError(
                "E_VALUE", f"the list of a polymeter has a whole number of steps; this one has {float(whole):g}"
            )
        size, end, own = int(whole), at + steps * step, manner._replace(glide=False)
        turns = size // gcd(size, steps)
        if turns * (steps + size) > MOST_STEPS:
            raise _too_much("this polymeter has too many turns")
        here = on.visits
        inner = here._replace(of=min(here.of * turns, 1 << 40))
        for turn in range(turns):
            some = on.turn(here, turns, turn)._replace(visits=inner) if turns > 1 else on
            first, before = len(self.hits), turn * steps % size
            place = at - before * step if before else at
            while place < end:
                for item in items:
                    width = item.width * step
                    if not ((place >= end or place + width <= at) and _draws_nothing(item)):
                        self._item(item, place, step, some, own, 0, 0)
                    place += width
            self.hits[first:] = self.within(first, at, end)
            self._worked(len(self.hits) - first + len(items) // 4)
            if tail and len(self.hits) > first:
                late = self.hits[-1]
                if Fraction(*late.at) + Fraction(*late.cell) >= end:
                    length = Fraction(*late.length) or self.gate
                    self.hits[-1] = msgspec.structs.replace(
                        late, length=_ratio(length + tail), cell=_ratio(Fraction(*late.cell) + tail)
                    )

    def _number(self) -> int:
        self.drawn += 1
        return self.drawn - 1

    def _worked(self, times: int = 1) -> None:
        self.work += times
        if self.work > WORK:
            raise _too_much("its groups and repeats are too many")


def _chord(parts: tuple[tuple[Item, ...], ...]) -> tuple[object, ...]:
    """Returns the notes of a group that is nothing but notes together; none if it is more than that."""
    if len(parts) < 2 or any(len(items) != 1 or items[0] != Item(items[0].sound) for items in parts):
        return ()
    sounds = tuple(items[0].sound for items in parts)
    return sounds if all(isinstance(sound, Tone | Degree | Drum) for sound in sounds) else ()


def _share(size: Time, items: tuple[Item, ...]) -> Time:
    """Returns the length of a step where items fill so many."""
    width = _width(items)
    if width == 1:
        return size
    return _part(size, width)


def _part(size: Time, count: Time) -> Time:
    part = Fraction(size) / count
    return part.numerator if part.denominator == 1 else part


def _draws_nothing(item: Item) -> bool:
    """Whether it numbers nothing that is drawn and no line, so that it may be left out where it is not heard."""
    return item.chance is None and not isinstance(item.sound, Group | Turns | Polymeter)


def _width(items: tuple[Item, ...]) -> Time:
    width: Time = sum(item.width for item in items)
    return width


def _ratio(number: Time) -> tuple[int, int]:
    return number.as_integer_ratio()


def euclid(hits: int, steps: int, rotation: int = 0) -> list[bool]:
    """Returns as many hits as evenly as can be, by Bjorklund's algorithm; rotated to the left.

    Source: G. Toussaint, The Euclidean Algorithm Generates Traditional Musical Rhythms, 2005. Fewer than no hits are the rests of as many.
    """
    if hits < 0:
        return [not sounds for sounds in euclid(-hits, steps, rotation)]
    ones, zeros = [[True]] * min(hits, steps), [[False]] * max(steps - hits, 0)
    while min(len(ones), len(zeros)) > 1:
        pairs = min(len(ones), len(zeros))
        rest = ones[pairs:] or zeros[pairs:]
        ones, zeros = [one + zero for one, zero in zip(ones, zeros, strict=False)], rest
    rhythm = [sounds for some in (*ones, *zeros) for sounds in some]
    turn = rotation % steps
    return rhythm[turn:] + rhythm[:turn]
