"""The shape of a note: rises, falls to where it is held, fades when let go; its input comes out in that shape.

The envelope leaves the value it has in the frame in which the gate moves, so "after 10 ms" means in frame
round(0.01 rate) counted from the gate's. Linear: up to 1 in `attack` from 0 (in less from where it stands), from 1 to
the sustain in `decay`, from wherever it is to 0 in `release`. Exponential: a charging capacitor, whose attack aims at 1.3
and is cut at 1 after `attack`, as analog envelopes do; decay and release cover all but a thousandth of their way
(60 dB) in the time given, so their time constant is that time / ln 1000. They aim a millionth below their end, and so
arrive.

A new velocity while the note still sounds is led in, at the pace at which the attack would move the level.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Out, Param, Spec, switch
from chronus.dsp.kernel import LANES, inline, kernel, local

f32 = np.float32

SPEC = Spec(
    kind="adsr",
    help="an envelope and the amplifier it drives",
    tries=(
        "patch saw > adsr; seq saw: x..x..x.x..x..x.",
        "set adsr.attack 2ms, adsr.decay 120ms, adsr.sustain 0",
        "patch adsr.env > saw.freq 12 st",
    ),
    category="envelope",
    width="poly",
    state=7,
    ins=(
        In("in"),
        In("gate", "gate", "attack when it rises, release when it falls"),
        In("velocity", "velocity", "how loud; read as the gate rises"),
    ),
    outs=(Out("out"), Out("env", "control", "the envelope itself, 0..1")),
    params=(
        Param("attack", 0.1, 10000, 10, "ms", "exp", "time to the top"),
        Param("decay", 0.1, 10000, 100, "ms", "exp", "time from the top down to sustain"),
        Param("sustain", 0, 1, 0.7, help="level while the gate stays on"),
        Param("release", 0.1, 10000, 200, "ms", "exp", "time to silence after the gate"),
        switch("curve", ("exponential", "linear"), "exponential", "shape of the stages"),
    ),
)

AIM = 1.3
"""What an exponential attack aims at (the CEM 3310 charges to 6.5 V and turns at 5 V)."""
CHARGE = math.log(AIM / (AIM - 1))
SIXTY_DB = math.log(1000)
BELOW = 1e-6
SURE = 1 + 1e-8
"""A stage's steps are larger by this, far less than a step, lest rounding make it end a frame late."""
LEGATO_SECONDS = 0.005
"""The least time that a change of velocity takes from full level."""

RELEASE, ATTACK, HOLD = 0.0, 1.0, 2.0


@inline
def part(u):
    """1 - exp(-u) for 0 <= u < 14: a Taylor series on u / 32, squared five times; without libm, so that lanes go side by side."""
    u = u / -32
    e = 1 + u * (1 + u / 2 * (1 + u / 3 * (1 + u / 4 * (1 + u / 5 * (1 + u / 6 * (1 + u / 7 * (1 + u / 8)))))))
    e *= e
    e *= e
    e *= e
    e *= e
    return 1 - e * e


@inline
def count(milliseconds, rate):
    """Whole frames, halves to even; at least one."""
    return max(1.0, np.rint(milliseconds * 0.001 * rate))


@inline
def at_rest(x, v, aim, stage, last, sustain, gate):
    """Whether it stays as it is: held at the sustain or released to the end, and no note begins or ends; row 0 of both holds."""
    moves = 0
    for l in range(x.size):
        end = sustain[0, l] if stage[l] == HOLD else f32(0)
        moves |= np.int32((x[l] != end) | (v[l] != aim[l]) | (stage[l] == ATTACK) | (gate[0, l] != last[l]))
    return moves == 0


@kernel(SPEC)
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    (source, gate, velocity), (out, env) = ins, outs
    attack, decay, sustain, release, curve = params
    x, v, aim = local(np.float64, LANES), local(np.float64, LANES), local(np.float64, LANES)
    pace, stage, start = local(np.float64, LANES), local(np.float64, LANES), local(np.float64, LANES)
    last, held, loud, shaped = local(f32, LANES), local(f32, LANES), local(f32, LANES), local(f32, LANES)
    # a frame is x = max(floor, a x + b), at most 1: for the attack, the hold, the release, and for where it stands
    rise_a, rise_b, hold_a, hold_b = (
        local(np.float64, LANES), local(np.float64, LANES), local(np.float64, LANES), local(np.float64, LANES)
    )  # fmt: skip
    a, b, floor, level = (
        local(np.float64, LANES),
        local(np.float64, LANES),
        local(np.float64, LANES),
        local(np.float64, LANES),
    )
    fall_a, fall_b, fall_k = local(np.float64, LANES), local(np.float64, LANES), local(np.float64, LANES)
    for l in range(LANES):
        x[l], v[l], aim[l], pace[l] = state[0, l], state[1, l], state[2, l], state[3, l]
        stage[l], start[l], last[l] = state[4, l], state[5, l], state[6, l]
    if moving == 0 and still >> 1 & 1 and at_rest(x, v, aim, stage, last, sustain, gate):
        for l in range(LANES):
            held[l], loud[l] = x[l], x[l] * v[l]
        for i in range(frames):
            for l in range(LANES):
                shaped[l] = source[i, l] * loud[l]
            for l in range(LANES):
                env[i, l], out[i, l] = held[l], shaped[l]
        return
    least = LEGATO_SECONDS * rate
    climbing = sliding = False
    for i in range(frames):
        stirred = moving != 0 or i == 0
        if stirred:
            for l in range(LANES):
                linear = curve[i, l] > f32(0.5)
                level[l] = sustain[i, l]
                frames_up = count(attack[i, l], rate)
                up = part(CHARGE / frames_up)
                rise_a[l] = 1 if linear else 1 - up
                rise_b[l] = SURE / frames_up if linear else up * AIM * SURE
                down = part(SIXTY_DB / max(1.0, decay[i, l] * 0.001 * rate))
                hold_a[l] = 1 if linear else 1 - down
                hold_b[l] = (level[l] - 1) * SURE / count(decay[i, l], rate) if linear else down * (level[l] - BELOW)
                away = part(SIXTY_DB / max(1.0, release[i, l] * 0.001 * rate))
                fall_a[l] = 1 if linear else 1 - away
                fall_b[l] = 0 if linear else -away * BELOW
                fall_k[l] = -SURE / count(release[i, l], rate) if linear else 0
        if still >> 1 & 1 == 0:
            for l in range(LANES):
                stirred |= gate[i, l] != last[l]
        if stirred:
            climbing = sliding = False
            for l in range(LANES):
                now, before = gate[i, l], last[l]
                if now > f32(0.5) and (before <= f32(0.5) or now - before > f32(0.5)):
                    stage[l] = ATTACK
                    aim[l] = velocity[i, l]
                    v[l] = v[l] if x[l] > 0 else aim[l]
                    pace[l] = abs(aim[l] - v[l]) / max(1.0, x[l] * max(least, count(attack[i, l], rate)))
                elif now <= f32(0.5) and stage[l] != RELEASE:
                    stage[l] = RELEASE
                    start[l] = x[l]
                last[l] = now
                rising, falling = stage[l] == ATTACK, stage[l] == RELEASE
                a[l] = rise_a[l] if rising else fall_a[l] if falling else hold_a[l]
                b[l] = rise_b[l] if rising else fall_b[l] + start[l] * fall_k[l] if falling else hold_b[l]
                floor[l] = level[l] if stage[l] == HOLD else 0
                climbing |= rising
                sliding |= v[l] != aim[l]
        for l in range(LANES):
            env[i, l] = x[l]
            out[i, l] = source[i, l] * f32(x[l] * v[l])
            x[l] = min(1.0, max(floor[l], a[l] * x[l] + b[l]))
        if sliding:
            for l in range(LANES):
                v[l] += min(pace[l], max(-pace[l], aim[l] - v[l]))
        if climbing:
            for l in range(LANES):
                top = x[l] >= 1
                stage[l] = HOLD if top else stage[l]
                a[l] = hold_a[l] if top else a[l]
                b[l] = hold_b[l] if top else b[l]
                floor[l] = level[l] if top else floor[l]
    for l in range(LANES):
        state[0, l], state[1, l], state[2, l], state[3, l] = x[l], v[l], aim[l], pace[l]
        state[4, l], state[5, l], state[6, l] = stage[l], start[l], last[l]
