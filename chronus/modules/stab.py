"""A stab: one short hard chord, saws in unison and an octave above, snapping shut behind a steep filter; rave and dub techno alike.

A house recipe: saws at -1, 0 and 1 times `detune`, a quieter one an octave up and a soft sub-octave, 24 dB an octave. The filter opens
by 3.5 octaves at the attack and has closed after 220 ms, the level with it: sustain is 0, so that a long step is as short as a quick one.
"""

import numpy as np

from chronus.catalogue.spec import Param, Spec
from chronus.dsp.blep import LENGTH, ROWS
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.pitch import FASTEST
from chronus.dsp.plane import local_plane
from chronus.dsp.synth import lowpass, notes
from chronus.dsp.synth.lowpass import PLACES
from chronus.dsp.synth.notes import ROOM
from chronus.dsp.synth.stack import detuned, stacked, start_anew
from chronus.dsp.voice import row_at

f32, f64 = np.float32, np.float64

STATE = notes.ROWS + 4 + 5

SPEC = Spec(
    kind="stab",
    help="short hard chords: unison saws snapping shut",
    tries=(
        "load stab; load delay time=3/16 mix=0.4; patch stab > delay",
        "seq stab: a2:m7 . . a2:m7 . . . . | . . g2:m7 . . . . .",
        "set stab.cutoff 200..1500 over 8 bars",
    ),
    category="instrument",
    width="poly",
    voices=8,
    params=(
        *lowpass.params(220, cutoff=350, resonance=0.3, env=3.5),
        *notes.envelope(2, 400, 0, 150),
        Param("detune", 0, 100, 14, "ct", help="of the outer saws"),
        Param("octave", 0, 1, 0.4, help="level of the saw an octave up"),
        Param("sub", 0, 1, 0.3, help="level of the sub-octave"),
        notes.glide(60),
        Param("drive", 0, 1, 0.3, help="saturation after the filter, at the same level"),
    ),
    ins=notes.INS,
    state=STATE,
    memory_frames=LENGTH,
)

DETUNE, OCTAVE, SUB, GLIDE, DRIVE = range(8, 13)
POLES, PHASES = notes.ROWS, notes.ROWS + 4
SPREAD = np.array([-1, 0.05, 1])
GAIN = f32(0.5)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    gate, freq, detune, octave, sub, glide = (
        ins[0], params[0], params[DETUNE], params[OCTAVE], params[SUB], params[GLIDE]
    )  # fmt: skip
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
        end = notes.stretch(s, gate, start, frames, moving & ~(lowpass.FOLLOWED | 1 << DRIVE))
        for l in range(LANES):
            pitch, wide = notes.pitch(s, l, rate) / rate, detune[row_at(moving >> DETUNE, start), l]
            for k in range(3):
                paces[k, l], heights[k, l] = min(FASTEST, pitch * detuned(wide * SPREAD[k])), 0.5
            paces[3, l], paces[4, l] = min(FASTEST, 2 * pitch), min(FASTEST, pitch / 2)
            heights[3, l] = 0.5 * octave[row_at(moving >> OCTAVE, start), l]
            deep[l] = sub[row_at(moving >> SUB, start), l]
            slides[l] = glide[row_at(moving >> GLIDE, start), l]
        stacked(s, PHASES, paces, heights, deep, memory, line, sound, start, end - start)
        notes.contour(s, e, params[4:8], moving >> 4, levels, opened, start, end, rate)
        lowpass.low_passed(sound, out, s, w, POLES, params, moving, levels, opened, start, end, rate, GAIN, True, True)
        notes.slide(s, slides, rate, end - start)
        start = end
    notes.keep(s, state)
