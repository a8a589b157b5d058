"""A kick drum: a sine that falls in pitch under a short click, from the round 808 to hard techno.

Its sources and figures are in dsp/drum/kick.py.
"""

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.drum.kick import MODELS, kick
from chronus.dsp.drum.strike import rests, struck
from chronus.dsp.drum.voice import ROWS, play_until_hit
from chronus.dsp.kernel import kernel
from chronus.dsp.voice import row

SPEC = Spec(
    kind="kick",
    help="kick drum: 808, 909, dnb, techno",
    tries=(
        "load kick; seq kick: X...X...X...X...",
        "set kick.model dnb; seq kick: X.........X.....",
        "set kick.drive 0.7, kick.decay 250ms",
    ),
    category="drum",
    state=ROWS,
    params=(
        Param("freq", 20, 200, 50, "Hz", "exp", "where the pitch settles", pitch=True),
        Param("decay", 10, 4000, 400, "ms", "exp", "until the body is 60 dB down, before the drive"),
        Param("tone", 0, 1, 0.5, help="brightness of the click"),
        Param("drive", 0, 1, 0.3, help="saturation; dnb clips hard instead"),
        Param("click", 0, 1, 0.4, help="level of the click"),
        Param("sweep", 0, 1, 0.5, help="how far the pitch falls; 0.5 is as the model has it"),
        switch("model", MODELS, "909", "taken at the next hit, as all but freq"),
    ),
    ins=(
        In("gate", "gate", "strikes when it rises"),
        In("velocity", "velocity", "level, and a little brightness"),
        In("accent", "accent", "louder, from a higher pitch"),
    ),
)


@kernel(SPEC)
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    gate, velocity, accent = ins
    freq, decay, tone, drive, click, sweep, model = params
    (out,) = outs
    if rests(out, gate, still, frames, state):
        return
    i = 0
    while i < frames:
        if struck(gate, i, state):
            kick(
                state, 0, 0, decay[row(moving, 1, i), 0], tone[row(moving, 2, i), 0], drive[row(moving, 3, i), 0],
                click[row(moving, 4, i), 0], sweep[row(moving, 5, i), 0], model[row(moving, 6, i), 0],
                velocity[i, 0], accent[i, 0], rate,
            )  # fmt: skip
        i = play_until_hit(out, gate, still, i, frames, state, freq, moving, seed, rate)
