"""MUS-02, timing. Originally: sample-accurate timing, at most 1 sample of drift a minute. As shipped: stages of an ADSR within a buffer.

Both are asked to the frame, of what the modules of a rack give before volume and limiter (a stem). What is live is what is rendered: see
tests/journeys/test_live_equals_offline.py. The sequencer's own test, three lanes of a minute with their onsets in place, is among them.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from tests.kit.typed import RATE, heard

LANES = {"kick": "x . . .", "snare": ". . x .", "hat": ". x . x x"}
EVERY = {"kick": "1/4", "snare": "1/8", "hat": "1/16"}


def due(name: str, bpm: str, frames: int) -> np.ndarray:
    """The frames at which the steps of a lane should begin: from exact fractions, never accumulated."""
    steps = LANES[name].split()
    length = Fraction(EVERY[name]) * 4 * 60 / Fraction(bpm) * RATE
    sounding = [k for k in range(int(frames / length) + 1) if steps[k % len(steps)] == "x"]
    found = np.array([round(k * length) for k in sounding])
    return found[found < frames]


def rising(opened: np.ndarray) -> np.ndarray:
    """The frames from which on something is so that was not so before."""
    return np.flatnonzero(opened & ~np.concatenate([[False], opened[:-1]]))


@pytest.mark.parametrize("bpm, minutes", [("174", 2), ("175", 1), ("133.3", 1)])
def test_every_step_of_three_lanes_begins_on_its_frame_and_never_drifts(bpm, minutes, held):
    """What is heard of each is its gate alone."""
    frames = minutes * 60 * RATE
    lines = [f"bpm {bpm}", *(f"load {name}" for name in LANES)]
    lines += [f"seq {name}: {steps} every={EVERY[name]} gate=50%" for name, steps in LANES.items()]
    worst, drift, count = 0, 0.0, 0
    for name in LANES:
        moved = (f"unpatch {name} > out", f"patch {name}.gate > out")
        sound = heard({0: (*lines, *moved)}, frames, stems=[name])
        found, wanted = rising(sound[:, 0] > 0.5), due(name, bpm, frames)
        assert len(found) == len(wanted), f"{name}: {len(found)} steps of {len(wanted)}"
        off = found - wanted
        worst, count = max(worst, int(np.abs(off).max())), count + len(off)
        drift = max(drift, abs(float(np.polyfit(wanted / RATE / 60, off, 1)[0])))
    held(f"{bpm} bpm, {minutes} min: steps", count)
    held(f"{bpm} bpm, {minutes} min: off its frame, worst", worst, "frames", most=0)
    held(f"{bpm} bpm, {minutes} min: drift a minute", drift, "frames", most=1)


@pytest.mark.parametrize("name, short", [("kick", "decay=40ms"), ("snare", "decay=30ms"), ("hat", "decay=20ms")])
def test_the_sound_of_each_step_begins_with_it(name, short, held):
    """A minute, beside the two other lanes; each step is heard from the stillness before it."""
    frames = 60 * RATE
    lines = ["bpm 100", *(f"load {one}" for one in LANES if one != name), f"load {name} {short}"]
    lines += [f"seq {one}: {steps} every={EVERY[one]}" for one, steps in LANES.items()]
    sound = np.abs(heard({0: lines}, frames, stems=[name]).sum(axis=1))
    wanted = due(name, "100", frames)
    if name == "hat":  # of two in a row the first one still sounds
        wanted = wanted[np.diff(wanted, prepend=-RATE) > RATE // 5]
    late = []
    for frame in wanted:
        assert sound[max(0, frame - 400) : frame].max(initial=0) < 1e-4, "it sounds before its step"
        late.append(int(np.argmax(sound[frame:] > 1e-3)))
    held(f"{name}: steps", len(late))
    held(f"{name}: from its step to the first sound, longest", max(late), "frames", most=1)
    held(f"{name}: from its step to the first sound, difference", max(late) - min(late), "frames", most=1)


@pytest.mark.parametrize(
    "attack, decay, sustain, release", [(5, 20.3, 0.4, 33.3), (120, 333, 0.7, 250), (0.1, 1, 0.5, 2), (1, 400, 0, 1)]
)
def test_the_stages_of_an_adsr_end_on_their_frames(attack, decay, sustain, release, held):
    """A gate of a second at a tempo at which it ends on a frame."""
    stages = f"attack={attack}ms decay={decay}ms sustain={sustain} release={release}ms curve=linear"
    lines = ["bpm 60", f"load adsr {stages}", "unpatch adsr > out", "patch adsr.env > out", "seq adsr: . x . ."]
    y = heard({0: (*lines[:-1], f"{lines[-1]} every=1/4 gate=100%")}, 4 * RATE, stems=["adsr"])[:, 0]
    start, end = RATE, 2 * RATE
    top, down, away = (ms * RATE / 1000 for ms in (attack, decay, release))
    level = float(np.float32(sustain))
    reached = {
        "begins": (np.flatnonzero(y > 0)[0] - 1, start),
        "top": (np.flatnonzero(y == 1)[0], start + top),
        "sustain": (start + round(top) + np.flatnonzero(y[start + round(top) :] <= level)[0], start + top + down),
        "lets go": (end + np.flatnonzero(y[end:] < level)[0] - 1 if level else end, end),
        "silent": (end + np.flatnonzero(y[end:] == 0)[0], end + (away if level else 0)),
    }
    off = {what: abs(float(found - wanted)) for what, (found, wanted) in reached.items()}
    held(f"adsr {attack}/{decay}/{sustain}/{release}: off its frame, worst", max(off.values()), "frames", most=1)
