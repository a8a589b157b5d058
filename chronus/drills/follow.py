"""Compares a capture with its journal while both are still being written, so that hours of them need no more disk than a minute.

Rule 1: only what is old enough is read: a record is written at once, but its seal, or a poison, some time later.
Rule 2: it is rendered and compared as at the end (render/take.py, capture.py); only the pieces differ.
Rule 3: what was compared is given back to the disk.
Rule 4: it is a process of its own, of low priority. It is told how much was heard, and answers once, at the end.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from chronus.drills.capture import WINDOW, Comparison, Gaps, open_capture
from chronus.errors import ChronusError
from chronus.journal.reading import Reader
from chronus.journal.records import Journal, Record, Said, Sealed
from chronus.render.take import Playback, Take
from chronus.system import files

LAG_SECONDS = 30.0
"""So old is what is compared: by then all that will ever be known of a record is in the journal, but for what was put off."""
BEHIND_SECONDS = 5.0
"""A command takes effect at most so much before the frame that was heard when it was said: where both slots render what they missed."""

NICE = 5
"""A third of what others get where all want the processor: with 19 it got a hundredth on a busy machine, and fell behind for good."""

_PAGE = 1 << 12


class Follower:
    """`journal` is the first file of a take, `capture` what is heard of it. `look` now and then, `end` once."""

    def __init__(self, journal: Path, capture: Path, lag_seconds: float = LAG_SECONDS) -> None:
        self.capture = capture
        self.comparison = Comparison(open_capture(capture))
        self._reader = Reader(journal)
        rate = int(self._reader.header["rate"])
        take = Take(rate, int(self._reader.header["seed"]), None, keep=self.comparison.feed)
        self._take, self._playback = take, Playback(take)
        self._lag, self._behind = max(round(lag_seconds * rate), WINDOW), round(BEHIND_SECONDS * rate)
        self._pending: list[tuple[int, Record]] = []
        """Records that are not played yet, each with what had been heard at least when it was written."""
        self._heard = 0

    def look(self, heard: int) -> None:
        """Takes in what was written by now, when so many frames had been heard, and compares what is old enough."""
        self._read()
        self._heard = heard
        self.comparison.captured = open_capture(self.capture)
        settled = heard - self._lag
        known = Journal(records=tuple(record for _, record in self._pending))
        sealed = _sealed(known.records)
        count = ripe(self._pending, settled, settled - self._behind)
        self._playback.play(known.records[:count], known)
        self._pending = self._pending[count:]
        left = (sealed[record.n] for _, record in self._pending if isinstance(record, Said) and record.n in sealed)
        self._playback.go(min([settled - self._behind, *left]))
        files.release(self.capture, self.comparison.done * 8 // _PAGE * _PAGE)

    def end(self, frames: int) -> None:
        """Compares all the rest, of a capture of so many frames."""
        self._read()
        self.comparison.captured = open_capture(self.capture)[:frames]
        rest = tuple(record for _, record in self._pending)
        self._playback.play(rest, Journal(records=rest))
        self._playback.end()
        self._take.render(frames)
        self.comparison.end()

    def _read(self) -> None:
        self._pending += [(self._heard, record) for record in self._reader.more()]


def ripe(pending: Sequence[tuple[int, Record]], written: int, sealed: int) -> int:
    """How many of them can be played: written by then, and sealed up to a frame.

    What was said, refused, and said again for a later moment is one thing: who plays the first of both alone performs it twice.
    """
    frames = _sealed([record for _, record in pending])
    last = {record.n: k for k, (_, record) in enumerate(pending) if isinstance(record, Said)}

    def is_ripe(at: int, record: Record) -> bool:
        return at <= written and (not isinstance(record, Said) or frames.get(record.n, 0) <= sealed)

    count = next((k for k, one in enumerate(pending) if not is_ripe(*one)), len(pending))
    said = [(k, last[record.n]) for k, (_, record) in enumerate(pending[:count]) if isinstance(record, Said)]
    for k, again in reversed(said):
        count = k if again >= count else count
    return count


def _sealed(records: Sequence[Record]) -> dict[int, int]:
    return {record.n: record.frame for record in records if isinstance(record, Sealed)}


# ---------------------------------------------------------------- in a process of its own


class Following:
    """The process, from outside."""

    def __init__(self, journal: Path, capture: Path) -> None:
        words = [sys.executable, "-m", "chronus.drills.follow", str(journal), str(capture)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True, bufsize=1)

    def look(self, heard: int) -> None:
        """What it has no time for yet waits in the pipe."""
        self._say(f"look {heard}\n")

    def end(self, frames: int) -> tuple[Gaps, dict[int, int], int]:
        """What the comparison found: gaps, since, compared. E_ENGINE where it could not compare."""
        self._say(f"end {frames}\n")
        said, complaint = self.process.communicate()
        if self.process.returncode:
            raise ChronusError(
                "E_ENGINE", f"what was heard could not be compared: {complaint.strip().rpartition(chr(10))[2]}"
            )
        found = json.loads(said)
        since = {int(at): first for at, first in found["since"].items()}
        return [(at, count) for at, count in found["gaps"]], since, found["compared"]

    def _say(self, line: str) -> None:
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError):  # `end` tells why it died
            self.process.stdin.write(line)


@contextlib.contextmanager
def following(journal: Path, capture: Path) -> Iterator[Following]:
    there = Following(journal, capture)
    try:
        yield there
    finally:
        there.process.kill()
        there.process.wait()


def main(journal: Path, capture: Path) -> None:
    os.nice(NICE)
    follower = Follower(journal, capture)
    for line in sys.stdin:
        word, number = line.split()
        if word == "end":
            follower.end(int(number))
            found = follower.comparison
            print(json.dumps({"gaps": found.gaps, "since": found.since, "compared": found.compared}))
            return
        follower.look(int(number))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
