"""Renders one block of a replica: takes in the log's entries, cuts the block at their frames, walks the program.

Everything in this room is machine code and a pure function of (arena, entries, program). The arena holds all that the sound
depends on; the worker's own buffers only carry signals from kernel to kernel within a block, and are made anew from the
arena whenever they do not hold what they should.

Rule 1: nothing is allocated, nothing is asked of the system, no loop is without a bound.
Rule 2: smoothing of parameters (moving.py), fades of cables (cables.py) and the guard against NaN (guard.py) are done in this room, so
        no module does them.
Rule 3: what lies in the worker's own buffers is kept from block to block, as long as no entry is applied and nothing moves. Whoever puts
        another arena under a bound program says so (`Bindings.arena_changed`).
"""

from __future__ import annotations

from functools import cache

import llvmlite.ir as ir
import numpy as np
from numba import types
from numba.extending import intrinsic

from chronus.dsp.kernel import c_function, compiled, plane_f32, plane_i64
from chronus.graph.bound import B_BUFFERS, B_MASTER, BOUND_WORDS
from chronus.graph.denormals import flush_denormals, put_back
from chronus.graph.entries import FADE, apply_due, next_frame
from chronus.graph.guard import clear
from chronus.graph.moving import ease
from chronus.graph.walk import render_piece
from chronus.memory.atomics import address_of, store
from chronus.memory.layout import A_PANIC, A_PROGRAM, ARENA_BYTES, BLOCK, CULPRIT0, ENTRY0, PROGRAMS, WORDS
from chronus.memory.words import row_f32, row_i64

f32 = np.float32


@compiled
def render_block(arena, bounds, board, culprit, block, first, out):
    """Renders one block from frame `first` of it on into `out` (64, 2). Returns 64, or the frame at which it must wait.

    It must wait where a swap is due to a program that this worker has not bound yet; called again with that frame it goes on.
    """
    frame = block * BLOCK
    a = first
    while a < BLOCK:
        waits = apply_due(arena, bounds, board, culprit - CULPRIT0 + ENTRY0, frame + a) != 0
        store(board, culprit - CULPRIT0 + ENTRY0, 0)
        if waits:
            return a
        due = next_frame(arena)
        b = min(BLOCK, due - frame) if due >= 0 else BLOCK
        if arena[A_PROGRAM] == 0:
            clear(address_of(out, 0), 2 * a, 2 * (b - a))
        else:
            bound = bounds[arena[A_PROGRAM] % PROGRAMS]
            render_piece(arena, bound, board, culprit, a, b, block)
            # adding 0 makes every zero a positive one: -0.0 and 0.0 sound alike but are not the same bytes
            first, count = 2 * a, 2 * (b - a)
            master = row_f32(bound[B_BUFFERS] + (bound[B_MASTER] + first) * 4, count)
            heard = row_f32(address_of(out, 0) + first * 4, count)
            for j in range(count):
                heard[j] = master[j] + f32(0.0)
        if arena[A_PANIC] > 0:
            for r in range(a, b):
                t = (frame + r - (arena[A_PANIC] - 1)) / FADE
                gain = f32(1.0 - ease(min(max(t, 0.0), 1.0)))
                for side in range(2):
                    out[r, side] *= gain
        a = b
    return BLOCK


def _block(arena, bounds, board, culprit, block, first, out):
    """`render_block` by addresses, denormal numbers being zero."""
    mode = flush_denormals()
    done = render_block(
        row_i64(arena, ARENA_BYTES // 8),
        plane_i64(bounds, PROGRAMS, BOUND_WORDS),
        row_i64(board, WORDS),
        culprit,
        block,
        first,
        plane_f32(out, BLOCK, 2),
    )
    put_back(mode)
    return done


@cache
def block_address():
    """The address of machine code for `render_block`, to be called by `call_block`.

    Called directly it would be compiled into each loop that renders anew: the live one and the offline one took 14 s of
    the first start. This way they are also the same code to the byte.
    """
    return int(c_function(types.int64(*[types.int64] * 7))(_block).address)


@intrinsic
def call_block(typing, function, arena, bounds, board, culprit, block, first, out):  # type: ignore[no-untyped-def]
    """Calls what stands at `block_address()`: the addresses of arena, bounds and board, three numbers, the address of `out`."""
    i64 = ir.IntType(64)

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        kind = ir.FunctionType(i64, [i64] * 7)
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), args[1:])

    return types.int64(*[types.int64] * 8), generate
