"""What all oscillators have in common: their ports, when a note begins, when the wave starts anew."""

import numpy as np

from chronus.dsp.kernel import inline
from chronus.dsp.spec import In, Param, switch

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
def row(moving, param, frame):  # type: ignore[no-untyped-def]
    """The row a parameter is read from: this frame's while it moves, else the first."""
    return frame if moving >> param & 1 else 0


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
def begins(gate, last):  # type: ignore[no-untyped-def]
    """A note begins where the gate comes on, and where it is lifted while on."""
    return (gate > HALF) & ((last <= HALF) | (gate - last > HALF))


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
