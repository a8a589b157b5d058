"""A reese: saws grinding against one another over a clean sub, under a slow dark filter; the bass of drum and bass since 1988.

Named for Kevin Saunderson's "Just Want Another Chance" (as Reese, 1988). A house recipe: three saws `detune` apart, 24 dB an octave
around which a slow sine moves, then a drive. The detuned part is high-passed by 12 dB an octave at 90 Hz, and a sine takes its place:
what beats stays out of the lowest octave, and the sub stands still.

`detune` is in Hz in truth: the saws are as many Hz apart on every note as so many cents are on a1 (55 Hz), since a beat that doubles its
speed with each octave sounds thin high up: 25 ct are 0.8 Hz.
"""

import math

import numpy as np

from chronus.catalogue.spec import Param, Spec
from chronus.dsp.blep import LENGTH, ROWS
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.pitch import FASTEST, SLOWEST
from chronus.dsp.plane import local_plane
from chronus.dsp.shape import turn32
from chronus.dsp.synth import lowpass, notes
from chronus.dsp.synth.lowpass import PLACES
from chronus.dsp.synth.notes import FADE, ROOM
from chronus.dsp.synth.stack import arch, detuned, stacked, start_anew
from chronus.dsp.tan import prewarp
from chronus.dsp.voice import row_at

f32, f64 = np.float32, np.float64

STATE = notes.ROWS + 4 + 2 + 4 + 1

SPEC = Spec(
    kind="reese",
    help="detuned bass over a clean sub, filter moving slowly",
    tries=(
        "load reese",
        "seq reese: e1@8 . . . . g1@2 d1@2 gate=100%",
        "set reese.detune 40ct, reese.drive 0.8",
    ),
    category="instrument",
    width="poly",
    params=(
        Param("freq", 20, 2000, 55, "Hz", "exp", "pitch", pitch=True),
        Param("cutoff", 40, 12000, 700, "Hz", "exp", "of the low-pass, in the middle of its way"),
        Param("resonance", 0, 1, 0.2, help="of the low-pass"),
        Param("sweep", 0, 4, 0.8, help="octaves that the low-pass moves either way"),
        *notes.envelope(5, 300, 1, 60),
        Param("detune", 0, 200, 25, "ct", help="of the outer saws at a1; as many Hz at any pitch"),
        Param("sub", 0, 1, 0.7, help="level of the sine below"),
        Param("rate", 0.01, 50, 0.17, "Hz", "exp", "how often the low-pass moves up and down"),
        notes.glide(60),
        Param("drive", 0, 1, 0.5, help="saturation after the filter, at the same level"),
    ),
    ins=notes.INS,
    state=STATE,
    memory_frames=LENGTH,
)

DETUNE, SUB, RATE, GLIDE, DRIVE = range(8, 13)
POLES = notes.ROWS
LOWS, PHASES, SLOWLY = POLES + 4, POLES + 6, POLES + 10
AT_HZ = 55.0
CLEAN_HZ = 90.0
GAIN, DEEP = f32(0.8), 0.34


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    gate, freq, detune, sub, often, glide = ins[0], params[0], params[DETUNE], params[SUB], params[RATE], params[GLIDE]
    (out,) = outs
    s, e, w = local_plane(f64, STATE, LANES), local_plane(f64, ROOM, LANES), local_plane(f32, PLACES, LANES)
    paces, heights = local_plane(f64, 4, LANES), local_plane(f64, 3, LANES)
    deep, slides, below = local(f32, LANES), local(f32, LANES), local(f64, LANES)
    low1, low2, clean = local(f32, LANES), local(f32, LANES), local(f32, LANES)
    wave = local(f32, 64)
    line, sound = local_plane(f32, ROWS, 1), local_plane(f32, 64, LANES)
    levels, moved = local_plane(f32, 64, LANES), local_plane(f32, 64, LANES)
    notes.recall(s, state)
    start = 0
    if notes.at_rest(s, gate, frames):
        notes.rest(s, out, frames)
        start = frames
        for l in range(LANES):
            at = s[SLOWLY, l] + frames * often[0, l] / rate
            s[SLOWLY, l] = at - math.floor(at)
    sin, cos = prewarp(f32(CLEAN_HZ), rate)
    low = sin / (sin + cos)
    while start < frames:
        notes.take_notes(s, ins, freq, start, moving, False)
        start_anew(s, POLES, PHASES, 4, memory, seed)
        end = notes.stretch(s, gate, start, frames, moving & ~(lowpass.FOLLOWED | 1 << DRIVE))
        n = end - start
        for l in range(LANES):
            pitch = notes.pitch(s, l, rate)
            apart = AT_HZ * (detuned(detune[row_at(moving >> DETUNE, start), l]) - 1)
            for k in range(3):
                paces[k, l], heights[k, l] = min(FASTEST, max(SLOWEST, (pitch + (k - 1) * apart) / rate)), 0.5
            paces[3, l], deep[l] = min(FASTEST, pitch / rate), 0
            slides[l] = glide[row_at(moving >> GLIDE, start), l]
            if notes.is_new(s, l) and s[FADE, l] == 0:
                s[PHASES + 3, l] = 0
            below[l], clean[l] = (
                s[PHASES + 3, l],
                0.0 if notes.is_silent(s, l) else DEEP * sub[row_at(moving >> SUB, start), l],
            )
        stacked(s, PHASES, paces, heights, deep, memory, line, sound, start, n)
        notes.contour(s, e, params[4:8], moving >> 4, levels, moved, start, end, rate)
        for l in range(LANES):
            low1[l], low2[l] = s[LOWS, l], s[LOWS + 1, l]
        for i in range(start, end):
            for l in range(LANES):
                x = sound[i, l]
                step = low * (x - low1[l])
                x -= low1[l] + step
                low1[l] += step + step
                step = low * (x - low2[l])
                sound[i, l] = x - low2[l] - step
                low2[l] += step + step
        for l in range(LANES):
            s[LOWS, l], s[LOWS + 1, l] = low1[l], low2[l]
            pace = often[row_at(moving >> RATE, start), l] / rate
            for j in range(n):
                at = s[SLOWLY, l] + (j + 1) * pace
                wave[j] = arch(f32(at - math.floor(at)))
            for j in range(n):
                moved[start + j, l] = wave[j]
            at = s[SLOWLY, l] + n * pace
            s[SLOWLY, l] = at - math.floor(at)
        lowpass.low_passed(sound, out, s, w, POLES, params, moving, levels, moved, start, end, rate, GAIN, True, True)
        for l in range(LANES):
            if clean[l] > 0:
                for j in range(n):
                    at = below[l] + (j + 1) * paces[3, l]
                    wave[j] = clean[l] * turn32(f32(at - math.floor(at)))
                for j in range(n):
                    out[start + j, l] += levels[start + j, l] * wave[j]
        notes.slide(s, slides, rate, n)
        start = end
    notes.keep(s, state)
