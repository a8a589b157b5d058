"""A pad: four saws that drift beside one another over a soft sub-octave, rising slowly out of the dark, warm and wide awake.

A house recipe: saws at -1, -0.37, 0.41 and 1 times `detune`, each drifting by a tenth of that in 5 to 11 s, free-running, so no two
notes begin alike; beneath them two parabolas a period, nearly a triangle, an octave down. All of it through 12 dB an octave, whose
cutoff rises by 1.5 octaves with the envelope. With `detune` 0 nothing drifts, and the pitch is exact.
"""

import numpy as np

from chronus.catalogue.spec import Param, Spec
from chronus.dsp.blep import LENGTH, ROWS
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.pitch import FASTEST, sine
from chronus.dsp.plane import local_plane
from chronus.dsp.synth import lowpass, notes
from chronus.dsp.synth.lowpass import PLACES
from chronus.dsp.synth.notes import ROOM
from chronus.dsp.synth.stack import detuned, stacked, start_anew
from chronus.dsp.voice import row_at

f32, f64 = np.float32, np.float64

STATE = notes.ROWS + 2 + 5

SPEC = Spec(
    kind="pad",
    help="slow warm chords: four drifting saws and a soft sub-octave",
    tries=(
        "load pad; load delay; patch pad > delay",
        "seq pad: a2:m7@16 f2:maj7@16",
        "set pad.cutoff 400..2500 over 8 bars",
    ),
    category="instrument",
    width="poly",
    voices=8,
    params=(
        *lowpass.params(220, cutoff=700, resonance=0.15, env=1.5),
        *notes.envelope(800, 2000, 0.8, 2500),
        Param("detune", 0, 100, 9, "ct", help="of the outer saws; they drift by a tenth of it"),
        Param("sub", 0, 1, 0.5, help="level of the sub-octave"),
        notes.glide(80),
    ),
    ins=notes.INS,
    state=STATE,
    memory_frames=LENGTH,
)

DETUNE, SUB, GLIDE = range(8, 11)
POLES, PHASES = notes.ROWS, notes.ROWS + 2
SPREAD = np.array([-1, -0.37, 0.41, 1])
TURNS = np.array([0.093, 0.131, 0.167, 0.211])
"""Hz at which each saw drifts."""
DRIFT, GAIN = 0.1, f32(0.25)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    gate, freq, detune, sub, glide = ins[0], params[0], params[DETUNE], params[SUB], params[GLIDE]
    (out,) = outs
    s, e, w = local_plane(f64, STATE, LANES), local_plane(f64, ROOM, LANES), local_plane(f32, PLACES, LANES)
    paces, heights = local_plane(f64, 5, LANES), local_plane(f64, 4, LANES)
    deep, slides = local(f32, LANES), local(f32, LANES)
    line, sound = local_plane(f32, ROWS, 1), local_plane(f32, 64, LANES)
    levels, opened = local_plane(f32, 64, LANES), local_plane(f32, 64, LANES)
    notes.recall(s, state)
    start = 0
    if notes.at_rest(s, gate, frames):
        notes.rest(s, out, frames)
        start = frames
    while start < frames:
        notes.take_notes(s, ins, freq, start, moving, False)
        start_anew(s, POLES, PHASES, 5, memory, seed)
        end = notes.stretch(s, gate, start, frames, moving & ~lowpass.FOLLOWED)
        seconds = notes.clock(s) / rate
        for l in range(LANES):
            pitch = notes.pitch(s, l, rate) / rate
            wide = detune[row_at(moving >> DETUNE, start), l]
            for k in range(4):
                drifted = SPREAD[k] + DRIFT * sine(TURNS[k] * seconds + 0.3 * l + 0.2 * k)
                paces[k, l], heights[k, l] = min(FASTEST, pitch * detuned(wide * drifted)), 0.5
            paces[4, l] = min(FASTEST, pitch / 2)
            deep[l], slides[l] = sub[row_at(moving >> SUB, start), l], glide[row_at(moving >> GLIDE, start), l]
        stacked(s, PHASES, paces, heights, deep, memory, line, sound, start, end - start)
        notes.contour(s, e, params[4:8], moving >> 4, levels, opened, start, end, rate)
        lowpass.low_passed(
            sound, out, s, w, POLES, params, moving, levels, opened, start, end, rate, GAIN, False, False
        )
        notes.slide(s, slides, rate, end - start)
        start = end
    notes.keep(s, state)
