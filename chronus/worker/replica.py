"""The render loop of a worker: seals a block, takes in its entries, renders it, lays it in the ring; and lends the other slot a snapshot.

Rule 1: machine code from end to end; it never waits without a bound.
Rule 2: the first replica to begin a block seals it: by one compare-and-swap it says how much of the log belongs to it. The other one finds
        that seal and uses it. So both apply the same entries at the same frames without a message, a margin or a wait.
Rule 3: a replica that finds a newer number in a seal's place, or is overtaken in the log, is stale: it writes nothing more and rejoins.
"""

from __future__ import annotations

import numpy as np

from chronus.audio import ring as rings
from chronus.dsp.kernel import compiled, inline, local
from chronus.graph import pending
from chronus.graph.block import call_block
from chronus.memory.atomics import address_of, exchange, load, store, system_call
from chronus.memory.layout import (
    A_BLOCK,
    A_CURSOR,
    A_GUARDED,
    A_GUARDED_HANDLE,
    A_PENDING,
    A_REFUSED,
    A_USED,
    ACTIVE,
    BLOCK,
    BLOCK0,
    CHECKPOINT0,
    CULPRIT0,
    CURSOR0,
    GUARDED0,
    GUARDED_HANDLE0,
    HEARD,
    INSTANCES,
    LAID_DOWN,
    LINE,
    LOOKAHEAD,
    NANOSECONDS0,
    PENDING,
    PENDING_TABLE,
    PLAYING,
    RATE,
    REFUSED0,
    SEALS,
    STALE0,
    STATE0,
    STOPPING,
    TAIL,
    WANT0,
    WANTED,
    WORST0,
)  # fmt: skip
from chronus.memory.words import clear_words, copy_words

# words of the worker's own desk
W_SYSCALL, W_FUTEX, W_SLEEP, W_CLOCK, W_QUIT, W_BLOCK, W_CONFINE, W_MASKS, W_ALONE = range(9)
"""Addresses of libc's syscall, of the block's kernel and of two masks of processors, for both playing and for playing alone; numbers of
system calls; what it was told: to end, and (-1: nothing yet) which mask holds."""
DESK_WORDS = 16
MASK_BYTES = 128

ENDED, STALE = 0, 1

CHECKPOINT_BLOCKS, FEWEST_BLOCKS = 688, 43
"""Between two checkpoints: a second at 44.1 kHz, and less of a rack that takes long to render. A power of two lies between them."""
CATCHING_UP = 30_000_000
"""Nanoseconds that it may take to come from a checkpoint to what is due by then, if that can be had: so much longer both are silent."""
LARGEST_HELD_UP = 16 << 20
"""Bytes of arena above which a slot that plays alone takes none, so as not to be late."""

OUT_OF_BREATH, BREATH = 40_000_000, 10_000_000
"""Nanoseconds of a processor that a slot which plays takes without ever being ahead, and that it pauses then. In real time, two slots
with a rack that is too slow would leave nobody else a processor where there are two, and what relieves them has to run, too."""

_FUTEX_WAIT = 0
_MONOTONIC = 1
_OF_THE_THREAD = 3
"""The clock of what a block costs: it stands while somebody else has the processor, so a busy machine does not make a rack look dear."""
_PATIENCE_NS = 5_000_000
"""The longest a worker sleeps without looking up: the callback wakes it sooner, if there is one."""


@inline
def _nanoseconds(desk, time, clock):
    system_call(desk[W_SYSCALL], desk[W_CLOCK], clock, address_of(time, 0), 0, 0)
    return time[0] * 1_000_000_000 + time[1]


@inline
def _sleep(desk, time, nanoseconds):
    time[0], time[1] = 0, nanoseconds
    system_call(desk[W_SYSCALL], desk[W_SLEEP], _MONOTONIC, 0, address_of(time, 0), 0)


@compiled
def _sleep_until_heard(desk, board, heard, time):
    """Sleeps until the callback moves the clock on from `heard`, or for a while."""
    time[0], time[1] = 0, _PATIENCE_NS
    word = heard & 0xFFFFFFFF
    system_call(desk[W_SYSCALL], desk[W_FUTEX], address_of(board, HEARD), _FUTEX_WAIT, word, address_of(time, 0))


@compiled
def keep_apart(desk, board, others):
    """While both slots play, each keeps to its own half of the processors; who plays alone may use all of them.

    Who is woken may be sent to a processor that seems idle and stands still, and both slots would be held up by one (urgency.py).
    """
    alone = 1 if load(board, STATE0 + others) != PLAYING else 0
    if alone != desk[W_ALONE]:
        desk[W_ALONE] = alone
        system_call(desk[W_SYSCALL], desk[W_CONFINE], 0, MASK_BYTES, desk[W_MASKS] + alone * MASK_BYTES, 0)


@compiled
def lay_snapshot(arena, other):
    """Copies all of an arena that is in use into another one, of which nothing stays: what it used beyond is cleared first."""
    used = min(max(arena[A_USED], INSTANCES) // 8, arena.shape[0])
    beyond = min(other[A_USED] // 8, other.shape[0])
    if beyond > used:
        clear_words(other, used, beyond - used)
    waiting = PENDING_TABLE // 8 + min(max(arena[A_PENDING], 0), PENDING) * 8
    copy_words(other, 0, arena, 0, waiting)
    copy_words(other, INSTANCES // 8, arena, INSTANCES // 8, used - INSTANCES // 8)


@compiled
def take_checkpoint(board, arena, checkpoints, own, others, slot):
    """Keeps the arena as it is before its next block, if this slot is the one to do it: the standby, or who plays alone."""
    block = arena[A_BLOCK]
    alone = load(board, STATE0 + others) != PLAYING
    if block % FEWEST_BLOCKS != 0 or (load(board, ACTIVE) == slot and not alone):
        return
    large = arena[A_USED] > LARGEST_HELD_UP
    apart, cost, length = CHECKPOINT_BLOCKS, board[NANOSECONDS0 + own], BLOCK * 1_000_000_000 // board[RATE]
    while not (alone or large) and apart > FEWEST_BLOCKS and apart * cost * length > CATCHING_UP * (length - cost):
        apart //= 2  # the music goes on meanwhile: only what a block's time leaves is for catching up
    if block % apart != 0 or (alone and large):
        return
    place = block // apart % 2
    store(board, CHECKPOINT0 + place * LINE, 0)
    lay_snapshot(arena, checkpoints[place])
    store(board, CHECKPOINT0 + place * LINE, block)


@compiled
def seal(seals, board, cursor, block):
    """The log's tail that belongs to `block`: sealed now, or by the other replica before. -1: a newer block was sealed in its place."""
    at = block % SEALS
    number = block & 0xFFFFFFFF
    while True:
        found = load(seals, at)
        ahead = (found >> 32 & 0xFFFFFFFF) - number
        if ahead == 0:
            return cursor + ((found - cursor) & 0xFFFFFFFF)
        if 0 < ahead < 1 << 31 or ahead < -(1 << 31):
            return -1
        tail = load(board, TAIL)
        if exchange(seals, at, found, number << 32 | (tail & 0xFFFFFFFF)):
            return tail


@compiled
def checksum(arena, block):
    """Of one 64th of what is in use, another one each block: 64 blocks in a row have seen all of it."""
    digest = np.int64(arena[A_PENDING])
    for first, last in ((0, PENDING_TABLE // 8), (INSTANCES // 8, max(arena[A_USED], INSTANCES) // 8)):
        share = -(-(last - first) // 64)
        start = first + block % 64 * share
        for i in range(start, min(start + share, last)):
            digest = rings.mix(digest, arena[i])
    return digest


@inline
def _render(desk, board, arena, bounds, own, block, first, out):
    return call_block(
        desk[W_BLOCK],
        address_of(arena, 0),
        address_of(bounds, 0),
        address_of(board, 0),
        CULPRIT0 + own,
        block,
        first,
        address_of(out, 0),
    )


@inline
def owes(board, arena):
    """Whether the slot is not as far ahead of what is heard as it should be."""
    return arena[A_BLOCK] < load(board, HEARD) // BLOCK + load(board, LOOKAHEAD)


@compiled
def lend(board, arena, other, others):
    """Lays a snapshot down for the other slot, if it asks for one: between two blocks."""
    if load(board, WANT0 + others) == WANTED:
        lay_snapshot(arena, other)
        store(board, WANT0 + others, LAID_DOWN)


@compiled
def begin(board, entries, seals, arena, own):
    """Seals the next block, or finds it sealed, and takes in what belongs to it. False: the slot is stale."""
    block = arena[A_BLOCK]
    tail = seal(seals, board, arena[A_CURSOR], block)
    if tail >= 0 and pending.ingest(arena, entries, tail, block * BLOCK):
        return True
    store(board, STALE0 + own, board[STALE0 + own] + 1)
    return False


@compiled
def finish(board, ring, arena, own, out):
    """Lays the block that was rendered into the ring, and says so."""
    block = arena[A_BLOCK]
    arena[A_BLOCK] = block + 1
    rings.write(ring, block, out, checksum(arena, block))
    store(board, CURSOR0 + own, arena[A_CURSOR])
    store(board, GUARDED_HANDLE0 + own, arena[A_GUARDED_HANDLE])
    store(board, GUARDED0 + own, arena[A_GUARDED])
    store(board, REFUSED0 + own, arena[A_REFUSED])
    store(board, BLOCK0 + own, block + 1)


@compiled
def serve(desk, board, entries, seals, ring, arena, other, checkpoints, bounds, slot, out):
    """Renders block after block from where the arena stands, `LOOKAHEAD` blocks ahead of what is heard. Returns ENDED or STALE."""
    own, others = slot * LINE, (1 - slot) * LINE
    time = local(np.int64, 2)
    worked = 0
    while load(desk, W_QUIT) == 0:
        block = arena[A_BLOCK]
        heard = load(board, HEARD)
        lend(board, arena, other, others)
        if not owes(board, arena):
            if load(board, STOPPING) > 1:
                return ENDED
            keep_apart(desk, board, others)
            _sleep_until_heard(desk, board, heard, time)
            worked = 0
            continue
        if not begin(board, entries, seals, arena, own):
            return STALE
        began, spent = _nanoseconds(desk, time, _MONOTONIC), _nanoseconds(desk, time, _OF_THE_THREAD)
        at = _render(desk, board, arena, bounds, own, block, 0, out)
        while at < BLOCK:
            # a program that this worker is still binding; the other slot plays on meanwhile
            _sleep(desk, time, 1_000_000)
            if load(desk, W_QUIT) != 0:
                return ENDED
            at = _render(desk, board, arena, bounds, own, block, at, out)
        finish(board, ring, arena, own, out)
        spent = _nanoseconds(desk, time, _OF_THE_THREAD) - spent
        store(board, NANOSECONDS0 + own, board[NANOSECONDS0 + own] + (spent - board[NANOSECONDS0 + own]) // 64)
        store(board, WORST0 + own, max(board[WORST0 + own], _nanoseconds(desk, time, _MONOTONIC) - began))
        take_checkpoint(board, arena, checkpoints, own, others, slot)
        worked += spent
        if load(board, STATE0 + own) != PLAYING:
            worked = 0  # who comes back is not to pause as soon as it is heard
        elif worked > OUT_OF_BREATH:
            _sleep(desk, time, BREATH)
            worked = 0
    return ENDED
