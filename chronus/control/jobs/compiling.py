"""Asks for the machine code that a job needs before its program may be laid: that of each kernel in the program.

Control compiles nothing and loads nothing. It asks the supervisor for kernels that are not compiled yet (see engine/foundry.py), and the
job steps aside until they are. So no program names a kernel that a worker would have to wait for.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

from chronus.catalogue.kinds import Catalogue, variant
from chronus.commands import Submission
from chronus.conductor.transaction import Transaction
from chronus.control.jobs.job import Asked, Uncompiled
from chronus.control.jobs.proving import trials
from chronus.control.jobs.supervisor_line import SupervisorLine
from chronus.errors import ChronusError
from chronus.memory.program import Instance, Program
from chronus.rack.document import Rack, replace
from chronus.rack.wiring import wire_up

LONGEST_SECONDS = 180.0
"""By then the supervisor has answered, if it ever will: it gives up a kernel after 60 s, and tries each twice."""
REMARK_SECONDS = 0.7
"""Who has waited so long for a compiler is told."""


class Compiling:
    """Finds the kernels that are lacking, asks for them, and concludes what became of that."""

    def __init__(
        self, supervisor: SupervisorLine, catalogue: Catalogue, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.supervisor, self.catalogue, self.clock = supervisor, catalogue, clock
        self.number = os.getpid() << 20  # no control takes the answer to what another one asked
        self._remarked: set[int] = set()

    def lacking(self, submission: Submission, t: Transaction) -> frozenset[str]:
        """Returns the kernels that a transaction needs (now, at the time of a later command, or for a trial) and that are not compiled."""
        needed = of_program(t.program) if t.program is not None else set()
        for rack, _ in _racks(submission, t):
            needed |= self._of_rack(rack)
        return frozenset(needed - self.supervisor.kernels)

    def ask(self, asked: Asked, t: Transaction, kernels: frozenset[str]) -> Uncompiled:
        self.number += 1
        self.supervisor.compile(self.number, kernels)
        now = self.clock()
        return Uncompiled(asked, t, self.number, kernels, now, now + LONGEST_SECONDS)

    def remark(self, waiting: Uncompiled) -> str:
        """Returns what people should know of a job that waits for longer than they expect; once, and "" at any other time."""
        if waiting.number in self._remarked or self.clock() < waiting.since + REMARK_SECONDS:
            return ""
        self._remarked.add(waiting.number)
        kinds = sorted({kernel.split()[0] for kernel in waiting.kernels})
        return f"compiling {', '.join(kinds)}, this once; the answer comes when that is done"

    def is_over(self, waiting: Uncompiled) -> bool:
        return waiting.number in self.supervisor.compiled or self.clock() > waiting.deadline

    def conclude(self, waiting: Uncompiled) -> Asked:
        """Ends the wait for kernels: the command that needs an impossible one is refused, so that the others can be performed
        without it.
        """
        asked, t = waiting.asked, waiting.transaction
        late = ("", "E_ENGINE", f"no compiler has answered within {LONGEST_SECONDS:g} s")
        answer = self.supervisor.compiled.pop(waiting.number, late)
        if answer is None:
            return asked
        kernel, code, message = answer
        place = self._who_needs(kernel, asked.submission, t)
        return replace(asked, refused={**asked.refused, place: ChronusError(code, message, part="kind")})

    def _who_needs(self, kernel: str, submission: Submission, t: Transaction) -> int:
        """Returns the command that brings the kernel in, by the place of its outcome."""
        steps = [(step.after, step.outcome) for step in t.steps]
        for rack, outcome in (*steps, *_racks(submission, t)):
            if not kernel or kernel in self._of_rack(rack):
                return outcome
        return steps[-1][1] if steps else 0

    def _of_rack(self, rack: Rack) -> set[str]:
        widths = wire_up(rack, self.catalogue).widths
        return {variant(module.kind, widths[name].lanes) for name, module in rack.modules.items()}


def of_program(program: Program) -> set[str]:
    return {variant(program.names[row[Instance.NAME]], int(row[Instance.LANES])) for row in program.instances}


def _racks(submission: Submission, t: Transaction) -> Iterator[tuple[Rack, int]]:
    """Returns the racks that are rendered before or after that of the program, if other modules are in them: each with its command."""
    for trial in trials(t, submission):
        yield trial.rack, trial.outcome
    for later, rack in zip(t.later, t.racks_later, strict=True):
        if rack.modules is not t.after.modules or rack.cables is not t.after.cables:
            yield rack, later.outcome
