"""Writes journals: each record whole or not at all, before anybody is answered. The rules: records.py."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from chronus import places
from chronus.journal.reading import folder, numbered
from chronus.journal.records import Ended, Journal, Record, Stands, header_line, lines
from chronus.system import files

FSYNC_SECONDS = 0.08
"""Between two calls of fsync: with the call itself less than 100 ms."""
LONGEST = 1 << 19
"""Bytes that a file grows by before the take goes on in a new one: a control that takes another's place reads so much in under a second."""


def create(engine: str, header: dict[str, Any]) -> Pen:
    """Creates a new file, numbered after the last one."""

    def open_file() -> tuple[Path, int]:
        files.make_folder(folder(engine))
        path, descriptor = _new(engine)
        files.sync_folder(path.parent)
        return path, descriptor

    return Pen(engine, _next(engine), open_file, header, header_line(header))


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


def _next(engine: str) -> Path:
    number = max((number for number, _ in numbered(engine)), default=0) + 1
    return folder(engine) / f"{number:04d}.journal"


def _new(engine: str) -> tuple[Path, int]:
    while True:
        path = _next(engine)
        with suppress(FileExistsError):
            return path, files.create(path)


class Pen:
    """Writes a journal; nothing else does. `fault` is the disk's last error, "" while all is well.

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
        """Writes a record: the kernel has it when this returns True. False, with `fault` set, if the disk refuses: then nothing is
        written.
        """
        return self.pay() and self._put(lines(records))

    def owe(self, *records: Record) -> None:
        """Writes what has happened already: if the disk refuses, it is kept here, and written before all else once it can be."""
        if not self.write(*records):
            self._owed += lines(records)

    def pay(self) -> bool:
        """Whether the file is there and holds all that is owed; tries to write it, if it does not."""
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
        """Goes on in a new file, if the disk lets one be created; else in this one, for as long again.

        The old file is left as it is, whole: until the new one has its first record, whoever reads goes on from the old one.
        """
        self._goal = self._size + LONGEST
        if not self.pay():
            return False
        header = {key: value for key, value in self._header.items() if key != "recovered"} | {
            "continues": self.path.name
        }
        data = header_line(header) + lines([stands])
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
        """Writes all of it or nothing: a torn record would hide all that is written behind it."""
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
