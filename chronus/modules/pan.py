"""Puts a sound to the left or the right, or sends it from side to side by itself.

The power of both sides together stays the same on the way (sine and cosine of a quarter turn), and in the middle both are exactly the
input. What comes in stereo keeps its own sides, and the one it is led away from fades. The path from side to side is a sine.
"""

import numpy as np

from chronus.catalogue.spec import SIDES, In, Param, Spec
from chronus.dsp.kernel import kernel, local
from chronus.dsp.pitch import sine as wave
from chronus.dsp.tan import sine

f32, f64 = np.float32, np.float64

SPEC = Spec(
    kind="pan",
    help="left, right, or from side to side by itself",
    tries=(
        "load hat; seq hat: x.x.x.x.x.x.x.x.; patch hat > pan; set pan.position -0.6",
        "set pan.depth 0.8, pan.rate 1/2",
        "load random rate=1/16; patch random > pan.position 0.5; set pan.depth 0",
    ),
    category="control",
    width="stereo",
    state=1,
    params=(
        Param("position", -1, 1, 0, help="-1 is left, 1 is right", named=SIDES),
        Param("depth", 0, 1, 0, help="how far it swings to either side by itself"),
        Param("rate", 0.01, 50, 0.5, "Hz", "exp", "swings a second"),
    ),
    ins=(In("in"),),
)

MIDDLE = f32(2**0.5)
"""Makes both sides 1 in the middle."""


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (source,), (out,) = ins, outs
    position, depth, speed = params
    side = local(f32, 64)
    phase = state[0, 0]
    still = moving == 0 and depth[0, 0] == 0
    if still:
        side[0] = f32(0.25) + f32(0.25) * position[0, 0]
        phase += frames * f64(speed[0, 0]) / rate
    else:
        for i in range(frames):
            swing = f32(wave(phase)) * depth[i, 0]
            side[i] = f32(0.25) + f32(0.25) * min(f32(1), max(f32(-1), position[i, 0] + swing))
            phase += f64(speed[i, 0]) / rate
    for i in range(frames):
        to = side[0 if still else i]
        out[i, 0] = source[i, 0] * (MIDDLE * sine(f32(0.5) - to))
        out[i, 1] = source[i, 1] * (MIDDLE * sine(to))
    state[0, 0] = phase - np.floor(phase)
