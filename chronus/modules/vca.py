"""A volume that another module can move: the input times a level. With sound in `ring` and a level of 0 it is a ring modulator."""

import numpy as np

from chronus.catalogue.spec import In, Param, Spec
from chronus.dsp.kernel import LANES, kernel, local

SPEC = Spec(
    kind="vca",
    help="the input times a level; patch an envelope or an lfo into vca.level",
    tries=(
        "load lfo shape=square rate=1/16; patch saw > vca; set saw.freq 55; patch lfo > vca.level 1",
        "set lfo.rate 1/8",
        "set vca.level 0.3",
    ),
    category="control",
    width="poly",
    ins=(In("in"), In("ring", help="added to the level, and may be negative: with level 0 a ring modulator")),
    params=(Param("level", 0, 1, 1, help="0 is silence, 1 leaves the input as it is"),),
)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (source, ring), (out,), (level,) = ins, outs, params
    x = local(np.float32, LANES)
    for i in range(frames):
        for l in range(LANES):
            x[l] = source[i, l] * (level[i if moving else 0, l] + ring[i, l])
        for l in range(LANES):
            out[i, l] = x[l]
