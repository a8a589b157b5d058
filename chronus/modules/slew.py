"""Makes jumps slow: what rises or falls at its input does so in a time of its own; a glide for anything.

Linear moves at an even pace, a time for each whole step of 1 (an octave of pitch); exponential covers 95 % of any step in that time,
as a slide of the 303 does.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Out, Param, Spec, switch
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.shape import exp2
from chronus.dsp.voice import row

f32, f64 = np.float32, np.float64

SPEC = Spec(
    kind="slew",
    help="slows what rises and falls: glides from step to step",
    tries=(
        "load lfo shape=square rate=1/4; patch lfo > slew; patch saw > filter; patch slew > filter.cutoff 2 oct; set saw.freq 55",
        "set slew.rise 5ms, slew.fall 400ms",
        "set slew.curve exponential",
    ),
    category="control",
    width="poly",
    modulator=True,
    params=(
        Param("rise", 0.1, 10000, 60, "ms", "exp", "time that a step of 1 upwards takes"),
        Param("fall", 0.1, 10000, 60, "ms", "exp", "time that a step of 1 downwards takes"),
        switch("curve", ("linear", "exponential"), "linear", "at an even pace, or ever slower towards its end"),
    ),
    ins=(In("in"),),
    outs=(Out("out", "control", "the input, slowed"),),
    state=1,
)

MOST = f32(3.9)
CALM = -3000 / math.log(2)
"""e^-3 is the last 5 %."""
REST = f64(1e-7)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (source,), (out,) = ins, outs
    rise, fall, curve = params
    x, goal = local(f64, LANES), local(f64, LANES)
    up, down, rush = local(f64, LANES), local(f64, LANES), local(f64, LANES)
    up_share, down_share = local(f64, LANES), local(f64, LANES)
    for l in range(LANES):
        x[l] = state[0, l]
    for i in range(frames):
        if moving or i == 0:
            for l in range(LANES):
                r, f = f64(rise[row(moving, 0, i), l]), f64(fall[row(moving, 1, i), l])
                bent = curve[row(moving, 2, i), l] > f32(0.5)
                up[l], down[l] = 1000 / (r * rate), 1000 / (f * rate)
                up_share[l] = 1 - exp2(CALM / (r * rate)) if bent else 1.0
                down_share[l] = 1 - exp2(CALM / (f * rate)) if bent else 1.0
                rush[l] = 16.0 if bent else 0.0
        for l in range(LANES):
            goal[l] = min(MOST, max(-MOST, source[i, l]))
        for l in range(LANES):
            gap = goal[l] - x[l]
            share = up_share[l] if gap > 0 else down_share[l]
            step = min(up[l] + rush[l], max(-down[l] - rush[l], share * gap))
            x[l] = goal[l] if abs(gap) < REST else x[l] + step
            out[i, l] = f32(x[l])
    for l in range(LANES):
        state[0, l] = x[l]
