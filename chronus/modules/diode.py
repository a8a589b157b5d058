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
from chronus.dsp.ladder import TUNING, bent, diode, diode_back, diode_loop, diode_matrix, diode_reach
from chronus.dsp.plane import local_plane
from chronus.dsp.rest import faint, nothing_left
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
CRITICAL, APART = f32(20.48289), f32(1.0968792)
"""With that corner it oscillates from this feedback on, and this much above sqrt(2) w: where the phase round the loop is half a turn."""
TOP = f32(1.05) * CRITICAL
QUIET, ROOM = f32(0.35), f32(2)
CEILING = f32(16)
"""+24 dBFS: nothing louder goes in, so that nothing overflows."""
ONE = f32(1)
UP, DOWN, ROWS = 5, 13, 22


@kernel(SPEC)
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    (source,), (out,) = ins, outs
    cutoff, resonance, drive, bass = params
    s, m = local_plane(f32, 5, LANES), local_plane(f32, 15, LANES)
    z_up, z_down = local_plane(f32, 8, LANES), local_plane(f32, 9, LANES)
    back, x, follow = local(f32, LANES), local(f32, LANES), local(f32, LANES)
    loop, closed, reach = local(f32, LANES), local(f32, LANES), local(f32, LANES)
    into, lift, level = local(f32, LANES), local(f32, LANES), local(f32, LANES)
    early, late = local(f32, LANES), local(f32, LANES)
    if still & 1 and nothing_left(source, state, ROWS):
        for i in range(frames):
            for l in range(LANES):
                out[i, l] = 0
        return
    for n in range(5):
        for l in range(LANES):
            s[n, l] = state[n, l]
    for n in range(8):
        for l in range(LANES):
            z_up[n, l] = state[UP + n, l]
    for n in range(9):
        for l in range(LANES):
            z_down[n, l] = state[DOWN + n, l]
    for i in range(frames):
        if moving != 0 or i == 0:
            for l in range(LANES):
                sin, cos = prewarp(cutoff[row(moving, CUTOFF, i), l], 2 * rate)
                tangent = sin / max(sin, cos)
                g = TUNING / APART * tangent
                k, h = TOP * resonance[row(moving, RESONANCE, i), l], ASIDE * tangent
                (
                    m[0, l], m[1, l], m[2, l], m[3, l], m[4, l], m[5, l], m[6, l], m[7, l], m[8, l], m[9, l],
                    m[10, l], m[11, l], m[12, l], m[13, l], m[14, l],
                ) = diode_matrix(g)  # fmt: skip
                loop[l], closed[l] = diode_loop(m[14, l], k, h)
                follow[l] = (h + h) / (ONE + h)
                reach[l] = diode_reach(
                    follow[l], m[11, l], m[12, l], m[13, l], m[14, l], m[3, l], m[6, l], m[8, l], m[10, l]
                )
                hot = f32(3) * drive[row(moving, DRIVE, i), l]
                into[l] = QUIET * (ONE + hot) * (ONE + hot)
                lift[l] = (ONE + bass[row(moving, BASS, i), l] * k) / (f32(2) * ROOM * QUIET)
                level[l] = ROOM / ((ONE + hot) * (ONE + f32(0.11) * hot))
                back[l] = diode_back(m[3, l], m[6, l], m[8, l], m[10, l], s[0, l], s[1, l], s[2, l], s[3, l], s[4, l])
        for l in range(LANES):
            x[l] = into[l] * min(CEILING, max(-CEILING, source[i, l]))
        for l in range(LANES):
            early[l], late[l] = double32(x[l], z_up, l)
        for l in range(LANES):
            m14, m24, m34, e4 = m[3, l], m[6, l], m[8, l], m[10, l]
            matrix = (
                m[0, l], m[1, l], m[2, l], m14, m[4, l], m[5, l], m24, m[7, l], m34, m[9, l],
                e4, m[11, l], m[12, l], m[13, l], m[14, l],
            )  # fmt: skip
            u = bent(closed[l] * early[l] - loop[l] * back[l])
            y, far, s1, s2, s3, s4, low = diode(
                u, follow[l], matrix, m14, m24, m34, e4, s[0, l], s[1, l], s[2, l], s[3, l], s[4, l]
            )
            early[l] = saturate32(lift[l] * y)
            u = bent(closed[l] * late[l] - loop[l] * (far + reach[l] * u))
            y, far, s1, s2, s3, s4, low = diode(u, follow[l], matrix, m14, m24, m34, e4, s1, s2, s3, s4, low)
            late[l] = saturate32(lift[l] * y)
            back[l] = far + reach[l] * u
            s[0, l], s[1, l], s[2, l], s[3, l], s[4, l] = s1, s2, s3, s4, low
        for l in range(LANES):
            x[l] = level[l] * halve32(early[l], late[l], z_down, l)
        for l in range(LANES):
            out[i, l] = x[l]
    for n in range(5):
        for l in range(LANES):
            state[n, l] = faint(s[n, l])
    for n in range(8):
        for l in range(LANES):
            state[UP + n, l] = faint(z_up[n, l])
    for n in range(9):
        for l in range(LANES):
            state[DOWN + n, l] = faint(z_down[n, l])
