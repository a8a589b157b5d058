"""Percussion: a conga, a block of wood, clanging metal or a falling zap, to answer the drums between their beats.

Its sources and figures are in dsp/drum/perc.py.
"""

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.drum.perc import MODELS, perc
from chronus.dsp.drum.strike import rests, struck
from chronus.dsp.drum.voice import ROWS, play_until_hit
from chronus.dsp.kernel import kernel
from chronus.dsp.voice import row

SPEC = Spec(
    kind="perc",
    help="percussion: conga, wood, metal, zap",
    tries=(
        "load perc; seq perc: x..x..x.x..x..x.",
        "set perc.model metal, perc.tone 0.8",
        "set perc.model zap, perc.freq 120",
    ),
    category="drum",
    state=ROWS,
    params=(
        Param("freq", 50, 4000, 300, "Hz", "exp", "pitch", pitch=True),
        Param(
            "decay",
            10,
            4000,
            250,
            "ms",
            "exp",
            "until a conga is 60 dB down, before the drive; wood is shorter, metal longer",
        ),
        Param("tone", 0, 1, 0.5, help="brightness"),
        Param("drive", 0, 1, 0.2, help="saturation"),
        Param("sweep", 0, 1, 0.5, help="how far the pitch falls; 0.5 is as the model has it"),
        switch("model", MODELS, "conga", "taken at the next hit, as all but freq"),
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
            perc(
                state, 0, 0, decay[row(moving, 1, i), 0], tone[row(moving, 2, i), 0], drive[row(moving, 3, i), 0],
                sweep[row(moving, 4, i), 0], model[row(moving, 5, i), 0], velocity[i, 0], accent[i, 0], rate,
            )  # fmt: skip
        i = play_until_hit(out, gate, still, i, frames, state, freq, moving, seed, rate)
