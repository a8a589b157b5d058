"""The log: one ring of 64-byte entries, one writer, two readers who never answer.

A full log overwrites: the writer waits for nobody. A reader that is overtaken finds a newer number in the entry's
first word, knows that it is stale, and rejoins from a snapshot.

The eight words of an entry:

    NUMBER   position in the log + 1
    FRAME    absolute frame, or NOW: the start of the block that seals it
    ORDER    what comes first among entries of one frame (see `order`): a function of what was said, not of when it was sent,
             so that a re-rendering that publishes earlier or later plays the same
    WHAT     kind | index << 8 (handle or lane) | more << 24 (parameter, lane) | flags << 40
    WHO      incarnation of the handle | generation of the lane << 32
    A, B, C  float64, as the table KINDS says
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from chronus.memory import layout
from chronus.memory.layout import LOG_ENTRIES, Memory

NUMBER, FRAME, ORDER, WHAT, WHO, A, B, C = range(8)
NOW = -1

# kind: (name, what its words mean)
KINDS = {
    1: ("batch", "one command follows: A entries, accepted or refused together; FRAME is the least frame among them, or NOW"),
    2: (
        "set",
        "handle, more=param: ramps to A over B frames (0: at once) from where it stands; flag STRAIGHT: along the line from C "
        "(NaN: from where it stands), which is joined within RAMP frames",
    ),
    3: (
        "note_on",
        "handle, more=lane: A pitch in Hz (0: the module's own freq), B velocity, C note id; flags ACCENT, GLIDE; "
        "more=NO_LANE: generation is the frames it lasts (0: until told)",
    ),
    4: ("note_off", "handle, more=lane: C note id"),
    5: ("gate", "handle: all voices' gate to A (0 or 1), by hand"),
    6: (
        "generation",
        "index=lane: from here on only events of this generation count; handle in A, incarnation in B; "
        "flag RELEASE lets go of its notes and locks, UNLOCK of its locks alone",
    ),
    7: ("swap", "A program number"),
    8: ("panic", "everything falls silent in 5 ms, all state is cleared and all gates are closed"),
    9: ("clear", "the second half of a panic, laid down by the replica itself"),
    10: ("hold", "handle: the note by hand of id C, if it sounds, lasts B frames from here on and not as it said; its id is A now"),
    11: (
        "lock",
        "handle, more=lane, flags >> PARAM: covers the parameter: moves straight to A over B frames (0: at once) from C (NaN: from where "
        "it stands), joined within RAMP frames unless AT_ONCE; AUTOMATES: under the locks of notes; the low half of ORDER is its note",
    ),
    12: ("unlock", "handle, more=lane: the locks of the note in the low half of ORDER end; parameters go back to where they are by then"),
    13: ("wave", "handle, more=param: goes from A to B and back, a turn in C frames; flags are its shape; `turns` follows it"),
    14: (
        "turns",
        "handle, more=param: A turns are over by now; for C frames they come faster, by B turns in the first of them; "
        "generation is the key of its chances",
    ),
}  # fmt: skip
BATCH, SET, NOTE_ON, NOTE_OFF, GATE, GENERATION, SWAP, PANIC, CLEAR, HOLD, LOCK, UNLOCK, WAVE, TURNS = KINDS

F_STRAIGHT, F_ACCENT, F_GLIDE, F_RELEASE, F_UNLOCK, F_AT_ONCE, F_AUTOMATES = 1, 2, 4, 8, 16, 32, 64
PARAM = 8
"""Bits of the flags of a lock below the number of its parameter."""
NO_LANE = 0xFFFF
"""`more` of a note played by hand: no generation is asked."""

AT_ONCE, COMMANDED, ENDING, BEGINNING = range(4)
"""Ranks among entries of one frame: what was said for now, what was said for this frame, notes that end, notes that begin."""


MINOR = 0xFFFFFF
"""The low bits of ORDER."""


def order(rank: int, major: int, minor: int) -> int:
    """ORDER word. A command's entries: (rank, number of the command, place in it). A lane's: (rank, lane, number of the event)."""
    return rank << 60 | (major & 0xFFFFFFFF) << 24 | (minor & MINOR)


class Entry(Struct, frozen=True):
    """One entry, before it has a number. `frame` may be NOW."""

    kind: int
    frame: int = NOW
    order: int = 0
    index: int = 0
    more: int = 0
    flags: int = 0
    incarnation: int = 0
    generation: int = 0
    a: float = 0.0
    b: float = 0.0
    c: float = 0.0


Rows = NDArray[np.int64]
"""Many entries: (n, 8), as they lie in the log but for their numbers."""


def encode(entries: Sequence[Entry]) -> Rows:
    rows = np.zeros((len(entries), 8), np.int64)
    for row, floats, entry in zip(rows, rows.view(np.float64), entries, strict=True):
        assert math.isfinite(entry.a) and math.isfinite(entry.b)
        row[FRAME] = entry.frame
        row[ORDER] = entry.order
        row[WHAT] = entry.kind | entry.index << 8 | entry.more << 24 | entry.flags << 40
        row[WHO] = entry.incarnation | entry.generation << 32
        floats[A:] = entry.a, entry.b, entry.c
    return rows


def decode(rows: Rows) -> list[Entry]:
    floats = rows.view(np.float64)[:, A:]
    return [
        Entry(
            what & 0xFF, frame, order, what >> 8 & 0xFFFF, what >> 24 & 0xFFFF, what >> 40, who & 0xFFFFFFFF, who >> 32, *abc
        )
        for (_, frame, order, what, who), abc in zip(rows[:, :A].tolist(), floats.tolist(), strict=True)
    ]  # fmt: skip


class Writer:
    """The only hand that writes the log. `publish` makes all entries of a batch visible by one store of the tail."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.tail = memory.word(layout.TAIL)

    def publish(self, entries: Sequence[Entry] | Rows) -> int:
        """Appends one batch; returns the tail after it. At most a quarter of the log at a time."""
        rows = entries if isinstance(entries, np.ndarray) else encode(entries)
        assert len(rows) < LOG_ENTRIES // 4
        head = encode([Entry(BATCH, frame=least_frame(rows), a=float(len(rows)))])
        for some in (head, rows):
            self._lay(some)
        # On x86 stores are seen in order. Elsewhere the many locks the interpreter takes in between are the barrier.
        self.memory.board[layout.TAIL] = self.tail
        return self.tail

    def _lay(self, rows: Rows) -> None:
        """Whoever is overtaken must see it in an entry's number, and so that is written after the rest of it."""
        while len(rows):
            at = self.tail % LOG_ENTRIES
            some, rows = rows[: LOG_ENTRIES - at], rows[LOG_ENTRIES - at :]
            place = self.memory.log[at : at + len(some)]
            place[:, FRAME:] = some[:, FRAME:]
            place[:, NUMBER] = np.arange(self.tail + 1, self.tail + 1 + len(some))
            self.tail += len(some)


def least_frame(rows: Rows) -> int:
    """The least absolute frame among entries; NOW where all of them are for now."""
    named = rows[rows[:, FRAME] != NOW, FRAME]
    return int(named.min()) if len(named) else NOW


def unseal(seal: int, cursor: int) -> tuple[int, int]:
    """(block number modulo 2**32, log tail) of a seal; `cursor` is any position less than 2**32 before that tail."""
    return seal >> 32 & 0xFFFFFFFF, cursor + ((seal - cursor) & 0xFFFFFFFF)
