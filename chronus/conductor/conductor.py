"""The conductor turns submissions into entries of the log. It never sleeps, reads no clock and opens nothing.

A submission goes through it in steps, because a program must be prepared before its moment is known:

    perform     performs each command on the rack, in order, all or none; draws one program for all of them
    commit      makes the entries, once the frame of the moment is known; may be repeated for a later one
    accept      makes the result the state: the rack, the timeline, the lanes
    sealed      takes the frame at which the replicas applied it: places in the arena become free

`promise` records the notes of the lanes up to a frame as owed, and `pay` gives them, slice by slice, so that no other job waits long.
`due` gives the commands that were put off and whose time has come: those that one author put off to one frame share a moment, as the
lines of a submission do.

`state` is all that is kept between two steps. From a kept copy of that value the conductor can go on.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping
from itertools import groupby
from types import MappingProxyType

import numpy as np

from chronus.catalogue.kinds import Catalogue
from chronus.commands import Submission
from chronus.conductor import authors, committing
from chronus.conductor.performance import Afford, Make, Performance, no_lines
from chronus.conductor.state import State
from chronus.conductor.transaction import Committed, Drawn, Due, Later, Outcome, Section, Shrinking, Shrunk, Transaction
from chronus.conductor.waiting import bar_of
from chronus.errors import ChronusError
from chronus.memory.log import NOW, Rows
from chronus.memory.program import Program
from chronus.plan import difference
from chronus.plan.planner import Planner
from chronus.plan.seats import NOTHING, Places, Plan
from chronus.rack.document import EMPTY, Rack, replace
from chronus.rack.sweeps import Present
from chronus.score.courses import onward
from chronus.score.score import Score, begin, pruned
from chronus.score.spans import NONE, in_order

NUMBERED = 20
"""Bits for the sweeps of one submission: each has a number of its own."""
BATCH = 4096
"""Entries published at a time."""
UNDONE = "not performed: a line before it was refused, and this is --strict"
NOBODY: Mapping[int, ChronusError] = MappingProxyType({})
Performing = Generator[None, None, Transaction]


class Conductor:
    """`zero`: the frame of transport zero where it is known beforehand (rendering: 0). `incarnation`: the first one to give."""

    def __init__(
        self, catalogue: Catalogue, rate: int, seed: int = 0, zero: int | None = None, incarnation: int = 1
    ) -> None:
        self.catalogue, self.planner = catalogue, Planner(catalogue, rate)
        rack, score = replace(EMPTY, seed=seed), Score(rate, fixed=zero is not None)
        if zero is not None:
            score = begin(score, zero, rack.bpm)
        self.state = State(rack, score, Places(incarnation=incarnation))
        """Only a step, or who restores it whole, puts another one in its place."""
        self.afford: Afford = _anything
        """Asked of every command that is performed live; what a journal holds was affordable, and a rendering has time."""
        self.make: Make = no_lines
        """Makes a lane of a lane; a journal holds what was made."""

    @property
    def rack(self) -> Rack:
        return self.state.rack

    @property
    def score(self) -> Score:
        return self.state.score

    @property
    def plan(self) -> Plan:
        return self.state.places.plan

    # ------------------------------------------------------------ perform

    def perform(
        self,
        submission: Submission,
        author: str = "",
        refused: Mapping[int, ChronusError] = NOBODY,
        at: int | None = None,
        due: Collection[int] = (),
        seen: int | None = None,
    ) -> Transaction:
        """Performs each command on the rack that those before it left; a refused command changes nothing.

        The others go on, but not in a strict submission. `refused`: the places of commands that were performed before and proved
        to be bad. `at`: the frame at which it is said, where it is not said for a moment of its own: it knows only what is heard then.
        `due`: the numbers under which it was put off. `seen`: the frame at which what moves is looked at, for what is relative to it.
        """
        steps = self.performing(submission, author, refused, at, due, seen)
        while True:
            try:
                next(steps)
            except StopIteration as done:
                return self.drawn(done.value)

    def performing(
        self,
        submission: Submission,
        author: str,
        refused: Mapping[int, ChronusError],
        at: int | None,
        due: Collection[int],
        seen: int | None,
    ) -> Performing:
        """Performs them command by command, so that others may have a turn between; the result is still to be `drawn`."""
        self.state = state = self.state.numbered(due)
        present = state.present(state.now if seen is None else seen).typing(state.number << NUMBERED)
        known = state.rack if at is None else state.known(at)
        if known is state.rack or all(command.asks for command in submission.commands):
            t = yield from self._performed(submission, author, refused, known, present, due)
        else:
            now = yield from self._performed(submission, author, refused, known, present, due)
            unheard = {k: outcome.error for k, outcome in enumerate(now.outcomes) if outcome.error}
            t = yield from self._performed(submission, author, unheard, self.rack, present, due)
            for k, outcome in enumerate(t.outcomes):
                if outcome.error is not None and k not in unheard:
                    outcome.error = _overtaken(outcome.error, self.state)
        t.due = bool(due)
        return t

    def _performed(
        self,
        submission: Submission,
        author: str,
        refused: Mapping[int, ChronusError],
        rack: Rack,
        present: Present,
        due: Collection[int],
    ) -> Performing:
        state = self.state
        ids = {k: state.due_ids[number] for k, number in enumerate(due) if number in state.due_ids}
        t = Transaction(
            state.number, rack, rack, state.past, state.future, state.dropped, state.step, state.trail, state.claims, ids,
            put_off=state.put_off,
        )  # fmt: skip
        afford = _anything if author == authors.JOURNAL else self.afford
        performance = Performance(
            t, self.catalogue, state.kept, state.score, author, afford, state.taken_out, present, due, self.make
        )
        for k, (id, text, command) in enumerate(
            zip(submission.ids, submission.texts, submission.commands, strict=True)
        ):
            if submission.strict and t.outcomes and t.outcomes[-1].error:
                t.outcomes.append(Outcome(id, error=ChronusError("E_ENGINE", UNDONE)))
            else:
                performance.perform(id, text, command, refused.get(k), submission.commands[k + 1 :] if due else ())
            yield
        return t

    def drawn(self, t: Transaction) -> Transaction:
        """Draws the program that a transaction needs. If there is no room for it, none of the commands is performed."""
        state, fresh = self.state, t.fresh()
        if fresh or difference.is_structural(t.before, t.after) or (self.plan is NOTHING and t.steps):
            try:
                places, t.plan = self.planner.draw(state.places, t.after, state.now, fresh)
            except ChronusError as error:
                _refuse(t, error, state)
            else:
                t.drawn = Drawn(state.now, state.places.incarnation)
                self.state = replace(state, places=places)
        t.absolute = committing.names_frames(state, t)
        return t

    # ------------------------------------------------------------ commit, and after it

    def commit(self, t: Transaction, moment: int, exact: bool) -> Committed:
        """Makes the entries for a moment. With `exact` every entry names its frame; otherwise those for now name NOW. Raises E_LIMIT."""
        return committing.commit(self.state, self.catalogue, t, moment, exact)

    def accept(self, done: Committed) -> None:
        """Makes a commit the state: the replicas have it, or will for certain."""
        self.state = self.state.accepted(done)

    def sealed(self, t: Transaction, frame: int) -> None:
        """Takes the frame at which the replicas applied a commit."""
        self.state = self.state.sealed(t, frame)

    def confirm(self, program: Program, frame: int) -> None:
        """Takes the frame at which the replicas applied a program that only shrank."""
        self.state = replace(self.state, places=self.state.places.confirmed(program.number, frame))

    def promise(self, frame: int) -> None:
        """Owes the notes of all lanes up to a frame."""
        self.state = replace(self.state, owed=self.state.owed.promised(frame, self.score.generation))

    def pay(self, now: int = 0) -> Rows:
        """Gives the next slice of the notes that are owed."""
        state = self.state
        owed, notes = state.owed.paid(state.score, now)
        # before all is paid, what is over may still have notes to give
        score = state.score if owed else pruned(state.score, state.now, state.rack)
        self.state = replace(state, owed=owed, score=score)
        return notes

    def advance(self, frame: int) -> list[Rows]:
        """Gives all notes up to a frame that were not given yet, in batches."""
        self.promise(frame)
        paid = []
        while self.state.owed:
            paid.append(self.pay())
        notes = in_order(np.concatenate(paid)) if paid else NONE
        return [notes[k : k + BATCH] for k in range(0, len(notes), BATCH)]

    # ------------------------------------------------------------ what waits

    def due(self, frame: int) -> list[tuple[int, tuple[Due, ...]]]:
        """Gives what was put off to a time before a frame, in order: (frame, all that one author put off to it).

        It is under way until it is performed.
        """
        self.state, ready = self.state.come_due(frame)
        return [
            (at, tuple(due for _, due in pairs))
            for (at, _), pairs in groupby(ready, key=lambda pair: (pair[0], pair[1].author))
        ]

    def in_turn(self, frame: int) -> Iterator[tuple[int, tuple[Due, ...]]]:
        """Gives the same for a caller that performs them one after the other: what one of them withdraws never happens."""
        for at, dues in self.due(frame):
            if left := self.still([due.number for due in dues]):
                yield at, left

    def still(self, numbers: Collection[int]) -> tuple[Due, ...]:
        """Returns those of these that are still under way: an undo, or a later command, may have withdrawn some."""
        return tuple(due for due in self.state.under_way if due.number in numbers)

    def take_up(self, numbers: Collection[int]) -> tuple[Due, ...]:
        """Takes out what was put off under these numbers and waits; it is performed now."""
        waiting = {due.number: due for due in self.state.waiting}
        found = tuple(waiting.pop(number) for number in numbers if number in waiting)
        self.state = replace(self.state, waiting=tuple(waiting.values()))
        return found

    # ------------------------------------------------------------ what the replicas drop

    def shrink(self, frame: int | None = None) -> Shrinking | None:
        """Draws the program without what has faded out, if anything has; `shrunk` makes it the plan."""
        self.state = state = replace(self.state, now=max(self.state.now, frame or 0))
        if not self.planner.faded(state.places, state.now):
            return None
        places, plan = self.planner.draw(state.places, state.rack, state.now)
        self.state = replace(state, places=places)
        return Shrinking(state.places.plan, plan, Drawn(state.now, places.incarnation))

    def shrunk(self, shrinking: Shrinking) -> Shrunk:
        """Makes a shrunk program the plan, unless the rack has changed since it was drawn."""
        state, plan = self.state, shrinking.plan
        if shrinking.before is not state.places.plan:
            return Shrunk(shrinking.program, NONE)
        self.state = replace(state, places=state.places.adopted(plan), number=state.number + 1)
        entries = committing.placed([committing.swap_to(plan)], self.state.number, NOW)
        return Shrunk(shrinking.program, entries)

    def know_taken_out(self, modules: Mapping[str, str]) -> None:
        """Records which modules the replicas render no more, and why."""
        if modules != self.state.taken_out:
            self.state = replace(self.state, taken_out=modules)

    # ------------------------------------------------------------ what is worked on

    def document(self, frame: int) -> Rack:
        """The rack that is worked on: while an opened one waits for its bar line, that one, with what was said after it.

        What moves begins where it has got to at a frame.
        """
        state, present = self.state, self.state.present(frame)
        t = Transaction(state.number, state.rack, state.rack)
        performance = Performance(t, self.catalogue, state.kept, state.score, "", _anything, state.taken_out, present)
        return onward(performance.lasting, self.catalogue, present)


def _refuse(t: Transaction, error: ChronusError, state: State) -> None:
    """Refuses commands whose program has no room: nothing of them is performed but what they put off."""
    for step in t.steps:
        t.outcomes[step.outcome] = Outcome(t.outcomes[step.outcome].id, error=error)
    past = t.past
    t.after, t.past, t.future, t.dropped = state.rack, state.past, state.future, state.dropped
    pairs = zip(t.later, t.racks_later, strict=True)
    kept = [(later, rack) for later, rack in pairs if _is_asked(later)]
    t.later, t.racks_later = [later for later, _ in kept], [rack for _, rack in kept]
    t.past = (*t.past, *(step for step in past if isinstance(step.thing, Later) and step.thing in t.later))
    t.steps, t.hands, t.sweeps, t.withdrawn = [], [], [], set()


def _is_asked(later: Later) -> bool:
    """Whether somebody said so, rather than that it belongs to a command."""
    return later.after is None and later.again is None and not isinstance(later.command, Section)


def _overtaken(error: ChronusError, state: State) -> ChronusError:
    """Returns the error of a command that was possible on the rack that is heard, and is not possible any more."""
    timeline, frame = state.score.timeline, state.promised
    place = bar_of(timeline, timeline.position(frame)) if timeline else f"frame {frame}"
    message = f"{error.message}: what was said for {place} has just been prepared, and comes first"
    return ChronusError(error.code, message, part=error.part, suggestions=error.suggestions)


def _anything(rendered: Rack, before: Rack, after: Rack) -> None:
    """A budget that allows every rack."""
