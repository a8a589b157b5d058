"""Declares a type for each phase of a job on its way from its author to the replicas. Its fields are what is known in that phase.

    Job -> Asked -> Performing -> Performed -> (Uncompiled -> Asked)    a kernel is not compiled yet: the job steps aside
                                            -> (Aside -> Asked)         it has to be proved: the job steps aside
                                            -> (Proving)                it has to be proved again, on another rack: others wait
                                            -> Ready -> (Named) -> Flying -> Landing

A job ends as `Answered`, `Applied` or `Failed`. A `Shrink` is Ready at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from chronus.commands import Submission
from chronus.conductor.conductor import NOBODY
from chronus.conductor.conductor import Performing as Steps
from chronus.conductor.transaction import Committed, Outcome, Shrinking, Shrunk, Transaction
from chronus.control.jobs.proving import OnTrial, ToBeTried
from chronus.control.jobs.publisher import Batch
from chronus.errors import ChronusError
from chronus.memory.program import Program
from chronus.plan.seats import Plan
from chronus.rack.document import EMPTY, Rack, replace

NOWHERE = replace(EMPTY)
"""A rack that no job begins with."""

# ---------------------------------------------------------------- what becomes of it


class Answered(Struct, frozen=True, eq=False):
    """The job is performed, and the replicas need not know of it."""

    submission: Submission
    transaction: Transaction

    @property
    def outcomes(self) -> Sequence[Outcome]:
        return self.transaction.outcomes


class Applied(Answered, frozen=True, eq=False):
    """The job acts from that frame on."""

    frame: int


class Failed(Struct, frozen=True, eq=False):
    """Nothing of the job is done."""

    submission: Submission
    why: str
    code: str


End = Answered | Failed

# ---------------------------------------------------------------- what is asked for


class Job(Struct, frozen=True, eq=False):
    """`wish` is the frame at which the job should act, if its author names one. `due` are its numbers, if it was put off.

    `accepted` is called with the wish and what it came to when the rack has it, `ended` when the replicas have it (or at once, where they
    need not know), or it has failed.
    """

    submission: Submission
    author: str = ""
    wish: int | None = None
    due: tuple[int, ...] = ()
    accepted: Callable[[int | None, Committed], None] = lambda wish, done: None
    ended: Callable[[End], None] = lambda end: None


class Ours(Struct, frozen=True, eq=False):
    """A job that no client asked for, and whose answer no client waits for."""


OURS = Ours()


class Shrink(Ours, frozen=True, eq=False):
    """Makes the program without what has faded out."""

    shrinking: Shrinking


class Asked(Struct, frozen=True, eq=False):
    """The job is to be performed, and may have been before. `submission` and `due`: what of it is still to be done.

    `refused`: commands that cannot be, by their place, and why. `yielded`: the times that it let another one come first, and began anew.
    `proved_on`: the rack on which the last of it was proved, or found to need no trial.
    """

    job: Job
    submission: Submission
    due: tuple[int, ...]
    refused: Mapping[int, ChronusError] = NOBODY
    yielded: int = 0
    proved_on: Rack = NOWHERE
    counted: bool = False


# ---------------------------------------------------------------- on the stage, one at a time


class Performing(Struct, frozen=True, eq=False):
    """The commands of the job are being performed, one by one. `seen` is the frame at which they look at what moves, and at the
    bar.
    """

    asked: Asked
    steps: Steps
    seen: int


class Performed(Struct, frozen=True, eq=False):
    """It is not known yet whether the kernels of the job are compiled, and whether it has to be proved."""

    asked: Asked
    transaction: Transaction
    seen: int

    @property
    def plan(self) -> Plan | None:
        return self.transaction.plan


class Proving(Struct, frozen=True, eq=False):
    """The job is tried out, and others wait for it."""

    performed: Performed
    trying: ToBeTried | OnTrial

    @property
    def asked(self) -> Asked:
        return self.performed.asked

    @property
    def plan(self) -> Plan | None:
        return self.performed.plan


class Ready(Struct, frozen=True, eq=False):
    """The entries of the job can be made once both replicas have its program; by `deadline`, seconds of the clock. `laid`: the
    replicas have been told.

    `number` is that of its record in the journal, 0 while there is none; `tries`: the times that its entries were made for a moment, and
    `cost`: the seconds that took.
    """

    asked: Asked | Shrink
    work: Transaction | Shrinking
    wish: int | None
    seen: int
    deadline: float
    laid: bool = False
    number: int = 0
    tries: int = 0
    cost: float = 0.0

    @property
    def plan(self) -> Plan | None:
        return self.work.plan

    @property
    def program(self) -> Program | None:
        return self.work.program

    @property
    def submission(self) -> Submission:
        return NOTHING if isinstance(self.asked, Shrink) else self.asked.submission

    @property
    def due(self) -> tuple[int, ...]:
        return () if isinstance(self.asked, Shrink) else self.asked.due

    @property
    def author(self) -> str:
        return "" if isinstance(self.asked, Shrink) else self.asked.job.author

    @property
    def ours(self) -> bool:
        """Whether the job was promised before, or no client asked for it: then it cannot be refused any more."""
        return isinstance(self.asked, Shrink) or bool(self.asked.due)

    def kept(self) -> list[bool]:
        """Commands that need a record: those that changed something."""
        outcomes = self.work.outcomes if isinstance(self.work, Transaction) else ()
        return [
            outcome.error is None and not (command.asks or command.elsewhere)
            for command, outcome in zip(self.submission.commands, outcomes, strict=True)
        ]


class Named(Struct, frozen=True, eq=False):
    """The job's entries are published and name frames: its seal shows whether both replicas took them, or it is said again, later."""

    ready: Ready
    done: Committed
    batch: Batch

    @property
    def asked(self) -> Asked | Shrink:
        return self.ready.asked

    @property
    def plan(self) -> Plan | None:
        return self.ready.plan


Stage = Performing | Performed | Proving | Ready | Named

# ---------------------------------------------------------------- aside


class Uncompiled(Struct, frozen=True, eq=False):
    """The job waits for kernels, which were asked for under a number at a time `since`; until `deadline`."""

    asked: Asked
    transaction: Transaction
    number: int
    kernels: frozenset[str]
    since: float
    deadline: float


class Aside(Struct, frozen=True, eq=False):
    """The job is to be proved on the rack that it was performed on, and others go on meanwhile."""

    asked: Asked
    transaction: Transaction
    trying: ToBeTried | OnTrial


# ---------------------------------------------------------------- accepted


class Flying(Struct, frozen=True, eq=False):
    """The rack has the job, and the replicas will. `frame` is the moment that its entries name, or -1 where they are for now."""

    asked: Asked | Ours
    number: int
    done: Committed | Shrunk
    batch: Batch
    frame: int


class Landing(Struct, frozen=True, eq=False):
    """A block was sealed with the job: it acts at that frame."""

    flying: Flying
    frame: int


NOTHING = Submission((), (), ())
