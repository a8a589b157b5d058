"""IPC-03, shared audio memory: zero copy, less than 0.1 ms for 256 frames, less than 0.01 ms to hand one on, 10 s without underrun or
corruption, 4 channels.

Two real processes on one memory: one lays blocks into the rings of both slots (two channels each) as workers do, this one takes them out
with the callback itself. They go as fast as they can, so 10 s of sound take less, and both are at work on the rings all the while.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from chronus.audio import callback, ring
from chronus.dsp.kernel import compiled
from chronus.memory.atomics import load, store
from chronus.memory.layout import (
    BLOCK,
    CHANNELS,
    HEARD,
    MISSING,
    REPEATED,
    RING_BLOCKS,
    RING_HEAD,
    RING_STRIDE,
    RINGS,
    SILENT,
    Memory,
)  # fmt: skip
from tests.kit.machine import seconds_of
from tests.kit.neighbour import neighbour, noise, wait_for

RATE, PERIOD, SECONDS = 44100, 256, 10
TIMES = 2000


def test_ten_seconds_of_four_channels_pass_from_process_to_process_without_underrun_or_corruption(held):
    corrupt = blocks = 0
    with neighbour("rings") as (memory, process):
        desk = callback.make_desk(memory.board, (memory.ring(0), memory.ring(1)))
        out, other = np.zeros(CHANNELS * PERIOD, np.float32), memory.ring(1)
        for _ in range(SECONDS * RATE // PERIOD):
            first = memory.word(HEARD) // BLOCK
            wait_for(memory, first + PERIOD // BLOCK)
            of_other = [laid_in(other, first + k) for k in range(PERIOD // BLOCK)]
            callback.fill(desk, out, CHANNELS)
            for k, (number, theirs) in enumerate(of_other):
                ours = out[CHANNELS * BLOCK * k : CHANNELS * BLOCK * (k + 1)]
                right = number == first + k + 1 and theirs == noise(1, first + k).tobytes()
                corrupt += not right or ours.tobytes() != noise(0, first + k).tobytes()
                blocks += 1
        process.stdin.close()
        laid = int(process.stdout.readline())
        counted = [memory.word(name) for name in (MISSING, SILENT, REPEATED)]
    assert laid >= blocks == SECONDS * RATE // PERIOD * PERIOD // BLOCK
    held("blocks of four channels passed on", blocks)
    held("of them corrupt", corrupt, "", most=0)
    held("blocks missing or repeated, frames silent", sum(counted), "", most=0)


def laid_in(words: np.ndarray, block: int) -> tuple[int, bytes]:
    """(the number that stands at the place of a block, its samples), as they lie in a ring."""
    at = block % RING_BLOCKS * RING_STRIDE // 8
    head, end = at + RING_HEAD, at + RING_STRIDE // 8
    return int(words[at + ring.NUMBER]), words[head:end].tobytes()


def test_nothing_is_copied_on_the_way():
    """What one process writes stands in the other one's memory, where its callback reads it; they say nothing to each other but `ready`."""
    with neighbour("rings") as (memory, process):
        wait_for(memory, 4)
        ((inode, place),) = mapped(process.pid).items()
        assert mapped(os.getpid())[inode] == memory.bytes.ctypes.data
        memory.ring(0)[3 * RING_STRIDE // 8 + RING_HEAD] ^= 1
        with open(f"/proc/{process.pid}/mem", "rb") as there:
            there.seek(place + RINGS + 3 * RING_STRIDE + RING_HEAD * 8)
            seen = there.read(BLOCK * CHANNELS * 4)
    assert seen == laid_in(memory.ring(0), 3)[1] != noise(0, 3).tobytes()


def mapped(pid: int) -> dict[str, int]:
    """The shared memories that a process has mapped: inode -> at which address of its own."""
    lines = [line.split() for line in Path(f"/proc/{pid}/maps").read_text().splitlines() if "memfd:chronus" in line]
    return {line[4]: int(line[0].partition("-")[0], 16) for line in lines}


@compiled
def hand_on(words, at, times):
    """A block's number is stored as its writer does, and looked for as the callback does, so many times."""
    found = 0
    for n in range(times):
        store(words, at, n + 1)
        found += load(words, at) == n + 1
    return found


def test_a_period_costs_less_than_a_tenth_of_a_millisecond(held):
    """In processor time, the quickest of five rounds (tests/kit/machine.py): into the ring, out of it, and only to hand it on."""
    memory, block = Memory(), noise(0, 0)
    desk = callback.make_desk(memory.board, (memory.ring(0), memory.ring(1)))
    out, words = np.zeros(CHANNELS * PERIOD, np.float32), memory.ring(0)
    begun = 0

    def there_and_back() -> None:
        nonlocal begun
        for _ in range(TIMES):
            for number in range(begun, begun + PERIOD // BLOCK):
                ring.write(words, number, block, 0)
            callback.fill(desk, out, CHANNELS)
            begun += PERIOD // BLOCK

    took = seconds_of(there_and_back) / TIMES
    assert memory.word(MISSING) == 0 and out[: BLOCK * CHANNELS].tobytes() == block.tobytes()
    handed = seconds_of(lambda: hand_on(words, 0, TIMES)) / TIMES
    assert hand_on(words, 0, TIMES) == TIMES
    held("256 frames into the ring and out of it", took * 1e3, "ms", most=0.1)
    held("to hand a block on", handed * 1e3, "ms", most=0.01)
