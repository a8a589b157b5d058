"""A slow wave that moves other things: vibrato, wobble, sweeps, and chance.

`hold` takes a new random value each cycle, `random` glides between such values (a cubic with level ends, so that
it stays in its range).
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Out, Param, Spec, switch
from chronus.dsp.chance import chance, key_of
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.plane import local_plane
from chronus.dsp.tan import sine
from chronus.dsp.voice import begins, row

f32, f64, u32, u64 = np.float32, np.float64, np.uint32, np.uint64
SINE, TRIANGLE, SAW, RAMP, SQUARE, HOLD, RANDOM = range(7)
FREE, RETRIGGER, ONESHOT = range(3)
TURN = 2.0**64
HALF_TURN, END = u32(1 << 31), u64(int((1 - 1e-9) * TURN))

SPEC = Spec(
    kind="lfo",
    help="slow wave to move parameters with",
    tries=(
        "patch saw > filter; load lfo; patch lfo > filter.cutoff 2 oct",
        "set lfo.rate 1/8, lfo.shape triangle",
        "set lfo.depth 0.3",
    ),
    category="modulator",
    width="poly",
    modulator=True,
    params=(
        Param("rate", 0.01, 50, 1, "Hz", "exp", "cycles a second"),
        Param("depth", 0, 1, 1, help="how far it swings; 0 is off"),
        switch(
            "shape",
            ("sine", "triangle", "saw", "ramp", "square", "hold", "random"),
            "sine",
            "saw falls, ramp rises, hold steps at random, random glides",
        ),
        Param("phase", 0, 1, 0, help="where in the cycle it starts"),
        switch(
            "mode",
            ("free", "retrigger", "oneshot"),
            "free",
            "whether a note starts the cycle anew, and whether it then ends after one",
        ),
    ),
    ins=(In("gate", "gate", "starts the cycle anew, in the modes that listen to it"),),
    outs=(Out("out", "control", "-1..1"),),
    state=4,
)


@inline
def wave_at(family, shape, place, key, turn):  # type: ignore[no-untyped-def]
    """`family` is a constant, the first of those that are computed together; `place` a 2^-32th of a turn."""
    if family == SINE:
        u = f32(np.int32(place)) * f32(2.0**-31)
        return math.copysign(min(f32(1), sine(min(abs(u), f32(1) - abs(u)))), u)
    x = f32(place) * f32(2.0**-32)
    if family == TRIANGLE:
        slanted = f32(1) - f32(2) * x if shape < f32(SAW + 0.5) else f32(2) * x - f32(1)
        square = f32(1) if place < HALF_TURN else f32(-1)
        bent = abs(f32(2) - abs(f32(4) * x - f32(1))) - f32(1)
        straight = slanted if shape < f32(RAMP + 0.5) else square
        return bent if shape < f32(TRIANGLE + 0.5) else straight
    held = chance(key, turn)
    glide = x * x * (f32(3) - f32(2) * x) if shape > f32(HOLD + 0.5) else f32(0)
    return held + (chance(key, turn + u32(1)) - held) * glide


@inline
def draw(family, last, asked, moving, key, place, turn, wave, frames):  # type: ignore[no-untyped-def]
    """Draws the shapes from `family` to `last`, in the lanes and frames that ask for them."""
    for i in range(frames):
        for l in range(key.size):
            shape = asked[row(moving, 2, i), l]
            new = wave_at(family, shape, place[i, l], key[l], turn[i, l])
            wave[i, l] = new if (shape > f32(family - 0.5)) & (shape < f32(last + 0.5)) else wave[i, l]


@kernel(SPEC)
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    (gate,), (out,) = ins, outs
    speed, depth, shape, offset, mode = params
    phase, step, add = local(u64, LANES), local(u64, LANES), local(u64, LANES)
    cycle, extra = local(np.int64, LANES), local(np.int64, LANES)
    last_gate, running, key = local(f32, LANES), local(f32, LANES), local(u32, LANES)
    place, turn = local_plane(u32, 64, LANES), local_plane(u32, 64, LANES)
    wave, used = local_plane(f32, 64, LANES), 0
    stirred = np.int32(moving & 25 != 0)
    for l in range(LANES):
        key[l] = key_of(seed, l)
        phase[l], cycle[l], last_gate[l], running[l] = u64(state[0, l] * TURN), state[1, l], state[2, l], state[3, l]
        listens = (mode[0, l] > f32(FREE + 0.5)) & ((still & 1 == 0) | (gate[0, l] != last_gate[l]))
        stirred |= np.int32(listens | (mode[0, l] > f32(RETRIGGER + 0.5)))
    for i in range(frames if moving >> 2 & 1 else 1):
        for l in range(LANES):
            used |= 1 << np.int64(shape[i, l] + f32(0.5))

    for i in range(frames):
        if i == 0 or moving & 9:
            for l in range(LANES):
                step[l] = u64(f64(speed[i, l]) * (1 / rate) * TURN)
                extra[l] = 1 if offset[i, l] >= f32(1) else 0
                add[l] = u64(f64(offset[i, l] - f32(extra[l])) * TURN)
        if not stirred:
            break
        for l in range(LANES):
            way = mode[row(moving, 4, i), l]
            note = begins(gate[i, l], last_gate[l])
            last_gate[l] = gate[i, l]
            restart, once = note & (way > f32(FREE + 0.5)), way > f32(RETRIGGER + 0.5)
            running[l] = (f32(1) if note else running[l]) if once else f32(0)
            resting = once & (running[l] < f32(0.5))
            now = u64(0) if restart else (END if resting else phase[l])
            cycle[l] += 1 if restart else 0
            place[i, l] = u32((now + add[l]) >> u64(32))
            turn[i, l] = u32(cycle[l] + extra[l] + (1 if now + add[l] < add[l] else 0))
            phase[l] = now + step[l]
            over = phase[l] < step[l]
            # once it is over the last cycle's value stays, until a note begins the next one
            cycle[l] += 1 if over & (not once) else 0
            running[l] = f32(0) if over else running[l] * f32(1)
    if not stirred:
        # less than one cycle goes by
        for i in range(frames):
            for l in range(LANES):
                now = phase[l] + u64(i) * step[l]
                place[i, l] = u32((now + add[l]) >> u64(32))
                carry = (1 if now < phase[l] else 0) + (1 if now + add[l] < add[l] else 0)
                turn[i, l] = u32(cycle[l] + extra[l] + carry)
        for l in range(LANES):
            now = phase[l] + u64(frames) * step[l]
            cycle[l] += 1 if now < phase[l] else 0
            phase[l], running[l], last_gate[l] = now, f32(0), gate[frames - 1, l]
    if used & 1 << SINE:
        draw(SINE, SINE, shape, moving, key, place, turn, wave, frames)
    if used >> TRIANGLE & 0b1111:
        draw(TRIANGLE, SQUARE, shape, moving, key, place, turn, wave, frames)
    if used >> HOLD:
        draw(HOLD, RANDOM, shape, moving, key, place, turn, wave, frames)
    for i in range(frames):
        for l in range(LANES):
            out[i, l] = depth[row(moving, 1, i), l] * wave[i, l]

    for l in range(LANES):
        state[0, l], state[1, l] = f64(phase[l] >> u64(11)) * 2.0**-53, cycle[l]
        state[2, l], state[3, l] = last_gate[l], running[l]
