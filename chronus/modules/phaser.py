"""Notches that wander through the sound: from a slow breath to a talking, hollow whirl.

A chain of first-order all-passes that share one corner, swept by two octaves to either side; mixed with the dry sound each pair of them
makes a notch. Trapezoidal, so that the corner may move at any speed: V. Zavalishin, "The Art of VA Filter Design", 2012, 3.10; four,
six, eight or twelve stages, as in the small stone pedals, the studio boxes and the large ones. What goes round bends above +6 dBFS.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.shape import bounded32, exp2
from chronus.dsp.space.line import SILENT, swing
from chronus.dsp.tan import prewarp

f32, u64 = np.float32, np.uint64

STAGES = ("4", "6", "8", "12")
COUNTS = (4, 6, 8, 12)
MOST, CHOICES = 12, 4

SPEC = Spec(
    kind="phaser",
    help="notches that wander through the sound, with feedback",
    tries=(
        "load saw as pad voices=4; load adsr; patch pad > adsr > phaser; seq pad: a3:m . . . . . . .",
        "set phaser.stages 12, phaser.feedback 0.7",
        "set phaser.rate 1/1, phaser.depth 1",
    ),
    width="stereo",
    state=4 + MOST,
    ins=(In("in"),),
    params=(
        Param("mix", 0, 1, 0.5, help="the notches are deepest in the middle"),
        Param("rate", 0.02, 10, 0.3, "Hz", "exp", "sweeps in a second"),
        Param("depth", 0, 1, 0.7, help="how far it sweeps: two octaves up and down at 1"),
        Param("centre", 100, 6000, 800, "Hz", "exp", "middle of the sweep"),
        Param(
            "feedback",
            -0.95,
            0.95,
            0.35,
            help="how sharp the peaks between the notches are; below 0 they lie elsewhere",
        ),
        switch("stages", STAGES, "6", "all-passes in the chain: half as many notches"),
        Param("width", 0, 1, 0.5, help="how far the right side sweeps behind the left: 1 is half a turn"),
    ),
)

OCTAVES = 2.0
FADE_SECONDS = 0.01
BLOCK = 64
WIDE = 2 * BLOCK
CHAIN = 2 * MOST
SPAN = u64(BLOCK)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (source,), (out,) = ins, outs
    mix, pace, depth, centre, feedback, stages, width = params
    turns, by, tapped = local(np.float64, BLOCK), local(np.float32, WIDE), local(np.float32, MOST)
    chain, last, wet, share = (
        local(np.float32, CHAIN),
        local(np.float32, LANES),
        local(np.float32, LANES),
        local(np.float32, CHOICES),
    )
    turn, fresh = state[0, 0], state[0, 1] == 0
    gap = f32(0)
    for c in range(CHOICES):
        wish = f32(1) if abs(stages[0, 0] - f32(c)) < f32(0.5) else f32(0)
        share[c] = wish if fresh else f32(state[1 + c // 2, c % 2])
        gap += abs(share[c] - wish)
    for l in range(LANES):
        last[l] = state[3, l]
        for s in range(MOST):
            chain[LANES * s + l] = state[4 + s, l]
    for i in range(frames):
        turns[i] = turn
        turn += pace[i, 0] / rate
    state[0, 0], state[0, 1] = turn - math.floor(turn), 1
    awake = 0
    for k in range(u64(CHAIN)):
        awake += 1 if chain[k] != f32(0) else 0
    for i in range(u64(frames)):
        awake += 1 if source[i, 0] != f32(0) or source[i, 1] != f32(0) else 0
    if awake == 0 and gap == f32(0) and moving & 32 == 0 and not fresh:
        # nothing is left in the chain; the sweep goes on
        for i in range(u64(frames)):
            out[i, 0] = out[i, 1] = f32(0)
        return
    for l in range(u64(LANES)):
        for i in range(u64(frames)):
            octaves = OCTAVES * depth[i, l] * swing(turns[i] - 0.5 * l * width[i, l])
            sin, cos = prewarp(centre[i, l] * f32(exp2(octaves)), rate)
            by[l * SPAN + i] = (sin - cos) / (sin + cos)
    step = f32(1 / (FADE_SECONDS * rate))
    changes = gap > 0 or moving & 32 != 0
    for i in range(frames):
        if changes:
            for c in range(CHOICES):
                wish = f32(1) if abs(stages[i, 0] - f32(c)) < f32(0.5) else f32(0)
                share[c] += min(step, max(-step, wish - share[c]))
        if changes or i == 0:
            for s in range(MOST):
                tapped[s] = f32(0)
            for c in range(CHOICES):
                tapped[COUNTS[c] - 1] = share[c]
        count = 12 if share[3] > 0 else 8 if share[2] > 0 else 6 if share[1] > 0 else 4
        c0, c1, w0, w1 = by[i], by[BLOCK + i], f32(0), f32(0)
        d0, d1, e0, e1 = f32(1) - c0, f32(1) - c1, f32(1) + c0, f32(1) + c1
        x0 = bounded32(source[i, 0] + feedback[i, 0] * last[0])
        x1 = bounded32(source[i, 1] + feedback[i, 1] * last[1])
        # y = s + s + 2 g (x - s) - x and s += 2 g (x - s), with c = 2 g - 1
        for s in range(count):
            s0, s1 = chain[2 * s], chain[2 * s + 1]
            chain[2 * s], chain[2 * s + 1] = e0 * x0 - c0 * s0, e1 * x1 - c1 * s1
            x0, x1 = c0 * x0 + d0 * s0, c1 * x1 + d1 * s1
            w0, w1 = w0 + tapped[s] * x0, w1 + tapped[s] * x1
        wet[0], wet[1] = w0, w1
        for l in range(LANES):
            last[l] = wet[l]
            out[i, l] = bounded32(source[i, l] + mix[i, l] * (wet[l] - source[i, l]))
    for l in range(LANES):
        state[3, l] = last[l] if abs(last[l]) > SILENT else 0
        for s in range(MOST):
            v = chain[LANES * s + l]
            state[4 + s, l] = v if abs(v) > SILENT else 0
    for c in range(CHOICES):
        state[1 + c // 2, c % 2] = share[c]
