"""The score: the timeline and the lanes on it, as plain data that is never changed; and which of its notes the replicas are given.

A lane's spans are rewritten from a moment on, never before it, and each new span takes the next generation. So an older plan
for a lane that is still to come is superseded by a newer one, wherever in time the two begin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

import numpy as np
from msgspec import Struct

from chronus.memory.log import F_RELEASE, F_UNLOCK, GENERATION, NOW, Entry, Rows
from chronus.rack.document import Lane, Rack, replace
from chronus.rack.sweeps import Course
from chronus.score.courses import Sounding
from chronus.score.spans import NONE, Player, Span, Window, entries_a_beat, in_order, span_entries
from chronus.score.timeline import FOUR, Timeline


class Playing(Struct, frozen=True):
    """A lane as the replicas play it. `spans` follow one another without a gap."""

    player: Player
    spans: tuple[Span, ...]


class Score(Struct, frozen=True):
    """`timeline` is None until the first lane starts. `starts`: by a lane's take, where it began: (timeline's number, position).
    `courses`: by a sweep's number, when it goes where. `by_hand`: by the id that the replicas know it by, what hands play.

    `generation` is the last one given, `zeros` the number of timelines so far. `fixed`: zero stays where it is (rendering). `bar`: the
    beats of a bar, also of music that is still to begin.
    """

    rate: int
    timeline: Timeline | None = None
    stopped: bool = False
    lanes: dict[str, Playing] = {}
    starts: dict[int, tuple[int, Fraction]] = {}
    generation: int = 0
    zeros: int = 0
    fixed: bool = False
    courses: dict[int, Course] = {}
    by_hand: dict[int, Sounding] = {}
    bar: Fraction = FOUR


def begin(score: Score, moment: int, bpm: float) -> Score:
    """Begins a new transport zero."""
    timeline = Timeline.begin(score.rate, score.zeros + 1, moment, bpm, score.bar)
    return replace(score, timeline=timeline, stopped=False, zeros=score.zeros + 1)


def alive(score: Score, frame: int) -> bool:
    """Whether any lane plays at a frame or later."""
    timeline = score.timeline
    return timeline is not None and any(
        span.lane is not None and (span.stop is None or timeline.frame(span.stop) > frame)
        for playing in score.lanes.values()
        for span in playing.spans
    )


def until(span: Span, position: Fraction) -> Span:
    return span if span.stop is not None and span.stop <= position else replace(span, stop=position)


def rewrite(score: Score, name: str, position: Fraction, change: Callable[[Span, Fraction], Span]) -> Score:
    """Changes every span from a position on, with a new generation; one that lies across the position is cut."""
    playing, generation = score.lanes[name], score.generation
    spans: list[Span] = []
    for span in playing.spans:
        if span.start < position:
            spans.append(until(span, position))
        if span.stop is None or span.stop > position:
            start = max(span.start, position)
            generation += 1
            spans.append(replace(change(span, start), start=start, generation=generation))
    return replace(score, lanes={**score.lanes, name: replace(playing, spans=tuple(spans))}, generation=generation)


def pruned(score: Score, frame: int, rack: Rack) -> Score:
    """Removes the spans that are over, and the lanes that are."""
    if score.timeline is None:
        return score
    timeline, lanes = score.timeline.pruned(frame), {}
    for name, playing in score.lanes.items():
        spans = tuple(s for s in playing.spans if s.stop is None or timeline.frame(s.stop) > frame)
        over = len(spans) == 1 and spans[0].lane is None and timeline.frame(spans[0].start) <= frame
        if name in rack.lanes or not over:
            lanes[name] = playing if len(spans) == len(playing.spans) else replace(playing, spans=spans)
    same = len(lanes) == len(score.lanes) and all(lanes[name] is score.lanes[name] for name in lanes)
    return score if same and timeline is score.timeline else replace(score, lanes=lanes, timeline=timeline)


def same_notes(one: Lane, other: Lane) -> bool:
    return (one.take, one.pattern, one.options) == (other.take, other.pattern, other.options)


# ---------------------------------------------------------------- entries


def events(score: Score, start: int, stop: int, after: int = 0) -> Rows:
    """Returns the notes of all lanes in a stretch of frames, of spans with a generation beyond `after`, in the order of the log."""
    return notes_of(score, score.lanes, start, stop, after, score.generation)


def notes_of(score: Score, names: Iterable[str], start: int, stop: int, after: int, upto: int) -> Rows:
    """Returns the same notes of some lanes, of spans with a generation up to `upto`."""
    timeline = score.timeline
    if timeline is None:
        return NONE
    window = Window.of(timeline, start, stop)
    found = [
        span_entries(span, playing.player, window)
        for playing in (score.lanes[name] for name in names if name in score.lanes)
        for span in playing.spans
        if after < span.generation <= upto
    ]
    return in_order(np.concatenate(found)) if found else NONE


def density(score: Score) -> float:
    """Returns the entries a second that the lanes come to, muted lanes too."""
    if score.timeline is None:
        return 0.0
    each = (entries_a_beat(playing.spans[-1]) for playing in score.lanes.values() if playing.spans)
    return float(sum(each) * score.rate / score.timeline.tempos[-1].beat)


def generations(before: Score, after: Score, moment: int) -> list[Entry]:
    """Returns the entries that cancel older ones: one for each new span at its frame, one for each lane that is gone, for now, and
    one at `moment` for each lane that was to begin and begins later (the music has slowed down).

    Notes are let go unless the span carries them on. The generation of `before` is one that no span has: those other lanes get it.
    """
    found = []
    for name, playing in before.lanes.items():
        if name not in after.lanes:
            found.append(_generation(playing.player, playing.player, NOW, before.generation, True))
    for name, playing in after.lanes.items():
        old = before.lanes.get(name)
        whom = old.player if old and old.player.index == playing.player.index else playing.player
        if old and _begins_later(before, old, after, playing):
            found.append(_generation(playing.player, whom, moment, before.generation, False))
        for k, span in enumerate(playing.spans):
            if span.generation <= before.generation:
                continue
            assert after.timeline is not None
            carried = k > 0 and _carries(playing.spans[k - 1], span)
            found.append(
                _generation(playing.player, whom, after.timeline.frame(span.start), span.generation, not carried)
            )
            whom = playing.player
    return found


def _begins_later(before: Score, old: Playing, after: Score, new: Playing) -> bool:
    """Whether none of the old spans is left, and the new ones begin after the first of those."""
    if new.spans[0].generation <= before.generation or before.timeline is None or after.timeline is None:
        return False
    return before.timeline.frame(old.spans[0].start) < after.timeline.frame(new.spans[0].start)


def _carries(before: Span, span: Span) -> bool:
    """Whether the notes of one span go on in the next: the same ones, at another tempo or swing."""
    if before.lane is None or span.lane is None or not same_notes(before.lane, span.lane):
        return False
    return before.audible == span.audible and before.since == span.since


def _generation(player: Player, whom: Player, frame: int, generation: int, release: bool) -> Entry:
    lets_go = F_UNLOCK if player.moves else F_RELEASE
    return Entry(
        GENERATION,
        frame,
        0,
        player.index,
        0,
        lets_go * release,
        0,
        generation,
        float(whom.handle),
        float(whom.incarnation),
    )
