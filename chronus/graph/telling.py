"""Lays what a module tells of its notes, where cables ask for it: gate and pitch, and those of the newest note."""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.kernel import HEAD, MOVING, compiled, local, plane_f32
from chronus.graph.bound import (
    B_BUFFERS,
    CAB_ECHO,
    FEED_BOTH,
    FEED_OPEN,
    I_FIRST_INPUT,
    I_GATE_INPUT,
    I_INPUTS,
    I_LANES,
    I_OUTPUTS,
    I_PITCH_PARAM,
    I_REGION,
    I_STEREO,
    I_TOLD,
    I_VOICES,
    IN_CABLES,
    IN_FIRST,
    IN_NOTES,
    IN_SOURCE,
)
from chronus.graph.cables import add_up
from chronus.graph.feeding import MOST_LANES, lift, newest_of, row_of_notes, strike
from chronus.graph.guard import clear
from chronus.memory.layout import BLOCK, N_GATE, N_PITCH, NOTE_WORDS
from chronus.memory.words import floats_of, row_f32

f32 = np.float32

CONCERT_PITCH = 440.0


@compiled
def _tell_gate(arena, bound, instances, inputs, cables, call, i, a, b, block):
    """Lays rows a..b of the gate that instance `i` tells: what its kernel reads, but for two things.

    A drone that stands open because gates behind it let go in their own time tells its notes. And what comes round a circle of gates
    is not told on, or it would hold itself open for ever.
    """
    lanes = instances[i, I_LANES]
    told = bound[B_BUFFERS] + instances[i, I_TOLD] * 4
    k = instances[i, I_FIRST_INPUT] + instances[i, I_GATE_INPUT]
    source, first, count = inputs[k, IN_SOURCE], inputs[k, IN_FIRST], inputs[k, IN_CABLES]
    echoes = 0
    for c in range(first, first + count):
        echoes += cables[c, CAB_ECHO]
    if source != FEED_OPEN and echoes == 0:
        size = (b - a) * lanes
        gate = row_f32(call[HEAD + instances[i, I_GATE_INPUT]] + a * lanes * 4, size)
        tells = row_f32(told + a * lanes * 4, size)
        for j in range(size):
            tells[j] = gate[j]
        return
    if not add_up(arena, bound, cables, first, count, told, lanes, a, b, block, True):
        clear(told, a * lanes, (b - a) * lanes)
    if source == FEED_OPEN or source == FEED_BOTH:
        gates = plane_f32(told, BLOCK, lanes)
        row = local(np.float32, MOST_LANES)
        edges = row_of_notes(arena, instances, inputs[k, IN_NOTES], i, N_GATE, row)
        lift(gates, lanes, a, b, row)
        strike(gates, lanes, a, edges)


@compiled
def tell(arena, bound, instances, inputs, cables, call, i, a, b, block):
    """Lays rows a..b of what instance `i` tells of its notes.

    A pitch is in octaves above 440 Hz. What has no pitch of its own to be played tells that of the notes it follows.
    """
    _tell_gate(arena, bound, instances, inputs, cables, call, i, a, b, block)
    buffers = bound[B_BUFFERS]
    floats = floats_of(arena)
    lanes, first = instances[i, I_LANES], instances[i, I_FIRST_INPUT]
    ins, outs = instances[i, I_INPUTS], instances[i, I_OUTPUTS]
    gates = plane_f32(buffers + instances[i, I_TOLD] * 4, BLOCK, lanes)
    pitches = plane_f32(buffers + (instances[i, I_TOLD] + BLOCK * lanes) * 4, BLOCK, lanes)
    newest = row_f32(buffers + (instances[i, I_TOLD] + 2 * BLOCK * lanes) * 4, 2 * BLOCK)
    owner = inputs[first + instances[i, I_GATE_INPUT], IN_NOTES]
    notes, voices = instances[owner, I_REGION] // 8, instances[owner, I_VOICES]
    parallel = lanes >= voices and instances[i, I_STEREO] == 0
    last = newest_of(floats, notes, voices)
    param = instances[i, I_PITCH_PARAM]
    for r in range(a, b):
        highest = f32(0.0)
        for v in range(lanes):
            highest = max(highest, gates[r, v])
        newest[r] = highest
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
        newest[BLOCK + r] = pitches[r, last if parallel else 0]
