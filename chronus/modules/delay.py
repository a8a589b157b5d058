"""Echoes, side by side or from one side to the other, that darken, thin out and soften as they fade: the dub chamber.

The echo is the input itself, moved by round(time x rate) frames; only what goes round again passes the loop's filters
(one-pole low-pass at `tone`, high-pass at `low`) and a soft saturation, which holds a feedback above 1; `drive` lets it bite sooner.
Near by, the read head glides (half a frame a frame at most, so the pitch bends as on tape) and reads between frames by a cubic
Hermite spline; to a time further off it is led over 20 ms, without a sweep, or with `moves` tape it glides all the way.
`mod` is the wow and the flutter of a tape that has seen better days: 0.5 and 5.3 Hz, 19 and 7 cents at most, the sides apart.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.shape import saturate
from chronus.dsp.space.line import SILENT, read, swing
from chronus.dsp.tan import prewarp

f32 = np.float32
HALF = f32(0.5)

SPEC = Spec(
    kind="delay",
    help="echoes, stereo or ping-pong",
    tries=(
        "load snare; seq snare: ....x.......x...; patch snare > delay",
        "set delay.time 3/16, delay.feedback 0.8, delay.mode pingpong, delay.tone 2k, delay.low 300, delay.drive 0.5, delay.mod 0.4",
        "set delay.moves tape, delay.time 1/8",
    ),
    category="effect",
    width="stereo",
    state=12,
    memory_seconds=2.0,
    memory_frames=8,
    ins=(In("in"),),
    params=(
        Param("time", 1, 2000, 250, "ms", "exp", "from echo to echo"),
        Param("feedback", 0, 1.1, 0.4, help="how much goes round again; above 1 it never dies"),
        Param("mix", 0, 1, 0.35, help="0 is dry, 1 is echoes only: what a send wants"),
        Param("tone", 200, 20000, 6000, "Hz", "exp", "low-pass in the loop"),
        switch("mode", ("stereo", "pingpong"), "stereo", "pingpong: left, right, left"),
        Param("low", 20, 1000, 80, "Hz", "exp", "high-pass in the loop: keeps the bass from piling up"),
        Param("drive", 0, 1, 0.2, help="how hard the loop saturates"),
        Param("mod", 0, 1, 0, help="wow and flutter; 0 is exact to the frame"),
        switch("moves", ("fade", "tape"), "fade", "how it comes to a new time: fade keeps the pitch, tape bends it"),
    ),
)

GLIDE = 0.5
NEAR = 256.0
"""Frames: as far as the head glides."""
REST = 1e-6
FADE_SECONDS = 0.02
HEADROOM = 1.5
"""Where the loop saturates without drive; with all of it at a fifth of that."""
WOW_HZ, WOW_SECONDS = 0.5, 0.0028
FLUTTER_HZ, FLUTTER_SECONDS = 5.3, 0.0001
CEILING = 8.0
BLOCK = 64
ROWS = 2 * BLOCK
POSITIVE = 0x7FFFFFFF


@inline
def glide(goal, head, speed):
    """(head, speed) a frame later: a critically damped approach, so that the speed does not jump either."""
    gap = goal - head
    if abs(gap) < REST and abs(speed) < REST:
        return goal, 0.0
    speed += (min(GLIDE, max(-GLIDE, gap / 64)) - speed) / 16
    return head + speed, speed


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (source,), (out,) = ins, outs
    time, feedback, mix, tone, mode, low_cut, drive, mod, moves = params
    head, coming, fade, wished = (
        local(np.float64, LANES),
        local(np.float64, LANES),
        local(np.float64, LANES),
        local(np.float64, LANES),
    )
    speed, coming_speed = local(np.float64, LANES), local(np.float64, LANES)
    dull, low, dull_by = local(np.float64, LANES), local(np.float64, LANES), local(np.float64, LANES)
    cross, echoes, back, crosses = (
        local(np.float64, LANES),
        local(np.float64, ROWS),
        local(np.float64, ROWS),
        local(np.float64, ROWS),
    )
    position = np.int64(state[7, 0])
    rows = memory.shape[0]
    awake = 0
    for i in range(np.uint64(frames)):
        awake += 1 if source[i, 0] != 0 or source[i, 1] != 0 else 0
    quiet = 0.0 if awake > 0 else state[10, 0] + frames
    if quiet > 2 * rows:
        # nothing but zeros has been written for longer than the line is, and its filters are at rest
        for i in range(frames):
            for l in range(LANES):
                out[i, l] = 0
        state[10, 0] = quiet
        return
    clock, ringing = state[11, 0], 0
    fresh = state[0, 0] == 0
    for l in range(LANES):
        head[l], coming[l], fade[l], wished[l] = state[0, l], state[1, l], state[2, l], state[3, l]
        dull[l], low[l], cross[l] = state[4, l], state[5, l], state[6, l]
        speed[l], coming_speed[l] = state[8, l], state[9, l]
        if fresh:
            wished[l] = time[0, l] * 0.001 * rate
            head[l] = np.rint(wished[l])
            cross[l] = mode[0, l]
    lead = 1 / (FADE_SECONDS * rate)
    bottom = 0.0
    rest, level = not moving & 129, not moving & 16
    for l in range(LANES):
        wish = time[0, l] * 0.001 * rate
        goal = min(rows - 4.0, max(2.0, np.rint(wish)))
        rest = rest and wish == wished[l] and head[l] == goal and speed[l] == 0 and fade[l] == 0 and mod[0, l] == 0
        level = level and cross[l] == mode[0, l]
    least, wander = rows - 4.0, 0.0
    if not rest:
        for i in range(frames):
            for l in range(LANES):
                least = min(least, max(2.0, time[i, l] * 0.001 * rate))
                wander = max(wander, (WOW_SECONDS + FLUTTER_SECONDS) * rate * mod[i, l])
    done = 0
    while done < frames:
        # A stretch of which all is read before the first of it is written, and that ends with the memory.
        # LLVM sees no loop's indices as positive, and so no loop as one to vectorise, but for the two masks and the last `min`.
        start, here = done & (BLOCK - 1), position & POSITIVE
        n = min(frames - done, rows - position)
        for l in range(LANES):
            if rest:
                behind = position - np.int64(head[l])
                n = min(n, np.int64(head[l]), -behind if behind < 0 else n)
            else:
                # the head comes nearer by half a frame a frame at most, and reads one frame ahead of where it stands
                nearest = min(least, min(head[l], coming[l]) if fade[l] > 0 else head[l]) - wander
                n = min(n, max(1, np.int64(nearest) // 2 - 1))
        n = min(n, BLOCK)
        if rest:
            for l in range(LANES):
                behind = position - np.int64(head[l])
                behind = (behind + rows if behind < 0 else behind) & POSITIVE
                for i in range(n):
                    echoes[i * LANES + l] = memory[behind + i, l]
        else:
            for i in range(n):
                for l in range(LANES):
                    wish = time[start + i, l] * 0.001 * rate
                    # while the time stands still the head rests on a whole frame, and the echo is exact
                    goal = min(rows - 4.0, max(2.0, np.rint(wish) if wish == wished[l] else wish))
                    wished[l] = wish
                    if fade[l] == 0 and abs(goal - head[l]) > NEAR and moves[start + i, l] < HALF:
                        fade[l] = lead
                        coming[l], coming_speed[l] = goal, 0.0
                    wow = swing((clock + done + i) * (WOW_HZ / rate) + 0.25 * l)
                    flutter = swing((clock + done + i) * (FLUTTER_HZ / rate) + 0.4 * l)
                    away = mod[start + i, l] * rate * (WOW_SECONDS * wow + FLUTTER_SECONDS * flutter)
                    echo = read(memory, l, here + i, min(rows - 4.0, max(2.0, head[l] + away)))
                    if fade[l] > 0:
                        weight = fade[l] * fade[l] * fade[l] * (10 - fade[l] * (15 - 6 * fade[l]))
                        other = read(memory, l, here + i, min(rows - 4.0, max(2.0, coming[l] + away)))
                        echo += weight * (other - echo)
                        coming[l], coming_speed[l] = glide(goal, coming[l], coming_speed[l])
                        fade[l] += lead
                    head[l], speed[l] = glide(goal, head[l], speed[l])
                    if fade[l] >= 1:
                        head[l], speed[l] = coming[l], coming_speed[l]
                        fade[l] = 0
                    echoes[i * LANES + l] = echo
        for i in range(n):
            for l in range(LANES):
                if moving & 8 or start + i == 0:
                    sin, cos = prewarp(tone[start + i, l], rate)
                    dull_by[l] = sin / (sin + cos)
                if moving & 32 or start + i == 0:
                    bottom = 1 - math.exp(-2 * math.pi * low_cut[start + i, 0] / rate)
                step = dull_by[l] * (echoes[i * LANES + l] - dull[l])
                v = dull[l] + step
                dull[l] = v + step
                low[l] += bottom * (v - low[l])
                back[i * LANES + l] = v - low[l]
                if not level:
                    cross[l] += min(lead, max(-lead, mode[start + i, l] - cross[l]))
                crosses[i * LANES + l] = cross[l]
        for i in range(n):
            for l in range(LANES):
                room = HEADROOM / (1 + 4 * drive[start + i, l])
                back[i * LANES + l] = feedback[start + i, l] * room * saturate(back[i * LANES + l] / room)
                dry = source[start + i, l]
                out[start + i, l] = dry + mix[start + i, l] * (f32(echoes[i * LANES + l]) - dry)
        for i in range(n):
            centre = 0.5 * (source[start + i, 0] + source[start + i, 1])
            for l in range(LANES):
                straight = source[start + i, l] + back[i * LANES + l]
                crossed = back[i * LANES + 1 - l] + (centre if l == 0 else 0.0)
                v = min(CEILING, max(-CEILING, straight + crosses[i * LANES + l] * (crossed - straight)))
                memory[here + i, l] = v if abs(v) > SILENT else 0.0
                ringing += 1 if abs(v) > SILENT else 0
        done += n
        position = position + n if position + n < rows else 0
    for l in range(LANES):
        state[0, l], state[1, l], state[2, l], state[3, l] = head[l], coming[l], fade[l], wished[l]
        state[4, l], state[5, l], state[6, l], state[7, l] = dull[l], low[l], cross[l], position
        state[8, l], state[9, l] = speed[l], coming_speed[l]
    state[10, 0], state[11, 0] = 0.0 if ringing > 0 else quiet, clock + frames
