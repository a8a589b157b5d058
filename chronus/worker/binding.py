"""Turns a program into addresses: a worker does so in the background before the log tells it to swap."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chronus.dsp.kernel import HEAD, MEMORY, MEMORY_ROWS, RATE, SEED, STATE, STATE_ROWS, TABLE_WORDS, Kernel
from chronus.graph import bound
from chronus.memory.layout import BLOCK, PROGRAMS
from chronus.memory.program import Feed, Input, Instance, Param, Program
from chronus.memory.shelf import EMPTY, Key, Shelf

CONSTANTS = BLOCK * 64
"""float32 in a block of the widest buffer: one such block of zeros and one of ones stand behind a program's buffers."""


class Bindings:
    """Makes programs ready for this worker. `table` is what the render loop reads: a row for each program, by number."""

    def __init__(self, kernels: Mapping[str, Kernel], rate: int, shelf: Shelf, clock: int = 0, taps: int = 0) -> None:
        """`shelf` has the tables that kernels read. `clock` is the address of a clock that modules are measured with; 0: they are not.
        `taps` is the address of the taps; 0: nothing is kept of the sound.
        """
        self.kernels, self.rate, self.shelf, self.clock, self.taps = kernels, rate, shelf, clock, taps
        self.table = np.zeros((PROGRAMS, bound.BOUND_WORDS), np.int64)
        self._kept: dict[int, tuple[np.ndarray, ...]] = {}

    def bind(self, program: Program, arena: int) -> None:
        """Makes `program` ready for an arena at address `arena`. Loads kernels that this process has not rendered with before.

        Where one is not on the disk it is compiled; in an engine's worker, which compiles nothing, that is NotCompiled.
        """
        buffers = np.full(
            program.buffers + 2 * CONSTANTS, 0.0, np.float32
        )  # np.zeros would leave the pages to the render loop
        buffers[program.buffers + CONSTANTS :] = 1.0
        rows, inputs, params, cables = (
            np.ascontiguousarray(t, np.int64)
            for t in (program.instances, program.inputs, program.params, program.cables)
        )
        calls = self._calls(program, rows, inputs, params, buffers.ctypes.data, arena)
        addresses = np.array(
            [self.kernels[program.names[r[Instance.NAME]]].address(int(r[Instance.LANES])) for r in rows], np.int64
        )
        full_inputs, full_params = np.zeros(len(inputs) + 1, np.int64), np.zeros(len(params) + 1, np.int64)
        rests, scratch = np.zeros(len(rows), np.int64), np.full((2 * BLOCK, 64), 0.0, np.float32)
        silent = np.zeros(len(buffers) // BLOCK, np.int64)
        silent[program.buffers // BLOCK : (program.buffers + CONSTANTS) // BLOCK] = 1
        row = self.table[program.number % PROGRAMS]
        row[bound.B_NUMBER] = 0
        row[1 : bound.B_TAPS + 1] = [
            len(rows), len(inputs), len(params), len(cables),
            rows.ctypes.data, inputs.ctypes.data, params.ctypes.data, cables.ctypes.data,
            calls.ctypes.data, calls.shape[1], addresses.ctypes.data, buffers.ctypes.data, program.master,
            full_inputs.ctypes.data, full_params.ctypes.data, program.used, scratch.ctypes.data,
            self.clock, rests.ctypes.data, 1, silent.ctypes.data, self.taps,
        ]  # fmt: skip
        kept = (
            rows, inputs, params, cables, calls, addresses, buffers, full_inputs, full_params, rests, scratch, silent,
        )  # fmt: skip
        self._kept[program.number % PROGRAMS] = kept
        row[bound.B_NUMBER] = program.number

    def arena_changed(self) -> None:
        """What was laid for the programs that are bound came from another arena: all of it is laid anew."""
        self.table[:, bound.B_TOUCHED] = 1

    def knows(self, program: Program) -> bool:
        """Whether this process has all kernels of `program`."""
        return all(self.kernels[program.names[r[Instance.NAME]]].has(int(r[Instance.LANES])) for r in program.instances)

    def kept(self) -> int:
        """Returns the bytes that bound programs take."""
        return sum(array.nbytes for arrays in self._kept.values() for array in arrays)

    def _calls(
        self, program: Program, rows: np.ndarray, inputs: np.ndarray, params: np.ndarray, buffers: int, arena: int
    ) -> np.ndarray:
        """Returns the call tables of all kernels: see dsp/kernel.py."""
        constants = program.buffers
        read = [program.keys(i) for i in range(len(rows))] if len(program.reads) else [[]] * len(rows)
        width = max(
            (
                r[Instance.INPUTS] + r[Instance.OUTPUTS] + r[Instance.PARAMS] + TABLE_WORDS * len(keys)
                for r, keys in zip(rows, read, strict=True)
            ),
            default=0,
        )
        calls = np.zeros((len(rows), HEAD + int(width)), np.int64)
        for call, r, keys in zip(calls, rows, read, strict=True):
            call[STATE] = arena + r[Instance.STATE_AT]
            call[STATE_ROWS] = r[Instance.STATE_ROWS]
            call[MEMORY] = arena + r[Instance.MEMORY_AT]
            call[MEMORY_ROWS] = r[Instance.MEMORY_ROWS]
            call[SEED], call[RATE] = r[Instance.SEED], self.rate
            at = HEAD
            for k in range(r[Instance.FIRST_INPUT], r[Instance.FIRST_INPUT] + r[Instance.INPUTS]):
                source = inputs[k, Input.SOURCE]
                if source == Feed.NOTHING:
                    call[at] = buffers + constants * 4
                elif source in (Feed.ONE, Feed.OPEN):
                    call[at] = buffers + (constants + CONSTANTS) * 4
                else:
                    call[at] = buffers + inputs[k, Input.BUFFER] * 4
                at += 1
            for o in range(r[Instance.OUTPUTS]):
                call[at] = buffers + (r[Instance.OUTPUT] + o * BLOCK * r[Instance.LANES]) * 4
                at += 1
            for k in range(r[Instance.FIRST_PARAM], r[Instance.FIRST_PARAM] + r[Instance.PARAMS]):
                call[at] = buffers + params[k, Param.BUFFER] * 4
                at += 1
            for key in keys:
                call[at : at + TABLE_WORDS] = self._table(key)
                at += TABLE_WORDS
        return calls

    def _table(self, key: Key) -> tuple[int, int, int]:
        """Returns where a table of the shelf is, with its pages mapped into this process."""
        place = self.shelf.find(key) or EMPTY
        self.shelf.touch(place)
        return self.shelf.address + place.at, place.rows, place.columns
