"""The conductor: from submissions to entries of the log. It sleeps never, reads no clock and opens nothing.

A submission goes through it in steps, because a program must be prepared before its moment is known:

    perform     each command on the rack, in order, whole or nothing; draws one program for all of them
    commit      the entries, once the frame of the moment is known; may be repeated for a later one
    accept      makes it the state: the rack, the timeline, the lanes
    sealed      the frame at which the replicas applied it: places in the arena become free

`promise` owes the notes of the lanes up to a frame and `pay` gives them, slice by slice, so that nobody waits long for a turn. `due`
gives the commands whose time was still to come: those that one author put off to one frame share a moment, as the lines of a
submission do.

What has a moment is performed some time before it. Until then `heard` is the rack as it was, and whatever else is said is about that
one: it is `independent` and may go first, or it comes after what is `promised`. So the order of performing is that of taking effect.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Mapping
from fractions import Fraction
from itertools import groupby
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from chronus.catalogue.kinds import Catalogue
from chronus.commands import AnyCommand, Length, Open, Submission, Wait, When
from chronus.conductor import authors
from chronus.conductor.performance import Afford, Performance
from chronus.conductor.standstill import STANDS
from chronus.conductor.transaction import Back, Due, History, Later, Outcome, Step, Transaction
from chronus.errors import ChronusError
from chronus.memory.log import AT_ONCE, COMMANDED, NOW, PANIC, SWAP, Entry, Rows, encode, order
from chronus.memory.program import Program
from chronus.plan import difference
from chronus.plan.planner import Planner
from chronus.plan.seats import NOTHING, Plan
from chronus.rack.document import EMPTY, Rack, changed, replace, retunes
from chronus.rack.sweeps import Present
from chronus.score import changes
from chronus.score.courses import begun, going, onward, remembered, standing
from chronus.score.owed import Owed
from chronus.score.score import Score, begin, density, events, generations, pruned
from chronus.score.spans import NONE, Player, in_order
from chronus.score.timeline import BAR, BEATS, Timeline, beat_frames, frames_of
from chronus.units import exact

ONCE_IT_PLAYS = 1 << 61
"""The frame of what waits for music that has not begun."""
IN_TIME = -1
"""The timeline of what comes at its frame, whatever the tempo does."""
NUMBERED = 20
"""Bits for the sweeps of one submission: each has a number of its own."""
MOST_BY_HAND = 16_384
"""Notes by hand of which it is known when they end: as many as there can be voices."""
BATCH = 4096
"""Entries published at a time."""
AT_ONCE_SECONDS = 0.15
"""Notes so far beyond its moment are part of a command's own batch; those after them are owed."""
DENSEST = 32_000
"""Entries a second that the lanes may come to: more would fill the replicas' memory in less time than it takes to start control again."""
UNDONE = "not performed: a line before it was refused, and this is --strict"
NOBODY: Mapping[int, ChronusError] = MappingProxyType({})
Performing = Generator[None, None, Transaction]


class Ahead(NamedTuple):
    """Something was performed for a moment to come, and until then this rack is heard.

    `hidden`: it was put off to then; otherwise whoever said it has been told that it is done.
    """

    moment: int
    rack: Rack
    hidden: bool


class Conductor:
    """`zero`: the frame of transport zero where it is known beforehand (rendering: 0). `incarnation`: the first one to give."""

    def __init__(
        self, catalogue: Catalogue, rate: int, seed: int = 0, zero: int | None = None, incarnation: int = 1
    ) -> None:
        self.catalogue, self.rate = catalogue, rate
        self.rack = replace(EMPTY, seed=seed)
        self.planner = Planner(catalogue, rate, incarnation)
        self.score = Score(rate, fixed=zero is not None)
        if zero is not None:
            self.score = begin(self.score, zero, self.rack.bpm)
        self.past: History = ()
        self.future: History = ()
        self.number = self.now = self.put_off = 0
        self.owed = Owed(rate)
        self.waiting: list[Due] = []
        self.under_way: dict[int, Due] = {}
        self._ahead: list[Ahead] = []
        self.taken_out: dict[str, str] = {}
        """Modules that the replicas render no more, and why: told by who watches them."""
        self._shrinking: Plan | None = None
        self.afford: Afford = _anything
        """Asked of every command that is performed live; what a journal holds was affordable, and a rendering has time."""

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
        """Each command on the rack as those before it left it; what is refused changes nothing.

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
        """The same command by command, so that others may have a turn between; what comes of it is still to be `drawn`."""
        present = Present(self.score.courses, self.now if seen is None else seen, (self.number + 1) << NUMBERED)
        if due:
            self._no_more_waiting(due)
            self.past = without(self.past, due)
        self.number += 1
        known = self.rack if at is None else self._known(at)
        if known is self.rack or all(command.asks for command in submission.commands):
            t = yield from self._performed(submission, author, refused, known, present, due)
        else:
            now = yield from self._performed(submission, author, refused, known, present, due)
            unheard = {k: outcome.error for k, outcome in enumerate(now.outcomes) if outcome.error}
            t = yield from self._performed(submission, author, unheard, self.rack, present, due)
            for k, outcome in enumerate(t.outcomes):
                if outcome.error is not None and k not in unheard:
                    outcome.error = self._overtaken(outcome.error)
        t.due = bool(due)
        return t

    def drawn(self, t: Transaction) -> Transaction:
        """With the program that it needs."""
        fresh = t.fresh()
        if fresh or difference.is_structural(t.before, t.after) or (self.planner.plan is NOTHING and t.steps):
            self._draw(t, fresh)
        t.absolute = self._names_frames(t)
        return t

    def _performed(
        self,
        submission: Submission,
        author: str,
        refused: Mapping[int, ChronusError],
        rack: Rack,
        present: Present,
        due: Collection[int] = (),
    ) -> Performing:
        t = Transaction(self.number, rack, rack, self.past, self.future, put_off=self.put_off)
        afford = _anything if author == authors.JOURNAL else self.afford
        performance = Performance(
            t, self.catalogue, self.kept, self.score, author, afford, self.taken_out, present, due
        )
        for k, (id, text, command) in enumerate(
            zip(submission.ids, submission.texts, submission.commands, strict=True)
        ):
            if submission.strict and t.outcomes and t.outcomes[-1].error:
                t.outcomes.append(Outcome(id, error=ChronusError("E_ENGINE", UNDONE)))
            else:
                performance.perform(id, text, command, refused.get(k))
            yield
        return t

    def _overtaken(self, error: ChronusError) -> ChronusError:
        """Why what could be done on what is heard cannot be done any more."""
        timeline, frame = self.score.timeline, self.promised
        place = bar_of(timeline.position(frame)) if timeline else f"frame {frame}"
        message = f"{error.message}: what was said for {place} has just been prepared, and comes first"
        return ChronusError(error.code, message, part=error.part, suggestions=error.suggestions)

    def _draw(self, t: Transaction, fresh: frozenset[str]) -> None:
        """The program of the last rack. Where there is no room for it none of the commands is done."""
        try:
            t.plan = self.planner.draw(t.after, self.now, fresh)
            t.program = t.plan.program
        except ChronusError as error:
            for step in t.steps:
                t.outcomes[step.outcome] = Outcome(t.outcomes[step.outcome].id, error=error)
            t.after, t.past, t.future = self.rack, self.past, self.future
            pairs = zip(t.later, t.racks_later, strict=True)
            kept = [(later, rack) for later, rack in pairs if later.after is None and later.again is None]
            t.later, t.racks_later = [later for later, _ in kept], [rack for _, rack in kept]
            t.past = (*t.past, *((later.text, later) for later in t.later))
            t.steps, t.hands, t.sweeps, t.withdrawn = [], [], [], set()

    def _names_frames(self, t: Transaction) -> bool:
        if t.sweeps or t.later or self._redirects(t):
            return True
        for step in t.steps:
            moved = retunes(step.before, step.after) or step.before.swing != step.after.swing
            if step.act == "play" or changes.changed_lanes(step.before, step.after) or (moved and self.playing):
                return True
        return t.plan is not None and any(self._moves(t.plan, name) for name in self.score.lanes)

    def _redirects(self, t: Transaction) -> bool:
        """Whether a sweep that goes on has to be said anew: it begins again, at another tempo, or in another instance; or a note by
        hand has.
        """
        notes = any(note.course.end > self.now for note in self.score.by_hand.values())
        if notes and retunes(t.before, t.after):
            return True
        alive = {number for number, course in self.score.courses.items() if course.end > self.now}
        if not alive:
            return False
        everywhere = t.plan is not None or retunes(t.before, t.after)
        for name, module in t.after.modules.items():
            was = t.before.modules.get(name)
            for param, setting in module.params.items() if everywhere or module is not was else ():
                moving = difference.mover(setting, t.after)
                if moving is not None and moving.number in alive:
                    if everywhere or was is None or was.params.get(param) != setting:
                        return True
        return False

    def _moves(self, plan: Plan, name: str) -> bool:
        """Whether a lane that plays will have another instance to play."""
        seat, player = plan.seats.get(name), self.score.lanes[name].player
        return seat is None or (seat.handle, seat.incarnation) != (player.handle, player.incarnation)

    # ------------------------------------------------------------ commit

    def commit(self, t: Transaction, moment: int, exact: bool) -> Rows:
        """The entries for a moment, and the notes near it. With `exact` all of them name their frame; otherwise what is for now says so.

        Lanes that are over by then are dropped first: a new lane takes the place of one that is gone, and so whether it is gone must
        depend on the words alone, or a replay would give it another place.
        """
        score = pruned(self.score, max(moment, self.now), self.rack)
        score = base = replace(score, generation=score.generation + 1)
        places: dict[int, Fraction] = {}
        for outcome in t.outcomes:
            outcome.place, outcome.notes = "", ()
        score = self._timed(score, t, moment)
        for (act, when), group in groupby(t.steps, key=lambda step: (step.act, step.when)):
            steps = list(group)
            after = replace(steps[-1].after, bpm=t.after.bpm, tempo=t.after.tempo, swing=t.after.swing)
            score, position = self._act(score, act, when, steps[0].before, after, moment)
            for step in steps:
                moved = len(steps) == 1 or changes.changed_lanes(step.before, step.after)
                if position is not None and moved:
                    places[step.outcome] = position
                self._tell(t.outcomes[step.outcome], step, places.get(step.outcome), score)
        score = self._begin_sweeps(score, t, moment)
        plan = t.plan or self.planner.plan
        seats = {
            name: Player(0, seat.handle, seat.incarnation) for name in score.lanes if (seat := plan.seats.get(name))
        }
        score = changes.reseat(score, seats, moment)
        present = Present(score.courses, moment)
        at = difference.Moment(
            plan, self.catalogue, self.rate, score.timeline, moment, t.number, t.plan is not None, present,
            turns=score.stopped != self.score.stopped,
        )  # fmt: skip
        told = difference.entries(t.before, t.after, t.hands, at) if t.steps else []
        score, held = self._with_hands(score, t, told, at)
        panic = [Entry(PANIC)] if any(step.act == "panic" for step in t.steps) else []
        swap = [Entry(SWAP, a=float(plan.number))] if t.plan else []
        found = [*panic, *swap, *generations(base, score, moment), *told, *held]
        t.score, t.moment, t.exact, t.since = score, moment, exact, base.generation
        t.dues = self._dues(t, score, moment, places)
        for outcome in t.outcomes:
            outcome.word()
        self._admit(score)
        t.near = max(moment, min(self.owed.horizon, moment + round(AT_ONCE_SECONDS * self.rate)))
        notes = events(score, moment, t.near, base.generation)
        return np.concatenate((encode(self._placed(found, t.number, moment if exact else NOW)), notes))

    def _admit(self, score: Score) -> None:
        """E_LIMIT where the lanes come to more than can be played, and to more than they did."""
        dense = density(score)
        if dense > DENSEST and dense > density(self.score):
            raise ChronusError(
                "E_LIMIT", f"the lanes would come to {dense:,.0f} notes and ends a second; {DENSEST:,} is the most"
            )

    def _begin_sweeps(self, score: Score, t: Transaction, moment: int) -> Score:
        if not score.courses and not t.sweeps:
            return score
        courses = remembered(score.courses, moment, self.rate)
        fresh = {
            one.number: begun(one, t.after.bpm, self.rate, score.timeline, moment)
            for one in t.sweeps
            if one.number not in courses
        }
        courses = {**courses, **fresh}
        if score.stopped:
            return replace(score, courses=standing(courses, moment))
        return replace(score, courses=going(courses, t.after.bpm, self.rate, score.timeline, moment))

    def _with_hands(
        self, score: Score, t: Transaction, told: list[Entry], at: difference.Moment
    ) -> tuple[Score, list[Entry]]:
        """What hands play, and what is said of it where the tempo has changed."""
        if not t.hands and not score.by_hand:
            return score, []
        held, by_hand = difference.held_on(self.score.by_hand, score.by_hand, at)
        by_hand |= difference.begun_by_hand(told, t.hands, at)
        return replace(score, by_hand=dict(list(by_hand.items())[-MOST_BY_HAND:])), held

    def _placed(self, entries: list[Entry], number: int, now: int) -> list[Entry]:
        """Each with its frame and its place among those of the same frame."""
        placed = []
        for k, entry in enumerate(entries):
            frame = now if entry.frame == NOW else entry.frame
            rank = AT_ONCE if frame == NOW else COMMANDED
            placed.append(replace(entry, frame=frame, order=order(rank, number, k)))
        return placed

    def _timed(self, score: Score, t: Transaction, moment: int) -> Score:
        """At the tempo and with the swing that all of its steps come to: none of those between them lasts."""
        if retunes(t.before, t.after):
            score = changes.retune(score, t.after, moment)
        if t.before.swing != t.after.swing:
            score = changes.reswing(score, t.after.swing, moment)
        return score

    def _act(
        self, score: Score, act: str, when: When | None, before: Rack, after: Rack, moment: int
    ) -> tuple[Score, Fraction | None]:
        """What steps that follow one another and take hold at one time come to; also where that is."""
        if act in ("stop", "panic"):
            return changes.stop(score), None
        if act == "play":
            return (changes.play(score, after, moment) if score.stopped else score), None
        return changes.edit_lanes(score, before, after, when, moment)

    def _tell(self, outcome: Outcome, step: Step, position: Fraction | None, score: Score) -> None:
        """What only the moment tells: from which bar on; and whether it is heard at all before it plays."""
        if position is not None and score.timeline is not None and (step.when is None or step.when.kind != "now"):
            outcome.frame = score.timeline.frame(position)
            outcome.place = f"from {bar_of(position)}"
            outcome.result = {**outcome.result, **bar_and_beat(position)}
        if step.stands and STANDS not in outcome.notes:
            outcome.note(STANDS, transport="stopped")

    def _dues(self, t: Transaction, score: Score, moment: int, places: Mapping[int, Fraction]) -> tuple[Due, ...]:
        """What the transaction puts off, each at its time. `places`: where the commands themselves take hold."""
        found: list[Due] = []
        kept = [due for due in self.kept if due.number not in t.withdrawn]
        opening = max((due.position for due in kept if isinstance(due.command, Open)), default=Fraction(0))
        again: list[Later] = []
        gone_by: list[Later] = []
        for later in t.later:
            outcome = t.outcomes[later.outcome]
            if later.again is not None:
                waiting = self._waits_again(later.again, score, moment)
                found += [waiting] if waiting else []
                (again if waiting else gone_by).append(later)
            elif later.after is not None:
                due = self._ends(later, later.after, score, t.after.bpm, moment, places.get(later.outcome))
                found.append(due)
                if due.timeline != IN_TIME:
                    outcome.note(f"until {bar_of(due.position)}", until=bar_and_beat(due.position))
            else:
                due = self._waits(later, score, moment, opening)
                opening = due.position if isinstance(later.command, Open) else opening
                found.append(due)
                outcome.place = f"at {bar_of(due.position)}"
                outcome.result = {**outcome.result, **bar_and_beat(due.position)}
                outcome.frame = None if due.frame == ONCE_IT_PLAYS else due.frame
                if due.frame == ONCE_IT_PLAYS:
                    words = (STANDS, {"transport": "stopped"}) if score.stopped else ("once a lane plays", {})
                    outcome.note(words[0], **words[1])
        for outcome in {id(one): one for later in (*again, *gone_by) if (one := t.outcomes[later.outcome])}.values():
            _tell_what_waits(outcome, t, again, gone_by)
        if gone_by:
            t.past = without(t.past, [later.number for later in gone_by])
        return tuple(found)

    def _waits(self, later: Later, score: Score, moment: int, opening: Fraction) -> Due:
        """What was said while nothing played counts from where the music begins."""
        timeline, frame = score.timeline, None
        if later.begins and timeline is None:
            timeline, frame = Timeline.begin(self.rate, score.zeros + 1, 0, self.rack.bpm), ONCE_IT_PLAYS
        timeline = timeline or self._timeline()
        position = max(timeline.at(later.when, moment if frame is None else 0), opening)
        frame = timeline.frame(position) if frame is None else frame
        return Due(position, frame, later.command, later.text, later.author, later.number, timeline.number)

    def _ends(self, later: Later, length: Length, score: Score, bpm: float, moment: int, place: Fraction | None) -> Due:
        """What follows a command that lasts: so long after that takes hold. What only the music shows lasts bars of the music."""
        timeline, beats = score.timeline, exact(length.number) * BEATS.get(length.unit, 0)
        assert isinstance(later.command, Back)
        if timeline is None and beats and any(not name or what[0] == ":" for name, what in later.command.items):
            return Due(beats, ONCE_IT_PLAYS, later.command, later.text, later.author, later.number, score.zeros + 1)
        if timeline is not None and place is None:
            place = timeline.position(moment)
        if timeline is None or place is None or not beats:
            begin = timeline.frame(place) if timeline is not None and place is not None else moment
            frame = begin + frames_of(length, bpm, self.rate, None, begin)
            return Due(Fraction(0), frame, later.command, later.text, later.author, later.number, IN_TIME)
        position = place + beats
        frame = timeline.frame(position)
        return Due(position, frame, later.command, later.text, later.author, later.number, timeline.number)

    def _waits_again(self, waited: Due, score: Score, moment: int) -> Due | None:
        """None where its time has passed. What goes back does so then at once."""
        if waited.frame == ONCE_IT_PLAYS:
            return waited
        timeline = score.timeline
        frame = timeline.frame(waited.position) if timeline and timeline.number == waited.timeline else waited.frame
        if frame > moment:
            return replace(waited, frame=frame)
        return replace(waited, frame=moment, timeline=IN_TIME) if isinstance(waited.command, Back) else None

    # ------------------------------------------------------------ after it

    def accept(self, t: Transaction, frame: int) -> None:
        """The replicas have it, or will for certain: it is the state now."""
        assert t.score is not None, "accepted before it was committed"
        self._take_in(t)
        self.now = max(self.now, frame)
        self.rack, self.past, self.future = t.after, t.past, t.future
        self.owed.add(t.near, t.since, t.score.generation)
        self._no_more_waiting(t.withdrawn)
        self.waiting = [self._for_the_music(t.score, due) for due in (*self._with_frames(t.score), *t.dues)]
        self.put_off = max(self.put_off, t.put_off)
        self.score = t.score
        if t.plan is not None:
            self.planner.adopt(t.plan)
            self._shrinking = None

    def _take_in(self, t: Transaction) -> None:
        """What is heard until the moments that are promised, now that this has been performed."""
        since = t.moment if t.exact else -1
        sooner = [one for one in self._ahead if self.now <= one.moment <= since]
        later = [one for one in self._ahead if one.moment > max(since, self.now - 1)]
        if t.exact and not (sooner and sooner[-1].moment == since):
            sooner.append(Ahead(since, later[0].rack if later else self.rack, t.due))
        if t.plan is not None and not t.exact:
            later = []  # nothing was to wait for anything: all that was performed is heard at once
        self._ahead = [*sooner, *(one._replace(rack=_with_changes(one.rack, t)) for one in later)]

    def sealed(self, t: Transaction, frame: int) -> None:
        self.now = max(self.now, frame)
        if t.plan is not None:
            self.planner.confirm(t.plan.number, frame)

    def abandon(self, t: Transaction) -> None:
        """It comes to nothing; the state never knew of it."""
        t.score = None

    def promise(self, frame: int) -> None:
        """Owes the notes of all lanes up to a frame."""
        self.owed.promise(frame, self.score.generation)

    def pay(self, now: int = 0) -> Rows:
        """The next slice of what is owed."""
        notes = self.owed.pay(self.score, now)
        if not self.owed:  # before, what is over may still have notes to give
            self.score = pruned(self.score, self.now, self.rack)
        return notes

    def advance(self, frame: int) -> list[Rows]:
        """All notes up to a frame that were not given yet, in batches."""
        self.promise(frame)
        paid = []
        while self.owed:
            paid.append(self.pay())
        notes = in_order(np.concatenate(paid)) if paid else NONE
        return [notes[k : k + BATCH] for k in range(0, len(notes), BATCH)]

    def due(self, frame: int) -> list[tuple[int, tuple[Due, ...]]]:
        """What was put off to a time before a frame, taken out, in order: (frame, all that one author put off to it).

        It is under way until it is performed.
        """
        found = [(self._frame_of(due), due) for due in self.waiting]
        ready = sorted((pair for pair in found if pair[0] < frame), key=lambda pair: pair[0])
        for _, due in ready:
            self.take_up(due.number)
            self.under_way[due.number] = due
        return [
            (at, tuple(due for _, due in pairs))
            for (at, _), pairs in groupby(ready, key=lambda pair: (pair[0], pair[1].author))
        ]

    @property
    def next_due(self) -> int | None:
        """The frame of what was put off to the nearest time."""
        return min((self._frame_of(due) for due in self.waiting), default=None)

    def _frame_of(self, due: Due) -> int:
        timeline = self.score.timeline
        return timeline.frame(due.position) if timeline and timeline.number == due.timeline else due.frame

    def _with_frames(self, score: Score) -> list[Due]:
        """What waits, once the bars that it waited for may be over: then it comes at the frame at which they would have been."""
        if score.timeline and self.score.timeline and score.timeline.number == self.score.timeline.number:
            return self.waiting
        return [replace(due, frame=self._frame_of(due)) for due in self.waiting]

    def _for_the_music(self, score: Score, due: Due) -> Due:
        """What waits for the music to begin is meant for the next that does."""
        if due.frame != ONCE_IT_PLAYS:
            return due
        timeline = score.timeline
        if timeline is None:
            return replace(due, timeline=score.zeros + 1)
        return replace(due, timeline=timeline.number, frame=timeline.frame(due.position))

    def _no_more_waiting(self, numbers: Collection[int]) -> None:
        """What was put off under these numbers happens now, or never."""
        self.waiting = [due for due in self.waiting if due.number not in numbers]
        self.under_way = {number: due for number, due in self.under_way.items() if number not in numbers}

    def take_up(self, number: int) -> Due | None:
        """What was put off under that number, taken out; None if it is not waiting."""
        found = next((due for due in self.waiting if due.number == number), None)
        self.waiting = [due for due in self.waiting if due is not found]
        return found

    def shrink(self, frame: int | None = None) -> Program | None:
        """The program without what has faded out, if something has; `shrunk` makes it the plan."""
        self.now = max(self.now, frame or 0)
        if not self.planner.faded(self.now):
            return None
        self._shrinking = self.planner.draw(self.rack, self.now)
        return self._shrinking.program

    def shrunk(self, program: Program | None, moment: int = NOW) -> Rows:
        """The entries that swap to it; none if the rack has changed since it was drawn."""
        plan = self._shrinking
        if plan is None or program is not plan.program:
            return NONE
        self.planner.adopt(plan)
        self._shrinking = None
        self.number += 1
        return encode(self._placed([Entry(SWAP, a=float(plan.number))], self.number, moment))

    # ------------------------------------------------------------ questions

    @property
    def promised(self) -> int:
        """The last moment for which something was performed; -1 if there was none of late. It may lie behind."""
        return max((one.moment for one in self._ahead), default=-1)

    def heard(self, frame: int) -> Rack:
        """The rack as it is heard in the block that begins at a frame: without what was performed for a moment to come."""
        return next((one.rack for one in self._ahead if one.moment >= frame), self.rack)

    def _known(self, frame: int) -> Rack:
        """The rack that one who speaks then may know of: what is heard, and what somebody was told is done."""
        return next((one.rack for one in self._ahead if one.moment >= frame and one.hidden), self.rack)

    def independent(self, t: Transaction | None, frame: int) -> bool:
        """Whether it may be heard at a frame, before what is promised: it does the same there as after it.

        `panic` and `stop` always may: they are about all there is, now and later. None is for a program that only shrinks.
        """
        heard = self.heard(frame)
        if heard is self.rack:
            return True
        if t is None:
            return False
        if any(step.act == "panic" for step in t.steps):
            return True
        if t.plan is not None or t.sweeps or t.absolute or replace(t.after, modules=t.before.modules) != t.before:
            return False
        return all(heard.modules.get(name) is t.before.modules[name] for name in changed(t.before, t.after))

    @property
    def kept(self) -> list[Due]:
        """What was put off and is not performed yet."""
        return [*self.under_way.values(), *self.waiting]

    @property
    def playing(self) -> bool:
        """Whether there is a transport zero: bars are counted."""
        return self.score.timeline is not None

    def present(self, frame: int) -> Present:
        """Where what moves has got to at a frame."""
        return Present(self.score.courses, frame)

    def document(self, frame: int) -> Rack:
        """The rack that is worked on: while an opened one waits for its bar line, that one, with what was said after it.

        What moves begins where it has got to at a frame.
        """
        t = Transaction(self.number, self.rack, self.rack, self.past, self.future)
        present = self.present(frame)
        working = Performance(t, self.catalogue, self.kept, self.score, "", _anything, self.taken_out, present).lasting
        return onward(working, self.catalogue, present)

    def loaded(self) -> dict[str, str]:
        """name -> kind."""
        return {name: module.kind for name, module in self.rack.modules.items()}

    def where(self, frame: int) -> tuple[int, float]:
        """(bar, beat) at a frame, counted from 1; (0, 0.0) while there is no music."""
        timeline = self.score.timeline
        if timeline is None or frame < timeline.tempos[0].frame:
            return 0, 0.0
        bar, beat = divmod(timeline.position(frame), BAR)
        return int(bar) + 1, float(beat) + 1

    def bars_at(self, frame: int) -> float:
        return float(self._timeline().position(frame) / BAR)

    def _timeline(self) -> Timeline:
        return self.score.timeline or Timeline.begin(self.rate, 0, 0, self.rack.bpm)

    def wait_frame(self, wait: Wait, moment: int) -> int:
        """The frame at which a wait that begins at `moment` is over. Bars without music last as long as the tempo says."""
        timeline = self.score.timeline
        if wait.until_bar and timeline is None:
            return moment + round((wait.until_bar - 1) * BAR * beat_frames(self.rack.bpm, self.rate))
        if wait.until_bar:
            return max(moment, self._timeline().frame(Fraction((wait.until_bar - 1) * BAR)))
        if wait.length is None:
            raise ChronusError("E_VALUE", "a wait has a length, or a bar until which it lasts")
        return moment + frames_of(wait.length, self.rack.bpm, self.rate, timeline, moment)


def as_one(commands: Iterable[AnyCommand]) -> Submission:
    """Commands that no client sent, as one submission."""
    commands = tuple(commands)
    return Submission(tuple(range(len(commands))), ("",) * len(commands), commands)


def together(dues: Iterable[Due]) -> Submission:
    """What was put off to one moment."""
    dues = tuple(dues)
    return Submission(tuple(range(len(dues))), tuple(due.text for due in dues), tuple(due.command for due in dues))  # type: ignore[misc]


def _tell_what_waits(outcome: Outcome, t: Transaction, again: Iterable[Later], gone_by: Iterable[Later]) -> None:
    for laters, words in ((again, "wait again"), (gone_by, "no more, their time has passed")):
        own = [one for one in laters if t.outcomes[one.outcome] is outcome and not isinstance(one.command, Back)]
        if own:
            outcome.note(f"{len(own)} {words}")


def _with_changes(rack: Rack, t: Transaction) -> Rack:
    modules = {name: t.after.modules[name] for name in changed(t.before, t.after) if name in rack.modules}
    return replace(rack, modules={**rack.modules, **modules}) if modules else rack


def _anything(rendered: Rack, before: Rack, after: Rack) -> None:
    """Affords whatever it is."""


def without(history: History, numbers: Collection[int]) -> History:
    """A history without what waited under these numbers."""
    return tuple(pair for pair in history if not isinstance(pair[1], Later) or pair[1].number not in numbers)


def bar_and_beat(position: Fraction) -> dict[str, float]:
    """For programs: both count from 1."""
    bar, beat = divmod(position, BAR)
    return {"bar": int(bar) + 1, "beat": float(beat) + 1}


def bar_of(position: Fraction) -> str:
    """`bar 5`, or `bar 5 beat 3` inside one."""
    bar, beat = divmod(position, BAR)
    return f"bar {int(bar) + 1}" + (f" beat {float(beat) + 1:g}" if beat else "")
