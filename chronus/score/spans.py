"""Turns lanes into entries with absolute frames. A pure function of (spans, timeline, from, to): any cut of time gives the same entries.

A lane is a row of spans; each is one way to play it over a stretch of time, with a generation of its own. An event belongs to the
span in which its frame falls, and a note ends in the span in which it begins; notes that still sound when the next span begins are
released by that span's GENERATION entry, or (at a change of tempo) handed on in `held`.

Positions are beats as exact fractions, computed from the lane's origin and never added up. Many at once are whole multiples of a
unit that all of a lane's notes share, so that numpy counts them; 256 lanes are scheduled 2 s ahead in some 30 ms.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor, gcd
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from chronus.catalogue.spec import Param
from chronus.memory.log import (
    BEGINNING,
    ENDING,
    F_AT_ONCE,
    F_AUTOMATES,
    F_GLIDE,
    FRAME,
    LOCK,
    NOTE_OFF,
    NOTE_ON,
    ORDER,
    PARAM,
    UNLOCK,
    WHAT,
    WHO,
    A,
    B,
    C,
    Rows,
)
from chronus.pattern.loop import NO_KEY, Flags, Ints, Key, Loop, Played, loop_of
from chronus.rack.document import Lane, between_of, from_replicas
from chronus.score.timeline import Timeline

SIXTEENTH = Fraction(1, 4)
"""Of the transport's grid, in beats."""
STRAIGHT = Fraction(1, 2)
BINARY = 64
"""Parts of a cell of swing that count as its halves, quarters and so on."""
FAR_BEFORE = -(1 << 52)
NONE: Rows = np.zeros((0, 8), np.int64)


Ends = tuple[tuple[Fraction, int], ...]
Places = NDArray[np.float64]


class Player(Struct, frozen=True):
    """What a lane plays: its own index, and the instance that takes the notes; or a parameter of which it `moves`."""

    index: int
    handle: int
    incarnation: int
    moves: bool = False


class Span(Struct, frozen=True):
    """From position `start` to `stop` (None: for good) the lane is played this way. `lane` None is silence.

    `origin` is where its first loop began, `since` where this way of playing it did: spans that carry on one another's notes
    share it. `held` are the notes that it carries on from the span before: (position of their end, note id); `locked` their locks.
    `seed`: of what is left to chance; `key`: of degrees; `fill`: whether fill is on; `fill_every`: in the last bar of so many, too.
    `pace`: a beat of the lane takes so many beats; at half-time or double time `origin` is where the first loop would have begun at
    that pace, and `zero` where the transport's sixteenths would have.
    """

    start: Fraction
    origin: Fraction
    since: Fraction
    generation: int
    lane: Lane | None = None
    audible: bool = True
    swing: Fraction = Fraction(1, 2)
    stop: Fraction | None = None
    held: Ends = ()
    locked: Ends = ()
    seed: int = 0
    key: Key = NO_KEY
    fill: bool = False
    fill_every: int = 0
    pace: Fraction = Fraction(1)
    zero: Fraction = Fraction(0)

    @property
    def beat(self) -> Fraction:
        """A step in beats."""
        return self.loop.beat * self.pace

    @property
    def loop(self) -> Loop:
        assert self.lane is not None
        return loop_of(self.lane.pattern, self.lane.options, self.key)


class Swing(NamedTuple):
    """Delays every second line of a grid (its odd lines, counted from `zero`): to `share` of the two cells around it. In beats.

    What lies in the cell behind such a line moves with it, closer together, so that the cell ends where it did: halves of the cell,
    quarters and so on, and whatever else a lane plays there that plays on the line too, as `x*3` does. Triplets of eighths and quarters
    have no note on the line: they stay.
    """

    zero: Fraction
    cell: Fraction
    share: Fraction

    @property
    def late(self) -> Fraction:
        return (2 * self.share - 1) * self.cell


def swing_of(span: Span, loop: Loop) -> Swing | None:
    """Returns the transport's swing, on sixteenths, or that of the lane on its own steps; None where it is straight."""
    if loop.swing is not None:
        return None if loop.swing == STRAIGHT else Swing(span.origin, span.beat, loop.swing)
    return None if span.swing == STRAIGHT else Swing(span.zero, SIXTEENTH * span.pace, span.swing)


class Notes(NamedTuple):
    """The notes that a span plays, of which `begin` and `end`, and `free`, the end of their locks, are in `unit` beats from its origin."""

    loop: Loop
    played: Played
    unit: Fraction
    begin: Ints
    end: Ints
    free: Ints

    @property
    def locks(self) -> bool:
        """Whether any note of the lane has locks."""
        return len(self.loop.locks.which) > 0


def notes(span: Span, start: Fraction, stop: Fraction, timeline: Timeline) -> Notes | None:
    """Returns every note that may begin or end between two positions, and some around them."""
    loop = span.loop
    if not loop.starts:
        return None
    swing, unit = swing_of(span, loop), span.beat / loop.part
    reach = loop.reach + (ceil(swing.late / unit) if swing else 0)
    first = max(0, _before(loop, floor((start - span.origin) / unit) - reach, bisect_left))
    # what a note leads on into may begin when it ends
    last = _before(loop, ceil((stop - span.origin) / unit) + (reach if loop.glides else 0), bisect_right)
    if last <= first:
        return None
    played = loop.notes(first, last, span.seed, _filled(span, unit, timeline) if span.fill_every else span.fill)
    straight = Notes(loop, played, unit, played.begin, played.end, played.begin + loop.locks.lasts[played.place])
    return _swung(straight, swing, span.origin) if swing else straight


def _filled(span: Span, unit: Fraction, timeline: Timeline) -> Callable[[Ints], Flags]:
    """Says of beginnings, in `unit` beats, whether fill is on there: always, or in the last bar of every so many."""

    def place(bar: int) -> int:
        return ceil((timeline.place(bar) - span.origin) / unit)

    def on(begin: Ints) -> Flags:
        found = np.full(len(begin), span.fill)
        edges = (int(begin.min()), int(begin.max())) if len(begin) else (0, -1)
        first, last = (floor(timeline.bars(span.origin + unit * edge)) for edge in edges)
        every = span.fill_every
        for bar in range(first // every * every + every - 1, last + 1, every):
            found |= (place(bar) <= begin) & (begin < place(bar + 1))
        return found

    return on


def _before(loop: Loop, parts: int, bisect: Callable[[list[int], int], int]) -> int:
    """Returns how many notes begin before a place that many parts after the beginning of the first loop."""
    loops, inside = divmod(parts, loop.size)
    return loops * len(loop.starts) + bisect(loop.starts, inside)


def _swung(straight: Notes, swing: Swing, origin: Fraction) -> Notes:
    """Moves what lies behind the odd lines. An end moves with the beginning of its note if it lies in the same cell, or with a line or
    another beginning that it lies on; otherwise a gate ends there, and stays.
    """
    unit = _shared(straight.unit, straight.unit * (2 - 2 * swing.share), *_parts(swing, origin))
    fine = int(straight.unit / unit)
    grid = Grid.of(swing, origin, unit, fine, straight.loop)
    begin = straight.begin * fine
    later = grid.moved(begin)

    def moved(end: Ints) -> Ints:
        fine_end = end * fine
        inside = (later > begin) & (fine_end < begin - grid.behind(begin) + grid.cell)
        follows = (grid.behind(fine_end) == 0) | grid.plays(fine_end)
        return np.where(inside, grid.shifted(fine_end), np.where(follows, grid.moved(fine_end), fine_end))

    free = moved(straight.free) if straight.locks else straight.free
    return straight._replace(unit=unit, begin=later, end=moved(straight.end), free=free)


def _parts(swing: Swing, origin: Fraction) -> tuple[Fraction, ...]:
    """Returns what a unit must divide, besides that of the notes, in which all places of swung notes are whole."""
    lead = origin - swing.zero
    return lead, lead * (2 - 2 * swing.share), swing.cell, swing.late


class Grid(NamedTuple):
    """The lines of a swing in whole units from a lane's origin, which lies `lead` behind line 0. `fine`: units in a part of the loop."""

    lead: int
    cell: int
    late: int
    fine: int
    loop: Loop

    @classmethod
    def of(cls, swing: Swing, origin: Fraction, unit: Fraction, fine: int, loop: Loop) -> Grid:
        lead, cell, late = (int(part / unit) for part in (origin - swing.zero, swing.cell, swing.late))
        return cls(lead, cell, late, fine, loop)

    def behind(self, place: Ints) -> Ints:
        """Returns how far behind the last line each place lies."""
        return (place + self.lead) % self.cell

    def plays(self, place: Ints) -> Flags:
        """Whether the lane may begin a note at a place."""
        parts, between = np.divmod(place, self.fine)
        found: Flags = (between == 0) & np.isin(parts % self.loop.size, self.loop.moments)
        return found

    def moved(self, place: Ints) -> Ints:
        """Returns where what begins at a place, or on a line, lies then."""
        behind = self.behind(place)
        odd = (place + self.lead) // self.cell & 1 == 1
        goes = odd & ((behind * BINARY % self.cell == 0) | self.plays(place - behind))
        return np.where(goes, self.shifted(place), place)

    def shifted(self, place: Ints) -> Ints:
        """Returns where a place lies that goes with the odd line before it."""
        return place + self.late - self.behind(place) * self.late // self.cell


def _middles(some: Notes, span: Span) -> tuple[Ints, Ints]:
    """Returns the middles between the beginning of each note and the nearest moments before and after it at which the lane may
    begin others, in halves of the unit. Swing may move a moment beyond those that follow it."""
    loop, swing = some.loop, swing_of(span, some.loop)
    fine = int(span.beat / loop.part / some.unit)
    grid = Grid.of(swing, span.origin, some.unit, fine, loop) if swing else None
    late = grid.late if grid else 0
    laps = np.arange(2 + late // (loop.size * fine))[:, None]
    beyond = ((loop.moments + laps * loop.size) * fine).ravel()
    reach = 1 + int(
        (np.searchsorted(beyond, loop.moments * fine + late, "right") - np.arange(len(loop.moments)) - 1).max()
    )
    before, after = np.full(len(some.begin), FAR_BEFORE), np.full(len(some.begin), -FAR_BEFORE)
    for away in (*range(-reach, 0), *range(1, reach + 1)):
        other = loop.beside(some.played, away) * fine
        if grid:
            other = grid.moved(other)
        before = np.where(other < some.begin, np.maximum(before, other), before)
        after = np.where(other > some.begin, np.minimum(after, other), after)
    return some.begin + before, some.begin + after


def _shared(*parts: Fraction) -> Fraction:
    """Returns the largest fraction that each of them is a whole multiple of."""
    found = Fraction(0)
    for part in parts:
        found = Fraction(
            gcd(found.numerator * part.denominator, part.numerator * found.denominator),
            found.denominator * part.denominator,
        )
    return found


class Window(NamedTuple):
    """A stretch of frames, start <= frame < stop, and where it begins and ends in beats."""

    timeline: Timeline
    start: int
    stop: int
    begin: Fraction
    end: Fraction

    @classmethod
    def of(cls, timeline: Timeline, start: int, stop: int) -> Window:
        return cls(timeline, start, stop, timeline.position(start), timeline.position(stop))


def span_entries(span: Span, player: Player, window: Window) -> Rows:
    """Returns what the span gives to a window, in no order."""
    timeline = window.timeline
    begins = timeline.frame(span.start)
    first = max(window.start, begins)
    last = window.stop if span.stop is None else min(window.stop, timeline.frame(span.stop))
    if first >= last or span.lane is None or not span.audible:
        return NONE
    if player.moves:
        return _moves(span, player, window, first, last)
    found = []
    for kind, ends in ((NOTE_OFF, span.held), (UNLOCK, span.locked)):
        ending = [(frame, number) for end, number in ends if first <= (frame := timeline.frame(end)) < last]
        if ending:
            found.append(_ends(kind, np.array(ending, np.int64), span, player))
    some = _near(span, max(window.begin, span.start), window.end, timeline)
    if some is not None:
        on, off, free, belongs = _frames(some, span, timeline)
        heard = belongs & (first <= on) & (on < last)
        ended = belongs & (first <= off) & (off < last) & ~some.played.glides
        found.append(_ons(on, heard, some, span, player))
        found.append(_ends(NOTE_OFF, np.column_stack((off[ended], some.played.number[ended])), span, player))
        if some.locks:
            freed = belongs & (first <= free) & (free < last) & (some.loop.locks.counts[some.played.place] > 0)
            found.append(_locks(on, free, heard, some, span, player, timeline))
            found.append(_ends(UNLOCK, np.column_stack((free[freed], some.played.number[freed])), span, player))
    return np.concatenate(found) if found else NONE


def _near(span: Span, start: Fraction, stop: Fraction, timeline: Timeline) -> Notes | None:
    """Returns the notes between two positions, and those that humanising may move there."""
    if span.loop.humanize:
        most = _most(span.loop, timeline.rate) + 1
        start, stop = timeline.position(timeline.frame(start) - most), timeline.position(timeline.frame(stop) + most)
    return notes(span, start, stop, timeline)


def _most(loop: Loop, rate: int) -> int:
    """Frames that humanising moves a note by, at most."""
    return round(loop.humanize * rate / 1000)


def _frames(some: Notes, span: Span, timeline: Timeline) -> tuple[Ints, Ints, Ints, Flags]:
    """Returns where the notes begin, where they and their locks end, and which of them begin in the span. Where they are humanised they
    stay inside of it.
    """
    places, count = [some.begin, some.end, *([some.free] if some.locks else [])], len(some.begin)
    found = timeline.frames(span.origin, some.unit, np.concatenate(places))
    on, off, free = found[:count], found[count : 2 * count], found[-count:]
    begins = timeline.frame(span.start)
    belongs = on >= begins
    if some.loop.humanize:
        moved = np.rint(some.loop.jitter(some.played.number, span.seed) * _most(some.loop, timeline.rate)).astype(
            np.int64
        )
        lasts, locked = np.maximum(off - on, 1), np.maximum(free - on, 1)
        # none comes before the one that it follows: each stays on its side of the middle between the two
        first, last = (timeline.frames(span.origin, some.unit / 2, middle) for middle in _middles(some, span))
        moved = np.clip(moved, np.minimum(first - on, 0), np.maximum(last - 1 - on, 0))
        if span.stop is not None:
            ends = timeline.frame(span.stop)
            belongs &= on < ends
            on = np.minimum(on + moved, ends - 1)
        else:
            on = on + moved
        on = np.maximum(on, begins)
        off, free = on + lasts, on + locked
    return on, off, free, belongs


class Carried(NamedTuple):
    """What goes on from one span into the next: notes, and the locks that are not over: (position of the end, note id)."""

    held: Ends = ()
    locked: Ends = ()


def sounding(span: Span, timeline: Timeline, frame: int) -> Carried:
    """Returns the notes that began in the span before `frame` and end at it or later, and so their locks."""
    if span.lane is None or not span.audible or span.lane.moves:
        return Carried()
    held, locked = (
        [(end, number) for end, number in ends if timeline.frame(end) >= frame] for ends in (span.held, span.locked)
    )
    here = timeline.position(frame)
    some = _near(span, here, here, timeline)
    if some is not None:
        on, off, free, belongs = _frames(some, span, timeline)
        begun = belongs & (on < frame)
        held += _places(some.end, begun & (frame <= off) & ~some.played.glides, some, span)
        if some.locks:
            locks = some.loop.locks.counts[some.played.place] > 0
            locked += _places(some.free, begun & (frame <= free) & locks, some, span)
    return Carried(tuple(held), tuple(locked))


def _places(ends: Ints, which: Flags, some: Notes, span: Span) -> list[tuple[Fraction, int]]:
    pairs = zip(ends[which].tolist(), some.played.number[which].tolist(), strict=True)
    return [(span.origin + some.unit * end, number) for end, number in pairs]


def _rows(rank: int, kind: int, frame: Ints, number: Ints, span: Span, player: Player) -> Rows:
    rows = np.zeros((len(frame), 8), np.int64)
    rows[:, FRAME] = frame
    rows[:, ORDER] = rank << 60 | (player.index & 0xFFFFFFFF) << 24 | (number & 0xFFFFFF)
    rows[:, WHAT] = kind | player.handle << 8 | player.index << 24
    rows[:, WHO] = player.incarnation | span.generation << 32
    rows.view(np.float64)[:, C] = number
    return rows


def _ons(frame: Ints, heard: Flags, some: Notes, span: Span, player: Player) -> Rows:
    loop, place, number = some.loop, some.played.place[heard], some.played.number[heard]
    rows = _rows(BEGINNING, NOTE_ON, frame[heard], number, span, player)
    rows[:, WHAT] |= (loop.flags[place] | F_GLIDE * some.played.slid[heard]) << 40
    floats = rows.view(np.float64)
    floats[:, A] = loop.hertz[place]
    floats[:, B] = loop.velocity[place]
    return rows


def _ends(kind: int, ends: Ints, span: Span, player: Player) -> Rows:
    """`ends`: (frame, number of the note) a row."""
    return _rows(ENDING, kind, ends[:, 0], ends[:, 1], span, player)


def _locks(on: Ints, free: Ints, heard: Flags, some: Notes, span: Span, player: Player, timeline: Timeline) -> Rows:
    """Returns the locks of the notes that begin; one that sweeps takes as long as it lasts."""
    assert span.lane is not None
    locks, known = some.loop.locks, span.lane.locks
    place = some.played.place[heard]
    each = locks.counts[place]
    first = np.repeat(locks.first[place] - np.cumsum(each) + each, each)
    which = locks.which[first + np.arange(len(first))]
    frame, lasts = np.repeat(on[heard], each), np.repeat((free - on)[heard], each)
    rows = _rows(BEGINNING, LOCK, frame, np.repeat(some.played.number[heard], each), span, player)
    if not len(rows):
        return rows
    numbers = [known[k].ends(timeline.bpm(at)) for k, at in zip(which.tolist(), frame.tolist(), strict=True)]
    start, stop = np.array(numbers).T
    flags = np.array([lock.place << PARAM | F_AT_ONCE * lock.at_once for lock in known], np.int64)
    rows[:, WHAT] |= flags[which] << 40
    floats = rows.view(np.float64)
    floats[:, A] = stop
    floats[:, B] = np.where(start == stop, 0, lasts)
    floats[:, C] = np.where(start == stop, np.nan, start)
    return rows


def _moves(span: Span, player: Player, window: Window, first: int, last: int) -> Rows:
    """Returns what a lane of values says in these frames: each value at its step, and each glide to the value that is played next.

    Where the span begins, it also says where the lane has got to by then: so one that comes back within a loop, that goes on at
    another tempo, or whose module is another instance now, stands where it would have stood.
    """
    assert span.lane is not None
    begins = window.timeline.frame(span.start)
    said = _values(span, max(window.begin, span.start), window.end, window.timeline)
    found = _lines(BEGINNING, said.where((said.on >= max(begins, first)) & (said.on < last)), span, player)
    if first <= begins < last:
        said = _values(span, span.start, span.start, window.timeline)
        said = said.where(np.flatnonzero(said.on < begins))
        level, here = _level(said, begins), said.where(slice(-1, None))
        if level is not None:
            left = np.maximum(here.free - begins, 0) * (here.frames > 0)
            # what goes on stands there already, to the bit
            start = np.full(1, np.nan if span.since != span.start else level)
            here = here._replace(on=np.full(1, begins), frames=left, start=start)
            found = np.concatenate((_lines(ENDING, here, span, player), found))
    return found


def _level(said: _Values, frame: int) -> float | None:
    """Returns where a parameter stands at a frame, as the replicas have it; None before the first value."""
    some = said.where(np.flatnonzero(said.on <= frame)[-2:])
    if not len(some.on):
        return None
    start, stop = float(some.stop[0] if np.isnan(some.start[-1]) else some.start[-1]), float(some.stop[-1])
    share = (frame - int(some.on[-1])) / int(some.frames[-1]) if some.frames[-1] else 1.0
    return between_of(start, stop, share, some.exponential)


class _Values(NamedTuple):
    """What a lane of values says, in order: from frame `on` it moves from `start` (NaN: from where it stands) to `stop`, in so many
    `frames`; it has got there at frame `free`.
    """

    on: Ints
    free: Ints
    frames: Ints
    number: Ints
    start: Places
    stop: Places
    exponential: bool = False

    def where(self, which: Any) -> _Values:
        on, free, frames, number, start, stop = (column[which] for column in self[:-1])
        return _Values(on, free, frames, number, start, stop, self.exponential)


_NO = np.zeros(0, np.int64)
NOTHING_SAID = _Values(_NO, _NO, _NO, _NO, np.zeros(0), np.zeros(0))


def _values(span: Span, start: Fraction, stop: Fraction, timeline: Timeline) -> _Values:
    """Returns what the lane says between two positions, also in the loops right before and after them: a glide that no value follows
    within a loop goes nowhere.
    """
    assert span.lane is not None
    loop, known = span.loop, span.lane.locks
    around = span.beat * loop.size / loop.part
    some = notes(span, max(start - around, span.origin), stop + 2 * around * loop.glides, timeline)
    if some is None or not len(some.begin):
        return NOTHING_SAID
    on, _, free, _ = _frames(some, span, timeline)
    place, begin = some.played.place, some.played.begin
    glides = loop.glide[place]
    begins, stops = np.full(len(place), np.nan), np.full(len(place), np.nan)
    values = np.flatnonzero(~glides)
    which = loop.locks.which[loop.locks.first[place[values]]]
    if any(lock.range is not None for lock in known):  # a musical time is another one at another tempo
        ends = [known[k].ends(timeline.bpm(at)) for k, at in zip(which.tolist(), on[values].tolist(), strict=True)]
    else:
        each = [lock.ends(0.0) for lock in known]
        ends = [each[k] for k in which.tolist()]
    begins[values], stops[values] = np.array(ends).reshape(-1, 2).T
    if glides.any() and len(values):
        over = begin + loop.locks.lasts[place]
        after = np.minimum(np.searchsorted(begin[values], over), len(values) - 1)
        goal = values[after]
        near = glides & (begin[goal] >= over) & (begin[goal] < over + loop.size)
        stops = np.where(near, begins[goal], stops)
    frames = np.where(begins == stops, 0, free - on)
    said = ~np.isnan(stops)
    return _Values(on, free, frames, some.played.number, begins, stops, known[0].exponential).where(said)


def value_at(span: Span, timeline: Timeline, frame: int, param: Param) -> float | None:
    """Returns where a lane of values has its parameter at a frame, in the parameter's own unit; None before the first value."""
    here = timeline.position(frame)
    level = _level(_values(span, here, here, timeline), frame)
    return None if level is None else from_replicas(level, param)


def _lines(rank: int, said: _Values, span: Span, player: Player) -> Rows:
    assert span.lane is not None
    rows = _rows(rank, LOCK, said.on, said.number, span, player)
    if not len(rows):
        return NONE
    known = span.lane.locks[0]
    rows[:, WHAT] |= (known.place << PARAM | F_AUTOMATES | F_AT_ONCE * known.at_once) << 40
    floats = rows.view(np.float64)
    floats[:, A], floats[:, B] = said.stop, said.frames
    floats[:, C] = np.where(said.frames == 0, np.nan, said.start)
    return rows


def entries_a_beat(span: Span) -> Fraction:
    if span.lane is None:
        return Fraction(0)
    loop = span.loop
    return Fraction(loop.entries).limit_denominator(1 << 20) * Fraction(loop.part, loop.size) / span.beat


def in_order(rows: Rows) -> Rows:
    """Sorts entries as the replicas will take them."""
    return rows[np.lexsort((rows[:, ORDER], rows[:, FRAME]))]
