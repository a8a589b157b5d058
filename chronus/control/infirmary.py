"""Modules that make the renderer ill: who is taken out, since when, because of which line; and what people are told of it.

The supervisor takes out what brought workers down, the replicas mute what cannot be sound; both leave it in shared memory. Here it gets its
name, its line in the journal, and its answer. The line that did it is taken back where nothing was said after it; else it stands, and only
the module is out.
"""

from __future__ import annotations

from collections.abc import Iterable

from chronus.commands import Submission, Undo
from chronus.control.job import Job
from chronus.control.journal import Poisoned
from chronus.control.proving import how_it_ended
from chronus.control.seats import Seat
from chronus.control.server import Server
from chronus.control.touches import Touch
from chronus.control.transaction import Outcome
from chronus.errors import ChronusError
from chronus.memory import layout, quarantine
from chronus.memory.layout import (
    BLOCK,
    CONVICTIONS,
    GUARDED0,
    H_GUARDED,
    H_INCARNATION,
    H_UNWELL,
    HANDLE_TABLE,
    HANDLE_WORDS,
    HANDLES,
    MUTED,
)  # fmt: skip
from chronus.memory.quarantine import Out

AUTHOR = "poison"
AFRESH = "unload it and load it again for a fresh one"
NO_SOUND = "it put out NaN or more than 10,000"


class Infirmary:
    """Looks at the shared memory for a server. `known`: what the journal tells already."""

    def __init__(self, server: Server, known: Iterable[Poisoned] = ()) -> None:
        self.server, self.performer, self.conductor = server, server.performer, server.conductor
        self.memory = server.publisher.memory
        self._convictions = 0
        self._known = {(record.handle, record.incarnation) for record in known if record.module}
        self._passed = {record.number for record in known}
        self._warned: set[tuple[int, int]] = set()
        self._muted: set[tuple[int, int]] = set()
        server.every_turn.append(self.turn)
        server.every_tick.append(self.tick)

    def turn(self) -> None:
        """Before anybody is answered: whether something was taken out since the last look."""
        convictions = self.memory.word(CONVICTIONS)
        if convictions == self._convictions:
            return
        self._convictions = convictions
        self.performer.see_seals()  # what did it was sealed before it did it
        for out in quarantine.taken_out(self.memory.board):
            if (out.handle, out.incarnation) not in self._known:
                self._known.add((out.handle, out.incarnation))
                self._out(out)
        for number in quarantine.passed_over(self.memory.board):
            if number not in self._passed:
                self._passed.add(number)
                self._passed_over(number)
        self.tick()

    def tick(self) -> None:
        """Who is out at present, and who was silenced by the guard."""
        self.conductor.taken_out = {
            seat.name: _why(out) for out in quarantine.taken_out(self.memory.board) if (seat := self._seat(out))
        }
        if max(self.memory.word(GUARDED0, slot) for slot in range(layout.SLOTS)):
            self._guarded()

    # ------------------------------------------------------------ brought the renderer down

    def _out(self, out: Out) -> None:
        seat = self._seat(out)
        if seat is None:
            return  # it has gone meanwhile
        frame = out.block * BLOCK
        touch = self.performer.touches.last(seat.name, frame + BLOCK - 1)
        number, text = (touch.number, touch.text) if touch else (0, "")
        self.performer.pen.owe(Poisoned(seat.name, frame, number, text, out.handle, out.incarnation))
        taken_back = touch is not None and self._take_back(touch)
        how = f"hung the renderer in {seat.name}" if out.how == 0 else f"crashed the renderer in {seat.name}"
        self._tell(touch, taken_back, how, f"{seat.name} is taken out; {AFRESH}")

    def _passed_over(self, number: int) -> None:
        found = self.performer.touches.of_entry(number)
        touch, place = found or (None, 0)
        self.performer.pen.write(
            Poisoned("", 0, touch.number if touch else 0, touch.text if touch else "", entry=place, number=number)
        )
        taken_back = touch is not None and self._take_back(touch)
        self._tell(touch, taken_back, "crashed the renderer", "it is passed over")

    def _take_back(self, touch: Touch) -> bool:
        """Undoes the line, if it was the last step; what hands played needs no undoing."""
        past = self.conductor.past
        if touch.by_hand:
            return True
        if self.performer.current is not None or not past or past[-1][1] is not touch.before:
            return False
        self.server.jobs.appendleft(Job(Submission((0,), ("undo",), (Undo(),)), AUTHOR))
        return True

    def _tell(self, touch: Touch | None, taken_back: bool, how: str, then: str) -> None:
        line = f'"{touch.text}"' if touch else "something"
        back = " and was taken back" if taken_back else ""
        text = f"{line} {how}{back}; {then}"
        if touch is not None and taken_back:
            self._answer(touch, text)
        self.server.notify("poison", f"E_POISON {text}")

    def _answer(self, touch: Touch, text: str) -> None:
        """Who said it, and has no answer yet, gets this one."""
        for job in self.performer.flying:
            if job.number == touch.number and job.transaction is not None and not job.due:
                outcomes = job.transaction.outcomes
                outcomes[touch.outcome] = Outcome(outcomes[touch.outcome].id, error=ChronusError("E_POISON", text))

    # ------------------------------------------------------------ put out what is no sound

    def _guarded(self) -> None:
        table = self.memory.arena(self.memory.word(layout.ACTIVE))[HANDLE_TABLE // 8 :]
        rows = table[: HANDLES * HANDLE_WORDS].reshape(HANDLES, HANDLE_WORDS)
        for seat in self.conductor.planner.plan.seats.values():
            row, who = rows[seat.handle], (seat.handle, seat.incarnation)
            if row[H_INCARNATION] != seat.incarnation or not row[H_GUARDED]:
                continue
            if row[H_UNWELL] == MUTED:
                self.conductor.taken_out[seat.name] = f"{NO_SOUND} for a second"
                if who not in self._muted:
                    self._muted.add(who)
                    self.server.notify("muted", f"{seat.name} is taken out: {NO_SOUND} for a second; {AFRESH}")
            elif who not in self._warned:
                self._warned.add(who)
                self.server.notify("guard", f"{seat.name} was silenced for a moment and begins anew: {NO_SOUND}")

    def _seat(self, out: Out) -> Seat | None:
        plan = self.conductor.planner.plan
        for seat in (*plan.seats.values(), *plan.old_seats.values()):
            if (seat.handle, seat.incarnation) == (out.handle, out.incarnation):
                return seat
        return None


def _why(out: Out) -> str:
    return f"it crashed the renderer ({how_it_ended(-out.how)})" if out.how else "it hung the renderer"
