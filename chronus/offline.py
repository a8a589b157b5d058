"""`chronus render`: the rack, the scheduler and a replica as in a live engine, but no clock, no device and no other process.

A script moves its own time with `wait`; its lines take effect exactly at their moments. A journal gives each submission the
frame at which it was sealed when it was played, and so gives a live take again, bit for bit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from chronus import places
from chronus.commands import AnyCommand, Gate, Length, Stop, Submission, Wait, When
from chronus.control import journal as journals
from chronus.control.catalogue import Catalogue
from chronus.control.conductor import Conductor, as_one, together
from chronus.control.replay import Replay, Unsealed
from chronus.control.transaction import Transaction
from chronus.dsp.catalogue import discover
from chronus.dsp.graph import block_address
from chronus.ears.loudness import lufs, peak_dbfs
from chronus.errors import ChronusError
from chronus.memory import layout, quarantine
from chronus.memory.layout import BLOCK, CHANNELS, PROGRAM, RATE, Memory
from chronus.memory.log import LOG_ENTRIES, Entry, Writer
from chronus.memory.program import Program
from chronus.memory.quarantine import Out
from chronus.text import answers, opening, parser
from chronus.text.answers import Answer
from chronus.worker import build, hoard
from chronus.worker import offline as replicas
from chronus.worker import stems as stem
from chronus.worker.binding import Bindings

DEFAULT_BARS = 8
TAIL_SECONDS = 10.0
TAIL_FLOOR = 10 ** (-90 / 20)
FADED_SECONDS = 0.25
"""So long a stretch below the floor is the end of a tail."""

Report = Callable[[float], None]


class Take:
    """One rendering: a conductor, a replica and the sound so far. Frames count from transport zero.

    `stems` are the modules of which the contribution to `out` is rendered, in the place of what `out` makes of all of them.
    `contributors` are those that have led there so far. `keep` takes each second as it is rendered, for who wants no whole take
    in memory; else `sound` has it.
    """

    def __init__(
        self,
        rate: int,
        seed: int,
        zero: int | None = 0,
        stems: Collection[str] | None = None,
        keep: Callable[[np.ndarray], None] | None = None,
    ) -> None:
        self.rate, self.stems = rate, stems
        self.contributors: set[str] = set()
        self._names: dict[int, str] = {}  # of the modules by their handles
        self.memory = Memory()
        self.memory.board[RATE] = rate
        self.conductor = Conductor(Catalogue.load(), rate, seed, zero=zero)
        kernels = discover(places.modules_folders())
        self.bindings = Bindings(kernels if stems is None else stem.kernels(kernels), rate)
        self.writer = Writer(self.memory)
        self.blocks: list[np.ndarray] = []
        self.keep = keep or self.blocks.append
        self._render(0, np.empty((0, CHANNELS), np.float32))  # loads the machine code before anything is timed
        self.frame = 0
        self.seconds = 0.0

    def _lay(self, program: Program | None) -> None:
        if program is None:
            return
        for _, cable in stem.leading_out(program):
            self.contributors.add(self._names[stem.handle_of(program, cable)])
        if self.stems is not None:
            program = stem.only(program, {handle for handle, name in self._names.items() if name in self.stems})
        program.lay(self.memory.program(program.number))
        self.bindings.bind(program, self.memory.arena(0).ctypes.data)
        self.memory.board[PROGRAM] = program.number

    def _publish(self, entries: Sequence[Entry]) -> None:
        if not entries:
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
        self.know(transaction)
        self.tell(transaction.program, self.conductor.commit(transaction, moment, exact))
        self.conductor.accept(transaction, moment)
        self.conductor.sealed(transaction, moment)
        return transaction.outcomes

    def know(self, transaction: Transaction) -> None:
        """Notes whose the handles of its program are."""
        if transaction.plan is not None:
            seats = (*transaction.plan.seats.values(), *transaction.plan.old_seats.values())
            self._names |= {seat.handle: seat.name for seat in seats}

    def take_out(self, poisoned: journals.Poisoned) -> None:
        """A module that brought the renderer down is rendered no more from that frame on."""
        out = Out(poisoned.handle, poisoned.incarnation, poisoned.frame // BLOCK, how=0)
        quarantine.take_out(self.memory.board, out)

    def shrink(self) -> None:
        """Drops what has faded out, as the live engine does; it changes nothing that is heard."""
        program = self.conductor.shrink(self.frame)
        if program is not None:
            self.tell(program, self.conductor.shrunk(program))

    def render(self, until: int, report: Report | None = None) -> None:
        """Renders the blocks that begin before frame `until`, and what was put off to a frame among them."""
        while self.frame < until:
            stop = min(until, self.frame + self.rate)
            self.put_off(stop - 1)
            self._blocks(stop)
            self.shrink()
            if report:
                report(self.frame / until)

    def put_off(self, frame: int) -> None:
        """Performs what was put off to a time up to this frame, each at its own."""
        for at, dues in self.conductor.due(frame + 1):
            self._blocks(at // BLOCK * BLOCK)
            numbers = [due.number for due in dues]
            self.perform(together(dues), at, exact=True, author=dues[0].author, due=numbers)

    def go(self, until: int, report: Report | None = None) -> None:
        """Renders the blocks that begin before frame `until`, and performs nothing of what was put off."""
        while self.frame < until:
            self._blocks(min(until, self.frame + self.rate))
            if report:
                report(self.frame / until)

    def tell(self, program: Program | None, entries: Sequence[Entry]) -> None:
        """What the replica is to take in with the next block, and the program that it needs for that."""
        self._lay(program)
        self._publish(entries)

    def _blocks(self, until: int) -> None:
        count = -(-(until - self.frame) // BLOCK)
        if count <= 0:
            return
        for batch in self.conductor.advance(until + self.rate):
            self._publish(batch)
        out = np.empty((count * BLOCK, CHANNELS), np.float32)
        began = time.perf_counter()
        done = self._render(count, out)
        self.seconds += time.perf_counter() - began
        if done < count:
            raise ChronusError("E_ENGINE", "the replica lost the log")  # a fault of ours: nothing a script can do
        self.keep(out)
        self.frame += count * BLOCK

    def _render(self, count: int, out: np.ndarray) -> int:
        memory = self.memory
        return replicas.render(
            block_address(), memory.board, memory.log, memory.arena(0), self.bindings.table, count, out
        )

    def let_go(self) -> None:
        """Ends lanes, gates and drones, so that only tails are left."""
        modules = self.conductor.rack.modules.values()
        gated = [module.name for module in modules if self.conductor.catalogue[module.kind].has_gate()]
        commands: list[AnyCommand] = [Stop(), *(Gate(name=name, on=False, when=When("now")) for name in gated)]
        self.perform(as_one(commands), self.frame, exact=True)

    def sound(self, frames: int | None = None) -> np.ndarray:
        """What was rendered, without the delay of the limiter's look-ahead: (frames, 2)."""
        latency = self.latency
        whole = np.concatenate(self.blocks) if self.blocks else np.zeros((0, CHANNELS), np.float32)
        return whole[latency : None if frames is None else latency + frames]

    @property
    def latency(self) -> int:
        return self.conductor.catalogue["out"].latency if self.stems is None else 0

    def frame_of_bars(self, bars: float) -> int:
        return self.conductor.wait_frame(Wait(length=Length(bars, "bars")), 0)

    def bars_at(self, frame: int) -> float:
        bar, beat = self.conductor.where(frame)
        return max(0.0, bar - 1 + (beat - 1) / 4)


# ---------------------------------------------------------------- what is rendered


class Line(Struct, frozen=True):
    """A command of a script, or why it is none."""

    number: int
    text: str
    start: tuple[int, int]
    parsed: parser.Parsed | None = None
    error: ChronusError | None = None


def read_script(source: str) -> list[Line]:
    lines = []
    for number, statement in enumerate(parser.statements(source), 1):
        start = (statement.line, statement.column)
        try:
            lines.append(Line(number, statement.text, start, opening.parse(statement)))
        except ChronusError as error:
            lines.append(Line(number, statement.text, start, error=error))
    return lines


def submissions(lines: Sequence[Line]) -> Iterator[tuple[list[Line], Wait | None]]:
    """The lines that share a moment, and the wait that ends it."""
    together: list[Line] = []
    for line in lines:
        if line.parsed is not None and isinstance(line.parsed.command, Wait):
            yield together, line.parsed.command
            together = []
        else:
            together.append(line)
    yield together, None


def play_script(take: Take, source: str, report: Report | None = None) -> tuple[list[Answer], int]:
    """(the answers that are errors, the frame at which the last wait ended: 0 without one)."""
    wrong: list[Answer] = []
    moment = 0
    for lines, wait in submissions(read_script(source)):
        wrong += [Answer(line.number, line.text, error=line.error) for line in lines if line.error]
        good = [line for line in lines if line.parsed]
        take.put_off(moment)  # what was put off to this very moment was said before
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
            moment = take.conductor.wait_frame(wait, moment)
            take.render(moment // BLOCK * BLOCK, report)
    return sorted(wrong, key=lambda answer: answer.id), moment


def _refused(line: Line, error: ChronusError) -> Answer:
    assert line.parsed
    error.line, error.column = answers.place(error.part, line.start, line.parsed.spans)
    return Answer(line.number, line.text, error=error)


def play_journal(take: Take, journal: journals.Journal, report: Report | None) -> int:
    """Leads the conductor through the records, and returns the frame of the last one."""
    playback = Playback(take, report)
    playback.play(journal.records, journal)
    playback.end()
    return max((r.frame for r in journal.records if isinstance(r, journals.Sealed | journals.Ended)), default=0)


class Playback:
    """Leads the conductor of a take through a journal, all at once or piece by piece, and tells the replica what it took at its frame."""

    def __init__(self, take: Take, report: Report | None = None) -> None:
        self.take, self.report = take, report
        self._replay = Replay(take.conductor, parser.sentences, tell=self._tell)
        self._latest: dict[int, int] = {}
        self._passed_over: dict[int, int] = {}
        self._out: list[journals.Poisoned] = []
        self._taken_out: set[tuple[int, int]] = set()

    def play(self, records: Sequence[journals.Record], known: journals.Journal) -> None:
        """`known`: these records, and behind them whatever is known of what came after. What neither seals never took effect."""
        self._latest |= _latest(known)
        self._passed_over |= {record.n: record.entry for record in known.poisoned if not record.module}
        out = (record for record in known.poisoned if record.module)
        self._out = [record for record in out if (record.handle, record.incarnation) not in self._taken_out]
        said = {record.n for record in records if isinstance(record, journals.Said)}
        void = {record.n for record in known.records if isinstance(record, journals.Void)}
        self._replay.skip |= said & (void | {said.n for said in known.unsealed()})
        self._replay.play(records)
        self._replay.accept()
        if self._replay.unreadable:
            raise ChronusError("E_FILE", f"the journal holds what is no command: {self._replay.unreadable[0]!r}")

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
        if taken.transaction is not None:
            self.take.know(taken.transaction)
        without = self._passed_over.get(taken.said.n, 0)
        self.take.tell(taken.program, [entry for k, entry in enumerate(taken.entries, 1) if k != without])


def _latest(journal: journals.Journal) -> dict[int, int]:
    """By number, the last frame at which its entries may be told: that of the block that sealed them, if they are for now.

    Those of an exact moment were sealed sooner, nobody knows when; but before whatever was said after them.
    """
    latest: dict[int, int] = {}
    least = 1 << 62
    for played in reversed(list(journal.played())):
        latest[played.said.n] = least = min(least, played.frame)
    return latest


# ---------------------------------------------------------------- the command


def main(told: argparse.Namespace) -> int:
    began = time.perf_counter()
    score = _score(told)
    _compile()
    bar = Bar("rendering") if sys.stderr.isatty() and not told.json else None
    take = score.take()
    wrong, frames = score.play(take, bar)
    for answer in wrong:
        print(answers.as_json(answer) if told.json else "\n".join(answers.plain(answer)), file=sys.stdout)
    if wrong and not told.force:
        return 1
    bars = take.bars_at(frames)
    take.render(frames + take.latency, bar)
    if not score.ends:
        frames = _with_tail(take, frames, bar)
    sound = take.sound(frames)
    _write(told, Path(told.output), sound, take.rate)
    stems = [_stem(told, score, name, frames, bar) for name in sorted(take.contributors)] if told.stems else []
    if bar:
        bar.clear()
    _tell(told, take, sound, bars, time.perf_counter() - began, stems)
    return 1 if wrong else 0


class Score(Struct, frozen=True):
    """What is to be rendered. `ends`: how long it is, once the tempo is known; None where it ends by itself."""

    source: bytes
    rate: int
    seed: int
    journal: journals.Journal | None
    ends: Callable[[Take], int] | None

    def take(self, stems: Collection[str] | None = None) -> Take:
        return Take(self.rate, self.seed, None if self.journal else 0, stems)

    def play(self, take: Take, report: Report | None) -> tuple[list[Answer], int]:
        """(the answers that are errors, the frame at which it ends)."""
        wrong: list[Answer] = []
        if self.journal:
            end = play_journal(take, self.journal, report)
        else:
            wrong, end = play_script(take, self.source.decode("utf-8", "surrogateescape"), report)
        return wrong, self.ends(take) if self.ends else end or take.frame_of_bars(DEFAULT_BARS)


def _score(told: argparse.Namespace) -> Score:
    source = _read(told.script)
    journal = journals.read_take(Path(told.script)) if source.startswith(journals.MAGIC) else None
    header = journal.header if journal else {}
    rate, seed = int(header.get("rate", told.rate)), int(header.get("seed", told.seed))
    ends: Callable[[Take], int] | None = None
    if told.bars is not None:
        ends = lambda take: take.frame_of_bars(told.bars)  # noqa: E731
    elif told.seconds is not None:
        ends = lambda take: round(told.seconds * take.rate)  # noqa: E731
    return Score(source, rate, seed, journal, ends)


def _stem(told: argparse.Namespace, score: Score, name: str, frames: int, report: Report | None) -> dict[str, Any]:
    """Renders what one module contributes, as long as the whole is, into a file beside it."""
    take = score.take(stems=(name,))
    _, end = score.play(take, report)
    # the whole was let go at the block in which it had rendered its end and what the limiter looks ahead
    take.render(end + take.conductor.catalogue["out"].latency, report)
    if not score.ends:
        take.let_go()
    take.render(frames, report)
    sound, whole = take.sound(frames), Path(told.output)
    goal = whole.with_name(f"{whole.stem}-{name}{whole.suffix}")
    _write(told, goal, sound, take.rate)
    return {"name": name, "file": str(goal), "peak_dbfs": round(peak_dbfs(sound), 2), "sha256": _digest(sound)}


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ChronusError("E_PATH", f"{path} cannot be read: {error.strerror}") from None


def _compile() -> None:
    if build.is_built():
        hoard.claim(places.kernel_cache())
    else:
        bar = Bar("compiling kernels, once") if sys.stderr.isatty() else None
        build.build(lambda done, total, _name: bar(done / total) if bar else None)
        if bar:
            bar.clear()


def _with_tail(take: Take, frames: int, report: Report | None) -> int:
    """Lets go of everything and renders until it has died away; the last frame that is heard."""
    take.let_go()
    limit = take.frame + round(TAIL_SECONDS * take.rate)
    stretch = round(FADED_SECONDS * take.rate)
    while take.frame < limit:
        take.render(take.frame + stretch, report)
        if np.abs(take.blocks[-1]).max() < TAIL_FLOOR:
            break
    loud = np.flatnonzero(np.abs(take.sound()).max(axis=1) >= TAIL_FLOOR)
    return max(frames, int(loud[-1]) + 1 if loud.size else 0)


def _write(told: argparse.Namespace, goal: Path, sound: np.ndarray, rate: int) -> None:
    """Into a file beside the goal, then renamed: what was there stays until the new one is whole."""
    import soundfile

    try:
        with tempfile.NamedTemporaryFile(dir=goal.parent, suffix=".wav", delete=False) as file:
            soundfile.write(file, sound, rate, subtype="FLOAT" if told.float else "PCM_24", format="WAV")
        os.chmod(file.name, 0o666 & ~_umask())
        os.replace(file.name, goal)
    except (OSError, soundfile.LibsndfileError) as error:
        raise ChronusError("E_FILE", f"{goal} cannot be written: {getattr(error, 'strerror', None) or error}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _digest(sound: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(sound).tobytes()).hexdigest()


def _tell(
    told: argparse.Namespace,
    take: Take,
    sound: np.ndarray,
    bars: float,
    whole_seconds: float,
    stems: list[dict[str, Any]],
) -> None:
    seconds = len(sound) / take.rate
    figures = {
        "frames": len(sound),
        "seconds": round(seconds, 6),
        "bars": round(bars, 4),
        "rate": take.rate,
        "peak_dbfs": round(peak_dbfs(sound), 2),
        "lufs": round(lufs(sound, take.rate), 2),
        "render_s": round(take.seconds, 4),
        "whole_s": round(whole_seconds, 4),
        "x_realtime": round(take.frame / take.rate / take.seconds, 1) if take.seconds else 0.0,
        "sha256": _digest(sound),
        "file": told.output,
        **({"stems": stems} if told.stems else {}),
    }
    if told.json:
        print(json.dumps(figures))
    else:
        print(
            f"{told.output}: {seconds:.2f} s, {figures['bars']:g} bars, peak {figures['peak_dbfs']} dBFS, "
            f"{figures['lufs']} LUFS, rendered at {figures['x_realtime']} x real time, sha256 {figures['sha256']}"
        )
        for stem_told in stems:
            print(f"{stem_told['file']}: what {stem_told['name']} contributes, peak {stem_told['peak_dbfs']} dBFS")


class Bar:
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
