"""The journal: what was said and when it took effect, kept so that no process's death loses an acknowledged command.

Text, one record a line behind a header: `<crc32, 8 hex digits> <json>`. Two records a submission: *said*, before it is
published, and *sealed*, once its frame is known.

Rule 1: a record is in the kernel's hands (one `write`) before anybody is answered, so only a power cut can take it;
a thread of its own calls fsync within 100 ms, so that cut takes no more than that.
Rule 2: reading recovers the longest valid prefix, whatever follows it, and never fails on what a file contains.
Rule 3: what cannot be written is not done. While the disk refuses, a command is refused with E_FILE and changes nothing, the music
goes on, and the first command that finds the disk willing works again. What has happened before the disk is asked (a seal, what was
put off and is due now) cannot be refused any more: it is kept in memory and written first.
Rule 4: a take may go on over several files. A new one begins with how all stood (`Stands`) when nothing was on its way, and names the
one it goes on from, which is left as it is. Who recovers reads the newest whose beginning is whole; who renders reads all of them.
Rule 5: a record is whole or not there. A short write is taken back; where even that fails, nothing is written behind it until it works.

To play a journal again: lead a conductor through the records (replay.py), and give its entries to the replicas in the order of
saying, which is that of the log. Entries of one that is `exact` carry `moment`; those of another take effect at the frame of its
seal (its `moment` counts for what it named in musical time). What was put off is said up to 100 ms before its moment, so what is
said after it may well take effect before it. `due` and `shrink` stand for what the conductor had kept back itself.
"""

from __future__ import annotations

import os
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec
from msgspec import Struct

from chronus import places
from chronus.commands import AnyCommand
from chronus.errors import ChronusError
from chronus.system import files

MAGIC = b"#chronus-journal 1 "
FSYNC_SECONDS = 0.08
"""Between two calls of fsync: with the call itself less than 100 ms."""
LONGEST = 1 << 19
"""Bytes that a file grows by before the take goes on in a new one: a control that takes another's place reads so much in under a second."""
_FILE = re.compile(r"(\d{4,})\.journal")


class Said(Struct, frozen=True, omit_defaults=True, tag="said", tag_field="is"):
    """What is about to be published. `commands` holds those whose text alone does not say all (open, say), by their place.

    `tail` is that of the log behind its entries. `due` are the numbers of what was put off and is said now. `program`, `now` and
    `incarnation` are what its program was drawn with: a replay that starts from the same draws the same. `seen`: the frame at which
    it looked at what moves, where anything did.
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
    """The first record of a file that goes on from another: all that was said before it, up to number `n`, came to this at `frame`.

    `texts` are the canonical commands that rebuild the rack, `state` is the conductor to the last place (standing.py).
    """

    n: int
    frame: int
    texts: tuple[str, ...]
    state: bytes


Record = Said | Sealed | Void | Poisoned | Settled | Ended | Stands


class Played(Struct, frozen=True):
    """A submission that took effect at `frame`."""

    said: Said
    frame: int


class Journal(Struct, frozen=True):
    """What could be read. In bytes: `size` is the length of the valid prefix, `begun` of the header and of how all stood."""

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
        """What was said, but its frame never became known."""
        said: dict[int, Said] = {}
        for record in self.records:
            if isinstance(record, Said):
                said[record.n] = record
            elif isinstance(record, Sealed | Void):
                said.pop(record.n, None)
        return list(said.values())

    @property
    def poisoned(self) -> list[Poisoned]:
        """What brought the renderer down, in the order of the frames."""
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
        """Whether it can be gone on from: its header is there, and what it stands on, if it goes on from another file."""
        begun = bool(self.records) and isinstance(self.records[0], Stands)
        return bool(self.header) and (begun or "continues" not in self.header)


# ---------------------------------------------------------------- reading

_decoder = msgspec.json.Decoder(Record)


def read(path: Path) -> Journal:
    """The longest valid prefix of a file. E_FILE if it cannot be opened."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ChronusError("E_FILE", f"the journal {path.name} cannot be read: {error.strerror}") from None
    return parse(data)


def read_take(path: Path) -> Journal:
    """The whole take that a file is the end of: its records behind those of the files that it goes on from, which stand beside it."""
    found = read(path)
    while found.whole and "continues" in found.header:
        name = str(found.header["continues"])
        if not _FILE.fullmatch(name) or (_FILE.fullmatch(path.name) and name >= path.name):
            raise ChronusError("E_FILE", f"the journal {path.name} does not go on from an older one")
        before = read(path := path.with_name(name))
        found = Journal(before.header, (*before.records, *found.records[1:]), found.size)
    return found


class Reader:
    """Reads a take while it is being written, from its first file on; `header` is that file's.

    It passes over nothing and tells nothing twice: a torn record is waited for, and a file is left for the one that goes on from it.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.header = path, _header_of(path)
        self._at = 0

    def more(self) -> list[Record]:
        """What has come since it was asked last."""
        found = self._rest()
        while (after := self._after()) is not None:
            found += self._rest()  # what came before the new file was begun; nothing comes after that
            self.path, self._at = after, 0
            found += self._rest()[1:]
        return found

    def _rest(self) -> list[Record]:
        with open(self.path, "rb") as file:
            file.seek(self._at)
            data = file.read()
        begin = data.find(b"\n") + 1 if self._at == 0 else 0
        records, end = _records(data, begin)
        self._at += end
        return records

    def _after(self) -> Path | None:
        """The file that goes on from this one, once its beginning is whole."""
        later = (
            path for path in self.path.parent.iterdir() if _FILE.fullmatch(path.name) and path.name > self.path.name
        )
        begun = (path for path in later if _header_of(path).get("continues") == self.path.name)
        return next((path for path in begun if read(path).whole), None)


def _header_of(path: Path) -> dict[str, Any]:
    with open(path, "rb") as file:
        return _header(file.readline().rstrip(b"\n")) or {}


def parse(data: bytes) -> Journal:
    end = data.find(b"\n")
    header = _header(data[:end]) if end >= 0 else None
    if header is None:
        return Journal()
    records, at = _records(data, end + 1)
    stands = bool(records) and isinstance(records[0], Stands)
    return Journal(header, tuple(records), at, (data.find(b"\n", end + 1) if stands else end) + 1)


def _records(data: bytes, at: int) -> tuple[list[Record], int]:
    """(the records from a place on, where the valid ones end)."""
    records: list[Record] = []
    while (end := data.find(b"\n", at)) >= 0:
        record = _record(data[at:end])
        if record is None:
            break
        records.append(record)
        at = end + 1
    return records, at


def _header(line: bytes) -> dict[str, Any] | None:
    with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        if line.startswith(MAGIC):
            return msgspec.json.decode(line[len(MAGIC) :], type=dict[str, Any])
    return None


def _record(line: bytes) -> Record | None:
    with suppress(ValueError, msgspec.MsgspecError, RecursionError):
        if line[8:9] == b" " and f"{crc32(line[9:]):08x}".encode() == line[:8]:
            return _decoder.decode(line[9:])
    return None


# ---------------------------------------------------------------- where journals lie


def folder(engine: str) -> Path:
    return places.home() / "journals" / engine


def _numbered(engine: str) -> list[tuple[int, Path]]:
    with suppress(OSError):
        found = [(match, path) for path in folder(engine).iterdir() if (match := _FILE.fullmatch(path.name))]
        return sorted((int(match[1]), path) for match, path in found)
    return []


def newest(engine: str) -> tuple[Path | None, Journal]:
    """The newest journal that can be gone on from. One whose beginning was never finished holds nothing that the one before does not."""
    for _, path in reversed(_numbered(engine)):
        found = read(path)
        if found.whole:
            return path, found
    return None, Journal()


def create(engine: str, header: dict[str, Any]) -> Pen:
    """A new file, numbered after the last one."""

    def open_file() -> tuple[Path, int]:
        files.make_folder(folder(engine))
        path, descriptor = _new(engine)
        files.sync_folder(path.parent)
        return path, descriptor

    return Pen(engine, _next(engine), open_file, header, _head(header))


def _head(header: dict[str, Any]) -> bytes:
    return MAGIC + msgspec.json.encode(header) + b"\n"


def _next(engine: str) -> Path:
    number = max((number for number, _ in _numbered(engine)), default=0) + 1
    return folder(engine) / f"{number:04d}.journal"


def _new(engine: str) -> tuple[Path, int]:
    while True:
        path = _next(engine)
        with suppress(FileExistsError):
            return path, files.create(path)


def resume(path: Path, journal: Journal) -> Pen:
    """Goes on writing where the valid prefix ends."""

    def open_file() -> tuple[Path, int]:
        descriptor = files.reopen(path)
        try:
            files.cut(descriptor, journal.size)
        except OSError:
            os.close(descriptor)
            raise
        return path, descriptor

    return Pen(path.parent.name, path, open_file, journal.header, begun=journal.begun)


# ---------------------------------------------------------------- writing


class Pen:
    """The one hand that writes a journal. `fault` is what the disk said last, "" while all is well.

    The file is opened with the first word that finds the disk willing.
    """

    def __init__(
        self,
        engine: str,
        path: Path,
        open_file: Callable[[], tuple[Path, int]],
        header: dict[str, Any],
        first: bytes = b"",
        begun: int = 0,
    ) -> None:
        self.path, self.fault, self.unsynced = path, "", ""
        self._engine, self._header = engine, header
        self._open_file, self._owed = open_file, first
        self._descriptor, self._size, self._goal = -1, 0, begun + LONGEST
        self._torn = self._dirty = False
        self._left: deque[int] = deque()
        self._closing = threading.Event()
        self.pay()
        self._thread = threading.Thread(target=self._flush, name="journal", daemon=True)
        self._thread.start()

    def write(self, *records: Record) -> bool:
        """In the kernel's hands when this returns True. False, with `fault` set, if the disk refuses: then nothing is written."""
        return self.pay() and self._put(_lines(records))

    def owe(self, *records: Record) -> None:
        """For what has happened already: what the disk refuses is kept here, and written before all else once it can be."""
        if not self.write(*records):
            self._owed += _lines(records)

    def pay(self) -> bool:
        """Whether the file is there and holds all that is owed; tries, if it does not."""
        if self._descriptor < 0:
            try:
                self.path, self._descriptor = self._open_file()
                self._size = os.fstat(self._descriptor).st_size
            except OSError as error:
                return self._fails(places.home_trouble(error))
        if self._owed and self._put(self._owed):
            self._owed = b""
        return not self._owed

    @property
    def full(self) -> bool:
        """Whether it is time to go on in a new file."""
        return self._size > self._goal

    def turn_over(self, stands: Stands) -> bool:
        """Goes on in a new file, if the disk lets it be begun; else in this one, for as long again.

        The old file is left as it is, whole: until the new one has its first record, whoever reads goes on from the old one.
        """
        self._goal = self._size + LONGEST
        if not self.pay():
            return False
        header = {key: value for key, value in self._header.items() if key != "recovered"} | {
            "continues": self.path.name
        }
        data = _head(header) + _lines([stands])
        try:
            path, descriptor = _new(self._engine)
            if files.write(descriptor, data) < len(data):
                os.close(descriptor)
                return self._fails("the disk is full")
        except OSError as error:
            return self._fails(error.strerror)
        self._left.append(self._descriptor)
        self.path, self._descriptor, self._size = path, descriptor, len(data)
        self._goal, self._header, self._dirty = self._size + LONGEST, header, True
        return True

    def close(self, frame: int) -> None:
        """Marks the end as a clean one."""
        if not self._closing.is_set():
            self.write(Ended(frame))
            self.give_up()

    def give_up(self) -> None:
        """Writes no more; the end is not a clean one unless it was marked."""
        self._closing.set()
        self._thread.join(2.0)
        self._sync()
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def _put(self, data: bytes) -> bool:
        """All of it or nothing: a torn record would hide whatever came to stand behind it."""
        if not data:
            return True
        try:
            if self._torn:
                files.cut(self._descriptor, self._size)
                self._torn = False
            written = files.write(self._descriptor, data)
            if written < len(data):
                self._torn = True
                files.cut(self._descriptor, self._size)
                self._torn = False
                return self._fails("the disk is full")
        except OSError as error:
            return self._fails(error.strerror)
        self._size += written
        self._dirty, self.fault = True, ""
        return True

    def _fails(self, why: str | None) -> bool:
        self.fault = why or "cannot be written"
        return False

    def _flush(self) -> None:
        while not self._closing.wait(FSYNC_SECONDS):
            self._sync()

    def _sync(self) -> None:
        if not self._dirty:
            return
        self._dirty = False
        try:
            while self._left:
                files.sync(self._left[0])
                os.close(self._left.popleft())
                files.sync_folder(self.path.parent)
            files.sync(self._descriptor)
        except OSError as error:
            self.unsynced = error.strerror or "cannot be synced"


def _lines(records: Iterable[Record]) -> bytes:
    texts = [msgspec.json.encode(record) for record in records]
    return b"".join(b"%08x %b\n" % (crc32(text), text) for text in texts)
