"""The shelf: read-only tables that kernels share, in a memory of their own beside the arenas. An index of them stands in front.

Rule 1: control alone writes. A process that renders has the shelf mapped for reading only, so a module that writes into a table dies of
        it, and spoils nothing that the other replica reads.
Rule 2: a table is known by its key, which says what it is made of. All of it is there before the index has its key, and it never changes.
Rule 3: a table is let go when no replica can read it any more (shelf/keeper.py). Its pages are given back, and read as zeros from then on.
Rule 4: a full shelf takes no more: `put` says so, and nothing that lies there is touched.

A key that is not in the index stands for the empty table, which has no rows: a kernel plays silence of it.
"""

from __future__ import annotations

import mmap
import os
from contextlib import suppress
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float32]
"""(rows, columns)."""
Key = tuple[int, int]
"""Two words of a digest; the first is never 0."""

PLACES = 1024
"""Tables that can lie there at once."""
MOST_BYTES = 256 << 20
"""Of all tables that one rack reads."""
MOST_LYING = 3 * MOST_BYTES
"""Of all that lie there: those of a rack, those of the one before it, and what was just read and may be used."""
BYTES = 2 << 30
"""Address space; what is not used takes no memory. So much more that there is always a stretch free."""

_KEY, _KEY2, _AT, _ROWS, _COLUMNS = range(5)
_ROW_WORDS = 8
_PAGE = 4096
_FIRST = PLACES * _ROW_WORDS * 8  # whole pages
_POPULATE_READ = 22  # Linux 5.14; Python's mmap has no name for it


class Place(NamedTuple):
    """Where a table lies: bytes from the start of the shelf."""

    at: int
    rows: int
    columns: int

    @property
    def bytes(self) -> int:
        return self.rows * self.columns * 4


EMPTY = Place(0, 0, 1)


def create() -> int:
    """A new shelf, empty, as a descriptor."""
    descriptor = os.memfd_create("chronus-shelf", os.MFD_CLOEXEC)
    os.ftruncate(descriptor, BYTES)
    return descriptor


def for_reading(descriptor: int) -> int:
    """Another descriptor of the same shelf, with which nobody can write."""
    return os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)


class Shelf:
    """One process's view. `find` is for everybody; `put` and `drop` are control's, whose threads may call them at once."""

    def __init__(self, descriptor: int | None = None, writes: bool = False) -> None:
        """Without a descriptor: a shelf of this process alone (offline rendering)."""
        if descriptor is None:
            self._map = mmap.mmap(-1, BYTES)
        else:
            self._map = mmap.mmap(descriptor, BYTES, prot=mmap.PROT_READ | (mmap.PROT_WRITE if writes else 0))
        self.bytes = np.frombuffer(self._map, np.uint8)
        self.address = int(self.bytes.ctypes.data)
        self._index = self.bytes[:_FIRST].view(np.int64).reshape(PLACES, _ROW_WORDS)
        self._lock = Lock()
        self._reserved: dict[int, Place] = {}

    # ------------------------------------------------------------ for everybody

    def find(self, key: Key) -> Place | None:
        row = self._row(key)
        return None if row is None else self._place(row)

    def table(self, key: Key) -> Table | None:
        """A view of it."""
        place = self.find(key)
        return None if place is None else self._view(place)

    def held(self) -> list[Key]:
        return [(int(row[_KEY]), int(row[_KEY2])) for row in self._index[self._index[:, _KEY] != 0]]

    def touch(self, place: Place) -> None:
        """Has the system lay a table's pages under this process now: whoever renders is not to wait for one."""
        start = place.at // _PAGE * _PAGE
        try:
            self._map.madvise(_POPULATE_READ, start, max(1, place.at + place.bytes - start))
        except OSError:  # a system that knows no such advice: a look at each page does as much
            self.bytes[start : place.at + place.bytes : _PAGE].sum()

    # ------------------------------------------------------------ control's

    def put(self, key: Key, table: Table) -> bool:
        """Lays a table, unless it lies there. False where there is no room. Other threads go on while it is copied."""
        rows, columns = table.shape
        with self._lock:
            if self._row(key) is not None:
                return True
            place = self._reserve(rows, columns)
            if place is None:
                return False
            number = next(k for k in range(PLACES) if not self._index[k, _KEY] and k not in self._reserved)
            self._reserved[number] = place
        self._view(place)[:] = table
        with self._lock:
            row = self._index[number]
            row[_KEY2:] = 0
            row[[_KEY2, _AT, _ROWS, _COLUMNS]] = key[1], place.at, place.rows, place.columns
            row[_KEY] = key[0]
            del self._reserved[number]
        return True

    def tidy(self) -> None:
        """Gives back the pages of what somebody began to lay and was killed over."""
        at = _FIRST
        for start, end in [*self._taken(), (BYTES, BYTES)]:
            if start > at:
                with suppress(OSError):
                    self._map.madvise(mmap.MADV_REMOVE, at, start - at)
            at = max(at, end)

    def drop(self, key: Key) -> None:
        with self._lock:
            row = self._row(key)
            if row is None:
                return
            place = self._place(row)
            self._index[row, _KEY] = 0
            if place.bytes:
                self._give_back(place)

    def _give_back(self, place: Place) -> None:
        length = -(-place.bytes // _PAGE) * _PAGE
        with suppress(OSError):
            self._map.madvise(mmap.MADV_REMOVE, place.at, length)
            return
        self.bytes[place.at : place.at + length] = 0

    # ------------------------------------------------------------

    def _row(self, key: Key) -> int | None:
        found = np.flatnonzero((self._index[:, _KEY] == key[0]) & (self._index[:, _KEY2] == key[1]))
        return int(found[0]) if len(found) else None

    def _place(self, row: int) -> Place:
        return Place(*(int(word) for word in self._index[row, [_AT, _ROWS, _COLUMNS]]))

    def _view(self, place: Place) -> Table:
        whole = self.bytes[place.at : place.at + place.bytes].view(np.float32)
        return whole.reshape(place.rows, place.columns)

    def _reserve(self, rows: int, columns: int) -> Place | None:
        """The first stretch of whole pages that is free and long enough; None where there is none, or no row in the index."""
        taken = self._taken()
        at, size = _FIRST, rows * columns * 4
        if len(taken) >= PLACES or sum(end - start for start, end in taken) + size > MOST_LYING:
            return None
        for start, end in taken:
            if start - at >= size:
                break
            at = max(at, end)
        return Place(at, rows, columns) if at + size <= BYTES else None

    def _taken(self) -> list[tuple[int, int]]:
        """The stretches of pages that are in use, in order; an empty table has one, too."""
        rowed = [self._place(int(k)) for k in np.flatnonzero(self._index[:, _KEY])]
        places = [*rowed, *self._reserved.values()]
        return sorted((place.at, place.at + -(-max(1, place.bytes) // _PAGE) * _PAGE) for place in places)
