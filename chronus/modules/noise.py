"""Noise: white as steam, pink as rain, brown as surf.

Pink is a sum of six one-pole low-passes, two octaves apart (after the "refined" filter of P. Kellet, 1999), whose
gains were fitted: -3 dB an octave within 0.2 dB from 40 Hz to 15 kHz. Poles in turns of the sample rate serve any rate.
"""

import math

import numpy as np

from chronus.catalogue.spec import Param, Spec, switch
from chronus.dsp.chance import chance, key_of
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.oscillator import HALF, NOTE_INS, follow_note, steady
from chronus.dsp.plane import local_plane
from chronus.dsp.voice import row

f32 = np.float32

POLES = np.array([0.001, 0.004, 0.016, 0.064, 0.25, 0.75], f32)
GAINS = np.array([0.01605, 0.01419, 0.0361, 0.05939, 0.16121, 0.25118], f32)
BANDS = 6
BROWN_HZ = 15
SOFTER = f32(0.7)
"""Pink and brown have higher peaks than white: at this they reach about 0.9 at the default gain."""

SPEC = Spec(
    kind="noise",
    help="white, pink or brown noise",
    tries=(
        "patch noise > filter; set filter.mode band, filter.resonance 6",
        "set noise.color pink",
        "set filter.cutoff 200..8k over 4 bars",
    ),
    category="oscillator",
    width="poly",
    drone=True,
    params=(
        switch("color", ("white", "pink", "brown"), "white", "white is even, pink falls by 3 dB an octave, brown by 6"),
        Param("gain", 0, 1, 0.5, help="level"),
    ),
    ins=NOTE_INS,
    state=5 + BANDS,
)


@kernel(SPEC)
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    gate, velocity = ins
    color, gain = params
    (out,) = outs
    last_gate, wanted, level, brown = local(f32, LANES), local(f32, LANES), local(f32, LANES), local(f32, LANES)
    key, band = local(np.uint32, LANES), local(f32, LANES)
    tone, loud, pink = local_plane(f32, 64, LANES), local_plane(f32, 64, LANES), local_plane(f32, 64, LANES)
    count, colored = np.int64(state[0, 0]), f32(0)
    for l in range(LANES):
        key[l] = key_of(seed, l)
        last_gate[l], wanted[l], level[l], brown[l] = state[1, l], state[2, l], state[3, l], state[4, l]
    for i in range(frames if moving & 1 else 1):
        for l in range(LANES):
            colored = max(colored, color[i, l])
    quiet = still & 1 == 1 and steady(gate, last_gate, wanted, level)
    for l in range(LANES):
        loud[0, l] = level[l]
    for i in range(0 if quiet else frames):
        for l in range(LANES):
            follow_note(gate[i, l], velocity[i, l], last_gate, wanted, level, rate, l)
            loud[i, l] = level[l]

    for i in range(frames):
        for l in range(LANES):
            tone[i, l] = chance(key[l], count + i)
    if colored > HALF:
        # what remembers stands still in a lane of another color
        leak = 1 - math.exp(-2 * math.pi * BROWN_HZ / rate)
        stay, enter = f32(1 - leak), f32(math.sqrt(leak * (2 - leak)))
        for i in range(frames):
            for l in range(LANES):
                pink[i, l] = 0
        for b in range(BANDS):
            keeps, takes = f32(1) - POLES[b], GAINS[b]
            for l in range(LANES):
                band[l] = state[5 + b, l]
            for i in range(frames):
                for l in range(LANES):
                    asked = color[row(moving, 0, i), l]
                    is_pink = (asked > HALF) & (asked < f32(1.5))
                    band[l] = band[l] * keeps + tone[i, l] * takes if is_pink else band[l]
                    pink[i, l] += band[l]
            for l in range(LANES):
                state[5 + b, l] = band[l]
        for i in range(frames):
            for l in range(LANES):
                asked = color[row(moving, 0, i), l]
                brown[l] = brown[l] * stay + tone[i, l] * enter if asked > f32(1.5) else brown[l]
                other = SOFTER * (pink[i, l] if asked < f32(1.5) else brown[l])
                tone[i, l] = tone[i, l] if asked < HALF else other
    for i in range(frames):
        for l in range(LANES):
            tone[i, l] *= loud[0 if quiet else i, l]
    for i in range(frames):
        for l in range(LANES):
            out[i, l] = tone[i, l] * gain[row(moving, 1, i), l]

    for l in range(LANES):
        state[0, l] = count + frames
        state[1, l], state[2, l], state[3, l], state[4, l] = last_gate[l], wanted[l], level[l], brown[l]
