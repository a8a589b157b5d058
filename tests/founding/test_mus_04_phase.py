"""MUS-04, phase coherence across oscillators. Named at first and never written, so the bar is set here, as strict as the thing allows:

oscillators of one kind that are told the same are the same to the bit, after a minute, a sweep and notes; those of different kinds or at
whole ratios keep their phases to one another within a millionth of a turn in a minute (a frame of drift would be a hundredth of one at
440 Hz); and a voice of a chord is in phase with that note played alone.
"""

from __future__ import annotations

import numpy as np
import pytest

from chronus.dsp.discovery import discover
from chronus.dsp.oscillator import INS
from chronus.places import modules_folders
from tests.kit.typed import RATE, heard

KINDS = [kind for kind, kernel in discover(modules_folders()).items() if kernel.spec.ins == INS]
FREQ = 440.0
MINUTE = 60 * RATE
WINDOW = RATE
"""Frames over which a phase is taken."""


def turns(sound: np.ndarray, freq: float, at: int) -> float:
    """The phase of a line, in turns, as it was at frame 0 by what is heard in the window from `at` on."""
    piece = sound[at : at + WINDOW].astype(float)
    n = at + np.arange(WINDOW)
    return float(
        np.angle((piece * np.kaiser(WINDOW, 20) * np.exp(-2j * np.pi * (freq * n / RATE % 1))).sum()) / (2 * np.pi)
    )


def apart(one: float, other: float) -> float:
    """Turns between two phases."""
    return abs((one - other + 0.5) % 1 - 0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_two_that_are_told_the_same_are_the_same_to_the_bit_for_a_minute(kind, held):
    """Told in one line each time; between them stands a third one of another pitch."""
    moments = {
        0: (f"load {kind} as a freq={FREQ}", "load saw as other freq=331.7", f"load {kind} as b freq={FREQ}"),
        10 * RATE: ("set a.freq 55, b.freq 55 over 3 s",),
        20 * RATE: (f"set a.freq {FREQ}, b.freq {FREQ}",),
        30 * RATE: ("seq a: a3 . c4@2 . e4 . .", "seq b: a3 . c4@2 . e4 . ."),
        50 * RATE: ("clear a now", "clear b now", "gate a on", "gate b on"),
    }
    one, other = (heard(moments, MINUTE, stems=[name]) for name in ("a", "b"))
    assert np.abs(one).max() > 0.1
    differ = int((one.view(np.int32) != other.view(np.int32)).any(axis=1).sum())
    held(f"two of {kind}: frames that differ in a minute", differ, "frames", most=0)


def test_all_kinds_keep_their_phases_to_one_another(held):
    lines = [f"load {kind} as o{k} freq={FREQ}" for k, kind in enumerate(KINDS)]
    heard_of = {kind: heard({0: lines}, MINUTE, stems=[f"o{k}"])[:, 0] for k, kind in enumerate(KINDS)}
    first, *others = KINDS
    drift = 0.0
    for kind in others:
        began, ended = (
            turns(heard_of[kind], FREQ, at) - turns(heard_of[first], FREQ, at) for at in (RATE, MINUTE - WINDOW)
        )
        drift = max(drift, apart(began, ended))
    held(f"{' '.join(KINDS)}: drift in a minute, worst", drift, "turns", most=1e-6)


def test_whole_ratios_stay_whole(held):
    ratios = (1, 2, 3, 5)
    lines = [f"load sine as o{ratio} freq={FREQ / 2 * ratio}" for ratio in ratios]
    drift = 0.0
    for ratio in ratios:
        sound = heard({0: lines}, MINUTE, stems=[f"o{ratio}"])[:, 0]
        began, ended = (turns(sound, FREQ / 2 * ratio, at) for at in (RATE, MINUTE - WINDOW))
        drift = max(drift, apart(began, ended) / ratio)
    held("1:2:3:5, drift in a minute, of the lowest", drift, "turns", most=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_voice_of_a_chord_is_in_phase_with_its_note_alone(kind, held):
    """Both begin their wave with their note; what the chord has more is the other notes."""
    rack = (f"load {kind} voices=4 retrigger=on", f"set {kind}.gain 0.3")
    lead = heard({0: (*rack, f"seq {kind}: a4@64")}, 4 * RATE, stems=[kind])[:, 0]
    chord = heard({0: (*rack, f"seq {kind}: a4:m7@64")}, 4 * RATE, stems=[kind])[:, 0]
    off = apart(turns(lead, FREQ, RATE), turns(chord, FREQ, RATE))
    held(f"{kind}: its note alone and in a chord, apart", off, "turns", most=1e-6)
