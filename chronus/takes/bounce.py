"""Renders a stretch of a take again from its journal, into a file: `keep 32 bars`. A process of its own, of low priority.

`python -m chronus.takes.bounce`; what is asked for comes as one line on standard input, what comes of it goes as lines to standard
output (engine_line.py). It renders from the first record on, because what sounds depends on all that was said before; nothing
of that is kept in memory. It needs neither the engine nor whoever asked, and ends by itself; a file is there whole or not at all. Of
several, one renders at a time: the others wait for the lock.

With stems it stands still where the stretch begins, and forks: one child renders the whole, then one each stem, one after the other. The
memory that they render in is shared, so it is put back after each as it was.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from chronus import engine_line
from chronus.control.serve.bounces import stem_of
from chronus.engine_line import Bounce, Bounced, FromBounce, Progress, Unbounced
from chronus.errors import ChronusError
from chronus.journal import reading
from chronus.memory.layout import A_USED, INSTANCES, PROGRAM_AREA, Memory
from chronus.render.formats import Writer, format_of, writer
from chronus.render.reel import Reel
from chronus.render.take import Take, play_journal
from chronus.render.target import Target
from chronus.takes import stretch

NICE = 10
SAY_SECONDS = 0.25
LOCK = ".rendering"


class Stop(BaseException):
    """Ends the playing of a journal from within; no `Exception`, because one record that fails does not end it."""

    def __init__(self, said: Bounced | ChronusError) -> None:
        self.said = said


class Bouncing:
    """`pipe` is where a child tells what came of it."""

    def __init__(self, asked: Bounce, say: Callable[[FromBounce], None]) -> None:
        self.asked, self.say = asked, say
        self.goal = Path(asked.goal)
        self.journal = reading.read_take(Path(asked.journal))
        self.rate = int(self.journal.header["rate"])
        self.take = Take(self.rate, int(self.journal.header["seed"]), None, keep=self._feed)
        self.take.before = self._before
        self.start: int | None = None
        self.name = ""
        self.pipe: int | None = None
        self.target: Target | None = None
        self.into: Writer | None = None
        self.reel = Reel(self.rate, 0, lambda piece: self.into.write(piece) if self.into else None)
        self._due = 0.0

    def run(self) -> Bounced:
        """Raises E_FILE where the journal does not hold that, or a file cannot be written."""
        with contextlib.ExitStack() as self.cleared:
            try:
                if not self.asked.stems:
                    self._open(self.goal)
                play_journal(self.take, self.journal, self._report)
                self.take.render(self.asked.until + self.take.latency, self._report)
                return self._finish()
            except Stop as stop:
                if isinstance(stop.said, ChronusError):
                    raise stop.said from None
                return stop.said

    # ------------------------------------------------------------ the file

    def _open(self, path: Path) -> None:
        target = self.target = Target(str(path), ())
        self.cleared.callback(target.discard)
        try:
            self.into = writer(
                format_of(path.name, as_float=False), target.file, self.rate, as_float=path.suffix == ".wav"
            )
        except OSError as refused:
            raise target.refusal(refused) from None
        self.cleared.callback(self.into.give_up)

    def _feed(self, piece: np.ndarray) -> None:
        if self.start is None:
            return
        try:
            self.reel.feed(piece)
        except OSError as refused:
            assert self.target is not None
            raise Stop(self.target.refusal(refused)) from None
        except ChronusError as refused:
            raise Stop(refused) from None

    def _finish(self) -> Bounced:
        if self.start is None:
            raise ChronusError("E_FILE", "the journal does not hold those bars")
        if self.target is not None and self.into is not None:
            path = Path(self.target.name)
            try:
                self.into.close()
                self.target.finish()
                if not self.name:
                    stretch.write(stretch.beside(path), Path(self.asked.journal), self.start, self.asked.until)
            except OSError as refused:
                raise self.target.refusal(refused) from None
            if path.exists():
                raise ChronusError("E_EXISTS", f"{path.name} is there by now; no file is written over")
            self.target.commit()
        reel, take = self.reel, self.take
        stems = tuple(take.contributors(self.start, self.asked.until)) if self.asked.stems and not self.name else ()
        return Bounced(self.start, reel.frames, reel.peak, reel.lufs(), tuple(take.lost), stems)

    # ------------------------------------------------------------ where it begins

    def _before(self, until: int) -> None:
        if self.start is not None:
            return
        start = self._begins()
        if start is not None and start < until:
            self.start = start
            if self.asked.stems:
                self._fork_all(start)
            # from here on this is whoever renders: the only process, or a child
            latency = 0 if self.name else self.take.latency
            self.reel.latency, self.reel.end = start + latency - self.take.frame, self.asked.until - start

    def _begins(self) -> int | None:
        """Returns the first frame as far as it is known now: what is rendered from here on is the same whatever is said later."""
        if self.asked.start is not None:
            return self.asked.start
        timeline = self.take.conductor.score.timeline
        if timeline is None or timeline.number != self.asked.timeline:
            return None
        return timeline.frame(timeline.place(self.asked.bar))

    def _fork_all(self, start: int) -> None:
        """Returns in each child, with what it renders made ready; in the process that forked them all it ends the playing."""
        as_it_was = Kept(self.take.memory)
        try:
            whole = self._fork("", start)
            if whole is None:
                return
            for name in whole.stems:
                as_it_was.restore()
                if self._fork(name, start) is None:
                    return
        except ChronusError as error:
            raise Stop(error) from None
        raise Stop(whole)

    def _fork(self, name: str, start: int) -> Bounced | None:
        """Has a child render the whole, or what a module of that name contributes; None in the child."""
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            self.pipe, self.name = write, name
            self.take.shares_memory = True
            if name:
                self._open(stem_of(self.goal, name))
                self.take.go_on_as_stems((name,))
            elif self.asked.whole:
                self._open(self.goal)
            return None
        os.close(write)
        with open(read, "rb") as answer:
            said = engine_line.from_bounce().feed(answer.read())
        _, status = os.waitpid(pid, 0)
        if not said or not isinstance(said[-1], Bounced):
            found = (
                said[-1] if said else Unbounced("E_ENGINE", f"a process that rendered a part of it ended with {status}")
            )
            assert isinstance(found, Unbounced)
            raise ChronusError(found.code, found.why)
        return said[-1]

    # ------------------------------------------------------------ how far it is

    def _report(self, _: float) -> None:
        now = time.monotonic()
        if now >= self._due and not self.name:
            self._due = now + SAY_SECONDS
            self.say(Progress(min(self.take.frame / self.asked.until, 1.0)))


class Kept:
    """What a rendering has written into its memory, so that it can be put back."""

    def __init__(self, memory: Memory) -> None:
        self.memory, self.arena = memory, memory.arena(0)
        self.used = self._in_use()
        self.head, self.body = memory.bytes[:PROGRAM_AREA].copy(), self.arena[: self.used].copy()

    def restore(self) -> None:
        self.arena[self.used : max(self._in_use(), self.used)] = 0
        self.arena[: self.used] = self.body
        self.memory.bytes[:PROGRAM_AREA] = self.head

    def _in_use(self) -> int:
        """Words of the arena; its head and tables are in use before any module is."""
        return max(int(self.arena[A_USED]), INSTANCES) // 8


def bounce(asked: Bounce, say: Callable[[FromBounce], None]) -> None:
    """Renders what is asked for. Raises E_FILE where the journal cannot be read, or a file cannot be written."""
    bouncing = Bouncing(asked, say)
    said: Bounced | Unbounced
    try:
        said = bouncing.run()
    except ChronusError as error:
        if bouncing.pipe is None:
            raise
        said = Unbounced(error.code, error.message)
    except BaseException:
        if bouncing.pipe is None:
            raise
        os._exit(1)
    if bouncing.pipe is not None:
        with open(bouncing.pipe, "wb") as answer:
            answer.write(engine_line.encode(said))
        os._exit(0)
    say(said)


@contextlib.contextmanager
def _turn(lock: Path) -> Iterator[None]:
    """Waits until no other bounce renders. Where no lock can be had it does not wait."""
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):
            file = held.enter_context(lock.open("ab"))
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main(asked: bytes, out: BinaryIO) -> int:
    def say(said: FromBounce) -> None:
        with contextlib.suppress(OSError):  # whoever asked is gone; the file is wanted all the same
            out.write(engine_line.encode(said))
            out.flush()

    with contextlib.suppress(OSError):
        os.nice(NICE)
    try:
        (wanted,) = engine_line.to_bounce().feed(asked)
        with _turn(Path(wanted.goal).with_name(LOCK)):
            bounce(wanted, say)
    except ChronusError as error:
        say(Unbounced(error.code, error.message))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer.readline(), sys.stdout.buffer))
