"""Performs `chronus render`: reads what is asked for, renders it piece by piece into its file, and reports the result."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct

from chronus import places
from chronus.commands import Open
from chronus.dsp import machinecode
from chronus.engine.children import Compiler
from chronus.engine.foundry import LONGEST
from chronus.engine_line import Make
from chronus.errors import ChronusError
from chronus.graph.block import block_address
from chronus.journal import reading, records
from chronus.language import scripts
from chronus.memory.layout import BLOCK
from chronus.render import ending
from chronus.render.formats import WAV, Format, Writer, format_of, needed_bytes, writer
from chronus.render.reel import Fade, Reel
from chronus.render.take import DEFAULT_BARS, ProgressBar, Report, Take, play_journal, play_script, read_script
from chronus.render.target import STANDARD_OUTPUT, Target
from chronus.shell import answers
from chronus.shell.answers import Answer
from chronus.worker import hoard

TAIL_SECONDS = 60.0
FADE_SECONDS = 5.0
"""Of a tail that is cut off; half of it where it is shorter than two of these."""


def main(arguments: argparse.Namespace) -> int:
    """Renders, with the exit code of the program."""
    with _ended_in_order(), contextlib.ExitStack() as cleared:
        return _Rendering(arguments, cleared).run()


@contextlib.contextmanager
def _ended_in_order() -> Iterator[None]:
    """Removes what was begun when the process is told to end, and then ends with 128 and the signal's number."""

    def end(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Piece(Struct, frozen=True):
    """What is to be rendered. `ends`: how long it is, as far as that is known by now; None where it ends by itself."""

    source: bytes
    rate: int
    seed: int
    journal: records.Journal | None
    ends: Callable[[Take], int] | None
    inputs: tuple[Path, ...]
    begins: int = 0
    """The first frame that is wanted: a journal may be that of a take of which a file holds a stretch (takes/stretch.py)."""

    def take(self, keep: Callable[[Any], None], stems: Collection[str] | None = None) -> Take:
        return Take(self.rate, self.seed, None if self.journal else 0, stems, keep)

    def play(self, take: Take, report: Report | None) -> tuple[list[Answer], int]:
        """Plays the take; returns (the answers that are errors, the frame at which it ends)."""
        wrong: list[Answer] = []
        if self.journal:
            end = play_journal(take, self.journal, report)
        else:
            wrong, end = play_script(take, self.text, report)
            if not self.ends:
                end = take.play_song(end, report)
        return wrong, self.ends(take) if self.ends else end or take.frame_of_bars(DEFAULT_BARS)

    def onto(self, write: Callable[[Any], None], report: Report | None) -> Played:
        """Plays the piece, its frames going to `write`."""
        take: Take
        ends = self.ends
        reel = Reel(self.rate, 0, write, lambda rendered: ends(take) - self.begins if ends else None)
        take = self.take(reel.feed)
        reel.latency = take.latency + self.begins
        wrong, frames = self.play(take, report)
        return Played(take, reel, wrong, frames)

    @property
    def text(self) -> str:
        return self.source.decode("utf-8", "surrogateescape")


class Played(NamedTuple):
    """What came of a piece: the answers that are errors, and the frame at which it ends."""

    take: Take
    reel: Reel
    wrong: list[Answer]
    frames: int


def read_score(arguments: argparse.Namespace) -> Piece:
    """Reads the script or journal that a path or a name means, and lists every file that is read for it."""
    path = scripts.find(arguments.script)
    source = scripts.read(path)
    journal = reading.read_take(path) if source.startswith(records.MAGIC) else None
    header = journal.header if journal else {}
    begins, until = header.get("stretch", (0, None))
    rate, seed = int(header.get("rate", arguments.rate)), int(header.get("seed", arguments.seed))
    ends: Callable[[Take], int] | None = None
    if arguments.bars is not None:
        ends = lambda take: take.frame_of_bars(arguments.bars, begins)  # noqa: E731
    elif arguments.seconds is not None:
        ends = lambda take: begins + round(arguments.seconds * take.rate)  # noqa: E731
    elif until is not None:
        ends = lambda take: until  # noqa: E731
    inputs = [path, *(path.parent.glob("*.journal") if journal else _opened(source))]
    return Piece(source, rate, seed, journal, ends, tuple(inputs), begins)


def _opened(source: bytes) -> Iterator[Path]:
    """Returns the files that a script opens."""
    for line in read_script(source.decode("utf-8", "surrogateescape")):
        if line.parsed is not None and isinstance(line.parsed.command, Open):
            with contextlib.suppress(ChronusError):
                yield scripts.find(line.parsed.command.name)


class _Rendering:
    """One call of the command. `cleared` removes what was begun, unless it was finished."""

    def __init__(self, arguments: argparse.Namespace, cleared: contextlib.ExitStack) -> None:
        self.arguments, self.cleared = arguments, cleared
        self.began = time.perf_counter()
        self.score = read_score(arguments)
        self.tail_seconds = arguments.tail if arguments.tail is not None else 0.0 if self.score.ends else TAIL_SECONDS
        self.target = self._target(arguments.output)
        self.format = self._format()
        if arguments.stems and self.target.through:
            raise ChronusError("E_FILE", f"stems are files beside the whole, and {arguments.output} is none")
        self.report: Report | None = None

    # ------------------------------------------------------------ where it goes

    def _target(self, name: str) -> Target:
        target = Target(name, self.score.inputs)
        self.cleared.callback(target.discard)
        return target

    def _format(self) -> Format:
        arguments = self.arguments
        if self.target.through and (arguments.output == STANDARD_OUTPUT or not Path(arguments.output).suffix):
            return WAV
        return format_of(arguments.output, as_float=arguments.float)

    def _writer(self, target: Target) -> Writer:
        try:
            made = writer(self.format, target.file, self.score.rate, as_float=self.arguments.float)
        except OSError as problem:
            raise target.refusal(problem) from None
        careful = _Careful(made, target)
        self.cleared.callback(careful.give_up)
        return careful

    def _check_room(self, frames: int) -> None:
        """Refuses what the format or the disk cannot hold, as far as its length is known."""
        size = needed_bytes(self.format, frames, as_float=self.arguments.float)
        if self.format.kind in ("WAV", "AIFF"):
            self.target.check_room(size)

    # ------------------------------------------------------------ the work

    def run(self) -> int:
        arguments, score = self.arguments, self.score
        if arguments.seconds is not None:
            self._check_room(round((arguments.seconds + self.tail_seconds) * score.rate))
        into = self._writer(self.target)
        begin_compiling(self.cleared)
        bar = self.report = ProgressBar("rendering") if sys.stderr.isatty() and not arguments.json else None
        take, reel, wrong, frames = score.onto(into.write, bar)
        self._tell_errors(wrong)
        if wrong and not arguments.force:
            return 1
        bars, fade = take.bars_at(frames) - take.bars_at(score.begins), self._ring(take, reel, frames)
        into.close()
        stems = (
            [self._stem(name, frames, reel.frames, fade) for name in take.contributors(score.begins, frames)]
            if arguments.stems
            else []
        )
        self.target.finish()
        for stem in stems:
            stem.target.commit()
        self.target.commit()
        if bar:
            bar.clear()
        self._tell(take, reel, bars, stems)
        return 1 if wrong else 0

    def _ring(self, take: Take, reel: Reel, frames: int) -> Fade | None:
        """Renders up to the end and lets it ring, as long as it is heard; the fade, if it is cut off."""
        rate, begins = take.rate, self.score.begins
        tail = round(self.tail_seconds * rate)
        if not tail:
            reel.end = frames - begins if reel.end is None else reel.end
            take.render(frames + take.latency, self.report)  # what comes then is seen ahead by the limiter
            return None
        if take.frame > frames:
            raise ChronusError("E_VALUE", "--tail follows the end, and the script goes on after that; leave out --bars")
        limit = frames - begins + tail
        fade = Fade(limit - min(round(FADE_SECONDS * rate), tail // 2), limit)
        reel.ring_from(frames - begins, limit, fade)
        look = round(ending.look_seconds(take.conductor.rack, take.conductor.catalogue) * rate)
        _end(take, frames)
        while not reel.full and reel.rang < look:
            take.go(take.frame + rate // 4)
            if self.report:
                self.report(1.0)
        return fade

    def _stem(self, name: str, end: int, frames: int, fade: Fade | None) -> _Stem:
        """Renders what one module contributes, as long as the whole is, into a file beside it."""
        whole = Path(self.arguments.output)
        target = self._target(str(whole.with_name(f"{whole.stem}-{name}{whole.suffix}")))
        if target.through:
            raise ChronusError("E_FILE", f"{target.name} cannot be written: it is no file")
        into = self._writer(target)
        reel = Reel(self.score.rate, self.score.begins, into.write, fade=fade)
        reel.end = frames
        frames += self.score.begins
        take = self.score.take(reel.feed, stems=(name,))
        self.score.play(take, self.report)
        if fade is not None:
            _end(take, end)
        take.render(frames, self.report) if fade is None else take.go(frames, self.report)
        into.close()
        target.finish()
        return _Stem(name, target, reel)

    # ------------------------------------------------------------ what is told

    def _say(self, line: str) -> None:
        """Prints to standard output, or, where the sound goes there, to standard error."""
        out = sys.stderr if self.target.is_standard_output else sys.stdout
        if out is None:  # it was closed
            return
        code = out.encoding or "utf-8"
        out.write(line.encode(code, "replace").decode(code) + "\n")
        out.flush()

    def _tell_errors(self, wrong: list[Answer]) -> None:
        for answer in wrong:
            self._say(answers.as_json(answer) if self.arguments.json else "\n".join(answers.plain(answer)))

    def _tell(self, take: Take, reel: Reel, bars: float, stems: list[_Stem]) -> None:
        seconds = reel.frames / take.rate
        figures: dict[str, Any] = {
            "frames": reel.frames,
            "seconds": round(seconds, 6),
            "bars": round(bars, 4),
            "rate": take.rate,
            "peak_dbfs": round(reel.peak_dbfs, 2),
            "lufs": round(reel.lufs(), 2),
            "render_s": round(take.seconds, 4),
            "whole_s": round(time.perf_counter() - self.began, 4),
            "x_realtime": round(take.frame / take.rate / take.seconds, 1) if take.seconds else 0.0,
            "sha256": reel.sha256(),
            "file": self.arguments.output,
            **({"lost": take.lost} if take.lost else {}),
            **({"stems": [stem.figures() for stem in stems]} if self.arguments.stems else {}),
        }
        if self.arguments.json:
            self._say(json.dumps(figures))
            return
        self._say(
            answers.clean(self.arguments.output) + f": {seconds:.2f} s, {figures['bars']:g} bars, peak "
            f"{figures['peak_dbfs']} dBFS, {figures['lufs']} LUFS, rendered at {figures['x_realtime']} x real time, "
            f"sha256 {figures['sha256']}"
        )
        for lost in take.lost:
            self._say(answers.clean(f"! {lost}"))
        for stem in stems:
            each = stem.figures()
            self._say(answers.clean(each["file"]) + f": what {stem.name} contributes, peak {each['peak_dbfs']} dBFS")


class _Stem(Struct, frozen=True):
    name: str
    target: Target
    reel: Reel

    def figures(self) -> dict[str, Any]:
        peak = round(self.reel.peak_dbfs, 2)
        return {"name": self.name, "file": self.target.name, "peak_dbfs": peak, "sha256": self.reel.sha256()}


class _Careful:
    """Writes to a disk that may refuse; the error then names the file."""

    def __init__(self, made: Writer, target: Target) -> None:
        self.made, self.target = made, target

    def write(self, piece: Any) -> None:
        self._do(lambda: self.made.write(piece))

    def close(self) -> None:
        self._do(self.made.close)

    def give_up(self) -> None:
        self.made.give_up()

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as problem:
            raise self.target.refusal(problem) from None


def _end(take: Take, frames: int) -> None:
    """Renders up to the end, and releases at that very frame: what was to begin there is not heard."""
    take.render(frames // BLOCK * BLOCK)
    take.put_off(frames - 1)
    ending.let_go(take, frames)


def begin_compiling(cleared: contextlib.ExitStack) -> None:
    """Has a process of its own compile what takes longest, if that was never done; meanwhile this one compiles the kernels of the script.

    Each is compiled when it is first needed, so nothing is that the script does not need. `cleared` ends that process.
    """
    machinecode.only_load()
    try:
        block_address()
    except machinecode.NotCompiled:
        if sys.stderr.isatty():
            sys.stderr.write("compiling what it needs, once ...\r")
            sys.stderr.flush()
        compiler = Compiler()
        cleared.callback(compiler.kill)
        compiler.tell(Make(LONGEST))
    finally:
        machinecode.only_load(False)
    hoard.claim(places.kernel_cache())
