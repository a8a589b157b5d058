"""A process beside the test, on the same shared memory. `python -m tests.kit.neighbour ROLE DESCRIPTOR`.

    rings    is both workers, as far as the rings go: lays numbered blocks of noise into them, as far ahead of the clock as a worker does
    worker   is the worker of slot 0: the real render loop with an empty program

It says `ready`, and ends when its standard input does; `rings` then says how many blocks it laid.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np

from chronus.audio import ring
from chronus.memory import layout
from chronus.memory.layout import (
    BLOCK,
    BLOCK0,
    CHANNELS,
    HEARD,
    LINE,
    LOOKAHEAD,
    PLAYING,
    SLOTS,
    STATE0,
    STOPPING,
    Memory,
)
from chronus.memory.shelf import Shelf
from chronus.system.urgency import RENDERING, hurry
from chronus.worker import replica
from chronus.worker.process import Worker


def noise(slot: int, block: int) -> np.ndarray:
    """The samples of a block, other ones in each slot: four channels in all."""
    return _NOISE[slot] * np.float32(1 + block % 499)


_NOISE = np.random.default_rng(1).uniform(-1e-3, 1e-3, (SLOTS, BLOCK, CHANNELS)).astype(np.float32)


@contextlib.contextmanager
def neighbour(role: str) -> Iterator[tuple[Memory, subprocess.Popen[str]]]:
    """(the memory that both have, the process)."""
    descriptor = layout.create()
    memory = Memory(descriptor)
    memory.board[layout.RATE], memory.board[LOOKAHEAD] = 44100, 6
    for slot in range(SLOTS):
        memory.board[STATE0 + slot * LINE] = PLAYING
    command = [sys.executable, "-m", "tests.kit.neighbour", role, str(descriptor)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, pass_fds=(descriptor,))
    try:
        assert process.stdout and process.stdout.readline() == "ready\n"
        yield memory, process
    finally:
        process.kill()
        process.wait()
        for pipe_end in (process.stdin, process.stdout):
            pipe_end.close()
        os.close(descriptor)


def wait_for(memory: Memory, block: int, seconds: float = 10) -> None:
    """Until the last slot has come to a block."""
    deadline = time.monotonic() + seconds
    while min(memory.word(BLOCK0, slot) for slot in range(SLOTS)) < block:
        assert time.monotonic() < deadline, "nothing is laid into the rings"


def over() -> bool:
    """Whether nobody needs it any more."""
    return bool(select.select([sys.stdin], [], [], 0)[0])


def lay_rings(memory: Memory) -> None:
    rings, block = [memory.ring(slot) for slot in range(SLOTS)], 0
    while not over():
        while block < memory.word(HEARD) // BLOCK + memory.word(LOOKAHEAD):
            for slot in range(SLOTS):
                ring.write(rings[slot], block, noise(slot, block), block)
                memory.board[BLOCK0 + slot * LINE] = block + 1
            block += 1
    print(block, flush=True)


def work(memory: Memory) -> None:
    worker = Worker(memory, 0, {}, Shelf())
    worker.bind_new()

    def serve() -> None:
        hurry(RENDERING)
        replica.serve(
            worker.desk, memory.board, memory.log, memory.seals, memory.ring(0), worker.arena, worker.other,
            memory.checkpoints(), worker.bindings.table, 0, worker.out,
        )  # fmt: skip

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    sys.stdin.read()
    memory.board[STOPPING] = 2


def main() -> None:
    role, descriptor = sys.argv[1], int(sys.argv[2])
    memory = Memory(descriptor)
    print("ready", flush=True)
    {"rings": lay_rings, "worker": work}[role](memory)


if __name__ == "__main__":
    main()
