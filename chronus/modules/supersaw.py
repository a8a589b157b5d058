"""Seven saws that drift apart: the wide, shimmering wall of trance and hoovers.

Spread and mix are the curves that A. Szabó measured on Roland's JP-8000 ("How to Emulate the Super Saw", KTH 2010): a knob that is fine
at its low end, sides that are not quite even, and that never stand still. All seven run free, from phases that the seed draws.

They run at twice the rate, each jump spread over two frames to either side by the integral of a cubic B-spline (V. Välimäki, J. Pekonen,
J. Nam, "Perceptually Informed Synthesis of Bandlimited Classical Waveforms Using Integrated Polynomial Interpolation", JASA 2012), and come
down through one filter. What folds back below 20 kHz lies at -84 dB at 440 Hz, at -70 at 5 kHz; the common rounding over one frame at the
plain rate leaves -42. What the spline takes of the treble three taps give back. So there is no need for the high-pass at the pitch with
which the JP-8000 hides its aliases. The level stays whatever the mix.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec
from chronus.dsp.chance import chance, key_of
from chronus.dsp.decimate import halve32
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.oscillator import NOTE_INS, follow_note, silent
from chronus.dsp.pitch import pace_of
from chronus.dsp.plane import local_plane
from chronus.dsp.voice import row

f32, f64, u32 = np.float32, np.float64, np.uint32

SAWS = 7
PHASES, TAPS, LAST = 0, 7, 16
SPEC = Spec(
    kind="supersaw",
    help="seven detuned saws: wide, shimmering",
    tries=(
        "patch supersaw > adsr; seq supersaw: a2:m7@8 f2:maj7@8; set adsr.attack 20ms",
        "set supersaw.detune 0.7, supersaw.mix 0.9",
        "patch adsr > ladder; set ladder.cutoff 300..6000 over 2 bars",
    ),
    category="oscillator",
    width="poly",
    drone=True,
    state=22,
    params=(
        Param("freq", 20, 20000, 220, "Hz", "exp", "frequency of the saw in the middle", pitch=True),
        Param("detune", 0, 1, 0.4, help="how far the six others are apart: up to a whole tone and more"),
        Param("mix", 0, 1, 0.6, help="0 is the saw in the middle, 1 the six beside it"),
        Param("gain", 0, 1, 0.5, help="level"),
    ),
    ins=(*NOTE_INS, In("fm", "control", "sweeps the frequency: 1 is an octave up")),
)
FREQ, DETUNE, MIX, GAIN = range(4)

OFFSETS = np.array([0, -0.11002313, -0.06288439, -0.01952356, 0.01991221, 0.06216538, 0.10745242])
"""Of the frequency, with detune 1; the one in the middle first."""
KNOB = np.array(
    [0.0030115596, 0.6717417634, -24.1878824391, 404.2703938388, -3425.0836591318, 17019.9518580080]
    + [-53046.9642751875, 106649.6679158292, -138150.6761080548, 111363.4808729368, -50818.8652045924, 10028.7312891634]
)
"""How much of these offsets there is, in powers of detune."""
OVER = 2
ROWS = OVER * 64
WHOLE = 2.0**32
PER_STEP = f32(2.0**-31)
SHELF = f32(0.0675)
"""Gives back 1.7 dB at 16 kHz and 0.3 at 5: within 0.2 dB of what the spline took."""
ONE, HALF = f32(1), f32(0.5)


@inline
def spread(detune):
    """0.003..1: Szabó's polynomial."""
    y = KNOB[11]
    for n in range(10, -1, -1):
        y = y * detune + KNOB[n]
    return y


@inline
def asleep(gate, level, frames):
    """Whether nothing sounds, and nothing begins, in all of these frames."""
    found = 0
    for l in range(level.size):
        found |= level[l] > 0
    for i in range(frames):
        for l in range(level.size):
            found |= gate[i, l] > HALF
    return found == 0


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    gate, velocity, fm = ins
    freq, detune, mix, gain = params
    (out,) = outs
    phases, taps, last_two = local_plane(f64, SAWS, LANES), local_plane(f32, 9, LANES), local_plane(f32, 2, LANES)
    last_gate, wanted, level = local(f32, LANES), local(f32, LANES), local(f32, LANES)
    pace, apart, beside, middle = local(f64, LANES), local(f64, LANES), local(f32, LANES), local(f32, LANES)
    at, step, weight = local(u32, LANES), local(u32, LANES), local(f32, LANES)
    far, far_by, close, close_by = local(f32, LANES), local(f32, LANES), local(f32, LANES), local(f32, LANES)
    total, y, odd = local_plane(f32, ROWS, LANES), local(f32, LANES), local(np.int32, LANES)
    fresh = state[LAST + 5, 0] == 0
    for m in range(SAWS):
        for l in range(LANES):
            phases[m, l] = HALF + HALF * chance(key_of(seed, l), m) if fresh else state[PHASES + m, l]
    for m in range(9):
        for l in range(LANES):
            taps[m, l] = state[TAPS + m, l]
    for l in range(LANES):
        last_gate[l], wanted[l], level[l] = state[LAST, l], state[LAST + 1, l], state[LAST + 2, l]
        last_two[0, l], last_two[1, l] = state[LAST + 3, l], state[LAST + 4, l]
    if asleep(gate, level, frames) and moving & 7 == 0 and silent(fm, frames, odd):
        for l in range(LANES):
            pace[l] = frames * pace_of(freq[0, l], 0.0, 0.0, rate)
            apart[l] = spread(f64(detune[0, l]))
        for m in range(SAWS):
            for l in range(LANES):
                phase = phases[m, l] + pace[l] * (1 + OFFSETS[m] * apart[l])
                state[PHASES + m, l] = phase - math.floor(phase)
        for i in range(frames):
            for l in range(LANES):
                out[i, l] = 0
        for l in range(LANES):
            state[LAST, l], state[LAST + 5, l] = gate[frames - 1, l], 1
            state[LAST + 3, l], state[LAST + 4, l] = 0, 0
        for m in range(9):
            for l in range(LANES):
                state[TAPS + m, l] = 0
        return
    for n in range(OVER * frames):
        for l in range(LANES):
            total[n, l] = 0
    # all frames in one go, or one by one while the pitch, the spread or the mix moves
    stretch = frames if moving & 7 == 0 and silent(fm, frames, odd) else 1
    start = 0
    while start < frames:
        for l in range(LANES):
            pace[l] = pace_of(freq[row(moving, FREQ, start), l], 0.0, fm[start, l], rate)
            apart[l] = spread(f64(detune[row(moving, DETUNE, start), l]))
            x = mix[row(moving, MIX, start), l]
            side = f32(0.044372) + x * (f32(1.2841) - x * f32(0.73764))
            centre = f32(0.99785) - f32(0.55366) * x
            power = ONE / np.sqrt(centre * centre + f32(SAWS - 1) * side * side)
            beside[l], middle[l] = side * power, centre * power
        for m in range(SAWS):
            for l in range(LANES):
                mine = pace[l] * (1 + OFFSETS[m] * apart[l])
                phase = phases[m, l]
                at[l] = u32(np.int64(phase * WHOLE))
                step[l] = u32(np.int64(mine * (WHOLE / OVER)))
                edge = ONE / f32(mine)
                share = middle[l] if m == 0 else beside[l]
                weight[l] = share * PER_STEP
                # (2 - d)^4 / 12 and 4 (1 - d)^4 / 12 of d frames from the jump, times the share: what they are the fourth powers of
                wide = np.sqrt(np.sqrt(share * f32(1 / 12)))
                narrow = np.sqrt(np.sqrt(share * f32(4 / 12)))
                far[l], far_by[l] = wide * (f32(2) - edge), wide * edge * PER_STEP
                close[l], close_by[l] = narrow * (ONE - edge), narrow * edge * PER_STEP
                phase += stretch * mine
                phases[m, l] = phase - math.floor(phase)
            for n in range(OVER * start, OVER * (start + stretch)):
                for l in range(LANES):
                    at[l] = u32(at[l] + step[l])
                    # as a signed number the phase is the saw itself, and jumps where that changes its sign
                    saw = f32(np.int32(at[l]))
                    a, b = max(f32(0), far[l] + abs(saw) * far_by[l]), max(f32(0), close[l] + abs(saw) * close_by[l])
                    a, b = a * a, b * b
                    total[n, l] += weight[l] * saw - math.copysign(a * a - b * b, saw)
        start += stretch
    for i in range(frames):
        for l in range(LANES):
            follow_note(gate[i, l], velocity[i, l], last_gate, wanted, level, rate, l)
        for l in range(LANES):
            y[l] = halve32(total[OVER * i, l], total[OVER * i + 1, l], taps, l)
        for l in range(LANES):
            bright = last_two[0, l] + SHELF * (last_two[0, l] + last_two[0, l] - last_two[1, l] - y[l])
            last_two[1, l], last_two[0, l] = last_two[0, l], y[l]
            y[l] = bright * level[l]
        hushed = 0
        for l in range(LANES):
            hushed |= level[l] == 0
        if hushed:
            # what does not sound leaves nothing behind, so that it need not be rendered
            for m in range(9):
                for l in range(LANES):
                    taps[m, l] = f32(0) if level[l] == 0 else taps[m, l]
            for l in range(LANES):
                last_two[0, l] = f32(0) if level[l] == 0 else last_two[0, l]
                last_two[1, l] = f32(0) if level[l] == 0 else last_two[1, l]
        for l in range(LANES):
            out[i, l] = y[l] * gain[row(moving, GAIN, i), l]
    for m in range(SAWS):
        for l in range(LANES):
            state[PHASES + m, l] = phases[m, l]
    for m in range(9):
        for l in range(LANES):
            state[TAPS + m, l] = taps[m, l]
    for l in range(LANES):
        state[LAST, l], state[LAST + 1, l], state[LAST + 2, l] = last_gate[l], wanted[l], level[l]
        state[LAST + 3, l], state[LAST + 4, l], state[LAST + 5, l] = last_two[0, l], last_two[1, l], 1
