"""A rim shot: a short wooden knock that cuts through everything.

Its sources and figures are in dsp/drum/rim.py.
"""

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.drum.rim import MODELS, rim
from chronus.dsp.drum.strike import rests, struck
from chronus.dsp.drum.voice import ROWS, play_until_hit
from chronus.dsp.kernel import kernel
from chronus.dsp.voice import row

SPEC = Spec(
    kind="rim",
    help="rim shot: 808, 909",
    tries=(
        "load rim; seq rim: ...x..x...x..x..",
        "set rim.model 909, rim.freq 620",
        "load delay; patch rim > delay",
    ),
    category="drum",
    state=ROWS,
    params=(
        Param("freq", 100, 2000, 500, "Hz", "exp", "pitch of the lower of two resonators", pitch=True),
        Param("decay", 10, 4000, 55, "ms", "exp", "until it is 60 dB down, before the drive"),
        Param("tone", 0, 1, 0.5, help="how much of the upper resonator and of the stick"),
        Param("drive", 0, 1, 0.3, help="saturation"),
        switch("model", MODELS, "808", "taken at the next hit, as all but freq"),
    ),
    ins=(
        In("gate", "gate", "strikes when it rises"),
        In("velocity", "velocity", "level, and brightness"),
        In("accent", "accent", "louder"),
    ),
)


@kernel(SPEC)
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    gate, velocity, accent = ins
    freq, decay, tone, drive, model = params
    (out,) = outs
    if rests(out, gate, still, frames, state):
        return
    i = 0
    while i < frames:
        if struck(gate, i, state):
            rim(
                state, 0, 0, decay[row(moving, 1, i), 0], tone[row(moving, 2, i), 0], drive[row(moving, 3, i), 0],
                model[row(moving, 4, i), 0], velocity[i, 0], accent[i, 0], rate,
            )  # fmt: skip
        i = play_until_hit(out, gate, still, i, frames, state, freq, moving, seed, rate)
