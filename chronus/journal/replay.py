"""Performs a journal again, and gives the conductor as it was, the take as it was, or the rack as it was.

Record by record a conductor is led through what the one that wrote the journal did, in the same order, and draws the same programs. A
file that goes on from another one begins with the state of the conductor then. A replay is needed for three things, which differ in
what still lives:

recovery: only control died. The replicas play on, so the conductor must end exactly as it was, to the last place in the arena.
rendering: nothing lives; a replica of the rendering's own gets the same entries, and gives the take again, bit for bit.
`rebuild`: the whole engine died. Only the rack counts; one submission builds it anew in an engine that knows nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec
from msgspec import Struct

from chronus.catalogue.kinds import Catalogue
from chronus.commands import AnyCommand, Change, File, Goto, Load, Open, Set, Song, Stop, Submission, Unload, When
from chronus.conductor import authors
from chronus.conductor.conductor import Conductor
from chronus.conductor.state import State
from chronus.conductor.touches import Touches
from chronus.conductor.transaction import Committed, Section, Shrunk, Transaction
from chronus.conductor.waiting import together
from chronus.errors import ChronusError
from chronus.journal import standing
from chronus.journal.records import Journal, Poisoned, Record, Remembered, Said, Sealed, Stands, Void
from chronus.memory.program import Program
from chronus.rack.document import EMPTY, Rack, replace
from chronus.rack.edit import edit
from chronus.rack.salvage import Lost, able, taken_apart
from chronus.rack.script import script
from chronus.score.courses import onward
from chronus.shelf import naming

Parse = Callable[[str], Iterable[AnyCommand]]
NEVER = 1 << 62
"""A frame after all others."""
AFTER_RESTART = 1 << 20
"""Numbers left free, so that what is ordered by them comes after all that was."""


def weight(submission: Submission, program: Program | None) -> int:
    """Returns how long it takes to perform a record again: one for each command, and drawing a program one for each four modules."""
    return len(submission.commands) + (len(program.instances) // 4 if program is not None else 0)


class Unsealed(Struct, frozen=True, eq=False):
    """A submission that was said and performed, but whose seal is not in the journal."""

    said: Said
    submission: Submission
    done: Committed | Shrunk


class Replay:
    """Leads a conductor through records. `skip`: numbers of what never took effect, besides those that the records call void.

    `tell` is called, in the order of the log, with what the replicas took, just before it becomes the state. `lost` is what cannot be
    done or read any more. `wary`: what brought the renderer down stays out, and of a command that cannot be done what can be is.
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
        self.lost: list[Lost] = []
        self.left_out: set[str] = set()
        self._line = 0
        self.flying: dict[int, Unsealed] = {}
        self.weight = 0
        self._current: Unsealed | None = None
        self._remembered: Remembered | None = None

    def play(self, records: Sequence[Record], line: int = 0) -> None:
        """Performs records. `line` is that of the first record in its file, if all of them stand in one."""
        self.skip |= {record.n for record in records if isinstance(record, Void)}
        for k, record in enumerate(records):
            self._line = line + k if line else 0
            try:
                self._take(record)
            except Exception as error:  # whatever one record does, the others are not lost with it
                if not self.wary:
                    raise
                self._current = None
                self._lose("; ".join(getattr(record, "texts", ())), f"{type(error).__name__}: {error}")

    def _take(self, record: Record) -> None:
        if isinstance(record, Stands):
            self._stand(record)
        elif isinstance(record, Remembered):
            self._remembered = record
        elif isinstance(record, Said) and record.n not in self.skip:
            self._say(record)
        elif isinstance(record, Sealed):
            self._seal(record)
        elif isinstance(record, Poisoned) and self.wary:
            self._leave_out(record)

    def _lose(self, text: str, why: str) -> None:
        self.lost.append(Lost(text, why, self._line))

    def _leave_out(self, poisoned: Poisoned) -> None:
        """Takes a module out. If its line was taken back, the undo that follows brings it again, as it was before that line."""
        self.accept()
        self.left_out.add(poisoned.module)
        conductor = self.conductor
        with suppress(ChronusError):
            rack = edit(conductor.rack, Unload(name=poisoned.module), conductor.catalogue).rack
            conductor.state = replace(conductor.state, rack=rack)

    def _stand(self, stands: Stands) -> None:
        """Takes up a state. One of another version comes at least to the same rack, and so does one in which there are modules of
        other kinds.
        """
        conductor = self.conductor
        with suppress(msgspec.MsgspecError):
            if not self.wary or standing.fits(stands.state, conductor.catalogue):
                conductor.state = standing.restored(conductor.state, stands.state)
                return
        said = [(text, command) for text in stands.texts for command in self.read(text)]
        said = list(zip([text for text, _ in said], _unread([command for _, command in said], conductor), strict=True))
        commands, lost = able(conductor.rack, [command for _, command in said], conductor.catalogue)
        for place, why in lost:
            self._lose(said[place][0], why)
        whole = Submission((0,), ("open journal",), (Open(name="journal", commands=tuple(commands)),))  # type: ignore[arg-type]
        conductor.accept(conductor.commit(conductor.perform(whole), stands.frame, True))
        # an undo that was said later took one step back, not all of this
        conductor.state = replace(conductor.state, past=())

    def _say(self, said: Said) -> None:
        current = self._current
        if current is not None and current.said.n == said.n and isinstance(current.done, Committed):
            again = self.conductor.commit(current.done.transaction, said.moment, said.exact)
            self._current = replace(current, said=said, done=again)  # refused, and said again for a later moment
        else:
            self.accept()
            if said.who != authors.JOURNAL:
                self.recall()
            self._current = self._perform(said)

    def _perform(self, said: Said) -> Unsealed | None:
        """Performs a record; None for one that drops modules that have faded out, where there are none."""
        conductor = self.conductor
        if said.program:
            places = replace(conductor.state.places, number=said.program - 1, incarnation=said.incarnation)
            conductor.state = replace(conductor.state, now=said.now, places=places)
        if said.shrink:
            shrinking = conductor.shrink()
            nothing = Submission((), (), ())
            return None if shrinking is None else Unsealed(said, nothing, conductor.shrunk(shrinking))
        submission = self._submission(said)
        transaction = conductor.perform(submission, said.who, due=said.due, seen=said.seen)
        if not said.due and any(outcome.error for outcome in transaction.outcomes):
            submission, transaction = self._as_far_as_it_goes(submission, transaction, said)
        self.weight += weight(submission, transaction.program)
        return Unsealed(said, submission, conductor.commit(transaction, said.moment, said.exact))

    def _submission(self, said: Said) -> Submission:
        if said.due:
            return together(self.conductor.take_up(said.due))
        found: list[tuple[str, AnyCommand]] = []
        for k, text in enumerate(said.texts):
            whole = said.commands.get(k)
            found += [(text, command) for command in ((whole,) if whole is not None else self.read(text))]
        return _together(found)

    def _as_far_as_it_goes(self, submission: Submission, t: Transaction, said: Said) -> tuple[Submission, Transaction]:
        """Names what was possible once and is not any more; with `wary` the command is taken apart, and what is possible of it is done."""
        while True:
            smaller: list[tuple[str, AnyCommand]] = []
            wrong = False
            for text, command, outcome in zip(submission.texts, submission.commands, t.outcomes, strict=True):
                parts: Sequence[AnyCommand] = (command,)
                if outcome.error is not None:
                    parts, lost = taken_apart(command, t.before, self.conductor.catalogue) if self.wary else ((), [])
                    wrong |= bool(parts)
                    for why in lost or ([] if parts else [outcome.error.message]):
                        if not any(name in text for name in self.left_out):
                            self._lose(text, why)
                smaller += [(text, part) for part in parts]
            if not self.wary:
                return submission, t
            submission = _together(smaller)
            t = self.conductor.perform(submission, said.who, seen=said.seen)
            if not wrong:
                return submission, t

    def read(self, text: str) -> Iterable[AnyCommand]:
        """Parses a text. One that is no sentence (a client may send any text beside its commands) is passed over and named."""
        try:
            return list(self.parse(text))
        except ChronusError as error:
            self._lose(text, error.message)
            return ()

    def accept(self) -> None:
        """Makes what was said last the state."""
        if self._current is not None:
            self.tell(self._current)
            if isinstance(self._current.done, Committed):
                self.conductor.accept(self._current.done)
            self.flying[self._current.said.n] = self._current
            self._current = None

    def recall(self) -> None:
        """Takes up the history of an engine that died, once its rack has been recovered."""
        remembered, self._remembered = self._remembered, None
        if remembered is not None:
            recall(self.conductor, remembered)

    def _seal(self, sealed: Sealed) -> None:
        if self._current is not None and self._current.said.n == sealed.n:
            self.accept()
        flown = self.flying.pop(sealed.n, None)
        if flown is None:
            return
        if isinstance(flown.done, Committed):
            self.conductor.sealed(flown.done.transaction, sealed.frame)
            self.touches.add(sealed.n, flown.submission, flown.done.transaction, sealed.frame)
        else:
            self.conductor.confirm(flown.done.program, sealed.frame)

    def last(self) -> Unsealed | None:
        """What was said last and is not known to be accepted."""
        return self._current


def recall(conductor: Conductor, remembered: Remembered) -> None:
    """Gives a conductor the history of an engine that died. One of another version, or of kinds that are gone, is left."""
    with suppress(msgspec.MsgspecError):
        if standing.fits(remembered.state, conductor.catalogue):
            conductor.state = standing.recalled(conductor.state, remembered.state, remembered.frames)


class Rebuilt(NamedTuple):
    """One submission that makes the rack again, None for an empty one; what does not come back; what was put off and is done now; and
    the state that all of it came to.
    """

    first: Submission | None
    lost: list[Lost]
    at_once: list[str]
    state: State


def rebuild(journal: Journal, catalogue: Catalogue, parse: Parse) -> Rebuilt:
    """Returns the rack that the journal came to. Whatever the journal holds, what can be made is made.

    What was said and never called void counts, sealed or not: it may have been acknowledged while the disk refused its seal.
    What was put off is in it: the music begins anew, and its first bar line is the next one.
    """
    rate, seed = int(journal.header.get("rate", 44100)), int(journal.header.get("seed", 0))
    conductor = Conductor(catalogue, rate, seed)
    replay = Replay(conductor, parse, wary=True)
    replay.play(journal.records, line=2)
    replay.accept()
    replay.recall()
    song, bar = conductor.rack.song, _bar_of_the_song(conductor)
    at_once = _come_due(conductor, replay.lost)
    if conductor.rack.song != song:
        bar = _bar_of_the_song(conductor)
    rack = onward(conductor.rack, catalogue, conductor.state.present(conductor.state.now))
    lines = [(line, command) for line in script(rack, catalogue) for command in replay.read(line)]
    commands, lost = able(EMPTY, _with_files([command for _, command in lines], rack), catalogue)
    replay.lost += [Lost(lines[place][0], why) for place, why in lost]
    if commands:
        commands = _that_fit(commands, Conductor(catalogue, rate, seed), replay)
    if not commands:
        return Rebuilt(None, replay.lost, at_once, conductor.state)
    whole: list[AnyCommand] = [_opening(commands)]
    texts = ["open journal"]
    if conductor.score.stopped:
        whole.append(Stop())
        texts.append("stop")
    elif bar:
        whole.append(Goto(bar=bar, when=When("now")))
        texts.append(f"goto bar {bar} now")
    elif rack.song is not None and not rack.song.stopped:
        whole.append(Song(turn="stop"))
        texts.append("song stop")
    return Rebuilt(
        _together(list(zip(texts, whole, strict=True))),
        replay.lost,
        at_once,
        conductor.state,
    )


def _with_files(commands: Sequence[AnyCommand], rack: Rack) -> list[AnyCommand]:
    """Returns the commands of a rack's script, with what was found in the files they name when they were set."""

    def as_set(change: Change) -> Change:
        module = rack.modules.get(change.module)
        setting = module.params.get(change.param) if module is not None else None
        return replace(change, value=setting) if isinstance(setting, File) else change

    return [
        replace(command, changes=tuple(map(as_set, command.changes))) if isinstance(command, Set) else command
        for command in commands
    ]


def _unread(commands: Sequence[AnyCommand], conductor: Conductor) -> Iterator[AnyCommand]:
    """Returns the commands that name files which were not read: those are silent, until they are named again."""
    loaded = {module.name: module.kind for module in conductor.rack.modules.values()}
    found = naming.looked_up(commands, loaded, conductor.catalogue, lambda name, _: File(name))
    return (one for one in found if not isinstance(one, ChronusError))


def _opening(commands: Sequence[AnyCommand]) -> Open:
    return Open(name="journal", commands=tuple(commands))  # type: ignore[arg-type]


def _that_fit(commands: list[AnyCommand], fresh: Conductor, replay: Replay) -> list[AnyCommand]:
    """Returns all commands, or as many as there is room for: with another version or rate it may be less than it was."""
    loads = [command for command in commands if isinstance(command, Load)]

    def only(count: int) -> list[AnyCommand]:
        wanted = {id(load) for load in loads[:count]}
        some = [one for one in commands if not isinstance(one, Load) or id(one) in wanted]
        return able(EMPTY, some, fresh.catalogue)[0]

    def why_not(some: list[AnyCommand]) -> str:
        (outcome,) = fresh.perform(_together([("", _opening(some))]), authors.JOURNAL).outcomes
        return outcome.error.message if outcome.error else ""

    why = why_not(commands)
    if not why:
        return commands
    count = bisect_left(range(len(loads)), True, key=lambda most: bool(why_not(only(most + 1))))
    replay.lost += [
        Lost(f"load {load.kind}" + (f" as {load.name}" if load.name else ""), why) for load in loads[count:]
    ]
    return only(count)


def _bar_of_the_song(conductor: Conductor) -> int:
    """Returns the bar of the song that was played last, as far as is known; 0 if none was. Bars count from 1."""
    return int(conductor.state.song(conductor.state.now).get("bar", 0))


def _come_due(conductor: Conductor, lost: list[Lost]) -> list[str]:
    """Performs all that waits, but not how the song goes on; returns its text."""
    state = conductor.state
    conductor.state = replace(
        state, waiting=tuple(due for due in state.waiting if not isinstance(due.command, Section))
    )
    texts: list[str] = []
    for frame, dues in conductor.in_turn(NEVER):
        numbers = [due.number for due in dues]
        transaction = conductor.perform(together(dues), dues[0].author, due=numbers, seen=frame)
        conductor.accept(conductor.commit(transaction, frame, True))
        for due, outcome in zip(dues, transaction.outcomes, strict=True):
            if outcome.error is None:
                texts.append(due.text)
            else:
                lost.append(Lost(due.text, outcome.error.message))
    return texts


def _together(said: Sequence[tuple[str, AnyCommand]]) -> Submission:
    return Submission(tuple(range(len(said))), tuple(text for text, _ in said), tuple(command for _, command in said))
