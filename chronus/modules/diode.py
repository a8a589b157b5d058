"""A diode ladder: the sharp, nasal squelch of acid, with a bass that its resonance does not eat.

Four poles that load one another, as in the TB-303 (papers: dsp/ladder.py), at twice the rate. In the machine the capacitors in its feedback
stand at 110 Hz, so that it stays silent at low cutoffs; here their corner goes along with the cutoff, three octaves below it, and it
whistles in tune wherever it is set. Behind it a stage as that of the machine bends what is loud. It may be pushed as hard as that:
`bass` is how much of what resonance takes is given back behind the ladder.
"""

import numpy as np

from chronus.catalogue.spec import In, Param, Spec
from chronus.dsp.decimate import double32, halve32
from chronus.dsp.kernel import LANES, kernel, local
from chronus.dsp.ladder import diode, diode_back, diode_gains
from chronus.dsp.plane import local_plane
from chronus.dsp.shape import saturate32
from chronus.dsp.tan import prewarp
from chronus.dsp.voice import row

f32 = np.float32

SPEC = Spec(
    kind="diode",
    help="303 diode ladder low-pass: nasal, sharp, squelches",
    tries=(
        "patch saw > diode; seq saw: a1 a1 . a2 a1 . c2 a1 . g1 a1 . e2 d2 . a1; set diode.cutoff 500",
        "set diode.resonance 0.9, diode.drive 0.4; set diode.cutoff 200..3000 over 2 bars",
        "load lfo rate=1/8; patch lfo > diode.cutoff 2 oct",
    ),
    category="filter",
    width="poly",
    state=22,
    ins=(In("in"),),
    params=(
        Param("cutoff", 20, 20000, 800, "Hz", "exp", "where it cuts, and the pitch of its whistle"),
        Param("resonance", 0, 1, 0.6, help="whistles by itself from 0.95 on"),
        Param("drive", 0, 1, 0.3, help="into the first diodes: from clean to torn"),
        Param("bass", 0, 1, 0.3, help="how much of the level that resonance takes is given back"),
    ),
)
CUTOFF, RESONANCE, DRIVE, BASS = range(4)

ASIDE = f32(1 / 8)
"""The corner in the feedback, of the cutoff."""
CRITICAL, APART = 20.48289, 1.0968792
"""With that corner it oscillates from this feedback on, and this much above sqrt(2) w: where the phase round the loop is half a turn."""
TOP = f32(1.05 * CRITICAL)
TUNING = f32(0.5**0.5 / APART)
QUIET, ROOM = f32(0.35), f32(2)
CEILING = f32(16)
"""+24 dBFS: nothing louder goes in, so that nothing overflows."""
ONE = f32(1)
UP, DOWN = 5, 13


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    (source,), (out,) = ins, outs
    cutoff, resonance, drive, bass = params
    s, gains = local_plane(f32, 5, LANES), local_plane(f32, 14, LANES)
    z_up, z_down = local_plane(f32, 8, LANES), local_plane(f32, 9, LANES)
    g, back, x = local(f32, LANES), local(f32, LANES), local(f32, LANES)
    into, lift, level = local(f32, LANES), local(f32, LANES), local(f32, LANES)
    early, late = local(f32, LANES), local(f32, LANES)
    for m in range(5):
        for l in range(LANES):
            s[m, l] = state[m, l]
    for m in range(8):
        for l in range(LANES):
            z_up[m, l] = state[UP + m, l]
    for m in range(9):
        for l in range(LANES):
            z_down[m, l] = state[DOWN + m, l]
    for i in range(frames):
        if moving != 0 or i == 0:
            for l in range(LANES):
                sin, cos = prewarp(cutoff[row(moving, CUTOFF, i), l], 2 * rate)
                tangent = sin / max(sin, cos)
                g[l] = TUNING * tangent
                k = TOP * resonance[row(moving, RESONANCE, i), l]
                (
                    gains[0, l], gains[1, l], gains[2, l], gains[3, l], gains[4, l], gains[5, l], gains[6, l],
                    gains[7, l], gains[8, l], gains[9, l], gains[10, l], gains[11, l], gains[12, l], gains[13, l],
                ) = diode_gains(g[l], k, ASIDE * tangent)  # fmt: skip
                hot = f32(3) * drive[row(moving, DRIVE, i), l]
                into[l] = QUIET * (ONE + hot) * (ONE + hot)
                lift[l] = (ONE + bass[row(moving, BASS, i), l] * k) / (ROOM * QUIET)
                level[l] = ROOM / ((ONE + hot) * (ONE + f32(0.11) * hot))
                back[l] = diode_back(
                    gains[6, l], gains[7, l], gains[8, l], gains[9, l], s[0, l], s[1, l], s[2, l], s[3, l], s[4, l]
                )
        for l in range(LANES):
            x[l] = into[l] * min(CEILING, max(-CEILING, source[i, l]))
        for l in range(LANES):
            early[l], late[l] = double32(x[l], z_up, l)
        for l in range(LANES):
            lane = (
                gains[0, l], gains[1, l], gains[2, l], gains[3, l], gains[4, l], gains[5, l], gains[6, l],
                gains[7, l], gains[8, l], gains[9, l], gains[10, l], gains[11, l], gains[12, l], gains[13, l],
            )  # fmt: skip
            y, b, s1, s2, s3, s4, low = diode(
                early[l], back[l], g[l], lane, s[0, l], s[1, l], s[2, l], s[3, l], s[4, l]
            )
            early[l] = saturate32(lift[l] * y)
            y, b, s1, s2, s3, s4, low = diode(late[l], b, g[l], lane, s1, s2, s3, s4, low)
            late[l] = saturate32(lift[l] * y)
            back[l], s[0, l], s[1, l], s[2, l], s[3, l], s[4, l] = b, s1, s2, s3, s4, low
        for l in range(LANES):
            x[l] = level[l] * halve32(early[l], late[l], z_down, l)
        for l in range(LANES):
            out[i, l] = x[l]
    for m in range(5):
        for l in range(LANES):
            state[m, l] = s[m, l]
    for m in range(8):
        for l in range(LANES):
            state[UP + m, l] = z_up[m, l]
    for m in range(9):
        for l in range(LANES):
            state[DOWN + m, l] = z_down[m, l]
