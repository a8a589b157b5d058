"""Answers questions about lanes: in a line, as a picture with the place where the music is, and as the events of a loop."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import Any

from chronus import commands as say
from chronus.catalogue.spec import Param
from chronus.pattern import picture
from chronus.pattern.loop import FAR, Loop, Played, key_for, loop_of
from chronus.pattern.picture import Note, Ruler
from chronus.pattern.tree import Lock
from chronus.rack.document import Lane, Rack, audible, bar_of, seed_of
from chronus.score.heads import begins, head
from chronus.score.score import Score
from chronus.score.spans import SIXTEENTH, Span, notes, value_at
from chronus.score.timeline import Timeline
from chronus.units import format_quantity


def lane_line(rack: Rack, name: str, score: Score | None = None, frame: int = 0) -> str:
    """Returns a lane as it is typed, and where in it the music is."""
    lane = rack.lanes[name]
    state = ([] if audible(rack, name) else ["muted"]) + (["solo"] if lane.solo else [])
    place = where(rack, name, score, frame)
    return f"{name}: {lane.text}{lane.options.words()}" + "".join(f" ({word})" for word in (*state, *place))


def where(rack: Rack, name: str, score: Score | None, frame: int) -> list[str]:
    """Returns which loop of a lane is played, in words; nothing while it is not played."""
    if score is None:
        return []
    lane = rack.lanes[name]
    here, waits = head(score, name, lane.take, frame), begins(score, name, lane.take, frame)
    if here is not None:
        of = here.span.loop.repeats
        turn = f", {here.loop % of + 1} of {of}" if 1 < of < FAR else ""
        return [f"loop {here.loop}{turn}, step {int(here.step) + 1} of {lane.pattern.steps}"]
    if waits is None or score.timeline is None:
        return []
    return [f"from bar {score.timeline.bar_and_beat(waits)[0] + 1}"]


def moved(rack: Rack, name: str, param: Param, score: Score | None, frame: int) -> float | None:
    """Returns where a lane of values has a parameter now, or None where it leaves it alone."""
    lane = rack.lanes.get(f"{name}.{param.name}")
    here = head(score, f"{name}.{param.name}", lane.take, frame) if lane and score is not None else None
    if here is None or not here.span.audible or score is None or score.timeline is None:
        return None
    return value_at(here.span, score.timeline, frame, param)


def lane_of(rack: Rack, name: str, loop: int, score: Score | None = None, frame: int = 0) -> dict[str, Any]:
    lane = rack.lanes[name]
    every = lane.options.every
    moves = {"moves": lane.moves, "values": _values(rack, name, loop)} if lane.moves else {}
    here = head(score, name, lane.take, frame) if score is not None else None
    now = {"now": {"loop": here.loop, "step": int(here.step) + 1, "of": here.span.loop.repeats}} if here else {}
    return {
        "name": name,
        "pattern": lane.text,
        "steps": lane.pattern.steps,
        "step": f"{every[0]}/{every[1]}",
        "muted": not audible(rack, name),
        "loop": loop,
        "events": [] if lane.moves else _events(rack, name, loop),
        **moves,
        **now,
    }


MOST_AT_A_GLANCE = 2048
"""Steps of lanes that are drawn for somebody who looks on: so many take some milliseconds, and others wait for their answers."""


def glance(rack: Rack, score: Score | None, frame: int) -> list[dict[str, Any]]:
    """Returns of each lane the loop that is played, a character a step, and where in it the music is: enough to move a playhead on.

    `at` is the step, counted from 0 and in parts, that is heard at `frame`; a step takes `step_frames`. Lanes beyond MOST_AT_A_GLANCE
    steps have no `row`.
    """
    found, left = list[dict[str, Any]](), MOST_AT_A_GLANCE
    for name, lane in rack.lanes.items():
        here = head(score, name, lane.take, frame) if score is not None else None
        one: dict[str, Any] = {"name": name, "steps": lane.pattern.steps, "muted": not audible(rack, name)}
        left -= lane.pattern.steps
        if left >= 0:
            loop, played = played_by(rack, name, here.loop if here else 0, here.span.fill if here else False)
            notes = picture.notes_of(loop, played)
            one["row"] = _curve(lane, loop, played, rack.bpm) if lane.moves else picture.row(notes, lane.pattern.steps)
        if here is not None and score is not None and score.timeline is not None:
            begin = here.span.origin + int(here.step + here.loop * lane.pattern.steps) * here.span.beat
            frames = score.timeline.frame(begin + here.span.beat) - score.timeline.frame(begin)
            one["now"] = {"loop": here.loop, "at": float(here.step), "frame": frame, "step_frames": frames}
        else:
            one["waits"] = ", ".join(where(rack, name, score, frame))
        found.append(one)
    return found


def _events(rack: Rack, name: str, loop: int) -> list[dict[str, Any]]:
    """Returns what a loop plays with the present seed, in steps from its beginning, without swing."""
    notes, played = played_by(rack, name, loop)
    return [
        {
            "at": _number(Fraction(begin, notes.part)), "len": _number(Fraction(end - begin, notes.part)),
            "pitch": notes.pitches[place], "vel": float(notes.velocity[place]), "accent": bool(notes.flags[place]), "glide": glides,
            "locks": {lock.param: _locked(lock) for lock in notes.locks.of(place)},
        }
        for begin, end, place, glides in zip(
            played.begin.tolist(), played.end.tolist(), played.place.tolist(), played.glides.tolist(), strict=True
        )
    ]  # fmt: skip


def tones(rack: Rack, names: Collection[str]) -> tuple[float, ...]:
    """Returns for how long the lanes of these modules play each of the twelve notes in their first loop, c first, in whole notes.

    Lanes beyond MOST_AT_A_GLANCE steps are left out.
    """
    found, left = [0.0] * 12, MOST_AT_A_GLANCE
    for name in names:
        lane = rack.lanes.get(name)
        left -= lane.pattern.steps if lane is not None else 0
        if lane is None or lane.moves or left < 0 or not audible(rack, name):
            continue
        over, under = lane.options.every
        for event in _events(rack, name, 0):
            if event["pitch"] is not None:
                found[round(event["pitch"]) % 12] += float(event["len"]) * over / under
    return tuple(found)


def _values(rack: Rack, name: str, loop: int) -> list[dict[str, Any]]:
    """Returns the values of a loop and, as None, its glides to the value that is played next."""
    values, played = played_by(rack, name, loop)
    return [
        {
            "at": _number(Fraction(begin, values.part)), "len": _number(Fraction(int(values.locks.lasts[place]), values.part)),
            "value": next((_locked(lock) for lock in values.locks.of(place)), None),
        }
        for begin, place in zip(played.begin.tolist(), played.place.tolist(), strict=True)
    ]  # fmt: skip


def played_by(rack: Rack, name: str, loop: int, fill: bool = False) -> tuple[Loop, Played]:
    """Returns the notes of one loop of a lane, counted from its beginning."""
    lane = rack.lanes[name]
    notes = loop_of(lane.pattern, lane.options, key_for(lane.pattern, lane.options, rack.key))
    count = len(notes.starts)
    if not count:
        return notes, notes.notes(0, 0)
    # the notes around it decide which of its own are slid into
    some = notes.notes(max(loop - 1, 0) * count, (loop + 2) * count, seed_of(rack.seed, name), fill)
    own = some.number // count == loop
    played = Played(*(each[own] for each in some))
    return notes, played._replace(begin=played.begin - loop * notes.size, end=played.end - loop * notes.size)


def _locked(lock: Lock) -> str:
    value = lock.value
    if isinstance(value, say.Sweep):
        return f"{format_quantity(value.start)}..{format_quantity(value.stop)}"
    return value.text if isinstance(value, say.Word) else format_quantity(value)


def _number(share: Fraction) -> float | int:
    return int(share) if share.denominator == 1 else float(share)


# ---------------------------------------------------------------- pictures


def drawn(rack: Rack, name: str, asked: int | None, kit: bool, score: Score | None, frame: int) -> list[str]:
    """Draws a loop of a lane: the one asked for, or else the one that is played, with the place where the music is."""
    lane = rack.lanes[name]
    here = head(score, name, lane.take, frame) if score is not None else None
    number = asked if asked is not None else here.loop if here else 0
    now = here if here and here.loop == number else None
    loop, played = played_by(rack, name, number, now.span.fill if now else False)
    some, columns = picture.notes_of(loop, played), lane.pattern.steps
    below = picture.marks(loop, some, columns)
    if lane.moves:
        rows = [(lane.moves, _curve(lane, loop, played, rack.bpm))]
        below = [one for one in below if one[0] == "when"]
    else:
        rows = picture.rows_of(some, columns, name, kit and lane.pattern.drums)
    ruler = Ruler(columns, *_bar(lane, bar_of(rack)), head=int(now.step) if now else None)
    title = [f"loop {number}"] if asked is not None else where(rack, name, score, frame)
    return [*title, *picture.page(rows, ruler, below), *picture.meanings(below)]


def _curve(lane: Lane, loop: Loop, played: Played, bpm: float) -> str:
    """Draws a loop of a lane of values."""
    begins = [Fraction(begin, loop.part) for begin in played.begin.tolist()]
    return picture.curve(_said(lane, loop, played, begins, Fraction(1, loop.part), bpm), lane.pattern.steps)


def _said(
    lane: Lane, loop: Loop, played: Played, begins: Sequence[Fraction], part: Fraction, bpm: float
) -> list[picture.Move]:
    """Returns what a lane of values plays, to be drawn: `begins` in columns, of which a part of its step takes `part`."""
    ends = [lock.ends(bpm) for lock in lane.locks]
    low, high = (pick((end for both in ends for end in both), default=0.0) for pick in (min, max))
    places = played.place.tolist()
    said = [None if loop.glide[place] else ends[int(loop.locks.which[loop.locks.first[place]])] for place in places]
    level = next((both[1] for both in reversed(said) if both), low)
    found = []
    for k, (begin, place, both) in enumerate(zip(begins, places, said, strict=True)):
        goal = next((other[0] for other in (*said[k + 1 :], *said[:k]) if other), level)
        start, stop = both or (level, goal)
        scaled = ((end - low) / ((high - low) or 1.0) for end in (start, stop))
        found.append(picture.Move(begin, begin + int(loop.locks.lasts[place]) * part, *scaled))
        level = stop
    return found


def _bar(lane: Lane, beats: Fraction) -> tuple[int, int]:
    """Returns how many steps of a lane stand together as a bar, and how many of them between two numbers."""
    beat = 1 / (Fraction(*lane.options.every) * 4)
    bar = beats * beat
    count = int(beat) if beat in (3, 6, 8) else 4
    return (int(bar) if bar.denominator == 1 and bar > 1 else 16), count


def overview(rack: Rack, kits: Sequence[str], score: Score | None, frame: int) -> list[str]:
    """Draws all lanes over the bar that is played, a row each; over two where a lane is longer than a bar. A column is a sixteenth."""
    plays = score is not None and score.timeline is not None and not score.stopped
    playing = score.timeline if plays and score else None
    timeline = playing or Timeline.begin(1, 0, 0, rack.bpm, bar_of(rack))
    position = playing.position(frame) if playing else Fraction(0)
    spans = {name: _spans(rack, name, score if plays else None) for name in rack.lanes}
    longest = max((lane.pattern.steps * Fraction(*lane.options.every) * 4 for lane in rack.lanes.values()), default=0)
    bar, _ = timeline.bar_and_beat(position)
    bars = 2 if longest > timeline.place(bar + 1) - timeline.place(bar) else 1
    bar = bar // bars * bars
    begin, middle, end = timeline.place(bar), timeline.place(bar + 1), timeline.place(bar + bars)
    columns = int((end - begin) / SIXTEENTH)
    rows = []
    for name, lane in rack.lanes.items():
        some = [note for span in spans[name] for note in _between(span, begin, end, timeline)]
        if name in kits and lane.pattern.drums:
            own = [(f"{name} {drum}", text) for drum, text in picture.rows_of(some, columns, name, True)]
        else:
            curves = [move for span in spans[name] for move in _moves_between(span, begin, end, timeline, rack.bpm)]
            own = [(name, picture.curve(curves, columns) if lane.moves else picture.row(some, columns))]
        rows += own
    head = int((position - begin) / SIXTEENTH) if plays else None
    lines = picture.page(rows, Ruler(columns, int((middle - begin) / SIXTEENTH), head=head))
    muted = [name for name in rack.lanes if not audible(rack, name)]
    which = f"bar {bar + 1}" if bars == 1 else f"bars {bar + 1} and {bar + 2}"
    return [which, *lines, *([f"muted: {', '.join(muted)}"] if muted else [])]


def _spans(rack: Rack, name: str, score: Score | None) -> tuple[Span, ...]:
    """Returns how a lane is played; while nothing plays, as if it began now."""
    playing = score.lanes.get(name) if score is not None else None
    if playing is not None:
        return playing.spans
    zero, lane = Fraction(0), rack.lanes[name]
    key = key_for(lane.pattern, lane.options, rack.key)
    return (Span(zero, zero, zero, 0, lane, seed=seed_of(rack.seed, name), key=key),)


def _between(span: Span, begin: Fraction, end: Fraction, timeline: Timeline) -> list[Note]:
    """Returns the notes of a span that sound between two positions, in sixteenths from the first one."""
    start, stop = max(begin, span.start), end if span.stop is None else min(end, span.stop)
    some = notes(span, start, stop, timeline) if span.lane is not None and start < stop else None
    if some is None:
        return []
    found = []
    loop, played = some.loop, some.played
    for first, last, place in zip(some.begin.tolist(), some.end.tolist(), played.place.tolist(), strict=True):
        at, ends = span.origin + first * some.unit, min(span.origin + last * some.unit, stop)
        if start <= at < stop or (span.start <= at < start < ends):
            found.append(
                Note((at - begin) / SIXTEENTH, (ends - begin) / SIXTEENTH, loop.pitches[place],
                     float(loop.velocity[place]), bool(loop.flags[place]), int(loop.line[place]))
            )  # fmt: skip
    return found


def _moves_between(span: Span, begin: Fraction, end: Fraction, timeline: Timeline, bpm: float) -> list[picture.Move]:
    """The same of a lane of values."""
    start, stop = max(begin, span.start), end if span.stop is None else min(end, span.stop)
    moves = span.lane is not None and bool(span.lane.moves) and start < stop
    some = notes(span, start, stop, timeline) if moves else None
    if some is None or span.lane is None:
        return []
    begins = [(span.origin + first * some.unit - begin) / SIXTEENTH for first in some.begin.tolist()]
    found = _said(span.lane, some.loop, some.played, begins, span.beat / some.loop.part / SIXTEENTH, bpm)
    first, last = (start - begin) / SIXTEENTH, (stop - begin) / SIXTEENTH
    return [move._replace(end=min(move.end, last)) for move in found if first <= move.begin < last]
