"""Runs the compiled loops once, on a memory that nobody uses: that loads them, or compiles them where the process may compile."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chronus.audio import callback, null, resample
from chronus.graph.block import block_address
from chronus.graph.bound import BOUND_WORDS
from chronus.memory import layout
from chronus.memory.layout import Memory
from chronus.worker import replica, unpaced


def rehearse() -> None:
    """Loads or compiles all loops: after this they are machine code in this process, and in every process forked from it."""
    for part in PARTS.values():
        part()


def _bounds() -> np.ndarray:
    return np.zeros((layout.PROGRAMS, BOUND_WORDS), np.int64)


def _out() -> np.ndarray:
    return np.zeros((layout.BLOCK, layout.CHANNELS), np.float32)


def _replica() -> None:
    memory = Memory()
    desk = np.zeros(replica.DESK_WORDS, np.int64)
    desk[replica.W_QUIT] = 1
    replica.serve(
        desk, memory.board, memory.log, memory.seals, memory.ring(0), memory.arena(0), memory.arena(1),
        memory.checkpoints(), _bounds(), 0, _out(),
    )  # fmt: skip


def _snapshot() -> None:
    """A worker that goes back to a checkpoint calls it by itself: 15 ms, once."""
    memory = Memory()
    replica.lay_snapshot(memory.arena(0), memory.arena(1))


def _unpaced() -> None:
    memory = Memory()
    unpaced.render(0, memory.board, memory.log, memory.arena(0), _bounds(), 0, _out())


def _null_device() -> None:
    memory = Memory()
    null.rehearse(callback.make_desk(memory.board, (memory.ring(0), memory.ring(1))))


PARTS: dict[str, Callable[[], object]] = {
    "graph": block_address,
    "replica": _replica,
    "resampled device": resample.portaudio_callback,
    "device": callback.portaudio_callback,
    "null device": _null_device,
    "trial": _unpaced,
    "snapshot": _snapshot,
}
"""What an engine cannot be without, by name, what takes longest first: a replica's block, the loops around it, what a device calls."""
