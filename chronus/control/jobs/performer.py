"""From a submission to an applied frame, step by step and without waiting.

    taken -> performed (on the rack) -> compiled -> proved, where it comes from outside -> its program prepared
          -> committed, journaled, published -> sealed -> applied

Rule 1: one job at a time stands between `performed` and `accepted`, because the next one is evaluated on the rack that it
leaves. What is all for now cannot be refused and is accepted as it is published, so those follow one another without a wait;
what names a frame is accepted when its seal shows that both replicas took it, and otherwise committed again, later. What is to be
proved, or needs a kernel that is not compiled yet, steps aside for it, and is performed again on the rack as it then is: a trial or a
compiler may take seconds. Those that wait for compilers do not wait for each other.
Rule 2: the order of performing is that of taking effect. What names a moment is performed before it; what comes until then goes
first only if it is independent of that. Otherwise it is given the same moment, and acts after it.
Rule 3: the journal has a job's words before the log has its entries; a job whose words the disk refuses is refused with E_FILE.
Rule 4: `step` looks once and returns. `busy` says whether it is worth looking again soon.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from chronus.commands import AnyCommand, Open, Say
from chronus.conductor import authors
from chronus.conductor.conductor import BATCH, Conductor
from chronus.conductor.touches import Touches
from chronus.conductor.waiting import together
from chronus.control.jobs.compiling import Compiling
from chronus.control.jobs.job import Job
from chronus.control.jobs.proving import ANSWER_SECONDS, Prover, trials
from chronus.control.jobs.publisher import Batch, Publisher
from chronus.errors import ChronusError
from chronus.journal import standing
from chronus.journal.records import Record, Said, Sealed, Stands, Void
from chronus.journal.replay import weight
from chronus.memory.layout import BLOCK, LOG_ENTRIES, NOTES_LATE, PENDING, PERFORMED, RECOMMITTED
from chronus.memory.log import FRAME, NOTE_ON, NOW, WHAT, Rows, least_frame
from chronus.memory.program import Program
from chronus.rack.script import script
from chronus.score.courses import onward
from chronus.score.score import density
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
HORIZON_SECONDS = 2.5
"""Lanes are scheduled so far beyond what is heard, and again when a fifth of it is gone: 2 s at least lie ahead."""
ENTRIES_AHEAD = PENDING // 2
"""But no more than so many notes: where lanes are as dense as they may be, 1 s lies ahead."""
PAY_SECONDS = 0.002
"""What notes that are owed may take of a step."""
MOST_SLICES = 256
"""Of notes that are owed, before a moment is named."""
TRIES = 3
"""Moments that are tried for one job. For the last of them it is put off by as much as is sure to be enough."""
PUT_OFF_SECONDS = 0.5
MOST_YIELDS = 8
"""Times that a job lets another one come first: whoever panics without end must not keep it for ever."""
FORESEEN = 2.0
"""So many times what the entries took to make is what they may take the next time, on a busy machine."""


class Pen(Protocol):
    """What is asked of a journal. `write` may refuse; what is owed will be written; `pay` says whether all of it is."""

    path: Path
    fault: str
    unsynced: str

    def write(self, *records: Record) -> bool: ...

    def owe(self, *records: Record) -> None: ...

    def pay(self) -> bool: ...

    @property
    def full(self) -> bool: ...

    def turn_over(self, stands: Stands) -> bool: ...


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
        self.number, self.weight = number, 0
        self.touches = Touches()
        self.current: Job | None = None
        self.aside: deque[Job] = deque()
        """Jobs that are to be proved; the first is on trial. Those of other authors go on meanwhile."""
        self.uncompiled: list[Job] = []
        """Jobs that wait for kernels."""
        self.flying: deque[Job] = deque()
        self.events: deque[tuple[Batch, Rows]] = deque()
        self.unheard_of: Callable[[], bool] = lambda: False
        """Whether something was taken out that nobody has looked at here."""
        self._journal_fault = False
        self.inherited = 0
        """Notes before this frame may lie in the log already: laid by a control that died."""
        self._pace = 0.0
        """Seconds a lane that making entries took of late."""
        self._stopped_for: deque[Job] = deque()
        self._gave_way = False

    @property
    def busy(self) -> bool:
        waits = self._stopped_for or (self.aside and not self.aside[0].on_trial) or self._next_compiled()
        return not self._at_rest or bool(waits) or bool(self.conductor.state.owed)

    @property
    def waiting(self) -> tuple[Job, ...]:
        """What was taken up, and stepped aside for others."""
        return (*self.aside, *self.uncompiled, *self._stopped_for)

    @property
    def at_work(self) -> bool:
        """Whether the next step has something to do, whatever others do meanwhile."""
        performing = self.current is not None and self.current.performing is not None
        return performing or (bool(self.conductor.state.owed) and self.publisher.room())

    @property
    def _at_rest(self) -> bool:
        """Whether nothing is on its way that the journal does not know the end of."""
        return self.current is None and not self.flying

    def step(self, take: Callable[[], Job | None]) -> None:
        """Brings everything as far as it goes."""
        now = self.clock()
        self.see_seals()
        self._land()
        self._pay(now)
        if self._is_full and self._at_rest and self.conductor.state.promised < self.publisher.head():
            self._turn_over()
        for _ in range(JOBS_A_STEP):
            job = self.current or (None if self._is_full else self._next(take, now))
            if job is None:
                break
            if self.current is None:
                self._begin(job, now)
            self._go_on(job, now)
            if self.current is not None or self.clock() - now > STEP_SECONDS:
                break

    # ------------------------------------------------------------ one job

    def answer(self, job: Job) -> None:
        """Answers questions at once, whatever is on its way: they change nothing."""
        head = self.publisher.head()
        job.transaction = self.conductor.perform(job.submission, job.author, at=head, seen=head)
        self.count(PERFORMED, len(job.submission.commands))
        job.applied(job)

    def give_way(self) -> bool:
        """Has the job that is on its way begin anew later, so that another one comes before it. False where it cannot any more."""
        job = self.current
        if job is None:
            return True
        if job.batch is not None or job.due or job.on_trial or job.yielded >= MOST_YIELDS:
            return False
        job.transaction, job.performing, job.laid, job.yielded = None, None, False, job.yielded + 1
        self._stopped_for.append(job)
        self.current, self._gave_way = None, True
        return True

    def _next(self, take: Callable[[], Job | None], now: float) -> Job | None:
        """Who has stepped aside for another comes right after that one."""
        if self._stopped_for and self._gave_way:
            self._gave_way = False
            return take()
        return (
            self._stopped_for.popleft()
            if self._stopped_for
            else self._compiled() or self._back_from_trial(now) or take()
        )

    def _begin(self, job: Job, now: float) -> None:
        job.deadline = now + PREPARE_SECONDS
        if job.due:
            dues = self.conductor.still(job.due)
            job.submission, job.due = together(dues), tuple(due.number for due in dues)
        if job.shrink is None:
            self._perform(job)
            self.count(PERFORMED, len(job.submission.commands) if job.tried_on is None else 0)
        self.current = job

    def _perform(self, job: Job) -> None:
        own = bool(job.due) or (job.wish is not None and job.wish >= self.conductor.state.promised)
        at = None if own else self.publisher.head()
        seen = job.wish if own and job.wish is not None else self.publisher.head()
        job.performing = self.conductor.performing(job.submission, job.author, job.refused, at, job.due, seen)
        job.seen = seen if self.conductor.score.courses else 0

    def _performed(self, job: Job, now: float) -> bool:
        """Whether all its commands are performed; goes on with them for as long as a step may last."""
        assert job.performing is not None
        try:
            while True:
                for _ in range(COMMANDS_A_LOOK):
                    next(job.performing)
                if self.clock() - now > STEP_SECONDS:
                    break
        except StopIteration as done:
            job.performing, job.transaction = None, self.conductor.drawn(done.value)
        return job.performing is None

    def _go_on(self, job: Job, now: float) -> None:
        """As far as it goes now; the job leaves the stage (`current`) once the rack has it, or has refused it."""
        if job.batch is not None:
            self._sealed(job)
        elif self._is_ready(job, now) and self.publisher.room() and not self._is_too_near(job):
            self._commit(job)

    def _is_ready(self, job: Job, now: float) -> bool:
        """Whether it is performed, its kernels are there, it is proved, and both replicas have its program."""
        if job.performing is not None and not self._performed(job, now):
            return False
        if self.compiling is not None and self._lacks_kernels(job, self.compiling):
            return False
        if self.prover is not None and not self._proved(job, self.prover, now):
            return False
        return job.program is None or self._prepared(job, job.program, now)

    # ------------------------------------------------------------ kernels

    def _lacks_kernels(self, job: Job, compiling: Compiling) -> bool:
        """Whether kernels of it are not there yet: then it has stepped aside until they are."""
        t = job.transaction
        if t is None or t is job.lacks_nothing:
            return False
        lacking = compiling.lacking(job, t)
        if not lacking:
            job.lacks_nothing = t
        else:
            compiling.ask(job, t, lacking)
            self.uncompiled.append(job)
            self.current = None
        return bool(lacking)

    def _next_compiled(self) -> Job | None:
        return next((job for job in self.uncompiled if self.compiling and self.compiling.is_over(job)), None)

    def _compiled(self) -> Job | None:
        """The next job whose kernels are there, or cannot be had."""
        job = self._next_compiled()
        if job is not None and self.compiling:
            self.compiling.conclude(job)
            self.uncompiled.remove(job)
        return job

    def withdraw(self, job: Job | None) -> None:
        """Refuses a job that waits for kernels: whoever said it wants silence, and would be surprised by what comes then."""
        if job is not None and job in self.uncompiled:
            self._fail(job, "it was withdrawn by panic before it was compiled; nothing was changed")

    # ------------------------------------------------------------ trials

    def _proved(self, job: Job, prover: Prover, now: float) -> bool:
        """Whether nothing is left to be tried out. A command that fails the trial is refused alone, and the others are performed again.

        A job that comes back to another rack than the one it was tried out in is tried out once more, and then others wait for it: its
        machine code is there by now, and so that is soon over.
        """
        t = job.transaction
        if t is None or job.due or job.author == authors.JOURNAL:
            return True
        if job.trials is None or job.tried_on is not t.before:
            fresh, job.tried_on = job.trials is None, t.before
            job.trials = trials(t, [k for k, one in enumerate(job.submission.commands) if isinstance(one, Open)])
            if fresh and job.trials:
                self.aside.append(job)
                self.current = None
                return False
        if self._tried(job, prover, now):
            return True
        if job.trials is None:
            self._perform(job)
        return False

    def _back_from_trial(self, now: float) -> Job | None:
        """The job that was aside and is proved, or has something refused. The next one is on trial from then on."""
        if self.aside and self.prover:
            self._tried(self.aside[0], self.prover, now)
        return self.aside.popleft() if self.aside and not self.aside[0].trials else None

    def _tried(self, job: Job, prover: Prover, now: float) -> bool:
        """Whether all of its trials ended well. After one that did not there is a refusal, and the others are to be looked for again."""
        while job.trials:
            trial = job.trials[0]
            try:
                if not job.on_trial and not prover.is_ready(trial):
                    return False
                if not job.on_trial:
                    prover.begin(trial, self.conductor.state.taken_out)
                    job.on_trial, job.deadline = True, now + ANSWER_SECONDS
                if not prover.is_over():
                    if now > job.deadline:
                        self._fail(job, f"no trial of it was over within {ANSWER_SECONDS:g} s; nothing was changed")
                    return False
                error = prover.verdict(trial)
            except ChronusError as refusal:
                error = refusal
            job.on_trial, job.deadline = False, now + PREPARE_SECONDS
            if error is not None:
                job.refused[trial.outcome], job.trials = error, None
                return False
            del job.trials[0]
        return True

    # ------------------------------------------------------------ its program, its moment, its entries

    def _has_tables(self, job: Job) -> bool:
        """Whether the shelf has what its program reads: a file that nobody has read for a while is read again."""
        plan = job.transaction.plan if job.transaction is not None else None
        return self.keeper is None or plan is None or self.keeper.has(plan.tables())

    def _prepared(self, job: Job, program: Program, now: float) -> bool:
        if not job.laid and not self._has_tables(job):
            job.deadline = now + PREPARE_SECONDS
            return False
        if not job.laid and self.publisher.has_place(program.number):
            try:
                self.publisher.lay(program)
            except ValueError as error:
                self._fail(job, str(error))
                return False
            job.laid = True
        if job.laid and self.publisher.prepared(program.number):
            return True
        if now > job.deadline:
            self._fail(
                job, f"the workers did not prepare the new program within {PREPARE_SECONDS:g} s; nothing was changed"
            )
        return False

    def _fail(self, job: Job, fault: str, code: str = "E_ENGINE") -> None:
        job.fault, job.fault_code = fault, code
        if job is self.current:
            self.current = None
        else:
            (self.uncompiled if job in self.uncompiled else self.aside).remove(job)
        job.applied(job)

    def _choose(self, job: Job) -> None:
        """The frame of the moment, and whether all of it happens at that very frame."""
        publisher, transaction = self.publisher, job.transaction
        absolute = transaction is not None and transaction.absolute
        begins = absolute and not self.conductor.state.playing
        wish = self.conductor.state.promised if self._follows(job) else job.wish
        wish = -(-wish // BLOCK) * BLOCK if wish is not None and begins else wish
        if wish is not None and self._can_be_named(wish):
            job.moment, job.exact = wish, True
        elif absolute:
            job.moment, job.exact = publisher.safe_moment(self._foreseen(job)), begins
        else:
            job.moment, job.exact = publisher.head(), False

    def _can_be_named(self, frame: int) -> bool:
        return frame >= self.publisher.head() + BLOCK + round(MARGIN_SECONDS * self.publisher.rate)

    def _follows(self, job: Job) -> bool:
        """Whether something is promised for a later moment than its own, and it must not be heard before that."""
        head, promised = self.publisher.head(), self.conductor.state.promised
        if promised < head or (job.wish is not None and job.wish >= promised and self._can_be_named(job.wish)):
            return False
        state = self.conductor.state
        if job.transaction is None:
            return state.heard(head) is not state.rack
        return not state.independent(job.transaction, head)

    def _is_too_near(self, job: Job) -> bool:
        """Whether its moment, or the one that it must come after, cannot be named any more and is not over: in some milliseconds it is."""
        least = max(-1 if job.wish is None else job.wish, self.conductor.state.promised if self._follows(job) else -1)
        return self.publisher.head() <= least and not self._can_be_named(least)

    def _foreseen(self, job: Job) -> float:
        """Seconds that making its entries may take: by what it took before, and from the third try on surely enough."""
        cost = max(job.cost, self._pace * len(self.conductor.rack.lanes))
        return FORESEEN * cost + (PUT_OFF_SECONDS if job.tries >= TRIES - 1 else 0.0)

    def _commit(self, job: Job) -> None:
        """Says it to the journal and to the replicas. What they need not know is done at once."""
        if job.shrink is None and not job.due and not any(self._kept(job)):
            self._finish(job)
            return
        try:
            entries = self._entries(job)
        except ChronusError as error:
            self._fail(job, error.message, error.code)
            return
        if len(entries) > MOST_ENTRIES:
            self._fail(job, f"that comes to {len(entries)} events at once; {MOST_ENTRIES} is the most", "E_LIMIT")
        elif len(entries):
            self._publish(job, entries)
        elif job.shrink is None:
            job.frame = job.moment
            said = self._said(job, 0)
            if self._keep(job, said, Sealed(said.n, job.moment)):
                self._accept(job)
                self._finish(job)
        else:
            self._finish(job)

    def _entries(self, job: Job) -> Rows:
        """For a moment that still lies ahead when they are made: where it has gone by meanwhile, for a later one."""
        while True:
            self._choose(job)
            if job.transaction is None:
                assert job.shrink is not None
                return self.conductor.shrunk(job.shrink).entries
            for _ in range(MOST_SLICES):  # by the players and the timeline of before it
                if not self.conductor.state.owed.before(job.moment):
                    break
                self.publish_events(self.conductor.pay(self.publisher.front()))
            began = self.clock()
            job.committed = self.conductor.commit(job.transaction, job.moment, job.exact)
            entries = job.committed.entries
            job.cost, job.tries = self.clock() - began, job.tries + 1
            if job.transaction.absolute:
                self._pace = max(job.cost / max(1, len(job.transaction.after.lanes)), 0.9 * self._pace)
            least = least_frame(entries)
            if least == NOW or self._can_be_named(least) or job.tries >= TRIES:
                return entries
            self._again(job)

    def _again(self, job: Job) -> None:
        self.count(RECOMMITTED)
        job.wish = self.publisher.safe_moment(self._foreseen(job)) if job.exact else None
        if job.tries == TRIES - 1:
            self.told("put off", f"there is much to do: {_in_short(job)} begins {PUT_OFF_SECONDS:g} s later")

    def _publish(self, job: Job, entries: Rows) -> None:
        if not self._keep(job, self._said(job, self.publisher.next_tail(len(entries)))):
            return
        job.batch = self.publisher.publish(entries, job.number)
        if job.batch.least == NOW:
            self._accept(job)
            self._fly(job)

    def _sealed(self, job: Job) -> None:
        """What becomes of a job whose entries name frames: accepted, or said again for a later moment."""
        assert job.batch is not None
        if job.batch.refused:
            self._again(job)
            self._commit(job)
        elif job.batch.sealed:
            self._accept(job)
            self._fly(job)

    def _fly(self, job: Job) -> None:
        self.flying.append(job)
        self.current = None

    def _accept(self, job: Job) -> None:
        if job.committed is not None:
            self.conductor.accept(job.committed)
        job.accepted(job)
        if job.transaction is not None and job.transaction.absolute:
            self.schedule()

    def _finish(self, job: Job) -> None:
        """Ends a job that the replicas need not know of."""
        self.current = None
        job.applied(job)

    def see_seals(self) -> None:
        """Gives everything on its way the frame at which it was sealed, if it has been."""
        self.publisher.poll()
        while self.events and self.events[0][0].sealed:
            batch, entries = self.events.popleft()
            if batch.refused:
                self.publish_events(entries)
        for job in self.flying if not self._drawing else ():
            if job.frame is None and job.batch is not None and job.batch.sealed:
                self._seal(job, job.moment if job.exact else job.batch.frame)

    def _land(self) -> None:
        """Answers, in the order of the log, what every playing replica has applied.

        Asked in this order: a replica that got past it because what it broke is out did so after that was said on the board.
        """
        while self.flying and self.flying[0].frame is not None and self.publisher.applied(_batch(self.flying[0])):
            if self.unheard_of():
                break
            job = self.flying.popleft()
            job.applied(job)

    @property
    def _drawing(self) -> bool:
        """A program is drawn but not yet in the journal: what would change the places it was drawn from waits, so that a
        replay of the journal, record by record, draws the same."""
        return self.current is not None and self.current.program is not None and self.current.batch is None

    def _seal(self, job: Job, frame: int) -> None:
        job.frame = frame
        self.pen.owe(Sealed(job.number, frame))
        if job.transaction is not None:
            self.conductor.sealed(job.transaction, frame)
            batch = _batch(job)
            self.touches.add(job.number, job.submission, job.transaction, frame, batch.tail, batch.size)
        elif job.program is not None:
            self.conductor.confirm(job.program, frame)

    # ------------------------------------------------------------ the journal

    def _kept(self, job: Job) -> list[bool]:
        """Which commands are worth a record: those that changed something."""
        return [
            outcome.error is None and not (command.asks or command.elsewhere)
            for command, outcome in zip(job.submission.commands, job.outcomes, strict=True)
        ]

    def _said(self, job: Job, tail: int) -> Said:
        if not job.number:
            self.number += 1
            job.number = self.number
        kept: list[tuple[str, AnyCommand]] = []
        if job.transaction is not None and not job.due:
            pairs = zip(job.submission.texts, job.submission.commands, strict=True)
            kept = [pair for pair, keep in zip(pairs, self._kept(job), strict=True) if keep]
        return Said(
            job.number,
            job.author,
            tuple(text for text, _ in kept),
            job.moment,
            job.exact,
            tail,
            {
                k: command
                for k, (_, command) in enumerate(kept)
                if isinstance(command, Open | Say) or any(naming.files(command))
            },
            job.due,
            job.shrink is not None,
            job.program.number if job.program else 0,
            job.drawn.now,
            job.drawn.incarnation,
            job.seen,
        )

    def _keep(self, job: Job, *records: Record) -> bool:
        """Says it to the journal. What the disk refuses is not done, unless it was promised before or is of our own making."""
        if job.due or job.shrink is not None:
            self.pen.owe(*records)
        elif not self.pen.write(*records):
            if (
                job.batch is not None
            ):  # the replicas refused what the journal holds of it, and it will not be said again
                self.pen.owe(Void(job.number))
            self._fail(job, f"the journal cannot be written: {self.pen.fault}; nothing was changed", "E_FILE")
            self.look_at_the_disk()
            return False
        self.weight += weight(job.submission, job.program)
        return True

    @property
    def _is_full(self) -> bool:
        """Whether it is time to go on in a new file."""
        return self.pen.full or self.weight > MOST_WEIGHT

    def _turn_over(self) -> None:
        """The take goes on in a new file of the journal, which begins with how all stands now: nothing is on its way."""
        conductor = self.conductor
        head = self.publisher.head()
        rack = onward(conductor.rack, conductor.catalogue, conductor.state.present(head))
        texts = tuple(script(rack, conductor.catalogue))
        self.weight = 0
        self.pen.turn_over(Stands(self.number, head, texts, standing.keep(conductor.state)))

    def look_at_the_disk(self) -> None:
        """Writes what the journal is owed, and tells once that it cannot be written, and once that it can again."""
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

    # ------------------------------------------------------------ lanes

    def schedule(self) -> None:
        """Owes the replicas the notes of all lanes, as far ahead as the horizon."""
        publisher, conductor = self.publisher, self.conductor
        front = publisher.front()
        if conductor.state.owed.horizon >= front + round(0.8 * HORIZON_SECONDS * publisher.rate):
            return  # it need not even be asked how dense they are
        ahead = min(HORIZON_SECONDS, ENTRIES_AHEAD / max(1.0, density(conductor.score))) * publisher.rate
        if conductor.state.owed.horizon < front + round(0.8 * ahead):
            conductor.promise(front + round(ahead))
            publisher.scheduled(conductor.state.owed.horizon)

    def _pay(self, now: float) -> None:
        """Gives notes that are owed, for as long as that may take of a step."""
        while self.conductor.state.owed and self.publisher.room():
            self.publish_events(self.conductor.pay(self.publisher.front()))
            if self.clock() - now > PAY_SECONDS:
                break

    def count(self, word: int, number: int = 1) -> None:
        """Counters lie on the board: they are the engine's, and outlive this process."""
        self.publisher.memory.board[word] += number

    def publish_events(self, notes: Rows) -> None:
        """A note whose frame has passed is left out and counted; one that is to end, ends as soon as it can."""
        if len(notes) and notes[:, FRAME].min() < self.inherited:
            notes = self.publisher.lacking(notes)
        least = self.publisher.head() + 2 * BLOCK
        late = notes[:, FRAME] < least
        if late.any():
            begins = notes[:, WHAT] & 0xFF == NOTE_ON
            self.count(NOTES_LATE, int((late & begins).sum()))
            notes = notes[~(late & begins)]
            notes[:, FRAME] = np.maximum(notes[:, FRAME], least)
        for k in range(0, len(notes), BATCH):
            some = notes[k : k + BATCH]
            self.events.append((self.publisher.publish(some), some))


def _batch(job: Job) -> Batch:
    assert job.batch is not None
    return job.batch


def _in_short(job: Job) -> str:
    first, *others = job.submission.texts or ("",)
    return f'"{first}"' + (f" and {len(others)} more" if others else "")
