"""A cowbell: two square waves that beat a dent into the mix.

Its sources and figures are in dsp/drum/cowbell.py.
"""

from chronus.catalogue.spec import In, Param, Spec
from chronus.dsp.drum.cowbell import cowbell
from chronus.dsp.drum.metal import ROWS, clang_until_hit
from chronus.dsp.drum.strike import rests, struck
from chronus.dsp.kernel import kernel
from chronus.dsp.voice import row

SPEC = Spec(
    kind="cowbell",
    help="cowbell, as of an 808",
    tries=(
        "load cowbell; seq cowbell: x..x..x...x.x...",
        "set cowbell.decay 120ms, cowbell.drive 0.5",
        "set cowbell.freq 620",
    ),
    category="drum",
    state=ROWS,
    params=(
        Param(
            "freq",
            100,
            2000,
            540,
            "Hz",
            "exp",
            "pitch of the lower of two squares; all is taken at the next hit",
            pitch=True,
        ),
        Param("decay", 10, 4000, 300, "ms", "exp", "until it is 60 dB down"),
        Param("tone", 0, 1, 0.5, help="brightness"),
        Param("drive", 0, 1, 0.2, help="saturation"),
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
    freq, decay, tone, drive = params
    (out,) = outs
    if rests(out, gate, still, frames, state):
        return
    i = 0
    while i < frames:
        if struck(gate, i, state):
            cowbell(
                state, 0, 0, freq[row(moving, 0, i), 0], decay[row(moving, 1, i), 0], tone[row(moving, 2, i), 0],
                drive[row(moving, 3, i), 0], velocity[i, 0], accent[i, 0], rate,
            )  # fmt: skip
        i = clang_until_hit(out, gate, still, i, frames, state, seed, rate)
