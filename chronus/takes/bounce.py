"""Renders a stretch of a take again from its journal, into a file: `keep 32 bars`. A process of its own, of low priority.

`python -m chronus.takes.bounce`; what is asked for comes as one line on standard input, what comes of it goes as lines to standard
output (engine_line.py). It renders from the first record on, because what sounds depends on all that was said before; nothing
of that is kept in memory. It needs neither the engine nor whoever asked, and ends by itself; a file is there whole or not at all. Of
several, one renders at a time: the others wait for the lock.
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
from chronus.engine_line import Bounce, Bounced, FromBounce, Progress, Unbounced
from chronus.errors import ChronusError
from chronus.journal import reading
from chronus.render.formats import format_of, writer
from chronus.render.reel import Reel
from chronus.render.take import Take, play_journal
from chronus.render.target import Target
from chronus.takes import stretch

NICE = 10
SAY_SECONDS = 0.25
NOWHERE = 1 << 62
LOCK = ".rendering"


class Window:
    """Lets through the frames from a bar, or a frame, on. `start` is where that is, once it is known: bars may have had any length."""

    def __init__(self, asked: Bounce, reel: Reel) -> None:
        self.asked, self.reel = asked, reel
        self.take: Take | None = None
        self.start = NOWHERE
        reel.latency = NOWHERE

    def feed(self, piece: np.ndarray) -> None:
        take, asked = self.take, self.asked
        assert take is not None
        if self.start == NOWHERE:
            start = self._start(take)
            if start < take.frame + len(piece):
                self.start = start
                self.reel.latency, self.reel.end = start + take.latency, asked.until - start
        self.reel.feed(piece)

    def _start(self, take: Take) -> int:
        """Returns where it begins as far as that is known now: what is rendered from here on is the same whatever is said later."""
        timeline = take.conductor.score.timeline
        if self.asked.start is not None:
            return self.asked.start
        if timeline is None or timeline.number != self.asked.timeline:
            return NOWHERE
        return timeline.frame(timeline.place(self.asked.bar))


def bounce(asked: Bounce, say: Callable[[FromBounce], None]) -> None:
    """Raises E_FILE where the journal cannot be read, or the file cannot be written."""
    goal, journal = Path(asked.goal), reading.read_take(Path(asked.journal))
    rate, seed = int(journal.header["rate"]), int(journal.header["seed"])
    with contextlib.ExitStack() as cleared:
        target = Target(str(goal), ())
        cleared.callback(target.discard)
        try:
            into = writer(format_of(goal.name, as_float=False), target.file, rate, as_float=goal.suffix == ".wav")
            cleared.callback(into.give_up)
            window = Window(asked, reel := Reel(rate, 0, into.write))
            take = window.take = Take(rate, seed, None, keep=window.feed)
            report = _reporter(take, asked.until, say)
            play_journal(take, journal, report)
            take.render(asked.until + take.latency, report)
            if not reel.frames:
                raise ChronusError("E_FILE", "the journal does not hold those bars")
            into.close()
            target.finish()
            stretch.write(stretch.beside(goal), Path(asked.journal), window.start, asked.until)
        except OSError as refused:
            raise target.refusal(refused) from None
        if goal.exists():
            raise ChronusError("E_EXISTS", f"{goal.name} is there by now; no file is written over")
        target.commit()
    say(Bounced(window.start, reel.frames, reel.peak, reel.lufs(), tuple(take.lost)))


@contextlib.contextmanager
def _turn(lock: Path) -> Iterator[None]:
    """Waits until no other bounce renders. Where no lock can be had it does not wait."""
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):
            file = held.enter_context(lock.open("ab"))
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _reporter(take: Take, until: int, say: Callable[[FromBounce], None]) -> Callable[[float], None]:
    due = 0.0

    def report(_: float) -> None:
        nonlocal due
        now = time.monotonic()
        if now >= due:
            due = now + SAY_SECONDS
            say(Progress(min(take.frame / until, 1.0)))

    return report


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
