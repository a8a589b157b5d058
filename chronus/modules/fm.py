"""FM: two operators, one bending the other: glass, bells, growls, the bass of the eighties; a metal edge that dies away by itself.

Source: J. Chowning, "The Synthesis of Complex Audio Spectra by Means of Frequency Modulation", 1973; as in Yamaha's DX7 the modulator
feeds back on itself, the mean of its last two frames, so that it goes from a sine to a saw. Both operators have envelopes of their own:
the carrier the instrument's, the modulator one that falls from `index` to a share of it.

The sidebands hardly reach beyond fc + fm (1.3 index + 3), where Bessel's functions are below -50 dB. Where that is above 0.45 of the rate
the index is less, so that high notes become purer instead of folding back.
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

STATE = notes.ROWS + 7

SPEC = Spec(
    kind="fm",
    help="two operators with feedback: bells, glass, metal, growls",
    tries=(
        "load fm; load delay time=3/16 mix=0.3; patch fm > delay",
        "seq fm: a2 . e3 a3 . c4 . e3 | a2 . e3 g3 . b3 . e3",
        "set fm.ratio 3.5, fm.index 6",
    ),
    category="instrument",
    width="poly",
    voices=8,
    params=(
        Param("freq", 20, 5000, 220, "Hz", "exp", "pitch", pitch=True),
        Param(
            "ratio", 0.25, 16, 2, "", "exp", "frequency of the modulator, in times the pitch; whole numbers are in tune"
        ),
        Param("index", 0, 16, 3, help="how far the modulator bends the phase, in radians: 0 is a sine"),
        Param("feedback", 0, 1, 0.2, help="of the modulator on itself"),
        *notes.envelope(2, 1200, 0.25, 300),
        Param("fall", 1, 10000, 500, "ms", "exp", "until the index is down to a thousandth of its way"),
        Param("hold", 0, 1, 0.2, help="share of the index that stays"),
        notes.glide(60),
    ),
    ins=notes.INS,
    state=STATE,
)

RATIO, INDEX, FEEDBACK = 1, 2, 3
FALL, STAYS, GLIDE = 8, 9, 10
PHASE, SECOND, ONE, TWO, EDGE, SHARP, STOLEN = range(notes.ROWS, notes.ROWS + 7)
PER_TURN = 1 / (2 * math.pi)
GAIN = f32(0.3)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    gate, freq, ratio, index, feedback = ins[0], params[0], params[RATIO], params[INDEX], params[FEEDBACK]
    fall, stays, glide = params[FALL], params[STAYS], params[GLIDE]
    (out,) = outs
    s, e, slides = local_plane(f64, STATE, LANES), local_plane(f64, ROOM, LANES), local(f32, LANES)
    levels, opened = local_plane(f32, 64, LANES), local_plane(f32, 64, LANES)
    at, two, pace, pace2 = local(f64, LANES), local(f64, LANES), local(f64, LANES), local(f64, LANES)
    last, before, back, deep = local(f32, LANES), local(f32, LANES), local(f32, LANES), local(f32, LANES)
    edge, keep, floor, left = local(f64, LANES), local(f64, LANES), local(f64, LANES), local(f64, LANES)
    sharp, stolen = local(f32, LANES), local(f32, LANES)
    step = 1 / (notes.FADE_SECONDS * rate)
    notes.recall(s, state)
    start = 0
    if notes.at_rest(s, gate, frames):
        notes.rest(s, out, frames)
        start = frames
    while start < frames:
        notes.take_notes(s, ins, freq, start, moving, False)
        end = notes.stretch(s, gate, start, frames, moving)
        fading = 0
        for l in range(LANES):
            if notes.is_new(s, l):
                if s[FADE, l] == 0:
                    s[PHASE, l] = s[SECOND, l] = s[ONE, l] = s[TWO, l] = 0.0
                s[EDGE, l], s[STOLEN, l] = 1.0, s[SHARP, l]
            pitch = notes.pitch(s, l, rate) / rate
            wide = ratio[row_at(moving >> RATIO, start), l]
            pace[l], pace2[l] = min(FASTEST, pitch), min(FASTEST, pitch * wide)
            own = feedback[row_at(moving >> FEEDBACK, start), l]
            # the feedback makes a saw of the modulator: up to four times as many sidebands
            room = max(0.0, (0.45 - pace[l]) / pace2[l] - 3) / (1.3 * (1 + 3 * own))
            deep[l] = PER_TURN * min(room, index[row_at(moving >> INDEX, start), l])
            back[l] = 0.5 * PER_TURN * 1.2 * own
            keep[l] = math.exp(-notes.SIXTY_DB / max(1.0, fall[row_at(moving >> FALL, start), l] * 0.001 * rate))
            floor[l] = stays[row_at(moving >> STAYS, start), l]
            slides[l] = glide[row_at(moving >> GLIDE, start), l]
            at[l], two[l], last[l], before[l] = s[PHASE, l], s[SECOND, l], s[ONE, l], s[TWO, l]
            edge[l], sharp[l], stolen[l], left[l] = s[EDGE, l], s[SHARP, l], s[STOLEN, l], s[FADE, l]
            fading += left[l] > 0
        notes.contour(s, e, params[4:8], moving >> 4, levels, opened, start, end, rate)
        for i in range(start, end):
            for l in range(LANES):
                edge[l] *= keep[l]
                sharp[l] = deep[l] * f32(floor[l] + (1 - floor[l]) * edge[l])
            if fading:
                for l in range(LANES):
                    sharp[l] += f32(notes.smoother(left[l])) * (stolen[l] - sharp[l])
                    left[l] = max(0.0, left[l] - step)
            for l in range(LANES):
                one = at[l] + pace[l]
                one -= math.floor(one)
                other = two[l] + pace2[l]
                other -= math.floor(other)
                at[l], two[l] = one, other
                bent = f32(other) + back[l] * (last[l] + before[l])
                before[l] = last[l]
                last[l] = turn32(bent - np.floor(bent))
                bent = f32(one) + sharp[l] * last[l]
                opened[i, l] = turn32(bent - np.floor(bent))
        for i in range(start, end):
            for l in range(LANES):
                out[i, l] = GAIN * levels[i, l] * opened[i, l]
        for l in range(LANES):
            s[PHASE, l], s[SECOND, l], s[ONE, l], s[TWO, l], s[EDGE, l] = at[l], two[l], last[l], before[l], edge[l]
            s[SHARP, l], s[STOLEN, l] = sharp[l], stolen[l]
        notes.slide(s, slides, rate, end - start)
        start = end
    notes.keep(s, state)
