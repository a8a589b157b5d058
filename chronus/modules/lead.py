"""A lead: three saws close together, bright, driven, gliding, its vibrato coming in late; cuts through a full track.

A house recipe: saws at -1, 0.06 and 1 times `detune` over a soft sub-octave, 24 dB an octave with the envelope, then a drive. The
vibrato, 5.6 Hz, fades in between 0.25 and 0.75 s after a note has begun, as a player's hand does it.
"""

import numpy as np

from chronus.catalogue.spec import Param, Spec
from chronus.dsp.blep import LENGTH, ROWS
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.pitch import FASTEST, sine
from chronus.dsp.plane import local_plane
from chronus.dsp.shape import smoothstep
from chronus.dsp.synth import lowpass, notes
from chronus.dsp.synth.lowpass import PLACES
from chronus.dsp.synth.notes import ROOM
from chronus.dsp.synth.stack import detuned, stacked, start_anew
from chronus.dsp.voice import row_at

f32, f64 = np.float32, np.float64

STATE = notes.ROWS + 4 + 4

SPEC = Spec(
    kind="lead",
    help="bright driven saws with glide and vibrato",
    tries=(
        "load lead; load delay time=3/16 mix=0.3; patch lead > delay",
        "seq lead: a3 . c4~ d4 . . e4@3 . g4~ a4@4 gate=90%",
        "set lead.cutoff 300..3k over 8 bars",
    ),
    category="instrument",
    width="poly",
    params=(
        *lowpass.params(440, cutoff=1200, resonance=0.25, env=2.5),
        *notes.envelope(4, 500, 0.6, 180),
        Param("detune", 0, 100, 7, "ct", help="of the outer saws"),
        Param("sub", 0, 1, 0.25, help="level of the sub-octave"),
        Param("vibrato", 0, 100, 10, "ct", help="either way, late in a note"),
        notes.glide(60),
        Param("drive", 0, 1, 0.35, help="saturation after the filter, at the same level"),
    ),
    ins=notes.INS,
    state=STATE,
    memory_frames=LENGTH,
)

DETUNE, SUB, VIBRATO, GLIDE, DRIVE = range(8, 13)
POLES, PHASES = notes.ROWS, notes.ROWS + 4
SPREAD = np.array([-1, 0.06, 1])
VIBRATO_HZ, LATE, COMES_IN = 5.6, 0.25, 0.5
GAIN = f32(1.15)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    gate, freq, detune, sub = ins[0], params[0], params[DETUNE], params[SUB]
    vibrato, glide = params[VIBRATO], params[GLIDE]
    (out,) = outs
    s, e, w = local_plane(f64, STATE, LANES), local_plane(f64, ROOM, LANES), local_plane(f32, PLACES, LANES)
    paces, heights = local_plane(f64, 4, LANES), local_plane(f64, 3, LANES)
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
        start_anew(s, POLES, PHASES, 4, memory, seed)
        end = notes.stretch(s, gate, start, frames, moving & ~(lowpass.FOLLOWED | 1 << DRIVE))
        sway = sine(VIBRATO_HZ * notes.clock(s) / rate)
        for l in range(LANES):
            late = smoothstep(min(1.0, max(0.0, notes.age(s, l, rate) - LATE) / COMES_IN))
            pitch = notes.pitch(s, l, rate) / rate * detuned(vibrato[row_at(moving >> VIBRATO, start), l] * late * sway)
            wide = detune[row_at(moving >> DETUNE, start), l]
            for k in range(3):
                paces[k, l], heights[k, l] = min(FASTEST, pitch * detuned(wide * SPREAD[k])), 0.5
            paces[3, l] = min(FASTEST, pitch / 2)
            deep[l] = sub[row_at(moving >> SUB, start), l]
            slides[l] = glide[row_at(moving >> GLIDE, start), l]
        stacked(s, PHASES, paces, heights, deep, memory, line, sound, start, end - start)
        notes.contour(s, e, params[4:8], moving >> 4, levels, opened, start, end, rate)
        lowpass.low_passed(sound, out, s, w, POLES, params, moving, levels, opened, start, end, rate, GAIN, True, True)
        notes.slide(s, slides, rate, end - start)
        start = end
    notes.keep(s, state)
