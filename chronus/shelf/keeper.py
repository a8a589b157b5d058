"""Keeps on the shelf the tables that plans read, and drops those that no plan reads any more. A thread of its own makes the tables.

Rule 1: the caller does not wait: `look` answers later, `has` says whether all tables are there and has the others made meanwhile.
Rule 2: one thread lays tables, one after the other, so none is made twice.
Rule 3: a table that cannot be made is the empty table, with a notice: a file that is gone costs its own sound and nothing else.
Rule 4: a table is dropped once it is wanted no more, every slot that plays is past the frame at which that was found, and so are both
        checkpoints: no replica can come back to a program that reads it.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from queue import SimpleQueue

from chronus.errors import ChronusError
from chronus.memory.shelf import Key, Shelf
from chronus.shelf import recording
from chronus.shelf.making import EMPTY, made, shelve
from chronus.shelf.recipe import Recipe, of_file
from chronus.units import File

HELD_SECONDS = 20.0
"""So long is a table kept that was just laid: what asked for it may have to be tried out first."""

Found = Mapping[str, File | ChronusError]
Answered = Callable[[Found], None]
Task = Callable[[], Callable[[], None]]
"""What the thread does; it returns what is to be done with the outcome, by whoever calls `turn`."""


class Keeper:
    """`told(text)` hears what people should know. Without `threaded` everything is done when it is asked for (in tests)."""

    def __init__(
        self, shelf: Shelf, rate: int, told: Callable[[str], None], threaded: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.shelf, self.rate, self.told, self.clock = shelf, rate, told, clock
        shelf.tidy()
        self._asked: set[Key] = set()
        self._held: dict[Key, float] = {}
        self._unread: dict[Key, int] = {}
        self._todo: SimpleQueue[Task] = SimpleQueue()
        self._done: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.woken, self._wake = socket.socketpair()
        """Can be read from when there is something to `turn` to."""
        for end in (self.woken, self._wake):
            end.setblocking(False)
        self._thread = threading.Thread(target=self._work, daemon=True) if threaded else None

    # ------------------------------------------------------------ what is asked for

    def look(self, names: Sequence[str], folder: str, answered: Answered) -> None:
        """What the files of these names hold, typed in that folder. Their tables lie on the shelf then, for a while."""

        def task() -> Callable[[], None]:
            found: dict[str, File | ChronusError] = {}
            for name in names:
                try:
                    found[name] = shelve(self.shelf, recording.read(recording.find(name, folder), self.rate), self.rate)
                except ChronusError as error:
                    found[name] = error
                except Exception as error:  # whatever is in a file, it ends nobody
                    found[name] = ChronusError("E_FILE", f"{name} cannot be read: {type(error).__name__}: {error}")
            return lambda: self._found(found, answered)

        self._do(task)

    def has(self, recipes: Mapping[Key, Recipe]) -> bool:
        """Whether all of these lie on the shelf. What does not is made meanwhile."""
        missing = {key: recipe for key, recipe in recipes.items() if self.shelf.find(key) is None}
        for key, recipe in missing.items():
            if key not in self._asked:
                self._asked.add(key)
                self._make(recipe)
        return not any(self.shelf.find(key) is None for key in missing)

    def _make(self, recipe: Recipe) -> None:
        def task() -> Callable[[], None]:
            table, why = EMPTY, ""
            try:
                table = made(recipe)
            except ChronusError as error:
                why = error.message
            except Exception as error:  # as above
                why = f"{recipe.path or recipe.what}: {type(error).__name__}: {error}"
            self.shelf.put(recipe.key, table)  # where there is no room it is asked for again
            return lambda: self._is_made(recipe.key, why)

        self._do(task)

    # ------------------------------------------------------------ what has come of it

    def turn(self) -> None:
        """Takes in what the thread has done."""
        try:
            self.woken.recv(4096)
        except BlockingIOError:
            pass
        while not self._done.empty():
            self._done.get()()

    def _found(self, found: Found, answered: Answered) -> None:
        for file in found.values():
            if isinstance(file, File):
                self._held[of_file(file, self.rate).key] = self.clock() + HELD_SECONDS
        answered(found)

    def _is_made(self, key: Key, why: str) -> None:
        self._asked.discard(key)
        self._held[key] = self.clock() + HELD_SECONDS
        if why:
            self.told(f"{why}; in its place is silence")

    def _do(self, task: Task) -> None:
        if self._thread is None:
            task()()
            return
        if not self._thread.is_alive():
            self._thread.start()
        self._todo.put(task)

    def _work(self) -> None:
        while True:
            self._done.put(self._todo.get()())
            try:
                self._wake.send(b".")
            except OSError:  # full: it will be looked at; closed: nobody is there any more
                pass

    # ------------------------------------------------------------ letting go

    def tend(self, wanted: Collection[Key], frame: int, is_past: Callable[[int], bool]) -> None:
        """Drops what is not `wanted`. `frame` is that of now, `is_past` tells whether no replica can come back to before a frame."""
        now = self.clock()
        self._held = {key: until for key, until in self._held.items() if until > now}
        lying = self.shelf.held()
        self._unread = {
            key: self._unread.get(key, frame) for key in lying if key not in wanted and key not in self._held
        }
        for key in [key for key, since in self._unread.items() if is_past(since)]:
            self.shelf.drop(key)
            del self._unread[key]
