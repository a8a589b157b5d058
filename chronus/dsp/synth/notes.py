"""Follows the notes of a finished instrument in all its lanes: the envelope, the slide, and how a stolen tail fades.

A kernel copies its state into a plane of rows, `s`, and cuts its frames into stretches in which no gate moves; of what moves slowly
(pitch, envelope times) each stretch has one value. Where a stretch ends is counted from the module's first frame on, and so does not
depend on how a block was cut.

One envelope moves level and cutoff alike, as in the SH-101 and the Juno-106: attack, decay, sustain, release, each a charging
capacitor (figures: modules/adsr.py).

A note takes a lane that may still sound. It begins on its frame and from silence all the same; what was left of the other note's
level and brightness is led to zero beside it, in 3 ms by a curve without corners, and so is the pitch from there to here. So neither
level nor filter nor pitch jumps.
"""

from __future__ import annotations

import math

import numpy as np

from chronus.catalogue.spec import In, Param
from chronus.dsp.kernel import inline
from chronus.dsp.pitch import exp2
from chronus.dsp.voice import HALF, begins, row_at

f32 = np.float32

INS = (
    In("gate", "gate", "plays while it is on"),
    In("velocity", "velocity", "level, and a little brightness"),
    In("accent", "accent", "louder and brighter"),
    In("legato", "glide", "slides to the pitch, without a new attack"),
)


def envelope(attack: float, decay: float, sustain: float, release: float) -> tuple[Param, ...]:
    """The four parameters of the envelope, with the defaults of a kind."""
    return (
        Param("attack", 0.5, 10000, attack, "ms", "exp", "time to the top"),
        Param("decay", 1, 10000, decay, "ms", "exp", "time from the top down to sustain"),
        Param("sustain", 0, 1, sustain, help="level while the gate stays on"),
        Param("release", 1, 10000, release, "ms", "exp", "time to silence after the gate"),
    )


def glide(default: float) -> Param:
    return Param("glide", 0, 1000, default, "ms", help="until a slide has gone 95 % of the way")


LAST, STAGE, X, LOUD, BRIGHT, REST, REST_BRIGHT, FADE, HERTZ, BEND, TICK, ONSET, LEFT_FROM = range(13)
ROWS = 13
"""Rows of the state that belong to the notes: the gate before; the envelope's stage and value; what velocity and accent make of level
and brightness; what a stolen note left of both, and how much of its fade is to come; the pitch asked for and the octaves from there to
the one that sounds; the clock: frames counted since the first, and what it was at the note; how many octaves higher the stolen one was."""

VALUE, KEEP, ADD, FLOOR, HELD_KEEP, HELD_ADD, HELD, LEFT = range(8)
ROOM = 8
"""Rows of the plane in which `contour` works: a frame is value = keep * value + add, heard where it is above its floor."""

RELEASE, ATTACK, HOLD = 0.0, 1.0, 2.0
AIM = 1.3
CHARGE = math.log(AIM / (AIM - 1))
SIXTY_DB = math.log(1000)
BELOW = 1e-6
FADE_SECONDS = 0.003
SLOW, SLIDING, FAST, LED = 64, 8, 4, 2
"""Frames of a stretch: while only the envelope moves, a pitch slides, a parameter moves, the pitch of a stolen note is led on."""
NEAR = 1e-4
"""Octaves from the goal at which a slide is over."""


@inline
def recall(s, state):  # type: ignore[no-untyped-def]
    for k in range(s.shape[0]):
        for l in range(s.shape[1]):
            s[k, l] = state[k, l]


@inline
def keep(s, state):  # type: ignore[no-untyped-def]
    for k in range(s.shape[0]):
        for l in range(s.shape[1]):
            state[k, l] = s[k, l]


@inline
def at_rest(s, gate, frames):  # type: ignore[no-untyped-def]
    """Whether no lane sounds, and none will in these frames."""
    stirring = 0
    for l in range(s.shape[1]):
        stirring += (s[X, l] > 0) | (s[FADE, l] > 0)
    for i in range(frames):
        for l in range(s.shape[1]):
            stirring += gate[i, l] > HALF
    return stirring == 0


@inline
def is_silent(s, lane):  # type: ignore[no-untyped-def]
    """Whether a lane is not heard: its envelope has come to its end."""
    return (s[X, lane] == 0) & (s[FADE, lane] == 0) & (s[STAGE, lane] == RELEASE)


@inline
def rest(s, out, frames):  # type: ignore[no-untyped-def]
    """Silence; the clock goes on."""
    for l in range(s.shape[1]):
        s[LAST, l] = 0
        s[TICK, l] += frames
    for i in range(frames):
        for l in range(s.shape[1]):
            out[i, l] = 0


@inline
def until_edge(gate, start, frames):  # type: ignore[no-untyped-def]
    """The first frame after `start` in which a gate moves, else `frames`."""
    lanes = gate.shape[1]
    count = 0
    for i in range(start + 1, frames):
        for l in range(lanes):
            count += gate[i, l] != gate[i - 1, l]
    if count == 0:
        return frames
    end = start + 1
    while end < frames:
        for l in range(lanes):
            if gate[end, l] != gate[end - 1, l]:
                return end
        end += 1
    return end


@inline
def smoother(u):  # type: ignore[no-untyped-def]
    """0..1 to 0..1, level and without curvature at both ends (K. Perlin, 2002)."""
    return u * u * u * (10 - u * (15 - 6 * u))


@inline
def take_notes(s, ins, freq, start, moving, always):  # type: ignore[no-untyped-def]
    """What happens at frame `start`: notes that begin and end, pitches that are new.

    `always`: a pitch is slid to without a glide too, while the lane sounds.
    """
    gate, velocity, accent, legato = ins[0], ins[1], ins[2], ins[3]
    for l in range(s.shape[1]):
        now, last = gate[start, l], f32(s[LAST, l])
        pitch = np.float64(freq[row_at(moving, start), l])
        if now != last or pitch != s[HERTZ, l]:
            begun = begins(now, last)
            if begun or pitch != s[HERTZ, l]:
                slides = (s[X, l] > 0) & ((legato[start, l] > HALF) | always)
                above = s[BEND, l] + (math.log2(s[HERTZ, l] / pitch) if s[X, l] > 0 else 0.0)
                s[BEND, l], s[HERTZ, l] = above if slides else 0.0, pitch
                s[LEFT_FROM, l] = above if begun and not slides else 0.0
            if begun:
                fade = smoother(s[FADE, l])
                s[REST, l] = s[REST, l] * fade + s[LOUD, l] * s[X, l] * (1 - fade)
                s[REST_BRIGHT, l] = s[REST_BRIGHT, l] * fade + s[BRIGHT, l] * s[X, l] * (1 - fade)
                s[FADE, l] = 1.0 if s[REST, l] > 0 else 0.0
                hard, hot = min(f32(1), velocity[start, l]), accent[start, l] > HALF
                s[LOUD, l] = hard * (1.3 if hot else 1.0)
                s[BRIGHT, l] = 0.6 + 0.5 * hard + (0.25 if hot else 0.0)
                s[X, l], s[STAGE, l], s[ONSET, l] = 0.0, ATTACK, s[TICK, l]
            elif now <= HALF:
                s[STAGE, l] = RELEASE
            s[LAST, l] = now


@inline
def is_new(s, lane):  # type: ignore[no-untyped-def]
    """Whether a note has begun in this frame that is not slid to."""
    return (s[ONSET, lane] == s[TICK, lane]) & (s[STAGE, lane] == ATTACK) & (s[BEND, lane] == 0)


@inline
def stretch(s, gate, start, frames, moving):  # type: ignore[no-untyped-def]
    """How far a stretch that begins at `start` goes: to the next edge, and to the end of its share of the clock."""
    bent = led = 0
    for l in range(s.shape[1]):
        bent += s[BEND, l] != 0
        led += (s[FADE, l] > 0) & (s[LEFT_FROM, l] != 0)
    length = LED if led > 0 else FAST if moving != 0 else SLIDING if bent > 0 else SLOW
    left = length - np.int64(s[TICK, 0]) % length
    return min(until_edge(gate, start, frames), start + left)


@inline
def clock(s):  # type: ignore[no-untyped-def]
    """Frames since the first one of all, in steps of SLOW: for what moves slowly, and may not depend on where a stretch was cut."""
    return s[TICK, 0] - s[TICK, 0] % SLOW


@inline
def age(s, lane, rate):  # type: ignore[no-untyped-def]
    """Seconds that a note lasts already, by that clock."""
    return max(0.0, clock(s) - s[ONSET, lane]) / rate


@inline
def pitch(s, lane, rate):  # type: ignore[no-untyped-def]
    """Hz at which a lane sounds now."""
    above = s[BEND, lane]
    if s[FADE, lane] > 0:
        since = s[TICK, lane] - s[TICK, lane] % LED - s[ONSET, lane]
        above += s[LEFT_FROM, lane] * smoother(min(1.0, max(0.0, 1 - since / (FADE_SECONDS * rate))))
    return s[HERTZ, lane] if above == 0 else s[HERTZ, lane] * exp2(above)


@inline
def slide(s, milliseconds, rate, n):  # type: ignore[no-untyped-def]
    """Moves the clock on by `n` frames; and the slides, SLIDING frames at a time, so that it does not matter how a block was cut."""
    for l in range(s.shape[1]):
        s[TICK, l] += n
        if s[BEND, l] != 0 and np.int64(s[TICK, l]) % SLIDING == 0:
            s[BEND, l] *= math.exp(-3000 * SLIDING / (rate * (milliseconds[l] + 0.001)))
            s[BEND, l] = s[BEND, l] if abs(s[BEND, l]) > NEAR else 0.0


@inline
def part(u):  # type: ignore[no-untyped-def]
    """1 - exp(-u) for 0 <= u < 14: a Taylor series on u / 32, squared five times; without libm, so that lanes go side by side."""
    u = u / -32
    e = 1 + u * (1 + u / 2 * (1 + u / 3 * (1 + u / 4 * (1 + u / 5 * (1 + u / 6 * (1 + u / 7))))))
    e *= e
    e *= e
    e *= e
    e *= e
    return 1 - e * e


@inline
def contour(s, e, envelope, moves, levels, opened, start, end, rate):  # type: ignore[no-untyped-def]
    """Frames `start`..`end` of the envelope: into `levels` as loud as each note is, into `opened` as bright.

    `envelope`: its four parameters; `moves`: the bits that are set where one moves. `e`: room, ROOM rows.
    """
    attack, decay, sustain, release = envelope
    lanes = s.shape[1]
    climbing = fading = 0
    for l in range(lanes):
        up = part(CHARGE / max(1.0, attack[row_at(moves, start), l] * 0.001 * rate))
        down = part(SIXTY_DB / max(1.0, decay[row_at(moves >> 1, start), l] * 0.001 * rate))
        away = part(SIXTY_DB / max(1.0, release[row_at(moves >> 3, start), l] * 0.001 * rate))
        e[HELD, l] = sustain[row_at(moves >> 2, start), l]
        e[HELD_KEEP, l], e[HELD_ADD, l] = 1 - down, down * (e[HELD, l] - BELOW)
        e[VALUE, l], e[LEFT, l] = s[X, l], s[FADE, l]
        rising, holds = s[STAGE, l] == ATTACK, s[STAGE, l] == HOLD
        e[KEEP, l] = 1 - up if rising else e[HELD_KEEP, l] if holds else 1 - away
        e[ADD, l] = up * AIM if rising else e[HELD_ADD, l] if holds else -away * BELOW
        e[FLOOR, l] = e[HELD, l] if holds else 0.0
        climbing += rising
        fading += e[LEFT, l] > 0
    step = 1 / (FADE_SECONDS * rate)
    for i in range(start, end):
        for l in range(lanes):
            # it aims a little below its floor, so that it arrives; that far it may fall
            here = max(e[FLOOR, l], e[VALUE, l])
            levels[i, l], opened[i, l] = s[LOUD, l] * here, s[BRIGHT, l] * here
            e[VALUE, l] = e[KEEP, l] * e[VALUE, l] + e[ADD, l]
        if fading:
            for l in range(lanes):
                left = f32(smoother(e[LEFT, l]))
                levels[i, l] += left * (f32(s[REST, l]) - levels[i, l])
                opened[i, l] += left * (f32(s[REST_BRIGHT, l]) - opened[i, l])
                e[LEFT, l] = max(0.0, e[LEFT, l] - step)
        if climbing:
            for l in range(lanes):
                arrived = (s[STAGE, l] == ATTACK) & (e[VALUE, l] >= 1)
                e[VALUE, l] = 1.0 if arrived else e[VALUE, l]
                s[STAGE, l] = HOLD if arrived else s[STAGE, l]
                e[KEEP, l] = e[HELD_KEEP, l] if arrived else e[KEEP, l]
                e[ADD, l] = e[HELD_ADD, l] if arrived else e[ADD, l]
                e[FLOOR, l] = e[HELD, l] if arrived else e[FLOOR, l]
    for l in range(lanes):
        s[X, l], s[FADE, l] = max(e[FLOOR, l], e[VALUE, l]), e[LEFT, l]
