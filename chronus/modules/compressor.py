"""Evens out what is loud: glues a bus, thickens drums, and by its side chain lets one sound make room for another.

Source: Giannoulis, Massberg and Reiss, "Digital Dynamic Range Compressor Design - A Tutorial and Analysis", JAES 60 (6), 2012:
feed-forward, the gain computed and smoothed in decibels, with their quadratic knee and their branching smoother, whose attack and
release are exact time constants (63 % of the way). The level is that of the louder side, so the middle stands still, and each peak
counts for 12 to 16 ms (dsp/dynamics/level.py): a steady bass is turned down steadily, and the release begins by as much later.

Below the knee the gain is exactly 1. Look-ahead delays the sound, the dry part of `mix` with it, and not what listens; a change of
it is cross-faded.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec
from chronus.dsp.decibels import ratio as factor
from chronus.dsp.dynamics import level
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.voice import row

f32 = np.float32

SPEC = Spec(
    kind="compressor",
    help="turns down what is above a threshold; patch a kick into compressor.sidechain to duck",
    tries=(
        "load snare; seq snare: ....x..x....x..x; patch snare > compressor",
        "set compressor.threshold -30db, compressor.ratio 8, compressor.attack 20, compressor.makeup 8db",
        "load kick; seq kick: X...X...X...X...; patch kick > compressor.sidechain",
    ),
    category="dynamics",
    width="stereo",
    state=level.STATE + 6,
    memory_seconds=0.01,
    memory_frames=2,
    ins=(In("in"), In("sidechain", help="what the level is taken from; `in` while nothing is patched", normal="in")),
    params=(
        Param("threshold", -60, 0, -14, "dB", help="level above which it turns down"),
        Param("ratio", 1, 20, 2.5, curve="exp", help="dB above the threshold that become one"),
        Param("attack", 0.1, 200, 15, "ms", "exp", "time constant of going down"),
        Param("release", 5, 2000, 100, "ms", "exp", "time constant of coming back"),
        Param("knee", 0, 24, 6, "dB", help="width of the bend around the threshold"),
        Param("makeup", 0, 24, 0, "dB", help="gain behind it"),
        Param("lookahead", 0, 10, 0, "ms", help="how far it sees ahead; the sound comes as much later"),
        Param("mix", 0, 1, 1, help="0 is dry, 1 is compressed"),
    ),
)

OWN = level.STATE
FADE_SECONDS = 0.01
SETTLED = 1e-6
"""dB: less than this is no reduction."""


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (source, key), (out,) = ins, outs
    threshold, ratio, attack, release, knee, makeup, lookahead, mix = params
    loud, gain, turned = local(np.float32, 64), local(np.float32, 64), local(np.float64, 64)
    for i in range(frames):
        loud[i] = max(abs(key[i, 0]), abs(key[i, 1]))
    level.held(loud, frames, state, 0, rate)
    for i in range(frames):
        width = knee[row(moving, 4, i), 0]
        over = level.decibels(loud[i]) - threshold[row(moving, 0, i), 0] + f32(0.5) * width
        bend = min(width, max(f32(0), over))
        asked = bend * bend / max(f32(1e-3), width + width) + max(f32(0), over - width)
        turned[i] = asked - asked / ratio[row(moving, 1, i), 0]
    reduction, down, up = state[OWN, 0], 0.0, 0.0
    for i in range(frames):
        if i == 0 or moving & 12:
            down = 1 - math.exp(-1000 / (attack[i, 0] * rate))
            up = 1 - math.exp(-1000 / (release[i, 0] * rate))
        gap = turned[i] - reduction
        reduction += (down if gap > 0 else up) * gap
        turned[i] = reduction
    state[OWN, 0] = reduction if reduction > SETTLED else 0.0
    for i in range(frames):
        wet = factor(makeup[row(moving, 5, i), 0] - f32(turned[i]))
        gain[i] = f32(1) + mix[row(moving, 7, i), 0] * (wet - f32(1))

    # the sound, as late as it looks ahead
    rows, position = memory.shape[0], int(state[OWN + 1, 0])
    late, coming, fade = int(state[OWN + 2, 0]), int(state[OWN + 3, 0]), state[OWN + 4, 0]
    if state[OWN + 5, 0] == 0:
        late = int(lookahead[0, 0] * 0.001 * rate + 0.5)
    for i in range(frames):
        for l in range(LANES):
            memory[position, l] = source[i, l]
        asked_late = int(lookahead[row(moving, 6, i), 0] * 0.001 * rate + 0.5)
        if fade == 0 and asked_late != late:
            coming, fade = asked_late, 1 / (FADE_SECONDS * rate)
        then = position - late + (rows if position < late else 0)
        if fade == 0:
            for l in range(LANES):
                out[i, l] = level.cut(gain[i] * memory[then, l])
        else:
            soon = position - coming + (rows if position < coming else 0)
            share = f32(min(1.0, fade))
            share *= share * (f32(3) - share - share)
            for l in range(LANES):
                y = memory[then, l]
                out[i, l] = level.cut(gain[i] * (y + share * (memory[soon, l] - y)))
            fade += 1 / (FADE_SECONDS * rate)
            if fade > 1:
                late, fade = coming, 0.0
        position = position + 1 if position + 1 < rows else 0
    state[OWN + 1, 0], state[OWN + 2, 0], state[OWN + 3, 0], state[OWN + 4, 0] = position, late, coming, fade
    state[OWN + 5, 0] = 1
