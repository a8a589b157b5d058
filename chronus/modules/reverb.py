"""A room that never was: dense at once, wide, free of ring; from a tight box to a sky that stands still.

A feedback delay network of 16 lines (J.-M. Jot and A. Chaigne, "Digital Delay Networks for Designing Artificial Reverberators", AES
1991). Two steps of diffusion stand before it (taps, then short delays, each mixed by a Hadamard matrix for either side), which make
64 echoes of one before anything goes round. Each line loses as much as its length asks for, so that all modes die alike: by 60 dB in
`decay`, and twice as fast at `damp`, by a two-pole low-pass, whose loss grows with the fourth power of the frequency and so leaves the
middle alone. All lines sway, by half a millisecond at most, each at a pace of its own, so that no mode stands long enough to ring.

Both ears hear all lines, with signs that are orthogonal: the sides are decorrelated, and a mono sum loses nothing. `mix` turns the room
up sooner than it turns the dry sound down. Below -200 dBFS a tail is cut off, and a reverb that is silent renders nothing.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.kernel import LANES, compiled, inline, kernel, local
from chronus.dsp.plane import flat
from chronus.dsp.shape import bounded32, exp2
from chronus.dsp.space.line import SILENT, around, laid, spline, took
from chronus.dsp.tan import prewarp

f32, u64, i64 = np.float32, np.uint64, np.int64

LINES, BLOCK = 16, 64
ALL = LINES * BLOCK
LENGTHS = 0.001 * np.array(
    [31.3, 34.9, 39.7, 43.1, 48.7, 54.1, 61.9, 72.7, 33.1, 37.3, 41.9, 46.1, 51.7, 57.7, 66.7, 81.1], np.float64
)
"""Of the lines, in seconds at scale 1."""
TAPS = 0.001 * np.array(
    [0, 2.3, 4.1, 6.7, 8.9, 11.3, 13.9, 15.1, 0.4, 1.7, 4.9, 6.1, 9.7, 10.7, 13.1, 15.7], np.float64
)
SMEARS = 0.001 * np.array(
    [1.9, 5.3, 7.9, 13.7, 17.9, 22.3, 27.1, 31.7, 1.1, 6.1, 8.7, 12.1, 18.7, 21.1, 25.9, 32.9], np.float64
)
"""The two steps of diffusion, in seconds at scale 1; eight for the left side, eight for the right."""
LEFT = np.array([1, -1, 1, 1, -1, 1, -1, -1, 1, 1, -1, 1, 1, -1, -1, 1], np.float32)
RIGHT = np.array([1, 1, 1, -1, 1, 1, 1, -1, -1, 1, -1, -1, -1, 1, -1, 1], np.float32)
"""The signs with which each ear hears the lines."""
PACES = np.array(
    [0.31, 0.57, 0.43, 0.79, 0.37, 0.67, 0.53, 0.89, 0.34, 0.61, 0.47, 0.83, 0.41, 0.71, 0.59, 0.97], np.float64
)
"""How often a line sways, in Hz."""
SWAY = 0.0005
"""Seconds by which it does so at most."""
MEAN = float(LENGTHS.mean())
LONGEST_TAP = float(TAPS.max())
PREDELAY = 0.25
SMALLEST, WIDEST = 0.2, 1.4
"""The scale at size 0 and at size 1."""
SPREAD = math.log2(WIDEST / SMALLEST)
ROOM = 3 * BLOCK
"""Frames of a ring beyond its length: for the block that is written, and for what the spline reads on either side."""
LEAST = BLOCK + 2.0
"""Frames of the shortest line: a block is read as a whole before it is written."""
RINGS = 2 + 2 * LINES
WINDOW = 512
"""Room for a block and all that lies in reach of a swaying head: 268 frames at 192 kHz."""

FADE_SECONDS, FREEZE_SECONDS = 0.06, 0.03
SIXTY_DB = -math.log2(1000)
CEILING = f32(4)
EARLY, ENTER, LATE = f32(0.014), f32(0.06), f32(0.4)
"""So that pink noise leaves the room as loud as it enters, at the defaults."""

ZERO, QUARTER, HALF, ONE, TWICE, FOUR = f32(0), f32(0.25), f32(0.5), f32(1), f32(2), f32(4)
ROOT = f32(math.sqrt(2))
ZEROTH, UNIT, TWO, THREE, EIGHT, ROWS, SPAN = u64(0), u64(1), u64(2), u64(3), u64(8), u64(LINES), u64(BLOCK)
"""Indices are unsigned, and constants have the type they are used in: a cast is a call that takes time to compile."""

CLOCK, PLACE, QUIET, SCALE, BEFORE, COMING, LATER, FADE, FROZEN, EAR = range(10)
LOSS = u64(EAR + 4)
"""Places in the state."""
MOVES_MIX, MOVES_ENTRY, MOVES_LOSS, MOVES_MOD, MOVES_FREEZE = 129, 34, 18, 64, 256
"""Bits of parameters that move."""

SPEC = Spec(
    kind="reverb",
    help="a dense, wide room, from a box to a frozen sky; as a send it wants mix 1",
    tries=(
        "load snare; seq snare: ....X.......X...; patch snare > reverb",
        "set reverb.decay 5s, reverb.size 0.9, reverb.damp 2.5k, reverb.mix 50%",
        "load reverb as plate mix=1 size=0.3 decay=1.2s predelay=0 damp=12k; patch snare > plate",
    ),
    width="stereo",
    state=(14 + 2 * LINES) // 2,
    memory_seconds=(2 * (PREDELAY + WIDEST * LONGEST_TAP) + WIDEST * float(SMEARS.sum() + LENGTHS.sum()) + LINES * SWAY)
    / 2,
    memory_frames=RINGS * ROOM // 2,
    ins=(In("in"),),
    params=(
        Param("mix", 0, 1, 0.25, help="0 is dry, 1 is the room alone: what a send wants"),
        Param("decay", 0.1, 30, 1.8, "s", "exp", "time in which it dies by 60 dB"),
        Param("size", 0, 1, 0.65, help="how far apart the walls are"),
        Param("predelay", 0, 1000 * PREDELAY, 12, "ms", help="before the room answers"),
        Param("damp", 1000, 20000, 6500, "Hz", "exp", "here the tail dies twice as fast, above it faster"),
        Param("low", 20, 1000, 160, "Hz", "exp", "low cut: what is below stays out of the room"),
        Param("mod", 0, 1, 0.5, help="how much the walls sway; 0 stands still"),
        Param("width", 0, 1, 1, help="0 is mono, 1 is wide"),
        switch("freeze", ("off", "on"), "off", "on: what is in the room stays for ever, and nothing else comes in"),
    ),
)


@compiled
def crossed(x, y, step, count):
    """One step of a Hadamard transform of the rows of x: sums and differences of those that lie 2^step apart."""
    half, count = u64(1) << u64(step), u64(count)
    for k in range(u64(LINES // 2)):
        a = (((k >> u64(step)) << u64(step + 1)) + (k & (half - u64(1)))) * SPAN
        b = a + half * SPAN
        for i in range(count):
            y[a + i] = x[a + i] + x[b + i]
            y[b + i] = x[a + i] - x[b + i]


@inline
def echoed(ring, at, far, farther, fading, blend, n, x, spare, start):
    """What was written `far` frames before `at`; while it fades, more and more of what was `farther` ones before."""
    total = i64(ring.shape[0])
    took(ring, around(at - far, total), n, x, start)
    if fading:
        took(ring, around(at - farther, total), n, spare, ZEROTH)
        for i in range(n):
            x[start + i] += blend[i] * (spare[i] - x[start + i])


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (source,), (out,) = ins, outs
    mix, decay, size, predelay, damp, low, mod, width, freeze = params
    ring, kept, sound, heard = flat(memory), flat(state), flat(source), flat(out)
    total, n = i64(ring.shape[0]), u64(frames)

    awake = 0
    for k in range(n + n):
        awake += 1 if sound[k] != ZERO else 0
    quiet = 0.0 if awake > 0 else kept[QUIET] + frames
    if quiet > total:
        # all rings have been written anew with nothing: there is no sound left
        for k in range(n + n):
            heard[k] = ZERO
        kept[QUIET] = quiet
        return

    x, y, z = local(np.float32, ALL), local(np.float32, ALL), local(np.float32, ALL)
    entering, window = local(np.float32, ALL), local(np.float32, WINDOW)
    left, right, blend = local(np.float32, BLOCK), local(np.float32, BLOCK), local(np.float32, BLOCK)
    held, sway, way = local(np.float32, BLOCK), local(np.float32, BLOCK), local(np.float32, BLOCK)

    # A new size, and a new predelay, is faded over to: walls that glide would bend the pitch of the whole tail.
    wish, ahead = SMALLEST * exp2(size[0, 0] * SPREAD), predelay[0, 0] * 0.001
    scale, before, coming, later, fade, frozen = (
        kept[SCALE],
        kept[BEFORE],
        kept[COMING],
        kept[LATER],
        kept[FADE],
        kept[FROZEN],
    )
    if scale == 0:
        scale, before, frozen = wish, ahead, freeze[0, 0]
    if fade == 0 and (wish != scale or ahead != before):
        coming, later = wish, ahead
        fade = 1 / (FADE_SECONDS * rate)
    fading = fade > 0
    for i in range(n):
        at = min(1.0, fade + i * (1 / (FADE_SECONDS * rate)))
        blend[i] = at * at * at * (at * (at * 6 - 15) + 10)
    freezing = moving & MOVES_FREEZE != 0 or frozen != freeze[0, 0]
    lead = 1 / (FREEZE_SECONDS * rate)
    for i in range(n):
        if freezing:
            frozen += min(lead, max(-lead, freeze[i, 0] - frozen))
        held[i] = frozen

    # What gets into the room. Noise comes to 1 / (1 - g^2) times its power in a line; half of that, in decibels, is made up for.
    s1, s2 = local(np.float32, LINES), local(np.float32, LINES)
    g = a = level = ZERO
    for l in range(LANES):
        s1[l], s2[l] = kept[EAR + l], kept[EAR + LANES + l]
    for i in range(n):
        if i == 0 or fading or moving & MOVES_ENTRY:
            sin, cos = prewarp(low[i, 0], rate)
            g = sin / cos
            a = ONE / (ONE + g * (g + ROOT))
            here = scale + blend[i] * (coming - scale) if fading else scale
            level = math.sqrt(math.sqrt(here * (1 - exp2(2 * SIXTY_DB * MEAN * here / decay[i, 0]))))
        enter = level * (ONE - held[i])
        for l in range(TWO):
            high = a * (sound[TWO * i + l] - (g + ROOT) * s1[l] - s2[l])
            band = s1[l] + g * high
            s1[l] = band + g * high
            s2[l] += g * (band + band)
            z[SPAN * l + i] = enter * high
    for l in range(LANES):
        kept[EAR + l] = s1[l] if abs(s1[l]) > SILENT else ZERO
        kept[EAR + LANES + l] = s2[l] if abs(s2[l]) > SILENT else ZERO

    # The rings lie one behind the other, each ends where it is written, and all move on together.
    base = i64(kept[PLACE])
    for l in range(TWO):
        base = around(base + i64((PREDELAY + WIDEST * LONGEST_TAP) * rate) + ROOM, total)
        laid(ring, base, n, z, SPAN * l)
        for k in range(EIGHT * l, EIGHT * l + EIGHT):
            far, farther = i64((before + TAPS[k] * scale) * rate), i64((later + TAPS[k] * coming) * rate)
            echoed(ring, base, far, farther, fading, blend, n, x, way, SPAN * k)
    crossed(x, y, 0, n)
    crossed(y, x, 1, n)
    crossed(x, y, 2, n)
    for l in range(ROWS):
        base = around(base + i64(WIDEST * SMEARS[l] * rate) + ROOM, total)
        laid(ring, base, n, y, SPAN * l)
        far, farther = i64(SMEARS[l] * scale * rate), i64(SMEARS[l] * coming * rate)
        echoed(ring, base, far, farther, fading, blend, n, x, way, SPAN * l)
    crossed(x, y, 0, n)
    crossed(y, x, 1, n)
    crossed(x, y, 2, n)
    crossed(y, entering, 3, n)
    for i in range(n):
        left[i] = right[i] = ZERO
    for l in range(EIGHT):
        for i in range(n):
            left[i] += EARLY * RIGHT[l] * y[SPAN * l + i]
            right[i] += EARLY * RIGHT[l] * y[SPAN * (EIGHT + l) + i]

    # What comes out of the lines. Each sways on a parabola, near to a sine; read by a cubic Hermite spline.
    lines = base
    clock, reach = kept[CLOCK] / rate, i64(SWAY * rate) + 2
    for i in range(n):
        sway[i] = f32(SWAY * rate) * mod[i if moving & MOVES_MOD else ZEROTH, 0] * (ONE - held[i])
    for l in range(ROWS):
        base = around(base + i64((WIDEST * LENGTHS[l] + SWAY) * rate) + ROOM, total)
        turn = clock * PACES[l] + 0.217 * l
        phase, pace = f32(2 * (turn - math.floor(turn)) - 1), f32(2 * PACES[l] / rate)
        for i in range(n):
            p = phase + f32(i) * pace
            p = p - TWICE if p >= ONE else p
            way[i] = f32(reach) + FOUR * p * (ONE - abs(p)) * sway[i]
        for again in range(2 if fading else 1):
            far = i64(max(LEAST + reach, LENGTHS[l] * (coming if again else scale) * rate)) + reach + 2
            took(ring, around(base - far, total), n + u64(2 * reach + 4), window, ZEROTH)
            done = ZEROTH
            while done < n:
                # as far as it reads between the same two frames, which is mostly to the end
                whole, same = i64(way[done]), 0
                for i in range(done, n):
                    same += 1 if i64(way[i]) == whole else 0
                stop = n if u64(same) == n - done else done + UNIT
                for i in range(done, stop):
                    u, k = way[i] - f32(whole), i + u64(whole + 1)
                    v = spline(window[k], window[k + UNIT], window[k + TWO], window[k + THREE], u)
                    k = ROWS * i + l
                    z[k] = z[k] + blend[i] * (v - z[k]) if again else v
                done = stop

    # What they lose
    cut, a1, keep = local(np.float32, LINES), local(np.float32, LINES), local(np.float32, LINES)
    for l in range(ROWS):
        s1[l], s2[l] = kept[LOSS + l], kept[LOSS + ROWS + l]
    stirred = fading or freezing or moving & MOVES_LOSS != 0
    for i in range(n):
        if stirred or i == 0:
            sin, cos = prewarp(damp[i, 0], rate)
            here = (scale + blend[i] * (coming - scale) if fading else scale) * SIXTY_DB / decay[i, 0]
            for l in range(ROWS):
                g = exp2(LENGTHS[l] * here)
                cut[l] = sin / cos / np.sqrt(np.sqrt(ONE / (g * g) - ONE))
                a1[l] = ONE / (ONE + cut[l] * (cut[l] + ROOT))
                keep[l] = g + held[i] * (ONE - g)
        for l in range(ROWS):
            v = z[ROWS * i + l]
            high = a1[l] * (v - (cut[l] + ROOT) * s1[l] - s2[l])
            band = s1[l] + cut[l] * high
            s1[l] = band + cut[l] * high
            under = s2[l] + cut[l] * band
            s2[l] = under + cut[l] * band
            z[ROWS * i + l] = keep[l] * (under + held[i] * (v - under))
    for l in range(ROWS):
        kept[LOSS + l] = s1[l] if abs(s1[l]) > SILENT else ZERO
        kept[LOSS + ROWS + l] = s2[l] if abs(s2[l]) > SILENT else ZERO

    # What both ears hear of them, and what goes round
    for l in range(ROWS):
        for i in range(n):
            v = z[ROWS * i + l]
            x[SPAN * l + i] = v
            left[i] += LATE * LEFT[l] * v
            right[i] += LATE * RIGHT[l] * v
    crossed(x, y, 0, n)
    crossed(y, x, 1, n)
    crossed(x, y, 2, n)
    crossed(y, x, 3, n)
    ringing = 0
    for k in range(ROWS * SPAN):
        v = min(CEILING, max(-CEILING, QUARTER * x[k] + ENTER * entering[k]))
        x[k] = v
    for l in range(ROWS):
        lines = around(lines + i64((WIDEST * LENGTHS[l] + SWAY) * rate) + ROOM, total)
        laid(ring, lines, n, x, SPAN * l)
        for i in range(n):
            ringing += 1 if abs(x[SPAN * l + i]) > SILENT else 0

    for i in range(n):
        j = i if moving & MOVES_MIX else ZEROTH
        wet = mix[j, 0] * (TWICE - mix[j, 0])
        dry = ONE - mix[j, 0] * mix[j, 0]
        middle, side = HALF * (left[i] + right[i]), HALF * (left[i] - right[i]) * width[j, 0]
        heard[TWO * i] = bounded32(dry * sound[TWO * i] + wet * (middle + side))
        heard[TWO * i + UNIT] = bounded32(dry * sound[TWO * i + UNIT] + wet * (middle - side))

    fade = fade + frames / (FADE_SECONDS * rate) if fading else 0.0
    if fade >= 1:
        scale, before, fade = coming, later, 0.0
    kept[SCALE], kept[BEFORE], kept[COMING], kept[LATER], kept[FADE], kept[FROZEN] = (
        scale,
        before,
        coming,
        later,
        fade,
        frozen,
    )
    kept[CLOCK], kept[PLACE] = kept[CLOCK] + frames, around(i64(kept[PLACE]) + frames, total)
    kept[QUIET] = 0.0 if ringing > 0 else quiet
