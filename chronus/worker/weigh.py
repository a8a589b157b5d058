"""Measures what a kernel costs on this machine while it is struck, while it sounds and in silence: nanoseconds a block, parameters at rest.

The kernel is called as the graph calls it: by a compiled loop, denormal numbers being zero. The least of many rounds counts: whatever
else the machine does meanwhile only adds to it.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from chronus.dsp.kernel import (
    HEAD,
    MEMORY,
    MEMORY_ROWS,
    RATE,
    SEED,
    STATE,
    STATE_ROWS,
    STILL,
    TABLE_WORDS,
    Kernel,
    call_kernel,
    compiled,
)
from chronus.graph.denormals import flush_denormals, put_back
from chronus.memory.layout import BLOCK

_RATE = 44100
_BLOCKS, _ROUNDS = 16, 40
_SECOND = _RATE // BLOCK
_SOON = 14
"""Blocks after the beginning of a note in which whatever dies away is at its loudest: 20 ms."""
_FAINT = 10 ** (-90 / 20)


class Cost(NamedTuple):
    """Nanoseconds a block of 64 frames, all lanes together.

    `struck`: a note begins in each block; None for what takes no notes. `held`: half a second into a note, or 20 ms into one that dies
    away by itself. `silent`: ten seconds after the last note, and nothing comes in.
    """

    struck: float | None
    held: float
    silent: float

    @property
    def sounding(self) -> float:
        return max(self.struck or 0.0, self.held)

    @property
    def most(self) -> float:
        return max(self.sounding, self.silent)


def weigh(kernel: Kernel, lanes: int) -> float:
    """Returns the nanoseconds of a block in the state in which it costs most."""
    scales = Scales(kernel, lanes)
    for _ in range(_ROUNDS):
        scales.round()
    return scales.cost().most


class Scales:
    """An instance of a kernel in each of these states. `round` times each of them once, `cost` tells of the least of all rounds."""

    def __init__(self, kernel: Kernel, lanes: int) -> None:
        self._instance = one = _Instance(kernel, lanes)
        self._moods: dict[str, tuple[float, np.ndarray, int]] = {"nothing": (0.0, one.state.copy(), 0)}
        self._least: dict[str, int] = {}
        one.play(2.0, 1)
        soon = one.play(1.0, _SOON), one.state.copy()
        later = one.play(1.0, _SECOND // 2), one.state.copy()
        state = later[1] if not kernel.spec.has_gate() or later[0] > _FAINT * soon[0] else soon[1]
        self._moods["held"] = 1.0, state, _BLOCKS
        if kernel.spec.has_gate():
            self._moods["struck"] = 2.0, state, _BLOCKS
        one.play(0.0, 10 * _SECOND)
        self._moods["silent"] = 0.0, one.state.copy(), _BLOCKS

    def round(self) -> None:
        for name, (gate, state, blocks) in self._moods.items():
            took = self._instance.timed(gate, state, blocks)
            self._least[name] = min(took, self._least.get(name, took))

    def cost(self) -> Cost:
        each = {name: max(0, took - self._least["nothing"]) / _BLOCKS for name, took in self._least.items()}
        return Cost(each.get("struck"), each["held"], each["silent"])


class _Instance:
    """State, signals and the call table of one instance. What has a pitch plays another one in each lane, an octave in all."""

    def __init__(self, kernel: Kernel, lanes: int) -> None:
        spec = kernel.spec
        self._address = kernel.address(lanes)
        self._noise = np.random.default_rng(1).uniform(-0.25, 0.25, (BLOCK, lanes)).astype(np.float32)
        velocity, nothing = np.ones((BLOCK, lanes), np.float32), np.zeros((BLOCK, lanes), np.float32)
        self._gate, self._source = np.zeros((BLOCK, lanes), np.float32), np.zeros((BLOCK, lanes), np.float32)
        feeds = {"audio": self._source, "gate": self._gate, "velocity": velocity}
        ins = [feeds.get(port.role, nothing) for port in spec.ins]
        self._outs = [np.zeros((BLOCK, lanes), np.float32) for _ in spec.outs]
        params = [np.full((BLOCK, lanes), param.default, np.float32) for param in spec.params]
        for param, signal in zip(spec.params, params, strict=True):
            if param.pitch:
                signal *= 2 ** (np.arange(lanes) / lanes)
        self.state = np.zeros((max(1, spec.state), lanes))
        memory = np.zeros((max(1, spec.memory_rows(_RATE)), lanes), np.float32)
        tables = [kernel.table(t.name) if t.source == "code" else self._noise for t in spec.tables]
        first_table = HEAD + len(ins) + len(self._outs) + len(params)
        self._table = np.zeros(first_table + TABLE_WORDS * len(tables), np.int64)
        self._table[[STATE, STATE_ROWS, MEMORY, MEMORY_ROWS, SEED, RATE]] = [
            self.state.ctypes.data, self.state.shape[0], memory.ctypes.data, memory.shape[0], 1, _RATE,
        ]  # fmt: skip
        self._table[HEAD:first_table] = [signal.ctypes.data for signal in (*ins, *self._outs, *params)]
        self._table[first_table:] = [word for table in tables for word in (table.ctypes.data, *table.shape)]
        self._ins, self._held = ins, (params, memory, tables)  # what the addresses lead to

    def _feed(self, gate: float) -> None:
        """Holds the gate at a level, 2 for a note that begins in each block; no gate, no input."""
        self._gate[:] = min(gate, 1.0)
        self._gate[0] = gate
        self._source[:] = self._noise if gate else 0.0
        self._table[STILL] = sum(1 << k for k, signal in enumerate(self._ins) if (signal == signal[0]).all())

    def play(self, gate: float, blocks: int) -> float:
        """Renders and returns the peak of the last block."""
        self._feed(gate)
        _calls(self._address, self._table.ctypes.data, blocks)
        return max(float(np.abs(out).max()) for out in self._outs)

    def timed(self, gate: float, state: np.ndarray, blocks: int) -> int:
        """Returns the nanoseconds of some blocks that begin in a certain state."""
        self._feed(gate)
        self.state[:] = state
        began = time.perf_counter_ns()
        _calls(self._address, self._table.ctypes.data, blocks)
        return time.perf_counter_ns() - began


@compiled
def _calls(address, table, times):  # type: ignore[no-untyped-def]
    mode = flush_denormals()
    for _ in range(times):
        call_kernel(address, table, 0, BLOCK)
    put_back(mode)
