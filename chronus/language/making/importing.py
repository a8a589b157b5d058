"""Reads the MIDI file that `import FILE as kick=36 bass=ch2` names, and makes a lane of each part: a line as it could have been typed.

A lane is counted in the coarsest of sixteenths, triplets (1/24) and 32nds on which its notes lie; where they lie on none, in the one
that they are nearest to, and how far off they were is said. Sixteenths of which every second comes late by the same are swung. A lane that
goes round is written once.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import NamedTuple

from msgspec.structs import replace

from chronus import midifile, places
from chronus.commands import Import
from chronus.commands import Sequence as Lane
from chronus.errors import ChronusError, nearest
from chronus.language.canonical import canonical
from chronus.language.notation import read_lane
from chronus.midifile import DRUM_CHANNEL, Note, Tune
from chronus.pattern.drums import DRUMS, NAMES
from chronus.pattern.lane import MOST_STEPS
from chronus.pattern.library import WHOLE
from chronus.units import format_number, note_name, read_note

GRIDS = (16, 24, 32)
"""Parts of a whole note, the coarsest first."""
NEAR = 1 / 96
"""Of a beat: so near to a line a note lies on it."""
A_TICK = 0.11
"""In percent of swing, half of one of 960 a quarter: nearer to a whole number it is that."""
LEGATO = Fraction(2, 5)
"""Of a step: a note that reaches so far into the next one glides; farther, and both are held."""
MOST_LINES = 8
"""Stacked in a lane, for what is held at once."""
PART = re.compile(r"(?:ch|channel)([0-9]{1,2})|(?:tr|track)([0-9]{1,3})|([0-9]{1,3})|([a-g][#b]?-?[0-9])")


class Timed(NamedTuple):
    """A note in steps, counted in whole ones from the beginning; `late` is how far after that it came, in beats."""

    step: int
    length: Fraction
    late: float
    note: Note


def imported(command: Import) -> Import:
    """Returns the command with its lanes. Raises E_FILE, E_LIMIT or E_VALUE, each of which names the file."""
    try:
        tune = midifile.read(_bytes(command.name))
    except ChronusError as error:
        raise ChronusError(
            error.code, f"{command.name}: {error.message}", suggestions=error.suggestions, part="name"
        ) from None
    if not command.parts:
        raise _unnamed(command, tune)
    chosen = {name: _chosen(tune, part, f"parts.{k}", command.name) for k, (name, part) in enumerate(command.parts)}
    bar = Fraction(4 * tune.meter[0], tune.meter[1]) if tune.meter else Fraction(4)
    every = [note for notes in chosen.values() for note in notes]
    bars = command.bars or _bars(tune, every, bar)
    lanes, told = [], []
    for name, notes in chosen.items():
        lane, off = _lane(name, notes, tune, bar, bars, is_drum=_is_drum(name, dict(command.parts)[name]))
        lanes.append(replace(lane, when=command.when))
        told += [f"{name}: {off}"] if off else []
    lines = tuple(canonical(replace(lane, when=None)) for lane in lanes)
    bpm = tune.bpm if command.tempo else 0.0
    if command.tempo and not bpm:
        told.append("the file names no tempo")
    return replace(command, lanes=tuple(lanes), lines=lines, told=tuple(told), bpm=bpm)


def _bytes(name: str) -> bytes:
    """Returns the content of a file: one that the path means, or one of the folder that `export` writes to."""
    kept = places.home() / "midi"
    try:
        for path in (Path(name).expanduser(), kept / name, kept / f"{name}.mid"):
            if path.is_file():
                with path.open("rb") as there:
                    return there.read(midifile.LONGEST_FILE + 1)
            if path.exists():
                raise ChronusError("E_FILE", "it is no file that can be read")
        known = [file.name for file in kept.iterdir() if file.suffix == ".mid"] if kept.is_dir() else []
    except (OSError, RuntimeError, ValueError) as problem:
        raise ChronusError("E_FILE", getattr(problem, "strerror", None) or str(problem)) from None
    raise ChronusError("E_FILE", "there is no such file", suggestions=nearest(name, known))


# ---------------------------------------------------------------- which notes


def _chosen(tune: Tune, part: str, place: str, file: str) -> list[Note]:
    found = PART.fullmatch(part)
    if found is None:
        message = f'"{part[:24]}" is no part of a file: a note (36, c2), a channel (ch2) or a track (track1)'
        raise ChronusError("E_VALUE", message, suggestions=("36",), part=place)
    channel, track, number, name = found.groups()
    if channel:
        notes = [note for note in tune.notes if note.channel == int(channel) - 1]
    elif track:
        notes = [note for note in tune.notes if note.track == int(track) - 1]
    else:
        pitch = int(number) if number else read_note(name)
        same = [note for note in tune.notes if note.pitch == pitch]
        notes = [note for note in same if note.channel == DRUM_CHANNEL] or same
    if not notes:
        raise ChronusError("E_VALUE", f"{file} has no notes of {part}; {_content(tune)}", part=place)
    return notes


def _unnamed(command: Import, tune: Tune) -> ChronusError:
    parts = _parts(tune)
    if not parts:
        return ChronusError("E_VALUE", f"{command.name} has no notes", part="name")
    return ChronusError(
        "E_VALUE", f"say what plays what: import {command.name} as {parts}; {_content(tune)}",
        suggestions=(f"{command.name} as {parts}",), part="name",
    )  # fmt: skip


def _parts(tune: Tune) -> str:
    """Returns parts that would take all there is, as they would be typed."""
    drums = sorted({note.pitch for note in tune.notes if note.channel == DRUM_CHANNEL})
    kinds = {number: name for name, number in DRUMS.items() if name in places.shipped_kinds()}
    found = {kinds[pitch]: str(pitch) for pitch in drums if pitch in kinds} or ({"kit": "ch10"} if drums else {})
    channels = sorted({note.channel for note in tune.notes} - {DRUM_CHANNEL})
    found |= {("bass" if k == 0 else f"lead{k}"): f"ch{channel + 1}" for k, channel in enumerate(channels)}
    return " ".join(f"{name}={part}" for name, part in list(found.items())[:8])


def _content(tune: Tune) -> str:
    """Says in a few words what is in a file."""
    drums: dict[int, int] = defaultdict(int)
    channels: dict[int, list[int]] = defaultdict(list)
    for note in tune.notes:
        if note.channel == DRUM_CHANNEL:
            drums[note.pitch] += 1
        else:
            channels[note.channel].append(note.pitch)
    told = [f"drums {', '.join(f'{pitch} ({count}x)' for pitch, count in sorted(drums.items())[:12])}"] if drums else []
    told += [
        f"ch{channel + 1} {len(pitches)} notes {note_name(min(pitches))}..{note_name(max(pitches))}"
        for channel, pitches in sorted(channels.items())
    ]
    return f"it has {'; '.join(told)}" if told else "it has no notes"


def _is_drum(name: str, part: str) -> bool:
    """Whether one note of the file is one hit of the lane: so it is where the part is a note."""
    return bool(PART.fullmatch(part) and (part[0].isdigit() or PART.fullmatch(part)[4]))  # type: ignore[index]


# ---------------------------------------------------------------- when they are


def _bars(tune: Tune, notes: Sequence[Note], bar: Fraction) -> int:
    """Returns how many bars the file has, without the last moment of a note that rings on."""
    ticks = bar * tune.ticks
    begun = max(note.start + tune.ticks // 16 for note in notes) // ticks + 1
    whole = -((tune.ticks // 8 - tune.length) // ticks)
    return int(max(begun, whole, 1))


def _timed(notes: Iterable[Note], ticks: int, grid: int) -> list[Timed]:
    step = Fraction(4 * ticks, grid)
    found = []
    for note in notes:
        place = round(note.start / step)
        late = float((note.start - place * step) / ticks)
        found.append(Timed(place, note.length / step, late, note))
    return found


def _gridded(notes: list[Note], ticks: int) -> tuple[int, list[Timed], float]:
    """Returns the grid, the notes on it, and the swing in percent; 50 is straight."""
    tries = [(grid, _timed(notes, ticks, grid)) for grid in GRIDS]
    swing = _swing(tries[0][1])
    if swing != 50:
        return 16, [one._replace(late=one.late - (swing - 50) / 200 * (one.step % 2)) for one in tries[0][1]], swing
    for grid, timed in tries:
        if max(abs(one.late) for one in timed) <= NEAR:
            return grid, timed, 50.0
    grid, timed = min(tries, key=lambda found: sum(abs(one.late) for one in found[1]))
    return grid, timed, 50.0


def _swing(timed: list[Timed]) -> float:
    """Returns the swing of sixteenths of which every second is late by the same, and no other is."""
    odd = [one.late for one in timed if one.step % 2]
    even = [one.late for one in timed if one.step % 2 == 0]
    if not odd or max(map(abs, even), default=0) > NEAR:
        return 50.0
    usual = median(odd)
    late = 50 + 200 * usual
    late = round(late) if abs(late - round(late)) <= A_TICK else round(late, 1)
    return late if usual > NEAR and late <= 75 and max(abs(one - usual) for one in odd) <= NEAR else 50.0


# ---------------------------------------------------------------- the line


def _lane(name: str, notes: list[Note], tune: Tune, bar: Fraction, bars: int, is_drum: bool) -> tuple[Lane, str]:
    """Returns the lane, and what is to be said of how it was counted."""
    grid, timed, swing = _gridded(notes, tune.ticks)
    a_bar = bar * grid / 4
    if a_bar.denominator != 1:
        a_bar = Fraction(grid)
    total = int(a_bar * bars)
    if total > MOST_STEPS:
        raise ChronusError(
            "E_LIMIT",
            f"{bars} bars of 1/{grid} are more than {MOST_STEPS:,} steps; bars=16 takes the first 16",
            part="name",
        )
    inside = [one for one in timed if one.step < total]
    if is_drum:
        lines, gate = [_hits(inside, total)], 0.5
    else:
        lines, gate = _tones(inside, total, all_drums=name in WHOLE)
    period = _period(lines, int(a_bar), bars)
    text = " , ".join(_written(line[: period * int(a_bar)], int(a_bar), is_drum) for line in lines)
    options = f" every=1/{grid}" * (grid != 16) + f" gate={format_number(gate)}" * (gate != 0.5)
    options += f" swing={format_number(swing)}" * (swing != 50)
    read = read_lane(text + options, 1)
    lane = Lane(name=name, text=read.text, pattern=read.pattern, options=read.options)
    return lane, _said(inside, len(timed) - len(inside), grid, tune)


def _said(timed: list[Timed], beyond: int, grid: int, tune: Tune) -> str:
    off = [abs(one.late) for one in timed]
    told = []
    if off and max(off) > NEAR:
        milliseconds = 60_000 / (tune.bpm or 120)
        told.append(f"on 1/{grid}, notes were up to {max(off) * milliseconds:.0f} ms off")
    told += [f"{beyond} notes come later"] * bool(beyond)
    return ", ".join(told)


def _hits(timed: list[Timed], total: int) -> list[str]:
    steps = ["."] * total
    loudest: dict[int, int] = {}
    for one in timed:
        if one.note.velocity > loudest.get(one.step, 0):
            loudest[one.step] = one.note.velocity
            steps[one.step] = _mark(one.note.velocity)
    return steps


def _mark(velocity: int) -> str:
    tenths = max(1, round(velocity / 12.7))
    if 42 <= velocity <= 46:
        return "o"  # 0.35
    return "X" if tenths == 10 else "x" if tenths == 8 else str(tenths)


def _tones(timed: list[Timed], total: int, all_drums: bool) -> tuple[list[list[str]], float]:
    """Returns lines of tokens, each of which stands at the step where it begins and is followed by "" for as long as it lasts."""
    chords: dict[int, list[Timed]] = defaultdict(list)
    for one in timed:
        chords[one.step].append(one)
    shares = [one.length - max(0, -(-one.length // 1) - 1) for one in timed]
    gate = min(max(round(float(median(shares)), 2), 0.01), 1.0) if shares else 0.5
    gate = 0.5 if all_drums else gate
    lines: list[list[str]] = []
    ends: list[Fraction] = []
    onsets = sorted(chords)
    for step in onsets:
        for length, some in _same_lengths(chords[step], all_drums):
            steps = 1 if all_drums else max(1, int(-(-(length - Fraction(1, 100)) // 1)))
            steps = min(steps, total - step)
            line = next((k for k, end in enumerate(ends) if end <= step + LEGATO), None)
            if line is None and len(lines) < MOST_LINES:
                lines.append(["."] * total)
                ends.append(Fraction(0))
                line = len(lines) - 1
            if line is None:
                line = min(range(len(ends)), key=lambda k: ends[k])
            before = _last(lines[line], step)
            if before is not None and ends[line] > step + Fraction(1, 100):
                lines[line][before] += "~"
            _clear(lines[line], step)
            lines[line][step] = _token(some, all_drums)
            for k in range(step + 1, step + steps):
                lines[line][k] = ""
            ends[line] = Fraction(step) + (Fraction(1) if all_drums else min(length, Fraction(total - step)))
    return lines or [["."] * total], gate


def _same_lengths(some: list[Timed], all_drums: bool) -> list[tuple[Fraction, list[Timed]]]:
    """Returns what begins at once, by its length: what ends at once is one chord."""
    if all_drums:
        return [(Fraction(1), some)]
    found: dict[int, list[Timed]] = defaultdict(list)
    for one in some:
        found[round(one.length * 8)].append(one)
    return [(max(one.length for one in chord), chord) for _, chord in sorted(found.items())]


def _last(line: list[str], step: int) -> int | None:
    return next((k for k in range(step - 1, -1, -1) if line[k] not in ("", ".")), None)


def _clear(line: list[str], step: int) -> None:
    """Ends at a step what would last beyond it."""
    k = step
    while k < len(line) and line[k] == "":
        line[k] = "."
        k += 1


def _token(some: list[Timed], all_drums: bool) -> str:
    pitches = sorted({one.note.pitch for one in some})
    names = [NAMES.get(pitch, note_name(pitch)) if all_drums else note_name(pitch) for pitch in pitches]
    tenths = max(1, round(max(one.note.velocity for one in some) / 12.7))
    text = names[0] if len(names) == 1 else f"[{','.join(names)}]"
    return text + ("^" if tenths == 10 else "" if tenths == 8 else f"'{tenths}")


def _period(lines: list[list[str]], a_bar: int, bars: int) -> int:
    """Returns after how many bars all lines begin again."""
    for period in range(1, bars):
        if bars % period == 0 and all(line == line[: period * a_bar] * (bars // period) for line in lines):
            return period
    return bars


def _written(line: list[str], a_bar: int, is_grid: bool) -> str:
    if is_grid:
        return " ".join("".join(line[k : k + a_bar]) for k in range(0, len(line), a_bar))
    tokens: list[str] = []
    for k, step in enumerate(line):
        if step == ".":
            tokens.append(".")
        elif step:
            length = 1
            while k + length < len(line) and line[k + length] == "":
                length += 1
            glides = step.endswith("~")
            tokens.append(step.removesuffix("~") + f"@{length}" * (length > 1) + "~" * glides)
    return " ".join(tokens)
