"""A clap: several hands, a hundredth of a second apart, and the room that they are in.

Its sources and figures are in dsp/drum/clap.py.
"""

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.drum.clap import MODELS, clap
from chronus.dsp.drum.strike import rests, struck
from chronus.dsp.drum.voice import ROWS, play_until_hit
from chronus.dsp.kernel import kernel
from chronus.dsp.voice import row

SPEC = Spec(
    kind="clap",
    help="hand clap: 808, 909, dnb, techno",
    tries=(
        "load clap; seq clap: ....x.......x...",
        "set clap.model 808, clap.decay 500ms",
        "set clap.spread 16ms, clap.drive 0.6",
    ),
    category="drum",
    state=ROWS,
    params=(
        Param(
            "freq", 200, 5000, 1000, "Hz", "exp", "middle of the band, taken at the next hit as all others", pitch=True
        ),
        Param("decay", 10, 4000, 300, "ms", "exp", "until the room is 60 dB down, before the drive"),
        Param("tone", 0, 1, 0.5, help="brightness"),
        Param("spread", 2, 40, 10, "ms", "exp", "time from hand to hand"),
        Param("drive", 0, 1, 0.2, help="saturation"),
        switch("model", MODELS, "909", "taken at the next hit"),
    ),
    ins=(
        In("gate", "gate", "strikes when it rises"),
        In("velocity", "velocity", "level, and a little brightness"),
        In("accent", "accent", "louder"),
    ),
)


@kernel(SPEC)
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    gate, velocity, accent = ins
    freq, decay, tone, spread, drive, model = params
    (out,) = outs
    if rests(out, gate, still, frames, state):
        return
    i = 0
    while i < frames:
        if struck(gate, i, state):
            clap(
                state, 0, 0, freq[row(moving, 0, i), 0], decay[row(moving, 1, i), 0], tone[row(moving, 2, i), 0],
                spread[row(moving, 3, i), 0], drive[row(moving, 4, i), 0], model[row(moving, 5, i), 0],
                velocity[i, 0], accent[i, 0], rate,
            )  # fmt: skip
        i = play_until_hit(out, gate, still, i, frames, state, freq, moving, seed, rate)
