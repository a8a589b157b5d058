"""Records on demand: where the file goes, from when until when; what `record` and `record stop` answer.

The supervisor has a recorder started and knows how it fares, so this process may die and come back: it asks for nothing it does not know.
Until its time has come, a beginning or an end that was said for a bar moves with the tempo.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chronus import commands, places
from chronus.commands import Reply, When
from chronus.conductor.standstill import STANDS
from chronus.conductor.state import State
from chronus.conductor.waiting import bar_and_beat, bar_of
from chronus.control.jobs.publisher import Publisher
from chronus.control.jobs.supervisor_line import SupervisorLine
from chronus.control.serve.saving import FILE_NAME
from chronus.ears.levels import decibels
from chronus.engine_line import Record, Recording
from chronus.errors import ChronusError
from chronus.memory import layout
from chronus.score.timeline import Timeline
from chronus.system import files

ENDINGS = (".wav", ".flac")
NUMBERED = re.compile(r"take-(\d{1,9})\.\w+")
ONCE_IT_PLAYS = 1 << 61
"""The frame of a beginning that waits for the music to begin."""
ANSWER_SECONDS = 3.0
"""So long an answer waits for a file that is being finished."""
ASK_AGAIN_SECONDS = 0.5

Answered = Callable[[Reply | ChronusError], None]


def folder() -> Path:
    return places.home() / "recordings"


def goal(name: str, begun: Collection[Path] = ()) -> Path:
    """Returns the file that a name means, or the next number where there is none. E_EXISTS where a file of that name is there, or is
    `begun`: it will be.
    """
    if not name:
        return folder() / f"take-{_next_number(begun)}.wav"
    if not FILE_NAME.fullmatch(name):
        message = f'"{name}" is no file name: letters, digits, "_", "." and "-", 64 at most'
        raise ChronusError("E_PATH", message, part="name")
    stem, dot, ending = name.rpartition(".")
    if f".{ending.lower()}" not in ENDINGS:
        if f".{ending.lower()}" in (".aiff", ".aif", ".ogg", ".mp3"):
            raise ChronusError(
                "E_VALUE", f"a recording is .wav or .flac, not .{ending}", part="name", suggestions=(f"{stem}.wav",)
            )
        stem, dot, ending = name, ".", "wav"
    if there := _there(stem, begun):
        number = next(k for k in range(2, 10_000) if not _there(f"{stem}-{k}", begun))
        other = f"{stem}-{number}{dot}{ending}"
        raise ChronusError(
            "E_EXISTS", f"{there.name} is there already; no file is written over", part="name", suggestions=(other,)
        )
    return folder() / f"{stem}.{ending.lower()}"


def _there(stem: str, begun: Collection[Path]) -> Path | None:
    """Returns a file that would have the same name."""
    if same := next((path for path in begun if path.stem == stem), None):
        return same
    names = (folder() / f"{stem}{ending}" for ending in (*ENDINGS, ".chronus"))
    return next((path for path in names if path.exists() or path.is_symlink()), None)


def _next_number(begun: Collection[Path]) -> int:
    files = list(begun)
    with suppress(OSError):
        files += folder().iterdir()
    return max((int(match[1]) for path in files if (match := NUMBERED.fullmatch(path.name))), default=0) + 1


def prepared(name: str, begun: Collection[Path]) -> Path:
    """Returns the same, its folder being there; E_FILE where it cannot be."""
    file = goal(name, begun)
    try:
        files.make_folder(file.parent)
    except OSError as problem:
        message = f"{file.name} cannot be written: {places.home_trouble(problem)}"
        raise ChronusError("E_FILE", message, part="name") from None
    return file


class Asked(Struct):
    """A client that waits for an answer: to `record`, or, where it `stops`, to its end."""

    id: int
    text: str
    answered: Answered
    stops: bool
    by: float


class Later(Struct, frozen=True):
    """What was asked for while the last file was being finished."""

    id: int
    text: str
    command: commands.Record
    answered: Answered
    by: float


class Moment(Struct, frozen=True):
    """A frame; and the beats at which that is meant to be, "" where a frame is meant."""

    frame: int
    place: str = ""


class Recordings:
    """`notify` sends a notice to everybody."""

    def __init__(
        self, state: Callable[[], State], publisher: Publisher, supervisor: SupervisorLine, latency: int,
        notify: Callable[[str, str, dict[str, Any]], None], clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.state, self.publisher, self.supervisor, self.latency = state, publisher, supervisor, latency
        self.notify, self.clock = notify, clock
        self.begun_by_others: Callable[[], Collection[Path]] = tuple
        self.add_stems: Callable[[Path, int, int], None] = lambda goal, start, until: None
        """Has stems rendered beside a file, of these frames."""
        self.wanted: Record | None = None
        """What the supervisor was asked for and has not answered."""
        self._asked: list[Asked] = []
        self._next: deque[Later] = deque()
        """What was asked for while the last file was being finished."""
        self._seen: Recording | None = None
        self._again = 0.0

    @property
    def running(self) -> Record | None:
        """What is recorded, or is to be."""
        said = self.supervisor.recording
        if self.wanted is not None:
            return self.wanted
        return None if said is None or said.over else said.record

    def begun(self) -> Collection[Path]:
        """The file that will be there."""
        return [Path(self.running.goal)] if self.running is not None else []

    # ------------------------------------------------------------ what is asked for

    def ask(self, id: int, text: str, command: commands.Record, begun: int, answered: Answered) -> None:
        """Does what a client asks for; `begun` is the frame of its moment."""
        if self._ends:
            self._next.append(Later(id, text, command, answered, self.clock() + ANSWER_SECONDS))
            return
        moment = self._moment(command.when, begun)
        if command.stop:
            self._stop(id, text, moment, answered)
            return
        running = self.running
        if running is not None:
            message = f"{_name(running)} is being recorded; `record stop` ends it"
            raise ChronusError("E_EXISTS", message, suggestions=("record stop",))
        file = prepared(command.name, self.begun_by_others())
        timeline, bar = self.state().score.timeline, -1.0
        if timeline is not None:
            bar = float(timeline.bars(Fraction(moment.place) if moment.place else timeline.position(moment.frame)))
        self._ask(
            Record(
                str(file.with_suffix(".wav")), moment.frame, latency=self.latency, start_place=moment.place,
                goal=str(file), stems=command.stems, bar=bar,
            )
        )  # fmt: skip
        self._asked.append(Asked(id, text, answered, stops=False, by=self.clock() + ANSWER_SECONDS))

    @property
    def _ends(self) -> bool:
        """Whether the end of what is recorded was said and has come: only the file is not finished."""
        running = self.running
        return running is not None and 0 < running.until <= self.publisher.front()

    def _go_on(self) -> None:
        """Does what was asked for while the last file was being finished."""
        while self._next and (not self._ends or self.clock() >= self._next[0].by):
            later = self._next.popleft()
            running = self.running
            if self._ends and running is not None:
                later.answered(ChronusError("E_EXISTS", f"{_name(running)} is still being finished; say it once more"))
                continue
            try:
                self.ask(later.id, later.text, later.command, self.publisher.front(), later.answered)
            except ChronusError as error:
                later.answered(error)

    def _stop(self, id: int, text: str, moment: Moment, answered: Answered) -> None:
        running, said = self.running, self.supervisor.recording
        if running is None:
            last = f"; {_name(said.record)} has ended: {self._told(said)}" if said is not None else ""
            raise ChronusError("E_VALUE", f"nothing is being recorded{last}", suggestions=("record",))
        self._ask(replace(running, until=max(moment.frame, 1), until_place=moment.place))
        if moment.frame > self.publisher.front() + self.publisher.rate // 4:
            where = self._where(moment)
            answered(self._reply(id, f"{text}: {_name(running)} ends at {where[0]}", moment.frame, where[1], running))
        else:
            self._asked.append(Asked(id, text, answered, stops=True, by=self.clock() + ANSWER_SECONDS))

    def _moment(self, when: When | None, begun: int) -> Moment:
        """Returns when a typed time is. Where nothing plays, bars count from where the music will begin."""
        if when is None or when.kind == "now":
            return Moment(begun)
        state = self.state()
        timeline = state.score.timeline
        if timeline is None:
            place = _to_come(state).at(when, 0)
            return Moment(ONCE_IT_PLAYS, str(place))
        if when.kind == "bar" and timeline.frame(timeline.place(when.count - 1)) < begun:
            bar = timeline.bar_and_beat(timeline.position(begun))[0] + 1
            message = f"bar {when.count} has gone by; it is bar {bar} now"
            raise ChronusError("E_VALUE", message, suggestions=(str(bar + 1),), part="when.count")
        place = timeline.at(when, begun)
        return Moment(timeline.frame(place), str(place))

    def _ask(self, record: Record) -> None:
        self.wanted = record
        self._again = self.clock() + ASK_AGAIN_SECONDS
        self.supervisor.record(record)

    # ------------------------------------------------------------ what comes of it

    def tick(self) -> None:
        """Follows the tempo, and asks again for what nobody has answered."""
        running, now = self.running, self.clock()
        if running is not None:
            moved = replace(
                running,
                start=self._follow(running.start, running.start_place),
                until=self._follow(running.until, running.until_place),
            )
            if moved != running or (self.wanted is not None and now >= self._again):
                self._ask(moved)
        for asked in [asked for asked in self._asked if now >= asked.by]:
            self._asked.remove(asked)
            self._give_up(asked)
        self._go_on()

    def _follow(self, frame: int, place: str) -> int:
        """Returns where a beginning or an end is now that was said for a place in the music, and has not come."""
        timeline = self.state().score.timeline
        if not place or timeline is None or frame <= self.publisher.heard():
            return frame
        return timeline.frame(Fraction(place))

    def turn(self) -> None:
        """Takes in what the supervisor said, and answers."""
        said = self.supervisor.recording
        if said is None or said is self._seen:
            return
        before, self._seen = self._seen, said
        if self.wanted is not None and said.record.file == self.wanted.file:
            if said.record == self.wanted or said.over:
                self.wanted = None
        told = False
        for asked in [asked for asked in self._asked if self._is_answer(asked, said)]:
            self._asked.remove(asked)
            asked.answered(self._answer(asked, said))
            told = True
        was_over = before is not None and before.over and before.record.file == said.record.file
        record = said.record
        if said.state == "written" and record.stems and said.frames and not was_over:
            self.add_stems(Path(record.goal), record.start, record.start + said.frames)
        if said.over and not told and not was_over:
            self.notify("record", f"{_name(said.record)}: {self._told(said)}", self._facts(said))

    def _is_answer(self, asked: Asked, said: Recording) -> bool:
        return said.over or (not asked.stops and self.wanted is None and said.state in ("waits", "records"))

    def _answer(self, asked: Asked, said: Recording) -> Reply:
        if said.state == "failed" and ((said.problem and not said.frames) or not asked.stops):
            return Reply(asked.id, ok=False, text=said.problem, code="E_FILE", part="name")
        if asked.stops:
            stems = "; its stems are being rendered" if said.record.stems and said.frames else ""
            text = f"{asked.text}: {_name(said.record)}, {self._told(said)}{stems}"
            return Reply(asked.id, ok=True, text=text, frame=said.record.until or None, result=self._facts(said))
        record = said.record
        where, result = self._where(Moment(record.start, record.start_place))
        text = f"{asked.text}: {_name(record)}{f', from {where}' if where else ''}"
        return self._reply(asked.id, text, record.start, result, record)

    def _reply(self, id: int, text: str, frame: int, result: dict[str, Any], record: Record) -> Reply:
        stands = self.state().score.stopped
        text += f" ({STANDS})" if stands else " (once a lane plays)" if frame == ONCE_IT_PLAYS else ""
        result = {**({"transport": "stopped"} if stands else {}), **result, "file": record.goal}
        return Reply(id, ok=True, text=text, frame=None if frame == ONCE_IT_PLAYS else frame, result=result)

    def _give_up(self, asked: Asked) -> None:
        running = self.running
        if asked.stops and running is not None:
            text = f"{asked.text}: {_name(running)} is being finished; a notice tells when it is there"
            asked.answered(Reply(asked.id, ok=True, text=text, frame=running.until, result={"file": running.goal}))
            return
        self.wanted = None
        why = f"no recorder began within {ANSWER_SECONDS:g} s; say it once more"
        asked.answered(Reply(asked.id, ok=False, text=why, code="E_ENGINE"))

    # ------------------------------------------------------------ in words

    def _where(self, moment: Moment) -> tuple[str, dict[str, Any]]:
        """(in words, for JSON): where in the music a moment is; nothing where none plays."""
        state = self.state()
        timeline = state.score.timeline or (_to_come(state) if moment.place else None)
        if timeline is None or not (moment.place or moment.frame >= timeline.tempos[0].frame):
            return "", {}
        position = Fraction(moment.place) if moment.place else timeline.position(moment.frame)
        if moment.place:
            return bar_of(timeline, position), bar_and_beat(timeline, position)
        bar, behind = timeline.bar_and_beat(position)
        beat = round(float(behind) + 1, 3)
        return f"bar {bar + 1}" + (f" beat {beat:g}" if beat != 1 else ""), {"bar": bar + 1, "beat": beat}

    def _facts(self, said: Recording) -> dict[str, Any]:
        record, rate = said.record, self.publisher.rate
        facts: dict[str, Any] = {
            "file": record.goal,
            "state": said.state,
            "start": record.start,
            "frames": said.frames,
            "seconds": round(said.frames / rate, 3),
            "bars": self._bars(said),
            "peak_dbfs": round(decibels(said.peak), 2),
            "missing": said.missing,
        }
        if said.over and said.frames:
            facts["script"] = str(Path(record.goal).with_suffix(".chronus"))
        if said.problem or said.remark:
            facts["problem"] = "; ".join(filter(None, (said.problem, said.remark)))
        return facts

    def _bars(self, said: Recording) -> float | None:
        timeline = self.state().score.timeline
        if timeline is None or said.record.bar < 0 or not said.frames:
            return None
        end = said.record.start + said.frames
        return round(max(float(timeline.bars(timeline.position(end))) - said.record.bar, 0.0), 3)

    def _told(self, said: Recording) -> str:
        facts = self._facts(said)
        parts = [f"{facts['seconds']:.2f} s"]
        if facts["bars"] is not None:
            parts.append(f"{facts['bars']:g} bar{'s' * (facts['bars'] != 1)}")
        parts += [f"peak {facts['peak_dbfs']:g} dBFS"] * (said.frames > 0)
        parts += [f"{said.missing:,} frames missing"] * (said.missing > 0)
        text = ", ".join(parts)
        if said.state == "failed":
            text = f"{said.problem}; the music goes on" + (f", and {text} are written and valid" if said.frames else "")
        return f"{text}; {said.remark}" if said.remark else text

    def now(self) -> tuple[str, dict[str, Any] | None]:
        """(in words, for `status`): what is recorded at this moment; ("", None) where nothing is."""
        running, said = self.running, self.supervisor.recording
        if running is None:
            return "", None
        if said is None or said.record.file != running.file:
            said = Recording(running, "waits")
        heard = self.publisher.memory.word(layout.HEARD) - running.start
        where, _ = self._where(Moment(running.start, running.start_place))
        since = f"{'from' if heard < 0 else 'since'} {where}" if where else ""
        took = f"{max(heard, 0) / self.publisher.rate:.1f} s"
        lost = f"{said.missing:,} frames missing" if said.missing else ""
        return ", ".join(filter(None, (_name(running), since, took, lost))), self._facts(said)


def _name(record: Record) -> str:
    return Path(record.goal or record.file).name


def _to_come(state: State) -> Timeline:
    """Returns the timeline of the next music that begins, as far as it is known."""
    return Timeline.begin(state.score.rate, state.score.zeros + 1, 0, state.rack.bpm, state.score.bar)
