"""Answers what a gated voice asks in every frame: has a note begun, which row of a parameter holds, how far is the slide."""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.kernel import inline

HALF = np.float32(0.5)


@inline
def row(moving, index, frame):
    """The row a parameter is read from: this frame's if it is moving, else the first."""
    return frame if moving >> index & 1 else 0


@inline
def row_at(moves, frame):
    """The same of `moving >> index`. (An index among the arguments is a type of its own, and so a function to compile.)"""
    return frame if moves & 1 else 0


@inline
def begins(gate, last):
    """A note begins where the gate comes on, and where it is lifted while on."""
    return (gate > HALF) & ((last <= HALF) | (gate - last > HALF))


@inline
def until_next(gate, lane, start, frames):
    """The first frame after `start` in which a note begins, else `frames`."""
    # whether there is any, LLVM finds out many frames at a time
    count = 0
    for i in range(1, frames):
        count += 1 if begins(gate[i, lane], gate[i - 1, lane]) else 0
    if count == 0:
        return frames
    end = start + 1
    while end < frames and not begins(gate[end, lane], gate[end - 1, lane]):
        end += 1
    return end


@inline
def slid(bend, last, pitch, glide, settle):
    """Octaves from the pitch that is asked to the one that sounds: begun anew where the pitch changes, 0 without a glide.

    Falling by the factor `settle` a frame, a slide takes the same time whatever the interval.
    """
    if glide <= HALF:
        return 0.0
    if pitch != last and last > 0:
        bend += math.log2(last / pitch)
    return bend * settle if abs(bend) > 1e-7 else 0.0
