"""A slow wave that moves other things: vibrato, wobble, sweeps, and chance.

`hold` takes a new random value each cycle, `random` glides between such values (a cubic with level ends, so that
it stays in its range).
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Out, Param, Spec, switch
from chronus.dsp.chance import chance, key_of
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.pitch import sine
from chronus.dsp.voice import begins, row

f32, f64 = np.float32, np.float64
SINE, TRIANGLE, SAW, RAMP, SQUARE, HOLD = range(6)
FREE, RETRIGGER, ONESHOT = range(3)
END = 1 - 1e-9

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
def wave_at(shape, t, key, turn):  # type: ignore[no-untyped-def]
    """Branches, where other kernels compute all and choose: it is nearly always alone in its lane."""
    x = f32(t)
    if shape < f32(SINE + 0.5):
        return f32(sine(t))
    if shape < f32(TRIANGLE + 0.5):
        return abs(f32(2) - abs(f32(4) * x - f32(1))) - f32(1)
    if shape < f32(SAW + 0.5):
        return f32(1) - f32(2) * x
    if shape < f32(RAMP + 0.5):
        return f32(2) * x - f32(1)
    if shape < f32(SQUARE + 0.5):
        return f32(1) if t < 0.5 else f32(-1)
    held = chance(key, turn)
    if shape < f32(HOLD + 0.5):
        return held
    return held + (chance(key, turn + 1) - held) * (x * x * (f32(3) - f32(2) * x))


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (gate,) = ins
    speed, depth, shape, offset, mode = params
    (out,) = outs
    phase, cycle, last_gate, running = local(f64, LANES), local(f64, LANES), local(f32, LANES), local(f32, LANES)
    key = local(np.uint32, LANES)
    for l in range(LANES):
        key[l] = key_of(seed, l)
        phase[l], cycle[l], last_gate[l], running[l] = state[0, l], state[1, l], state[2, l], state[3, l]
    frame_seconds = 1 / rate

    for i in range(frames):
        for l in range(LANES):
            kind, way = shape[row(moving, 2, i), l], mode[row(moving, 4, i), l]
            note = begins(gate[i, l], last_gate[l])
            last_gate[l] = gate[i, l]
            restart = note & (way > f32(FREE + 0.5))
            running[l] = f32(1) if note else running[l] * f32(1)
            once = way > f32(RETRIGGER + 0.5)
            resting = once & (running[l] < f32(0.5))
            now = 0.0 if restart else (END if resting else phase[l])
            turn = cycle[l] + (1.0 if restart else 0.0)

            place = now + offset[row(moving, 3, i), l]
            whole = math.floor(place)
            wave = wave_at(kind, place - whole, key[l], np.int64(turn + whole))
            out[i, l] = depth[row(moving, 1, i), l] * wave

            now += speed[row(moving, 0, i), l] * frame_seconds
            over = now >= 1
            phase[l] = now - 1 if over else now
            # once it is over the last cycle's value stays, until a note begins the next one
            cycle[l] = turn + (1.0 if over & (not once) else 0.0)
            running[l] = f32(0) if over else running[l] * f32(1)

    for l in range(LANES):
        state[0, l], state[1, l], state[2, l], state[3, l] = phase[l], cycle[l], last_gate[l], running[l]
