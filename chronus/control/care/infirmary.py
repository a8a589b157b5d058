"""Records modules that were taken out: which, since when, because of which line; and makes the notices about them.

The supervisor takes out a module that brought workers down, the replicas mute one whose output is no sound; both write that into shared
memory. Here the module gets its name, a line in the journal, and a notice. The line that caused it is taken back if it was about that
module and nothing was said after it; otherwise the line stands, and only the module is out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chronus.commands import Note, Submission, Undo
from chronus.conductor import authors
from chronus.conductor.touches import Touch
from chronus.conductor.transaction import Committed, Outcome, rack_of
from chronus.control.jobs.job import Asked, Job
from chronus.control.jobs.proving import how_it_ended
from chronus.control.serve.server import Server
from chronus.errors import ChronusError
from chronus.journal.records import Poisoned
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
from chronus.memory.quarantine import TakenOut
from chronus.plan.seats import Seat

AFRESH = "unload it and load it again for a fresh one"
TAKEN_BACK = " and was taken back"
AT_ONCE_SECONDS = 1.0
"""What breaks so soon after a line is that line's doing; later, nobody's."""
NO_SOUND = "it put out NaN or more than 10,000"


class Infirmary:
    """Looks at the shared memory for a server. `known`: the modules that the journal already names."""

    def __init__(self, server: Server, known: Iterable[Poisoned] = ()) -> None:
        self.server, self.performer, self.conductor = server, server.performer, server.conductor
        self.memory = server.publisher.memory
        self._convictions = 0
        self._known = {(record.handle, record.incarnation) for record in known if record.module}
        self._passed = {record.number for record in known}
        self._warned: set[tuple[int, int]] = set()
        self._muted: set[tuple[int, int]] = set()
        self.performer.unheard_of = lambda: self.memory.word(CONVICTIONS) != self._convictions
        server.every_turn.append(self.turn)
        server.every_tick.append(self.tick)

    def turn(self) -> None:
        """Looks before any client is answered; whether something was taken out since the last look."""
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
        """Records which modules are out now, and which the guard silenced."""
        outs = {(out.handle, out.incarnation): out for out in quarantine.taken_out(self.memory.board)}
        taken_out = {
            seat.name: _why(outs[seat.handle, seat.incarnation])
            for seat in self.conductor.plan.seats.values()
            if (seat.handle, seat.incarnation) in outs
        }
        if max(self.memory.word(GUARDED0, slot) for slot in range(layout.SLOTS)):
            taken_out |= self._guarded()
        self.conductor.know_taken_out(taken_out)

    # ------------------------------------------------------------ brought the renderer down

    def _out(self, out: TakenOut) -> None:
        seat = self._seat(out)
        if seat is None:
            return  # it has gone meanwhile
        name, frame = seat.name, out.block * BLOCK
        touch = self.performer.touches.last(name, frame + BLOCK - 1)
        number, line = (touch.number, touch.text) if touch else (0, "")
        self.performer.pen.owe(Poisoned(name, frame, number, line, out.handle, out.incarnation))
        did = "hung" if out.how == 0 else "crashed"
        guilty = touch is not None and frame - touch.frame <= round(AT_ONCE_SECONDS * self.server.publisher.rate)
        back = guilty and touch is not None and self._take_back(touch)
        if guilty:
            text = f'"{line}" {did} the renderer in {name}{TAKEN_BACK if back else ""}; {name} is taken out; {AFRESH}'
        else:
            last = f'the last line about it was "{line}"; ' if line else ""
            text = f"{name} {did} the renderer and is taken out; {last}{AFRESH}"
        self._tell(text, touch if back else None, {"module": name, "line": line, "taken_back": back})

    def _passed_over(self, number: int) -> None:
        touch, place = self.performer.touches.of_entry(number) or (None, 0)
        said, line = (touch.number, touch.text) if touch else (0, "")
        self.performer.pen.owe(Poisoned("", 0, said, line, entry=place, number=number))
        back = touch is not None and self._take_back(touch)
        whose = f'"{line}"' if line else "a note"
        text = f"{whose} crashed the renderer{TAKEN_BACK if back else ''}; it is passed over"
        self._tell(text, touch if back else None, {"module": "", "line": line, "taken_back": back})

    def _take_back(self, touch: Touch) -> bool:
        """Undoes the line, if it was the last step and about no more than a module. A note needs no undoing."""
        past = self.conductor.state.past
        if isinstance(touch.command, Note):
            return True
        current = self.performer.current
        # what drops modules that have faded out is nobody's word
        said_since = current is not None and isinstance(current.asked, Asked)
        if touch.command.of_all or said_since or not past or rack_of(past[-1][1]) is not touch.before:
            return False
        self.server.jobs.appendleft(Job(Submission((0,), ("undo",), (Undo(),)), authors.POISON))
        return True

    def _tell(self, text: str, taken_back: Touch | None, result: dict[str, Any]) -> None:
        if taken_back is not None:
            self._answer(taken_back, text)
        self.server.notify("poison", f"E_POISON {text}", result)

    def _answer(self, touch: Touch, text: str) -> None:
        """Gives this answer to the author of the line, if he has none yet."""
        for flying in self.performer.on_its_way:
            asked, done = flying.asked, flying.done
            if (
                flying.number == touch.number
                and isinstance(done, Committed)
                and isinstance(asked, Asked)
                and not asked.due
            ):
                outcomes = done.transaction.outcomes
                outcomes[touch.outcome] = Outcome(outcomes[touch.outcome].id, error=ChronusError("E_POISON", text))

    # ------------------------------------------------------------ put out what is no sound

    def _guarded(self) -> dict[str, str]:
        """Returns the modules that were muted for good, and why; writes notices about them and about those silenced for a moment."""
        muted: dict[str, str] = {}
        table = self.memory.arena(self.memory.word(layout.ACTIVE))[HANDLE_TABLE // 8 :]
        rows = table[: HANDLES * HANDLE_WORDS].reshape(HANDLES, HANDLE_WORDS)
        for seat in self.conductor.plan.seats.values():
            row, who = rows[seat.handle], (seat.handle, seat.incarnation)
            if row[H_INCARNATION] != seat.incarnation or not row[H_GUARDED]:
                continue
            if row[H_UNWELL] == MUTED:
                muted[seat.name] = f"{NO_SOUND} for a second"
                if who not in self._muted:
                    self._muted.add(who)
                    self.server.notify("muted", f"{seat.name} is taken out: {NO_SOUND} for a second; {AFRESH}")
            elif who not in self._warned:
                self._warned.add(who)
                self.server.notify("guard", f"{seat.name} was silenced for a moment and begins anew: {NO_SOUND}")
        return muted

    def _seat(self, out: TakenOut) -> Seat | None:
        """Finds the module that had this place, even if it is just leaving."""
        plan = self.conductor.plan
        for seat in (*plan.seats.values(), *plan.old_seats.values()):
            if (seat.handle, seat.incarnation) == (out.handle, out.incarnation):
                return seat
        return None


def _why(out: TakenOut) -> str:
    return f"it crashed the renderer ({how_it_ended(-out.how)})" if out.how else "it hung the renderer"
