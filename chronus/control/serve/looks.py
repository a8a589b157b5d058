"""Answers `meters`, `scope`, `spectrum` and `why` from what the replicas kept of each module's sound. It waits for nothing.

The conductor has said already which modules are meant, and why they may be silent. Of a module all is told as it leaves: behind its level.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chronus.catalogue.spec import factor
from chronus.charts import spectrum as towers
from chronus.charts import wave
from chronus.charts.levels import Level, levels
from chronus.charts.png import spectrum_png
from chronus.commands import Meters, Scope, Spectrum, Why
from chronus.conductor.state import State
from chronus.control.serve import saving
from chronus.ears.levels import SHORT_TERM_SECONDS, SILENT, decibels, short_term
from chronus.ears.spectra import THIRDS, thirds
from chronus.errors import ChronusError
from chronus.memory import layout, taps
from chronus.memory.layout import BLOCK, Memory
from chronus.plan.seats import Seat
from chronus.units import note_name, note_number

WIDE = 78
"""Columns of a picture for someone whose terminal is not known: 80, without those that an answer is indented by."""
SECONDS, HOLD_SECONDS = 1.0, 5.0
"""How far meters look back, and for how long they hold a peak."""
QUIET = -96.0
"""dB: what never comes above it is called silent."""
POINTS = 120
"""Columns of a wave in the JSON form."""
WAVES_SECONDS, STEADY_SECONDS = 0.05, 0.2
"""The length of a scope where none is asked for; and up to this length it begins where a wave does, near the loudest moment."""
WINDOW = 32768
"""Frames of a spectrum."""
HEIGHT, SPECTRUM_HEIGHT = 9, 11
"""Rows of a picture."""
MOST_CAUSES = 8
"""That are told one by one."""

Looked = tuple[list[str], dict[str, Any]]


class Ear(NamedTuple):
    """What is listened to. `end` is the block up to which everything was heard."""

    memory: Memory
    state: State
    rate: int
    end: int

    @classmethod
    def on(cls, memory: Memory, state: State) -> Ear:
        return cls(memory, state, memory.word(layout.RATE), memory.word(layout.HEARD) // BLOCK)

    def since(self, seat: Seat) -> int:
        """Returns how many blocks the module has been there: what lies further back in its place was another's."""
        arena = self.memory.arena(self.memory.word(layout.ACTIVE))
        at = layout.HANDLE_TABLE // 8 + seat.handle * layout.HANDLE_WORDS
        if arena[at + layout.H_INCARNATION] != seat.incarnation:
            return 0
        return max(0, self.end - -(-int(arena[at + layout.H_BIRTH]) // BLOCK))

    def seat(self, name: str) -> Seat | None:
        return self.state.places.plan.seats.get(name)

    def extents(self, name: str, blocks: int) -> taps.Extents:
        seat = self.seat(name)
        some = min(blocks, self.since(seat)) if seat is not None else 0
        return taps.extents(self.memory, seat.handle if seat is not None else 0, self.end, some)

    def sound(self, name: str, frames: int) -> NDArray[np.float32]:
        """Returns the last frames (frames, 2) that are kept of a module, at most so many."""
        seat = self.seat(name)
        if seat is None:
            return np.zeros((0, 2), np.float32)
        some = min(-(-frames // BLOCK), self.since(seat))
        found = taps.samples(self.memory, seat.handle, self.end, some, stereo=seat.stereo, master=seat.kind == "out")
        return found[-frames:]


# ---------------------------------------------------------------- meters


def meters(command: Meters, told: Mapping[str, Any], ear: Ear) -> Looked:
    seconds = min(SECONDS, taps.ROWS * BLOCK / ear.rate)
    rows, modules = [], []
    for one in told["modules"]:
        row, found = _metered(one["name"], one["level"], one["why"], seconds, ear)
        rows.append(row)
        modules.append(found)
    return levels(rows, command.width or WIDE, command.glyphs), {"seconds": round(seconds, 3), "modules": modules}


def _metered(name: str, level: float, why: str, seconds: float, ear: Ear) -> tuple[Level, dict[str, Any]]:
    """Measures a module; of `out` also how loud it is to an ear."""
    held = ear.extents(name, round(HOLD_SECONDS * ear.rate / BLOCK))
    last = held.blocks >= ear.end - round(seconds * ear.rate / BLOCK)
    seat = ear.seat(name)
    sides = 2 if seat is not None and seat.stereo else 1
    square = float(held.power[last].sum(dtype=np.float64)) / max(int(last.sum()) * BLOCK * sides, 1)
    rms = _db(math.sqrt(square), level)
    peak, hold = (_db(_peak(held, some), level) for some in (last, held.blocks >= 0))
    found: dict[str, Any] = {"name": name, "rms": rms, "peak": peak, "hold": hold}
    notes = []
    reduction = decibels(float(held.gain[last].min(initial=1.0)))
    if reduction < -0.05:
        found["reduction"] = round(reduction, 1)
        notes.append(f"limiter {reduction:.1f} dB")
    if seat is not None and seat.kind == "out":
        loudness = short_term(ear.sound(name, round(SHORT_TERM_SECONDS * ear.rate)), ear.rate)
        found["short_term"] = None if loudness <= SILENT else round(loudness, 1)
        notes += [f"short-term {loudness:.1f} LUFS"] if loudness > SILENT else []
    if peak is None:
        found |= {"rms": None, "silent": True, **({"why": why} if why else {})}
        return Level(name, None, None, hold, why), found
    return Level(name, rms, peak, hold, ", ".join(notes)), found


def _peak(held: taps.Extents, some: NDArray[np.bool_]) -> float:
    return max(float(held.high[some].max(initial=0.0)), -float(held.low[some].min(initial=0.0)))


def _db(amplitude: float, level: float) -> float | None:
    """None where it is silent."""
    found = decibels(amplitude * factor(level))
    return None if found < QUIET else round(found, 1)


# ---------------------------------------------------------------- scope


def scope(command: Scope, told: Mapping[str, Any], ear: Ear) -> Looked:
    name, frames = told["name"], told["frames"] or round(WAVES_SECONDS * ear.rate)
    most = taps.ROWS * BLOCK
    if frames > most:
        message = f"a scope looks back {most / ear.rate:.1f} s at most; `record` keeps more"
        raise ChronusError("E_VALUE", message, part="length")
    ago, low, high = _waves(name, frames, ear) if frames <= STEADY_SECONDS * ear.rate else _past(name, frames, ear)
    times = factor(told["level"])
    low, high = low * times, high * times
    peak = _db(max(float(high.max(initial=0.0)), -float(low.min(initial=0.0))), 0.0)
    seconds = frames / ear.rate
    found = {"name": name, "seconds": round(seconds, 4), "ago_s": round(ago / ear.rate, 4), "peak": peak}
    if peak is None:
        return _silent(name, told["why"], found)
    found |= {"low": _rounded(low), "high": _rounded(high)}
    when = f"{_time(seconds)}, {_time(ago / ear.rate)} ago" if ago else f"the last {_time(seconds)}"
    head = f"{name}: {when}, peak {peak:.1f} dB"
    drawn = wave.wave(
        low.tolist(), high.tolist(), _marks(frames, ago, ear), command.width or WIDE, HEIGHT, command.glyphs
    )
    return [head, *drawn], found


def _waves(name: str, frames: int, ear: Ear) -> tuple[int, NDArray[np.float32], NDArray[np.float32]]:
    """Returns how many frames ago it ends, and the extent of each column, from where a wave begins near the loudest moment."""
    sound = ear.sound(name, taps.longest(False) * BLOCK)
    mono = sound.mean(axis=1) if len(sound) else np.zeros(0, np.float32)
    if len(mono) < frames:
        mono = np.concatenate([np.zeros(frames - len(mono), np.float32), mono])
    begin = _trigger(mono, frames)
    return len(mono) - begin - frames, *_columns(mono[begin : begin + frames])


def _trigger(mono: NDArray[np.float32], frames: int) -> int:
    last = len(mono) - frames
    if last <= 0:
        return 0
    loudest = int(np.abs(mono[: last + frames // 2]).argmax())
    rising = np.flatnonzero((mono[:-1] < 0) & (mono[1:] >= 0)) + 1
    before = rising[(rising <= min(loudest, last)) & (rising >= loudest - frames // 2)]
    return int(before[-1]) if before.size else min(max(0, loudest - frames // 4), last)


def _past(name: str, frames: int, ear: Ear) -> tuple[int, NDArray[np.float32], NDArray[np.float32]]:
    """Returns the extent of each column of what was heard up to now, a block at a time."""
    blocks = max(1, round(frames / BLOCK))
    known = ear.extents(name, blocks)
    low, high = np.zeros(blocks, np.float32), np.zeros(blocks, np.float32)
    places = known.blocks - (ear.end - blocks)
    low[places], high[places] = known.low, known.high
    return 0, _grouped(low, np.minimum), _grouped(high, np.maximum)


def _columns(mono: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return _grouped(mono, np.minimum), _grouped(mono, np.maximum)


def _grouped(values: NDArray[np.float32], least: np.ufunc) -> NDArray[np.float32]:
    columns = min(POINTS, len(values))
    found: NDArray[np.float32] = least.reduceat(values, np.arange(columns) * len(values) // columns)
    return found


def _marks(frames: int, ago: int, ear: Ear) -> list[tuple[float, str]]:
    """Labels bar lines of what is longer than a beat, and of anything else its times."""
    timeline, end = ear.state.score.timeline, ear.end * BLOCK - ago
    begin = end - frames
    if timeline is not None and frames >= STEADY_SECONDS * ear.rate and end > timeline.tempos[0].frame:
        bar, _ = timeline.bar_and_beat(timeline.position(max(begin, timeline.tempos[0].frame)))
        places = ((timeline.frame(timeline.place(k)), k) for k in range(bar, bar + 64))
        found = [((frame - begin) / frames, f"bar {k + 1}") for frame, k in places if begin <= frame < end]
        if found:
            return found
    return [(share, _time(share * frames / ear.rate)) for share in (0.0, 0.5, 1.0)]


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _rounded(values: NDArray[np.float32]) -> list[float]:
    return [round(value, 4) for value in values.tolist()]


def _silent(name: str, why: str, found: dict[str, Any]) -> Looked:
    return [f"{name} is silent{f': {why}' if why else ''}"], {**found, "silent": True, **({"why": why} if why else {})}


# ---------------------------------------------------------------- spectrum


def spectrum(command: Spectrum, told: Mapping[str, Any], ear: Ear) -> Looked:
    name = told["name"]
    sound = ear.sound(name, WINDOW) * np.float32(factor(told["level"]))
    peak = _db(float(np.abs(sound).max(initial=0.0)), 0.0)
    found: dict[str, Any] = {"name": name, "seconds": round(len(sound) / ear.rate, 3), "peak": peak}
    if peak is None:
        return _silent(name, told["why"], found)
    some = np.concatenate([np.zeros((max(0, WINDOW - len(sound)), 2), np.float32), sound])
    bands, partials = thirds(some, ear.rate)
    heard = [None if band < QUIET else round(band, 1) for band in bands]
    found["bands"] = [{"hz": round(hertz, 1), "db": band} for hertz, band in zip(THIRDS, heard, strict=True)]
    found["peaks"] = [
        {"hz": round(one.hertz, 1), "db": round(one.level, 1), "note": note_name(round(note_number(one.hertz)))}
        for one in partials
    ]
    head = f"{name}: the last {_time(len(sound) / ear.rate)}, peak {peak:.1f} dB"
    loudest = ", ".join(f"{one['hz']:.1f} Hz ({one['note']}) {one['db']:.1f} dB" for one in found["peaks"][:3])
    if command.file:
        file = saving.picture(command.file, ".png", spectrum_png(THIRDS, heard))
        return [head, f"loudest {loudest}", str(file)], {**found, "file": str(file)}
    drawn = towers.spectrum(THIRDS, heard, command.width or WIDE, SPECTRUM_HEIGHT, command.glyphs)
    return [head, f"loudest {loudest}", *drawn], found


# ---------------------------------------------------------------- why


def why(command: Why, told: Mapping[str, Any], ear: Ear) -> Looked:
    """Tells what keeps it from being heard, and how loud it was in the last second whatever that is."""
    (one,), name = told["measured"], told["name"]
    _, found = _metered(one["name"], one["level"], "", SECONDS, ear)
    causes, peak = told["causes"], found["peak"]
    lines = [_cause(one, not name) for one in causes[:MOST_CAUSES]]
    if len(causes) > MOST_CAUSES:
        lines.append(f"and {len(causes) - MOST_CAUSES} more")
    it = name or "the mix"
    if peak is not None:
        lines.append(f"{it} sounds: peak {peak:.1f} dB, RMS {found['rms']:.1f} dB in the last second")
    elif not causes:
        lines.append(
            f"nothing keeps {it} from being heard, and the last second was silent: it may be between two notes"
        )
    return lines, {"name": name, "causes": causes, "peak": peak, "rms": found["rms"]}


def _cause(one: Mapping[str, str], with_name: bool) -> str:
    what = f"{one['module']}: {one['what']}" if with_name else one["what"]
    return what if f"`{one['line']}`" in what or not one["line"] else f"{what}; say `{one['line']}`"


TABLE: dict[type, Callable[[Any, Mapping[str, Any], Ear], Looked]] = {
    Meters: meters, Scope: scope, Spectrum: spectrum, Why: why,
}  # fmt: skip
