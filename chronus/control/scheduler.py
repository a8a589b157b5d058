"""Lanes -> entries with absolute frames. A pure function of (spans, timeline, from, to): any cut of time gives the same entries.

A lane is a row of spans, each one way to play it over a stretch of time, with a generation of its own. An event belongs to the
span in which its frame falls, and the note that begins there ends there; what the next span finds sounding is let go by that
span's GENERATION entry, or (a change of tempo) is handed on in `held`.

Positions are beats as exact fractions, computed from the lane's origin and never added up.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from chronus.commands import Hit, Pattern
from chronus.control.rack import Lane, exact
from chronus.control.timeline import Timeline
from chronus.memory.log import BEGINNING, ENDING, F_ACCENT, F_GLIDE, NOTE_OFF, NOTE_ON, Entry, order
from chronus.units import frequency


class Player(Struct, frozen=True):
    """Whom a lane plays: its own index, and the instance that takes the notes."""

    index: int
    handle: int
    incarnation: int


class Span(Struct, frozen=True):
    """From position `start` to `stop` (None: for good) the lane is played this way. `lane` None is silence.

    `origin` is where its first loop began, `since` where this way of playing it did: spans that carry on one another's notes
    share it. `held` are the notes that it carries on from the span before: (position of their end, note id).
    """

    start: Fraction
    origin: Fraction
    since: Fraction
    generation: int
    lane: Lane | None = None
    audible: bool = True
    swing: Fraction = Fraction(1, 2)
    stop: Fraction | None = None
    held: tuple[tuple[Fraction, int], ...] = ()


class Happening(NamedTuple):
    """One note of one loop. `end` is None where it glides into the next; `length` is in steps."""

    begin: Fraction
    end: Fraction | None
    number: int
    pitch: int | None
    velocity: float
    accent: bool
    slid: bool
    length: Fraction


def swung(step: Fraction, swing: Fraction) -> Fraction:
    """Bends time inside each pair of steps so that the odd one begins at `swing` of the pair; whole pairs stay where they are."""
    if swing == Fraction(1, 2):
        return step
    pair, inside = divmod(step, 2)
    bent = inside * 2 * swing if inside <= 1 else 2 * swing + (inside - 1) * 2 * (1 - swing)
    return pair * 2 + bent


def span_entries(span: Span, player: Player, timeline: Timeline, start: int, stop: int) -> list[Entry]:
    """What the span gives to the frames start <= frame < stop, sorted as the replicas will take it."""
    first = max(start, timeline.frame(span.start))
    last = stop if span.stop is None else min(stop, timeline.frame(span.stop))
    if first >= last or span.lane is None or not span.audible:
        return []
    found = [
        _off(timeline.frame(end), number, span, player)
        for end, number in span.held
        if first <= timeline.frame(end) < last
    ]
    for note in happenings(span, timeline.position(first), timeline.position(last)):
        begins = timeline.frame(note.begin)
        if first <= begins < last:
            found.append(_on(begins, note, span, player))
        if note.end is None or begins < timeline.frame(span.start):
            continue
        ends = timeline.frame(note.end)
        if first <= ends < last:
            found.append(_off(ends, note.number, span, player))
    return sorted(found, key=lambda entry: (entry.frame, entry.order))


def sounding(span: Span, timeline: Timeline, frame: int) -> tuple[tuple[Fraction, int], ...]:
    """The notes that began in the span before `frame` and end at it or later: (position of the end, note id)."""
    if span.lane is None or not span.audible:
        return ()
    held = [(end, number) for end, number in span.held if timeline.frame(end) >= frame]
    begin = timeline.frame(span.start)
    for note in happenings(span, timeline.position(frame), timeline.position(frame)):
        if note.end is not None and begin <= timeline.frame(note.begin) < frame <= timeline.frame(note.end):
            held.append((note.end, note.number))
    return tuple(held)


def happenings(span: Span, start: Fraction, stop: Fraction) -> Iterator[Happening]:
    """Every note that may begin or end between two positions (and some around them), loop by loop."""
    assert span.lane is not None
    pattern, options = span.lane.pattern, span.lane.options
    if not pattern.hits:
        return
    beat = Fraction(*options.every) * 4
    swing = exact(options.swing) / 100 if options.swing is not None else span.swing
    notes = _flat(pattern, exact(options.gate), options.shift)
    reach = max(note.end for note in notes) + 2
    low = (start - span.origin) / beat - reach
    high = (stop - span.origin) / beat + 2
    for loop in range(max(0, int(low // pattern.steps)), int(high // pattern.steps) + 1):
        first_step = loop * pattern.steps
        for place in range(
            bisect_left(notes, low - first_step, key=_at), bisect_right(notes, high - first_step, key=_at)
        ):
            note = notes[place]
            slid = note.slid and (loop > 0 or note.at > notes[0].at)
            yield Happening(
                span.origin + swung(first_step + note.at, swing) * beat,
                None if note.glides else span.origin + swung(first_step + note.end, swing) * beat,
                loop * len(notes) + place,
                note.pitch,
                min(max(note.hit.velocity * options.velocity, 0.0), 1.0),
                note.hit.accent,
                slid,
                note.end - note.at,
            )


class _Flat(NamedTuple):
    """A note of the pattern, in steps from its beginning."""

    at: Fraction
    end: Fraction
    pitch: int | None
    hit: Hit
    glides: bool
    slid: bool


def _at(note: _Flat) -> Fraction:
    return note.at


@lru_cache(512)
def _flat(pattern: Pattern, gate: Fraction, shift: int) -> tuple[_Flat, ...]:
    """The hits in order of time, a chord as several notes, each knowing whether it glides on or was slid into."""
    placed = sorted((((Fraction(*hit.at) + shift) % pattern.steps, hit) for hit in pattern.hits), key=lambda p: p[0])
    slides = [hit.glide and _touches(placed, k, pattern.steps) for k, (_, hit) in enumerate(placed)]
    notes = []
    for k, (at, hit) in enumerate(placed):
        length = Fraction(*hit.length) or (Fraction(1) if hit.glide else gate)
        for pitch in hit.pitches or (None,):
            notes.append(_Flat(at, at + length, pitch, hit, slides[k], slides[k - 1]))
    return tuple(notes)


def _touches(placed: list[tuple[Fraction, Hit]], k: int, steps: int) -> bool:
    """Whether the note ends where the next begins: only then can it glide there."""
    at, hit = placed[k]
    following = placed[k + 1][0] if k + 1 < len(placed) else placed[0][0] + steps
    return following <= at + (Fraction(*hit.length) or 1)


def _on(frame: int, note: Happening, span: Span, player: Player) -> Entry:
    hertz = 0.0 if note.pitch is None else frequency(note.pitch)
    return Entry(
        NOTE_ON,
        frame,
        order(BEGINNING, player.index, note.number),
        player.handle,
        player.index,
        F_ACCENT * note.accent | F_GLIDE * note.slid,
        player.incarnation,
        span.generation,
        hertz,
        note.velocity,
        float(note.number),
    )


def _off(frame: int, number: int, span: Span, player: Player) -> Entry:
    return Entry(
        NOTE_OFF,
        frame,
        order(ENDING, player.index, number),
        player.handle,
        player.index,
        0,
        player.incarnation,
        span.generation,
        c=float(number),
    )
