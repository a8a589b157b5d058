"""A drum kit: the drums of one machine behind one name, each of them with a sound of its own, all of them in one mix.

The notes are those of the General MIDI percussion map, and the notation has words for them: `seq kit: bd hh sn hh`. Each drum has one
voice, as in the machines: a hit takes over from the one before, and a closed hat from an open one. The module's own voices are only how
many hits may begin in one frame. The drums are those of dsp/drum/, as `load kick`, `load snare` ... have them; the figures here say
how each is set in a kit.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, Spec, switch
from chronus.dsp.drum import metal as metals
from chronus.dsp.drum import voice as skins
from chronus.dsp.drum.clap import clap
from chronus.dsp.drum.cowbell import cowbell
from chronus.dsp.drum.cymbal import crash, ride
from chronus.dsp.drum.hat import hat
from chronus.dsp.drum.kick import kick
from chronus.dsp.drum.metal import metal, quieten
from chronus.dsp.drum.perc import perc
from chronus.dsp.drum.rim import rim
from chronus.dsp.drum.snare import snare
from chronus.dsp.drum.strike import LIVE, begin
from chronus.dsp.drum.tom import tom
from chronus.dsp.drum.voice import drum
from chronus.dsp.kernel import LANES, inline, kernel, local
from chronus.dsp.plane import local_plane
from chronus.dsp.shape import exp2
from chronus.dsp.voice import begins, row

f32 = np.float32

# Drums of skin and hiss first, then those of metal. Both hats are one drum.
KICK, SNARE, CLAP, RIM, TOM, PERC, HAT, CRASH, RIDE, COWBELL = range(10)
DRUMS, SKINS = 10, 6
SIZE = max(skins.ROWS, metals.ROWS) + 1
"""Rows of the state for one drum, after that of the gates before. The last is its pitch in Hz."""
PITCH = SIZE - 1
DECIBEL = math.log2(10) / 20
LOUDEST = f32(3.9)
"""All drums together are clipped here, below 12 dB over full scale."""

# The drum of each note of the map from 35 on; what is no drum of this kit is percussion.
FIRST_NOTE = 35
OF_NOTE = np.full(30, PERC)
for _drum, _notes in (
    (KICK, (35, 36)), (RIM, (37,)), (SNARE, (38, 40)), (CLAP, (39,)), (HAT, (42, 44, 46)), (TOM, (41, 43, 45, 47, 48, 50)),
    (CRASH, (49, 52, 55, 57)), (RIDE, (51, 53, 59)), (COWBELL, (56,)),
):  # fmt: skip
    OF_NOTE[np.array(_notes) - FIRST_NOTE] = _drum
OPEN_NOTE, TOM_NOTE, PERC_NOTE = 46, 45, 63

# Pitch in Hz, decay in ms, and which of its models each drum is, for the kits 808, 909, dnb, techno.
SET = np.array([
    # 808                909                dnb                techno
    [[50., 600., 0],    [50., 400., 1],    [54., 350., 2],    [47., 320., 3]],
    [[180., 180., 0],   [190., 220., 1],   [205., 220., 2],   [195., 180., 3]],
    [[1000., 300., 0],  [1000., 300., 1],  [1000., 240., 2],  [1000., 350., 3]],
    [[500., 50., 0],    [500., 55., 1],    [560., 45., 1],    [480., 60., 1]],
    [[110., 450., 0],   [110., 450., 1],   [120., 350., 1],   [80., 400., 2]],
    [[260., 220., 0],   [300., 200., 0],   [330., 160., 1],   [340., 220., 2]],
    [[205., 60., 0],    [205., 60., 1],    [205., 45., 2],    [205., 50., 3]],
    [[147., 2200., 0],  [147., 2200., 1],  [160., 1600., 1],  [140., 2400., 1]],
    [[186., 1300., 0],  [186., 1300., 1],  [196., 1000., 1],  [180., 1100., 1]],
    [[540., 300., 0],   [540., 300., 0],   [600., 180., 0],   [540., 220., 0]],
])  # fmt: skip
SPEC = Spec(
    kind="kit",
    help="all drums: bd rs sn cp hh oh tm cr rd cb pc",
    tries=(
        "load kit model=dnb; seq kit: [bd,hh] . hh . [sn,hh] . hh . hh . [bd,hh] . [sn,hh] . oh .",
        "set kit.model techno, kit.oh -3db; seq kit: bd . oh . bd . oh . [bd,cp] . oh . bd . oh .",
        "set kit.tune -2, kit.decay 0.6",
    ),
    category="drum",
    width="poly",
    voices=8,
    kit=True,
    state=1 + SIZE * DRUMS,
    params=(
        Param("freq", 20, 20000, 65.40639, "Hz", "exp", "what x strikes: c2 is bd, d2 sn", pitch=True),
        switch("model", ("808", "909", "dnb", "techno"), "909", "at the next hit, as all"),
        Param("tune", -24, 24, 0, "st", help="of all drums"),
        Param("decay", 0.1, 4, 1, "", "exp", "1 is as the model has it"),
        Param("tone", 0, 1, 0.5, help="brightness"),
        Param("drive", 0, 1, 0.3, help="of all but hats and cymbals"),
        *(
            Param(name, -60, 12, 0, "dB", help=f"level of the {what}")
            for name, what in (
                ("bd", "bass drum"), ("rs", "rim"), ("sn", "snare"), ("cp", "clap"), ("hh", "closed hat"), ("oh", "open hat"),
                ("tm", "toms"), ("cy", "cymbals cr, rd"), ("cb", "cowbell"), ("pc", "percussion"),
            )
        ),
    ),
    ins=(
        In("gate", "gate", "strikes when it rises"),
        In("velocity", "velocity", "level, and brightness"),
        In("accent", "accent", "louder"),
    ),
)  # fmt: skip


@inline
def strike(state, note, params, moving, i, velocity, accent, rate):
    """Lays down a hit of the drum that a note is for."""
    which = OF_NOTE[max(0, min(OF_NOTE.size - 1, note - FIRST_NOTE))]
    at = 1 + which * SIZE
    begin(state, at, 0)
    figures = SET[which, int(params[1][row(moving, 1, i), 0])]
    pitch, decay, model = figures[0], figures[1] * params[3][row(moving, 3, i), 0], figures[2]
    away = note - TOM_NOTE if which == TOM else note - PERC_NOTE if which == PERC else 0
    pitch *= exp2((params[2][row(moving, 2, i), 0] + max(-24, min(24, away))) / 12)
    tone, drive = np.float64(params[4][row(moving, 4, i), 0]), np.float64(params[5][row(moving, 5, i), 0])
    opened = 1.0 if note == OPEN_NOTE else 0.0
    state[at + PITCH, 0] = pitch
    if which == KICK:
        kick(state, at, 0, decay, tone, drive, 0.4, 0.5, model, velocity, accent, rate)
        level = params[6][row(moving, 6, i), 0]
    elif which == SNARE:
        snare(state, at, 0, decay, tone, 0.6, drive, model, velocity, accent, rate)
        level = params[8][row(moving, 8, i), 0]
    elif which == CLAP:
        clap(state, at, 0, pitch, decay, tone, 10.0, drive, model, velocity, accent, rate)
        level = params[9][row(moving, 9, i), 0]
    elif which == RIM:
        rim(state, at, 0, decay, tone, drive, model, velocity, accent, rate)
        level = params[7][row(moving, 7, i), 0]
    elif which == TOM:
        tom(state, at, 0, decay, tone, drive, 0.5, model, velocity, accent, rate)
        level = params[12][row(moving, 12, i), 0]
    elif which == PERC:
        perc(state, at, 0, decay, tone, drive, 0.5, model, velocity, accent, rate)
        level = params[15][row(moving, 15, i), 0]
    elif which == HAT:
        hat(state, at, 0, pitch, decay, opened, tone, model, velocity, accent, rate)
        level = params[11][row(moving, 11, i), 0] if note == OPEN_NOTE else params[10][row(moving, 10, i), 0]
    elif which == CRASH:
        crash(state, at, 0, pitch, decay, tone, model, velocity, accent, rate)
        level = params[13][row(moving, 13, i), 0]
    elif which == RIDE:
        ride(state, at, 0, pitch, decay, tone, 0.1, model, velocity, accent, rate)
        level = params[13][row(moving, 13, i), 0]
    else:
        cowbell(state, at, 0, pitch, decay, tone, drive, velocity, accent, rate)
        level = params[14][row(moving, 14, i), 0]
    loud = exp2(DECIBEL * level)
    if which < SKINS:
        state[at + skins.LOUD, 0] *= loud
    else:
        quieten(state, at, 0, loud)


@kernel(SPEC)
def render(ins, outs, params, moving, still, state, memory, seed, rate, frames):
    gate, velocity, accent = ins
    (out,) = outs
    held, x, pitch = local(f32, LANES), local(np.float64, 64), local_plane(np.float64, 1, 1)
    sounds, moves = 0.0, 0
    for l in range(LANES):
        held[l] = state[0, l]
    for k in range(DRUMS):
        sounds = max(sounds, state[1 + k * SIZE + LIVE, 0])
    for l in range(LANES):
        moves |= gate[0, l] != held[l]
    for i in range(frames):
        for l in range(LANES):
            out[i, l] = f32(0)
    if still & 1 == 0:
        for i in range(frames):
            for l in range(LANES):
                moves |= gate[i, l] != held[l]
    start = 0 if moves or sounds > 0 else frames
    while start < frames:
        for l in range(LANES):
            if begins(gate[start, l], held[l]):
                note = np.int64(np.rint(69 + 12 * math.log2(params[0][row(moving, 0, start), l] / 440)))
                loud, hot = np.float64(velocity[start, l]), np.float64(accent[start, l])
                strike(state, note, params, moving, start, loud, hot, rate)
        end = start + 1 if moves else frames
        hits = 0
        while end < frames:
            for l in range(LANES):
                hits |= begins(gate[end, l], gate[end - 1, l])
            if hits:
                break
            end += 1
        for l in range(LANES):
            held[l] = gate[end - 1, l]
        n = end - start
        for k in range(DRUMS):
            at = 1 + k * SIZE
            if state[at + LIVE, 0] > 0:
                if k < SKINS:
                    pitch[0, 0] = state[at + PITCH, 0]
                    drum(x, n, state, at, 0, pitch, 0, 0, seed, rate)
                else:
                    metal(x, n, state, at, 0, seed, rate)
                for j in range(n):
                    out[start + j, 0] += f32(x[j])
        start = end
    for i in range(frames):
        out[i, 0] = min(LOUDEST, max(-LOUDEST, out[i, 0]))
    for l in range(LANES):
        state[0, l] = held[l]
