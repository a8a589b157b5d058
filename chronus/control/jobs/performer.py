"""Takes each submission to the frame at which it is applied, step by step and without waiting.

    taken -> performed (on the rack) -> compiled -> proved, where it comes from outside -> its program prepared
          -> committed, journaled, published -> sealed -> applied

Rule 1: only one job at a time stands between `performed` and `accepted`, because the next one is performed on the rack that it
leaves. A job that is all for now cannot be refused and is accepted as it is published, so such jobs follow one another without a wait;
a job that names a frame is accepted when its seal shows that both replicas took it, and otherwise committed again, later. A job that
has to be proved, or needs a kernel that is not compiled yet, steps aside, and is performed again on the rack as it then is: a trial or
a compiler may take seconds. Jobs that wait for compilers do not wait for each other.
Rule 2: jobs are performed in the order in which they take effect. A job with a moment is performed before that moment; a job that comes
until then goes first only if it is independent of the former. Otherwise it is given the same moment, and acts after it.
Rule 3: the journal has the text of a job before the log has its entries; a job whose text the disk refuses is refused with E_FILE.
Rule 4: `step` looks once and returns. `busy` says whether it is worth looking again soon.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from chronus.commands import Carrying
from chronus.conductor import authors
from chronus.conductor.conductor import Conductor
from chronus.conductor.touches import Touches
from chronus.conductor.transaction import Committed, Drawn, Shrinking, Shrunk, Transaction
from chronus.conductor.waiting import together
from chronus.control.jobs.compiling import Compiling
from chronus.control.jobs.job import (
    NOWHERE,
    Answered,
    Applied,
    Aside,
    Asked,
    Failed,
    Flying,
    Job,
    Landing,
    Named,
    Performed,
    Performing,
    Proving,
    Ready,
    Shrink,
    Stage,
    Uncompiled,
)
from chronus.control.jobs.notes import Notes
from chronus.control.jobs.proving import ANSWER_SECONDS, Late, OnTrial, Prover, Refused, Sound, ToBeTried, trials
from chronus.control.jobs.publisher import Publisher
from chronus.errors import ChronusError
from chronus.journal import standing
from chronus.journal.records import Record, Said, Sealed, Stands, Void
from chronus.journal.replay import weight
from chronus.memory.layout import BLOCK, LOG_ENTRIES, PERFORMED, RECOMMITTED
from chronus.memory.log import NOW, least_frame
from chronus.plan.seats import Plan
from chronus.rack.document import replace
from chronus.rack.script import script
from chronus.score.courses import onward
from chronus.shelf import naming
from chronus.shelf.keeper import Keeper

PREPARE_SECONDS = 10.0
"""How long workers may take over a program."""
MOST_ENTRIES = LOG_ENTRIES // 4 - 2
"""Entries that are accepted or refused together."""
MOST_WEIGHT = 1500
"""Of what is said in one file of the journal: a control that takes another's place performs so much again in some 0.4 s."""
MARGIN_SECONDS = 0.004
"""An exact frame nearer to the head than this is not tried."""
JOBS_A_STEP = 16
STEP_SECONDS = 0.001
"""What jobs of one step may take together, but for the last: then whoever else is at the door has a turn."""
COMMANDS_A_LOOK = 8
"""Commands between two looks at the clock."""
TRIES = 3
"""Moments that are tried for one job. For the last of them it is put off by as much as is sure to be enough."""
PUT_OFF_SECONDS = 0.5
MOST_YIELDS = 8
"""Times that a job lets another one come first: whoever panics without end must not keep it for ever."""
FORESEEN = 2.0
"""So many times what the entries took to make is what they may take the next time, on a busy machine."""


class Pen(Protocol):
    """What the performer needs of a journal. `write` may refuse; what is owed will be written; `pay` says whether all of it is."""

    path: Path
    fault: str
    unsynced: str

    def write(self, *records: Record) -> bool: ...

    def owe(self, *records: Record) -> None: ...

    def pay(self) -> bool: ...

    @property
    def full(self) -> bool: ...

    def turn_over(self, stands: Stands) -> bool: ...


Take = Callable[[], Job | Asked | Shrink | None]
"""Gives what is to be performed next. What comes as Asked has been looked at before."""


class Resumed(Struct, frozen=True):
    """How a control that died left the work: what was said in this file of the journal, and what was on its way."""

    touches: Touches
    weight: int
    current: Named | None
    flying: tuple[Flying, ...]


class Performer:
    """Takes jobs one by one and brings each to the replicas. `told(kind, text)` is called with what people should know."""

    def __init__(
        self,
        conductor: Conductor,
        publisher: Publisher,
        pen: Pen,
        told: Callable[[str, str], None],
        number: int = 0,
        prover: Prover | None = None,
        compiling: Compiling | None = None,
        clock: Callable[[], float] = time.monotonic,
        keeper: Keeper | None = None,
    ) -> None:
        self.clock, self.keeper = clock, keeper
        self.conductor, self.publisher, self.pen, self.told, self.prover = conductor, publisher, pen, told, prover
        self.compiling = compiling
        self.notes = Notes(conductor, publisher)
        self.number, self.weight = number, 0
        self.touches = Touches()
        self.current: Stage | None = None
        self.aside: deque[Aside] = deque()
        """Jobs that are to be proved; the first is on trial. Those of other authors go on meanwhile."""
        self.uncompiled: list[Uncompiled] = []
        """Jobs that wait for kernels."""
        self.flying: deque[Flying] = deque()
        self.landing: deque[Landing] = deque()
        self.unheard_of: Callable[[], bool] = lambda: False
        """Whether something was taken out that nobody has looked at here."""
        self._journal_fault = False
        self._pace = 0.0
        """Seconds a lane that making entries took of late."""
        self._stopped_for: deque[Asked | Shrink] = deque()
        self._gave_way = False

    def resume(self, resumed: Resumed) -> None:
        """Goes on where another control stopped."""
        self.touches, self.weight = resumed.touches, resumed.weight
        self.current, self.flying = resumed.current, deque(resumed.flying)
        self.publisher.expect(flying.batch for flying in resumed.flying)
        if resumed.current is not None:
            self.publisher.expect([resumed.current.batch])

    @property
    def busy(self) -> bool:
        waits = self._stopped_for or (self.aside and isinstance(self.aside[0].trying, ToBeTried))
        return not self._at_rest or bool(waits or self._next_compiled() or self.conductor.state.owed)

    def has(self, job: Job | None) -> bool:
        """Whether the job was taken up and is not accepted yet."""
        return self.is_aside(job) or (self.current is not None and _is_of(self.current.asked, job))

    def is_aside(self, job: Job | None) -> bool:
        """Whether the job was taken up, and stepped aside for others."""
        asked = (*(one.asked for one in self.aside), *self._stopped_for)
        return self.lacks_kernels(job) or any(_is_of(one, job) for one in asked)

    def lacks_kernels(self, job: Job | None) -> bool:
        return any(one.asked.job is job for one in self.uncompiled)

    @property
    def at_work(self) -> bool:
        """Whether the next step has something to do, whatever other processes do meanwhile."""
        return isinstance(self.current, Performing) or self.notes.can_be_paid

    @property
    def on_its_way(self) -> tuple[Flying, ...]:
        """Jobs that the rack has and not every playing replica yet."""
        return (*(one.flying for one in self.landing), *self.flying)

    def drawn(self) -> Iterator[Plan]:
        """Plans that were drawn and are not in use yet."""
        plans = [one.transaction.plan for one in self.aside] + [one.transaction.plan for one in self.uncompiled]
        if self.current is not None and not isinstance(self.current, Performing):
            plans.append(self.current.plan)
        return (plan for plan in plans if plan is not None)

    @property
    def _at_rest(self) -> bool:
        """Whether the journal knows the end of all that was on its way."""
        return self.current is None and not self.flying and not self.landing

    def step(self, take: Take) -> None:
        """Brings every job as far as it goes."""
        now = self.clock()
        self.see_seals()
        self._land()
        self.notes.pay(self.clock, now)
        for waiting in self.uncompiled:
            if self.compiling is not None and (remark := self.compiling.remark(waiting)):
                self.told("compiling", remark)
        if self._is_full and self._at_rest and self.conductor.state.promised < self.publisher.head():
            self._turn_over()
        for _ in range(JOBS_A_STEP):
            if self.current is None:
                asked = None if self._is_full else self._next(take, now)
                if asked is None:
                    break
                self.current = self._begin(asked, now)
            self.current = self._go_on(self.current, now)
            if self.current is not None or self.clock() - now > STEP_SECONDS:
                break

    # ------------------------------------------------------------ what comes next

    def answer(self, job: Job) -> None:
        """Answers questions at once, whatever is on its way: they change nothing."""
        head = self.publisher.head()
        transaction = self.conductor.perform(job.submission, job.author, at=head, seen=head)
        self.publisher.count(PERFORMED, len(job.submission.commands))
        job.ended(Answered(job.submission, transaction))

    def give_way(self) -> bool:
        """Lets another job come first: the job on its way begins anew later. False if it is too late for that."""
        stage = self.current
        if stage is None:
            return True
        asked = stage.asked
        if isinstance(stage, Named) or (isinstance(stage, Proving) and isinstance(stage.trying, OnTrial)):
            return False
        if isinstance(asked, Asked):
            if asked.due or asked.yielded >= MOST_YIELDS:
                return False
            asked = replace(asked, yielded=asked.yielded + 1)
        self._stopped_for.append(asked)
        self.current, self._gave_way = None, True
        return True

    def withdraw(self, job: Job) -> None:
        """Refuses a job that waits for kernels: its author now wants silence, and would be surprised to hear it later."""
        for waiting in [one for one in self.uncompiled if one.asked.job is job]:
            self.uncompiled.remove(waiting)
            self._fail(waiting.asked, "it was withdrawn by panic before it was compiled; nothing was changed")

    def _next(self, take: Take, now: float) -> Asked | Shrink | None:
        """Returns the next job. One that stepped aside for another comes right after that one."""
        if not (self._stopped_for and self._gave_way):
            back = self._stopped_for.popleft() if self._stopped_for else self._compiled() or self._back_from_trial(now)
            if back is not None:
                return back
        self._gave_way = False
        job = take()
        return Asked(job, job.submission, job.due) if isinstance(job, Job) else job

    def _begin(self, asked: Asked | Shrink, now: float) -> Stage:
        if isinstance(asked, Shrink):
            return Ready(asked, asked.shrinking, None, 0, now + PREPARE_SECONDS)
        if not asked.counted:
            if asked.due:
                dues = self.conductor.still(asked.due)
                asked = replace(asked, submission=together(dues), due=tuple(due.number for due in dues))
            self.publisher.count(PERFORMED, len(asked.submission.commands))
        return self._perform(replace(asked, counted=True))

    def _perform(self, asked: Asked) -> Performing:
        wish, head = asked.job.wish, self.publisher.head()
        own = bool(asked.due) or (wish is not None and wish >= self.conductor.state.promised)
        seen = wish if own and wish is not None else head
        steps = self.conductor.performing(
            asked.submission, asked.job.author, asked.refused, None if own else head, asked.due, seen
        )
        return Performing(asked, steps, seen)

    # ------------------------------------------------------------ on the stage

    def _go_on(self, stage: Stage, now: float) -> Stage | None:
        """Brings a job as far as it goes now; None once the rack has it, or it has stepped aside, or is refused."""
        if isinstance(stage, Named):
            return self._sealed(stage)
        found: Stage | None = stage
        if isinstance(found, Performing):
            found = self._performed(found, now)
        if isinstance(found, Performed):
            found = self._looked_at(found, now)
        if isinstance(found, Proving):
            found = self._proved(found, now)
        if isinstance(found, Ready):
            found = self._prepared(found, now)
            if isinstance(found, Ready) and self._can_be_committed(found):
                found = self._commit(found)
        return found

    def _performed(self, stage: Performing, now: float) -> Performing | Performed:
        """Performs the commands of a job, for as long as a step may last."""
        try:
            while True:
                for _ in range(COMMANDS_A_LOOK):
                    next(stage.steps)
                if self.clock() - now > STEP_SECONDS:
                    return stage
        except StopIteration as done:
            return Performed(stage.asked, self.conductor.drawn(done.value), stage.seen)

    def _looked_at(self, stage: Performed, now: float) -> Stage | None:
        """Checks whether the kernels of a job are compiled, and whether it is to be proved; if it must wait it steps aside, the
        first time.
        """
        asked, t = stage.asked, stage.transaction
        if self.compiling is not None and (lacking := self.compiling.lacking(asked.submission, t)):
            self.uncompiled.append(self.compiling.ask(asked, t, lacking))
            return None
        proved = asked.proved_on is t.before or asked.due or asked.job.author == authors.JOURNAL
        found = () if self.prover is None or proved else tuple(trials(t, asked.submission))
        if not found:
            return self._ready(stage, now)
        if asked.proved_on is not NOWHERE:
            return Proving(stage, ToBeTried(found))
        self.aside.append(Aside(asked, t, ToBeTried(found)))
        return None

    def _ready(self, stage: Performed, now: float) -> Ready:
        asked = replace(stage.asked, proved_on=stage.transaction.before)
        return Ready(asked, stage.transaction, asked.job.wish, stage.seen, now + PREPARE_SECONDS)

    # ------------------------------------------------------------ what they waited for aside

    def _next_compiled(self) -> Uncompiled | None:
        return next((one for one in self.uncompiled if self.compiling and self.compiling.is_over(one)), None)

    def _compiled(self) -> Asked | None:
        """Returns the next job whose kernels are compiled, or cannot be had."""
        waiting = self._next_compiled()
        if waiting is None or self.compiling is None:
            return None
        self.uncompiled.remove(waiting)
        return self.compiling.conclude(waiting)

    def _back_from_trial(self, now: float) -> Asked | None:
        """Returns the job that was aside and is proved, or had something refused. The next one is on trial from then on."""
        if not self.aside or self.prover is None:
            return None
        first = self.aside[0]
        found = self.prover.go_on(first.trying, self.conductor.state.taken_out, now)
        if isinstance(found, ToBeTried | OnTrial):
            self.aside[0] = replace(first, trying=found)
            return None
        self.aside.popleft()
        return self._concluded(first.asked, replace(first.asked, proved_on=first.transaction.before), found)

    def _proved(self, stage: Proving, now: float) -> Stage | None:
        """Proves a job again that came back to another rack than the one it was tried out in, while others wait for it: its machine
        code is there by now, so that takes little time.
        """
        assert self.prover is not None
        found = self.prover.go_on(stage.trying, self.conductor.state.taken_out, now)
        if isinstance(found, ToBeTried | OnTrial):
            return replace(stage, trying=found)
        if isinstance(found, Sound):
            return self._ready(stage.performed, now)
        again = self._concluded(stage.asked, stage.asked, found)
        return None if again is None else self._perform(again)

    def _concluded(self, asked: Asked, proved: Asked, found: Sound | Refused | Late) -> Asked | None:
        """Refuses a command that failed the trial, and performs the others again."""
        if isinstance(found, Sound):
            return proved
        if isinstance(found, Refused):
            refused = {**asked.refused, found.outcome: found.error}
            return replace(asked, refused=refused, proved_on=NOWHERE)
        self._fail(asked, f"no trial of it was over within {ANSWER_SECONDS:g} s; nothing was changed")
        return None

    def _fail(self, asked: Asked | Shrink, why: str, code: str = "E_ENGINE") -> None:
        if isinstance(asked, Asked):
            asked.job.ended(Failed(asked.submission, why, code))

    # ------------------------------------------------------------ its program, its moment, its entries

    def _prepared(self, ready: Ready, now: float) -> Stage | None:
        """Lays the program of a job once there is a place for it; None where the workers do not get it ready."""
        program = ready.program
        if program is None or (ready.laid and self.publisher.prepared(program.number)):
            return ready
        if not ready.laid and not self._has_tables(ready):
            return replace(ready, deadline=now + PREPARE_SECONDS)
        if not ready.laid and self.publisher.has_place(program.number):
            try:
                self.publisher.lay(program)
            except ValueError as error:
                self._fail(ready.asked, str(error))
                return None
            ready = replace(ready, laid=True)
        if now > ready.deadline and not (ready.laid and self.publisher.prepared(program.number)):
            text = f"the workers did not prepare the new program within {PREPARE_SECONDS:g} s; nothing was changed"
            self._fail(ready.asked, text)
            return None
        return ready

    def _has_tables(self, ready: Ready) -> bool:
        """Whether the shelf has what the program reads: a file that was not needed for a while is read again."""
        return self.keeper is None or ready.plan is None or self.keeper.has(ready.plan.tables())

    def _can_be_committed(self, ready: Ready) -> bool:
        program = ready.program
        prepared = program is None or (ready.laid and self.publisher.prepared(program.number))
        return prepared and self.publisher.room() and not self._is_too_near(ready)

    def _choose(self, ready: Ready) -> tuple[int, bool]:
        """Returns the frame of the moment, and whether all of the job happens at that very frame."""
        publisher, state = self.publisher, self.conductor.state
        absolute = isinstance(ready.work, Transaction) and ready.work.absolute
        begins = absolute and not state.playing
        wish = state.promised if self._follows(ready) else ready.wish
        wish = -(-wish // BLOCK) * BLOCK if wish is not None and begins else wish
        if wish is not None and self._can_be_named(wish):
            return wish, True
        if absolute:
            return publisher.safe_moment(self._foreseen(ready)), begins
        return publisher.head(), False

    def _can_be_named(self, frame: int) -> bool:
        return frame >= self.publisher.head() + BLOCK + round(MARGIN_SECONDS * self.publisher.rate)

    def _follows(self, ready: Ready) -> bool:
        """Whether something is promised for a later moment than the job's own, and the job must not be heard before that."""
        head, state = self.publisher.head(), self.conductor.state
        if state.promised < head:
            return False
        if ready.wish is not None and ready.wish >= state.promised and self._can_be_named(ready.wish):
            return False
        return not isinstance(ready.work, Shrinking) and not state.independent(ready.work, head)

    def _is_too_near(self, ready: Ready) -> bool:
        """Whether the moment of the job, or the one it must come after, cannot be named any more and has not passed: it will in
        some milliseconds.
        """
        promised = self.conductor.state.promised if self._follows(ready) else -1
        least = max(-1 if ready.wish is None else ready.wish, promised)
        return self.publisher.head() <= least and not self._can_be_named(least)

    def _foreseen(self, ready: Ready) -> float:
        """Returns the seconds that making the entries may take: by what it took before, and from the third try on surely enough."""
        cost = max(ready.cost, self._pace * len(self.conductor.rack.lanes))
        return FORESEEN * cost + (PUT_OFF_SECONDS if ready.tries >= TRIES - 1 else 0.0)

    def _commit(self, ready: Ready) -> Named | None:
        """Gives a job to the journal and to the replicas. What the replicas need not know is done at once."""
        asked, work = ready.asked, ready.work
        if isinstance(work, Shrinking):
            moment, exact = self._choose(ready)
            shrunk = self.conductor.shrunk(work)
            return self._publish(ready, shrunk, moment, exact) if len(shrunk.entries) else None
        if isinstance(asked, Asked) and not asked.due and not any(ready.kept()):
            asked.job.ended(Answered(asked.submission, work))
            return None
        try:
            ready, done = self._committed(ready, work)
        except ChronusError as error:
            self._fail(asked, error.message, error.code)
            return None
        if len(done.entries) > MOST_ENTRIES:
            text = f"that comes to {len(done.entries)} events at once; {MOST_ENTRIES} is the most"
            self._fail(asked, text, "E_LIMIT")
        elif len(done.entries):
            return self._publish(ready, done, done.moment, done.exact)
        else:
            said = self._said(ready, done.moment, done.exact, 0)
            if self._keep(ready, said, Sealed(said.n, done.moment)):
                self._accept(ready, done)
                if isinstance(asked, Asked):
                    asked.job.ended(Applied(asked.submission, work, done.moment))
        return None

    def _committed(self, ready: Ready, t: Transaction) -> tuple[Ready, Committed]:
        """Makes the entries of a job, for a moment that still lies ahead when they are made: if it has passed by then, for a later one."""
        while True:
            moment, exact = self._choose(ready)
            self.notes.pay_before(moment)
            began = self.clock()
            done = self.conductor.commit(t, moment, exact)
            ready = replace(ready, cost=self.clock() - began, tries=ready.tries + 1)
            if t.absolute:
                self._pace = max(ready.cost / max(1, len(t.after.lanes)), 0.9 * self._pace)
            least = least_frame(done.entries)
            if least == NOW or self._can_be_named(least) or ready.tries >= TRIES:
                return ready, done
            ready = self._again(ready, exact)

    def _again(self, ready: Ready, exact: bool) -> Ready:
        """Commits a job for a later moment."""
        self.publisher.count(RECOMMITTED)
        wish = self.publisher.safe_moment(self._foreseen(ready)) if exact else None
        if ready.tries == TRIES - 1:
            text = f"there is much to do: {_in_short(ready)} begins {PUT_OFF_SECONDS:g} s later"
            self.told("put off", text)
        return replace(ready, wish=wish)

    def _publish(self, ready: Ready, done: Committed | Shrunk, moment: int, exact: bool) -> Named | None:
        said = self._said(ready, moment, exact, self.publisher.next_tail(len(done.entries)))
        if not self._keep(ready, said):
            return None
        ready = replace(ready, number=said.n)
        batch = self.publisher.publish(done.entries, ready.number)
        if batch.least != NOW and isinstance(done, Committed):
            return Named(ready, done, batch)
        self._accept(ready, done)
        self.flying.append(Flying(ready.asked, ready.number, done, batch, moment if exact else -1))
        return None

    def _sealed(self, named: Named) -> Named | None:
        """Ends or repeats a job whose entries name frames: it is accepted, or said again for a later moment."""
        ready, done, batch = named.ready, named.done, named.batch
        if batch.refused:
            return self._commit(self._again(ready, done.exact))
        if not batch.sealed:
            return named
        self._accept(ready, done)
        self.flying.append(Flying(ready.asked, ready.number, done, batch, done.moment if done.exact else -1))
        return None

    def _accept(self, ready: Ready, done: Committed | Shrunk) -> None:
        if not isinstance(done, Committed):
            return
        self.conductor.accept(done)
        if isinstance(ready.asked, Asked):
            ready.asked.job.accepted(ready.wish, done)
        if done.transaction.absolute:
            self.notes.schedule()

    # ------------------------------------------------------------ accepted

    def see_seals(self) -> None:
        """Gives all that is on its way the frame at which it was sealed, if it has been."""
        self.publisher.poll()
        self.notes.see_seals()
        while self.flying and self.flying[0].batch.sealed and not self._drawing:
            self._seal(self.flying.popleft())

    def _land(self) -> None:
        """Answers, in the order of the log, what every playing replica has applied.

        Asked in this order: a replica that got past it because what it broke is out did so after that was said on the board.
        """
        while self.landing and self.publisher.applied(self.landing[0].flying.batch):
            if self.unheard_of():
                break
            landed = self.landing.popleft()
            asked, done = landed.flying.asked, landed.flying.done
            if isinstance(asked, Asked) and isinstance(done, Committed):
                asked.job.ended(Applied(asked.submission, done.transaction, landed.frame))

    @property
    def _drawing(self) -> bool:
        """Whether a program is drawn but not yet in the journal: what would change the places it was drawn from waits, so that a
        replay of the journal, record by record, draws the same.
        """
        return isinstance(self.current, Performed | Proving | Ready) and self.current.plan is not None

    def _seal(self, flying: Flying) -> None:
        batch, done = flying.batch, flying.done
        frame = flying.frame if flying.frame >= 0 else batch.frame
        self.pen.owe(Sealed(flying.number, frame))
        if isinstance(done, Shrunk):
            self.conductor.confirm(done.program, frame)
        elif isinstance(flying.asked, Asked):
            t = done.transaction
            self.conductor.sealed(t, frame)
            self.touches.add(flying.number, flying.asked.submission, t, frame, batch.tail, batch.size)
        self.landing.append(Landing(flying, frame))

    # ------------------------------------------------------------ the journal

    def _said(self, ready: Ready, moment: int, exact: bool, tail: int) -> Said:
        number = ready.number or self.number + 1
        self.number = max(self.number, number)
        submission, work = ready.submission, ready.work
        kept = []
        if isinstance(work, Transaction) and not ready.due:
            pairs = zip(submission.commands, submission.texts, strict=True)
            kept = [work.said(k, *pair) for k, (pair, keep) in enumerate(zip(pairs, ready.kept(), strict=True)) if keep]
        program = work.program
        drawn = work.drawn if program else Drawn()
        return Said(
            number,
            ready.author,
            tuple(text for _, text in kept),
            moment,
            exact,
            tail,
            {
                k: command
                for k, (command, _) in enumerate(kept)
                if isinstance(command, Carrying) or any(naming.files(command))
            },
            ready.due,
            isinstance(work, Shrinking),
            program.number if program else 0,
            drawn.now,
            drawn.incarnation,
            ready.seen,
        )

    def _keep(self, ready: Ready, *records: Record) -> bool:
        """Writes a job to the journal. If the disk refuses, the job is not done, unless it was promised before or no client asked
        for it.
        """
        if ready.ours:
            self.pen.owe(*records)
        elif not self.pen.write(*records):
            if ready.number:  # the replicas refused what the journal holds of it, and it will not be said again
                self.pen.owe(Void(ready.number))
            self._fail(ready.asked, f"the journal cannot be written: {self.pen.fault}; nothing was changed", "E_FILE")
            self.look_at_the_disk()
            return False
        self.weight += weight(ready.submission, ready.program)
        return True

    @property
    def _is_full(self) -> bool:
        """Whether it is time to go on in a new file."""
        return self.pen.full or self.weight > MOST_WEIGHT

    def _turn_over(self) -> None:
        """Goes on with the take in a new file of the journal, which begins with the present state: nothing is on its way."""
        conductor = self.conductor
        head = self.publisher.head()
        rack = onward(conductor.rack, conductor.catalogue, conductor.state.present(head))
        texts = tuple(script(rack, conductor.catalogue))
        self.weight = 0
        self.pen.turn_over(Stands(self.number, head, texts, standing.keep(conductor.state)))

    def look_at_the_disk(self) -> None:
        """Writes what the journal is owed; writes one notice when that fails, and one when it works again."""
        well = self.pen.pay() and not self.pen.fault
        if not well and not self._journal_fault:
            self.told(
                "journal",
                f"the journal cannot be written: {self.pen.fault}; the music goes on, but commands are refused until it can",
            )
        elif well and self._journal_fault:
            self.told("journal", "the journal can be written again")
        self._journal_fault = not well
        if self.pen.unsynced:
            self.told(
                "journal",
                f"the journal cannot be synced: {self.pen.unsynced}; a power cut may lose what was said since",
            )
            self.pen.unsynced = ""


def _is_of(asked: Asked | Shrink, job: Job | None) -> bool:
    return isinstance(asked, Asked) and asked.job is job


def _in_short(ready: Ready) -> str:
    first, *others = ready.submission.texts or ("",)
    return f'"{first}"' + (f" and {len(others)} more" if others else "")
