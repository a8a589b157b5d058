"""The compiled loops, run for nothing on a memory of nobody: that loads them, from the cache or by compiling them."""

from __future__ import annotations

import numpy as np

from chronus.audio import callback, null, resample
from chronus.graph.block import block_address
from chronus.graph.bound import BOUND_WORDS
from chronus.memory import layout
from chronus.memory.layout import Memory
from chronus.worker import replica, unpaced


def rehearse() -> None:
    """After this, all loops are machine code in this process, and in every process forked from it."""
    block_address()
    loops()
    callbacks()


def loops() -> None:
    """Those around a block: of a worker, and offline."""
    memory = Memory()
    bounds = np.zeros((layout.PROGRAMS, BOUND_WORDS), np.int64)
    out = np.zeros((layout.BLOCK, layout.CHANNELS), np.float32)
    desk = np.zeros(replica.DESK_WORDS, np.int64)
    desk[replica.W_QUIT] = 1
    replica.serve(
        desk,
        memory.board,
        memory.log,
        memory.seals,
        memory.ring(0),
        memory.arena(0),
        memory.arena(1),
        memory.checkpoints(),
        bounds,
        0,
        out,
    )
    unpaced.render(0, memory.board, memory.log, memory.arena(0), bounds, 0, out)
    replica.lay_snapshot(
        memory.arena(0), memory.arena(1)
    )  # a worker that goes back to a checkpoint calls it by itself: 15 ms, once


def callbacks() -> None:
    """What a device calls: PortAudio's, the same resampled, the null device's."""
    memory = Memory()
    callback.portaudio_callback()
    resample.portaudio_callback()
    rings = (memory.ring(0), memory.ring(1))
    null.rehearse(callback.make_desk(memory.board, rings))
