"""Gives the device its frames: the next block of the active slot, or of the other one.

Rule 1: it is machine code: no interpreter, no allocation, no lock, no wait.
Rule 2: it reads the block that is due, never the newest one. Blocks follow one another without a gap or a repeat.
Rule 3: if the active slot lacks the block that is due and the other one has it, it takes that one, and switches: that is the failover.
        When both slots live and are late now and then, it must not switch back and forth: unless a worker died or was started
        since the last switch, it only borrows the block, and switches a minute later at the earliest.
Rule 4: the frame counter is the clock. If a slot lives but is late, the clock waits for it; if none lives, the clock runs on.
Rule 5: silence is counted, and faded into and out of. Where it begins, the alarm is rung, or the supervisor would look some 50 ms later.
        It ends when a slot holds all that is due in this call: a worker that has just come back lays its blocks one after the other; if
        the callback overtook it, a few of them would be heard and then nothing again.
Rule 6: where the supervisor prefers a slot, the callback switches as soon as that slot holds the block that is due, and not before.
Rule 7: the rings are stereo. A device of one channel gets both sides mixed; one of more than two has them on its first two, and silence on
        the others.
"""

from __future__ import annotations

import numpy as np
from numba import carray, types

from chronus.audio.ring import holds, samples
from chronus.dsp.kernel import c_function, compiled, inline
from chronus.memory.atomics import address_of, call_numbers, libc_syscall, load, store, system_call
from chronus.memory.layout import (
    ACTIVE,
    BLOCK,
    BLOCK0,
    BORROWED,
    CHANNELS,
    FADED,
    HEARD,
    LARGEST,
    LATE0,
    LINE,
    LOOKAHEAD,
    MISSING,
    PERIODS,
    PLAYING,
    PREFERRED,
    RATE,
    RING_BYTES,
    SILENT,
    STALLS,
    STARTED,
    STATE0,
    STOPPING,
    SWITCHES,
    WORDS,
)  # fmt: skip
from chronus.memory.words import floats_of, row_i64

# the desk: int64 words of the host, whose address is the callback's user data
D_BOARD, D_RING0, D_RING1, D_SYSCALL, D_FUTEX, D_GAIN, D_LEFT, D_RIGHT = range(8)
"""Addresses of the board, the rings and libc's syscall; the number of futex; float64: the gain, the last sample of each side."""
D_STARTED, D_SWITCHED, D_WAITING, D_ASKED, D_MOST = range(8, 13)
"""The workers started until the last switch (-1: none yet), and its frame; 1 while the host waits for its turn, and how many frames
the device asked for meanwhile, in all and at most."""
D_ALARM, D_WRITE, D_ONE, D_CHANNELS = range(13, 17)
"""The eventfd that wakes the supervisor, or -1; the number of write; 1, which is what is written; the channels that PortAudio is given."""
DESK_WORDS = 24

GAP_FADE = 64
"""Frames over which sound falls silent when a block is missing, and comes back."""
FINAL_FADE = 882
"""Frames of the fade at the end: 20 ms at 44.1 kHz."""
_UNDERFLOW = 4
"""paOutputUnderflow, among the flags that PortAudio hands to a callback."""
STEADY_SECONDS = 60
"""The least time between two switches from a slot that lives."""
_FUTEX_WAKE = 1
_EVERYONE = 1 << 30


@inline
def _switch(desk, board, slot, heard):
    store(board, ACTIVE, slot)
    store(board, SWITCHES, board[SWITCHES] + 1)
    desk[D_STARTED], desk[D_SWITCHED] = load(board, STARTED), heard


@inline
def _settled(desk, board, active, heard):
    """True if the slot that is heard lives, nobody was started since it was switched to, and that was not long ago."""
    lives = load(board, STATE0 + active * LINE) == PLAYING and load(board, STARTED) == desk[D_STARTED]
    return lives and heard - desk[D_SWITCHED] < STEADY_SECONDS * board[RATE]


@inline
def _count_late(board, block):
    """Counts a slot that plays and has not come to the block that is due."""
    for slot in range(2):
        if load(board, STATE0 + slot * LINE) == PLAYING and load(board, BLOCK0 + slot * LINE) <= block:
            store(board, LATE0 + slot * LINE, board[LATE0 + slot * LINE] + 1)


@inline
def _holds_all(ring, block, last):
    while block <= last and holds(ring, block):
        block += 1
    return block > last


@inline
def put(out, channels, frame, left, right):
    at = frame * channels
    if channels == 1:
        out[at] = np.float32(0.5 * (left + right))
        return
    out[at] = np.float32(left)
    out[at + 1] = np.float32(right)
    for k in range(2, channels):
        out[at + k] = np.float32(0.0)


@compiled
def fill(desk, out, channels):
    """Fills `out` (frames * channels, interleaved float32) and moves the clock. The whole of the callback."""
    board = row_i64(desk[D_BOARD], WORDS)
    ring0 = row_i64(desk[D_RING0], RING_BYTES // 8)
    ring1 = row_i64(desk[D_RING1], RING_BYTES // 8)
    floats = floats_of(desk)
    gain, left, right = floats[D_GAIN], floats[D_LEFT], floats[D_RIGHT]
    frames = out.shape[0] // channels
    heard = board[HEARD]
    stopping = load(board, STOPPING) > 0
    done, alarmed = 0, False
    while done < frames:
        block, offset = heard // BLOCK, heard % BLOCK
        count = min(BLOCK - offset, frames - done)
        active = source = board[ACTIVE]
        last = block
        if gain == 0.0 and not stopping:  # more than the lookahead no worker will have
            last += max(0, min((offset + frames - done - 1) // BLOCK, load(board, LOOKAHEAD) - 1))
        found = _holds_all(ring1, block, last) if active else _holds_all(ring0, block, last)
        others = _holds_all(ring0, block, last) if active else _holds_all(ring1, block, last)
        if offset == 0:
            _count_late(board, block)
        if others and offset == 0 and load(board, PREFERRED) == 2 - active:
            source = 1 - active
            _switch(desk, board, source, heard)
        elif others and not found:
            source = 1 - active
            if not _settled(desk, board, active, heard):
                _switch(desk, board, source, heard)
            elif offset == 0:
                store(board, BORROWED, board[BORROWED] + 1)
        if found or others:
            place = samples(ring1, block) if source else samples(ring0, block)
            for i in range(count):
                left = np.float64(place[2 * (offset + i)])
                right = np.float64(place[2 * (offset + i) + 1])
                if stopping:
                    gain = max(gain - 1.0 / FINAL_FADE, 0.0)
                elif gain < 1.0:
                    gain = min(gain + 1.0 / GAP_FADE, 1.0)
                put(out, channels, done + i, left * gain, right * gain)
            heard += count
        else:
            alarmed = alarmed or gain == 1.0
            lives = load(board, STATE0) == PLAYING or load(board, STATE0 + LINE) == PLAYING
            if lives:
                count = frames - done
            if offset == 0 or lives:
                store(board, MISSING, board[MISSING] + 1)
            store(board, SILENT, board[SILENT] + count)
            for i in range(count):
                gain = max(gain - 1.0 / GAP_FADE, 0.0)
                put(out, channels, done + i, left * gain, right * gain)
            if not lives:
                heard += count
        done += count
    floats[D_GAIN], floats[D_LEFT], floats[D_RIGHT] = gain, left, right
    if stopping and gain == 0.0:
        store(board, FADED, 1)
    store(board, LARGEST, max(board[LARGEST], frames))
    store(board, PERIODS, board[PERIODS] + 1)
    store(board, HEARD, heard)
    system_call(desk[D_SYSCALL], desk[D_FUTEX], address_of(board, HEARD), _FUTEX_WAKE, _EVERYONE, 0)
    if alarmed and desk[D_ALARM] >= 0:
        system_call(desk[D_SYSCALL], desk[D_WRITE], desk[D_ALARM], address_of(desk, D_ONE), 8, 0)


@inline
def count_stall(desk):
    """The device was not served in time: it says so itself, or its clock does."""
    board = row_i64(desk[D_BOARD], WORDS)
    store(board, STALLS, board[STALLS] + 1)


@inline
def waits(desk, out, frames, flags):
    """True while another host plays: then the device gets silence, and the board is left alone. Else counts what `flags` say."""
    if load(desk, D_WAITING) == 0:
        if flags & _UNDERFLOW:
            count_stall(desk)
        return False
    for i in range(out.shape[0]):
        out[i] = 0.0
    desk[D_MOST] = max(desk[D_MOST], frames)
    store(desk, D_ASKED, desk[D_ASKED] + frames)
    return True


def _portaudio(_input, output, frames, _time, flags, desk):  # type: ignore[no-untyped-def]
    """PaStreamCallback: 0 is paContinue."""
    words = carray(desk, DESK_WORDS)
    channels, count = words[D_CHANNELS], np.int64(frames)
    out = carray(output, count * channels)
    if not waits(words, out, count, flags):
        fill(words, out, channels)
    return np.int32(0)


SIGNATURE = types.int32(
    types.voidptr, types.CPointer(types.float32), types.uint64, types.voidptr, types.uint64, types.CPointer(types.int64)
)


def portaudio_callback() -> int:
    """The address of a PaStreamCallback whose user data is the address of a desk."""
    return int(c_function(SIGNATURE)(_portaudio).address)


def make_desk(board: np.ndarray, rings: tuple[np.ndarray, np.ndarray], alarm: int = -1) -> np.ndarray:
    """A desk for this process, which waits for its turn. `alarm`: an eventfd that does not block."""
    desk, call = np.zeros(DESK_WORDS, np.int64), call_numbers()
    desk[[D_BOARD, D_RING0, D_RING1, D_SYSCALL, D_FUTEX, D_ALARM, D_WRITE, D_ONE]] = [
        board.ctypes.data, rings[0].ctypes.data, rings[1].ctypes.data, libc_syscall(), call.futex, alarm, call.write, 1,
    ]  # fmt: skip
    desk[D_STARTED] = -1
    desk[D_WAITING] = 1
    desk[D_CHANNELS] = CHANNELS
    desk.view(np.float64)[D_GAIN] = 1.0
    return desk


def enter(desk: np.ndarray, board: np.ndarray) -> None:
    """Its turn has come. A rendering begins at full gain, its first frames are its own; one that another host began is faded into."""
    desk.view(np.float64)[D_GAIN] = 1.0 if board[HEARD] == 0 else 0.0
    desk[D_WAITING] = 0
