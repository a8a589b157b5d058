"""Lays what a module reads before its kernel is called: the notes and cables of its inputs, and its parameters.

What stays as it is, is not laid again. A kernel is told which of its parameters move and which of its inputs do not (dsp/kernel.py).
"""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.kernel import MOVING, STILL, compiled, inline, local, plane_f32, plane_i64
from chronus.graph.bound import (
    B_BUFFERS,
    B_FULL_INPUTS,
    B_FULL_PARAMS,
    B_INPUTS,
    B_PARAMS,
    B_SCRATCH,
    CAB_AMOUNT,
    CAB_SCALE,
    FEED_BOTH,
    FEED_CABLES,
    FEED_DIRECT,
    FEED_GATE,
    FEED_NOTHING,
    FEED_ONE,
    FEED_OPEN,
    I_FIRST_INPUT,
    I_FIRST_PARAM,
    I_INPUTS,
    I_LANES,
    I_MIX,
    I_MIXED,
    I_PARAMS,
    I_REGION,
    I_STEREO,
    I_VOICES,
    IN_BUFFER,
    IN_CABLES,
    IN_FIRST,
    IN_NOTES,
    IN_SOURCE,
    PAR_BUFFER,
    PAR_CABLES,
    PAR_CURVE,
    PAR_FIRST,
    PAR_HIGH,
    PAR_LOW,
    PAR_PITCH,
    PAR_RECORD,
)
from chronus.graph.cables import MOST_LANES, add, add_up, brings
from chronus.graph.guard import call_silent, clear, is_silent
from chronus.graph.moving import param_at
from chronus.memory.layout import (
    BLOCK,
    N_EDGE,
    N_GATE,
    N_PITCH,
    N_SINCE,
    NOTE_WORDS,
    P_REST,
    P_UNTIL,
)
from chronus.memory.words import floats_of, row_f32, row_i64

f32 = np.float32

ALL_REST, PARAMS_REST = 1, 2


# ---------------------------------------------------------------- notes


@inline
def newest_of(floats, notes, voices):
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
def row_of_notes(arena, instances, owner, i, word, row):
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
        newest = notes + newest_of(floats, notes, voices) * NOTE_WORDS
        x = row[0] if word == N_GATE else f32(floats[newest + word])
        for v in range(lanes):
            row[v] = x
    return edges


@inline
def strike(buffer, lanes, a, edges):
    """A note that begins in another lifts the gate for a frame."""
    for v in range(lanes):
        if edges >> v & 1:
            buffer[a, v] = f32(2.0)


@inline
def lift(buffer, lanes, a, b, row):
    """Rows a..b become at least `row`."""
    for r in range(a, b):
        for v in range(lanes):
            buffer[r, v] = max(buffer[r, v], row[v])


# ---------------------------------------------------------------- inputs


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
def _feed(arena, bound, instances, inputs, cables, i, k, a, b, block):
    """Lays rows a..b of input `k` of instance `i` into its buffer. `full[k]` becomes 1 where they are all the same."""
    source = inputs[k, IN_SOURCE]
    lanes = instances[i, I_LANES]
    full = plane_i64(bound[B_FULL_INPUTS], bound[B_INPUTS], 1)
    at = bound[B_BUFFERS] + inputs[k, IN_BUFFER] * 4
    if source == FEED_CABLES or source == FEED_BOTH:
        first, count = inputs[k, IN_FIRST], inputs[k, IN_CABLES]
        brought = add_up(arena, bound, cables, first, count, at, lanes, a, b, block, False)
        full[k, 0] = 0
        if source == FEED_CABLES:
            if brought:
                call_silent(bound, inputs[k, IN_BUFFER], False)
            elif not is_silent(bound, inputs[k, IN_BUFFER]):
                clear(at, 0, BLOCK * lanes)
                call_silent(bound, inputs[k, IN_BUFFER], True)
            return
        if not brought:
            clear(at, a * lanes, (b - a) * lanes)
    buffer = plane_f32(at, BLOCK, lanes)
    word = N_GATE if source == FEED_BOTH or source == FEED_GATE else source - FEED_GATE + 1
    row = local(np.float32, MOST_LANES)
    edges = row_of_notes(arena, instances, inputs[k, IN_NOTES], i, word, row)
    if source == FEED_BOTH:
        lift(buffer, lanes, a, b, row)
    else:
        _lay_row(buffer, lanes, full, k, row)
    if edges:
        full[k, 0] = 0
        strike(buffer, lanes, a, edges)


# ---------------------------------------------------------------- parameters


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


@compiled
def _modulates(arena, bound, cables, c, frame):
    """Whether a cable into a parameter moves it. One that has faded out is as good as gone: when the program drops it, nothing may
    change, not even a rounding."""
    return cables[c, CAB_AMOUNT] != 0 and brings(arena, bound, cables, c, frame)


@compiled
def _modulate(arena, bound, params, cables, k, lanes, a, b, block):
    """Adds what the cables into parameter `k` bring, to rows a..b of its buffer: in octaves, or in its own unit."""
    numbers = floats_of(params)
    low, high, exponential = numbers[k, PAR_LOW], numbers[k, PAR_HIGH], params[k, PAR_CURVE] == 1
    span = f32(math.log2(high / low)) if exponential else f32(high - low)
    size = (b - a) * lanes
    octaves, added = bound[B_SCRATCH], bound[B_SCRATCH] + BLOCK * MOST_LANES * 4
    clear(octaves, a * lanes, size)
    clear(added, a * lanes, size)
    bends = False
    for c in range(params[k, PAR_FIRST], params[k, PAR_FIRST] + params[k, PAR_CABLES]):
        if not _modulates(arena, bound, cables, c, block * BLOCK + a):
            continue
        amount, scale = f32(floats_of(cables)[c, CAB_AMOUNT]), cables[c, CAB_SCALE]
        if scale == 0:
            amount *= span
        into_octaves = scale == 2 or (scale == 0 and exponential)
        bends = bends or into_octaves
        add(arena, bound, cables, c, octaves if into_octaves else added, a, b, block, amount)
    values = row_f32(bound[B_BUFFERS] + (params[k, PAR_BUFFER] + a * lanes) * 4, size)
    more, times = row_f32(added + a * lanes * 4, size), row_f32(octaves + a * lanes * 4, size)
    if bends:
        for j in range(size):
            values[j] = values[j] * _exp2(times[j]) + more[j]
    else:
        for j in range(size):
            values[j] = values[j] + more[j]


@compiled
def _turn(arena, bound, instances, params, cables, i, k, a, b, block):
    """Lays rows a..b of parameter `k` of instance `i`. True where it moves within them."""
    floats = floats_of(arena)
    lanes = instances[i, I_LANES]
    buffer = plane_f32(bound[B_BUFFERS] + params[k, PAR_BUFFER] * 4, BLOCK, lanes)
    full = plane_i64(bound[B_FULL_PARAMS], bound[B_PARAMS], 1)
    record = params[k, PAR_RECORD] // 8
    frame = block * BLOCK
    numbers = floats_of(params)
    low, high = f32(numbers[k, PAR_LOW]), f32(numbers[k, PAR_HIGH])
    ramping = floats[record + P_UNTIL] > frame + a
    row = local(np.float32, MOST_LANES)
    value = f32(floats[record + P_REST])
    for v in range(lanes):
        row[v] = min(max(value, low), high)
    played = local(np.int64, MOST_LANES)
    for v in range(lanes):
        played[v] = 0
    if params[k, PAR_PITCH] > 0:
        owner = params[k, PAR_PITCH] - 1
        notes = instances[owner, I_REGION] // 8
        voices = instances[owner, I_VOICES]
        newest = notes + newest_of(floats, notes, voices) * NOTE_WORDS
        for v in range(lanes):
            at = notes + v * NOTE_WORDS if lanes >= voices and v < voices and instances[i, I_STEREO] == 0 else newest
            if floats[at + N_PITCH] > 0.0:
                row[v] = min(max(f32(floats[at + N_PITCH]), low), high)
                played[v] = 1
    modulated = False
    for c in range(params[k, PAR_FIRST], params[k, PAR_FIRST] + params[k, PAR_CABLES]):
        modulated = modulated or _modulates(arena, bound, cables, c, frame + a)
    if not ramping and not modulated:
        _lay_row(buffer, lanes, full, k, row)
        return False
    full[k, 0] = 0
    for r in range(a, b):
        x = f32(param_at(floats, record, frame + r)) if ramping else value
        for v in range(lanes):
            buffer[r, v] = row[v] if played[v] else x
    if modulated:
        _modulate(arena, bound, params, cables, k, lanes, a, b, block)
    values = row_f32(bound[B_BUFFERS] + (params[k, PAR_BUFFER] + a * lanes) * 4, (b - a) * lanes)
    for j in range((b - a) * lanes):
        x = values[j]
        values[j] = min(max(x, low), high) if x == x else low
    return True


# ---------------------------------------------------------------- all that a module reads


@inline
def _moves(arena, bound, instances, params, cables, i, k, a, b, block, touched):
    """Lays rows a..b of parameter `k`, unless they are there. True where it moves within them."""
    # seeing here that a parameter rests saves the call
    same = row_i64(bound[B_FULL_PARAMS], bound[B_PARAMS])[k] == 1 and params[k, PAR_CABLES] == 0
    same = same and not (touched and params[k, PAR_PITCH] > 0)
    if same and touched:
        floats, at = floats_of(arena), params[k, PAR_RECORD] // 8
        laid = row_f32(bound[B_BUFFERS] + params[k, PAR_BUFFER] * 4, 1)[0]
        same = floats[at + P_UNTIL] <= block * BLOCK + a and f32(floats[at + P_REST]) == laid
    return not same and _turn(arena, bound, instances, params, cables, i, k, a, b, block)


@inline
def _feeds(arena, bound, instances, inputs, cables, call, i, a, b, block, touched):
    """Lays rows a..b of what the inputs of instance `i` read. True where all of that stays as it is until an entry is applied."""
    fed = plane_i64(bound[B_FULL_INPUTS], bound[B_INPUTS], 1)
    rests, still = 1, 0
    first = instances[i, I_FIRST_INPUT]
    for k in range(first, first + instances[i, I_INPUTS]):
        source = inputs[k, IN_SOURCE]
        if source == FEED_NOTHING or source == FEED_ONE or source == FEED_OPEN:
            still |= 1 << (k - first)
        elif source != FEED_DIRECT:
            if touched or fed[k, 0] == 0:
                _feed(arena, bound, instances, inputs, cables, i, k, a, b, block)
            rests &= fed[k, 0]
            still |= fed[k, 0] << (k - first)
    call[STILL] = still
    return rests != 0


@inline
def _turns(arena, bound, instances, params, cables, call, i, a, b, block, touched):
    """Lays rows a..b of the parameters of instance `i`. True where all of them stay as they are until an entry is applied."""
    rests, moving = True, 0
    first = instances[i, I_FIRST_PARAM]
    for k in range(first, first + instances[i, I_PARAMS]):
        if _moves(arena, bound, instances, params, cables, i, k, a, b, block, touched):
            moving |= 1 << (k - first)
        if params[k, PAR_CABLES] > 0:
            rests = False
    if instances[i, I_MIXED]:
        first += instances[i, I_PARAMS]
        for k in range(first, first + instances[i, I_MIX]):
            if _moves(arena, bound, instances, params, cables, i, k, a, b, block, touched) or params[k, PAR_CABLES] > 0:
                rests = False
    call[MOVING] = moving
    return rests and moving == 0


@compiled
def prepare(arena, bound, instances, inputs, params, cables, call, i, a, b, block, touched, rested):
    """Lays rows a..b of all that instance `i` reads. Says how far that stays as it is until an entry of the log is applied: ALL_REST,
    PARAMS_REST, or 0.

    `touched`: whether one has been since this was done last; `rested`: what was said then.
    """
    feeds_rest = _feeds(arena, bound, instances, inputs, cables, call, i, a, b, block, touched)
    params_rest = (rested == PARAMS_REST and not touched) or _turns(
        arena, bound, instances, params, cables, call, i, a, b, block, touched
    )
    return 0 if not params_rest else ALL_REST if feeds_rest else PARAMS_REST


@inline
def hush(bound, instances, inputs, call, i):
    """Tells the kernel of instance `i` which inputs bring silence: those are still as well."""
    first, still = instances[i, I_FIRST_INPUT], call[STILL]
    for k in range(first, first + instances[i, I_INPUTS]):
        source = inputs[k, IN_SOURCE]
        if source == FEED_DIRECT or source == FEED_CABLES:
            bit = 1 << (k - first)
            still = still | bit if is_silent(bound, inputs[k, IN_BUFFER]) else still & ~bit
    call[STILL] = still
