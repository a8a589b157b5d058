"""A hi-hat: six clashing square waves behind steep filters, or mostly hiss; a closed one chokes the open one.

Its sources and figures are in dsp/drum/hat.py.
"""

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.drum.hat import MODELS, hat
from chronus.dsp.drum.metal import ROWS, clang_until_hit
from chronus.dsp.drum.strike import rests, struck
from chronus.dsp.kernel import kernel
from chronus.dsp.voice import row

SPEC = Spec(
    kind="hat",
    help="hi-hat: 808, 909, dnb, techno; open or closed",
    tries=(
        "load hat; seq hat: x.x.x.x.x.x.x.x. vel=0.7",
        "seq hat: ..X...X...X...X.",
        "set hat.model techno, hat.open 0.6",
    ),
    category="drum",
    state=ROWS,
    params=(
        Param(
            "freq",
            50,
            1000,
            205,
            "Hz",
            "exp",
            "pitch of the lowest of the six squares; all is taken at the next hit",
            pitch=True,
        ),
        Param("decay", 10, 4000, 60, "ms", "exp", "until a closed hit is 60 dB down"),
        Param("open", 0, 1, 0, help="0 closed, 1 open: rings up to eight times as long"),
        Param("tone", 0, 1, 0.5, help="what is cut off below: 3.5 to 14 kHz"),
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
    freq, decay, opened, tone, model = params
    (out,) = outs
    if rests(out, gate, still, frames, state):
        return
    i = 0
    while i < frames:
        if struck(gate, i, state):
            hat(
                state, 0, 0, freq[row(moving, 0, i), 0], decay[row(moving, 1, i), 0], opened[row(moving, 2, i), 0],
                tone[row(moving, 3, i), 0], model[row(moving, 4, i), 0], velocity[i, 0], accent[i, 0], rate,
            )  # fmt: skip
        i = clang_until_hit(out, gate, still, i, frames, state, seed, rate)
