"""Reads and writes MIDI files, as bytes: type 0 and 1, ticks a quarter. Opens nothing, and knows neither lanes nor modules.

Source: Standard MIDI Files 1.0, MIDI Manufacturers Association, 1996. What a file says of its own lengths is checked before it is
believed, so a hostile one costs no more than a walk over its bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from chronus.errors import ChronusError

LONGEST_FILE = 1 << 20
"""Bytes."""
MOST_NOTES = 1 << 16
TICKS = 960
"""A quarter, in what is written."""
DRUM_CHANNEL = 9
"""Counted from 0, as in the file."""
NAME, END, TEMPO, METER = 0x03, 0x2F, 0x51, 0x58
"""Kinds of meta events."""
NOTE_OFF, NOTE_ON, PROGRAM, PRESSURE = 0x80, 0x90, 0xC0, 0xD0


class Note(NamedTuple):
    """In ticks, pitch and velocity 0..127; the channel counts from 0, the track too."""

    start: int
    length: int
    pitch: int
    velocity: int
    channel: int
    track: int = 0


class Tune(NamedTuple):
    """What a file says. `ticks` a quarter; `bpm` and `meter` (beats, of what) are its first ones, 0 and None where it has none."""

    ticks: int
    length: int
    notes: tuple[Note, ...]
    names: tuple[str, ...]
    bpm: float = 0.0
    meter: tuple[int, int] | None = None


def _bad(why: str) -> ChronusError:
    return ChronusError("E_FILE", f"it is no MIDI file that can be read: {why}")


# ---------------------------------------------------------------- reading


def read(found: bytes) -> Tune:
    """Raises E_FILE where it is none, or one of another kind; E_LIMIT for too many bytes or notes."""
    if len(found) > LONGEST_FILE:
        raise ChronusError("E_LIMIT", "a MIDI file has at most 1 MiB")
    if found[:4] != b"MThd" or len(found) < 14:
        raise _bad("it does not begin as one")
    size, kind, tracks, ticks = (int.from_bytes(found[a:b]) for a, b in ((4, 8), (8, 10), (10, 12), (12, 14)))
    if size < 6 or kind > 2:
        raise _bad("its header is none")
    if kind == 2:
        raise _bad("it is of type 2, several songs in one")
    if ticks & 0x8000:
        raise _bad("it counts in frames of film (SMPTE), not in beats")
    if not ticks:
        raise _bad("it has 0 ticks a quarter")
    place, notes, names, length = 8 + size, list[Note](), list[str](), 0
    bpm, meter = 0.0, None
    while place < len(found) and len(names) < tracks:
        tag, size = found[place : place + 4], int.from_bytes(found[place + 4 : place + 8])
        place += 8
        if place + size > len(found) or len(tag) < 4:
            raise _bad(f"it ends in the middle of track {len(names) + 1}")
        if tag == b"MTrk":
            track = _Track(found[place : place + size], len(names))
            notes += track.notes
            names.append(track.name)
            length, bpm, meter = max(length, track.now), bpm or track.bpm, meter or track.meter
            if len(notes) > MOST_NOTES:
                raise ChronusError("E_LIMIT", f"a MIDI file has at most {MOST_NOTES:,} notes")
        place += size
    if len(names) < tracks:
        raise _bad(f"it ends after {len(names)} of its {tracks} tracks")
    return Tune(ticks, length, tuple(sorted(notes)), tuple(names), bpm, meter)


class _Track:
    """Reads one track; `now` is the tick that it has come to, in the end that of its end."""

    def __init__(self, found: bytes, number: int) -> None:
        self.found, self.number, self.place, self.now = found, number, 0, 0
        self.notes: list[Note] = []
        self.name, self.bpm = "", 0.0
        self.meter: tuple[int, int] | None = None
        self._open: dict[tuple[int, int], list[tuple[int, int]]] = {}
        status = 0
        while self.place < len(found):
            self.now += self._number()
            first = self._byte()
            if first == 0xFF:
                if self._meta():
                    break
            elif first in (0xF0, 0xF7):
                self._take(self._number())
            elif first >= 0xF0:
                raise _bad(f"the byte 0x{first:02x} has no place in a track")
            else:
                if first >= 0x80:
                    status = first
                elif not status:
                    raise _bad("a track begins with data of nothing")
                else:
                    self.place -= 1  # the same as before
                self._voice(status)
        for (channel, pitch), held in self._open.items():
            for start, velocity in held:
                self._note(start, pitch, velocity, channel)

    def _byte(self) -> int:
        if self.place >= len(self.found):
            raise _bad(f"track {self.number + 1} ends in the middle of an event")
        self.place += 1
        return self.found[self.place - 1]

    def _take(self, count: int) -> bytes:
        if self.place + count > len(self.found):
            raise _bad(f"track {self.number + 1} ends in the middle of an event")
        self.place += count
        return self.found[self.place - count : self.place]

    def _number(self) -> int:
        """Reads seven bits a byte, four bytes at most."""
        number = 0
        for _ in range(4):
            byte = self._byte()
            number = number << 7 | byte & 0x7F
            if byte < 0x80:
                return number
        raise _bad("a number in it has no end")

    def _meta(self) -> bool:
        """Reads what is no music; returns whether it is the end of the track."""
        kind = self._byte()
        given = self._take(self._number())
        if kind == NAME and not self.name:
            self.name = given[:64].decode("utf-8", "replace")
        elif kind == TEMPO and not self.bpm:
            if len(given) != 3 or not any(given):
                raise _bad("a tempo in it is none")
            self.bpm = round(60_000_000 / int.from_bytes(given), 2)
        elif kind == METER and not self.meter:
            if len(given) != 4 or not given[0] or given[1] > 6:
                raise _bad("a meter in it is none")
            self.meter = given[0], 1 << given[1]
        return kind == END

    def _voice(self, status: int) -> None:
        kind, channel = status & 0xF0, status & 0x0F
        first = self._data()
        second = 0 if kind in (PROGRAM, PRESSURE) else self._data()
        if kind == NOTE_ON and second:
            self._open.setdefault((channel, first), []).append((self.now, second))
        elif kind in (NOTE_ON, NOTE_OFF) and (held := self._open.get((channel, first))):
            start, velocity = held.pop(0)
            self._note(start, first, velocity, channel)

    def _data(self) -> int:
        byte = self._byte()
        if byte >= 0x80:
            raise _bad(f"the byte 0x{byte:02x} stands where data should")
        return byte

    def _note(self, start: int, pitch: int, velocity: int, channel: int) -> None:
        self.notes.append(Note(start, self.now - start, pitch, velocity, channel, self.number))


# ---------------------------------------------------------------- writing


class Track(NamedTuple):
    name: str
    notes: tuple[Note, ...]


def written(tracks: Sequence[Track], bpm: float, meter: tuple[int, int], length: int) -> bytes:
    """Returns a file of type 1: tempo and meter in track 0, then a track each, all `length` ticks long."""
    microseconds = min(max(round(60_000_000 / bpm), 1), (1 << 24) - 1)
    about = [
        _meta(TEMPO, microseconds.to_bytes(3)),
        _meta(METER, bytes((meter[0], meter[1].bit_length() - 1, 24, 8))),
    ]
    chunks = [_chunk([(0, event) for event in about], length)]
    for track in tracks:
        events = [(0, -1, _meta(NAME, track.name.encode()[:64]))]
        for note in track.notes:
            events.append((note.start, 1, bytes((NOTE_ON | note.channel, note.pitch, note.velocity))))
            events.append((note.start + note.length, 0, bytes((NOTE_OFF | note.channel, note.pitch, 64))))
        chunks.append(_chunk([(tick, event) for tick, _, event in sorted(events)], length))
    header = b"MThd" + (6).to_bytes(4) + (1).to_bytes(2) + len(chunks).to_bytes(2) + TICKS.to_bytes(2)
    return header + b"".join(chunks)


def _meta(kind: int, given: bytes) -> bytes:
    return bytes((0xFF, kind)) + _as_number(len(given)) + given


def _chunk(events: Iterable[tuple[int, bytes]], length: int) -> bytes:
    now, found = 0, bytearray()
    for tick, event in (*events, (length, _meta(END, b""))):
        found += _as_number(max(tick - now, 0)) + event
        now = max(tick, now)
    return b"MTrk" + len(found).to_bytes(4) + bytes(found)


def _as_number(number: int) -> bytes:
    """Writes seven bits a byte, of all but the last the eighth is set."""
    found = [number & 0x7F]
    while number := number >> 7:
        found.append(number & 0x7F | 0x80)
    return bytes(reversed(found))
