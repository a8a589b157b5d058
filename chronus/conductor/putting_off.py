"""Gives each command that a transaction puts off the time at which it is to be performed, once the moment is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from chronus.commands import Length, Open, Scene
from chronus.conductor.standstill import STANDS
from chronus.conductor.state import State
from chronus.conductor.transaction import Back, Due, Later, Outcome, Section, Transaction
from chronus.conductor.waiting import IN_TIME, ONCE_IT_PLAYS, bar_and_beat, bar_of, frame_of
from chronus.rack.document import replace
from chronus.score.score import Score
from chronus.score.timeline import Timeline, beats_of, frames_of, near


def put_off(
    state: State, t: Transaction, score: Score, moment: int, places: Mapping[int, Fraction]
) -> tuple[tuple[Due, ...], tuple[int, ...]]:
    """Returns (what the transaction puts off, the numbers of commands that should wait again but whose time has passed).

    `score` is what the transaction leaves; `places`: where its commands themselves take hold.
    """
    found: list[Due] = []
    kept = [due for due in state.kept if due.number not in t.withdrawn]
    opening = max((due.position for due in kept if isinstance(due.command, Open)), default=Fraction(0))
    again: list[Later] = []
    gone_by: list[Later] = []
    for later in t.later:
        outcome = t.outcomes[later.outcome]
        if later.again is not None:
            waiting = _again(later.again, score, moment)
            found += [waiting] if waiting else []
            (again if waiting else gone_by).append(later)
        elif later.after is not None:
            due = _end(later, later.after, score, t.after.bpm, moment, places.get(later.outcome))
            found.append(due)
            if due.timeline != IN_TIME:
                bars = score.timeline or _still_to_begin(score, t.after.bpm)
                outcome.note(f"until {bar_of(bars, due.position)}", until=bar_and_beat(bars, due.position))
        elif isinstance(later.command, Section):
            found.append(_later(state, later, score, t.after.bpm, moment, opening)[0])
        else:
            due, bars = _later(state, later, score, t.after.bpm, moment, opening)
            opening = due.position if isinstance(later.command, Open) else opening
            outcome.place = f"at {bar_of(bars, due.position)}"
            outcome.result = {**outcome.result, **bar_and_beat(bars, due.position)}
            outcome.frame = None if due.frame == ONCE_IT_PLAYS else due.frame
            _tell_what_it_replaces(outcome, due, (*kept, *found))
            if due.frame == ONCE_IT_PLAYS:
                words = (STANDS, {"transport": "stopped"}) if score.stopped else ("once a lane plays", {})
                outcome.note(words[0], **words[1])
            found.append(due)
    for outcome in {id(one): one for later in (*again, *gone_by) if (one := t.outcomes[later.outcome])}.values():
        _tell_what_waits(outcome, t, again, gone_by)
    return tuple(found), tuple(later.number for later in gone_by)


def _still_to_begin(score: Score, bpm: float) -> Timeline:
    """The timeline of the next music that begins, as far as it is known."""
    return Timeline.begin(score.rate, score.zeros + 1, 0, bpm, score.bar)


def _later(
    state: State, later: Later, score: Score, bpm: float, moment: int, opening: Fraction
) -> tuple[Due, Timeline]:
    """Returns the Due of a command, and what its bars are those of. One that was said while nothing played counts from where the music
    begins.
    """
    timeline, frame = score.timeline, None
    if later.begins and timeline is None:
        timeline, frame = _still_to_begin(score, bpm), ONCE_IT_PLAYS
    timeline = timeline or state.timeline
    position = max(timeline.at(later.when, moment if frame is None else 0), opening)
    frame = timeline.frame(position) if frame is None else frame
    due = Due(position, frame, later.command, later.text, later.author, later.number, timeline.number)
    return due, timeline


def _end(later: Later, length: Length, score: Score, bpm: float, moment: int, place: Fraction | None) -> Due:
    """Returns the way back of a command that lasts: so long after it takes hold. What only the music shows lasts bars of the music."""
    timeline, beats = score.timeline, near(beats_of(length, None, moment, score.bar))
    assert isinstance(later.command, Back)
    if timeline is None and beats and any(not name or what[0] == ":" for name, what in later.command.items):
        return Due(beats, ONCE_IT_PLAYS, later.command, later.text, later.author, later.number, score.zeros + 1)
    if timeline is not None and place is None:
        place = timeline.position(moment)
    if timeline is None or place is None or not beats:
        begin = timeline.frame(place) if timeline is not None and place is not None else moment
        frame = begin + frames_of(length, bpm, score.rate, None, begin, score.bar)
        return Due(Fraction(0), frame, later.command, later.text, later.author, later.number, IN_TIME)
    position = near(timeline.later(place, length))
    frame = timeline.frame(position)
    return Due(position, frame, later.command, later.text, later.author, later.number, timeline.number)


def _again(waited: Due, score: Score, moment: int) -> Due | None:
    """Returns what waits again, or None if its time has passed. A way back then happens at once."""
    if waited.frame == ONCE_IT_PLAYS:
        return waited
    frame = frame_of(waited, score.timeline)
    if frame > moment:
        return replace(waited, frame=frame)
    return replace(waited, frame=moment, timeline=IN_TIME) if isinstance(waited.command, Back) else None


def _tell_what_it_replaces(outcome: Outcome, due: Due, kept: Iterable[Due]) -> None:
    """Of the scenes that are said for the same moment only the last one is heard."""
    if not _is_scene(due):
        return
    others = [one for one in kept if _is_scene(one) and (one.position, one.timeline) == (due.position, due.timeline)]
    if others:
        name = others[-1].command.name  # type: ignore[union-attr]
        outcome.note(f"in place of scene {name}" if name != due.command.name else "it was said for then already")  # type: ignore[union-attr]


def _is_scene(due: Due) -> bool:
    return isinstance(due.command, Scene) and not due.command.defines


def _tell_what_waits(outcome: Outcome, t: Transaction, again: Iterable[Later], gone_by: Iterable[Later]) -> None:
    for laters, words in ((again, "wait again"), (gone_by, "no more, their time has passed")):
        own = [one for one in laters if t.outcomes[one.outcome] is outcome and not isinstance(one.command, Back)]
        if own:
            outcome.note(f"{len(own)} {words}")
