"""A tom: a deep skin that falls as it rings, for fills and for the low off-beat of dark techno.

Its sources and figures are in dsp/drum/tom.py.
"""

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.drum.strike import rests, struck
from chronus.dsp.drum.tom import MODELS, tom
from chronus.dsp.drum.voice import ROWS, play_until_hit
from chronus.dsp.kernel import kernel
from chronus.dsp.voice import row

SPEC = Spec(
    kind="tom",
    help="tom: 808, 909, techno",
    tries=(
        "load tom; seq tom: ......x.......x.",
        "set tom.model techno, tom.freq 70",
        "seq tom: a2 . . . f2 . . d2 . . a1 . . . . .",
    ),
    category="drum",
    state=ROWS,
    params=(
        Param("freq", 40, 800, 110, "Hz", "exp", "where the pitch settles", pitch=True),
        Param("decay", 10, 4000, 450, "ms", "exp", "until it is 60 dB down, before the drive"),
        Param("tone", 0, 1, 0.5, help="brightness of the stick and of the skin's noise"),
        Param("drive", 0, 1, 0.2, help="saturation"),
        Param("sweep", 0, 1, 0.5, help="how far the pitch falls; 0.5 is as the model has it"),
        switch("model", MODELS, "909", "taken at the next hit, as all but freq"),
    ),
    ins=(
        In("gate", "gate", "strikes when it rises"),
        In("velocity", "velocity", "level, and brightness"),
        In("accent", "accent", "louder, from a higher pitch"),
    ),
)


@kernel(SPEC)
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    gate, velocity, accent = ins
    freq, decay, tone, drive, sweep, model = params
    (out,) = outs
    if rests(out, gate, still, frames, state):
        return
    i = 0
    while i < frames:
        if struck(gate, i, state):
            tom(
                state, 0, 0, decay[row(moving, 1, i), 0], tone[row(moving, 2, i), 0], drive[row(moving, 3, i), 0],
                sweep[row(moving, 4, i), 0], model[row(moving, 5, i), 0], velocity[i, 0], accent[i, 0], rate,
            )  # fmt: skip
        i = play_until_hit(out, gate, still, i, frames, state, freq, moving, seed, rate)
