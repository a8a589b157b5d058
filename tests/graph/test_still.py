"""What a kernel is told of its inputs is true: asked by a spy that stands before each kernel of patches that nobody would make."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from numba import cfunc, types

from chronus.dsp.kernel import HEAD, STILL, call_kernel, plane_i64
from chronus.graph import bound
from chronus.memory.layout import PROGRAMS
from chronus.memory.program import Instance, Program
from chronus.memory.words import row_i32, row_i64
from chronus.render.take import Take
from tests.kit.random_patches import RandomPatch, say

RATE = 44100
MODULES = 12
MOST, COLUMNS = PROGRAMS * 64, 8
WATCHED = np.zeros((MOST, COLUMNS), np.int64)
"""A row for each kernel of each program: its call table, its address, its inputs and lanes; how often it was told of an input, and how
often that was not true; how often the input was silent."""
TABLE, KERNEL, INPUTS, LANES, TOLD, LIES, SILENT = range(7)
PLACE = WATCHED.ctypes.data


@cfunc(types.void(types.int64, types.int64, types.int64), error_model="numpy")
def spy(table, start, frames):
    rows, call = plane_i64(PLACE, MOST, COLUMNS), row_i64(table, HEAD + 64)
    at = 0
    while rows[at, TABLE] != table:
        at += 1
    lanes = rows[at, LANES]
    for k in range(rows[at, INPUTS]):
        if call[STILL] >> k & 1:
            rows[at, TOLD] += 1
            signal = row_i32(call[HEAD + k] + start * lanes * 4, frames * lanes)
            apart = loud = 0
            for j in range(frames * lanes):
                both = signal[j] | signal[j % lanes]
                loud |= both & 0x7FFFFFFF  # a negative zero is zero
                apart |= 1 if signal[j] != signal[j % lanes] and both & 0x7FFFFFFF else 0
            rows[at, LIES] += apart
            rows[at, SILENT] += 1 if loud == 0 else 0
    call_kernel(rows[at, KERNEL], table, start, frames)


def watch(take: Take) -> None:
    """Puts the spy before each kernel of each program that is bound from now on."""
    bind, watched = take.bindings.bind, {}

    def bind_watched(program: Program, arena: int) -> None:
        bind(program, arena)
        words = take.bindings.table[program.number % PROGRAMS]
        kernels = (ctypes.c_int64 * len(program.instances)).from_address(int(words[bound.B_KERNELS]))
        width = int(words[bound.B_CALL_WIDTH])
        watched[program.number % PROGRAMS] = [
            (int(words[bound.B_CALLS]) + i * width * 8, kernels[i], row[Instance.INPUTS], row[Instance.LANES])
            for i, row in enumerate(program.instances)
        ]
        rows = [row for rows in watched.values() for row in rows]
        WATCHED[:, TABLE] = 0
        WATCHED[: len(rows), : LANES + 1] = rows
        for i in range(len(kernels)):
            kernels[i] = spy.address

    take.bindings.bind = bind_watched


@pytest.mark.parametrize("seed", range(4))
def test_no_kernel_is_told_of_an_input_that_moves(seed):
    take = Take(RATE, seed)
    watch(take)
    WATCHED[:] = 0
    patch = RandomPatch(take.conductor.catalogue, seed, MODULES)
    done = say(take, 0, patch.begin())
    for beat in range(40):
        # a few lines a beat, at odd frames, so that blocks are cut
        done += say(take, (beat + 1) * 5000, [patch.change() for _ in range(3)])
    take.render(42 * 5000)
    assert len(done) > MODULES
    assert WATCHED[:, TOLD].sum() > 10_000 and WATCHED[:, SILENT].sum() > 1000
    assert WATCHED[:, LIES].sum() == 0


def test_a_worker_that_is_given_another_arena_lays_everything_anew():
    """A replica that was stale goes on, with the programs that it had bound, from where the other one stands."""
    take, other = Take(RATE, 0), Take(RATE, 0)
    lines = ["load saw"]
    for one in (take, other):
        assert say(one, 0, lines) == lines
        say(one, RATE // 2, [])
    assert say(other, RATE // 2, ["set saw.gain 0"])
    other.go(RATE)
    assert not other.sound()[-1000:].any()
    take.memory.arena(0)[:] = other.memory.arena(0)
    take.memory.log[:], take.memory.board[:] = other.memory.log, other.memory.board
    take.bindings.arena_changed()
    take.frame = other.frame
    for one in (take, other):
        one.go(RATE + RATE // 4)
    assert not take.sound()[-1000:].any()
