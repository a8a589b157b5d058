"""Puts a wandering pitch in tune: of all it is asked, it gives the nearest note of a scale.

In and out are octaves above a4 (440 Hz), as the `pitch` of a note is. All notes are those of twelve equal steps, so two neighbours of
a scale meet on a half step, and what is nearest stands in a table of 24. A note is left only when another is nearer by a tenth of a
semitone, so that a pitch that trembles between two does not flutter.
"""

import numpy as np

from chronus.catalogue.spec import In, Out, Spec, switch
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.voice import row

f32 = np.float32

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic": (0, 2, 3, 5, 7, 8, 11),
    "melodic": (0, 2, 3, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "dominant": (0, 1, 4, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "whole": (0, 2, 4, 6, 8, 10),
    "chromatic": tuple(range(12)),
    "fifths": (0, 7),
    "octaves": (0,),
}
"""Semitones above the root. Pentatonic is the minor one; dominant is the phrygian with a major third."""
ROOTS = ("c", "c#", "d", "d#", "e", "f", "f#", "g", "g#", "a", "a#", "b")

SPEC = Spec(
    kind="quantize",
    help="the nearest note of a scale: makes tunes of an lfo or of chance",
    tries=(
        "load random rate=1/8; patch random > quantize; patch saw > filter; patch quantize > saw.freq; set saw.freq 110",
        "set quantize.scale phrygian, quantize.root e",
        "set random.depth 0.5",
    ),
    category="control",
    width="poly",
    modulator=True,
    params=(
        switch("scale", tuple(SCALES), "minor", "the notes there are"),
        switch("root", ROOTS, "a", "the note that the scale begins on"),
    ),
    ins=(In("in"),),
    outs=(Out("pitch", "control", "the nearest note, in octaves above a4 (440 Hz)"),),
    state=3,
)

A = f32(9)
"""Semitones from c to a."""
HOLD = f32(0.1)
"""Semitones."""
UNKNOWN = f32(1e6)
TWELFTH = f32(1 / 12)


def _nearest(scale: tuple[int, ...]) -> list[int]:
    """The nearest note to the middle of each half step of an octave; of two that are as near the higher."""
    notes = [note + 12 * octave for octave in (-1, 0, 1) for note in scale]
    return [max(notes, key=lambda note: (-abs(note - (half / 2 + 0.25)), note)) for half in range(24)]


NEAREST = np.array([_nearest(scale) for scale in SCALES.values()], f32).ravel()


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (source,), (out,) = ins, outs
    scale, root = params
    note, kind, base = local(f32, LANES), local(f32, LANES), local(f32, LANES)
    x, octave, near, place = local(f32, LANES), local(f32, LANES), local(f32, LANES), local(np.int32, LANES)
    for l in range(LANES):
        kind[l], base[l], note[l] = state[0, l], state[1, l], state[2, l]
    for i in range(frames):
        if moving or i == 0:
            for l in range(LANES):
                wish, start = scale[row(moving, 0, i), l] + f32(1), A - root[row(moving, 1, i), l]
                known = wish == kind[l] and start == base[l]
                kind[l], base[l] = wish, start
                note[l] = note[l] if known else UNKNOWN
        # three loops, as LLVM vectorises none that looks things up
        for l in range(LANES):
            # semitones above the root that lies next to c4
            x[l] = f32(12) * min(f32(16), max(f32(-16), source[i, l])) + base[l]
            octave[l] = f32(12) * np.floor(x[l] * TWELFTH)
            half = min(f32(23), max(f32(0), f32(2) * (x[l] - octave[l])))
            place[l] = np.int32(f32(24) * kind[l] + half) - np.int32(24)
        for l in range(LANES):
            near[l] = NEAREST[place[l]]
        for l in range(LANES):
            asked = octave[l] + near[l]
            note[l] = asked if abs(x[l] - asked) + HOLD < abs(x[l] - note[l]) else note[l]
            out[i, l] = (note[l] - base[l]) * TWELFTH
    for l in range(LANES):
        state[0, l], state[1, l], state[2, l] = kind[l], base[l], note[l]
