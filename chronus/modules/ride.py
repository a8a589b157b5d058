"""A ride cymbal: a clear stick over a shimmer that never quite ends; `bell` moves from its bow to its cup.

Its sources and figures are in dsp/drum/cymbal.py.
"""

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.drum.cymbal import MODELS, ride
from chronus.dsp.drum.metal import ROWS, clang_until_hit
from chronus.dsp.drum.strike import rests, struck
from chronus.dsp.kernel import kernel
from chronus.dsp.voice import row

SPEC = Spec(
    kind="ride",
    help="ride cymbal: 808, 909",
    tries=(
        "load ride; seq ride: x.x.x.x.x.x.x.x.",
        "set ride.bell 0.8",
        "seq ride: ..X...X...X...X. vel=0.8",
    ),
    category="drum",
    state=ROWS,
    params=(
        Param(
            "freq",
            50,
            1000,
            186,
            "Hz",
            "exp",
            "pitch of the lowest of the six squares; all is taken at the next hit",
            pitch=True,
        ),
        Param("decay", 10, 10000, 1300, "ms", "exp", "until it is 60 dB down"),
        Param("tone", 0, 1, 0.5, help="brightness"),
        Param("bell", 0, 1, 0.1, help="0 the bow, 1 the bell"),
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
    freq, decay, tone, bell, model = params
    (out,) = outs
    if rests(out, gate, still, frames, state):
        return
    i = 0
    while i < frames:
        if struck(gate, i, state):
            ride(
                state, 0, 0, freq[row(moving, 0, i), 0], decay[row(moving, 1, i), 0], tone[row(moving, 2, i), 0],
                bell[row(moving, 3, i), 0], model[row(moving, 4, i), 0], velocity[i, 0], accent[i, 0], rate,
            )  # fmt: skip
        i = clang_until_hit(out, gate, still, i, frames, state, seed, rate)
