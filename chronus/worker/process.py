"""The worker process: serves one slot, from its first block or from the other slot's snapshot, until it ends.

The render loop runs in a thread that never asks for the interpreter; the main thread binds programs as control lays them down, and
loads machine code that they need from the disk. It compiles nothing: engine/foundry.py says how the code comes there.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from chronus.dsp.kernel import Kernel
from chronus.dsp.machinecode import NotCompiled
from chronus.graph.block import block_address
from chronus.memory import layout
from chronus.memory.atomics import call_numbers, libc_clock, libc_syscall
from chronus.memory.layout import (
    A_BLOCK,
    A_PROGRAM,
    A_USED,
    ARENA_BYTES,
    BLOCK,
    BLOCK0,
    CHANNELS,
    HEARD,
    INSTANCES,
    KEPT0,
    LINE,
    PREPARED0,
    PROGRAM,
    PROGRAMS,
    RATE,
    SLOTS,
    Memory,
)  # fmt: skip
from chronus.memory.program import Head, Instance, Program
from chronus.memory.shelf import Shelf
from chronus.system.urgency import RENDERING, REPAIRING, expendable, hurry, unhurried
from chronus.worker import replica
from chronus.worker.binding import Bindings
from chronus.worker.joining import Joining

FEWEST_APART = 4
"""Processors."""
_FUTEX_WAKE = 1
_POINTS = 800
"""For the system's choice of whom to end where memory runs out: workers first."""
_ROOM = 2 << 30
"""Bytes of address space that a worker may take beyond what it has when it begins; the largest programs need a quarter of that."""


class Worker:
    """Serves a slot, or will: until it runs it only reads the memory. Made ahead, it has the programs ready when it is asked for."""

    def __init__(self, memory: Memory, slot: int, kernels: Mapping[str, Kernel], shelf: Shelf) -> None:
        self.memory, self.slot = memory, slot
        taps = memory.bytes.ctypes.data + layout.TAPS
        self.bindings = Bindings(kernels, memory.word(RATE), shelf, libc_clock(), taps)
        self._tapped: set[tuple[int, int]] = set()
        memory.touch(layout.MASTER_TAP, layout.CHANNELS * layout.MASTER_PLANE)
        self.arena, self.other = memory.arena(slot), memory.arena(1 - slot)
        self.masks = masks(slot, os.sched_getaffinity(0))
        self.desk = self._desk()
        self.out = np.zeros((BLOCK, CHANNELS), np.float32)
        self.outcome = replica.ENDED
        for place in range(SLOTS):  # both arenas, as far as they are in use
            used = max(INSTANCES, int(memory.arena(place)[A_USED]))
            memory.touch(layout.ARENAS + place * ARENA_BYTES, min(used, ARENA_BYTES))
        self._bind(loaded=True)

    def _desk(self) -> np.ndarray:
        call = call_numbers()
        desk = np.zeros(replica.DESK_WORDS, np.int64)
        desk[[replica.W_SYSCALL, replica.W_BLOCK]] = [libc_syscall(), block_address()]
        desk[[replica.W_FUTEX, replica.W_SLEEP, replica.W_CLOCK]] = [
            call.futex,
            call.clock_nanosleep,
            call.clock_gettime,
        ]
        desk[[replica.W_CONFINE, replica.W_MASKS]] = [call.sched_setaffinity, self.masks.ctypes.data]
        desk[replica.W_ALONE] = -1
        return desk

    def run(self, wake: int) -> None:
        """Plays until the engine stops; rejoins whenever it finds itself stale. `wake` signals that there is a new program."""
        while True:
            self.join()
            self.bindings.arena_changed()
            self.bind_new()
            thread = threading.Thread(target=self._serve, daemon=True)
            thread.start()
            while thread.is_alive():
                if select.select([wake], [], [], 0.05)[0]:
                    os.read(wake, 8)
                    with unhurried():
                        self.bind_new()
            if self.outcome == replica.ENDED:
                return

    def join(self) -> None:
        """Waits until the arena stands where rendering is to go on: at the other slot's snapshot, or at a checkpoint."""
        joining = Joining(self.memory, self.slot, self._use_the_time)
        while not joining.look(time.monotonic()):
            time.sleep(0.0002)

    def _use_the_time(self) -> None:
        """The other slot sleeps until the clock moves on, which may be a period away: now it looks up at once. While it lays down what
        it was asked for, programs are bound."""
        address = ctypes.c_void_p(self.memory.board.ctypes.data + HEARD * 8)
        ctypes.CDLL(None).syscall(call_numbers().futex, address, _FUTEX_WAKE, SLOTS, None, None, 0)
        self.bind_new()

    def bind_new(self) -> None:
        """Binds every program that may be swapped in, and says so on the board."""
        newest = self._bind()
        self.memory.board[KEPT0 + self.slot * LINE] = self.bindings.kept()
        self.memory.board[PREPARED0 + self.slot * LINE] = newest

    def _bind(self, loaded: bool = False) -> int:
        """Binds from the program the arena plays to the newest. `loaded`: only what this process has the machine code of; else that is
        loaded from the disk. Returns the number of the last one that may be swapped in.

        Control lays no program whose kernels are not there. One whose file has vanished since is not bound, and control gives it up.
        """
        newest = self.memory.word(PROGRAM)
        oldest = max(1, int(self.arena[A_PROGRAM]), newest - PROGRAMS + 1)
        for number in range(oldest, newest + 1):
            words = self.memory.program(number)
            if words[Head.NUMBER] == number != self.bindings.table[number % PROGRAMS, 0]:
                program = Program.read(words)
                if not loaded or self.bindings.knows(program):
                    self._touch(program.used)
                    self._touch_taps(program)
                    with suppress(NotCompiled):
                        self.bindings.bind(program, self.arena.ctypes.data)
        bound = newest == 0 or self.bindings.table[newest % PROGRAMS, 0] == newest
        return newest if bound else newest - 1

    def _touch(self, used: int) -> None:
        """What a program needs of the own arena; and where its snapshots and checkpoints go, as long as those are taken in passing."""
        mine = layout.ARENAS + self.slot * ARENA_BYTES
        others = (layout.ARENAS + (1 - self.slot) * ARENA_BYTES, layout.CHECKPOINTS, layout.CHECKPOINTS + ARENA_BYTES)
        for arena in (mine, *(others if used <= replica.LARGEST_HELD_UP else ())):
            self.memory.touch(arena, used)

    def _touch_taps(self, program: Program) -> None:
        """Where the taps of the modules lie that this worker has not rendered yet."""
        rows = program.instances[:, [Instance.HANDLE, Instance.STEREO]]
        new = {(int(handle), int(stereo)) for handle, stereo in rows} - self._tapped
        for handle, stereo in new:
            size = layout.TAP_BYTES if stereo else layout.TAP_PLANES + layout.TAP_PLANE
            self.memory.touch(layout.TAPS + handle * layout.TAP_BYTES, size)
        self._tapped |= new

    def _serve(self) -> None:
        hurry(RENDERING)
        memory, slot = self.memory, self.slot
        memory.board[BLOCK0 + slot * LINE] = self.arena[A_BLOCK]
        self.outcome = replica.serve(
            self.desk, memory.board, memory.log, memory.seals, memory.ring(slot), self.arena, self.other,
            memory.checkpoints(), self.bindings.table, slot, self.out,
        )  # fmt: skip


def masks(slot: int, processors: Collection[int]) -> np.ndarray:
    """Returns masks of the processors: the half on which a slot renders while both play, and all. A bit each, (2, 16) int64.

    Below four the half is all of them: tied to one, a slot is late whenever somebody else has it, and would be replaced for that.
    """
    there = [one for one in sorted(processors) if one < 8 * replica.MASK_BYTES]
    half = there[: len(there) // 2] if slot == 0 else there[len(there) // 2 :]
    bits = np.zeros((2, 8 * replica.MASK_BYTES), np.uint8)
    bits[0, half if len(there) >= FEWEST_APART else there] = 1
    bits[1, there] = 1
    return np.packbits(bits, axis=1, bitorder="little").view(np.int64)


def main(worker: Worker, wake: int) -> None:
    hurry(REPAIRING, inherited=True)  # to be there soon; and gone soon, if it is killed
    expendable(_POINTS)
    _limit_memory()
    worker.run(wake)


def _limit_memory() -> None:
    """Limits memory, so that a worker that leaks dies before the machine suffers."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + _ROOM
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
