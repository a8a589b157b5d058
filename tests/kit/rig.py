"""One kernel alone on the bench: signals in, signals out, no graph around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numba import njit

from chronus.dsp.kernel import HEAD, STILL, TABLE_WORDS, Kernel, call_kernel

BLOCK = 64
NOISE = np.random.default_rng(1).uniform(-0.5, 0.5, (4000, 2)).astype(np.float32)
WORDS = np.array([[ord(c)] for c in "some words"], np.float32)
"""What a kernel reads where a test gives it no file, and no text."""


@njit
def _run(address, table, place, signals, row, edges, stirs, told):
    """Calls a kernel for each stretch between two edges, with every signal pointed to at the beginning of its block.

    `stirs[k, frame]` is true where input `k` is not what it was a frame before; where it never is, the kernel is told so if `told`.
    """
    for k in range(len(edges) - 1):
        start, end = edges[k], edges[k + 1]
        block = start - start % BLOCK
        for port in range(len(signals)):
            table[HEAD + port] = signals[port] + block * row
        table[STILL] = 0
        for port in range(len(stirs)):
            if told and not stirs[port, start + 1 : end].any():
                table[STILL] |= 1 << port
        call_kernel(address, place, start - block, end - start)


class Rig:
    """Holds state and memory of one instance; `render` goes on where the last one stopped."""

    def __init__(
        self, kernel: Kernel, *, lanes: int | None = None, rate: float = 44100, seed: int = 1,
        tables: Mapping[str, np.ndarray] | None = None,
    ) -> None:  # fmt: skip
        """`tables`: in the place of NOISE for a file and WORDS for a text."""
        self.kernel, self.spec = kernel, kernel.spec
        self.lanes = lanes or self.spec.lanes[0]
        self.rate = rate
        self.state = np.zeros((max(1, self.spec.state), self.lanes))
        self.memory = np.zeros((max(1, self.spec.memory_rows(rate)), self.lanes), np.float32)
        self.seed = seed
        self.address = kernel.address(self.lanes)
        stand_in = {"code": kernel.table, "file": lambda name: NOISE, "text": lambda name: WORDS}
        given = tables or {}
        self.tables = [given[t.name] if t.name in given else stand_in[t.source](t.name) for t in kernel.spec.tables]
        assert all(table.dtype == np.float32 and table.ndim == 2 and table.flags.c_contiguous for table in self.tables)

    def render(
        self,
        frames: int,
        params: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
        cuts: Sequence[int] = (),
        moving: bool | None = None,
        told: bool = True,
    ) -> dict[str, np.ndarray]:
        """Output name -> float32 (frames, lanes).

        A param or input is a number, an array (frames,) or (frames, lanes); an input that is normal to another one is as that
        one unless it is given. `cuts` are extra frames at which a block is cut in pieces. `moving` forces all moving bits
        (default: set where an array was given for the param). `told`: whether the kernel is told which inputs are still.
        """
        params, inputs = dict(params or {}), dict(inputs or {})
        unknown = set(params) - {p.name for p in self.spec.params} | set(inputs) - {p.name for p in self.spec.ins}
        assert not unknown, f"no such param or input: {unknown}"
        padded = -(-frames // BLOCK) * BLOCK

        def signal(value: Any) -> np.ndarray:
            full = np.zeros((padded, self.lanes), np.float32)
            array = np.asarray(value, np.float32)
            full[:frames] = array[:, None] if array.ndim == 1 else array
            full[frames:] = full[frames - 1]
            return full

        ins = [signal(inputs.get(port.name, inputs.get(port.normal, 0.0))) for port in self.spec.ins]
        outs = [np.zeros((padded, self.lanes), np.float32) for _ in self.spec.outs]
        pars, bits = [], 0
        for k, param in enumerate(self.spec.params):
            value = params.get(param.name, param.default)
            if isinstance(value, str):
                value = param.words.index(value)
            if np.ndim(value) > 0 if moving is None else moving:
                bits |= 1 << k
            pars.append(signal(value))
        edges = sorted({*range(0, frames, BLOCK), *(c for c in cuts if 0 < c < frames), frames})
        first_table = HEAD + len(ins) + len(outs) + len(pars)
        table = np.zeros(first_table + TABLE_WORDS * len(self.tables), np.int64)
        table[first_table:] = [word for one in self.tables for word in (one.ctypes.data, *one.shape)]
        table[:7] = [
            self.state.ctypes.data, self.state.shape[0], self.memory.ctypes.data, self.memory.shape[0], bits, self.seed,
            int(self.rate),
        ]  # fmt: skip
        stirs = np.zeros((len(ins), padded), np.bool_)
        for k, array in enumerate(ins):
            stirs[k, 1:] = (array[1:] != array[:-1]).any(axis=1)
        signals = np.array([array.ctypes.data for array in (*ins, *outs, *pars)], np.int64)
        _run(self.address, table, table.ctypes.data, signals, self.lanes * 4, np.array(edges, np.int64), stirs, told)
        return {port.name: outs[k][:frames] for k, port in enumerate(self.spec.outs)}
