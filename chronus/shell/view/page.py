"""Lays out what is seen: the place in the music, levels, lanes with their playheads, spectrum, wave, and how the engine is. Pure.

The same page is written in colours to a terminal and without any to a file. No line is wider than the terminal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from chronus.charts.canvas import Glyphs, Style
from chronus.charts.levels import levels
from chronus.charts.spectrum import spectrum
from chronus.charts.wave import wave
from chronus.shell.answers import clean
from chronus.shell.view.ear import Heard

LABEL = 12
"""Columns of a lane's name, at most."""
LEAST_CHART, MOST_CHART = 7, 18
"""Rows of the spectrum and of the wave, their axes counted."""
AXES = 2
BESIDE = 120
"""Columns from which on the wave stands beside the spectrum."""
NARROWEST, LOWEST = 20, 4
LEVEL, WITH_LEVELS = 5, 70
"""Columns of a module's level, and of a page from which on there is room for them."""
RECENT_SECONDS = 60
"""So long what happened last stands at the foot."""


class Seen(NamedTuple):
    """What is known at a frame. `status` and `lanes` are answers of control; `lost`: frames of silence since this began.

    `note` is what hinders the view; `heard` None where nothing can be heard. `peaks`: of modules, in dB, None where one is silent;
    `limiter`: by how many dB the last one holds the sound down.
    """

    frame: int
    status: Mapping[str, Any]
    lanes: Sequence[Mapping[str, Any]] = ()
    heard: Heard | None = None
    lost: int = 0
    note: str = ""
    peaks: Mapping[str, float | None] = {}
    limiter: float = 0.0


class Room(NamedTuple):
    """Rows of each part. `beside`: the wave stands at the right of the spectrum."""

    levels: int
    lanes: int
    spectrum: int
    wave: int
    beside: bool


def room(width: int, height: int, lanes: int) -> Room:
    """Shares out the rows: the head and the foot take three, the levels three; then lanes, and a chart or two where there is room."""
    left = height - 3
    meters = 3 if left >= 6 else 0
    left -= meters
    most = max(left - LEAST_CHART, left // 2) if left >= LEAST_CHART + 2 else left
    shown = min(lanes, most)
    left -= shown
    if left < LEAST_CHART:
        return Room(meters, shown, 0, 0, False)
    if width >= BESIDE:
        return Room(meters, shown, min(left, MOST_CHART), min(left, MOST_CHART), True)
    if left < 2 * LEAST_CHART:
        return Room(meters, shown, min(left, MOST_CHART), 0, False)
    return Room(meters, shown, min(left - left // 2, MOST_CHART), min(left // 2, MOST_CHART), False)


def wanted(width: int, height: int, lanes: int) -> tuple[int, int]:
    """Returns how many bands and how many points of the wave such a page shows."""
    there = room(width, height, lanes)
    across = (width - 2) // 2 if there.beside else width
    return (min(max((across - 6) // 2, 8), 64) if there.spectrum else 0), ((across - 8) * 2 if there.wave else 0)


def page(seen: Seen, width: int, height: int, glyphs: Glyphs, style: Style) -> list[str]:
    """Returns at most `height` lines."""
    if width < NARROWEST or height < LOWEST:
        return [_cut(f"{width}x{height} is too small", width)][:height]
    there = room(width, height, len(seen.lanes))
    lines = [_head(seen, width, style), _health(seen, width, style)]
    if there.levels and seen.heard is not None:
        lines += levels(seen.heard.levels, width, glyphs, style)
    lines += lanes(seen, width, there.lanes, style)
    lines += _charts(seen, width, there, glyphs, style)
    lines = lines[: height - 1]
    return [*lines, *[""] * (height - 1 - len(lines)), _foot(seen, width, style)]


# ---------------------------------------------------------------- the place in the music


def position(engine: Mapping[str, Any], frame: int) -> tuple[int, float] | None:
    """Returns bar and beat at a frame, counted from 1, from where they were at another one; None where no music is."""
    if not engine.get("bar"):
        return None
    beats = 4 * Fraction(engine.get("meter") or "4/4")
    passed = (frame - engine["frame"]) / engine["rate"] * engine["bpm"] / 60
    bars, beat = divmod(engine["beat"] - 1 + passed, float(beats))
    return int(engine["bar"] + bars), beat + 1


def _head(seen: Seen, width: int, style: Style) -> str:
    engine = seen.status.get("engine", {})
    where = position(engine, seen.frame)
    place = "stopped" if where is None or not engine.get("playing") else f"bar {where[0]}.{int(where[1])}"
    parts = [str(engine.get("name", "")), f"{engine.get('bpm', 0):g} bpm", place, _song(seen.status.get("song") or {})]
    return style("title", _cut("  ".join(filter(None, parts)), width))


def _song(song: Mapping[str, Any]) -> str:
    if not song:
        return ""
    section = song["section"]
    return f"{section['scene']} {section['bar']}/{section['bars']}  song {song['bar']}/{song['bars']}"


def _health(seen: Seen, width: int, style: Style) -> str:
    if seen.note:
        return style("hot", _cut(seen.note, width))
    slots, load = seen.status.get("slots", {}), seen.status.get("load", {})
    parts = [
        str(slots.get("mode", "")),
        f"{seen.lost:,} frames lost",
        f"load {load.get('mean', 0):.0%} worst {load.get('worst', 0):.0%}",
        f"limiter {seen.limiter:.1f} dB" if seen.limiter < -0.05 else "",
        str(seen.status.get("engine", {}).get("device") or "no device"),
    ]
    recording = seen.status.get("recording")
    parts += ["recording"] if recording else []
    well = slots.get("mode") == "duplex" and not seen.lost
    return style("good" if well else "hot", _cut(clean("  ".join(filter(None, parts))), width))


def _foot(seen: Seen, width: int, style: Style) -> str:
    happened = seen.status.get("happened") or []
    last = happened[-1] if happened else {"ago_s": RECENT_SECONDS}
    last = f"{last['kind']}: {last['text']}" if last["ago_s"] < RECENT_SECONDS else ""
    out = seen.status.get("taken_out") or {}
    told = f"taken out: {', '.join(out)}" if out else last
    return style("dim", _cut(clean(f"q leaves  {told}".rstrip()), width))


# ---------------------------------------------------------------- lanes


def head_of(lane: Mapping[str, Any], frame: int) -> int | None:
    """Returns the step of a lane that is heard at a frame, counted from 0; None while it is not played."""
    now = lane.get("now")
    if not now or now["step_frames"] <= 0:
        return None
    return int((now["at"] + (frame - now["frame"]) / now["step_frames"]) % lane["steps"])


def lanes(seen: Seen, width: int, rows: int, style: Style) -> list[str]:
    """Draws a row each, with its playhead; how many there are beyond, where there is no room for all."""
    some = list(seen.lanes)
    beyond = len(some) - rows
    if beyond > 0:
        some = some[: max(rows - 1, 0)]
    label = min(max([len(lane["name"]) for lane in some] + [4]), LABEL)
    found = [_lane(lane, seen, label, width, style) for lane in some]
    if beyond > 0 and rows:
        more = len(seen.lanes) - len(some)
        found.append(style("dim", _cut(f"... and {more} more lane{'s' * (more > 1)}", width)))
    return found


def _lane(lane: Mapping[str, Any], seen: Seen, label: int, width: int, style: Style) -> str:
    name = lane["name"] if len(lane["name"]) <= label else f"{lane['name'][: label - 2]}.."
    head, row = head_of(lane, seen.frame), lane.get("row", "")
    count = f" {head + 1}/{lane['steps']}" if head is not None else f" {lane.get('waits', '')}".rstrip()
    count += " muted" if lane["muted"] else ""
    most = max(len(count), len(f" {lane['steps']}/{lane['steps']}"))
    level = f" {_level(lane['name'], seen.peaks)}" if width >= WITH_LEVELS else ""
    across = width - label - 1 - most - len(level)
    if across < 4:
        return _cut(f"{name:<{label}}{count}", width)
    begin = (head or 0) // across * across
    piece = row[begin : begin + across]
    kind = "dim" if lane["muted"] else "note"
    if head is None or not piece:
        drawn = style(kind, piece)
    else:
        at = head - begin
        drawn = style(kind, piece[:at]) + style("head", piece[at : at + 1]) + style(kind, piece[at + 1 :])
    return f"{name:<{label}} {drawn}{' ' * (across - len(piece))}{style('dim', f'{count:<{most}}')}{level}"


def _level(name: str, peaks: Mapping[str, float | None]) -> str:
    """Writes how loud a module is right now; nothing of what is no module."""
    peak = peaks.get(name)
    return f"{peak:>{LEVEL}.1f}" if peak is not None else f"{'-' if name in peaks else '':>{LEVEL}}"


# ---------------------------------------------------------------- charts


def _charts(seen: Seen, width: int, there: Room, glyphs: Glyphs, style: Style) -> list[str]:
    heard = seen.heard
    if heard is None:
        return []
    half = (width - 2) // 2 if there.beside else width
    left = spectrum(heard.centers, heard.bands, half, there.spectrum - AXES, glyphs, style) if there.spectrum else []
    marks = [(share, f"{share * heard.seconds * 1000:.0f} ms") for share in (0.0, 0.5, 1.0)]
    right = wave(heard.low, heard.high, marks, half, there.wave - AXES, glyphs, style) if there.wave else []
    if not there.beside:
        return [*left, *right]
    # the columns that a line takes are those that it has without a style
    bare = spectrum(heard.centers, heard.bands, half, there.spectrum - AXES, glyphs)
    return [one + " " * (half + 2 - len(plain)) + other for one, plain, other in zip(left, bare, right, strict=True)]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(width - 2, 0)]}.."
