"""What the device calls when it wants frames: the next block of the slot that is heard, or of the other one.

Rule 1: it is machine code: no interpreter, no allocation, no lock, no wait.
Rule 2: it reads the block that is due, never the newest one. Blocks follow one another without a gap or a repeat.
Rule 3: if the active slot lacks the block that is due and the other one has it, it switches: that is the failover.
Rule 4: the frame counter is the clock. If a slot lives but is late, the clock waits for it; if none lives, the clock runs on.
Rule 5: silence is counted, faded into and out of.
"""

from __future__ import annotations

import numpy as np
from numba import carray, types

from chronus.audio.ring import holds, samples
from chronus.dsp.atomics import address_of, load, store, system_call
from chronus.dsp.kernel import c_function, compiled, inline, plane_i64
from chronus.memory.layout import (
    ACTIVE,
    BLOCK,
    FADED,
    HEARD,
    LARGEST,
    LINE,
    MISSING,
    PERIODS,
    PLAYING,
    RING_BYTES,
    SILENT,
    STALLS,
    STATE0,
    STOPPING,
    SWITCHES,
    WORDS,
)  # fmt: skip

# the desk: int64 words of the host, whose address is the callback's user data
D_BOARD, D_RING0, D_RING1, D_SYSCALL, D_FUTEX, D_GAIN, D_LEFT, D_RIGHT = range(8)
"""Addresses of the board, the rings and libc's syscall; the number of futex; float64: the gain, the last sample of each side."""
DESK_WORDS = 16

GAP_FADE = 64
"""Frames over which sound falls silent when a block is missing, and comes back."""
FINAL_FADE = 882
"""Frames of the fade at the end: 20 ms at 44.1 kHz."""
UNDERFLOW = 4
"""paOutputUnderflow, among the flags that PortAudio hands to a callback."""
_FUTEX_WAKE = 1
_EVERYONE = 1 << 30


@compiled()
def fill(desk, out):
    """Fills `out` (frames * 2, interleaved float32) and moves the clock. The whole of the callback."""
    board = plane_i64(desk[D_BOARD], 1, WORDS).reshape(WORDS)
    ring0 = plane_i64(desk[D_RING0], 1, RING_BYTES // 8).reshape(RING_BYTES // 8)
    ring1 = plane_i64(desk[D_RING1], 1, RING_BYTES // 8).reshape(RING_BYTES // 8)
    floats = desk.view(np.float64)
    gain, left, right = floats[D_GAIN], floats[D_LEFT], floats[D_RIGHT]
    frames = out.shape[0] // 2
    heard = board[HEARD]
    stopping = load(board, STOPPING) > 0
    done = 0
    while done < frames:
        block, offset = heard // BLOCK, heard % BLOCK
        count = min(BLOCK - offset, frames - done)
        active = board[ACTIVE]
        found = holds(ring1, block) if active else holds(ring0, block)
        if not found and (holds(ring0, block) if active else holds(ring1, block)):
            found = True
            active = 1 - active
            store(board, ACTIVE, active)
            store(board, SWITCHES, board[SWITCHES] + 1)
        if found:
            place = samples(ring1, block) if active else samples(ring0, block)
            for i in range(count):
                left = np.float64(place[2 * (offset + i)])
                right = np.float64(place[2 * (offset + i) + 1])
                if stopping:
                    gain = max(gain - 1.0 / FINAL_FADE, 0.0)
                elif gain < 1.0:
                    gain = min(gain + 1.0 / GAP_FADE, 1.0)
                out[2 * (done + i)] = np.float32(left * gain)
                out[2 * (done + i) + 1] = np.float32(right * gain)
            heard += count
        else:
            lives = load(board, STATE0) == PLAYING or load(board, STATE0 + LINE) == PLAYING
            if lives:
                count = frames - done
            if offset == 0 or lives:
                store(board, MISSING, board[MISSING] + 1)
            store(board, SILENT, board[SILENT] + count)
            for i in range(count):
                gain = max(gain - 1.0 / GAP_FADE, 0.0)
                out[2 * (done + i)] = np.float32(left * gain)
                out[2 * (done + i) + 1] = np.float32(right * gain)
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


@inline
def count_stall(desk):
    """The device was not served in time: it says so itself, or its clock does."""
    board = plane_i64(desk[D_BOARD], 1, WORDS).reshape(WORDS)
    store(board, STALLS, board[STALLS] + 1)


def _portaudio(_input, output, frames, _time, flags, desk):  # type: ignore[no-untyped-def]
    """PaStreamCallback: 0 is paContinue."""
    words = carray(desk, DESK_WORDS)
    if flags & UNDERFLOW:
        count_stall(words)
    fill(words, carray(output, frames * 2))
    return np.int32(0)


SIGNATURE = types.int32(
    types.voidptr, types.CPointer(types.float32), types.uint64, types.voidptr, types.uint64, types.CPointer(types.int64)
)


def portaudio_callback() -> int:
    """The address of a PaStreamCallback whose user data is the address of a desk."""
    return int(c_function(SIGNATURE)(_portaudio).address)


def make_desk(board: np.ndarray, rings: tuple[np.ndarray, np.ndarray], syscall: int, futex: int) -> np.ndarray:
    """A desk for this process."""
    desk = np.zeros(DESK_WORDS, np.int64)
    desk[[D_BOARD, D_RING0, D_RING1, D_SYSCALL, D_FUTEX]] = [
        board.ctypes.data, rings[0].ctypes.data, rings[1].ctypes.data, syscall, futex,
    ]  # fmt: skip
    enter(desk, board)
    return desk


def enter(desk: np.ndarray, board: np.ndarray) -> None:
    """A rendering begins at full gain, its first frames are its own; one that is taken over from another host is faded into."""
    desk.view(np.float64)[D_GAIN] = 1.0 if board[HEARD] == 0 else 0.0
