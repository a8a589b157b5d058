"""Decides when a recorder is started, and started again where it died. It starts nothing and reads no clock.

Rule 1: what control wants is one value, a Record; said again for the same file, it changes where that begins and ends.
Rule 2: a recorder that dies before it has said that it is over is started again, and goes on with its file; after BUDGET deaths within
        PERIOD seconds no more, and that is told.
Rule 3: what the recorder said last is told to each new control.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from chronus.engine_line import Notice, Record, Recording

BUDGET = 5
PERIOD = 10.0


class Fork(Struct, frozen=True):
    """A recorder is to be started; `after`: what one said last that died and had begun."""

    record: Record
    after: Recording | None = None


class Tell(Struct, frozen=True):
    """The recorder is to hear that the record has changed."""

    record: Record


Action = Fork | Tell | Recording | Notice


class Tape(Struct, frozen=True):
    """What is recorded: what control wants, what the recorder said last, when its forerunners died, whether one is to be asked for."""

    record: Record | None = None
    said: Recording | None = None
    deaths: tuple[float, ...] = ()
    unanswered: bool = False

    @property
    def runs(self) -> bool:
        return self.record is not None and not (self.said and self.said.over)


def wanted(tape: Tape, record: Record) -> tuple[Tape, list[Action]]:
    if tape.record is not None and tape.record.file == record.file:
        if tape.said is not None and tape.said.over:
            return tape, [tape.said]  # control has not heard of that yet
        return replace(tape, record=record), [Tell(record)]
    return Tape(record), [Fork(record)]


def heard(tape: Tape, said: Recording) -> tuple[Tape, list[Action]]:
    if tape.record is None or tape.record.file != said.record.file:
        return tape, []
    return replace(tape, said=said), [said]


def died(tape: Tape, now: float, how: str) -> tuple[Tape, list[Action]]:
    if tape.record is None or not tape.runs:
        return tape, []
    deaths = (*(when for when in tape.deaths if now - when < PERIOD), now)
    if len(deaths) > BUDGET:
        last = tape.said or Recording(tape.record, "failed")
        return heard(tape, replace(last, state="failed", problem=f"the recorder died {len(deaths)} times ({how})"))
    told = Notice("record", f"the recorder died ({how}) and goes on with the same file")
    return replace(tape, deaths=deaths), [told, Fork(tape.record, tape.said)]


def lost(tape: Tape) -> Tape:
    """Takes in that a forkserver died which was asked for a recorder."""
    return replace(tape, unanswered=tape.runs)


def can_fork(tape: Tape) -> tuple[Tape, list[Action]]:
    """Asks the next forkserver for what a dead one was asked for."""
    if tape.record is None or not tape.unanswered:
        return tape, []
    return replace(tape, unanswered=False), [Fork(tape.record, tape.said)]


def told_to_control(tape: Tape) -> tuple[Recording, ...]:
    """What a new control is to know. `waits` where no recorder has said anything yet."""
    if tape.record is None:
        return ()
    state: Literal["waits"] = "waits"
    return (tape.said or Recording(tape.record, state),)
