"""How loud something is, as a signal: opens a filter with a drum, or lets a bass breathe with the kick.

A smooth decoupled peak detector (D. Giannoulis, M. Massberg, J. Reiss, "Digital Dynamic Range Compressor Design", JAES 2012): a peak
that falls slowly, and behind it a low-pass that rises slowly, so that neither time changes the other and a steady tone reads its peak.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Out, Param, Spec
from chronus.dsp.decibels import factor
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.shape import exp2
from chronus.dsp.voice import row

f32, f64 = np.float32, np.float64

SPEC = Spec(
    kind="follower",
    help="the loudness of its input as a signal, to move parameters with",
    tries=(
        "load kick; seq kick: x...x...x...x...; patch saw > filter; set saw.freq 55; patch kick > follower; "
        "patch follower > filter.cutoff 3 oct",
        "set follower.release 300ms",
        "set follower.attack 30ms, follower.gain 6db",
    ),
    category="control",
    width="poly",
    modulator=True,
    params=(
        Param("attack", 0.1, 1000, 2, "ms", "exp", "until it has risen nine tenths of the way"),
        Param("release", 1, 5000, 120, "ms", "exp", "until it has fallen nine tenths of the way"),
        Param("gain", -24, 36, 0, "dB", help="of the input, before its level is read"),
    ),
    ins=(In("in"),),
    outs=(Out("out", "control", "0..1: the level of the peaks; 1 is full scale"),),
    state=2,
)

TENTH = -math.log2(10)
FLOOR = 1e-9
"""It aims this far below its end, and so arrives."""


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (source,), (out,) = ins, outs
    attack, release, gain = params
    peak, level, rise, keep = local(f64, LANES), local(f64, LANES), local(f64, LANES), local(f64, LANES)
    loud, found = local(f32, LANES), local(f32, LANES)
    for l in range(LANES):
        peak[l], level[l] = state[0, l], state[1, l]
    per_frame = TENTH * 1000 / rate
    for i in range(frames):
        if moving or i == 0:
            for l in range(LANES):
                rise[l] = 1 - exp2(per_frame / attack[row(moving, 0, i), l])
                keep[l] = exp2(per_frame / release[row(moving, 1, i), l])
                loud[l] = factor(gain[row(moving, 2, i), l])
        for l in range(LANES):
            found[l] = min(f32(1), abs(source[i, l]) * loud[l])
        for l in range(LANES):
            peak[l] = max(f64(found[l]), keep[l] * peak[l] + (1 - keep[l]) * (found[l] - FLOOR))
            level[l] = max(0.0, level[l] + rise[l] * (peak[l] - FLOOR - level[l]))
            out[i, l] = f32(level[l])
    for l in range(LANES):
        state[0, l], state[1, l] = peak[l], level[l]
