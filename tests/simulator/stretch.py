"""What happens between two events of a simulated engine, in machine code: turns of two workers, periods of a device, and the audit.

The turns are the real ones (`replica.lend`, `begin`, `finish`, `take_checkpoint`), and so is the callback (`callback.fill`). Only the
music is not: `render` takes the same entries out of the same heap at the same frames, but makes of them a running hash, so that
every sample tells all that its replica ever took in. One entry more, less, or a frame later, and nothing is the same from there on.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numba import config

from chronus import places
from chronus.audio import ring as rings
from chronus.audio.callback import D_GAIN, fill
from chronus.dsp.kernel import compiled, inline, local
from chronus.graph import pending
from chronus.memory.atomics import load
from chronus.memory.layout import (
    A_BLOCK,
    A_CURSOR,
    A_PENDING,
    A_PROGRAM,
    A_USED,
    BLOCK,
    BLOCK0,
    CHANNELS,
    HEARD,
    INSTANCES,
    LINE,
    PENDING,
    PENDING_TABLE,
    PREPARED0,
    SEALS,
    SILENT,
    WANT0,
    WANTED,
)  # fmt: skip
from chronus.memory.log import FRAME, SWAP, WHAT, A
from chronus.worker import replica

# a slot's row: whether a worker serves it, what it may still do and gets to do a frame, how far into a block it is
SERVING, CREDIT, SPEED, PHASE, OCCASION, UNBOUND = range(6)
BEGIN, RENDER, FINISH = range(3)
PRICE = 1024
"""Of one phase of a block."""
HEALTHY = 3 * PRICE // BLOCK * 20
"""Speed of a worker that renders twenty times faster than time passes."""

# the device's row
CLOCK, RANDOM, PLAYS, PERIOD, VARIES, SIZE, GIVEN, OFFSET, RECORDS = range(9)
# what is known of each period: the clock before and after it, frames of silence, where its frames lie
R_FROM, R_TO, R_FRAMES, R_SILENT, R_OFFSET = range(5)

# occasions at which a stretch stops before a slot's turn
NEVER, AT_SEAL, AT_WRITE, AT_LEND, AT_CHECKPOINT = range(5)
DONE, STALE, OCCURRED = -1, 0, 2

HISTORY, TAKEN = 0, 1
OWN_WORDS = 64
FIRST = INSTANCES // 8

_kernels = config.CACHE_DIR
config.CACHE_DIR = str(
    places.kernel_cache()
    / hashlib.sha256(Path(__file__).read_bytes() + Path(replica.__file__).read_bytes()).hexdigest()[:16]
)
"""Of what is defined here: Numba looks at this file only, and what it is made of stands in others."""


@inline
def random(device):
    word = device[RANDOM]
    word ^= word << 13
    word ^= (word >> 7) & ((1 << 57) - 1)
    word ^= word << 17
    device[RANDOM] = word
    return word & 0x7FFFFFFF


@compiled
def render(arena, prepared, block, out, taken):
    """The stand-in for the music. Returns the number of a program that is not bound yet, or 0. `taken` keeps what is applied."""
    mine = arena[FIRST : FIRST + OWN_WORDS]
    heap = arena[PENDING_TABLE // 8 : PENDING_TABLE // 8 + PENDING * 8].reshape(PENDING, 8)
    entry = local(np.int64, 8)
    arena[A_USED] = INSTANCES + OWN_WORDS * 8
    while arena[A_PENDING] > 0 and heap[0, FRAME] < (block + 1) * BLOCK:
        if heap[0, WHAT] & 0xFF == SWAP:
            number = int(heap[0, A : A + 1].view(np.float64)[0])
            if number > prepared:
                return number
            arena[A_PROGRAM] = number
        pending.pop(arena, entry)
        if mine[TAKEN] < taken.shape[0]:
            taken[mine[TAKEN], :] = entry
        mine[TAKEN] += 1
        for w in range(1, 8):
            mine[HISTORY] = rings.mix(mine[HISTORY], entry[w])
    word = rings.mix(mine[HISTORY], block)
    for i in range(BLOCK):
        for channel in range(CHANNELS):
            word = word * 6364136223846793005 + 1442695040888963407
            out[i, channel] = np.float32(word >> 40) / np.float32(1 << 23)
    return 0


@compiled
def turn(own, board, log, seals, ring, arena, other, checkpoints, slot, out, nothing):
    """One phase of a worker's loop. False: it is stale."""
    at, others = slot * LINE, (1 - slot) * LINE
    if own[PHASE] == BEGIN:
        replica.lend(board, arena, other, others)
        if replica.owes(board, arena):
            if not replica.begin(board, log, seals, arena, at):
                return False
            own[PHASE] = RENDER
    elif own[PHASE] == RENDER:
        own[UNBOUND] = render(arena, load(board, PREPARED0 + at), arena[A_BLOCK], out, nothing)
        if own[UNBOUND] == 0:
            own[PHASE] = FINISH
    else:
        replica.finish(board, ring, arena, at, out)
        replica.take_checkpoint(board, arena, checkpoints, at, others, slot)
        own[PHASE] = BEGIN
    return True


@inline
def _asked(own, board, arena, slot):
    """Whether the slot has something to do."""
    if own[SERVING] == 0:
        return False
    if own[PHASE] == BEGIN:
        return load(board, WANT0 + (1 - slot) * LINE) == WANTED or replica.owes(board, arena)
    return own[PHASE] != RENDER or own[UNBOUND] <= load(board, PREPARED0 + slot * LINE)


@inline
def _occurs(own, board, arena, slot):
    occasion = own[OCCASION]
    if occasion == AT_SEAL:
        return own[PHASE] == BEGIN and replica.owes(board, arena)
    if occasion == AT_LEND:
        return own[PHASE] == BEGIN and load(board, WANT0 + (1 - slot) * LINE) == WANTED
    if occasion == AT_WRITE:
        return own[PHASE] == FINISH
    return occasion == AT_CHECKPOINT and own[PHASE] == FINISH and (arena[A_BLOCK] + 1) % replica.CHECKPOINT_BLOCKS == 0


@compiled
def play_period(device, board, desk, capture, records):
    """One period of the device, kept with what is known of it."""
    row, frames, offset = records[device[RECORDS]], device[SIZE], device[OFFSET]
    silent = board[SILENT]
    row[R_FROM], row[R_FRAMES], row[R_OFFSET] = board[HEARD], frames, offset
    gain = desk.view(np.float64)[D_GAIN]
    records[device[RECORDS], 5:6].view(np.float64)[0] = gain
    fill(desk, capture[offset : offset + 2 * frames], 2)
    row[R_TO], row[R_SILENT] = board[HEARD], board[SILENT] - silent
    device[RECORDS] += 1
    device[OFFSET] += 2 * frames


@compiled
def stretch(slots, device, until, board, log, seals, both, arenas, checkpoints, outs, desk, capture, records):
    """Until the device's clock stands at `until`, or somebody is to be looked at: DONE, or STALE or OCCURRED + slot."""
    nothing = records[:0, :]
    while device[CLOCK] + device[SIZE] <= until:
        if device[GIVEN] == 0:
            device[GIVEN] = 1
            for s in range(2):
                slots[s, CREDIT] += slots[s, SPEED] * device[SIZE]
        while True:
            s = random(device) & 1
            if not (slots[s, CREDIT] >= PRICE and _asked(slots[s], board, arenas[s], s)):
                s = 1 - s
                if not (slots[s, CREDIT] >= PRICE and _asked(slots[s], board, arenas[s], s)):
                    break
            if slots[s, OCCASION] != NEVER and _occurs(slots[s], board, arenas[s], s):
                return OCCURRED + s
            slots[s, CREDIT] -= PRICE
            if not turn(
                slots[s], board, log, seals, both[s], arenas[s], arenas[1 - s], checkpoints, s, outs[s], nothing
            ):
                return STALE + s
        for s in range(2):
            slots[s, CREDIT] = min(slots[s, CREDIT], 3 * PRICE)
        if device[PLAYS]:
            play_period(device, board, desk, capture, records)
        device[CLOCK] += device[SIZE]
        device[GIVEN] = 0
        if device[VARIES]:
            device[SIZE] = 1 + random(device) % (2 * device[PERIOD])
    return DONE


# ---------------------------------------------------------------- the audit


@compiled
def follow(arena, board, log, seals, reference, taken):
    """Renders, from the seals alone, every block that anybody has begun: what an engine without a fault would have played."""
    begun = max(board[BLOCK0], board[BLOCK0 + LINE], board[HEARD])  # block 0, whose seal may be 0
    while True:
        block = arena[A_BLOCK]
        found = seals[block % SEALS]
        if found >> 32 & 0xFFFFFFFF != block or (found == 0 and begun == 0) or block >= reference.shape[0]:
            return True
        tail = arena[A_CURSOR] + ((found - arena[A_CURSOR]) & 0xFFFFFFFF)
        if not pending.ingest(arena, log, tail, block * BLOCK):
            return False
        render(arena, 1 << 40, block, reference[block], taken)
        arena[A_BLOCK] = block + 1


@compiled
def differing(records, first, last, capture, reference):
    """The first period in which what was heard is not what should have been, -1 if all agree."""
    for k in range(first, last):
        row = records[k]
        if k > 0 and row[R_FROM] != records[k - 1, R_TO]:
            return k
        copied = row[R_FRAMES] - row[R_SILENT]
        if row[R_SILENT] > 0 and row[R_TO] - row[R_FROM] != copied:
            continue  # nobody lived: the clock ran on over what was silent
        if row[R_TO] - row[R_FROM] != copied:
            return k
        gain = records[k, 5:6].view(np.float64)[0]
        for i in range(copied):
            frame = row[R_FROM] + i
            if frame // BLOCK >= reference.shape[0]:
                return k
            if gain < 1.0:
                gain = min(gain + 1.0 / 64, 1.0)
            for channel in range(CHANNELS):
                should = np.float32(np.float64(reference[frame // BLOCK, frame % BLOCK, channel]) * gain)
                if capture[row[R_OFFSET] + 2 * i + channel] != should:
                    return k
    return -1


config.CACHE_DIR = _kernels
