"""Writes the bottom line of the prompt: where the music is and how the engine is, what matters least left out where it is narrow. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from chronus.shell.answers import clean
from chronus.shell.folding import cells

BETWEEN = " | "
WELL = "duplex"


class Part(NamedTuple):
    """`rank`: of two parts the one with the higher number is left out first. `alarm`: something is not well."""

    text: str
    rank: int
    alarm: bool = False


def parts(engine: Mapping[str, Any], rack: Mapping[str, Any], width: int) -> list[Part]:
    """Returns what fits, in order. `engine` is what the last status said of it, `rack` the last notice of what is loaded."""
    every = [one for one in _every(engine, rack) if one.text]
    kept = list(every)
    while len(kept) > 1 and cells(BETWEEN.join(one.text for one in kept)) > width:
        kept.remove(max(kept, key=lambda one: one.rank))
    return kept


def line(engine: Mapping[str, Any], rack: Mapping[str, Any], width: int) -> str:
    return BETWEEN.join(one.text for one in parts(engine, rack, width))


def _every(engine: Mapping[str, Any], rack: Mapping[str, Any]) -> list[Part]:
    bpm = engine.get("bpm", rack.get("bpm"))
    modules = sum(name != "out" for name in rack.get("modules", {}))
    mode, level, share = engine.get("mode") or "", engine.get("level"), engine.get("load")
    recording = engine.get("recording") or {}
    name = str(recording.get("file", "")).rpartition("/")[2]
    return [
        Part(_position(engine), 0),
        Part(f"{bpm:g} bpm" if isinstance(bpm, int | float) else "", 2),
        Part(clean(str(engine.get("scene") or "")), 3),
        Part(f"rec {clean(name)}" if recording else "", 1, alarm=True),
        Part(f"{level:.1f} dB" if isinstance(level, int | float) else "", 5),
        Part(f"load {share:.0%}" if isinstance(share, int | float) else "", 4, alarm=_number(share) > 0.7),
        Part(mode, 1, alarm=mode != WELL),
        Part(f"{modules} module{'s' * (modules != 1)}", 6),
        Part(clean(str(engine.get("device") or "")), 7),
    ]


def _number(share: object) -> float:
    return share if isinstance(share, int | float) else 0.0


def _position(engine: Mapping[str, Any]) -> str:
    bar, beat = engine.get("bar"), engine.get("beat")
    if not engine.get("playing") or not bar or beat is None:
        return "stopped"
    return f"{bar}.{int(beat)}"
