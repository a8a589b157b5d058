"""What a journal comes to: the conductor as it was, the take as it was, or the rack as it was.

Record by record a conductor is led through what the one that wrote the journal went through, in the order in which that one did it,
and draws the same programs. A file that goes on from another one begins with how the conductor stood then. Three ask for a replay,
and they differ in what still lives:

recovery: only control died. The replicas play on, so the conductor must come out as it was to the last place in the arena.
rendering: nothing lives; a replica of one's own is told the same entries, and gives the take again, bit for bit.
`rebuild`: the whole engine died. What counts is the rack; one submission builds it anew in an engine that knows nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import count

import msgspec
from msgspec import Struct

from chronus.commands import AnyCommand, Open, Stop, Submission, Unload
from chronus.control import standing
from chronus.control.catalogue import Catalogue
from chronus.control.conductor import Conductor, Transaction, together
from chronus.control.courses import onward
from chronus.control.edit import edit
from chronus.control.job import weight
from chronus.control.journal import Journal, Poisoned, Record, Said, Sealed, Stands, Void
from chronus.control.script import script
from chronus.control.touches import Touches
from chronus.errors import ChronusError
from chronus.memory.log import Entry
from chronus.memory.program import Program

Parse = Callable[[str], Iterable[AnyCommand]]
NEVER = 1 << 62
"""A frame after all others."""
AFTER_RESTART = 1 << 20
"""Numbers left free, so that what is ordered by them comes after all that was."""


class Unsealed(Struct, eq=False):
    """Said and performed, but its seal is not in the journal."""

    said: Said
    submission: Submission
    transaction: Transaction | None
    program: Program | None
    entries: Sequence[Entry] = ()


class Replay:
    """Leads a conductor through records. `skip`: numbers of what never took effect, besides those that the records call void.

    `tell` is called, in the order of the log, with what the replicas took, just before it becomes the state. `wary`: what brought the
    renderer down stays out.
    """

    def __init__(
        self,
        conductor: Conductor,
        parse: Parse,
        skip: Iterable[int] = (),
        tell: Callable[[Unsealed], object] = lambda taken: None,
        wary: bool = False,
    ) -> None:
        self.conductor, self.parse, self.skip, self.tell, self.wary = conductor, parse, set(skip), tell, wary
        self.touches = Touches()
        self.unreadable: list[str] = []
        self.flying: dict[int, Unsealed] = {}
        self.weight = 0
        self._current: Unsealed | None = None

    def play(self, records: Sequence[Record]) -> None:
        self.skip |= {record.n for record in records if isinstance(record, Void)}
        for record in records:
            if isinstance(record, Stands):
                self._stand(record)
            elif isinstance(record, Said) and record.n not in self.skip:
                self._say(record)
            elif isinstance(record, Sealed):
                self._seal(record)
            elif isinstance(record, Poisoned) and self.wary:
                self._leave_out(record)

    def _leave_out(self, poisoned: Poisoned) -> None:
        """The module goes. If its line was taken back, the undo that follows brings it again, as it was before that line."""
        self.accept()
        with suppress(ChronusError):
            self.conductor.rack = edit(self.conductor.rack, Unload(name=poisoned.module), self.conductor.catalogue).rack

    def _stand(self, stands: Stands) -> None:
        """What another version wrote comes at least to the same rack."""
        try:
            standing.restore(self.conductor, stands.state)
        except msgspec.MsgspecError:
            commands = tuple(command for text in stands.texts for command in self.read(text))
            whole = Submission((0,), ("open journal",), (Open(name="journal", commands=commands),))  # type: ignore[arg-type]
            transaction = self.conductor.perform(whole)
            self.conductor.commit(transaction, stands.frame, True)
            self.conductor.accept(transaction, stands.frame)

    def _say(self, said: Said) -> None:
        if self._current is not None and self._current.said.n == said.n:
            self._current.said = said  # refused, and said again for a later moment
        else:
            self.accept()
            self._current = self._perform(said)
        if self._current.transaction is not None:
            self._current.entries = self.conductor.commit(self._current.transaction, said.moment, said.exact)

    def _perform(self, said: Said) -> Unsealed:
        conductor = self.conductor
        if said.program:
            conductor.now = said.now
            conductor.planner.number = said.program - 1
            conductor.planner.incarnations = count(said.incarnation)
        if said.shrink:
            program = conductor.shrink()
            return Unsealed(said, Submission((), (), ()), None, program, conductor.shrunk(program))
        submission = self._submission(said)
        transaction = conductor.perform(submission, said.who, due=said.due, seen=said.seen)
        self.weight += weight(submission, transaction.program)
        return Unsealed(said, submission, transaction, transaction.program)

    def _submission(self, said: Said) -> Submission:
        if said.due:
            dues = [due for number in said.due if (due := self.conductor.take_up(number))]
            return together(dues)
        found: list[tuple[str, AnyCommand]] = []
        for k, text in enumerate(said.texts):
            whole = said.commands.get(k)
            found += [(text, command) for command in ((whole,) if whole is not None else self.read(text))]
        texts, commands = tuple(text for text, _ in found), tuple(command for _, command in found)
        return Submission(tuple(range(len(found))), texts, commands)

    def read(self, text: str) -> Iterable[AnyCommand]:
        """A text that is no sentence (a client may send what it likes beside its commands) is passed over and named."""
        try:
            return list(self.parse(text))
        except ChronusError:
            self.unreadable.append(text)
            return ()

    def accept(self) -> None:
        """What was said last has become the state."""
        if self._current is not None:
            self.tell(self._current)
            if self._current.transaction is not None:
                self.conductor.accept(self._current.transaction, self._current.said.moment)
            self.flying[self._current.said.n] = self._current
            self._current = None

    def _seal(self, sealed: Sealed) -> None:
        if self._current is not None and self._current.said.n == sealed.n:
            self.accept()
        done = self.flying.pop(sealed.n, None)
        if done is None:
            return
        if done.transaction is not None:
            self.conductor.sealed(done.transaction, sealed.frame)
            self.touches.add(sealed.n, done.submission, done.transaction, sealed.frame)
        elif done.program is not None:
            self.conductor.planner.confirm(done.program.number, sealed.frame)

    def last(self) -> Unsealed | None:
        """What was said last and is not known to be accepted."""
        return self._current


def rebuild(journal: Journal, catalogue: Catalogue, parse: Parse) -> tuple[Submission | None, list[str]]:
    """One submission that makes the rack that the journal came to, None if that was an empty one; and what was unreadable.

    What was said and never called void counts, sealed or not: it may have been acknowledged while the disk refused its seal.
    What was put off is in it: the music begins anew, and its first bar line is the next one.
    """
    conductor = Conductor(catalogue, int(journal.header.get("rate", 44100)), int(journal.header.get("seed", 0)))
    replay = Replay(conductor, parse, wary=True)
    replay.play(journal.records)
    replay.accept()
    _come_due(conductor)
    rack = onward(conductor.rack, catalogue, conductor.present(conductor.now))
    commands = [command for line in script(rack, catalogue) for command in replay.read(line)]
    if not commands:
        return None, replay.unreadable
    whole: list[AnyCommand] = [Open(name="journal", commands=tuple(commands))]  # type: ignore[arg-type]
    if conductor.rack.lanes and not conductor.playing:
        whole.append(Stop())
    texts = ("open journal", "stop")[: len(whole)]
    return Submission(tuple(range(len(whole))), texts, tuple(whole)), replay.unreadable


def _come_due(conductor: Conductor) -> None:
    for frame, dues in conductor.due(NEVER):
        numbers = [due.number for due in dues]
        transaction = conductor.perform(together(dues), dues[0].author, due=numbers, seen=frame)
        conductor.commit(transaction, frame, True)
        conductor.accept(transaction, frame)
