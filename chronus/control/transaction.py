"""What a submission comes to before it is part of the state: outcomes, steps, and what moves or is played by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from msgspec import Struct, field

from chronus.commands import AnyCommand, Gate, Note, When
from chronus.control.rack import EMPTY, Moving, Rack
from chronus.control.score import Score
from chronus.control.seats import Plan
from chronus.errors import ChronusError
from chronus.memory.program import Program


class Outcome(Struct):
    """One command's answer. `frame` is set where it takes effect later than the moment; `commit` fills in what depends on it.

    `stem` is the text before the moment is known, with {from} where the bar goes.
    """

    id: int
    text: str = ""
    lines: tuple[str, ...] = ()
    result: dict[str, Any] = {}
    error: ChronusError | None = None
    frame: int | None = None
    stem: str = ""


class Step(Struct, frozen=True):
    """One command's change of the rack and when it is to take hold. `act`: play, stop, panic or nothing of these."""

    before: Rack
    after: Rack
    when: When | None
    outcome: int
    act: str = ""


class Due(Struct, frozen=True):
    """A command whose time is still to come: a position in beats, so that a change of tempo moves it, and the frame that means now.

    `number` tells it from all others that were ever put off. Once the timeline of that number is over, the frame is all that counts.
    """

    position: Fraction
    frame: int
    command: AnyCommand
    text: str
    author: str
    number: int = 0
    timeline: int = 0


class Later(Struct, frozen=True):
    """A command that is to become a Due under `number`. `outcome` is the place of its answer."""

    outcome: int
    when: When
    command: AnyCommand
    text: str
    author: str
    number: int


History = tuple[tuple[str, Rack | Later], ...]
"""Racks as they were, each with the words that changed it; or, with its words, what waits for its time and has changed nothing yet."""


class Transaction(Struct, eq=False):
    """A submission performed but not yet part of the state. `absolute`: it names frames, so its moment must lie ahead."""

    number: int
    before: Rack
    after: Rack = EMPTY
    past: History = ()
    future: History = ()
    outcomes: list[Outcome] = field(default_factory=list)
    program: Program | None = None
    absolute: bool = False
    plan: Plan | None = None
    steps: list[Step] = field(default_factory=list)
    sweeps: list[Moving] = field(default_factory=list)
    hands: list[Gate | Note] = field(default_factory=list)
    later: list[Later] = field(default_factory=list)
    racks_later: list[Rack] = field(default_factory=list)
    """The rack as each of `later` would leave it, as far as one can tell now."""
    put_off: int = 0
    """The last number that was given to what is to come later."""
    withdrawn: set[int] = field(default_factory=set)
    """Numbers of what was put off and is not to happen any more."""
    saves: dict[int, Rack] = field(default_factory=dict)
    """What is to be saved, by the place of the answer."""
    score: Score | None = None
    moment: int = 0
    exact: bool = False
    near: int = 0
    """The frame up to which notes are in its own batch."""
    since: int = 0
    """The generation after which all are its own."""
    dues: tuple[Due, ...] = ()
    due: bool = False
    """It is what was put off."""

    def fresh(self) -> frozenset[str]:
        """The modules that were unloaded and loaded again meanwhile: other ones of the same name."""
        gone = {name for step in self.steps for name in step.before.modules.keys() - step.after.modules.keys()}
        return frozenset(gone & self.before.modules.keys() & self.after.modules.keys())
