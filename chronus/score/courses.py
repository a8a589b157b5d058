"""Decides when sweeps begin and end, and moves these times when the tempo changes.

A sweep over beats follows the tempo: what is left of it is given again in frames whenever the tempo changes. While the transport stands
no beat passes, so the sweep waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from msgspec import Struct

from chronus.catalogue.kinds import Catalogue
from chronus.catalogue.spec import Param
from chronus.commands import Length
from chronus.memory.layout import RAMP
from chronus.rack.document import Module, Moving, Rack, Setting, replace, tempo, value
from chronus.rack.sweeps import NEVER, Course, Present, about
from chronus.score.timeline import FOUR, MUSICAL, Timeline, beat_frames, beats_of, frames_of
from chronus.units import exact, format_number, format_param

REMEMBERED_SECONDS = 1
"""How long a course is kept that is over: what is said for a moment to come is performed somewhat before it."""


class Sounding(Struct, frozen=True):
    """A note by hand of so many beats that sounds: in which instance, and until when."""

    handle: int
    incarnation: int
    course: Course


def begun(
    moving: Moving, bpm: float, rate: int, timeline: Timeline | None, moment: int, bar: Fraction = FOUR
) -> Course:
    """Returns the course of a sweep that begins at a moment. It takes at least as long as a typed jump."""
    frames = frames_of(moving.over, bpm, rate, timeline, moment, bar)
    return Course(moment, max(frames, RAMP), float(beats_of(moving.over, timeline, moment, bar)))


def on_the_way(tempo: Moving, rate: int, moment: int, beats: Fraction) -> Course:
    """Returns the course of a sweep of the tempo that begins at a moment, and takes so many beats unless it is in time. It is evenly
    in time.
    """
    assert isinstance(tempo.start, float) and isinstance(tempo.stop, float)
    paces = 1 / beat_frames(tempo.start, rate) + 1 / beat_frames(tempo.stop, rate)
    frames = round(2 * beats / paces) if beats else frames_of(tempo.over, tempo.start, rate, None, moment)
    return Course(moment, max(frames, RAMP))


class Change(NamedTuple):
    """A change of the tempo, at a moment: from one timeline to another, or, without music, to `bpm`."""

    moment: int
    rate: int
    bpm: float
    before: Timeline | None
    after: Timeline | None

    def of(self, course: Course) -> Course:
        """Returns what is left of so many beats."""
        if not course.beats or course.waits or course.end <= self.moment:
            return course
        share, left = course.at(self.moment), exact(course.beats * (1.0 - course.at(self.moment)))
        if self.before is not None:
            left = self.before.position(course.end) - self.before.position(self.moment)
        frames = round(left * beat_frames(self.bpm, self.rate))
        if self.after is not None:
            frames = self.after.frame(self.after.position(self.moment) + left) - self.moment
        return replace(course, begin=self.moment, frames=max(frames, 1), share=share)

    def of_notes(self, notes: Mapping[int, Sounding]) -> dict[int, Sounding]:
        """Returns what is left of notes by hand; without those that are over."""
        sounding = {number: note for number, note in notes.items() if note.course.end > self.moment}
        return {number: replace(note, course=self.of(note.course)) for number, note in sounding.items()}


def standing(courses: Mapping[int, Course], moment: int) -> dict[int, Course]:
    """Stops the sweeps over beats, because the transport stands."""

    def here(course: Course) -> Course:
        if not course.beats or course.waits or course.end <= moment:
            return course
        return replace(course, begin=moment, frames=NEVER, share=course.at(moment))

    return {number: here(course) for number, course in courses.items()}


def going(
    courses: Mapping[int, Course], bpm: float, rate: int, timeline: Timeline | None, moment: int
) -> dict[int, Course]:
    """Lets the sweeps that have waited go on, because the transport goes."""

    def on(course: Course) -> Course:
        if not course.waits:
            return course
        left = Length(course.beats * (1.0 - course.share), "beats")
        return replace(course, begin=moment, frames=max(frames_of(left, bpm, rate, timeline, moment), RAMP))

    return {number: on(course) for number, course in courses.items()}


def remembered(courses: Mapping[int, Course], moment: int, rate: int) -> dict[int, Course]:
    """Returns the courses without those that are long over."""
    return {n: course for n, course in courses.items() if course.end > moment - REMEMBERED_SECONDS * rate}


def onward(rack: Rack, catalogue: Catalogue, present: Present) -> Rack:
    """Returns the rack as if all sweeps began here and now: what a script can say of it."""

    def from_here(module: Module) -> Module:
        settings = {
            param.name: _onward(rack, module, param, setting, present)
            for param in catalogue[module.kind].all_params
            if isinstance(setting := module.params.get(param.name), Moving)
        }
        return replace(module, params={**module.params, **settings}) if settings else module

    bpm, moving = tempo(rack, present), rack.tempo
    if moving is not None:
        left = tempo_left(moving, present)
        rack = replace(rack, tempo=replace(moving, start=round(bpm, 6), over=left) if left.number else None)
    return replace(rack, modules={name: from_here(module) for name, module in rack.modules.items()})


def tempo_left(tempo: Moving, present: Present) -> Length:
    """Returns what is left of the time in which the tempo moves: its beats are not even in time."""
    assert isinstance(tempo.start, float) and isinstance(tempo.stop, float)
    share = present(tempo)
    left = 1.0 - share
    if tempo.over.unit in MUSICAL:
        here = tempo.start + (tempo.stop - tempo.start) * share
        left *= (here + tempo.stop) / (tempo.start + tempo.stop)
    return Length(float(f"{tempo.over.number * left:.6g}"), tempo.over.unit)


def gone_back(rack: Rack, then: Rack, catalogue: Catalogue, present: Present) -> str:
    """Returns what the answer to an undo says of the sweeps that it ends and of those that it brings back."""
    found = []
    for name, module in then.modules.items():
        was = rack.modules.get(name)
        for param in catalogue[module.kind].all_params if was is not None and was is not module else ():
            assert was is not None
            before, now = was.params.get(param.name), module.params.get(param.name)
            if before != now and (_moves(before, present) or isinstance(now, Moving)):
                goal = format_param(value(then, module, param), param)
                left = about(present.left(now)) if isinstance(now, Moving) and _moves(now, present) else ""
                found.append(
                    f"{name}.{param.name} " + (f"goes on to {goal}, {left} to go" if left else f"back to {goal}")
                )
    if rack.tempo != then.tempo:
        moves = then.tempo is not None and present(then.tempo) < 1.0
        left = about(tempo_left(then.tempo, present)) if then.tempo is not None and moves else ""
        goal = format_number(then.bpm)
        found.append(f"bpm goes on to {goal}, {left} to go" if left else f"bpm back to {goal}")
    more = [f"{len(found) - 3} more"] if len(found) > 3 else []
    return f" ({', '.join(found[:3] + more)})" if found else ""


def _moves(setting: Setting | None, present: Present) -> bool:
    return isinstance(setting, Moving) and present(setting) < 1.0


def _onward(rack: Rack, module: Module, param: Param, moving: Moving, present: Present) -> Setting:
    left = present.left(moving)
    return replace(moving, start=value(rack, module, param, present), over=left) if left.number else moving.stop
