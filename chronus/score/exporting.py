"""Writes down what the lanes play as tracks of a MIDI file: their first loops, from a bar line on. Pure.

The scheduler itself is asked, at a rate at which a frame is a tick: so swing, chance, turns and humanising are what is heard.
"""

from __future__ import annotations

from typing import NamedTuple

from chronus import midifile
from chronus.catalogue.kinds import Catalogue
from chronus.errors import ChronusError
from chronus.memory.log import F_GLIDE, NOTE_OFF, NOTE_ON, decode
from chronus.midifile import DRUM_CHANNEL, TICKS, Note, Track
from chronus.pattern.drums import DRUMS
from chronus.rack.document import Rack, audible, bar_of, replace, value
from chronus.score.changes import edit_lanes
from chronus.score.score import Score, notes_of
from chronus.units import note_number

MIDDLE_C = 60
TOUCH = TICKS // 16
"""So far does a note that glides reach into the next one."""


class Exported(NamedTuple):
    file: bytes
    notes: dict[str, int]
    """How many each lane has."""


def exported(rack: Rack, catalogue: Catalogue, bars: int) -> Exported:
    """Raises E_VALUE where nothing would be heard, E_LIMIT for more notes than a file may have."""
    names = [name for name, lane in rack.lanes.items() if audible(rack, name) and not lane.moves]
    if not names:
        raise ChronusError("E_VALUE", "there are no lanes to be heard: seq NAME: x... makes one", part="name")
    length = int(bar_of(rack) * bars * TICKS)
    rate = max(1, round(rack.bpm * TICKS / 60))
    played = replace(rack, bpm=rate * 60 / TICKS, tempo=None)
    score, _ = edit_lanes(Score(rate, bar=bar_of(rack)), replace(played, lanes={}), played, None, 0)
    channels = [channel for channel in range(16) if channel != DRUM_CHANNEL]
    tracks, counts, pitched = [], dict[str, int](), 0
    for name in names:
        notes = _notes(score, name, length)
        own = _own_pitch(rack, name, catalogue)
        drum = catalogue[rack.modules[name].kind].kit or (own.is_drum and not any(pitch for _, _, pitch, _ in notes))
        channel = DRUM_CHANNEL if drum else channels[pitched % len(channels)]
        pitched += not drum
        found = _apart([
            Note(start, max(end - start, 1), pitch or own.pitch, velocity, channel) for start, end, pitch, velocity in notes
        ])  # fmt: skip
        tracks.append(Track(name, found))
        counts[name] = len(found)
        if sum(counts.values()) > midifile.MOST_NOTES:
            raise ChronusError("E_LIMIT", f"it would have more than {midifile.MOST_NOTES:,} notes", part="bars")
    beats, of = map(int, rack.meter.split("/"))
    return Exported(midifile.written(tracks, rack.bpm, (beats, of), length), counts)


def _notes(score: Score, name: str, length: int) -> list[tuple[int, int, int, int]]:
    """Returns (start, end, pitch, velocity) of each note; pitch 0 is the module's own.

    What is slid into ends the notes before it that have no end of their own, a little later, so that they overlap.
    """
    entries = decode(notes_of(score, [name], 0, length, 0, score.generation))
    found: list[list[int]] = []
    sounding: dict[int, list[int]] = {}
    for entry in entries:
        if entry.kind not in (NOTE_ON, NOTE_OFF):  # a lock of a parameter: no MIDI file has it
            continue
        number = int(entry.c)
        if entry.kind != NOTE_ON:
            if number in sounding:
                sounding.pop(number)[1] = entry.frame
            continue
        note = [entry.frame, length, _pitch(entry.a), max(1, round(entry.b * 127))]
        if entry.flags & F_GLIDE:
            for other in [key for key, before in sounding.items() if before[0] < entry.frame]:
                sounding.pop(other)[1] = min(entry.frame + TOUCH, length)
        found.append(note)
        sounding[number] = note
    return [(start, end, pitch, velocity) for start, end, pitch, velocity in found]


def _pitch(hertz: float) -> int:
    return min(max(round(note_number(hertz)), 1), 127) if hertz > 0 else 0


class _Own(NamedTuple):
    pitch: int
    is_drum: bool


def _own_pitch(rack: Rack, name: str, catalogue: Catalogue) -> _Own:
    """Returns the note of a hit that names none: of a drum that of General MIDI, of all else the module's own frequency."""
    module = rack.modules[name]
    if module.kind in DRUMS:
        return _Own(DRUMS[module.kind], True)
    param = catalogue[module.kind].param("freq")
    hertz = value(rack, module, param) if param is not None else 0.0
    return _Own(_pitch(float(hertz)) or MIDDLE_C, False)


def _apart(notes: list[Note]) -> tuple[Note, ...]:
    """Ends a note where the same one begins again: two of one pitch at once are one key."""
    last: dict[int, int] = {}
    found: list[Note] = []
    for note in sorted(notes):
        before = last.get(note.pitch)
        if before is not None and found[before].start + found[before].length > note.start:
            if found[before].start == note.start:
                continue
            found[before] = found[before]._replace(length=note.start - found[before].start)
        last[note.pitch] = len(found)
        found.append(note)
    return tuple(found)
