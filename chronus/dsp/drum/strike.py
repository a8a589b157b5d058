"""What all drums keep, when one is struck, and the seam between two hits.

A drum reads its parameters at the moment it is struck: the hit is made into constants once, and a block that is neither struck nor
sounding costs a look at the gate. (A kick's pitch alone can move while it sounds.)

The seam: a drum struck while it still sounds begins anew from zero, and the value it leaves off at is led to zero beside it. So the
onset stays on its frame and nothing jumps.
"""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.kernel import inline
from chronus.dsp.shape import smoothstep
from chronus.dsp.voice import begins

f32 = np.float32

BLOCK = 64

SILENT = 3e-8
"""An envelope below this (-150 dB) is taken for zero, so that the full drive cannot lift the step above -120 dB."""

SEAM_SECONDS = 0.0015

# Rows of the state of one drum; `at` is its first row where several drums share a state.
HELD, LIVE, HITS, TIME, LAST, EDGE = range(6)
"""The gate before; 1 while it sounds; how many hits there were; frames since the last; the last value; the seam's."""
FREE = 6
"""The first row that is not used here."""


@inline
def rests(out, gate, still, frames, state):
    """Lays down silence where a drum neither sounds nor has its gate moved; whether it did. `still`: the gate stays as it is."""
    held = f32(state[HELD, 0])
    odd = 1 if gate[0, 0] != held else 0
    if still & 1 == 0:
        odd |= _moves(gate, held, BLOCK) if frames == BLOCK else _moves(gate, held, frames)
    resting = state[LIVE, 0] == 0 and odd == 0
    if resting:
        # of a whole block LLVM knows the length, and needs no loop and no call for it
        if frames == BLOCK:
            hush(out, 0, BLOCK)
        else:
            hush(out, 0, frames)
    return resting


@inline
def _moves(gate, held, frames):
    odd = 0
    for i in range(frames):
        odd |= gate[i, 0] != held
    return odd


@inline
def hush(out, start, end):
    for i in range(start, end):
        out[i, 0] = f32(0)


@inline
def struck(gate, frame, state):
    """Whether a hit begins in this frame; then all that it begins with is laid down."""
    hit = begins(gate[frame, 0], state[HELD, 0])
    if hit:
        begin(state, 0, 0)
    return hit


@inline
def next_hit(gate, still, start, frames, state):
    """The frame of the first hit after `start`, else `frames`."""
    end = frames
    if still & 1 == 0:
        # mostly there is none: that all are alike from the next one on is found out many frames at a time
        after, odd = gate[min(start + 1, frames - 1), 0], 0
        for i in range(frames):
            odd |= (i > start) & (gate[i, 0] != after)
        if odd or begins(after, gate[start, 0]):
            end = start + 1
            while end < frames and not begins(gate[end, 0], gate[end - 1, 0]):
                end += 1
    state[HELD, 0] = gate[end - 1, 0]
    return end


@inline
def begin(state, at, lane):
    """A hit: the time starts anew, and what still sounds becomes the seam's."""
    state[at + EDGE, lane] = state[at + LAST, lane] if state[at + LIVE, lane] > 0 else 0.0
    state[at + LIVE, lane] = 1.0
    state[at + TIME, lane] = 0.0
    state[at + HITS, lane] += 1


@inline
def count_of(state, at, lane):
    """The number of this frame's noise: each hit has numbers of its own, and no others, however long the one before sounded."""
    return np.int64(state[at + HITS, lane]) * 1000003 + np.int64(state[at + TIME, lane])


@inline
def seam(time, rate, edge):
    """What is heard of a sound cut off at `edge`, so many frames after it was."""
    return edge * smoothstep(max(0.0, 1 - (time + 1) / (SEAM_SECONDS * rate)))


@inline
def pass_time(state, at, lane, frames, left, last):
    """Goes on by `frames`; a drum of which less than SILENT is left is over."""
    sounds = left >= SILENT
    state[at + LIVE, lane] = 1.0 if sounds else 0.0
    state[at + LAST, lane] = last if sounds else 0.0
    state[at + TIME, lane] += frames


@inline
def octaves(milliseconds, rate):
    """Octaves a frame of what falls by 1/e in so many milliseconds."""
    return 1000 / (math.log(2) * milliseconds * rate)
