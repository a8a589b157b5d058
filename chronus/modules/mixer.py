"""Four inputs into one, each at its own level. Cut at +12 dBFS, which four loud inputs turned up would pass."""

import numpy as np

from chronus.catalogue.spec import In, Param, Spec
from chronus.dsp.decibels import factor
from chronus.dsp.kernel import LANES, kernel, local

SPEC = Spec(
    kind="mixer",
    help="four inputs into one, each at its own level",
    tries=(
        "load saw freq=55; load square freq=110; patch saw > mixer.in1; patch square > mixer.in2",
        "set mixer.level1 0.8, mixer.level2 0.2",
        "set mixer.level2 0..1 over 4 bars",
    ),
    category="control",
    width="poly",
    gathers=True,
    ins=(In("in1"), In("in2", help="input 2"), In("in3", help="input 3"), In("in4", help="input 4")),
    params=(
        Param("level1", -60, 12, 0, "dB", help="level of in1; -60 is off"),
        Param("level2", -60, 12, 0, "dB", help="level of in2; -60 is off"),
        Param("level3", -60, 12, 0, "dB", help="level of in3; -60 is off"),
        Param("level4", -60, 12, 0, "dB", help="level of in4; -60 is off"),
    ),
)

f32 = np.float32
CEILING = f32(3.98)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    in1, in2, in3, in4 = ins
    level1, level2, level3, level4 = params
    (out,) = outs
    k1, k2, k3, k4 = local(f32, LANES), local(f32, LANES), local(f32, LANES), local(f32, LANES)
    total = local(f32, LANES)
    for i in range(frames):
        if moving or i == 0:
            for l in range(LANES):
                k1[l], k2[l] = factor(level1[i, l]), factor(level2[i, l])
                k3[l], k4[l] = factor(level3[i, l]), factor(level4[i, l])
        for l in range(LANES):
            total[l] = k1[l] * in1[i, l] + k2[l] * in2[i, l] + k3[l] * in3[i, l] + k4[l] * in4[i, l]
        for l in range(LANES):
            out[i, l] = min(CEILING, max(-CEILING, total[l]))
