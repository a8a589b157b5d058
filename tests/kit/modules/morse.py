"""A text in long and short tones, again and again."""

import numpy as np

from chronus.catalogue.spec import In, Param, Spec, Table
from chronus.dsp.kernel import LANES, kernel

f32 = np.float32
SPEC = Spec(
    kind="morse",
    help="a text as tones: each of its characters by the seven bits of its number, a dot for 0 and a dash for 1",
    category="instrument",
    params=(Param("rate", 1, 50, 10, "Hz", "exp", "signs a second"),),
    ins=(In("gate", "gate", "sounds while it is on"),),
    tables=(Table("words", "text", "what it says"),),
    # the frames since it began, the phase of the tone
    state=2,
    drone=True,
)


@kernel(SPEC)
def render(ins, outs, params, moving, tables, state, memory, seed, rate, frames):
    (words,) = tables
    since, phase = state[0, 0], state[1, 0]
    for i in range(frames):
        x = f32(0.0)
        if words.shape[0] > 0:
            sign = since * params[0][i, 0] / rate
            number = int(words[int(sign / 7.0) % words.shape[0], 0])
            long = (number >> (int(sign) % 7)) & 1
            if ins[0][i, 0] > f32(0.5) and sign - int(sign) < (0.75 if long else 0.25):
                x = f32(0.25 * np.sin(2.0 * np.pi * phase))
        phase += 660.0 / rate
        phase -= int(phase)
        since += 1.0
        for l in range(LANES):
            outs[0][i, l] = x
    state[0, 0], state[1, 0] = since, phase
