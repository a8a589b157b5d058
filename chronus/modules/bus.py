"""A named sum: what is patched into it comes out together, untouched, under one level, one pan and one chain of inserts.

Voices meet in it; what is mono comes out in the middle, as loud as it went in. The graph sums the cables, so there is nothing to do but
to hand the sum on.
"""

from chronus.catalogue.spec import In, Spec
from chronus.dsp.kernel import LANES, kernel

SPEC = Spec(
    kind="bus",
    help="a named sum, untouched: patch kick > drums",
    category="control",
    width="stereo",
    ins=(In("in"),),
    gathers=True,
    tries=("load bus as drums", "patch kick > drums; patch hat > drums", "seq kick: x...x...x...x..."),
)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (sound,), (out,) = ins, outs
    for i in range(frames):
        for l in range(LANES):
            out[i, l] = sound[i, l]
