"""A recording, played once by each note: at its own speed at c4, and moved by the note from there."""

import numpy as np

from chronus.catalogue.spec import In, Param, Spec, Table
from chronus.dsp.kernel import LANES, kernel, local

f32 = np.float32
TAPS, PHASES = 16, 512
HOME = 261.6255653005986
SHORTEST = 0.001

SPEC = Spec(
    kind="sampler",
    help="a recording, played by notes",
    width="poly",
    category="instrument",
    params=(
        Param("freq", 8, 8000, HOME, "Hz", "exp", "at c4 the recording has its own speed", pitch=True),
        Param("gain", 0, 2, 1, help="level"),
    ),
    ins=(In("gate", "gate", "plays it from its beginning"), In("velocity", "velocity", "level of the note")),
    tables=(
        Table("file", "file", "the recording"),
        Table("window", "code", "values between two frames"),
    ),
    # where it is (-1: nowhere), the last gate, the level of the note
    state=3,
)


def windowed_sinc() -> np.ndarray:
    """(PHASES + 1, TAPS): the weights of TAPS frames for a place between the two in the middle."""
    at = np.arange(TAPS) - (TAPS // 2 - 1) - np.arange(PHASES + 1)[:, None] / PHASES
    weights = np.sinc(0.9 * at) * np.i0(6 * np.sqrt(np.maximum(0, 1 - (at / (TAPS / 2)) ** 2)))
    return weights / weights.sum(1, keepdims=True)


@kernel(SPEC, window=windowed_sinc)
def render(ins, outs, params, moving, tables, state, memory, seed, rate, frames):
    gate, velocity = ins
    freq, gain = params
    recording, window = tables
    (out,) = outs
    length, last = recording.shape[0], recording.shape[1] - 1
    at, was, level = local(np.float64, LANES), local(np.float32, LANES), local(np.float32, LANES)
    for l in range(LANES):
        # a place is one more than it says, so that what is all zeros is nowhere
        at[l], was[l], level[l] = state[0, l] - 1.0, state[1, l], state[2, l]
    for i in range(frames):
        for l in range(LANES):
            if gate[i, l] > f32(0.5) and (was[l] <= f32(0.5) or gate[i, l] > f32(1.5)):
                at[l], level[l] = 0.0, velocity[i, l]
            was[l] = gate[i, l]
            x = f32(0.0)
            if at[l] >= 0.0:
                whole = int(at[l])
                row = int((at[l] - whole) * PHASES + 0.5)
                for k in range(TAPS):
                    n = whole + k - (TAPS // 2 - 1)
                    if 0 <= n < length:
                        x += window[row, k] * (recording[n, 0] + recording[n, last]) * f32(0.5)
                at[l] += freq[i, l] / HOME
                if at[l] >= length:
                    at[l] = -1.0
            out[i, l] = x * level[l] * gain[i, l]
    for l in range(LANES):
        state[0, l], state[1, l], state[2, l] = at[l] + 1.0, was[l], level[l]
