"""A sub: a sine with a breath of its octave, so that small speakers tell the note too; nothing else below the kick.

A house recipe: the second harmonic 18 dB down, an attack of 5 ms and a release of 40, level throughout. While it sounds it slides to
the next note in 30 ms, so that a line of it never jumps. One voice is what a low end wants; there may be more.
"""

import math

import numpy as np

from chronus.catalogue.spec import Param, Spec
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.pitch import FASTEST
from chronus.dsp.plane import local_plane
from chronus.dsp.shape import turn32
from chronus.dsp.synth import notes
from chronus.dsp.synth.notes import FADE, ROOM
from chronus.dsp.voice import row_at

f32, f64 = np.float32, np.float64

STATE = notes.ROWS + 1

SPEC = Spec(
    kind="sub",
    help="a clean sine bass with a little of its octave",
    tries=(
        "load sub",
        "seq sub: e1@6 . . g1@4 . d1@3 .",
        "set sub.second 0.4",
    ),
    category="instrument",
    width="poly",
    params=(
        Param("freq", 20, 1000, 55, "Hz", "exp", "pitch", pitch=True),
        *notes.envelope(5, 200, 1, 40),
        Param("second", 0, 1, 0.126, help="level of the second harmonic beside the first; 0.126 is -18 dB"),
        notes.glide(30),
    ),
    ins=notes.INS,
    state=STATE,
)

SECOND, GLIDE = 5, 6
PHASE = notes.ROWS
GAIN = 0.44


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    gate, freq, second, glide = ins[0], params[0], params[SECOND], params[GLIDE]
    (out,) = outs
    s, e, slides = local_plane(f64, STATE, LANES), local_plane(f64, ROOM, LANES), local(f32, LANES)
    wave = local(f32, 64)
    levels, opened = local_plane(f32, 64, LANES), local_plane(f32, 64, LANES)
    notes.recall(s, state)
    start = 0
    if notes.at_rest(s, gate, frames):
        notes.rest(s, out, frames)
        start = frames
    while start < frames:
        notes.take_notes(s, ins, freq, start, moving, True)
        for l in range(LANES):
            s[PHASE, l] = 0.0 if notes.is_new(s, l) and s[FADE, l] == 0 else s[PHASE, l]
        end = notes.stretch(s, gate, start, frames, moving)
        n = end - start
        notes.contour(s, e, params[1:5], moving >> 1, levels, opened, start, end, rate)
        for l in range(LANES):
            pace, share = min(FASTEST, notes.pitch(s, l, rate) / rate), second[row_at(moving >> SECOND, start), l]
            even = f32(GAIN / math.sqrt(1 + share * share))
            for j in range(n):
                at = s[PHASE, l] + (j + 1) * pace
                again = 2 * at
                wave[j] = even * (turn32(f32(at - math.floor(at))) + share * turn32(f32(again - math.floor(again))))
            for j in range(n):
                out[start + j, l] = levels[start + j, l] * wave[j]
            at = s[PHASE, l] + n * pace
            s[PHASE, l] = at - math.floor(at)
            slides[l] = glide[row_at(moving >> GLIDE, start), l]
        notes.slide(s, slides, rate, n)
        start = end
    notes.keep(s, state)
