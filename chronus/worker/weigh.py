"""Measures what a kernel costs on this machine while it sounds: nanoseconds a block, with parameters at rest and only its sound patched.

The kernel is called as the graph calls it, but from Python, for 64 frames and for none; the difference is its cost. The least of many
differences counts: whatever else the machine does meanwhile only adds to it.
"""

from __future__ import annotations

import ctypes
import time

import numpy as np

from chronus.dsp.kernel import HEAD, MEMORY, MEMORY_ROWS, RATE, STATE, STATE_ROWS, TABLE_WORDS, Kernel
from chronus.memory.layout import BLOCK

_RATE = 44100
_BLOCKS, _TRIES = 16, 40


def weigh(kernel: Kernel, lanes: int) -> float:
    """Returns the nanoseconds of a block of 64 frames."""
    spec = kernel.spec
    noise = np.random.default_rng(1).uniform(-0.1, 0.1, (BLOCK, lanes)).astype(np.float32)
    gate = np.ones((BLOCK, lanes), np.float32)
    gate[0] = 1.0 if spec.drone else 2.0  # what dies away by itself is struck anew in each block
    feeds = {"audio": noise, "gate": gate, "velocity": np.ones((BLOCK, lanes), np.float32)}
    nothing = np.zeros((BLOCK, lanes), np.float32)
    ins = [feeds.get(port.role, nothing) for port in spec.ins]
    outs = [np.zeros((BLOCK, lanes), np.float32) for _ in spec.outs]
    params = [np.full((BLOCK, lanes), param.default, np.float32) for param in spec.params]
    state = np.zeros((max(1, spec.state), lanes))
    memory = np.zeros((max(1, spec.memory_rows(_RATE)), lanes), np.float32)
    tables = [kernel.table(t.name) if t.source == "code" else noise for t in spec.tables]
    first_table = HEAD + len(ins) + len(outs) + len(params)
    call = np.zeros(first_table + TABLE_WORDS * len(tables), np.int64)
    call[[STATE, STATE_ROWS, MEMORY, MEMORY_ROWS, RATE]] = [
        state.ctypes.data, state.shape[0], memory.ctypes.data, memory.shape[0], _RATE,
    ]  # fmt: skip
    call[HEAD:first_table] = [signal.ctypes.data for signal in (*ins, *outs, *params)]
    call[first_table:] = [word for table in tables for word in (table.ctypes.data, *table.shape)]
    render = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(kernel.address(lanes))
    at = call.ctypes.data

    def least(frames: int) -> int:
        took = []
        for _ in range(_TRIES):
            began = time.perf_counter_ns()
            for _ in range(_BLOCKS):
                render(at, 0, frames)
            took.append(time.perf_counter_ns() - began)
        return min(took)

    least(BLOCK)
    return max(0.0, (least(BLOCK) - least(0)) / _BLOCKS)
