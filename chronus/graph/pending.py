"""Keeps entries until their frame, in a heap in the arena, by (frame, order, number); and takes them in from the log.

A full heap drops the notes of lanes that have been edited since; if that makes no room it takes no more: the entry is counted as
dropped, in both replicas alike.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.kernel import compiled, inline, local, plane_i64
from chronus.memory import log
from chronus.memory.atomics import address_of
from chronus.memory.layout import (
    A_CURSOR,
    A_DROPPED,
    A_PENDING,
    A_REFUSED,
    LANE_TABLE,
    LANE_WORDS,
    LANES,
    LOG_ENTRIES,
    PENDING,
    PENDING_TABLE,
)
from chronus.memory.log import FRAME, NUMBER, ORDER, WHAT, WHO, A
from chronus.memory.words import copy_words, floats_of

_BATCH, _NOTE_ON, _NOTE_OFF, _LOCK, _UNLOCK, _NO_LANE = (
    log.BATCH, log.NOTE_ON, log.NOTE_OFF, log.LOCK, log.UNLOCK, log.NO_LANE,
)  # fmt: skip


@inline
def waiting(arena):
    """The heap (PENDING, 8), the first entry at its top."""
    return plane_i64(address_of(arena, PENDING_TABLE // 8), PENDING, 8)


@inline
def _before(heap, i, j):
    if heap[i, FRAME] != heap[j, FRAME]:
        return heap[i, FRAME] < heap[j, FRAME]
    if heap[i, ORDER] != heap[j, ORDER]:
        return heap[i, ORDER] < heap[j, ORDER]
    return heap[i, NUMBER] < heap[j, NUMBER]


@inline
def _trade(heap, i, j):
    for w in range(8):
        heap[i, w], heap[j, w] = heap[j, w], heap[i, w]


@inline
def is_overruled(arena, heap, i):
    """Whether it is of a lane that has been edited since. Generations only grow: what is behind now will be behind at its frame."""
    kind, lane = heap[i, WHAT] & 0xFF, heap[i, WHAT] >> 24 & 0xFFFF
    of_note = kind == _NOTE_ON or kind == _NOTE_OFF or kind == _LOCK or kind == _UNLOCK
    return of_note and lane != _NO_LANE and heap[i, WHO] >> 32 < arena[LANE_TABLE // 8 + lane % LANES * LANE_WORDS]


@inline
def _sink(heap, i, n):
    """Moves an entry down to where none below it is before it."""
    while 2 * i + 1 < n:
        child = 2 * i + 1
        if child + 1 < n and _before(heap, child + 1, child):
            child += 1
        if not _before(heap, child, i):
            break
        _trade(heap, i, child)
        i = child


@compiled
def let_go(arena):
    """Takes out all that is overruled, and makes a heap of the rest: 30,000 in 0.1 ms, where one after the other they take 5."""
    heap, kept = waiting(arena), 0
    for i in range(arena[A_PENDING]):
        if not is_overruled(arena, heap, i):
            for w in range(8):
                heap[kept, w] = heap[i, w]
            kept += 1
    arena[A_PENDING] = kept
    for i in range(kept // 2 - 1, -1, -1):
        _sink(heap, i, kept)


@compiled
def push(arena, entry):
    """Lays one entry (8 words) among those that wait. False where there is no room."""
    heap = waiting(arena)
    if arena[A_PENDING] >= PENDING:
        let_go(arena)
    i = arena[A_PENDING]
    if i >= PENDING:
        arena[A_DROPPED] += 1
        return False
    copy_words(arena, PENDING_TABLE // 8 + i * 8, entry, 0, 8)
    arena[A_PENDING] = i + 1
    while i > 0 and _before(heap, i, (i - 1) // 2):
        _trade(heap, i, (i - 1) // 2)
        i = (i - 1) // 2
    return True


@compiled
def pop(arena, entry):
    """Takes the first waiting entry into `entry`; there must be one."""
    heap = waiting(arena)
    copy_words(entry, 0, arena, PENDING_TABLE // 8, 8)
    n = arena[A_PENDING] - 1
    arena[A_PENDING] = n
    copy_words(arena, PENDING_TABLE // 8, arena, PENDING_TABLE // 8 + n * 8, 8)
    _sink(heap, 0, n)


@compiled
def ingest(arena, entries, tail, frame):
    """Takes the log's entries up to `tail` in, for the block that begins at `frame`. False: overtaken by the writer.

    A batch that names a frame which has passed is refused whole. Both replicas refuse the same ones, because the seal gave both
    the same entries for this block.
    """
    floats = floats_of(entries)
    cursor = arena[A_CURSOR]
    if tail - cursor > LOG_ENTRIES:
        return False
    entry = local(np.int64, 8)
    while cursor < tail:
        row = cursor % LOG_ENTRIES
        if entries[row, NUMBER] != cursor + 1 or entries[row, WHAT] & 0xFF != _BATCH:
            return False
        count = int(floats[row, A])
        late = entries[row, FRAME] >= 0 and entries[row, FRAME] < frame
        cursor += 1
        if late:
            arena[A_REFUSED] += 1
        for k in range(cursor, cursor + count):
            if entries[k % LOG_ENTRIES, NUMBER] != k + 1:
                return False
            if not late:
                for w in range(8):
                    entry[w] = entries[k % LOG_ENTRIES, w]
                if entry[FRAME] < 0:
                    entry[FRAME] = frame
                push(arena, entry)
        cursor += count
    arena[A_CURSOR] = cursor
    return True
