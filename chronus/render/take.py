"""The take: has a rack, a scheduler and a replica as a live engine does, but no clock, no device and no other process.

A script moves its own time with `wait`; its lines take effect exactly at their moments. A journal names for each submission the
frame at which it was sealed when it was played, and so gives a live take again, bit for bit.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import takewhile
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from chronus import places
from chronus.catalogue.kinds import Catalogue
from chronus.commands import File, Length, Quit, Submission, Wait, Word
from chronus.conductor.conductor import Conductor
from chronus.conductor.transaction import Committed
from chronus.conductor.waiting import together
from chronus.dsp.discovery import discover
from chronus.errors import ChronusError
from chronus.graph.block import block_address
from chronus.journal.records import Ended, Journal, Poisoned, Record, Said, Sealed, Void
from chronus.journal.replay import Replay, Unsealed
from chronus.language import field_places, opening, parser, source
from chronus.language.making import variation
from chronus.memory import layout, quarantine, taps
from chronus.memory.layout import BLOCK, CHANNELS, PROGRAM, PROGRAMS, RATE, Memory
from chronus.memory.log import LOG_ENTRIES, Rows, Writer
from chronus.memory.program import Program
from chronus.memory.quarantine import TakenOut
from chronus.memory.shelf import Shelf
from chronus.render import stems as stem
from chronus.shelf import naming, recording
from chronus.shelf.making import EMPTY, made, shelve
from chronus.shelf.recipe import Recipe
from chronus.shell.answers import Answer
from chronus.worker import ledger
from chronus.worker import unpaced as replicas
from chronus.worker.binding import Bindings

DEFAULT_BARS = 8

Report = Callable[[float], None]


class Take:
    """One rendering: a conductor, a replica and the sound so far. Frames count from transport zero.

    `stems` are the modules of which the contribution to `out` is rendered, in the place of what `out` makes of all of them.
    `keep` takes each second as it is rendered, for who wants no whole take
    in memory; else `sound` has it. `tapped`: what each module puts out is kept for a while, as in an engine (memory/taps.py).
    """

    def __init__(
        self,
        rate: int,
        seed: int,
        zero: int | None = 0,
        stems: Collection[str] | None = None,
        keep: Callable[[np.ndarray], None] | None = None,
        tapped: bool = False,
    ) -> None:
        self.rate, self.stems = rate, stems
        self.piece = min(rate, taps.longest(False) * BLOCK) if tapped else rate
        """Frames that are rendered in one go."""
        self._led: list[tuple[int, frozenset[str]]] = []
        """From which frame on which modules lead to `out`."""
        self._laid: dict[int, Program] = {}
        self.before: Callable[[int], None] = lambda until: None
        """Called before frames are rendered, up to one: what is heard of them is the same whatever is said later."""
        self._names: dict[int, str] = {}  # of the modules by their handles
        self._inserted: set[int] = set()  # handles of those inserted on `out`
        self.memory = _tapped_memory() if tapped else Memory()
        self.memory.board[RATE] = rate
        kernels = self.kernels = discover(places.modules_folders())
        self.conductor = Conductor(Catalogue(kernel.spec for kernel in kernels.values()), rate, seed, zero=zero)
        self.conductor.make = variation.made
        self.shelf = Shelf()
        self.lost: list[str] = []
        """Recordings that are not what they were: in their place is silence."""
        self.bindings = Bindings(
            kernels if stems is None else stem.kernels(kernels), rate, self.shelf,
            taps=self.memory.bytes.ctypes.data + layout.TAPS if tapped else 0,
        )  # fmt: skip
        self.writer = Writer(self.memory)
        self.blocks: list[np.ndarray] = []
        self.keep = keep or self.blocks.append
        self.shares_memory = False
        """Others render in the same memory later: what they may need is not let go."""
        self._loaded = False
        self.frame = 0
        self.seconds = 0.0

    def _lay(self, program: Program | None) -> None:
        if program is None:
            return
        leading = frozenset(self._names[handle] for handle in stem.contributors(program, self._inserted))
        self._led.append((self.frame, leading))
        self._laid[program.number % PROGRAMS] = program
        self._bind(program)
        self.memory.board[PROGRAM] = program.number

    def _bind(self, program: Program) -> None:
        if self.stems is not None:
            chosen = {handle for handle, name in self._names.items() if name in self.stems}
            program = stem.only(program, chosen, self._inserted)
        program.lay(self.memory.program(program.number))
        self.bindings.bind(program, self.memory.arena(0).ctypes.data)

    def contributors(self, start: int = 0, until: int = 1 << 62) -> list[str]:
        """Returns the modules that led to `out` between two frames."""
        ends = [frame for frame, _ in self._led[1:]] + [1 << 62]
        rows = zip(self._led, ends, strict=True)
        return sorted({name for (frame, names), end in rows if frame < until and end >= start for name in names})

    def go_on_as_stems(self, stems: Collection[str]) -> None:
        """From here on only these modules are rendered, as they come to `out`."""
        self.stems = stems
        self.bindings = Bindings(stem.kernels(self.kernels), self.rate, self.shelf)
        for program in self._laid.values():
            self._bind(program)

    def _publish(self, entries: Rows) -> None:
        if not len(entries):
            return
        if self.writer.tail + len(entries) - int(self.memory.arena(0)[layout.A_CURSOR]) > LOG_ENTRIES - 8:
            raise ChronusError("E_LIMIT", "more happens at one moment than the log can hold")
        self.writer.publish(entries)

    def perform(
        self, submission: Submission, moment: int, *, exact: bool, author: str = "", due: Collection[int] = ()
    ) -> Sequence[Any]:
        """Performs a submission at a frame that the rendering has reached. The outcomes, one a command.

        `due`: the numbers under which it was put off.
        """
        transaction = self.conductor.perform(submission, author, due=due, seen=moment)
        done = self.conductor.commit(transaction, moment, exact)
        self.know(done)
        self.tell(transaction.program, done.entries)
        self.conductor.accept(done)
        self.conductor.sealed(transaction, moment)
        return transaction.outcomes

    def know(self, done: Committed) -> None:
        """Notes whose the handles of its program are, and lays the tables that it reads."""
        plan = done.transaction.plan
        if plan is not None:
            for key, recipe in plan.tables().items():
                if self.shelf.find(key) is None:
                    self._lay_table(recipe)
            old = {seat.handle for seat in plan.old_seats.values()}
            self._names |= {seat.handle: seat.name for seat in (*plan.seats.values(), *plan.old_seats.values())}
            on_out = done.transaction.after.before_out
            self._inserted = self._inserted & old | {plan.seats[name].handle for name in on_out if name in plan.seats}

    def _lay_table(self, recipe: Recipe) -> None:
        if recipe.source == "code":
            ledger.keep_tables([self.kernels[recipe.what.split(".")[0]]])
        try:
            table = made(recipe)
        except ChronusError as error:
            table = EMPTY
            self.lost.append(f"{error.message}; in its place is silence")
        if not self.shelf.put(recipe.key, table):
            raise ChronusError("E_LIMIT", "there is no more room for recordings")

    def look(self, name: str, _: Word | File) -> File:
        """The recording that a name means where the rendering was asked for; its table lies on the shelf from then on."""
        return shelve(self.shelf, recording.read(recording.find(name, os.getcwd()), self.rate), self.rate)

    def _let_go(self) -> None:
        """Of the tables that nothing reads any more."""
        plan = self.conductor.plan
        if self.shares_memory:
            return
        if self.memory.arena(0)[layout.A_PROGRAM] == plan.number:
            read = plan.tables()
            for key in self.shelf.held():
                if key not in read:
                    self.shelf.drop(key)

    def take_out(self, poisoned: Poisoned) -> None:
        """A module that brought the renderer down is rendered no more from that frame on."""
        out = TakenOut(poisoned.handle, poisoned.incarnation, poisoned.frame // BLOCK, how=0)
        quarantine.take_out(self.memory.board, out)

    def shrink(self) -> None:
        """Drops what has faded out, as the live engine does; it changes nothing that is heard."""
        shrinking = self.conductor.shrink(self.frame)
        if shrinking is not None:
            self.tell(shrinking.program, self.conductor.shrunk(shrinking).entries)

    def render(self, until: int, report: Report | None = None) -> None:
        """Renders the blocks that begin before frame `until`, and what was put off to a frame among them."""
        while self.frame < until:
            stop = min(until, self.frame + self.piece)
            self.put_off(stop - 1)
            self._blocks(stop)
            self.shrink()
            if report:
                report(self.frame / until)

    def wait(self, wait: Wait, begun: int, report: Report | None = None) -> int:
        """Renders up to the end of a wait, which it returns: what is put off to a time before that may change the tempo."""
        return self._reach(lambda: self.conductor.state.wait_frame(wait, begun), report)

    def play_song(self, begun: int, report: Report | None = None) -> int:
        """Renders up to the end of the song, if it ends after a frame; returns where that is, or the frame."""
        return self._reach(lambda: max(begun, self.conductor.state.song_ends()), report)

    def _reach(self, goal: Callable[[], int], report: Report | None) -> int:
        """Renders up to a frame that what is put off to a time before it may move."""
        until = goal()
        while (due := self.conductor.state.next_due) is not None and due < until:
            self.render(due // BLOCK * BLOCK, report)
            self.put_off(due)
            until = goal()
        self.render(until // BLOCK * BLOCK, report)
        return until

    def put_off(self, frame: int) -> None:
        """Performs what was put off to a time up to this frame, each at its own."""
        for at, dues in self.conductor.in_turn(frame + 1):
            self._blocks(at // BLOCK * BLOCK)
            numbers = [due.number for due in dues]
            self.perform(together(dues), at, exact=True, author=dues[0].author, due=numbers)

    def go(self, until: int, report: Report | None = None) -> None:
        """Renders the blocks that begin before frame `until`, and performs nothing of what was put off."""
        while self.frame < until:
            self._blocks(min(until, self.frame + self.piece))
            if report:
                report(self.frame / until)

    def tell(self, program: Program | None, entries: Rows) -> None:
        """What the replica is to take in with the next block, and the program that it needs for that."""
        self._lay(program)
        self._publish(entries)

    def _blocks(self, until: int) -> None:
        count = -(-(until - self.frame) // BLOCK)
        if count <= 0:
            return
        self.before(self.frame + count * BLOCK)
        for batch in self.conductor.advance(until + self.rate):
            self._publish(batch)
        if not self._loaded:  # the machine code, before anything is timed
            self._loaded = True
            self._render(0, np.empty((0, CHANNELS), np.float32))
        out = np.empty((count * BLOCK, CHANNELS), np.float32)
        began = time.perf_counter()
        done = self._render(count, out)
        self.seconds += time.perf_counter() - began
        if done < count:
            raise ChronusError("E_ENGINE", "the replica lost the log")  # a fault of ours: nothing a script can do
        self.keep(out)
        self.frame += count * BLOCK
        self._let_go()

    def _render(self, count: int, out: np.ndarray) -> int:
        memory = self.memory
        return replicas.render(
            block_address(), memory.board, memory.log, memory.arena(0), self.bindings.table, count, out
        )

    def sound(self, frames: int | None = None) -> np.ndarray:
        """What was rendered, without the delay of the limiter's look-ahead: (frames, 2)."""
        latency = self.latency
        whole = np.concatenate(self.blocks) if self.blocks else np.zeros((0, CHANNELS), np.float32)
        return whole[latency : None if frames is None else latency + frames]

    @property
    def latency(self) -> int:
        return self.conductor.catalogue["out"].latency if self.stems is None else 0

    def frame_of_bars(self, bars: float, begun: int = 0) -> int:
        return self.conductor.state.wait_frame(Wait(length=Length(bars, "bars")), begun)

    def bars_at(self, frame: int) -> float:
        timeline = self.conductor.score.timeline
        return max(0.0, float(timeline.bars(timeline.position(frame)))) if timeline else 0.0


def _tapped_memory() -> Memory:
    descriptor = layout.create()
    try:
        return Memory(descriptor)
    finally:
        os.close(descriptor)


# ---------------------------------------------------------------- what is rendered


class ScriptLine(Struct, frozen=True):
    """A command of a script, or why it is none."""

    number: int
    text: str
    start: tuple[int, int]
    parsed: parser.Parsed | None = None
    error: ChronusError | None = None


def read_script(script: str) -> list[ScriptLine]:
    lines = []
    for number, statement in enumerate(filter(lambda one: one.text, source.whole(script)), 1):
        start = (statement.line, statement.column)
        try:
            lines.append(ScriptLine(number, statement.text, start, opening.parse(statement)))
        except ChronusError as error:
            lines.append(ScriptLine(number, statement.text, start, error=error))
    return lines


def until_quit(lines: Sequence[ScriptLine]) -> list[ScriptLine]:
    """The lines up to the first `quit`."""
    return list(takewhile(lambda line: line.parsed is None or not isinstance(line.parsed.command, Quit), lines))


def submissions(lines: Sequence[ScriptLine]) -> Iterator[tuple[list[ScriptLine], Wait | None]]:
    """The lines that share a moment, and the wait that ends it."""
    together: list[ScriptLine] = []
    for line in lines:
        if line.parsed is not None and isinstance(line.parsed.command, Wait):
            yield together, line.parsed.command
            together = []
        else:
            together.append(line)
    yield together, None


def play_script(take: Take, source: str, report: Report | None = None) -> tuple[list[Answer], int]:
    """(the answers that are errors, the frame at which the last wait ended: 0 without one). What stands behind a `quit` is not read."""
    wrong: list[Answer] = []
    moment = 0
    for lines, wait in submissions(until_quit(read_script(source))):
        wrong += [Answer(line.number, line.text, error=line.error) for line in lines if line.error]
        good = [line for line in lines if line.parsed]
        take.put_off(moment)  # what was put off to this very moment was said before
        good = list(_with_files(take, good, wrong))
        if good:
            whole = Submission(
                tuple(line.number for line in good),
                tuple(line.parsed.text for line in good if line.parsed),
                tuple(line.parsed.command for line in good if line.parsed),
            )
            outcomes = take.perform(whole, moment, exact=True)
            for line, outcome in zip(good, outcomes, strict=True):
                if outcome.error is not None:
                    wrong.append(_refused(line, outcome.error))
        if wait is not None:
            moment = take.wait(wait, moment, report)
    return sorted(wrong, key=lambda answer: answer.id), moment


def _with_files(take: Take, lines: Sequence[ScriptLine], wrong: list[Answer]) -> Iterator[ScriptLine]:
    """The lines with what the files hold that they name; those that cannot be are told."""
    known = {module.name: module.kind for module in take.conductor.document(take.frame).modules.values()}
    commands = [line.parsed.command for line in lines if line.parsed]
    found = naming.looked_up(commands, known, take.conductor.catalogue, take.look)
    for line, command in zip(lines, found, strict=True):
        assert line.parsed
        if isinstance(command, ChronusError):
            wrong.append(_refused(line, command))
        else:
            yield replace(line, parsed=replace(line.parsed, command=command))


def _refused(line: ScriptLine, error: ChronusError) -> Answer:
    assert line.parsed
    error.line, error.column = field_places.place(error.part, line.start, line.parsed.spans)
    return Answer(line.number, line.text, error=error)


def play_journal(take: Take, journal: Journal, report: Report | None) -> int:
    """Leads the conductor through the records, and returns the frame of the last one."""
    playback = Playback(take, report)
    playback.play(journal.records, journal)
    playback.end()
    return max((r.frame for r in journal.records if isinstance(r, Sealed | Ended)), default=0)


class Playback:
    """Leads the conductor of a take through a journal, all at once or piece by piece, and tells the replica what it took at its frame."""

    def __init__(self, take: Take, report: Report | None = None) -> None:
        self.take, self.report = take, report
        self._replay = Replay(take.conductor, parser.sentences, tell=self._tell)
        self._latest: dict[int, int] = {}
        self._passed_over: dict[int, int] = {}
        self._out: list[Poisoned] = []
        self._taken_out: set[tuple[int, int]] = set()

    def play(self, records: Sequence[Record], known: Journal) -> None:
        """`known`: these records, and behind them whatever is known of what came after. What neither seals never took effect."""
        self._latest |= _latest(known)
        self._passed_over |= {record.n: record.entry for record in known.poisoned if not record.module}
        out = (record for record in known.poisoned if record.module)
        self._out = [record for record in out if (record.handle, record.incarnation) not in self._taken_out]
        said = {record.n for record in records if isinstance(record, Said)}
        void = {record.n for record in known.records if isinstance(record, Void)}
        self._replay.skip |= said & (void | {said.n for said in known.unsealed()})
        self._replay.play(records)
        self._replay.accept()
        if self._replay.lost:
            raise ChronusError("E_FILE", f"what the journal holds cannot be done: {self._replay.lost[0].told('it')}")

    def go(self, frame: int) -> None:
        """Renders up to the block of a frame before which nothing more is to be told."""
        while self._out and self._out[0].frame <= frame:
            self.take.go(self._out[0].frame // BLOCK * BLOCK, self.report)
            self._take_out()
        self.take.go(frame // BLOCK * BLOCK, self.report)

    def end(self) -> None:
        """All has been played."""
        while self._out:
            self._take_out()

    def _take_out(self) -> None:
        poisoned = self._out.pop(0)
        self._taken_out.add((poisoned.handle, poisoned.incarnation))
        self.take.take_out(poisoned)

    def _tell(self, taken: Unsealed) -> None:
        self.go(self._latest.pop(taken.said.n))
        done = taken.done
        if isinstance(done, Committed):
            self.take.know(done)
        without = self._passed_over.get(taken.said.n, 0)
        self.take.tell(done.program, np.delete(done.entries, without - 1, axis=0) if without else done.entries)


def _latest(journal: Journal) -> dict[int, int]:
    """By number, the last frame at which its entries may be told: that of the block that sealed them, if they are for now.

    Those of an exact moment were sealed sooner, nobody knows when; but before whatever was said after them.
    """
    latest: dict[int, int] = {}
    least = 1 << 62
    for played in reversed(list(journal.played())):
        latest[played.said.n] = least = min(least, played.frame)
    return latest


# ---------------------------------------------------------------- how far it is


class ProgressBar:
    """A progress bar on stderr."""

    WIDTH = 32

    def __init__(self, title: str) -> None:
        self.title = title

    def __call__(self, share: float) -> None:
        done = round(min(share, 1.0) * self.WIDTH)
        sys.stderr.write(f"\r{self.title} [{'#' * done}{'.' * (self.WIDTH - done)}] {share * 100:3.0f} %")
        sys.stderr.flush()

    def clear(self) -> None:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
