"""Has what all oscillators share: their ports, their state, when a note begins, when the wave starts anew.

A phase is a whole number of 2^-64 turns, so that it wraps by itself, frames can be rendered side by side, and no two ways through a
kernel disagree on the frame in which the wave jumps.
"""

import math

import numpy as np

from chronus.catalogue.spec import In, Param, switch
from chronus.dsp.blep import DELAY, LENGTH
from chronus.dsp.kernel import inline
from chronus.dsp.pitch import FASTEST, SLOWEST, pace_of
from chronus.dsp.voice import begins, row

f32, f64, u64 = np.float32, np.float64, np.uint64
OFF, HALF = f32(0), f32(0.5)
NEVER = f32(-1)
RAMP_SECONDS = 0.003
TURN = 2.0**64

PARAMS = (
    Param("freq", 20, 20000, 440, "Hz", "exp", "frequency", pitch=True),
    Param("detune", -100, 100, 0, "ct", help="fine tuning, on top of the frequency"),
    Param("gain", 0, 1, 0.5, help="level"),
    switch("retrigger", ("off", "on"), "off", "whether each note starts the wave anew"),
)
NOTE_INS = (
    In("gate", "gate", "sounds while it is on"),
    In("velocity", "velocity", "level of the note, taken as it begins"),
)
INS = (
    *NOTE_INS,
    In("fm", "control", "sweeps the frequency: 1 is an octave up"),
    In("sync", "control", "starts the wave anew where this rises through zero"),
)


@inline
def silent(signal, frames, odd):  # type: ignore[no-untyped-def]
    """Whether an input is zero in all these frames; `odd` is room for an int32 a lane. Who is told what is `still` need not look."""
    found = 0
    for l in range(odd.size):
        odd[l] = 0
    for i in range(frames):
        for l in range(odd.size):
            odd[l] |= signal[i, l] != OFF
    for l in range(odd.size):
        found |= odd[l]
    return found == 0


@inline
def pitch_stands(moving, still):  # type: ignore[no-untyped-def]
    """Whether frequency, detune and fm hold in these frames."""
    return (moving & 3 == 0) & (still >> 2 & 1 == 1)


@inline
def steady(gate, last_gate, wanted, level):  # type: ignore[no-untyped-def]
    """Whether no level is on its way, and no note begins or ends in frame 0 of the gates."""
    odd = 0
    for l in range(level.size):
        target = wanted[l] if last_gate[l] > HALF else OFF
        odd |= np.int32((level[l] != target) | (gate[0, l] != last_gate[l]))
    return odd == 0


@inline
def unsynced(sync, last_sync):  # type: ignore[no-untyped-def]
    """Whether sync stands where it stood, to the bit: a zero has a sign, and what is kept of it must not depend on who looked."""
    odd = 0
    for l in range(last_sync.size):
        odd |= np.int32(sync[0, l] != last_sync[l])
        odd |= np.int32(math.copysign(HALF, sync[0, l]) != math.copysign(HALF, last_sync[l]))
    return odd == 0


@inline
def follow_note(gate, velocity, last_gate, wanted, level, rate, lane):  # type: ignore[no-untyped-def]
    """One frame of a lane: takes the velocity as a note begins, moves the level by a 3 ms ramp; whether a note began."""
    note = begins(gate, last_gate[lane])
    # `min` also keeps LLVM from merging the two loads into one of a chosen address, which would not vectorise
    asked = min(f32(1), velocity)
    wanted[lane] = asked if note else wanted[lane]
    target = wanted[lane] if gate > HALF else OFF
    ramp = f32(1 / (RAMP_SECONDS * rate))
    level[lane] = max(min(target, level[lane] + ramp), level[lane] - ramp)
    last_gate[lane] = gate
    return note


@inline
def lateness(sync, last_sync, restart, lane):  # type: ignore[no-untyped-def]
    """How many frames ago (0..1) the wave was started anew, or NEVER."""
    last = last_sync[lane]
    last_sync[lane] = sync
    crossed = sync / (sync - last)
    return OFF if restart else (crossed if (sync > OFF) & (last <= OFF) else NEVER)


@inline
def recall(state, memory, phase, last_gate, wanted, level, last_sync, line):  # type: ignore[no-untyped-def]
    """Begins where the last frames ended: the first five rows of the state, and the steps that still ring."""
    lanes = phase.size
    for l in range(lanes):
        phase[l] = u64(state[0, l] * TURN)
        last_gate[l], wanted[l], level[l] = state[1, l], state[2, l], state[3, l]
        last_sync[l] = state[4, l]
    for n in range(LENGTH):
        for l in range(lanes):
            line[n, l] = memory[n, l]
    for n in range(LENGTH, line.shape[0]):
        for l in range(lanes):
            line[n, l] = OFF


@inline
def tune(ins, params, moving, i, pace, step, rate):  # type: ignore[no-untyped-def]
    """How far a frame goes, in turns and in 2^-64 turns."""
    freq, detune, fm = params[0], params[1], ins[2]
    bent = 0
    for l in range(pace.size):
        bent |= np.int32((detune[row(moving, 1, i), l] != OFF) | (fm[i, l] != OFF))
    for l in range(pace.size):
        pace[l] = max(SLOWEST, min(FASTEST, freq[row(moving, 0, i), l] * (1 / rate)))
    if bent:
        for l in range(pace.size):
            pace[l] = pace_of(freq[row(moving, 0, i), l], detune[row(moving, 1, i), l], fm[i, l], rate)
    for l in range(pace.size):
        step[l] = u64(pace[l] * TURN)


@inline
def listen(ins, params, moving, still, last_gate, wanted, level, last_sync, loud, late, rate, frames):  # type: ignore[no-untyped-def]
    """The level of each frame, and how late the wave is started anew in it; whether row 0 holds, and whether it is started anew at all."""
    gate, velocity, _, sync = ins
    retrigger = params[3]
    lanes = level.size
    quiet = still & 9 == 9 and steady(gate, last_gate, wanted, level) and unsynced(sync, last_sync)
    for l in range(lanes):
        loud[0, l], late[0, l] = level[l], NEVER
    anew = 0
    for i in range(0 if quiet else frames):
        for l in range(lanes):
            note = follow_note(gate[i, l], velocity[i, l], last_gate, wanted, level, rate, l)
            late[i, l] = lateness(sync[i, l], last_sync, note & (retrigger[row(moving, 3, i), l] > HALF), l)
            loud[i, l] = level[l]
            anew |= np.int32(late[i, l] >= OFF)
    return quiet, anew != 0


@inline
def put_out(line, wave, out, gain, moving, loud, quiet, frames):  # type: ignore[no-untyped-def]
    """A line with what it lacks to be the wave, at its level. The naive wave comes last, whichever way the jumps were found."""
    lanes = line.shape[1]
    for i in range(frames):
        for l in range(lanes):
            line[i + DELAY, l] += wave[i, l]
    if quiet and moving >> 2 & 1 == 0:
        for l in range(lanes):
            loud[0, l] *= gain[0, l]
        for i in range(frames):
            for l in range(lanes):
                out[i, l] = line[i, l] * loud[0, l]
    else:
        for i in range(frames):
            for l in range(lanes):
                out[i, l] = line[i, l] * (loud[0 if quiet else i, l] * gain[row(moving, 2, i), l])


@inline
def keep(state, memory, phase, last_gate, wanted, level, last_sync, line, frames):  # type: ignore[no-untyped-def]
    """What `recall` will find."""
    lanes = phase.size
    for l in range(lanes):
        state[0, l] = f64(phase[l] >> u64(11)) * 2.0**-53  # exactly, and never rounded up to a whole turn
        state[1, l], state[2, l], state[3, l] = last_gate[l], wanted[l], level[l]
        state[4, l] = last_sync[l]
    for n in range(LENGTH):
        for l in range(lanes):
            memory[n, l] = line[frames + n, l]
