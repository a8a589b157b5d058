"""A snare drum: two tuned skins that ring briefly under rattling noise, 808, 909, the tight crack of drum and bass, or driven techno.

Its sources and figures are in dsp/drum/snare.py.
"""

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.drum.snare import MODELS, snare
from chronus.dsp.drum.strike import rests, struck
from chronus.dsp.drum.voice import ROWS, play_until_hit
from chronus.dsp.kernel import kernel
from chronus.dsp.voice import row

SPEC = Spec(
    kind="snare",
    help="snare drum: 808, 909, dnb, techno",
    tries=(
        "load snare; seq snare: ....X.......X...",
        "set snare.model dnb, snare.snappy 0.8",
        "seq snare: ....X..o.o..X..o",
    ),
    category="drum",
    state=ROWS,
    params=(
        Param("freq", 60, 800, 190, "Hz", "exp", "pitch of the body", pitch=True),
        Param("decay", 10, 4000, 220, "ms", "exp", "until the noise is 60 dB down, before the drive; the body follows"),
        Param("tone", 0, 1, 0.5, help="brightness of the noise"),
        Param("snappy", 0, 1, 0.6, help="noise against body"),
        Param("drive", 0, 1, 0.3, help="saturation"),
        switch("model", MODELS, "909", "taken at the next hit, as all but freq"),
    ),
    ins=(
        In("gate", "gate", "strikes when it rises"),
        In("velocity", "velocity", "level, and a little brightness"),
        In("accent", "accent", "louder and snappier"),
    ),
)


@kernel(SPEC)
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    gate, velocity, accent = ins
    freq, decay, tone, snappy, drive, model = params
    (out,) = outs
    if rests(out, gate, still, frames, state):
        return
    i = 0
    while i < frames:
        if struck(gate, i, state):
            snare(
                state, 0, 0, decay[row(moving, 1, i), 0], tone[row(moving, 2, i), 0], snappy[row(moving, 3, i), 0],
                drive[row(moving, 4, i), 0], model[row(moving, 5, i), 0], velocity[i, 0], accent[i, 0], rate,
            )  # fmt: skip
        i = play_until_hit(out, gate, still, i, frames, state, freq, moving, seed, rate)
