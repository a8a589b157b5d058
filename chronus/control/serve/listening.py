"""Measures what was just heard: asks a process beside the music for its figures (takes/listening.py), and tells them when they come.

Rule 1: nothing here waits. Whoever asked is answered when the figures are there, or after ANSWER_SECONDS that they are on their way; then
        a notice has them. What else the same client says is performed meanwhile.
Rule 2: the process begins with the first question and stays for the next one. If it dies, those who wait are told, and the next
        question begins another.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

from msgspec import Struct

from chronus import commands, engine_line, places
from chronus.catalogue.kinds import Catalogue
from chronus.catalogue.spec import LEVEL
from chronus.commands import Length, Reply
from chronus.conductor import history, looking
from chronus.conductor.state import State
from chronus.control.jobs.publisher import Publisher
from chronus.control.serve.recordings import Answered
from chronus.ears import references
from chronus.engine_line import FromListener, Lines, Listen, Stretch, Unheard
from chronus.errors import ChronusError, nearest
from chronus.rack.document import find, named, value
from chronus.rack.wiring import played_by
from chronus.score.timeline import MUSICAL
from chronus.units import exact

BARS, SECONDS = Length(2, "bars"), Length(4, "s")
"""What is measured where nobody says how much, while there is music and while there is none."""
LONGEST_SECONDS = 600
ANSWER_SECONDS = 10.0
MOST = 16
"""Questions at a time."""
SEALED_SECONDS = 0.3
"""So long after its end the journal has all that took effect before."""


class Process:
    """The listener. `memory` is the shared memory as a descriptor that it can only be read with."""

    def __init__(self, memory: int) -> None:
        words = [sys.executable, "-P", "-m", "chronus.takes.listening", str(memory)]
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        self.child = subprocess.Popen(
            words, stdin=pipe, stdout=pipe, stderr=nothing, env=places.environment(), pass_fds=(memory,) * (memory >= 0)
        )
        assert self.child.stdin and self.child.stdout
        self.answers = self.child.stdout.fileno()
        os.set_blocking(self.answers, False)
        self._said: Lines[FromListener] = engine_line.from_listener()

    def ask(self, asked: Listen) -> None:
        assert self.child.stdin
        with suppress(OSError):  # it is dead: `lives` tells of that
            self.child.stdin.write(engine_line.encode(asked))
            self.child.stdin.flush()

    def hear(self) -> list[FromListener]:
        said: list[FromListener] = []
        with suppress(BlockingIOError):
            while more := os.read(self.answers, 1 << 16):
                said += self._said.feed(more)
        return said

    def lives(self) -> bool:
        return self.child.poll() is None

    def close(self) -> None:
        assert self.child.stdin and self.child.stdout
        with suppress(OSError):
            self.child.stdin.close()
        self.child.stdout.close()


class Wish(Struct, eq=False):
    """What a client wants to know. `facts` stand in the answer besides the figures. It is asked for at frame `at`."""

    id: int
    text: str
    answered: Answered | None
    asked: Listen
    facts: dict[str, Any]
    at: int
    by: float
    begun: bool = False


class Listening:
    """`journal` gives the file that is written now; `begin` starts the process; `watch` has a function called when there is something to
    read.
    """

    def __init__(
        self, state: Callable[[], State], catalogue: Catalogue, publisher: Publisher, journal: Callable[[], Path],
        notify: Callable[[str, str, dict[str, Any]], None], watch: Callable[[Any, Callable[[int], None]], None],
        unwatch: Callable[[Any], None], clock: Callable[[], float] = time.monotonic,
        begin: Callable[[int], Process] = Process,
    ) -> None:  # fmt: skip
        self.state, self.catalogue, self.publisher, self.journal = state, catalogue, publisher, journal
        self.notify, self.clock, self._begin = notify, clock, begin
        self.watch, self.unwatch = watch, unwatch
        self.lent = -1
        """The shared memory as a descriptor that it can only be read with; -1: there is none."""
        self.wishes: list[Wish] = []
        self._process: Process | None = None
        self._number = 0

    # ------------------------------------------------------------ what is asked for

    def ask(self, id: int, text: str, command: commands.Hear, begun: int, folder: str, answered: Answered) -> None:
        """Does what a client asks for; `begun` is the frame of its moment, and `folder` the one in which it types."""
        if command.when is not None and command.when.kind != "now":
            message = "hear is about what was just heard, so it takes no time; say it then"
            raise ChronusError("E_VALUE", message, part="when")
        if len(self.wishes) >= MOST:
            raise ChronusError("E_LIMIT", f"{MOST} answers are on their way; wait for the first of them")
        start, facts = (begun - 1, {}) if command.file else self._span(command, begun)
        what = self._stretch(command.name, start, begun, "name")
        versus, reference = self._versus(command, start, begun)
        self._number += 1
        timeline, latency = self.state().score.timeline, self.catalogue["out"].latency
        beat = timeline.frame(Fraction(-(-timeline.position(start) // 1))) - start if timeline is not None else 0
        asked = Listen(
            self._number, str(self.journal()), latency, self._out(), what, versus,
            round(timeline.bpm(start), 6) if timeline else 0.0, beat, reference, command.keep,
            str(Path(folder, Path(command.file).expanduser())) if command.file else "", _source(what, facts),
            self._tones(what.name), _called(command.versus),
        )  # fmt: skip
        at = 0 if command.file else begun + latency
        self.wishes.append(Wish(id, text, answered, asked, facts, at, self.clock() + ANSWER_SECONDS))

    def _versus(self, command: commands.Hear, start: int, begun: int) -> tuple[Stretch | None, str]:
        """Returns the stretch that it is held against, of a module or of an earlier step of the history; or the name of a reference."""
        word = command.versus
        if not word:
            return None, ""
        if word.isdecimal():
            first, last = history.last_heard(int(word), self.state().trail, begun)
            earlier = self._stretch(command.name, max(first, last - (begun - start)), last, "name")
            return earlier, ""
        rack, known = self.state().rack, references.names()
        if find(rack, word, self.catalogue) is None and word in known:
            return None, word
        try:
            return self._stretch(word, start, begun, "versus"), ""
        except ChronusError as error:
            if error.code != "E_NAME":
                raise
            near = (*error.suggestions, *nearest(word, known))
            message = f"{error.message}, and there is no reference of that name"
            raise ChronusError("E_NAME", message, part="versus", suggestions=near) from None

    def awaits(self) -> list[int]:
        """Returns the frames that are to be heard before what is asked for is."""
        return [wish.at for wish in self.wishes if not wish.begun]

    def _tones(self, name: str) -> tuple[float, ...]:
        rack = self.state().rack
        return looking.tones(rack, rack.lanes if name == "out" else (played_by(name, rack, self.catalogue),))

    def _out(self) -> int:
        seat = self.state().places.plan.seats.get("out")
        return seat.handle if seat is not None else 0

    def _stretch(self, word: str, start: int, until: int, part: str) -> Stretch:
        state = self.state()
        name = named(state.rack, word, self.catalogue, part)
        module = state.rack.modules[name]
        spec = self.catalogue[module.kind]
        if not spec.outs:
            raise ChronusError("E_VALUE", f"{name} puts nothing out", part=part)
        level = next((one for one in spec.mix if one == LEVEL), None)
        present = state.present(until)
        return Stretch(
            name, start, until, value(state.rack, module, level, present) if level and spec.kind != "out" else 0.0
        )

    def _span(self, command: commands.Hear, until: int) -> tuple[int, dict[str, Any]]:
        """Returns the first frame, and what the answer says of the stretch. Raises E_VALUE where it was not played."""
        timeline, rate, length = self.state().score.timeline, self.publisher.rate, command.length
        if timeline is None and length is not None and length.unit in MUSICAL:
            message = f"nothing plays, so no {length.unit} were just heard; seconds can be measured"
            raise ChronusError("E_VALUE", message, part="length", suggestions=("4 s",))
        asked = length or (SECONDS if timeline is None else BARS)
        if timeline is not None and asked.unit in MUSICAL:
            here = timeline.position(until)
            number = exact(asked.number)
            if asked.unit == "bars":
                there, wanted = timeline.bars(here), timeline.bars(here) - number
                place = timeline.place(max(wanted, Fraction(0)))
            else:
                there, wanted = here, here - number
                place = max(wanted, Fraction(0))
            if (wanted < 0 and length is not None) or there <= 0:
                raise self._too_long(f"{_whole(there)} {asked.unit}", asked.unit, int(there))
            start = timeline.frame(place)
        else:
            seconds = asked.number / 1000 if asked.unit == "ms" else asked.number
            if length is None:
                seconds = min(seconds, until / rate)
            start = until - round(seconds * rate)
            if start < 0:
                raise self._too_long(f"{until / rate:.1f} s", "s", until // rate)
        if until - start > LONGEST_SECONDS * rate:
            message = f"{LONGEST_SECONDS} s can be measured at once; `chronus hear FILE` measures an hour"
            raise ChronusError("E_LIMIT", message, part="length")
        if until <= start:
            raise ChronusError("E_VALUE", "what is measured is longer than nothing", part="length")
        facts: dict[str, Any] = {"start": start, "frames": until - start}
        if timeline is not None:
            facts |= {"from": _position(timeline, start), "to": _position(timeline, until)}
        return start, facts

    def _too_long(self, there: str, unit: str, whole: int) -> ChronusError:
        message = f"{there} {'has' if there.startswith('1 ') else 'have'} been heard so far"
        return ChronusError("E_VALUE", message, part="length", suggestions=(f"{whole} {unit}",) if whole else ())

    # ------------------------------------------------------------ what comes of it

    def turn(self) -> None:
        if not self.wishes:
            return
        heard, now = self.publisher.heard(), self.clock()
        for wish in list(self.wishes):
            if not wish.begun and heard >= wish.at:
                if self._process is not None and not self._process.lives():
                    self._hear()
                wish.begun = True
                self._listener(wish)
        if self._process is not None and not self._process.lives():
            self._hear()
            self._bury("the process that measures ended; say it once more")
        for wish in self.wishes:
            if wish.answered is not None and now >= wish.by:
                text = f"{wish.text}: is being measured; a notice tells the figures"
                wish.answered(Reply(wish.id, True, text, result={**wish.facts, **_named(wish), "state": "measures"}))
                wish.answered = None

    def _listener(self, wish: Wish) -> None:
        try:
            if self._process is None:
                self._process = self._begin(self.lent)
                self.watch(self._process.answers, lambda mask: self._hear())
            self._process.ask(wish.asked)
        except OSError as problem:
            self._over(wish, Unheard(0, "E_ENGINE", f"no process could be started: {problem.strerror}"))

    def _hear(self) -> None:
        if self._process is None:
            return
        for said in self._process.hear():
            for wish in [wish for wish in self.wishes if wish.asked.id == said.id]:
                self._over(wish, said)
        if not self._process.lives():
            self._bury("the process that measures ended; say it once more")

    def _bury(self, why: str) -> None:
        if self._process is not None:
            self.unwatch(self._process.answers)
            self._process.close()
            self._process = None
        for wish in [wish for wish in self.wishes if wish.begun]:
            self._over(wish, Unheard(wish.asked.id, "E_ENGINE", why))

    def _over(self, wish: Wish, said: FromListener) -> None:
        if wish not in self.wishes:
            return
        self.wishes.remove(wish)
        if isinstance(said, Unheard):
            if wish.answered is not None:
                part = "file" if wish.asked.file else "versus" if wish.asked.reference else ""
                wish.answered(ChronusError(said.code, said.why, part=part))
            else:
                self.notify("hear", f"{wish.text}: {said.why}", {"problem": said.why})
            return
        result = {**wish.facts, **_named(wish), "state": "measured", **said.result}
        if wish.answered is not None:
            wish.answered(Reply(wish.id, True, wish.text, lines=(self._head(wish), *said.lines), result=result))
        else:
            self.notify("hear", f"{wish.text}: {said.short}", result)

    def _head(self, wish: Wish) -> str:
        asked, facts = wish.asked, wish.facts
        if asked.keep:
            return f"reference {asked.keep}: {asked.file or asked.source}"
        bars = f", {facts['from']} to {facts['to']}" if "from" in facts else ""
        versus = wish.asked.called
        seconds = (asked.what.until - asked.what.start) / self.publisher.rate
        return f"{asked.what.name}{f' beside {versus}' if versus else ''}: {seconds:.2f} s{bars}"

    def close(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None


def _named(wish: Wish) -> dict[str, Any]:
    return {"name": wish.asked.file or wish.asked.what.name, "versus": wish.asked.called}


def _called(versus: str) -> str:
    """How what it is held against is called at the head of its column."""
    return f"step {versus}" if versus.isdecimal() else versus


def _source(what: Stretch, facts: dict[str, Any]) -> str:
    """Says what is measured, for a reference."""
    return f"{what.name}, {facts['from']} to {facts['to']}" if "from" in facts else what.name


def _whole(number: Fraction) -> str:
    return f"{float(number):.1f}".removesuffix(".0")


def _position(timeline: Any, frame: int) -> str:
    """Bar and beat, each counted from 1."""
    bar, beat = timeline.bar_and_beat(timeline.position(frame))
    return f"{bar + 1}.{int(beat) + 1}"
