"""Reads journals: the newest of an engine, a whole take over all its files, or a take that is still being written."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from chronus import places
from chronus.errors import ChronusError
from chronus.journal.records import Journal, Record, header_in, parse, records_in

FILE = re.compile(r"(\d{4,})\.journal")


def folder(engine: str) -> Path:
    return places.home() / "journals" / engine


def numbered(engine: str) -> list[tuple[int, Path]]:
    with suppress(OSError):
        found = [(match, path) for path in folder(engine).iterdir() if (match := FILE.fullmatch(path.name))]
        return sorted((int(match[1]), path) for match, path in found)
    return []


def newest(engine: str) -> tuple[Path | None, Journal]:
    """Returns the newest journal that can be gone on from. One whose beginning was never finished holds nothing that the one before
    does not.
    """
    for _, path in reversed(numbered(engine)):
        found = read(path)
        if found.whole:
            return path, found
    return None, Journal()


def read(path: Path) -> Journal:
    """Reads the longest valid prefix of a file. Raises EFILE if it cannot be opened."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ChronusError("E_FILE", f"the journal {path.name} cannot be read: {error.strerror}") from None
    return parse(data)


def read_take(path: Path) -> Journal:
    """Reads the whole take that a file is the end of: its records behind those of the files that it goes on from, which lie beside it."""
    found = read(path)
    while found.whole and "continues" in found.header:
        name = str(found.header["continues"])
        if not FILE.fullmatch(name) or (FILE.fullmatch(path.name) and name >= path.name):
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
        """Returns the records that have come since the last call."""
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
        records, end = records_in(data, begin)
        self._at += end
        return records

    def _after(self) -> Path | None:
        """Returns the file that goes on from this one, once its beginning is whole."""
        later = (
            path for path in self.path.parent.iterdir() if FILE.fullmatch(path.name) and path.name > self.path.name
        )
        begun = (path for path in later if _header_of(path).get("continues") == self.path.name)
        return next((path for path in begun if read(path).whole), None)


def _header_of(path: Path) -> dict[str, Any]:
    with open(path, "rb") as file:
        return header_in(file.readline().rstrip(b"\n")) or {}
