"""Has what all oscillators share: their ports, their state, when a note begins, when the wave starts anew."""

import numpy as np

from chronus.catalogue.spec import In, Param, switch
from chronus.dsp.blep import LENGTH
from chronus.dsp.kernel import inline
from chronus.dsp.pitch import pace_of
from chronus.dsp.voice import begins, row

f32 = np.float32
OFF, HALF = f32(0), f32(0.5)
NEVER = f32(-1)
RAMP_SECONDS = 0.003

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
    """Whether an input is zero in all these frames, as one without a cable is; `odd` is room for an int32 a lane."""
    lanes = odd.size
    for l in range(lanes):
        odd[l] = 0
    for i in range(frames):
        for l in range(lanes):
            odd[l] |= signal[i, l] != OFF
    return none(odd)


@inline
def settled(gate, sync, last_gate, last_sync, level, wanted, frames, odd):  # type: ignore[no-untyped-def]
    """Whether no note begins or ends in these frames, no level is on its way and nothing is to be synchronised."""
    lanes = odd.size
    for l in range(lanes):
        target = wanted[l] if last_gate[l] > HALF else OFF
        odd[l] = (level[l] != target) | (last_sync[l] != OFF)
    for i in range(frames):
        for l in range(lanes):
            odd[l] |= (gate[i, l] != last_gate[l]) | (sync[i, l] != OFF)
    return none(odd)


@inline
def none(odd):  # type: ignore[no-untyped-def]
    """Whether all of an array of integers are zero."""
    found = 0
    for l in range(odd.size):
        found |= odd[l]
    return found == 0


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
def recall(state, memory, phase, last_gate, wanted, level, last_sync, late, line):  # type: ignore[no-untyped-def]
    """Begins where the last frames ended: the first five rows of the state, and the steps that still ring."""
    lanes = phase.size
    for l in range(lanes):
        phase[l], last_gate[l], wanted[l], level[l] = state[0, l], state[1, l], state[2, l], state[3, l]
        last_sync[l], late[l] = state[4, l], NEVER
    for n in range(LENGTH):
        for l in range(lanes):
            line[n, l] = memory[n, l]


@inline
def listen(ins, params, moving, i, steady, at_rest, pace, last_gate, wanted, level, last_sync, late, rate):  # type: ignore[no-untyped-def]
    """Frame `i` of the inputs: how far a frame goes, the level on its way, and where the wave is started anew."""
    gate, velocity, fm, sync = ins
    freq, detune, retrigger = params[0], params[1], params[3]
    lanes = pace.size
    if i == 0 or not steady:
        for l in range(lanes):
            pace[l] = pace_of(freq[row(moving, 0, i), l], detune[row(moving, 1, i), l], fm[i, l], rate)
    if not at_rest:
        for l in range(lanes):
            note = follow_note(gate[i, l], velocity[i, l], last_gate, wanted, level, rate, l)
            late[l] = lateness(sync[i, l], last_sync, note & (retrigger[row(moving, 3, i), l] > HALF), l)


@inline
def keep(state, memory, phase, last_gate, wanted, level, last_sync, line, frames):  # type: ignore[no-untyped-def]
    """What `recall` will find."""
    lanes = phase.size
    for l in range(lanes):
        state[0, l], state[1, l], state[2, l], state[3, l] = phase[l], last_gate[l], wanted[l], level[l]
        state[4, l] = last_sync[l]
    for n in range(LENGTH):
        for l in range(lanes):
            memory[n, l] = line[frames + n, l]
