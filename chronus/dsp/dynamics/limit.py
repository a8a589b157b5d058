"""Holds true peaks below a ceiling, and leaves what stays below it as it is: what `out` and `limiter` are made of.

It looks 64 frames ahead. What a frame asks for (ceiling / true peak, at most 1) is held for all the frames
whose smoothed gain it may touch, let go exponentially, and smoothed by a window as long as the look-ahead, so the
gain is always down in time and never moves in a step. Gains are whole multiples of 2^-24 and the window's weights whole
numbers: with nothing to limit the gain is exactly 1 and the signal passes untouched.

Both sides of a stereo pair get the same gain, lest the middle move.
"""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.kernel import inline, local
from chronus.dsp.plane import local_plane
from chronus.dsp.truepeak import EDGE, MOST, TAPS, WIDE, loudest, near_nyquist, true_peaks

f32, u64 = np.float32, np.uint64

SIDES = 2
HISTORY, SPAN = 64, 128
"""Frames that it looks ahead, and by which it is late; and those with a block."""
WINDOW = HISTORY - TAPS // 2
BOX = WINDOW // 2
"""Frames of the shorter of two boxes; run one after the other, they make the window, a triangle."""
TOTAL = float(BOX * (BOX + 1))
BLOCK, SIGHT, ROOM = SIDES * HISTORY, SIDES * SPAN + WIDE, SIDES * (HISTORY + 2) + WIDE
"""Room for both sides of a block, of all that is looked at, of what the detector works on."""
HOLD = WINDOW + 3
"""Frames that a gain is held: the window, and the frame next to the peak on either side."""
MEMORY_FRAMES, STATE = 2 * HISTORY, 4
"""What a kernel keeps for it: rows of memory, and of state."""

SILENT = 1e-7
CREEP = 1.2e-7
"""Over the release in seconds: what it adds to its exponential in each frame, so that it arrives."""
MARGIN = f32(0.987)
"""-0.11 dB, for what the detector does not see: a ceiling is told times this."""
STEPS = 2.0**24
DOUBT, EDGE_SECONDS = f32(1.4), 0.005
"""By how much of what is near the Nyquist frequency a peak may be higher than read, and for how long that is kept."""
NEVER = f32(1e30)
"""A ceiling that nothing reaches."""


@inline
def limit(x, gain, steady, watched, release_seconds, kept, state, at, rate, frames):
    """Turns `gain`, the ceiling of each frame, into what the frame that leaves the look-ahead is multiplied with.

    `x` has the look-ahead (SIDES * HISTORY samples, kept by the caller), then the new frames, then WIDE zeros. `steady`: the ceiling is
    the same in all frames. `watched` may be False where nothing has a ceiling. `state` has STATE rows from row `at` on, `kept` the
    samples of MEMORY_FRAMES rows, of which this reads and writes the second half. False where every gain is 1.
    """
    count = u64(SIDES * frames)
    fresh = state[at + 3, 0] == 0
    level, busy, edge = 1.0 if fresh else state[at, 0], state[at + 1, 0], f32(state[at + 2, 0])
    need = local(np.float32, HISTORY)
    sharp, peaks = local(np.float32, ROOM), local(np.float32, ROOM)
    rows = local_plane(np.float32, EDGE, ROOM)
    over, lowest = 0, NEVER
    for i in range(u64(1 if steady else frames)):
        lowest = min(lowest, gain[i])
    if watched:
        top = loudest(x, SIDES * (HISTORY - TAPS - 1), SIDES * (frames + TAPS + 1))
        if top > 0:
            near_nyquist(x, SIDES * (HISTORY - TAPS // 2 - 1), SIDES, sharp, SIDES * frames)
        else:
            for k in range(count):
                sharp[k] = f32(0)
        fade, sharpest = f32(math.exp(-1 / (EDGE_SECONDS * rate))), edge
        for i in range(u64(frames)):
            need[i] = max(sharp[u64(SIDES) * i], sharp[u64(SIDES) * i + u64(1)])
        for i in range(u64(frames)):
            edge = max(need[i], edge * fade)
            need[i] = DOUBT * edge
            sharpest = max(sharpest, edge)
        # where no peak can come near the ceiling, none is looked for
        if MOST * top + DOUBT * sharpest >= lowest:
            true_peaks(x, SIDES * (HISTORY - TAPS // 2), SIDES, rows, peaks, SIDES * frames)
            if steady:
                for i in range(u64(frames)):
                    gain[i] = lowest
            for i in range(u64(frames)):
                peak = max(peaks[u64(SIDES) * i], peaks[u64(SIDES) * i + u64(1)])
                need[i] = gain[i] / max(gain[i], peak + need[i])
                over += 1 if need[i] < f32(1) else 0
        else:
            for i in range(u64(frames)):
                need[i] = f32(1)
    else:
        edge *= f32(math.exp(-frames / (EDGE_SECONDS * rate)))
        for i in range(u64(frames)):
            need[i] = f32(1)

    busy = 3.0 * HISTORY if fresh or over > 0 or level < 1 else max(0.0, busy - frames)
    if busy > 0:
        let = 1 - math.exp(-1 / (release_seconds * rate))
        level = _smoothed(need, gain, kept, level, fresh, let, CREEP / release_seconds, frames)
    # else: all that was asked lately, and every gain, is 1
    state[at, 0], state[at + 1, 0], state[at + 2, 0] = level, busy, edge if edge > SILENT else 0.0
    state[at + 3, 0] = 1
    return busy > 0


@inline
def idle(state, at):
    """Whether nothing is asked of it, and nothing has been lately: as long as nobody watches, it need not be called."""
    return state[at + 3, 0] > 0 and state[at, 0] >= 1 and state[at + 1, 0] <= 0 and state[at + 2, 0] == 0


@inline
def _smoothed(need, gain, kept, level, fresh, let, creep, frames):
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
    for i in range(u64(frames)):
        level = min(np.float64(need[i]), (1 - let) * level + (let + creep))
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
