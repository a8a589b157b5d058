"""Voices: every kind with a pitch plays chords, each note in tune, in a voice of its own with its own modulation."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.dsp.discovery import discover
from chronus.places import modules_folders
from chronus.rack.script import script
from chronus.render.take import Take
from tests.kit.typed import RATE, heard, said

SPECS = {kind: kernel.spec for kind, kernel in discover(modules_folders()).items()}
PITCHED = [
    kind
    for kind, spec in SPECS.items()
    if spec.has_gate() and any(p.pitch for p in spec.params) and spec.category != "drum"
]
"""Without the kit, whose pitches are drums."""
POLY = [kind for kind in PITCHED if SPECS[kind].width == "poly"]
CHORD = {"a3": 220.0, "c4": 261.626, "e4": 329.628, "g4": 391.995}
SIZE = 1 << 16


def still(name: str, kind: str) -> list[str]:
    """Lines that take from a module what would blur its lines."""
    names = {p.name: p for p in SPECS[kind].params}
    asked = {
        "detune": "0",
        "vibrato": "0",
        "width": "0",
        "interval": "0",
        "sub": "0",
        "attack": "5ms",
        "sustain": "1",
        "chorus": "0",
    }
    return [f"set {name}.{param} {max(float(names[param].low), 0.0) if value == '0' else value}"
            for param, value in asked.items() if param in names and not (kind == "square" and param == "width")]  # fmt: skip


def spectrum(sound: np.ndarray) -> np.ndarray:
    return np.abs(np.fft.rfft(sound[-SIZE:].astype(float) * np.hanning(SIZE)))


def level(of: np.ndarray, hertz: float) -> float:
    k = round(hertz * SIZE / RATE)
    return 20 * np.log10(of[k - 2 : k + 3].max() / of.max() + 1e-9)


@pytest.mark.parametrize("kind", POLY)
def test_a_chord_is_all_of_its_notes(kind):
    lines = [f"load {kind} as it voices=8", *still("it", kind), "seq it: a3:m7@64 gate=100%"]
    found = spectrum(heard({0: lines}, 3 * RATE, stems=["it"])[:, 0])
    levels = [level(found, hertz) for hertz in CHORD.values()]
    assert min(levels) > -30, levels
    # and none that is not asked for
    assert level(found, 305.0) < min(levels) - 12


@pytest.mark.parametrize("kind", sorted({spec.kind for spec in SPECS.values() if spec.voices > 1}))
def test_what_plays_chords_has_the_voices_unasked_and_its_script_says_so_only_if_not(kind):
    take = Take(RATE, 0)
    said(take, 0, [f"load {kind}"])
    rack, catalogue = take.conductor.rack, take.conductor.catalogue
    assert rack.modules[kind].voices == SPECS[kind].voices
    assert not any("voices" in line for line in script(rack, catalogue))
    said(take, 0, [f"set {kind}.voices 1"])
    assert any("voices" in line for line in script(take.conductor.rack, catalogue))


def test_each_voice_has_its_own_envelope_and_its_own_filter():
    """A late note of a chord opens its own filter; the one that has sounded for a while keeps its own closed."""

    def third(hertz: float, *late: str) -> float:
        rack = [
            "load saw as s voices=8", "load filter cutoff=100 slope=24", "load adsr as e voices=8 attack=1ms decay=400ms sustain=0",
            "patch s > filter", "patch s.gate > e.gate", "patch e.env > filter.cutoff 60st", "seq s: a3@32 gate=100%",
        ]  # fmt: skip
        sound = heard({0: rack, RATE: late}, 2 * RATE)[RATE + 441 : RATE + 8820, 0].astype(float)
        found = np.abs(np.fft.rfft(sound * np.kaiser(len(sound), 14), 1 << 15))
        around = np.abs(np.fft.rfftfreq(1 << 15, 1 / RATE) - 3 * hertz) < 12
        return float(20 * np.log10(found[around].max()))

    late = "note s f#4 vel=0.8 len=1s"
    assert third(369.994, late) > third(369.994) + 20
    assert abs(third(220, late) - third(220)) < 6


@pytest.mark.parametrize("kind", [kind for kind in POLY if SPECS[kind].param("glide")])
def test_a_glide_in_poly_slides_the_newest_voice_and_leaves_the_others(kind):
    lines = [
        f"load {kind} as it voices=4",
        *still("it", kind),
        "set it.glide 100ms",
        "bpm 120",
        "seq it: a3@2~ e4@30 gate=100% len=32",
    ]
    sound = heard({0: lines}, 3 * RATE, stems=["it"])[:, 0]
    found = spectrum(sound)
    assert level(found, 329.628) > -20 and level(found, 220.0) < -50


@pytest.mark.parametrize("kind", ["pad", "stab", "saw"])
def test_more_notes_than_voices_steal_the_oldest_quiet_one(kind):
    lines = [
        f"load {kind} as it voices=3",
        *still("it", kind),
        "set it.release 30ms" if kind != "saw" else "set it.gain 0.4",
    ]
    moments: dict[int, list[str]] = {0: lines}
    notes_ = ["a3", "c4", "e4", "g4"]
    for k, note in enumerate(notes_):
        moments[4410 * (k + 1)] = [f"note it {note} vel=0.8 len=4s"]
    found = spectrum(heard(moments, 3 * RATE, stems=["it"])[:, 0])
    levels = [level(found, CHORD[note]) for note in notes_]
    assert levels[0] < -50 and min(levels[1:]) > -25, levels
