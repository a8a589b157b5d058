"""Keeps the commands that were put off: when the time of each comes, and how a change of tempo moves it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fractions import Fraction

from chronus.commands import AnyCommand, Submission
from chronus.conductor.transaction import Due, History, Later
from chronus.rack.document import replace
from chronus.score.score import Score
from chronus.score.timeline import Timeline

ONCE_IT_PLAYS = 1 << 61
"""The frame of what waits for music that has not begun."""
IN_TIME = -1
"""The timeline of what comes at its frame, whatever the tempo does."""


def frame_of(due: Due, timeline: Timeline | None) -> int:
    """Returns the frame of its time; if the bars that it counts on are over, the frame at which they would have been."""
    return timeline.frame(due.position) if timeline and timeline.number == due.timeline else due.frame


def moved_on(waiting: tuple[Due, ...], before: Score, after: Score) -> tuple[Due, ...]:
    """Returns what waits when one score follows another: the bars that it waits for may be over or of another length, and the music may
    begin.
    """
    if before.bar != after.bar:
        waiting = tuple(_at_the_same_bar(due, before, after) for due in waiting)
    if before.timeline is None or after.timeline is None or before.timeline.number != after.timeline.number:
        waiting = tuple(replace(due, frame=frame_of(due, before.timeline)) for due in waiting)
    return for_the_music(waiting, after)


def _at_the_same_bar(due: Due, before: Score, after: Score) -> Due:
    """Returns what waits for a bar when bars have another length."""
    one, other = before.timeline, after.timeline
    if due.frame == ONCE_IT_PLAYS and one is None:
        return replace(due, position=due.position / before.bar * after.bar)
    if one is None or other is None or not one.number == other.number == due.timeline:
        return due
    return replace(due, position=other.place(one.bars(due.position)))


def for_the_music(waiting: tuple[Due, ...], score: Score) -> tuple[Due, ...]:
    """Returns what waits for the music to begin, now meant for the next music that begins."""
    return tuple(_begins_with(due, score) if due.frame == ONCE_IT_PLAYS else due for due in waiting)


def _begins_with(due: Due, score: Score) -> Due:
    timeline = score.timeline
    if timeline is None:
        return replace(due, timeline=score.zeros + 1)
    return replace(due, timeline=timeline.number, frame=timeline.frame(due.position))


def without(history: History, numbers: Collection[int]) -> History:
    """Returns a history without what waited under these numbers."""
    return tuple(step for step in history if not isinstance(step.thing, Later) or step.thing.number not in numbers)


def as_one(commands: Iterable[AnyCommand]) -> Submission:
    """Makes one submission of commands that no client sent."""
    commands = tuple(commands)
    return Submission(tuple(range(len(commands))), ("",) * len(commands), commands)


def together(dues: Iterable[Due]) -> Submission:
    """Makes one submission of what was put off to one moment."""
    dues = tuple(dues)
    return Submission(tuple(range(len(dues))), tuple(due.text for due in dues), tuple(due.command for due in dues))  # type: ignore[misc]


def bar_and_beat(timeline: Timeline, position: Fraction) -> dict[str, float]:
    """Returns bar and beat for JSON: both count from 1."""
    bar, beat = timeline.bar_and_beat(position)
    return {"bar": bar + 1, "beat": float(beat) + 1}


def bar_of(timeline: Timeline, position: Fraction) -> str:
    """Writes `bar 5`, or `bar 5 beat 3` inside one."""
    bar, beat = timeline.bar_and_beat(position)
    return f"bar {bar + 1}" + (f" beat {float(beat) + 1:g}" if beat else "")
