"""Makes arrays of a lane, once, and says by them what each of its loops plays: a pure function of the loop's number and the lane's seed.

The arrays hold every note that any loop may play. Which of them a loop plays, its conditions tell: turns and cycles from its number,
chance from numbers drawn for (seed, loop, place), so that any loop can be asked for at any time and in any order.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from fractions import Fraction
from math import lcm
from typing import NamedTuple

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from chronus.memory.log import F_ACCENT
from chronus.pattern.arpeggio import order_of
from chronus.pattern.harmony import ROOT, SCALE, key_of, led, pitch_of, within
from chronus.pattern.lane import Draw, Hit, LaneOptions, Pattern, locks_of
from chronus.pattern.tones import tone
from chronus.pattern.tree import Lock
from chronus.units import exact, frequency

LOOPS = 1024
"""Patterns whose arrays are kept."""
OF_PROB, OF_ARP, OF_TIME = 1 << 21, 1 << 22, 1 << 23
"""Numbers that are drawn beyond those that a pattern names: for `prob=`, `arp=random` and `humanize=`."""
FAR = 1 << 40
"""Loops after which a lane counts as never the same again."""
ARPEGGIO = 4096
"""Notes that arpeggios may come to."""
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Key = tuple[int, str]
"""Of degrees that name no root and no scale themselves: (note, scale)."""
NO_KEY: Key = (ROOT, SCALE)


class Loop(Struct, frozen=True):
    """A lane's notes in the order of their beginnings, as arrays that count in `part`s of a step, `size` of them in a loop.

    `beat` is a step in beats; `swing` what the lane says of its own, None where the transport's counts. `end` is that of the note as
    it is told. `share` is how many of its notes a loop plays on average, and
    `entries` what these come to in the log.
    """

    size: int
    part: int
    beat: Fraction
    swing: Fraction | None
    at: Ints
    end: Ints
    glide: Flags
    line: Ints
    group: Ints
    flags: Ints
    hertz: NDArray[np.float64]
    velocity: NDArray[np.float64]
    pitches: list[int | None]
    locks: Locking
    starts: list[int]
    moments: Ints
    """Where any of its notes begin, in order; `moment` is the number of the one at which each does."""
    moment: Ints
    reach: int
    """After so many parts each note is over."""
    conditions: Conditions
    share: float
    entries: float
    glides: bool
    fill: int
    humanize: float
    seed: int | None

    @property
    def fills(self) -> bool:
        """Whether anything of it is for fills, or for all but them."""
        return bool(self.conditions.fill.any())

    @property
    def chances(self) -> bool:
        """Whether anything of it is left to chance."""
        return bool(self.conditions.draws or self.humanize)

    @property
    def repeats(self) -> int:
        """After so many loops it plays the same again, but for what is left to chance."""
        fills = self.fill if self.fill and self.conditions.fill.any() else 1
        found = {fills}
        for times, _, of, among, _ in self.conditions.cycles:
            whole = of * among
            found |= set((whole // np.gcd(times, whole)).tolist())
        return min(lcm(*found), FAR)

    def notes(self, first: int, last: int, seed: int = 0, fill: Callable[[Ints], Flags] | bool = False) -> Played:
        """Returns the notes from number `first` to below `last`, counted through all loops, that are played.

        `fill`: whether fill is on, always or where notes begin (in parts from the first loop).

        A note is slid into, and the one before it has no end of its own, where that one glides and touches it.
        """
        number = np.arange(first, last, dtype=np.int64)
        loops, place = np.divmod(number, len(self.starts))
        seed = seed if self.seed is None else self.seed
        if self.conditions.any:
            on = fill(loops * self.size + self.at[place]) if callable(fill) else np.full(len(place), fill)
            held = self.conditions.hold(loops, place, seed, on, self.fill)
            number, loops, place = number[held], loops[held], place[held]
        base = loops * self.size
        begin, end = base + self.at[place], base + self.end[place]
        glides = slid = np.zeros(len(number), bool)
        if self.glides and len(number):
            glides, slid = _slides(begin, end, self.glide[place], self.line[place])
        return Played(number, place, begin, end, glides, slid)

    def beside(self, some: Played, away: int) -> Ints:
        """Returns where the moment lies that is so many after (or before) that of each note, in whatever loop."""
        loops, place = np.divmod(self.moment[some.place] + away, len(self.moments))
        own = some.begin - self.moments[self.moment[some.place]]
        return own + loops * self.size + self.moments[place]

    def jitter(self, number: Ints, seed: int) -> NDArray[np.float64]:
        """Returns for each note how much early or late it is: -1..1. What begins at once in one line stays together."""
        loops, place = np.divmod(number, len(self.starts))
        return 2.0 * drawn(seed if self.seed is None else self.seed, loops, OF_TIME + self.group[place]) - 1.0


class Locking(NamedTuple):
    """The locks of a loop's notes: those of note k are `which[first[k] : first[k + 1]]`, places in `kinds`. `lasts`: for so many parts.

    Of notes that begin at once, and of those of an arpeggio, one has the locks of them all.
    """

    kinds: tuple[Lock, ...]
    first: Ints
    which: Ints
    lasts: Ints

    @property
    def counts(self) -> Ints:
        """How many each note has."""
        return np.diff(self.first)

    def of(self, place: int) -> tuple[Lock, ...]:
        return tuple(self.kinds[k] for k in self.which[self.first[place] : self.first[place + 1]])


class Played(NamedTuple):
    """Notes that are played: each with its number through all loops, its place in the loop, and in parts when it begins and ends.

    `glides`: it has no end of its own, and the next one is slid into.
    """

    number: Ints
    place: Ints
    begin: Ints
    end: Ints
    glides: Flags
    slid: Flags


class Conditions(NamedTuple):
    """Of all notes of a loop, side by side; where a note has fewer than another, its last columns always hold."""

    cycles: list[tuple[Ints, Ints, Ints, Ints, Ints]]
    draws: list[tuple[Ints, NDArray[np.float64], NDArray[np.float64]]]
    fill: Ints
    """1: only while fill is on, -1: only while it is off."""
    any: bool

    def hold(self, loops: Ints, place: Ints, seed: int, fill: Flags, every: int) -> Flags:
        held = np.ones(len(place), bool)
        for times, plus, of, among, turn in self.cycles:
            held &= (loops * times[place] + plus[place]) // of[place] % among[place] == turn[place]
        for number, low, high in self.draws:
            share = drawn(seed, loops, number[place])
            held &= (low[place] <= share) & (share < high[place])
        on = fill if not every else fill | ((loops + 1) % every == 0)
        wanted = self.fill[place]
        return held & ((wanted == 0) | ((wanted > 0) == on))


def drawn(seed: int, loops: Ints, number: Ints) -> NDArray[np.float64]:
    """Returns a number of 0..1 for each loop and place: the same whenever it is asked for.

    Source: the finaliser of G. Steele, D. Lea, C. Flood, Fast Splittable Pseudorandom Number Generators, 2014 (SplitMix64).
    """
    start = np.uint64((seed * 0x9E3779B97F4A7C15 + 0xD1B54A32D192ED03) & 0xFFFFFFFFFFFFFFFF)
    mixed = _mix(loops.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + start)
    mixed = _mix(mixed + number.astype(np.uint64) * np.uint64(0xBF58476D1CE4E5B9))
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(word: NDArray[np.uint64]) -> NDArray[np.uint64]:
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


def _slides(begin: Ints, end: Ints, glide: Flags, line: Ints) -> tuple[Flags, Flags]:
    """Whether each note leads on into the next of its line, and whether it is led into by the one before."""
    order = np.lexsort((begin, line))
    begin, end, glide, line = begin[order], end[order], glide[order], line[order]
    new = np.ones(len(order), bool)
    new[1:] = (begin[1:] != begin[:-1]) | (line[1:] != line[:-1])
    onset = np.cumsum(new) - 1  # notes that begin at once in a line are one
    first = np.flatnonzero(new)
    follows = np.zeros(len(first), bool)
    follows[:-1] = line[first[1:]] == line[first[:-1]]
    then = np.zeros(len(first), np.int64)
    then[:-1] = begin[first[1:]]
    leads = glide & follows[onset] & (then[onset] <= end)
    led_into = np.zeros(len(first) + 1, bool)
    led_into[1 + onset[leads]] = True
    glides, slid = np.zeros(len(order), bool), np.zeros(len(order), bool)
    glides[order], slid[order] = leads, led_into[onset]
    return glides, slid


# ---------------------------------------------------------------- making


_loops: OrderedDict[tuple[int, LaneOptions, Key], tuple[Pattern, Loop]] = OrderedDict()


def loop_of(pattern: Pattern, options: LaneOptions, key: Key = NO_KEY) -> Loop:
    """The arrays of a lane, made once. Its pattern is known by where it lies: to compare 4,096 hits takes longer than to play them."""
    known_as = id(pattern), options, key
    known = _loops.get(known_as)
    if known is None:
        known = _loops[known_as] = pattern, _loop(pattern, options, key)
        if len(_loops) > LOOPS:
            _loops.popitem(last=False)
    _loops.move_to_end(known_as)
    return known[1]


def key_for(pattern: Pattern, options: LaneOptions, words: str) -> Key:
    """Returns the key that a lane is played in; where it has no degrees, or says all of them itself, the same one in every key."""
    follows = any(hit.degrees for hit in pattern.hits) and not (options.root and options.scale)
    return key_of(words) if follows else NO_KEY


class _Note(NamedTuple):
    """A hit with its pitches known; `drawn` is its own number among all. Its locks last for `locked`, 0: others have them."""

    hit: Hit
    pitches: tuple[int | None, ...]
    at: Fraction
    length: Fraction
    cell: Fraction
    drawn: int
    locked: Fraction
    more: tuple[Draw, ...] = ()


def _loop(pattern: Pattern, options: LaneOptions, key: Key) -> Loop:
    """The hits in order of time, a chord as several notes."""
    gate = exact(options.gate).limit_denominator(10_000)
    some = _voiced(_pitched(pattern, options, key, gate), options)
    if options.arp:
        some = _arpeggios(some, options, gate)
    some = [note._replace(drawn=k) for k, note in enumerate(some)]
    part = lcm(*(share.denominator for note in some for share in (note.at, note.length, note.cell, note.locked)), 1)
    size = pattern.steps * part

    def place(note: _Note) -> int:
        return (int(note.at * part) + options.shift * part) % size

    placed = sorted(some, key=place)
    notes = [(note, pitch) for note in placed for pitch in note.pitches]
    starts = [place(note) for note, _ in notes]
    begins = np.array(starts, np.int64)
    lengths = np.array([int(note.length * part) for note, _ in notes], np.int64)
    cells = np.array([int(note.cell * part) for note, _ in notes], np.int64)
    hits = [note.hit for note, _ in notes]
    conditions = _conditions([note for note, _ in notes], options)
    locks, share = _locking(pattern, placed, part), sum(_share(note) for note, _ in notes) * options.prob
    locking = sum(_share(note) * (1 + len(note.hit.locks)) for note in placed if note.hit.locks and note.locked)
    return Loop(
        size,
        part,
        Fraction(*options.every) * 4,
        None if options.swing is None else exact(options.swing) / 100,
        begins,
        begins + lengths,
        np.array([hit.glide for hit in hits], bool),
        np.array([hit.line for hit in hits], np.int64),
        np.array([note.drawn for note, _ in notes], np.int64),
        np.array([F_ACCENT * hit.accent for hit in hits], np.int64),
        np.array([0.0 if pitch is None else frequency(pitch) for _, pitch in notes]),
        np.array([min(max(hit.velocity * options.velocity, 0.0), 1.0) for hit in hits]),
        [pitch for _, pitch in notes],
        locks,
        starts,
        *np.unique(begins, return_inverse=True),
        int(max(lengths.max(initial=0), cells.max(initial=0), locks.lasts.max(initial=0))),
        conditions,
        share,
        2 * share + locking * options.prob,
        any(hit.glide for hit in hits),
        options.fill,
        options.humanize,
        options.seed,
    )


def _pitched(pattern: Pattern, options: LaneOptions, key: Key, gate: Fraction) -> list[_Note]:
    root = tone(options.root)[0] if options.root else key[0]
    scale = options.scale or key[1]
    plain: tuple[int | None, ...] = tone(options.note) if options.note else (None,)
    found = []
    for k, hit in enumerate(pattern.hits):
        degrees = (within(pitch_of(degree.number, degree.semitones, root, scale)) for degree in hit.degrees)
        length = Fraction(*hit.length) or (Fraction(1) if hit.glide else gate)
        pitches, cell = tuple(dict.fromkeys((*hit.pitches, *degrees))), Fraction(*hit.cell)
        found.append(_Note(hit, pitches or plain, Fraction(*hit.at), length, cell, k, cell))
    return found


def _locking(pattern: Pattern, notes: list[_Note], part: int) -> Locking:
    kinds = locks_of(pattern)
    number = {lock: k for k, lock in enumerate(kinds)}
    first, which, lasts = [0], [], []
    for note in notes:
        for k in range(len(note.pitches)):
            if not k and note.locked:  # the innermost of two on one parameter
                which += [number[lock] for lock in {lock.param: lock for lock in note.hit.locks}.values()]
            first.append(len(which))
            lasts.append(int(note.locked * part))
    return Locking(kinds, np.array(first, np.int64), np.array(which, np.int64), np.array(lasts, np.int64))


def _voiced(notes: list[_Note], options: LaneOptions) -> list[_Note]:
    """Lets each chord follow the one before by the nearest notes, in the order in which they are written."""
    if options.voicing != "lead":
        return notes
    found = []
    before: tuple[int, ...] = ()
    home = 0.0
    for note in notes:
        chord = tuple(pitch for pitch in note.pitches if pitch is not None)
        if len(chord) > 1:
            if before:
                before = led(before, chord, home)
            else:
                before = tuple(sorted(chord))
                home = sum(chord) / len(chord)
            note = note._replace(pitches=before)
        found.append(note)
    return found


def _arpeggios(notes: list[_Note], options: LaneOptions, gate: Fraction) -> list[_Note]:
    """Breaks chords into their notes, one after another at a rate, for as long as their steps last."""
    step = Fraction(*options.rate) / Fraction(*options.every) if options.rate else Fraction(1)
    found: list[_Note] = []
    for note in notes:
        chord = [pitch for pitch in note.pitches if pitch is not None]
        if not chord:
            found.append(note)
            continue
        order = order_of(options.arp, chord, options.oct)
        for k in range(min(max(1, -(-note.cell // step)), ARPEGGIO - len(found))):
            at, cell = note.at + k * step, min(step, note.cell - k * step)
            played = note._replace(
                at=at, length=min(step * gate, cell), cell=cell, locked=Fraction(0) if k else note.cell
            )
            if options.arp == "random":
                number = OF_ARP + len(found)
                found += [
                    played._replace(
                        pitches=(within(pitch),), more=(Draw(number, n / len(order), (n + 1) / len(order)),)
                    )
                    for n, (pitch,) in enumerate(order)
                ]
            else:
                found.append(played._replace(pitches=tuple(map(within, order[k % len(order)]))))
    return found[:ARPEGGIO]


def _share(note: _Note) -> float:
    """How often a note is played."""
    share = 1.0
    for cycle in note.hit.cycles:
        share /= cycle.among
    for draw in (*note.hit.draws, *note.more):
        share *= draw.high - draw.low
    return share


def _conditions(notes: list[_Note], options: LaneOptions) -> Conditions:
    cycles = max((len(note.hit.cycles) for note in notes), default=0)
    drawn_for = [[*note.hit.draws, *note.more] for note in notes]
    if options.prob < 1:
        for note, draws in zip(notes, drawn_for, strict=True):
            draws.append(msgspec.structs.replace(ALWAYS, number=OF_PROB + note.drawn, high=options.prob))
    most = max(map(len, drawn_for), default=0)
    for draws in drawn_for:
        draws += [ALWAYS] * (most - len(draws))
    turns = [[(c.times, c.plus, c.of, c.among, c.place) for c in note.hit.cycles] for note in notes]
    for some in turns:
        some += [(1, 0, 1, 1, 0)] * (cycles - len(some))
    table = np.array(turns, np.int64).reshape(len(notes), cycles, 5)
    fill = np.array([0 if note.hit.fill is None else 2 * note.hit.fill - 1 for note in notes], np.int64)
    return Conditions(
        [tuple(np.ascontiguousarray(table[:, k, column]) for column in range(5)) for k in range(cycles)],  # type: ignore[misc]
        [
            (
                np.array([draws[k].number for draws in drawn_for], np.int64),
                np.array([draws[k].low for draws in drawn_for]),
                np.array([draws[k].high for draws in drawn_for]),
            )
            for k in range(most)
        ],
        fill,
        bool(cycles or most or fill.any()),
    )


ALWAYS = Draw(0, 0.0, 1.0)
