"""The result of a submission before it is part of the state: outcomes, steps, sweeps, and notes played by hand."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from chronus.commands import AnyCommand, ByHand, Command, Length, When
from chronus.conductor.claims import Claims
from chronus.errors import ChronusError
from chronus.memory.log import Rows
from chronus.memory.program import Program
from chronus.plan.seats import Plan
from chronus.rack.document import EMPTY, Moving, Rack
from chronus.score.score import Score
from chronus.score.timeline import Timeline


class Outcome(Struct):
    """One command's answer. `frame` is set where it takes effect later than the moment; `commit` fills in what depends on it.

    `stem` is the text before the moment is known, with {from} where the bar goes; `known` is what is said behind it, and `notes` what
    only the moment tells.
    """

    id: int
    text: str = ""
    lines: tuple[str, ...] = ()
    result: dict[str, Any] = {}
    error: ChronusError | None = None
    frame: int | None = None
    stem: str = ""
    place: str = ""
    known: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def note(self, text: str, **known: Any) -> None:
        """Adds a remark to the answer, and to its JSON form."""
        self.notes, self.result = (*self.notes, text), {**self.result, **known}

    def word(self) -> None:
        """Puts the answer together."""
        text = self.stem.replace("{from}", self.place and f", {self.place}")
        alone = [self.place] if self.place and "{from}" not in self.stem else []
        notes = "; ".join([*self.known, *alone, *self.notes])
        self.text = f"{text} ({notes})" if notes else text


class Step(Struct, frozen=True):
    """One command's change of the rack and when it takes hold. `act`: play, stop, panic or "".

    `stands`: the transport stands after it, and nobody hears of it until it goes.
    """

    before: Rack
    after: Rack
    when: When | None
    outcome: int
    act: str = ""
    stands: bool = False


Item = tuple[str, str]
"""(the module or "", a parameter, or of a lane `:notes`, `:muted` or `:solo`)."""


class Back(Command, frozen=True, kw_only=True):
    """The way back of a command that was said `for` a length: `items` go from how it `left` them to how each `was`.

    Nobody types it. `number` is the one under which it waits; `was` and `left` are as much of the racks as it needs.
    """

    items: tuple[Item, ...]
    was: Rack
    left: Rack
    number: int = 0

    is_step = False


class Section(Command, frozen=True, kw_only=True):
    """The next section of the song begins, or its end: at the bar `bar`, counted from 1. Then `scene` is heard; at the end none is.

    Nobody types it.
    """

    bar: int
    scene: str = ""

    is_step = False
    of_the_present = True


Kept = AnyCommand | Back | Section
"""What may wait for its time."""


class Due(Struct, frozen=True, tag=True):
    """A command whose time is still to come: a position in beats, so that a change of tempo moves it, and the frame that means now.

    `number` tells it from all others that were ever put off. Once the timeline of that number is over, the frame is all that counts.
    """

    position: Fraction
    frame: int
    command: Kept
    text: str
    author: str
    number: int = 0
    timeline: int = 0


class Later(Struct, frozen=True, tag=True):
    """A command that is to become a Due under `number`. `outcome` is the place of its answer.

    `begins`: it was said while nothing played, so it counts from where the music begins. `after`: so long after the command of that
    answer takes hold. `again`: as it waited before it was withdrawn.
    """

    outcome: int
    when: When
    command: Kept
    text: str
    author: str
    number: int
    begins: bool = False
    after: Length | None = None
    again: Due | None = None


class Deed(Struct, frozen=True):
    """A step that did more than change the rack. `act` moved the transport, which `stopped` says of the other side of the step;
    `withdrawn` waited until then, each with what waits in its place; `back` is what puts an end to it by itself.
    `chord`: it lets a chord by hand be played, on the arpeggiator of this module."""

    rack: Rack
    act: str = ""
    stopped: bool = False
    withdrawn: tuple[tuple[Due | Later, Later | None], ...] = ()
    back: Later | None = None
    chord: str = ""


Thing = Rack | Later | Deed
"""The rack on the other side of a step, as it is or with what else the step did; or what waits for its time and has changed nothing yet."""
UNKNOWN = -1
"""The frame of a step whose moment is still to come."""


class Undoable(NamedTuple):
    """A step that `undo` can take back: the words that made it, what lies on its other side, and who said it when.

    `id` is its number in the history, `before` that of the step whose rack it found; 0 is the rack that was there at first. It takes hold
    at `frame`, while the music had that timeline. `waited` are the numbers of all that waited then, `ways` those among
    it that put something back after a length.
    """

    label: str
    thing: Thing
    id: int = 0
    before: int = 0
    author: str = ""
    frame: int = UNKNOWN
    timeline: Timeline | None = None
    waited: tuple[int, ...] = ()
    ways: tuple[Back, ...] = ()

    @property
    def where(self) -> tuple[int, float]:
        """(bar, beat), counted from 1; (0, 0.0) while there was no music."""
        if self.timeline is None or self.frame < self.timeline.tempos[0].frame:
            return 0, 0.0
        bar, beat = self.timeline.bar_and_beat(self.timeline.position(self.frame))
        return bar + 1, float(beat) + 1


History = tuple[Undoable, ...]
Trail = tuple[tuple[int, int], ...]
"""What was heard when: (frame, the id of the step whose rack it was from then on)."""


def rack_of(thing: Thing) -> Rack | None:
    """Returns the rack on the other side of a step; None if the step has changed nothing yet."""
    return thing.rack if isinstance(thing, Deed) else thing if isinstance(thing, Rack) else None


def with_rack(thing: Rack | Deed, rack: Rack) -> Rack | Deed:
    return replace(thing, rack=rack) if isinstance(thing, Deed) else rack


class Drawn(Struct, frozen=True):
    """What a drawn program depended on besides the commands: the frame up to which all was known, and the first new incarnation."""

    now: int = 0
    incarnation: int = 0


class Transaction(Struct, eq=False):
    """A submission performed but not yet part of the state. `absolute`: it names frames, so its moment must lie ahead.

    `plan` is None where the one in use serves; `drawn` says what another one depended on.
    """

    number: int
    before: Rack
    after: Rack = EMPTY
    past: History = ()
    future: History = ()
    dropped: History = ()
    step: int = 0
    """The id that was given to a step last."""
    trail: Trail = ()
    claims: Claims = ()
    ids: Mapping[int, int] = {}
    """The ids of what was put off and is performed now, by the place of the answer."""
    remembered: dict[int, int] = field(default_factory=dict)
    """Of each new step, by its id: the place of its answer."""
    outcomes: list[Outcome] = field(default_factory=list)
    absolute: bool = False
    plan: Plan | None = None
    drawn: Drawn = Drawn()
    steps: list[Step] = field(default_factory=list)
    sweeps: list[Moving] = field(default_factory=list)
    hands: list[ByHand] = field(default_factory=list)
    later: list[Later] = field(default_factory=list)
    racks_later: list[Rack] = field(default_factory=list)
    """The rack as each of `later` would leave it, as far as one can tell now."""
    put_off: int = 0
    """The last number that was given to what is to come later."""
    withdrawn: set[int] = field(default_factory=set)
    """Numbers of what was put off and is not to happen any more."""
    saves: dict[int, Rack] = field(default_factory=dict)
    """What is to be saved, by the place of the answer."""
    due: bool = False
    """It is what was put off."""
    made: dict[int, tuple[AnyCommand, str]] = field(default_factory=dict)
    """What stands in the place of a command, with its line, by the place of the answer: that is what a journal keeps."""

    def said(self, k: int, command: AnyCommand, text: str) -> tuple[AnyCommand, str]:
        """Returns the command in a place as it was performed, with its line."""
        return self.made.get(k, (command, text))

    @property
    def program(self) -> Program | None:
        return self.plan.program if self.plan else None

    def fresh(self) -> frozenset[str]:
        """Modules that were unloaded and loaded again meanwhile: others of the same name."""
        gone = {name for step in self.steps for name in step.before.modules.keys() - step.after.modules.keys()}
        return frozenset(gone & self.before.modules.keys() & self.after.modules.keys())


class Committed(Struct, frozen=True, eq=False):
    """A transaction for one moment: its entries, and the state once the replicas have them.

    `exact`: all entries name their frame. `near` is the frame up to which notes are among them, `since` the generation after which all are
    its own. `dues` is what it puts off. `begins`: no lane played before, so that all notes up to `near` are given.
    """

    transaction: Transaction
    moment: int
    exact: bool
    score: Score
    past: History
    dues: tuple[Due, ...]
    near: int
    since: int
    entries: Rows
    begins: bool = False

    @property
    def program(self) -> Program | None:
        return self.transaction.program


class Shrinking(Struct, frozen=True, eq=False):
    """A plan without the modules that have faded out of the one `before` it. It is dropped if another plan is adopted first."""

    before: Plan
    plan: Plan
    drawn: Drawn

    @property
    def program(self) -> Program:
        assert self.plan.program is not None
        return self.plan.program


class Shrunk(Struct, frozen=True, eq=False):
    """The entries that swap to the program of a Shrinking; none if it was dropped."""

    program: Program
    entries: Rows
