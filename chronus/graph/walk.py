"""Walks the program: lays what each module reads, calls its kernel, looks at what it has yielded.

A module that yields what cannot be sound is silenced for that piece and forgets its state; one that does so for long is muted.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.kernel import HEAD, RATE, call_kernel, compiled, local, plane_i64
from chronus.graph.bound import (
    B_AT_CABLES,
    B_AT_INPUTS,
    B_AT_INSTANCES,
    B_AT_PARAMS,
    B_CABLES,
    B_CALL_WIDTH,
    B_CALLS,
    B_CLOCK,
    B_INPUTS,
    B_INSTANCES,
    B_KERNELS,
    B_PARAMS,
    B_RESTS,
    B_TAPS,
    B_TOUCHED,
    CAB_FEEDBACK,
    CABLE_WIDTH,
    I_BYPASS,
    I_HANDLE,
    I_INCARNATION,
    I_INPUTS,
    I_LANES,
    I_OUTPUT,
    I_OUTPUTS,
    I_REGION,
    I_TOLD,
    I_VOICES,
    INPUT_WIDTH,
    INSTANCE_WIDTH,
    PARAM_WIDTH,
)
from chronus.graph.cables import keep
from chronus.graph.entries import forget
from chronus.graph.feeding import ALL_REST, hush, prepare
from chronus.graph.guard import call_silent, clear, is_sound
from chronus.graph.mixing import pass_by
from chronus.graph.tapping import tap
from chronus.graph.telling import tell
from chronus.memory.atomics import address_of, load, store, system_call
from chronus.memory.layout import (
    A_GUARDED,
    A_GUARDED_HANDLE,
    ACTIVE,
    BLOCK,
    COSTS,
    CULPRIT0,
    H_GUARDED,
    H_UNWELL,
    HANDLE_TABLE,
    HANDLE_WORDS,
    HANDLES,
    LINE,
    MUTED,
    N_EDGE,
    NOTE_WORDS,
    O_BLOCK,
    O_INCARNATION,
    OUT_TABLE,
    OUT_WORDS,
)
from chronus.memory.words import floats_of

MEASURED = 16
"""Of so many blocks one is measured, module by module."""
RELAPSE = 8
"""Being unwell counts so many times as much as being well: who yields NaN in a ninth of all frames or more is muted in the end."""


@compiled
def _nanoseconds(clock):
    """The monotonic time, of libc's clock_gettime at address `clock`: it needs no system call."""
    time = local(np.int64, 2)
    system_call(clock, 1, address_of(time, 0), 0, 0, 0)
    return time[0] * 1_000_000_000 + time[1]


@compiled
def _weigh(board, word, took):
    """A smooth mean of what a module takes."""
    known = board[word]
    board[word] = took if known == 0 else known + (took - known) // 8


@compiled
def _judge(arena, place, handle, well, frames, rate):
    """Counts how long a module has been unwell, or well again."""
    if not well:
        arena[A_GUARDED] += 1
        arena[A_GUARDED_HANDLE] = handle + 1
        arena[place + H_GUARDED] += 1
        arena[place + H_UNWELL] += RELAPSE * frames
        if arena[place + H_UNWELL] >= RELAPSE * rate:
            arena[place + H_UNWELL] = MUTED
    elif arena[place + H_UNWELL] > 0:
        arena[place + H_UNWELL] = max(0, arena[place + H_UNWELL] - frames)


@compiled
def _silence(arena, bound, instances, call, i, a, b):
    """Rows a..b of all outputs of instance `i` become zeros, and its state is forgotten."""
    lanes = instances[i, I_LANES]
    for o in range(instances[i, I_OUTPUTS]):
        clear(call[HEAD + instances[i, I_INPUTS] + o], a * lanes, (b - a) * lanes)
        call_silent(bound, instances[i, I_OUTPUT] + o * BLOCK * lanes, True)
    forget(arena, instances, i)


@compiled
def render_piece(arena, bound, board, culprit, a, b, block):
    """Renders frames a..b of a block: every module in order, but those that are taken out or muted.

    `board[culprit]` names the module being rendered. The store is an atomic one, which no compiler leaves out.
    """
    instances = plane_i64(bound[B_AT_INSTANCES], bound[B_INSTANCES], INSTANCE_WIDTH)
    inputs = plane_i64(bound[B_AT_INPUTS], bound[B_INPUTS], INPUT_WIDTH)
    params = plane_i64(bound[B_AT_PARAMS], bound[B_PARAMS], PARAM_WIDTH)
    cables = plane_i64(bound[B_AT_CABLES], bound[B_CABLES], CABLE_WIDTH)
    calls = plane_i64(bound[B_CALLS], bound[B_INSTANCES], bound[B_CALL_WIDTH])
    kernels = plane_i64(bound[B_KERNELS], bound[B_INSTANCES], 1)
    floats = floats_of(arena)
    slot = (culprit - CULPRIT0) // LINE
    costs = COSTS + slot * HANDLES
    clock = bound[B_CLOCK] if b - a == BLOCK and block % MEASURED == 0 else 0
    since = _nanoseconds(clock) if clock else 0
    rests = plane_i64(bound[B_RESTS], bound[B_INSTANCES], 1)
    taps = bound[B_TAPS] != 0 and load(board, ACTIVE) == slot
    touched = bound[B_TOUCHED] != 0
    bound[B_TOUCHED] = 0
    for i in range(bound[B_INSTANCES]):
        call = calls[i]
        # most modules find their inputs and parameters as they were a block ago; to look at each of them took as long as a filter
        if touched or rests[i, 0] != ALL_REST:
            rests[i, 0] = prepare(
                arena, bound, instances, inputs, params, cables, call, i, a, b, block, touched, rests[i, 0]
            )
        hush(bound, instances, inputs, call, i)
        if instances[i, I_TOLD] >= 0:
            tell(arena, bound, instances, inputs, cables, call, i, a, b, block)
        lanes, handle = instances[i, I_LANES], instances[i, I_HANDLE]
        place = HANDLE_TABLE // 8 + handle * HANDLE_WORDS
        row = OUT_TABLE + handle * OUT_WORDS
        taken_out = board[row + O_INCARNATION] == instances[i, I_INCARNATION] and block >= board[row + O_BLOCK]
        well = rendered = arena[place + H_UNWELL] != MUTED and not taken_out
        if rendered:
            store(board, culprit, handle + 1)
            call_kernel(kernels[i, 0], bound[B_CALLS] + i * bound[B_CALL_WIDTH] * 8, a, b - a)
            for o in range(instances[i, I_OUTPUTS]):
                at = call[HEAD + instances[i, I_INPUTS] + o] + a * lanes * 4
                sound = is_sound(bound, instances[i, I_OUTPUT] + o * BLOCK * lanes, at, (b - a) * lanes)
                well = well and sound
            if not well or arena[place + H_UNWELL] > 0:
                _judge(arena, place, handle, well, b - a, call[RATE])
        if not well:
            _silence(arena, bound, instances, call, i, a, b)
        if instances[i, I_BYPASS] >= 0:
            pass_by(bound, instances, call, i, a, b)
        if taps:
            tap(arena, bound, instances, i, a, b, block)
        if clock:
            now = _nanoseconds(clock)
            _weigh(board, costs + handle, now - since)
            since = now
    store(board, culprit, 0)
    if touched:
        for i in range(bound[B_INSTANCES]):
            for v in range(instances[i, I_VOICES]):
                floats[instances[i, I_REGION] // 8 + v * NOTE_WORDS + N_EDGE] = 0.0
    for c in range(bound[B_CABLES]):
        if cables[c, CAB_FEEDBACK] > 0:
            keep(arena, bound, cables, c, a, b, block)
