"""A crash cymbal: a dense wash of metal that opens a section and takes two seconds to go.

Its sources and figures are in dsp/drum/cymbal.py.
"""

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.drum.cymbal import MODELS, crash
from chronus.dsp.drum.metal import ROWS, clang_until_hit
from chronus.dsp.drum.strike import rests, struck
from chronus.dsp.kernel import kernel
from chronus.dsp.voice import row

SPEC = Spec(
    kind="crash",
    help="crash cymbal: 808, 909",
    tries=(
        "load crash; seq crash: X...............",
        "set crash.model 808, crash.decay 4s",
        "set crash.tone 0.3",
    ),
    category="drum",
    state=ROWS,
    params=(
        Param(
            "freq",
            50,
            1000,
            147,
            "Hz",
            "exp",
            "pitch of the lowest of the six squares; all is taken at the next hit",
            pitch=True,
        ),
        Param("decay", 10, 10000, 2200, "ms", "exp", "until it is 60 dB down"),
        Param("tone", 0, 1, 0.5, help="brightness"),
        switch("model", MODELS, "909", "taken at the next hit"),
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
    freq, decay, tone, model = params
    (out,) = outs
    if rests(out, gate, still, frames, state):
        return
    i = 0
    while i < frames:
        if struck(gate, i, state):
            crash(
                state, 0, 0, freq[row(moving, 0, i), 0], decay[row(moving, 1, i), 0], tone[row(moving, 2, i), 0],
                model[row(moving, 3, i), 0], velocity[i, 0], accent[i, 0], rate,
            )  # fmt: skip
        i = clang_until_hit(out, gate, still, i, frames, state, seed, rate)
