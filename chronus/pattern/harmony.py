"""Knows chords and scales: which semitones they have above their root, and which note a degree is."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product

from chronus import places
from chronus.units import read_note

SCALES: Mapping[str, tuple[int, ...]] = {
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "major": (0, 2, 4, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "harmonic": (0, 2, 3, 5, 7, 8, 11),
    "melodic": (0, 2, 3, 5, 7, 9, 11),
    "hungarian": (0, 2, 3, 6, 7, 8, 11),
    "phrygian_dominant": (0, 1, 4, 5, 7, 8, 10),
    "double_harmonic": (0, 1, 4, 5, 7, 8, 11),
    "pentatonic": (0, 3, 5, 7, 10),
    "major_pentatonic": (0, 2, 4, 7, 9),
    "blues": (0, 3, 5, 6, 7, 10),
    "hirajoshi": (0, 2, 3, 7, 8),
    "insen": (0, 1, 5, 7, 10),
    "whole": (0, 2, 4, 6, 8, 10),
    "diminished": (0, 2, 3, 5, 6, 8, 9, 11),
    "chromatic": tuple(range(12)),
}
"""Semitones above the root, of one octave. `pentatonic` is the minor one."""
SCALE = "minor"
ROOT = 48
"""Of degrees where nothing says another: c3, in minor."""
LOWEST, HIGHEST = 0, 127
HALF_AN_OCTAVE = 6


@cache
def chords() -> dict[str, tuple[int, ...]]:
    """Returns for each kind its semitones above the root."""
    table = tomllib.loads((places.shipped("grammar") / "chords.toml").read_text(encoding="utf-8"))
    return {kind: tuple(sorted(above)) for kind, above in table.items()}


def pitch_of(degree: int, semitones: int, root: int, scale: str) -> int:
    """Returns the note of a degree, of which 0 is the root; below and above the scale's own octave it goes on in the next."""
    steps = SCALES[scale]
    octave, place = divmod(degree, len(steps))
    return root + 12 * octave + steps[place] + semitones


@cache
def key_of(words: str) -> tuple[int, str]:
    """Returns root and scale of a key, such as `a minor`; the root in the octave from c3 on. Where it is not known: those of c minor."""
    note, _, scale = words.partition(" ")
    if scale not in SCALES:
        return ROOT, SCALE
    return ROOT + (read_note(f"{note}3") - ROOT) % 12, scale


def within(pitch: int) -> int:
    """Moves what lies beyond all notes by octaves."""
    while pitch < LOWEST:
        pitch += 12
    while pitch > HIGHEST:
        pitch -= 12
    return pitch


def led(before: Sequence[int], pitches: Sequence[int], home: float) -> tuple[int, ...]:
    """Returns a chord in the inversion whose notes lie nearest to those of the one before, among those around `home`.

    Without a home a long row of chords goes down and down: the middle of a chord stays within half an octave of it.
    """
    count = len(pitches)
    best: tuple[int, int, tuple[int, ...]] | None = None
    for turn, octave in product(range(count), (-2, -1, 0, 1)):
        turned = (*pitches[turn:], *(pitch + 12 for pitch in pitches[:turn]))
        chord = tuple(sorted(pitch + 12 * octave for pitch in turned))
        if not LOWEST <= chord[0] <= chord[-1] <= HIGHEST:
            continue
        if abs(sum(chord) / count - home) > HALF_AN_OCTAVE:
            continue
        moved = sum(min(abs(pitch - other) for other in before) for pitch in chord)
        centre = abs(sum(chord) * len(before) - sum(before) * count)
        if best is None or (moved, centre, chord) < best:
            best = moved, centre, chord
    return best[2] if best else tuple(pitches)
