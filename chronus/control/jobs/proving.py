"""Tries out what comes from outside, in a process that may die of it: modules that did not come with Chronus, and opened patches.

A trial is of a rack, not of a program: its program is drawn afresh, as if nothing had ever been loaded before, so the replicas' places are
neither needed nor touched. Modules that were taken out are left out of the trial.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Mapping

from msgspec import Struct

from chronus import places
from chronus.catalogue.kinds import Catalogue
from chronus.commands import File, Open, Submission, Word
from chronus.conductor.transaction import Transaction
from chronus.control.jobs.supervisor_line import SupervisorLine
from chronus.errors import ChronusError
from chronus.memory import quarantine
from chronus.memory.layout import CULPRIT0, RATE
from chronus.memory.quarantine import TakenOut
from chronus.memory.sheet import R_HANDLE, R_PERCENT, Finding, Sheet
from chronus.plan.planner import Planner
from chronus.plan.seats import Places
from chronus.rack.document import Module, Rack, Setting
from chronus.shelf.keeper import Keeper

ANSWER_SECONDS = 8.0
"""By then the trial has ended, if it ever began."""


class Trial(Struct, frozen=True):
    """A rack to be tried out because of one command: the one whose answer is in place `outcome`. `new`: the strangers that it brings."""

    rack: Rack
    outcome: int
    new: frozenset[str] = frozenset()


def trials(t: Transaction, submission: Submission) -> list[Trial]:
    """Returns what a transaction asks to be proved: now, or at the time of a later command."""
    opens = [place for place, command in enumerate(submission.commands) if isinstance(command, Open)]
    found = []
    for step in t.steps:
        new = strangers(step.before, step.after)
        if new or step.outcome in opens:
            found.append(Trial(step.after, step.outcome, new))
    for later, rack in zip(t.later, t.racks_later, strict=True):
        new = strangers(t.after, rack)
        if new or isinstance(later.command, Open):
            found.append(Trial(rack, later.outcome, new))
    return found


def strangers(before: Rack, after: Rack) -> frozenset[str]:
    """Returns the modules that are new in a rack and did not come with Chronus."""
    if before.modules is after.modules:
        return frozenset()
    shipped = places.shipped_kinds()

    def is_new(module: Module) -> bool:
        was = before.modules.get(module.name)
        return was is None or was.kind != module.kind or was.voices != module.voices or _words(was) != _words(module)

    return frozenset(module.name for module in after.modules.values() if module.kind not in shipped and is_new(module))


def _words(module: Module) -> dict[str, Setting]:
    """Returns a module's files and texts: their content may be as harmful as the module."""
    return {name: setting for name, setting in module.params.items() if isinstance(setting, Word | File)}


class ToBeTried(Struct, frozen=True):
    """Trials, none of which has begun."""

    trials: tuple[Trial, ...]


class OnTrial(Struct, frozen=True):
    """The first of these trials has begun, and ends by `deadline`, seconds of the clock."""

    trials: tuple[Trial, ...]
    deadline: float


class Sound(Struct, frozen=True):
    """All trials ended well."""


class Refused(Struct, frozen=True):
    """A trial showed why a command cannot be performed; the others are to be looked for again."""

    outcome: int
    error: ChronusError


class Late(Struct, frozen=True):
    """The trial did not end in time."""


class Prover:
    """Runs one trial at a time: `begin` when it `is_ready`, and once it `is_over`, the `verdict`. `go_on` leads through several."""

    def __init__(
        self, sheet: Sheet, supervisor: SupervisorLine, catalogue: Catalogue, rate: int, keeper: Keeper | None = None
    ) -> None:
        self.sheet, self.supervisor, self.catalogue, self.rate, self.keeper = sheet, supervisor, catalogue, rate, keeper
        self.number = os.getpid() << 20  # no control takes the answer to what another one asked
        self.names: dict[int, str] = {}

    def is_ready(self, trial: Trial) -> bool:
        """Whether the shelf has what the rack reads. Raises E_LIMIT where there is no room for the rack."""
        if self.keeper is None or not any(self.catalogue[module.kind].tables for module in trial.rack.modules.values()):
            return True
        _, plan = Planner(self.catalogue, self.rate).draw(Places(), trial.rack)
        return self.keeper.has(plan.tables())

    def begin(self, trial: Trial, taken_out: Collection[str]) -> None:
        """Lays the rack's program on the sheet. Raises E_LIMIT where there is no room for it."""
        _, plan = Planner(self.catalogue, self.rate).draw(Places(), trial.rack)
        assert plan.program is not None
        self.sheet.clear()
        try:
            plan.program.lay(self.sheet.program)
        except ValueError as error:
            raise ChronusError("E_LIMIT", str(error)) from None
        self.sheet.board[RATE] = self.rate
        for name in taken_out:
            if name in plan.seats and name not in trial.new:
                seat = plan.seats[name]
                quarantine.take_out(self.sheet.board, TakenOut(seat.handle, seat.incarnation, 0, 0))
        self.names = {seat.handle: seat.name for seat in plan.seats.values()}
        self.number += 1
        self.supervisor.prove(self.number)

    def go_on(
        self, trying: ToBeTried | OnTrial, taken_out: Collection[str], now: float
    ) -> ToBeTried | OnTrial | Sound | Refused | Late:
        """Brings the trials as far as they go now."""
        while True:
            trial = trying.trials[0]
            try:
                if isinstance(trying, ToBeTried):
                    if not self.is_ready(trial):
                        return trying
                    self.begin(trial, taken_out)
                    trying = OnTrial(trying.trials, now + ANSWER_SECONDS)
                if not self.is_over():
                    return Late() if now > trying.deadline else trying
                error = self.verdict(trial)
            except ChronusError as refusal:
                error = refusal
            if error is not None:
                return Refused(trial.outcome, error)
            if len(trying.trials) == 1:
                return Sound()
            trying = ToBeTried(trying.trials[1:])

    def is_over(self) -> bool:
        return self.number in self.supervisor.proved

    def verdict(self, trial: Trial) -> ChronusError | None:
        """Returns why the rack is refused, once the trial is over; None if it is sound."""
        status = self.supervisor.proved[self.number]
        if status is None:
            return ChronusError("E_ENGINE", "it could not be tried out just now; nothing was changed")
        own = status in Finding.__members__.values() and status != Finding.SOUND
        handle = int(self.sheet.result[R_HANDLE] if own else self.sheet.board[CULPRIT0]) - 1
        name = self.names.get(handle, "")
        kind = trial.rack.modules[name].kind if name else ""
        return judged(status, name, kind, int(self.sheet.result[R_PERCENT]))


def judged(status: int, name: str, kind: str, percent: int) -> ChronusError | None:
    """Explains an exit code of the trial. `name` is the module that was being rendered, "" for none."""
    whom = f'the module "{name}"' + (f" ({kind})" if kind != name else "") if name else "what it makes"
    if status == Finding.SOUND:
        return None
    if status == Finding.SLOW:
        code = "E_MODULE" if kind and kind not in places.shipped_kinds() else "E_BUDGET"
        return ChronusError(
            code, f"{whom} is too slow: the rack would take {percent} % of the time there is", part="kind"
        )
    tried = "when it was tried out; nothing was changed"
    if status == Finding.UNSOUND:
        return ChronusError("E_MODULE", f"{whom} put out NaN or more than 10,000 {tried}", part="kind")
    if status in (Finding.HANGS, -signal.SIGALRM):
        return ChronusError("E_MODULE", f"{whom} did not return {tried}", part="kind")
    return ChronusError("E_MODULE", f"{whom} crashed ({how_it_ended(status)}) {tried}", part="kind")


def how_it_ended(status: int) -> str:
    names: Mapping[int, str] = {number.value: number.name for number in signal.Signals}
    return names.get(-status, f"exit {status}")
