"""The end of everything: volume, a DC block, a true-peak limiter that nobody hears until it is needed.

The limiter looks 64 frames ahead. What a frame asks for (ceiling / true peak, at most 1) is held for all the frames
whose smoothed gain it may touch, let go exponentially, and smoothed by a window as long as the look-ahead, so the
gain is always down in time and never moves in a step. Gains are whole multiples of 2^-24 and the window's weights whole
numbers: with nothing to limit the gain is exactly 1 and the signal passes untouched.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.decibels import factor
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.plane import flat, local_plane
from chronus.dsp.truepeak import EDGE, MOST, TAPS, WIDE, loudest, near_nyquist, true_peaks

f32, u64 = np.float32, np.uint64

HISTORY, SPAN = 64, 128
WINDOW = HISTORY - TAPS // 2
BOX = WINDOW // 2
"""Frames of the shorter of two boxes; run one after the other, they make the window, a triangle."""
TOTAL = float(BOX * (BOX + 1))
BLOCK, SIGHT, ROOM = 2 * HISTORY, 2 * SPAN + WIDE, 2 * (HISTORY + 2) + WIDE
"""Room for two lanes of a block, of all that is looked at, of what the detector works on."""
HOLD = WINDOW + 3
"""Frames that a gain is held: the window, and the frame next to the peak on either side."""

SPEC = Spec(
    kind="out",
    help="what is heard: volume and a true-peak limiter",
    tries=(
        "load kick; seq kick: X...X...X...X...",
        "set out.volume -3db",
        "set out.ceiling -2db",
    ),
    category="output",
    width="stereo",
    state=6,
    memory_frames=2 * HISTORY,
    latency=HISTORY,
    ins=(
        In("in", help="both sides"),
        In("left", help="a mono source for the left side"),
        In("right", help="a mono source for the right side"),
    ),
    params=(
        Param("volume", -60, 6, -6, "dB", help="-60 is silence"),
        switch("limiter", ("off", "on"), "on", "off saves its cost; the output is still cut at full scale"),
        Param("ceiling", -12, 0, -1, "dB", help="highest true peak that the limiter lets out"),
    ),
)

DC_HZ = 3.0
LOUDEST = f32(64)
SILENT = 1e-7
RELEASE_SECONDS = 0.12
CREEP = 1e-6
"""What the release adds to its exponential, so that it arrives."""
MARGIN = f32(0.99)
"""-0.09 dB, for what the detector does not see."""
STEPS = 2.0**24
DOUBT, EDGE_SECONDS = f32(1.4), 0.005
"""By how much of what is near the Nyquist frequency a peak may be higher than read, and for how long that is kept."""


@inline
def sane(x):
    """NaN and infinity are 0; far too much is LOUDEST."""
    x = x if abs(x) < f32(1e30) else f32(0)
    x = x if x < LOUDEST else LOUDEST
    return x if x > -LOUDEST else -LOUDEST


@inline
def within_1(x):
    x = x if x < f32(1) else f32(1)
    return x if x > f32(-1) else f32(-1)


@inline
def smoothed(need, gain, kept, level, fresh, rate, frames):
    """gain[i] becomes what the limiter lets through of the frame that leaves the look-ahead; returns the level reached."""
    asked, four, least = local(np.float32, SPAN), local(np.float32, SPAN), local(np.float32, SPAN)
    gains, some, twenty = local(np.float64, SPAN), local(np.float64, SPAN), local(np.float64, SPAN)
    for k in range(u64(HISTORY)):
        asked[k] = f32(1) if fresh else kept[u64(BLOCK) + k]
        gains[k] = 1.0 if fresh else np.float64(kept[u64(BLOCK + HISTORY) + k])
    # asked[HISTORY + i] is about the time from TAPS / 2 before frame i to one frame later
    for i in range(u64(frames)):
        asked[u64(HISTORY) + i] = need[i]
    # the least of HOLD frames from each one on: of 4, of 16, of three overlapping 16
    first = u64(HISTORY + 1 - HOLD)
    for k in range(first, first + u64(frames + HOLD - 4)):
        four[k] = min(min(asked[k], asked[k + u64(1)]), min(asked[k + u64(2)], asked[k + u64(3)]))
    for k in range(first, first + u64(frames + HOLD - 16)):
        least[k] = min(min(four[k], four[k + u64(4)]), min(four[k + u64(8)], four[k + u64(12)]))
    for i in range(u64(frames)):
        k = first + i
        need[i] = min(least[k], min(least[k + u64(16)], least[k + u64(HOLD - 16)]))
    let = 1 - math.exp(-1 / (RELEASE_SECONDS * rate))
    for i in range(u64(frames)):
        level = min(np.float64(need[i]), (1 - let) * level + (let + CREEP))
        gains[u64(HISTORY) + i] = level
    for k in range(u64(HISTORY), u64(HISTORY + frames)):
        gains[k] = math.floor(gains[k] * STEPS) / STEPS
    # two boxes of 20 and 21 frames, by fours
    first = u64(HISTORY + 1 - WINDOW)
    for k in range(first, first + u64(frames + WINDOW - 4)):
        some[k] = (gains[k] + gains[k + u64(1)]) + (gains[k + u64(2)] + gains[k + u64(3)])
    for k in range(first, first + u64(frames + BOX)):
        twenty[k] = (some[k] + some[k + u64(4)]) + (some[k + u64(8)] + some[k + u64(12)]) + some[k + u64(16)]
    for k in range(first, first + u64(frames + BOX - 3)):
        some[k] = (twenty[k] + twenty[k + u64(1)]) + (twenty[k + u64(2)] + twenty[k + u64(3)])
    for i in range(u64(frames)):
        k = first + i
        both = (some[k] + some[k + u64(4)]) + (some[k + u64(8)] + some[k + u64(12)]) + some[k + u64(16)]
        gain[i] = f32((both + twenty[k + u64(20)]) / TOTAL)
    for k in range(u64(HISTORY)):
        kept[u64(BLOCK) + k] = asked[u64(frames) + k]
        kept[u64(BLOCK + HISTORY) + k] = f32(gains[u64(frames) + k])
    return level


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    source, left, right = ins
    (out,) = outs
    volume, limiter, ceiling = params
    # flat, the lanes of a frame side by side: the look-ahead, the new frames, room for the filters to overshoot
    x = local(np.float32, SIGHT)
    begin, count = u64(BLOCK), u64(LANES * frames)
    kept, sound, heard = flat(memory), flat(source), flat(out)
    for k in range(u64(BLOCK)):
        x[k] = kept[k]
    for j in range(u64(WIDE)):
        x[begin + count + j] = f32(0)

    follow = 1 - math.exp(-2 * math.pi * DC_HZ / rate)
    dc, loud = local(np.float64, LANES), local(np.float32, LANES)
    for l in range(LANES):
        dc[l], loud[l] = state[l, 0], factor(volume[0, l])
    for i in range(u64(frames)):
        for l in range(LANES):
            k = u64(LANES) * i + u64(l)
            v = sane(sound[k]) + sane(left[i, 0] if l == 0 else right[i, 0])
            if moving & 1:
                loud[l] = factor(volume[i, l])
            x[begin + k] = f32(v - dc[l]) * loud[l]
            dc[l] += follow * (v - dc[l])
    for l in range(LANES):
        still = abs(dc[l]) < SILENT and abs(x[begin + count - u64(LANES) + u64(l)]) < SILENT
        state[l, 0] = 0.0 if still else dc[l]

    fresh = state[5, 0] == 0
    level, busy, edge = 1.0 if fresh else state[2, 0], state[3, 0], f32(state[4, 0])
    highest, need = local(np.float32, HISTORY), local(np.float32, HISTORY)
    sharp, peaks = local(np.float32, ROOM), local(np.float32, ROOM)
    rows = local_plane(np.float32, EDGE, ROOM)
    over, lowest = 0, f32(1e30)
    for i in range(u64(frames if moving & 6 else 1)):
        highest[i] = factor(ceiling[i, 0]) * MARGIN if limiter[i, 0] > f32(0.5) else f32(1e30)
        lowest = min(lowest, highest[i])
    if moving != 0 or lowest < f32(1e30):
        top = loudest(x, LANES * (HISTORY - TAPS - 1), LANES * (frames + TAPS + 1))
        if top > 0:
            near_nyquist(x, LANES * (HISTORY - TAPS // 2 - 1), LANES, sharp, LANES * frames)
        else:
            for k in range(count):
                sharp[k] = f32(0)
        fade, sharpest = f32(math.exp(-1 / (EDGE_SECONDS * rate))), edge
        for i in range(u64(frames)):
            near = sharp[u64(LANES) * i]
            for l in range(1, LANES):
                near = max(near, sharp[u64(LANES) * i + u64(l)])
            need[i] = near
        for i in range(u64(frames)):
            edge = max(need[i], edge * fade)
            need[i] = DOUBT * edge
            sharpest = max(sharpest, edge)
        # where no peak can come near the ceiling, none is looked for
        if MOST * top + DOUBT * sharpest >= lowest:
            true_peaks(x, LANES * (HISTORY - TAPS // 2), LANES, rows, peaks, LANES * frames)
            if not moving & 6:
                for i in range(u64(frames)):
                    highest[i] = lowest
            for i in range(u64(frames)):
                peak = peaks[u64(LANES) * i]
                for l in range(1, LANES):
                    peak = max(peak, peaks[u64(LANES) * i + u64(l)])
                need[i] = highest[i] / max(highest[i], peak + need[i])
                over += 1 if need[i] < f32(1) else 0
        else:
            for i in range(u64(frames)):
                need[i] = f32(1)
    else:
        edge *= f32(math.exp(-frames / (EDGE_SECONDS * rate)))
        for i in range(u64(frames)):
            need[i] = f32(1)

    busy = 3.0 * HISTORY if fresh or over > 0 or level < 1 else busy - frames
    if busy > 0:
        level = smoothed(need, highest, kept, level, fresh, rate, frames)
        for i in range(u64(frames)):
            for l in range(LANES):
                j = u64(LANES) * i + u64(l)
                heard[j] = within_1(x[j] * highest[i])
    else:
        # all that was asked lately, and every gain, is 1
        for k in range(count):
            heard[k] = within_1(x[k])

    state[2, 0], state[3, 0], state[4, 0], state[5, 0] = level, busy, edge if edge > SILENT else 0.0, 1
    for k in range(u64(BLOCK)):
        kept[k] = x[count + k]
