"""Changes the score: its lanes, the tempo, whether the music plays. Each operation gives another score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple

from chronus.commands import When
from chronus.memory.layout import RAMP
from chronus.pattern.loop import key_for, loop_of
from chronus.rack.document import Lane, Rack, any_solo, audible, bar_of, replace, seed_of, tempo, times_of
from chronus.rack.sweeps import Present
from chronus.score.courses import Change, on_the_way
from chronus.score.score import Playing, Score, alive, begin, rewrite, same_notes, until
from chronus.score.spans import SIXTEENTH, STRAIGHT, Carried, Player, Span, sounding
from chronus.score.timeline import Pace, Ramp, Timeline, beats_of
from chronus.units import exact

NEXT_BAR = When("next")


# ---------------------------------------------------------------- lanes


def changed_lanes(before: Rack, after: Rack) -> list[str]:
    """Returns the lanes that do not play as they did, in order of name."""
    if before.lanes is after.lanes:
        return []
    names = before.lanes.keys() | after.lanes.keys()
    if any_solo(before) == any_solo(after):
        names = {name for name in names if before.lanes.get(name) is not after.lanes.get(name)}
    return [name for name in sorted(names) if _differs(before, after, name)]


def _differs(before: Rack, after: Rack, name: str) -> bool:
    was, now = before.lanes.get(name), after.lanes.get(name)
    if was is None or now is None:
        return True
    return not same_notes(was, now) or audible(before, name) != audible(after, name)


def takes_time(before: Rack, after: Rack) -> bool:
    """Whether lanes play otherwise from some position on."""
    return before.pace != after.pace or bool(changed_lanes(before, after))


def edit_lanes(
    score: Score, before: Rack, after: Rack, when: When | None, moment: int
) -> tuple[Score, Fraction | None]:
    """Lets the lanes of `after`, and their pace, take over at their time; also returns where that is, in beats (None while stopped)."""
    names = changed_lanes(before, after)
    if score.stopped or not (names or before.pace != after.pace):
        return score, None
    if after.lanes and not (score.timeline if score.fixed else alive(score, moment)):
        score = _begin(score, after, moment)
    if score.timeline is None:
        return score, None
    position = score.timeline.at(when or NEXT_BAR, moment)
    if before.pace != after.pace:
        score = _repace(score, after, position)
    for name in names:
        was, now = before.lanes.get(name), after.lanes.get(name)
        if now is not None and was is not None and same_notes(was, now) and name in score.lanes:
            score = _set_audible(score, name, audible(after, name), position)
        else:
            score = _set_lane(score, name, now, after, position)
    return score, position


def _set_lane(score: Score, name: str, lane: Lane | None, rack: Rack, position: Fraction) -> Score:
    playing = score.lanes.get(name) or Playing(Player(_free_index(score), 0, 0, "." in name), ())
    spans = [until(s, position) for s in playing.spans if s.start < position]
    score, origin = _origin(replace(score, generation=score.generation + 1), lane, position, spans[-1:])
    timeline = score.timeline
    assert timeline is not None
    heard = lane is not None and audible(rack, name)
    pace = _at_pace(timeline.pace(position), origin)
    span = Span(position, since=position, generation=score.generation, lane=lane, audible=heard, **pace,
                **_of_the_whole(rack, name, lane))  # fmt: skip
    if spans and _alike(spans[-1], span):
        # What plays there already (a change that was still to come is taken back) goes on without a break.
        carried = sounding(spans[-1], timeline, timeline.frame(position))
        span = replace(span, since=spans[-1].since, **carried._asdict())
    score = replace(score, lanes={**score.lanes, name: replace(playing, spans=(*spans, span))})
    for later in (pace for pace in timeline.paces if pace.position > position):
        score = rewrite(score, name, later.position, _Paced(timeline, later.position, score).span)
    return score


def _origin(score: Score, lane: Lane | None, position: Fraction, before: Sequence[Span]) -> tuple[Score, Fraction]:
    """Returns where a lane's first loop began: for one brought back, where it did; at the beginning, if the music began anew since.

    One that keeps the phase begins where the line before it did.
    """
    assert score.timeline is not None
    number = score.timeline.number
    if lane is None:
        return score, position
    began = score.starts.get(lane.take)
    kept = before[-1].lane if before and lane.options.phase else None
    new = score.starts[kept.take][1] if kept else position
    origin = new if began is None else began[1] if began[0] == number else Fraction(0)
    return replace(score, starts={**score.starts, lane.take: (number, origin)}), origin


def _alike(one: Span, other: Span) -> bool:
    if one.lane is None or other.lane is None or not same_notes(one.lane, other.lane):
        return False
    return replace(one, **_WHEN) == replace(other, **_WHEN)


_WHEN: dict[str, Any] = {
    "start": Fraction(0),
    "since": Fraction(0),
    "generation": 0,
    "lane": None,
    "stop": None,
    "held": (),
    "locked": (),
}
"""What two spans that play alike may differ in."""


def _of_the_whole(rack: Rack, name: str, lane: Lane | None) -> dict[str, Any]:
    """Returns what a span takes over from the rack; what its lane does not follow stays as it is by itself."""
    if lane is None:
        return {}
    loop, options = loop_of(lane.pattern, lane.options), lane.options
    return {
        "swing": STRAIGHT if options.swing is not None else exact(rack.swing) / 100,
        "seed": seed_of(rack.seed, name) if loop.chances and options.seed is None else 0,
        "key": key_for(lane.pattern, options, rack.key),
        "fill": loop.fills and rack.fill,
        "fill_every": rack.fill_every if loop.fills else 0,
    }


def _free_index(score: Score) -> int:
    taken = {playing.player.index for playing in score.lanes.values()}
    return next(k for k in range(len(taken) + 1) if k not in taken)


def _set_audible(score: Score, name: str, heard: bool, position: Fraction) -> Score:
    first = next(
        (s for s in score.lanes[name].spans if s.audible != heard and (s.stop is None or s.stop > position)), None
    )
    if first is None or score.timeline is None:
        return score
    return rewrite(score, name, max(first.start, position), _Anew(score.timeline, audible=heard).span)


class _Anew:
    """Spans begin anew: nothing that sounds goes on into the first of them, but those that carried on one another's notes still do."""

    def __init__(self, timeline: Timeline, **changes: bool) -> None:
        self.timeline, self.changes = timeline, changes
        self.begun: dict[Fraction, Fraction] = {}
        self.last: Span | None = None

    def span(self, span: Span, start: Fraction) -> Span:
        since = self.begun.setdefault(span.since, start)
        carries = self.last is not None and self.last.since == since
        carried = sounding(self.last, self.timeline, self.timeline.frame(start)) if self.last and carries else Carried()
        self.last = replace(span, start=start, since=since, **carried._asdict(), **self.changes)
        return self.last


# ---------------------------------------------------------------- half-time and double time


def _at_pace(pace: Pace, began: Fraction) -> dict[str, Any]:
    """Returns what a span of a lane that began at a position takes over from a pace: it goes on from the place where it would be without
    it.
    """
    since = max(pace.position, began)
    return {"pace": pace.times, "origin": since - pace.times * (since - began), "zero": pace.zero}


def _repace(score: Score, rack: Rack, position: Fraction) -> Score:
    """Lets all lanes go at the pace of the rack from a position on. What sounds there goes on."""
    assert score.timeline is not None
    timeline = score.timeline.paced(position, times_of(rack))
    score = replace(score, timeline=timeline)
    for name in score.lanes:
        score = rewrite(score, name, position, _Paced(timeline, position, score).span)
    return score


class _Paced(NamedTuple):
    """Lets a span go on from `position` at the pace of the timeline, with the notes that sound in it there."""

    timeline: Timeline
    position: Fraction
    score: Score

    def span(self, span: Span, start: Fraction) -> Span:
        span = _Carry(self.timeline, self.position, self.timeline.frame(self.position)).span(span, start)
        if span.lane is None:
            return span
        _, began = self.score.starts[span.lane.take]
        return replace(span, **_at_pace(self.timeline.pace(start), began))


# ---------------------------------------------------------------- tempo


def retune(score: Score, rack: Rack, moment: int) -> Score:
    """Sets another tempo from a frame on. What sounds goes on, and ends where it now has to; so do sweeps over beats."""
    before = score.timeline
    score = _with_tempo(score, rack, moment)
    timeline = score.timeline
    if before is not None and timeline is not None:
        position = timeline.position(moment)
        for name in score.lanes:
            score = rewrite(score, name, position, _Carry(before, position, moment).span)
    change = Change(moment, score.rate, rack.bpm, before, timeline)
    courses = {number: change.of(course) for number, course in score.courses.items()}
    return replace(score, courses=courses, by_hand=change.of_notes(score.by_hand))


def _with_tempo(score: Score, rack: Rack, moment: int) -> Score:
    """Lets the timeline go on at the tempo of the rack, or move there: a move begins now, or goes on from where it is."""
    moving, timeline, ramp = rack.tempo, score.timeline, None
    if moving is not None:
        beats = beats_of(moving.over, timeline, moment, score.bar)
        course = score.courses.get(moving.number) or on_the_way(moving, score.rate, moment, beats)
        score = replace(score, courses={**score.courses, moving.number: course})
        beats = beats if course.begin == moment else Fraction(0)
        ramp = Ramp(rack.bpm, course.end - moment, beats) if course.end >= moment + RAMP else None
    if timeline is None:
        return score
    here = round(tempo(rack, Present(score.courses, moment)), 6) if ramp else rack.bpm
    return replace(score, timeline=timeline.change(moment, here, ramp))


def _begin(score: Score, rack: Rack, moment: int) -> Score:
    """Begins a new transport zero, at the tempo of the rack or at where a sweep of it has got to."""
    score = begin(replace(score, lanes={}), moment, rack.bpm)
    assert score.timeline is not None
    score = replace(score, timeline=score.timeline.paced(Fraction(0), times_of(rack)))
    return score if rack.tempo is None else _with_tempo(score, rack, moment)


def remeter(score: Score, rack: Rack, moment: int) -> Score:
    """Gives bars another length from the next bar line on. What was to begin at a later one begins where that is now."""
    score, before = replace(score, bar=bar_of(rack)), score.timeline
    if before is None:
        return score
    line = before.line(moment)
    after = before.metered(line, score.bar)

    def moved(position: Fraction) -> Fraction:
        return after.place(before.bars(position)) if position > line else position

    def later(span: Span) -> Span:
        held, locked = (tuple((moved(end), number) for end, number in ends) for ends in (span.held, span.locked))
        stop = None if span.stop is None else moved(span.stop)
        since = moved(span.since)
        span = replace(span, start=moved(span.start), since=since, stop=stop, held=held, locked=locked)
        if span.lane is None:
            return span
        return replace(span, **_at_pace(after.pace(span.start), moved(score.starts[span.lane.take][1])))

    after = replace(after, paces=tuple(replace(pace, position=moved(pace.position)) for pace in after.paces))
    score = replace(score, timeline=after)
    for name, playing in score.lanes.items():
        if playing.spans[-1].start > line:
            spans = tuple(later(span) for span in playing.spans)
            score = replace(score, lanes={**score.lanes, name: replace(playing, spans=spans)})
            score = rewrite(score, name, line, _Carry(after, line, after.frame(line)).span)
        elif any(span.fill_every for span in playing.spans):  # which of its bars are fills changes there
            score = rewrite(score, name, line, _Carry(after, line, after.frame(line)).span)
    number = after.number
    starts = {take: (zero, moved(began) if zero == number else began) for take, (zero, began) in score.starts.items()}
    return replace(score, starts=starts)


FOLLOWED = ("swing", "seed", "key", "fill", "fill_every")
"""Of the whole: what lanes follow while they play."""


def follows(rack: Rack) -> tuple[object, ...]:
    return tuple(getattr(rack, name) for name in FOLLOWED)


def rewhole(score: Score, rack: Rack, moment: int) -> Score:
    """Sets another swing, seed, key or fill, from where the next pair of sixteenths begins, so that no note is lost or played twice."""
    if score.timeline is None:
        return score
    now = score.timeline.position(moment)
    pace = score.timeline.pace(now)
    pair = 2 * SIXTEENTH * pace.times
    position = min(
        [
            pace.zero - (pace.zero - now) // pair * pair,
            *(one.position for one in score.timeline.paces if one.position > now),
        ]
    )
    frame = score.timeline.frame(position)
    for name, playing in score.lanes.items():
        new = _of_the_whole(rack, name, playing.spans[-1].lane)
        if any(getattr(playing.spans[-1], what) != value for what, value in new.items()):
            score = rewrite(score, name, position, _Carry(score.timeline, position, frame, new).span)
    return score


class _Carry(NamedTuple):
    """Lets a span go on from `position` with the notes that sound in it there; later ones stay as they are, but for what is `new`."""

    timeline: Timeline
    position: Fraction
    frame: int
    new: Mapping[str, Any] = MappingProxyType({})

    def span(self, span: Span, start: Fraction) -> Span:
        carried = (
            sounding(span, self.timeline, self.frame) if start == self.position else Carried(span.held, span.locked)
        )
        return replace(span, **carried._asdict(), **self.new)


# ---------------------------------------------------------------- transport and seats


def stop(score: Score) -> Score:
    return replace(score, timeline=None, stopped=True, lanes={}, generation=score.generation + 1)


def play(score: Score, rack: Rack, moment: int) -> Score:
    """Begins all lanes anew, at a new zero: there is one more for each `play`, and no other."""
    if not rack.lanes:
        return _begin(score, rack, moment)
    return edit_lanes(replace(score, stopped=False), replace(rack, lanes={}), rack, When("now"), moment)[0]


def reseat(score: Score, seats: dict[str, Player], moment: int) -> Score:
    """Lets lanes whose module is another instance now play that one from the moment on."""
    for name, playing in score.lanes.items():
        player = seats.get(name)
        if player is None or (playing.player.handle, playing.player.incarnation) == (player.handle, player.incarnation):
            continue
        if playing.player.incarnation and score.timeline is not None:
            position = score.timeline.position(moment)
            score = rewrite(score, name, position, _Anew(score.timeline).span)
        player = replace(playing.player, handle=player.handle, incarnation=player.incarnation)
        score = replace(score, lanes={**score.lanes, name: replace(score.lanes[name], player=player)})
    return score
