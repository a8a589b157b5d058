"""Keeps what was just heard: has stretches of the journal rendered again, each by a process of its own (takes/bounce.py).

Rule 1: nothing here waits. Whoever asked is answered when the file is there, or after ANSWER_SECONDS that it is being rendered; then a
        notice tells of its end. What else the same client says is performed meanwhile.
Rule 2: a bounce begins once the journal has all that took effect before its end.
Rule 3: it outlives control and the engine: a file that was asked for comes, though after a death of control nobody is told.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from math import floor
from pathlib import Path
from typing import Any

from msgspec import Struct

from chronus import commands, engine_line, places
from chronus.commands import Reply
from chronus.conductor.state import State
from chronus.control.jobs.publisher import Publisher
from chronus.control.serve import recordings
from chronus.control.serve.recordings import Answered
from chronus.ears.levels import decibels
from chronus.engine_line import Bounce, Bounced, FromBounce, Lines, Progress, Unbounced
from chronus.errors import ChronusError

ANSWER_SECONDS = 5.0
MOST = 16
"""Files that are to be rendered at a time."""
SEALED_SECONDS = 0.3
"""So long after its end the journal has all that took effect before."""
TELL_SECONDS = 20.0
"""Between two notices of how far a long one is."""


class Process:
    """A bounce that runs."""

    def __init__(self, asked: Bounce) -> None:
        words = [sys.executable, "-P", "-m", "chronus.takes.bounce"]
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        self.child = subprocess.Popen(
            words, stdin=pipe, stdout=pipe, stderr=nothing, env=places.environment(), start_new_session=True
        )
        assert self.child.stdin and self.child.stdout
        os.set_blocking(self.child.stdout.fileno(), False)
        self._said: Lines[FromBounce] = engine_line.from_bounce()
        with suppress(OSError), self.child.stdin:  # it is dead: `hear` tells of that
            self.child.stdin.write(engine_line.encode(asked))

    def hear(self) -> list[FromBounce]:
        """Returns what it has said since; that it died, where it did without a word about the file."""
        ended = self.child.poll()
        assert self.child.stdout
        said: list[FromBounce] = []
        with suppress(BlockingIOError):
            while more := os.read(self.child.stdout.fileno(), 1 << 16):
                said += self._said.feed(more)
        if ended is not None and not any(isinstance(one, Bounced | Unbounced) for one in said):
            how = f"signal {-ended}" if ended < 0 else f"exit {ended}"
            said.append(Unbounced("E_ENGINE", f"the process that rendered it ended ({how}); say it once more"))
        return said

    def close(self) -> None:
        assert self.child.stdout
        self.child.stdout.close()


class Wish(Struct, eq=False):
    """What a client wants. `bars`: the first and the last, counted from 1; () where it is about seconds."""

    id: int
    text: str
    answered: Answered | None
    goal: Path
    until: int
    start: int | None
    bars: tuple[int, ...]
    timeline: int
    by: float
    stems: bool = False
    whole: bool = True
    process: Process | None = None
    share: float = 0.0
    told: float = 0.0


class Bounces:
    """`journal` gives the file that is written now; `begin` starts a bounce."""

    def __init__(
        self, state: Callable[[], State], publisher: Publisher, journal: Callable[[], Path],
        notify: Callable[[str, str, dict[str, Any]], None], clock: Callable[[], float] = time.monotonic,
        begin: Callable[[Bounce], Process] = Process,
    ) -> None:  # fmt: skip
        self.state, self.publisher, self.journal = state, publisher, journal
        self.notify, self.clock, self._begin = notify, clock, begin
        self.begun_by_others: Callable[[], Collection[Path]] = tuple
        self.wishes: list[Wish] = []

    def begun(self) -> Collection[Path]:
        """The files that will be there."""
        return [wish.goal for wish in self.wishes]

    # ------------------------------------------------------------ what is asked for

    def ask(self, id: int, text: str, command: commands.Keep, begun: int, answered: Answered) -> None:
        """Does what a client asks for; `begun` is the frame of its moment."""
        if command.when is not None and command.when.kind != "now":
            message = "keep is about what was just heard, so it takes no time; say it then"
            raise ChronusError("E_VALUE", message, part="when")
        if len(self.wishes) >= MOST:
            raise ChronusError("E_LIMIT", f"{MOST} files are being rendered; wait for the first of them")
        start, until, bars, timeline = self._stretch(command, begun)
        goal = recordings.prepared(command.name, [*self.begun(), *self.begun_by_others()])
        by = self.clock() + ANSWER_SECONDS
        self.wishes.append(Wish(id, text, answered, goal, until, start, bars, timeline, by, command.stems))

    def add_stems(self, goal: Path, start: int, until: int) -> None:
        """Has stems rendered beside what was recorded; a notice tells when they are there."""
        self.wishes.append(Wish(0, "", None, goal, until, start, (), 0, 0.0, True, False, told=self.clock()))

    def _stretch(self, command: commands.Keep, begun: int) -> tuple[int | None, int, tuple[int, ...], int]:
        """Returns (the first frame, if it is known; the frame behind the last; the first and the last bar; the number of the timeline)."""
        length, rate = command.length, self.publisher.rate
        if length.unit != "bars":
            seconds = length.number / 1000 if length.unit == "ms" else length.number
            start = begun - round(seconds * rate)
            if start < 0:
                most = begun // rate
                message = f"the engine has played for {begun / rate:.1f} s only"
                raise ChronusError("E_VALUE", message, part="length", suggestions=(f"{most} s",) if most else ())
            return start, begun, (), 0
        timeline, wanted = self.state().score.timeline, int(length.number)
        if timeline is None:
            message = "nothing plays, so no bars were just heard; seconds can be kept"
            raise ChronusError("E_VALUE", message, part="length", suggestions=("16 s",))
        there = max(floor(timeline.bars(timeline.position(begun))), 0)
        if wanted > there:
            whole = f"{there} whole bar{'s' * (there != 1)}" if there else "no whole bar"
            message = f"{whole} {'have' if there > 1 else 'has'} been heard since the music began"
            raise ChronusError("E_VALUE", message, part="length", suggestions=(f"{there} bars",) if there else ())
        until = timeline.frame(timeline.place(there))
        return None, until, (there - wanted + 1, there), timeline.number

    # ------------------------------------------------------------ what comes of it

    def tick(self) -> None:
        for wish in list(self.wishes):
            if wish.process is None:
                if self.publisher.heard() >= wish.until + round(SEALED_SECONDS * self.publisher.rate):
                    self._start(wish)
                continue
            for said in wish.process.hear():
                if isinstance(said, Progress):
                    wish.share = said.share
                else:
                    self._over(wish, said)
                    break
        self._answer_those_who_wait()

    def close(self) -> None:
        """Starts what was asked for and has not begun: control ends."""
        for wish in [wish for wish in self.wishes if wish.process is None]:
            self._start(wish)

    def _start(self, wish: Wish) -> None:
        first = wish.bars[0] - 1 if wish.bars else 0
        asked = Bounce(
            str(self.journal()), str(wish.goal), wish.until, wish.start, first, wish.timeline, wish.stems, wish.whole
        )
        try:
            wish.process = self._begin(asked)
        except OSError as problem:
            self._over(wish, Unbounced("E_ENGINE", f"no process could be started: {problem.strerror}"))

    def _over(self, wish: Wish, said: Bounced | Unbounced) -> None:
        if wish.process is not None:
            wish.process.close()
        self.wishes.remove(wish)
        if isinstance(said, Unbounced):
            if wish.answered is not None:
                wish.answered(ChronusError(said.code, said.why))
            else:
                self.notify("keep", f"{wish.goal.name}: {said.why}", {"file": str(wish.goal), "problem": said.why})
            return
        facts = self._facts(wish, said)
        told = [self._told(wish, facts)] if wish.whole else []
        told += [f"stems {' '.join(said.stems) or 'of nothing'}"] if wish.stems else []
        text = f"{wish.goal.name}, {'; '.join([*told, *said.lost])}"
        if wish.answered is not None:
            wish.answered(Reply(wish.id, True, f"{wish.text}: {text}", result=facts))
        else:
            self.notify("keep", text, facts)

    def _answer_those_who_wait(self) -> None:
        now = self.clock()
        for wish in self.wishes:
            if wish.answered is not None and now >= wish.by:
                text = f"{wish.text}: {wish.goal.name} is being rendered{self._bars(wish)}; a notice tells when it is there"
                wish.answered(Reply(wish.id, True, text, result={"file": str(wish.goal), "state": "renders"}))
                wish.answered, wish.told = None, now
            elif wish.answered is None and now >= wish.told + TELL_SECONDS:
                wish.told = now
                self.notify("keep", f"{wish.goal.name}: {wish.share:.0%} is rendered", {"file": str(wish.goal)})

    # ------------------------------------------------------------ in words

    def _bars(self, wish: Wish) -> str:
        if not wish.bars:
            return ""
        first, last = wish.bars
        return f", bar {first}" if first == last else f", bars {first} to {last}"

    def _told(self, wish: Wish, facts: dict[str, Any]) -> str:
        bars = self._bars(wish).removeprefix(", ")
        figures = (
            f"{facts['seconds']:.2f} s", f"peak {facts['peak_dbfs']:g} dBFS", f"{facts['lufs']:g} LUFS",
        )  # fmt: skip
        return ", ".join(filter(None, (bars, *figures)))

    def _facts(self, wish: Wish, said: Bounced) -> dict[str, Any]:
        bars = {"bars": wish.bars[1] - wish.bars[0] + 1, "first_bar": wish.bars[0]} if wish.bars else {"bars": None}
        facts = {"stems": [str(stem_of(wish.goal, name)) for name in said.stems]} if wish.stems else {}
        if not wish.whole:
            return {"file": str(wish.goal), "state": "written", **facts}
        return {
            **facts,
            "file": str(wish.goal),
            "script": str(wish.goal.with_suffix(".chronus")),
            "state": "written",
            "start": said.start,
            "frames": said.frames,
            "seconds": round(said.frames / self.publisher.rate, 3),
            **bars,
            "peak_dbfs": round(decibels(said.peak), 2),
            "lufs": round(said.lufs, 2),
        }

    def now(self) -> str:
        """Says what is being rendered, for `status` and `list`; "" where nothing is."""
        return ", ".join(f"{wish.goal.name}{self._bars(wish)}, {wish.share:.0%}" for wish in self.wishes)


def stem_of(goal: Path, name: str) -> Path:
    return goal.with_name(f"{goal.stem}-{name}{goal.suffix}")
