"""Hears a finished sound: every figure that an engineer or an agent would ask for, from loudness to key. Only numpy and numba."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import asdict

from chronus.ears import key, onsets, pitch
from chronus.ears.key import Key
from chronus.ears.levels import SILENT, decibels
from chronus.ears.loudness import Loudness
from chronus.ears.spectra import Sound, Spectrum, spectrum
from chronus.ears.truepeak import true_peak
from chronus.units import note_name, note_number

LONG_SECONDS = 60
"""From so long on a loudness range means something."""
MOST_NOTES = 32
SHORTEST_SECONDS = 0.05
"""Of a note whose pitch is looked for."""
FEWEST_TONES = 3
"""Different notes that make a key."""
KEYS_FROM = {"sound": "a guess", "notes": "by the notes of the lanes"}
STEPS_OF_A_BEAT = 4
ON_TIME_MS = 5.0


class Note(Struct, frozen=True):
    """`at` in seconds, `cents` off the note."""

    at: float
    name: str
    hertz: float
    cents: float


class Grid(Struct, frozen=True):
    """How onsets lie beside the sixteenths of a tempo: in ms, early below zero."""

    bpm: float
    mean: float
    spread: float
    early: int
    late: int
    on: int


class Heard(Struct, frozen=True):
    """Levels in dBFS, dBTP, LUFS or LU, SILENT where there is none. `plr`: true peak over integrated loudness; `crest`: peak over RMS."""

    seconds: float
    rate: int
    integrated: float
    momentary: float
    short_term: float | None
    range: float | None
    peak: float
    true_peak: float
    rms: float
    crest: float
    plr: float
    spectrum: Spectrum
    onsets: list[float]
    density: float
    tempo: float
    grid: Grid | None
    notes: list[Note]
    keys: list[Key]
    keys_from: str = "sound"
    """What the keys are found in: "notes" where it is known which were played."""

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        apart = ("spectrum", "grid", "notes", "keys", "onsets")
        return {
            **{name: _rounded(value) for name, value in asdict(self).items() if name not in apart},
            "bands": [_plain(band) for band in self.spectrum.bands],
            "centroid": round(self.spectrum.centroid, 1), "correlation": round(self.spectrum.correlation, 3),
            "mono_loss": round(self.spectrum.mono_loss, 2), "onsets": [round(at, 4) for at in self.onsets],
            "grid": _plain(self.grid) if self.grid else None, "notes": [_plain(note) for note in self.notes],
            "keys": [_plain(one) for one in self.keys[:2]],
        }  # fmt: skip

    def lines(self) -> list[str]:
        """As a table for people."""
        if self.integrated <= SILENT and self.peak <= -100:
            return [f"silence, {self.seconds:.2f} s"]
        short = f", short-term {self.short_term:.1f}" if self.short_term is not None else ""
        spread = f", range {self.range:.1f} LU" if self.range is not None else ""
        found = [
            f"loudness     {_level(self.integrated)} LUFS, momentary {_level(self.momentary)}{short}{spread}",
            f"peak         {self.true_peak:.1f} dBTP, crest {self.crest:.1f} dB, PLR {self.plr:.1f} dB",
            *_bands(self.spectrum),
            f"centroid     {self.spectrum.centroid:.0f} Hz",
            f"stereo       correlation {self.spectrum.correlation:.2f}, the bass loses {abs(self.spectrum.mono_loss):.1f} dB in mono",
            f"onsets       {len(self.onsets)}, {self.density:.1f} a second"
            + (f", about {self.tempo:.1f} bpm" if self.tempo else ""),
        ]
        if self.grid:
            found.append(
                f"on the grid  {self.grid.on} in time, {self.grid.early} early, {self.grid.late} late; "
                f"{self.grid.mean:+.1f} ms, spread {self.grid.spread:.1f} ms"
            )
        if self.notes:
            found.append("notes        " + " ".join(note.name for note in self.notes[:12]))
        if self.keys:
            one, other = self.keys[:2]
            found.append(
                f"key          {one.name}, or {other.name} ({one.fit - other.fit:.2f} behind), {KEYS_FROM[self.keys_from]}"
            )
        return found


def hear(sound: Sound, rate: int, bpm: float = 0.0, beat: float = 0.0, tones: Sequence[float] = ()) -> Heard:
    """Measures (frames, 2) float samples. With a tempo the onsets are held against its grid; a beat lies at frame `beat`.

    `tones`: for how long each of the twelve notes was played, c first, where that is known.
    """
    loudness = Loudness(rate)
    loudness.feed(sound)
    integrated = loudness.lufs()
    peak, true = decibels(float(np.abs(sound).max(initial=0.0))), decibels(true_peak(sound))
    rms = decibels(math.sqrt(float(np.mean(sound.astype(np.float64) ** 2)) if sound.size else 0.0))
    rising = onsets.flux(sound)
    begins = onsets.onsets(sound, rate, rising)
    seconds = len(sound) / rate
    notes = _notes(sound, rate, begins)
    return Heard(
        seconds, rate, integrated, loudness.momentary(), loudness.short_term() if seconds >= 3 else None,
        loudness.range() if seconds >= LONG_SECONDS else None, peak, true, rms, peak - rms if rms > SILENT else 0.0,
        true - integrated if integrated > SILENT else 0.0, spectrum(sound, rate), [float(at / rate) for at in begins],
        len(begins) / seconds if seconds else 0.0, onsets.tempo(rising, rate), _grid(begins - beat, rate, bpm), notes[:MOST_NOTES],
        *_keys(sound, rate, notes, tones),
    )  # fmt: skip


def _keys(sound: Sound, rate: int, notes: Sequence[Note], tones: Sequence[float]) -> tuple[list[Key], str]:
    if np.count_nonzero(tones) >= FEWEST_TONES:
        return key.keys_of(np.array(tones)), "notes"
    return key.keys_of(key.chroma(sound, rate)) if notes else [], "sound"


def _notes(sound: Sound, rate: int, begins: np.ndarray) -> list[Note]:
    """Returns the notes that are heard one at a time, each from where it begins to the next."""
    mono = sound.mean(axis=1).astype(np.float64)
    edges = [0, *(at for at in begins.tolist() if at > SHORTEST_SECONDS * rate), len(mono)]
    found: list[Note] = []
    for start, end in pairwise(edges):
        if end - start < SHORTEST_SECONDS * rate or len(found) >= MOST_NOTES:
            continue
        # where it begins it is not steady yet
        some = mono[start + (end - start) // 6 : end]
        if (heard := pitch.pitch(some, rate)) is not None:
            number = note_number(heard.hertz)
            near = round(number)
            found.append(Note(start / rate, note_name(near), heard.hertz, 100 * (number - near)))
    return found


def _grid(begins: np.ndarray, rate: int, bpm: float) -> Grid | None:
    if not bpm or not len(begins):
        return None
    step = 60 * rate / bpm / STEPS_OF_A_BEAT
    off = (begins / step - np.rint(begins / step)) * step * 1000 / rate
    return Grid(
        bpm, float(off.mean()), float(off.std()), int((off < -ON_TIME_MS).sum()), int((off > ON_TIME_MS).sum()),
        int((np.abs(off) <= ON_TIME_MS).sum()),
    )  # fmt: skip


def _bands(found: Spectrum) -> list[str]:
    """Two dB a character."""
    top = max(band.level for band in found.bands)
    return [
        f"{band.low:>5}-{band.high:<6} {band.level:6.1f} dB {'#' * max(0, round((band.level - top) / 2 + 20)):<20} "
        + ("mono" if band.width < -60 else f"width {band.width:.0f} dB")
        for band in found.bands
    ]


def _level(value: float) -> str:
    return "no" if value <= SILENT else f"{value:.1f}"


def _plain(value: Struct) -> dict[str, Any]:
    return {name: _rounded(one) for name, one in asdict(value).items()}


def _rounded(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value
