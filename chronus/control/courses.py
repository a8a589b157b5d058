"""Parameters on their way. What moves is part of the rack (`Moving`), when it does is part of the score (`Course`), by its number.

So the present value is a pure function of a frame, and whatever begins, begins at what sounds: another sweep, `+10%`, `undo`, `show`.
A sweep of so many beats follows the tempo: what is left of it is said again in frames whenever that changes.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from chronus.commands import Length, Quantity
from chronus.control.catalogue import Catalogue
from chronus.control.rack import Module, Moving, Rack, Setting, replace, value
from chronus.control.timeline import BEATS, Timeline, frames_of
from chronus.dsp.spec import Param
from chronus.memory.layout import RAMP
from chronus.units import format_param, format_quantity

REMEMBERED_SECONDS = 1
"""How long a course is kept that is over: what is said for a moment to come is performed somewhat before it."""


class Course(Struct, frozen=True):
    """At frame `begin` a sweep has `share` of its way behind it; the rest takes `frames`. `beats`: of the whole, 0 where it is in time."""

    begin: int
    frames: int
    beats: float = 0.0
    share: float = 0.0

    @property
    def end(self) -> int:
        return self.begin + self.frames

    def at(self, frame: int) -> float:
        """How much of the way lies behind it at a frame."""
        gone = min(max((frame - self.begin) / self.frames, 0.0), 1.0)
        return self.share + (1.0 - self.share) * gone


class Sounding(Struct, frozen=True):
    """A note by hand of so many beats that sounds: in which instance, and until when."""

    handle: int
    incarnation: int
    course: Course


class Present:
    """How far each sweep has got at a frame. Those from number `first` on are being said just now: they are at their beginning.

    What is not known is over long ago.
    """

    def __init__(self, courses: Mapping[int, Course], frame: int, first: int | None = None) -> None:
        self.courses, self.frame, self.first, self._said = courses, frame, first, 0

    def __call__(self, moving: Moving) -> float:
        course = self.courses.get(moving.number)
        if course is None:
            return 0.0 if self.first is not None and moving.number >= self.first else 1.0
        return course.at(self.frame)

    def number(self) -> int:
        """One for a sweep that is said now."""
        self._said += 1
        return (self.first or 0) + self._said - 1

    def left(self, moving: Moving) -> Length:
        """What is still to come of its time."""
        return Length(float(f"{moving.over.number * (1.0 - self(moving)):.6g}"), moving.over.unit)


STILL = Present({}, 0)
"""Nothing moves."""


def begun(moving: Moving, bpm: float, rate: int, timeline: Timeline | None, moment: int) -> Course:
    """A sweep that begins at a moment. It takes as long as a typed jump at least."""
    frames = frames_of(moving.over, bpm, rate, timeline, moment)
    beats = moving.over.number * BEATS.get(moving.over.unit, 0)
    return Course(moment, max(frames, RAMP), beats)


def retuned(
    courses: Mapping[int, Course], bpm: float, rate: int, timeline: Timeline | None, moment: int
) -> dict[int, Course]:
    """What is left of sweeps over so many beats, at another tempo from a moment on."""
    return {number: _retuned(course, bpm, rate, timeline, moment) for number, course in courses.items()}


def _retuned(course: Course, bpm: float, rate: int, timeline: Timeline | None, moment: int) -> Course:
    if not course.beats or course.end <= moment:
        return course
    share = course.at(moment)
    left = Length(course.beats * (1.0 - share), "beats")
    return replace(course, begin=moment, frames=max(frames_of(left, bpm, rate, timeline, moment), 1), share=share)


def held_on(
    notes: Mapping[int, Sounding], bpm: float, rate: int, timeline: Timeline | None, moment: int
) -> dict[int, Sounding]:
    """What is left of notes by hand, at another tempo from a moment on; without those that are over."""
    return {
        number: replace(note, course=_retuned(note.course, bpm, rate, timeline, moment))
        for number, note in notes.items()
        if note.course.end > moment
    }


def remembered(courses: Mapping[int, Course], moment: int, rate: int) -> dict[int, Course]:
    """Without those that are long over."""
    return {n: course for n, course in courses.items() if course.end > moment - REMEMBERED_SECONDS * rate}


def onward(rack: Rack, catalogue: Catalogue, present: Present) -> Rack:
    """The same rack as if all that moves began here and now: what a script can say of it."""

    def from_here(module: Module) -> Module:
        settings = {
            param.name: _onward(rack, module, param, setting, present)
            for param in catalogue[module.kind].params
            if isinstance(setting := module.params.get(param.name), Moving)
        }
        return replace(module, params={**module.params, **settings}) if settings else module

    return replace(rack, modules={name: from_here(module) for name, module in rack.modules.items()})


def gone_back(rack: Rack, then: Rack, catalogue: Catalogue, present: Present) -> str:
    """What an undo says of the sweeps that it ends and of those that it brings back."""
    found = []
    for name, module in then.modules.items():
        was = rack.modules.get(name)
        for param in catalogue[module.kind].params if was is not None and was is not module else ():
            assert was is not None
            before, now = was.params.get(param.name), module.params.get(param.name)
            if before != now and (_moves(before, present) or isinstance(now, Moving)):
                goal = format_param(value(then, module, param), param)
                left = format_length(present.left(now)) if isinstance(now, Moving) and _moves(now, present) else ""
                found.append(
                    f"{name}.{param.name} " + (f"goes on to {goal}, {left} to go" if left else f"back to {goal}")
                )
    more = [f"{len(found) - 3} more"] if len(found) > 3 else []
    return f" ({', '.join(found[:3] + more)})" if found else ""


def _moves(setting: Setting | None, present: Present) -> bool:
    return isinstance(setting, Moving) and present(setting) < 1.0


def format_length(length: Length) -> str:
    """As it may be typed."""
    return format_quantity(Quantity(length.number, length.unit))


def _onward(rack: Rack, module: Module, param: Param, moving: Moving, present: Present) -> Setting:
    left = present.left(moving)
    return replace(moving, start=value(rack, module, param, present), over=left) if left.number else moving.stop
