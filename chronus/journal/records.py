"""The journal: records what was said and when it took effect, so that no process's death loses an acknowledged command.

Text, one record a line behind a header: `<crc32, 8 hex digits> <json>`. Two records a submission: *said*, before it is
published, and *sealed*, once its frame is known.

Rule 1: a record is given to the kernel (one `write`) before its author is answered, so only a power cut can lose it; a thread of its
own calls fsync within 100 ms, so a power cut loses no more than that.
Rule 2: reading recovers the longest valid prefix, whatever follows it, and never fails on what a file contains.
Rule 3: a command that cannot be written is not performed. While the disk refuses, a command is refused with E_FILE and changes nothing,
the music goes on, and the first command that finds the disk willing works again. What has happened before the disk is asked (a seal, or
a command that was put off and is due now) cannot be refused any more: it is kept in memory and written first.
Rule 4: a take may go on over several files. A new file begins with the state of the conductor (`Stands`) when nothing was on its way, and
names the file it goes on from, which stays as it is. Recovery reads the newest file whose beginning is whole; rendering reads all files.
Rule 5: a record is whole or not there. A short write is taken back; if that fails too, nothing is written after it until it works.

To play a journal again: lead a conductor through the records (replay.py), and give its entries to the replicas in the order in which
they were said, which is that of the log. Entries of an `exact` record carry `moment`; those of another take effect at the frame of its
seal (its `moment` counts for what it named in musical time). A command that was put off is said up to 100 ms before its moment, so a
command said after it may take effect before it. `due` and `shrink` stand for commands that the conductor itself had kept back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any
from zlib import crc32

import msgspec
from msgspec import Struct

from chronus.commands import AnyCommand

MAGIC = b"#chronus-journal 1 "


class Said(Struct, frozen=True, omit_defaults=True, tag="said", tag_field="is"):
    """A submission that is about to be published. `commands` holds those whose text alone does not say all (open, say), by their place.

    `tail` is that of the log behind its entries. `due` are the numbers of what was put off and is said now. `program`, `now` and
    `incarnation` are what its program was drawn with: a replay that starts from the same draws the same. `seen`: the frame at which
    it looked at what moves and at the bar; 0 in older journals where nothing moved.
    """

    n: int
    who: str = ""
    texts: tuple[str, ...] = ()
    moment: int = 0
    exact: bool = False
    tail: int = 0
    commands: dict[int, AnyCommand] = {}
    due: tuple[int, ...] = ()
    shrink: bool = False
    program: int = 0
    now: int = 0
    incarnation: int = 0
    seen: int = 0


class Sealed(Struct, frozen=True, tag="sealed", tag_field="is"):
    n: int
    frame: int


class Void(Struct, frozen=True, tag="void", tag_field="is"):
    """What was said under this number never took effect: control died before it was published."""

    n: int


class Poisoned(Struct, frozen=True, omit_defaults=True, tag="poisoned", tag_field="is"):
    """`text`, said under the number `n`, brought the renderer down in `module`, which is out from `frame` on: the line is marked.

    Without a module it was an entry of the log that did it and is passed over: the one in place `entry` among those of `n`.
    """

    module: str
    frame: int
    n: int = 0
    text: str = ""
    handle: int = 0
    incarnation: int = 0
    entry: int = 0
    number: int = 0


class Settled(Struct, frozen=True, tag="settled", tag_field="is"):
    """The engine has lived for a while: what it recovered did not bring it down."""

    frame: int


class Ended(Struct, frozen=True, tag="ended", tag_field="is"):
    """The engine was stopped as it should be."""

    frame: int


class Stands(Struct, frozen=True, tag="stands", tag_field="is"):
    """The first record of a file that goes on from another: the state at `frame`, after all that was said before, up to number `n`.

    `texts` are the canonical commands that rebuild the rack, `state` is the conductor to the last place (standing.py).
    """

    n: int
    frame: int
    texts: tuple[str, ...]
    state: bytes


class Remembered(Struct, frozen=True, tag="remembered", tag_field="is"):
    """The history of an engine that died, before the first record of the one that recovers its rack, and after which it goes on.

    `state` is the conductor as it was (standing.py), `frames` how long before the first frame of this engine it came to an end.
    """

    state: bytes
    frames: int


Record = Said | Sealed | Void | Poisoned | Settled | Ended | Stands | Remembered


class Played(Struct, frozen=True):
    """A submission that took effect at `frame`."""

    said: Said
    frame: int


class Journal(Struct, frozen=True):
    """The part of a file that could be read. In bytes: `size` is the length of the valid prefix, `begun` of the header and the state."""

    header: dict[str, Any] = {}
    records: tuple[Record, ...] = ()
    size: int = 0
    begun: int = 0

    @property
    def clean(self) -> bool:
        """Whether the engine ended as it should; one in which nothing was said, or was to be recovered, needs no recovery either."""
        ended = bool(self.records) and isinstance(self.records[-1], Ended)
        empty = not any(isinstance(record, Said | Stands) for record in self.records)
        return ended or (empty and "recovered" not in self.header)

    def played(self) -> Iterator[Played]:
        """What took effect, in the order of the log. Something said twice under one number was refused the first time."""
        frames = {record.n: record.frame for record in self.records if isinstance(record, Sealed)}
        last = {record.n: record for record in self.records if isinstance(record, Said)}
        for record in self.records:
            if isinstance(record, Said) and record.n in frames and record is last[record.n]:
                yield Played(record, frames[record.n])

    def unsealed(self) -> list[Said]:
        """Submissions that were said, but whose frame never became known."""
        said: dict[int, Said] = {}
        for record in self.records:
            if isinstance(record, Said):
                said[record.n] = record
            elif isinstance(record, Sealed | Void):
                said.pop(record.n, None)
        return list(said.values())

    @property
    def poisoned(self) -> list[Poisoned]:
        """Records of what brought the renderer down, in the order of the frames."""
        return sorted((r for r in self.records if isinstance(r, Poisoned)), key=lambda record: record.frame)

    @property
    def settled(self) -> bool:
        return any(isinstance(record, Settled) for record in self.records)

    @property
    def number(self) -> int:
        """The last number given."""
        return max((record.n for record in self.records if isinstance(record, Said | Stands)), default=0)

    @property
    def whole(self) -> bool:
        """Whether it can be gone on from: its header is there, and the state, if it goes on from another file."""
        begun = bool(self.records) and isinstance(self.records[0], Stands)
        return bool(self.header) and (begun or "continues" not in self.header)


# ---------------------------------------------------------------- as bytes

_decoder = msgspec.json.Decoder(Record)


def parse(data: bytes) -> Journal:
    end = data.find(b"\n")
    header = header_in(data[:end]) if end >= 0 else None
    if header is None:
        return Journal()
    records, at = records_in(data, end + 1)
    stands = bool(records) and isinstance(records[0], Stands)
    return Journal(header, tuple(records), at, (data.find(b"\n", end + 1) if stands else end) + 1)


def records_in(data: bytes, at: int) -> tuple[list[Record], int]:
    """Returns (the records from a place on, where the valid ones end)."""
    records: list[Record] = []
    while (end := data.find(b"\n", at)) >= 0:
        record = _record(data[at:end])
        if record is None:
            break
        records.append(record)
        at = end + 1
    return records, at


def header_in(line: bytes) -> dict[str, Any] | None:
    with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        if line.startswith(MAGIC):
            return msgspec.json.decode(line[len(MAGIC) :], type=dict[str, Any])
    return None


def _record(line: bytes) -> Record | None:
    with suppress(ValueError, msgspec.MsgspecError, RecursionError):
        if line[8:9] == b" " and f"{crc32(line[9:]):08x}".encode() == line[:8]:
            return _decoder.decode(line[9:])
    return None


def header_line(header: dict[str, Any]) -> bytes:
    return MAGIC + msgspec.json.encode(header) + b"\n"


def lines(records: Iterable[Record]) -> bytes:
    texts = [msgspec.json.encode(record) for record in records]
    return b"".join(b"%08x %b\n" % (crc32(text), text) for text in texts)
