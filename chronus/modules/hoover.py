"""A hoover: a vacuum cleaner of pulsing saws on three octaves that howls down onto its note, in a comb chorus.

Source: the "What the" preset of Roland's Alpha Juno (1986) as SuperDirt's `superhoover` models it: saws whose width is modulated at f,
f/2 and f/4, a vibrato of 3 Hz and 0.5 %, a pitch that slides at the attack, presence at 3.5 and 6 kHz, a comb of 3.3 to 5 ms as chorus.
Each saw of modulated width is a pair of saws, one of which swings against the other; the lowest pair is a pulse. In place of the
equaliser the low-pass stands high, with a resonance of its own.
"""

import math

import numpy as np

from chronus.catalogue.spec import Param, Spec
from chronus.dsp.blep import LENGTH, ROWS
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.pitch import FASTEST, SLOWEST, sine
from chronus.dsp.plane import flat, local_plane
from chronus.dsp.synth import lowpass, notes
from chronus.dsp.synth.lowpass import PLACES
from chronus.dsp.synth.notes import BEND, FADE, LEFT_FROM, ROOM, TICK
from chronus.dsp.synth.stack import detuned, stacked, start_anew
from chronus.dsp.voice import row_at

f32, f64 = np.float32, np.float64

STATE = notes.ROWS + 4 + 7

SPEC = Spec(
    kind="hoover",
    help="pulsing saws on three octaves, howling down to the note",
    tries=(
        "load hoover",
        "seq hoover: a2@3 . a2@2 . c3@2 . a2@6 . gate=100%",
        "set hoover.interval 12, hoover.fall 250ms",
    ),
    category="instrument",
    width="poly",
    params=(
        *lowpass.params(220, cutoff=2800, resonance=0.35, env=0.8),
        *notes.envelope(8, 600, 0.8, 200),
        Param("interval", -24, 24, 7, "st", help="from where the pitch falls as a note begins"),
        Param("fall", 1, 2000, 140, "ms", "exp", "until it has fallen 95 % of the way; slides take as long"),
        Param("width", 0, 1, 0.6, help="how far the width of the saws is modulated"),
        Param("vibrato", 0, 100, 9, "ct", help="either way, three times a second"),
        Param("chorus", 0, 1, 0.7, help="level of the comb"),
        Param("drive", 0, 1, 0.4, help="saturation after the filter, at the same level"),
    ),
    ins=notes.INS,
    state=STATE,
    memory_frames=LENGTH + 2,
    memory_seconds=0.0052,
)

INTERVAL, FALL, WIDTH, VIBRATO, CHORUS, DRIVE = range(8, 14)
POLES, PHASES = notes.ROWS, notes.ROWS + 4
VIBRATO_HZ, WIDTH_HZ, COMB_HZ = 3.0, 0.9, 0.63
MIDDLE, SWING = 0.00415, 0.00085
"""Seconds of the comb: 3.3 to 5 ms."""
LEVELS = np.array([0.5, 0.5, 0.4, 0.4, 0.3, -0.3])
GAIN = f32(0.75)


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    gate, freq, interval, fall = ins[0], params[0], params[INTERVAL], params[FALL]
    width, vibrato, chorus = params[WIDTH], params[VIBRATO], params[CHORUS]
    (out,) = outs
    s, e, w = local_plane(f64, STATE, LANES), local_plane(f64, ROOM, LANES), local_plane(f32, PLACES, LANES)
    paces, heights = local_plane(f64, 7, LANES), local_plane(f64, 6, LANES)
    deep, slides, late = local(f32, LANES), local(f32, LANES), local(f64, 64)
    line, sound = local_plane(f32, ROWS, 1), local_plane(f32, 64, LANES)
    levels, opened = local_plane(f32, 64, LANES), local_plane(f32, 64, LANES)
    kept, size = flat(memory), memory.shape[0] - LENGTH
    notes.recall(s, state)
    start = 0
    if notes.at_rest(s, gate, frames):
        notes.rest(s, out, frames)
        start = frames
    while start < frames:
        notes.take_notes(s, ins, freq, start, moving, False)
        start_anew(s, POLES, PHASES, 7, memory, seed)
        for l in range(LANES):
            if notes.is_new(s, l):
                for j in range(size if s[FADE, l] == 0 else 0):
                    kept[LANES * LENGTH + l * size + j] = 0
                s[BEND, l] = interval[row_at(moving >> INTERVAL, start), l] / 12
                s[LEFT_FROM, l] -= s[BEND, l]
        end = notes.stretch(s, gate, start, frames, moving & ~(lowpass.FOLLOWED | 1 << DRIVE))
        n = end - start
        seconds = notes.clock(s) / rate
        for l in range(LANES):
            swayed = detuned(vibrato[row_at(moving >> VIBRATO, start), l] * sine(VIBRATO_HZ * seconds))
            pitch = notes.pitch(s, l, rate) / rate * swayed
            for k in range(3):
                # what the width swings by, as a pace: the second saw of a pair hurries and tarries
                hurry = 0.4 * 2 * math.pi * WIDTH_HZ / rate * width[row_at(moving >> WIDTH, start), l]
                hurry *= sine((WIDTH_HZ + 0.21 * k) * seconds)
                paces[2 * k, l] = min(FASTEST, pitch)
                paces[2 * k + 1, l] = min(FASTEST, max(SLOWEST, pitch + hurry))
                heights[2 * k, l], heights[2 * k + 1, l] = LEVELS[2 * k], LEVELS[2 * k + 1]
                pitch *= 0.5
            paces[6, l], deep[l] = pitch, 0
            slides[l] = fall[row_at(moving >> FALL, start), l]
        stacked(s, PHASES, paces, heights, deep, memory, line, sound, start, n)
        # the comb: of each lane the last frames of its saws, in a circle
        clock = np.int64(s[TICK, 0])
        for j in range(n):
            late[j] = rate * (MIDDLE + SWING * sine(COMB_HZ * (clock + j) / rate))
        for l in range(LANES):
            amount = chorus[row_at(moving >> CHORUS, start), l]
            first, at = LANES * LENGTH + l * size, clock % size
            for j in range(n):
                kept[first + at] = sound[start + j, l]
                whole = np.int64(late[j])
                part = f32(late[j] - whole)
                one = at - whole
                one += size if one < 0 else 0
                two = one - 1
                two += size if two < 0 else 0
                sound[start + j, l] += amount * (kept[first + one] + part * (kept[first + two] - kept[first + one]))
                at = at + 1 if at + 1 < size else 0
        notes.contour(s, e, params[4:8], moving >> 4, levels, opened, start, end, rate)
        lowpass.low_passed(sound, out, s, w, POLES, params, moving, levels, opened, start, end, rate, GAIN, True, True)
        notes.slide(s, slides, rate, n)
        start = end
    notes.keep(s, state)
