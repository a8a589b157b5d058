"""Renders one block of a replica: takes in the log's entries, cuts the block at their frames, walks the program.

Everything here is machine code and a pure function of (arena, entries, program). The arena holds all that the sound
depends on; the worker's own buffers only carry signals from kernel to kernel within a block, and are made anew from the
arena whenever they do not hold what they should.

Rule 1: nothing is allocated, nothing is asked of the system, no loop is without a bound.
Rule 2: smoothing of parameters, fades of cables and the guard against NaN are done here, so no module does them.
"""

from __future__ import annotations

import math
from functools import cache

import llvmlite.ir as ir
import numpy as np
from numba import types
from numba.extending import intrinsic

from chronus.dsp.kernel import (
    HEAD,
    MOVING,
    RATE,
    c_function,
    call_kernel,
    compiled,
    inline,
    local,
    plane_f32,
    plane_i64,
)
from chronus.graph.bound import (
    B_AT_CABLES,
    B_AT_INPUTS,
    B_AT_INSTANCES,
    B_AT_PARAMS,
    B_BUFFERS,
    B_CABLES,
    B_CALL_WIDTH,
    B_CALLS,
    B_CLOCK,
    B_FULL_INPUTS,
    B_FULL_PARAMS,
    B_INPUTS,
    B_INSTANCES,
    B_KERNELS,
    B_MASTER,
    B_PARAMS,
    B_RESTS,
    B_SCRATCH,
    B_TOUCHED,
    BOUND_WORDS,
    CAB_AMOUNT,
    CAB_ECHO,
    CAB_FEEDBACK,
    CAB_HANDLE,
    CAB_LANES,
    CAB_SCALE,
    CAB_SOURCE,
    CAB_SOURCE_LANES,
    CAB_SOURCE_STEREO,
    CAB_STEREO,
    CABLE_WIDTH,
    FEED_BOTH,
    FEED_CABLES,
    FEED_DIRECT,
    FEED_GATE,
    FEED_ONE,
    FEED_OPEN,
    I_FIRST_INPUT,
    I_FIRST_PARAM,
    I_GATE_INPUT,
    I_HANDLE,
    I_INCARNATION,
    I_INPUTS,
    I_LANES,
    I_OUTPUTS,
    I_PARAMS,
    I_PITCH_PARAM,
    I_REGION,
    I_STEREO,
    I_TOLD,
    I_VOICES,
    IN_BUFFER,
    IN_CABLES,
    IN_FIRST,
    IN_NOTES,
    IN_SOURCE,
    INPUT_WIDTH,
    INSTANCE_WIDTH,
    PAR_BUFFER,
    PAR_CABLES,
    PAR_CURVE,
    PAR_FIRST,
    PAR_HIGH,
    PAR_LOW,
    PAR_PITCH,
    PAR_RECORD,
    PARAM_WIDTH,
)
from chronus.graph.entries import FADE, apply_due, forget, next_frame
from chronus.graph.moving import ease, gain_at, param_at
from chronus.memory.atomics import address_of, store, system_call
from chronus.memory.layout import (
    A_GUARDED,
    A_GUARDED_HANDLE,
    A_PANIC,
    A_PROGRAM,
    ARENA_BYTES,
    BLOCK,
    C_FRAMES,
    C_START,
    C_TO,
    CABLE_TABLE,
    CABLE_WORDS,
    COSTS,
    CULPRIT0,
    ENTRY0,
    H_GUARDED,
    H_UNWELL,
    HANDLE_TABLE,
    HANDLE_WORDS,
    HANDLES,
    LINE,
    MUTED,
    N_EDGE,
    N_GATE,
    N_PITCH,
    N_SINCE,
    NOTE_WORDS,
    O_BLOCK,
    O_INCARNATION,
    OUT_TABLE,
    OUT_WORDS,
    P_FRAMES,
    P_START,
    P_TO,
    PROGRAMS,
    WORDS,
)
from chronus.memory.words import floats_of, row_i64

f32 = np.float32

MEASURED = 16
"""Of so many blocks one is measured, module by module."""
CONCERT_PITCH = 440.0
RUNAWAY = f32(1e4)
"""A sample beyond this is treated like a NaN: no signal gets there but by a broken recursion."""
RELAPSE = 8
"""Being unwell counts so many times as much as being well: who yields NaN in a ninth of all frames or more is muted in the end."""


@inline
def _exp2(x):
    """2**x in float32 arithmetic that vectorises: exactly 1 at 0, within 2e-7 of true elsewhere (a minimax polynomial)."""
    x = min(max(x, f32(-100.0)), f32(100.0))
    whole = np.floor(x + f32(0.5))
    f = x - whole
    p = f32(1.5352595e-4)
    p = p * f + f32(1.3398874e-3)
    p = p * f + f32(9.6184370e-3)
    p = p * f + f32(5.5503327e-2)
    p = p * f + f32(2.4022648e-1)
    p = p * f + f32(6.9314718e-1)
    p = p * f + f32(1.0)
    return p * np.int32((np.int32(whole) + np.int32(127)) << np.int32(23)).view(np.float32)


@inline
def _lay_row(buffer, lanes, full, k, row):
    """Makes all 64 rows of a buffer equal `row`, unless they are."""
    same = full[k, 0] == 1
    for v in range(lanes):
        same = same and buffer[0, v] == row[v]
    if not same:
        for i in range(BLOCK):
            for v in range(lanes):
                buffer[i, v] = row[v]
        full[k, 0] = 1


@compiled
def _add_cable(arena, cables, c, target, buffers, a, b, block, weight):
    """Adds rows a..b of a cable's source, times its gain and `weight`, to `target` (64, lanes)."""
    floats = floats_of(arena)
    lanes, stereo = cables[c, CAB_LANES], cables[c, CAB_STEREO]
    width, sided = cables[c, CAB_SOURCE_LANES], cables[c, CAB_SOURCE_STEREO]
    if cables[c, CAB_FEEDBACK] > 0:
        # what the source did one block ago lies in the arena, in the half that is not being written
        half = (block + 1) & 1
        source = plane_f32(address_of(arena, 0) + cables[c, CAB_FEEDBACK] + half * BLOCK * width * 4, BLOCK, width)
    else:
        source = plane_f32(buffers + cables[c, CAB_SOURCE] * 4, BLOCK, width)
    at = CABLE_TABLE // 8 + cables[c, CAB_HANDLE] * CABLE_WORDS
    frame = block * BLOCK
    fading = arena[at + C_START] + arena[at + C_FRAMES] > frame + a
    steady = f32(floats[at + C_TO]) * weight
    if not fading and steady == f32(0.0):
        return
    for i in range(a, b):
        gain = f32(gain_at(arena, floats, at, frame + i)) * weight if fading else steady
        if width == lanes and sided == stereo:
            for v in range(lanes):
                target[i, v] += source[i, v] * gain
        elif width == 1:
            x = source[i, 0] * gain
            for v in range(lanes):
                target[i, v] += x
        else:
            # voices meet in a sum; two sides in their middle
            x = f32(0.0)
            for v in range(width):
                x += source[i, v]
            x *= gain * f32(0.5) if sided else gain
            for v in range(lanes):
                target[i, v] += x


@inline
def _newest(floats, notes, voices):
    """The voice whose note changed last; of several at once, one that is on."""
    newest = 0
    for v in range(1, voices):
        at, best = notes + v * NOTE_WORDS, notes + newest * NOTE_WORDS
        later = floats[at + N_SINCE] > floats[best + N_SINCE]
        as_late = floats[at + N_SINCE] == floats[best + N_SINCE]
        if later or (as_late and floats[at + N_GATE] >= floats[best + N_GATE]):
            newest = v
    return newest


@compiled
def _sum(arena, cables, first, count, buffers, target, lanes, a, b, block, telling):
    """Lays rows a..b of what `count` cables bring together. `telling`: without those that only close a circle of gates."""
    for r in range(a, b):
        for v in range(lanes):
            target[r, v] = f32(0.0)
    for c in range(first, first + count):
        if not telling or cables[c, CAB_ECHO] == 0:
            _add_cable(arena, cables, c, target, buffers, a, b, block, f32(1.0))


@compiled
def _row_of_notes(arena, instances, owner, i, word, row):
    """One row of what the notes of `owner` give to instance `i`; bit `v` of the result is set where a note began in another in lane v."""
    floats = floats_of(arena)
    lanes = instances[i, I_LANES]
    notes, voices = instances[owner, I_REGION] // 8, instances[owner, I_VOICES]
    parallel = lanes >= voices and instances[i, I_STEREO] == 0
    edges = 0
    for v in range(lanes):
        row[v] = f32(0.0)
    for v in range(voices):
        at = notes + v * NOTE_WORDS
        if parallel:
            row[v] = f32(floats[at + word])
        if word == N_GATE:
            if floats[at + N_EDGE] > 0.0:
                edges = edges | 1 << v if parallel else -1
            if not parallel and floats[at + N_GATE] > 0.0:
                row[0] = f32(1.0)
    if not parallel:
        newest = notes + _newest(floats, notes, voices) * NOTE_WORDS
        x = row[0] if word == N_GATE else f32(floats[newest + word])
        for v in range(lanes):
            row[v] = x
    return edges


@inline
def _strike(buffer, lanes, a, edges):
    """A note that begins in another lifts the gate for a frame."""
    for v in range(lanes):
        if edges >> v & 1:
            buffer[a, v] = f32(2.0)


@inline
def _raise(buffer, lanes, a, b, row):
    """Rows a..b become at least `row`."""
    for r in range(a, b):
        for v in range(lanes):
            buffer[r, v] = max(buffer[r, v], row[v])


@compiled
def _feed(arena, bound, instances, inputs, cables, i, k, a, b, block):
    """Lays rows a..b of input `k` of instance `i` into its buffer, where the kernel will read."""
    source = inputs[k, IN_SOURCE]
    lanes = instances[i, I_LANES]
    buffers = bound[B_BUFFERS]
    buffer = plane_f32(buffers + inputs[k, IN_BUFFER] * 4, BLOCK, lanes)
    full = plane_i64(bound[B_FULL_INPUTS], bound[B_INPUTS], 1)
    if source == FEED_CABLES or source == FEED_BOTH:
        first, count = inputs[k, IN_FIRST], inputs[k, IN_CABLES]
        _sum(arena, cables, first, count, buffers, buffer, lanes, a, b, block, False)
        full[k, 0] = 0
        if source == FEED_CABLES:
            return
    word = N_GATE if source == FEED_BOTH or source == FEED_GATE else source - FEED_GATE + 1
    row = local(np.float32, 64)
    edges = _row_of_notes(arena, instances, inputs[k, IN_NOTES], i, word, row)
    if source == FEED_BOTH:
        _raise(buffer, lanes, a, b, row)
    else:
        _lay_row(buffer, lanes, full, k, row)
    if edges:
        full[k, 0] = 0
        _strike(buffer, lanes, a, edges)


@compiled
def _turn(arena, bound, instances, params, cables, i, k, a, b, block):
    """Lays rows a..b of parameter `k` of instance `i`. True where it moves within them."""
    floats = floats_of(arena)
    lanes = instances[i, I_LANES]
    buffers = bound[B_BUFFERS]
    buffer = plane_f32(buffers + params[k, PAR_BUFFER] * 4, BLOCK, lanes)
    full = plane_i64(bound[B_FULL_PARAMS], bound[B_PARAMS], 1)
    record = params[k, PAR_RECORD] // 8
    frame = block * BLOCK
    numbers = floats_of(params)
    lowest, highest = numbers[k, PAR_LOW], numbers[k, PAR_HIGH]
    low, high = f32(lowest), f32(highest)
    ramping = floats[record + P_START] + floats[record + P_FRAMES] > frame + a
    row = local(np.float32, 64)
    value = f32(floats[record + P_TO])
    for v in range(lanes):
        row[v] = min(max(value, low), high)
    played = local(np.int64, 64)
    for v in range(lanes):
        played[v] = 0
    if params[k, PAR_PITCH] > 0:
        owner = params[k, PAR_PITCH] - 1
        notes = instances[owner, I_REGION] // 8
        voices = instances[owner, I_VOICES]
        newest = notes + _newest(floats, notes, voices) * NOTE_WORDS
        for v in range(lanes):
            at = notes + v * NOTE_WORDS if lanes >= voices and v < voices and instances[i, I_STEREO] == 0 else newest
            if floats[at + N_PITCH] > 0.0:
                row[v] = min(max(f32(floats[at + N_PITCH]), low), high)
                played[v] = 1
    modulated = False
    for c in range(params[k, PAR_FIRST], params[k, PAR_FIRST] + params[k, PAR_CABLES]):
        # a cable that has faded out is as good as gone: when the program drops it, nothing may change, not even a rounding
        at = CABLE_TABLE // 8 + cables[c, CAB_HANDLE] * CABLE_WORDS
        gone = floats[at + C_TO] == 0.0 and arena[at + C_START] + arena[at + C_FRAMES] <= frame + a
        modulated = modulated or (cables[c, CAB_AMOUNT] != 0 and not gone)
    if not ramping and not modulated:
        _lay_row(buffer, lanes, full, k, row)
        return False
    full[k, 0] = 0
    exponential = params[k, PAR_CURVE] == 1
    for r in range(a, b):
        x = f32(param_at(floats, record, frame + r)) if ramping else value
        for v in range(lanes):
            buffer[r, v] = row[v] if played[v] else x
    if modulated:
        octaves = plane_f32(bound[B_SCRATCH], BLOCK, lanes)
        added = plane_f32(bound[B_SCRATCH] + BLOCK * lanes * 4, BLOCK, lanes)
        for r in range(a, b):
            for v in range(lanes):
                octaves[r, v] = added[r, v] = f32(0.0)
        span = f32(math.log2(highest / lowest)) if exponential else f32(highest - lowest)
        for c in range(params[k, PAR_FIRST], params[k, PAR_FIRST] + params[k, PAR_CABLES]):
            amount = f32(floats_of(cables)[c, CAB_AMOUNT])
            if amount == f32(0.0):
                continue
            scale = cables[c, CAB_SCALE]
            if scale == 0:
                amount *= span
            into_octaves = scale == 2 or (scale == 0 and exponential)
            _add_cable(arena, cables, c, octaves if into_octaves else added, buffers, a, b, block, amount)
        for r in range(a, b):
            for v in range(lanes):
                buffer[r, v] = buffer[r, v] * _exp2(octaves[r, v]) + added[r, v]
    for r in range(a, b):
        for v in range(lanes):
            x = buffer[r, v]
            buffer[r, v] = min(max(x, low), high) if x == x else low
    return True


@compiled
def _tell_gate(arena, bound, instances, inputs, cables, call, i, a, b, block):
    """Lays rows a..b of the gate that instance `i` tells: what its kernel reads, but for two things.

    A drone that stands open because gates behind it let go in their own time tells its notes. And what comes round a circle of gates
    is not told on, or it would hold itself open for ever.
    """
    lanes = instances[i, I_LANES]
    buffers = bound[B_BUFFERS]
    gates = plane_f32(buffers + instances[i, I_TOLD] * 4, BLOCK, lanes)
    k = instances[i, I_FIRST_INPUT] + instances[i, I_GATE_INPUT]
    source, first, count = inputs[k, IN_SOURCE], inputs[k, IN_FIRST], inputs[k, IN_CABLES]
    echoes = 0
    for c in range(first, first + count):
        echoes += cables[c, CAB_ECHO]
    if source != FEED_OPEN and echoes == 0:
        gate = plane_f32(call[HEAD + instances[i, I_GATE_INPUT]], BLOCK, lanes)
        for r in range(a, b):
            for v in range(lanes):
                gates[r, v] = gate[r, v]
        return
    _sum(arena, cables, first, count, buffers, gates, lanes, a, b, block, True)
    if source == FEED_OPEN or source == FEED_BOTH:
        row = local(np.float32, 64)
        edges = _row_of_notes(arena, instances, inputs[k, IN_NOTES], i, N_GATE, row)
        _raise(gates, lanes, a, b, row)
        _strike(gates, lanes, a, edges)


@compiled
def _tell(arena, bound, instances, inputs, cables, call, i, a, b, block):
    """Lays rows a..b of what instance `i` tells of its notes: gate and pitch, and those of the newest note.

    A pitch is in octaves above 440 Hz. What has no pitch of its own to be played tells that of the notes it follows.
    """
    _tell_gate(arena, bound, instances, inputs, cables, call, i, a, b, block)
    buffers = bound[B_BUFFERS]
    floats = floats_of(arena)
    lanes, first = instances[i, I_LANES], instances[i, I_FIRST_INPUT]
    ins, outs = instances[i, I_INPUTS], instances[i, I_OUTPUTS]
    gates = plane_f32(buffers + instances[i, I_TOLD] * 4, BLOCK, lanes)
    pitches = plane_f32(buffers + (instances[i, I_TOLD] + BLOCK * lanes) * 4, BLOCK, lanes)
    newest = plane_f32(buffers + (instances[i, I_TOLD] + 2 * BLOCK * lanes) * 4, 2 * BLOCK, 1)
    owner = inputs[first + instances[i, I_GATE_INPUT], IN_NOTES]
    notes, voices = instances[owner, I_REGION] // 8, instances[owner, I_VOICES]
    parallel = lanes >= voices and instances[i, I_STEREO] == 0
    last = _newest(floats, notes, voices)
    param = instances[i, I_PITCH_PARAM]
    for r in range(a, b):
        highest = f32(0.0)
        for v in range(lanes):
            highest = max(highest, gates[r, v])
        newest[r, 0] = highest
    for r in range(a, b):
        if r > a and (param < 0 or call[MOVING] >> param & 1 == 0):
            for v in range(lanes):
                pitches[r, v] = pitches[a, v]
        else:
            for v in range(lanes):
                if param >= 0:
                    hertz = np.float64(plane_f32(call[HEAD + ins + outs + param], BLOCK, lanes)[r, v])
                else:
                    hertz = floats[notes + (v if parallel and v < voices else last) * NOTE_WORDS + N_PITCH]
                pitches[r, v] = f32(math.log2(hertz / CONCERT_PITCH)) if hertz > 0.0 else f32(0.0)
        newest[BLOCK + r, 0] = pitches[r, last if parallel else 0]


@compiled
def _sound(buffer, a, b, lanes):
    """True if no sample of rows a..b is NaN, infinite or beyond all reason."""
    bad = 0
    for r in range(a, b):
        for v in range(lanes):
            bad += 0 if abs(buffer[r, v]) < RUNAWAY else 1
    return bad == 0


@inline
def _silence(buffer, a, b, lanes):
    for r in range(a, b):
        for v in range(lanes):
            buffer[r, v] = f32(0.0)


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
def _prepare(arena, bound, instances, inputs, params, cables, calls, i, a, b, block):
    """Lays rows a..b of all that instance `i` reads. 1 where all of it stays as it is until an entry of the log is applied, else 0."""
    floats = floats_of(arena)
    fed = plane_i64(bound[B_FULL_INPUTS], bound[B_INPUTS], 1)
    full = plane_i64(bound[B_FULL_PARAMS], bound[B_PARAMS], 1)
    still = 1
    for k in range(instances[i, I_FIRST_INPUT], instances[i, I_FIRST_INPUT] + instances[i, I_INPUTS]):
        source = inputs[k, IN_SOURCE]
        if source >= FEED_CABLES and source != FEED_DIRECT and source != FEED_ONE and source != FEED_OPEN:
            _feed(arena, bound, instances, inputs, cables, i, k, a, b, block)
            still &= fed[k, 0]
    moving = 0
    first = instances[i, I_FIRST_PARAM]
    for k in range(first, first + instances[i, I_PARAMS]):
        # seeing here that a parameter rests saves the call
        rests = full[k, 0] == 1 and params[k, PAR_PITCH] == 0 and params[k, PAR_CABLES] == 0
        if rests:
            at = params[k, PAR_RECORD] // 8
            laid = plane_f32(bound[B_BUFFERS] + params[k, PAR_BUFFER] * 4, BLOCK, 1)[0, 0]
            rests = floats[at + P_START] + floats[at + P_FRAMES] <= block * BLOCK + a and f32(floats[at + P_TO]) == laid
        if not rests and _turn(arena, bound, instances, params, cables, i, k, a, b, block):
            moving |= 1 << (k - first)
        if params[k, PAR_CABLES] > 0:
            still = 0
    calls[i, MOVING] = moving
    return still if moving == 0 else 0


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
    costs = COSTS + (culprit - CULPRIT0) // LINE * HANDLES
    clock = bound[B_CLOCK] if b - a == BLOCK and block % MEASURED == 0 else 0
    since = _nanoseconds(clock) if clock else 0
    rests = plane_i64(bound[B_RESTS], bound[B_INSTANCES], 1)
    touched = bound[B_TOUCHED] != 0
    bound[B_TOUCHED] = 0
    if touched:
        for i in range(bound[B_INSTANCES]):
            rests[i, 0] = 0
    for i in range(bound[B_INSTANCES]):
        # most modules find their inputs and parameters as they were a block ago; to look at each of them took as long as a filter
        if rests[i, 0] == 0:
            rests[i, 0] = _prepare(arena, bound, instances, inputs, params, cables, calls, i, a, b, block)
        if instances[i, I_TOLD] >= 0:
            _tell(arena, bound, instances, inputs, cables, calls[i], i, a, b, block)
        lanes = instances[i, I_LANES]
        place = HANDLE_TABLE // 8 + instances[i, I_HANDLE] * HANDLE_WORDS
        row = OUT_TABLE + instances[i, I_HANDLE] * OUT_WORDS
        taken_out = board[row + O_INCARNATION] == instances[i, I_INCARNATION] and block >= board[row + O_BLOCK]
        rendered = arena[place + H_UNWELL] != MUTED and not taken_out
        well = rendered
        if rendered:
            store(board, culprit, instances[i, I_HANDLE] + 1)
            call_kernel(kernels[i, 0], bound[B_CALLS] + i * bound[B_CALL_WIDTH] * 8, a, b - a)
            for o in range(instances[i, I_OUTPUTS]):
                output = calls[i, HEAD + instances[i, I_INPUTS] + o]
                well = well and _sound(plane_f32(output, BLOCK, lanes), a, b, lanes)
            if not well:
                arena[A_GUARDED] += 1
                arena[A_GUARDED_HANDLE] = instances[i, I_HANDLE] + 1
                arena[place + H_GUARDED] += 1
                arena[place + H_UNWELL] += RELAPSE * (b - a)
                if arena[place + H_UNWELL] >= RELAPSE * calls[i, RATE]:
                    arena[place + H_UNWELL] = MUTED
            elif arena[place + H_UNWELL] > 0:
                arena[place + H_UNWELL] = max(0, arena[place + H_UNWELL] - (b - a))
        if not well:
            for o in range(instances[i, I_OUTPUTS]):
                _silence(plane_f32(calls[i, HEAD + instances[i, I_INPUTS] + o], BLOCK, lanes), a, b, lanes)
            forget(arena, instances, i)
        if clock:
            now = _nanoseconds(clock)
            _weigh(board, costs + instances[i, I_HANDLE], now - since)
            since = now
    store(board, culprit, 0)
    if touched:
        for i in range(bound[B_INSTANCES]):
            for v in range(instances[i, I_VOICES]):
                floats[instances[i, I_REGION] // 8 + v * NOTE_WORDS + N_EDGE] = 0.0
    for c in range(bound[B_CABLES]):
        if cables[c, CAB_FEEDBACK] > 0:
            width = cables[c, CAB_SOURCE_LANES]
            kept = plane_f32(
                address_of(arena, 0) + cables[c, CAB_FEEDBACK] + (block & 1) * BLOCK * width * 4, BLOCK, width
            )
            source = plane_f32(bound[B_BUFFERS] + cables[c, CAB_SOURCE] * 4, BLOCK, width)
            for r in range(a, b):
                for v in range(width):
                    kept[r, v] = source[r, v]


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
            _silence(out, a, b, 2)
        else:
            bound = bounds[arena[A_PROGRAM] % PROGRAMS]
            render_piece(arena, bound, board, culprit, a, b, block)
            # adding 0 makes every zero a positive one: -0.0 and 0.0 sound alike but are not the same bytes
            master = plane_f32(bound[B_BUFFERS] + bound[B_MASTER] * 4, BLOCK, 2)
            for r in range(a, b):
                for side in range(2):
                    out[r, side] = master[r, side] + f32(0.0)
        if arena[A_PANIC] > 0:
            for r in range(a, b):
                t = (frame + r - (arena[A_PANIC] - 1)) / FADE
                gain = f32(1.0 - ease(min(max(t, 0.0), 1.0)))
                for side in range(2):
                    out[r, side] *= gain
        a = b
    return BLOCK


def _block(arena, bounds, board, culprit, block, first, out):
    """`render_block` by addresses."""
    return render_block(
        row_i64(arena, ARENA_BYTES // 8),
        plane_i64(bounds, PROGRAMS, BOUND_WORDS),
        row_i64(board, WORDS),
        culprit,
        block,
        first,
        plane_f32(out, BLOCK, 2),
    )


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
