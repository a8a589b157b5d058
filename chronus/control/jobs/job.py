"""A job: a submission on its way from its author to the replicas, and what is known of it so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct, field

from chronus.commands import Submission
from chronus.conductor.conductor import Performing
from chronus.conductor.transaction import Committed, Drawn, Outcome, Shrinking, Shrunk, Transaction
from chronus.control.jobs.proving import Trial
from chronus.control.jobs.publisher import Batch
from chronus.errors import ChronusError
from chronus.memory.program import Program
from chronus.rack.document import Rack


class Job(Struct, eq=False):
    """A submission on its way. `wish` is the frame at which it should act, if its author has one; `moment` the one it got.

    `due` are its numbers among what was put off, if it was.

    `accepted` is called when the rack has it, `applied` when the replicas have it (or at once, where they need not know).
    """

    submission: Submission
    author: str = ""
    wish: int | None = None
    due: tuple[int, ...] = ()
    shrink: Shrinking | None = None
    shrunk: Shrunk | None = None
    accepted: Callable[[Job], None] = lambda job: None
    applied: Callable[[Job], None] = lambda job: None
    transaction: Transaction | None = None
    committed: Committed | None = None
    number: int = 0
    moment: int = 0
    exact: bool = False
    frame: int | None = None
    batch: Batch | None = None
    laid: bool = False
    deadline: float = 0.0
    fault: str = ""
    fault_code: str = "E_ENGINE"
    seen: int = 0
    """The frame at which it looked at what moves; 0 where nothing did."""
    lacks: int = 0
    """The number of the question for kernels that it waits for; 0 if it waits for none."""
    lacking_in: Transaction | None = None
    """What it came to when they were asked for."""
    lacks_nothing: Transaction | None = None
    """What it came to when all its kernels were found to be there."""
    trials: list[Trial] | None = None
    """What is still to be proved; None while nobody has looked."""
    tried_on: Rack | None = None
    """The rack that those trials begin with."""
    on_trial: bool = False
    performing: Performing | None = None
    """Its commands, one by one, while they are being performed."""
    yielded: int = 0
    """Times that it let another one come first, and began anew."""
    tries: int = 0
    """Times that its entries were made for a moment."""
    cost: float = 0.0
    """Seconds that it takes to make them and to lay them down, as far as that is known."""
    refused: dict[int, ChronusError] = field(default_factory=dict)

    @property
    def outcomes(self) -> Sequence[Outcome]:
        return self.transaction.outcomes if self.transaction else ()

    @property
    def program(self) -> Program | None:
        work = self.shrink or self.shrunk or self.transaction
        return work.program if work else None

    @property
    def drawn(self) -> Drawn:
        work = self.shrink or self.transaction
        return work.drawn if work else Drawn()
