"""Says in one line whether all is well, from a status as data. Pure.

Rule 1: "all well" is said only where both slots play, every process runs, every module is rendered, and nothing was lost since the one
        who asks asked before.
Rule 2: what is wrong comes first, then what plays on, then what was lost. A death that is over is still named, once.
Rule 3: what is not known yet is not said to be over: a process that was killed just now is coming back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chronus.audio.devices import NULL

PLACES = {"host": "the audio host", "control": "control", "forkserver": "the forkserver"}
SHORT = 60.0
"""Seconds: a longer time is told in minutes or hours."""


def verdict(whole: Mapping[str, Any]) -> tuple[bool, str]:
    """Returns whether all is well, and the line that says so, or what is wrong."""
    lost = _lost(whole)
    making = whole["compiling"]
    if making["parts"]:
        return False, f"compiling: {making['parts']} parts of the engine are not compiled yet; nothing is heard before"
    wrong = _wrong(whole)
    if wrong:
        return False, f"{'; '.join(wrong)}; {lost or _nothing(whole)}"
    notes = _ended(whole) + _silent_on_purpose(whole) + _at_work(making)
    if lost:
        return False, "; ".join([f"duplex again, but {lost}", *notes])
    return True, "; ".join([f"all well: {whole['slots']['mode']}, {_nothing(whole)}", *notes])


def ago(seconds: float) -> str:
    """Writes how long something is gone by."""
    if seconds < 1:
        return f"{seconds * 1000:,.0f} ms ago"
    if seconds < SHORT:
        return f"{seconds:,.0f} s ago"
    return f"{seconds / 60:,.0f} min ago" if seconds < 7200 else f"{seconds / 3600:,.0f} h ago"


def since(whole: Mapping[str, Any]) -> str:
    """Says from when on changes are counted."""
    what = "the engine began" if whole["since"]["first"] else "you asked"
    return f"since {what} {ago(whole['since']['ago_s'])}"


def place_of(process: Mapping[str, Any]) -> str:
    """Names a process by its place in the engine."""
    if process["slot"] is not None:
        return f"slot {process['slot']}"
    return PLACES.get(process["role"], process["role"])


def _nothing(whole: Mapping[str, Any]) -> str:
    return f"nothing lost {since(whole)}"


def _lost(whole: Mapping[str, Any]) -> str:
    frames = whole["since"]["counters"].get("silent", 0)
    if not frames:
        return ""
    return f"{frames:,} frames ({frames / whole['engine']['rate'] * 1000:,.0f} ms) lost {since(whole)}"


def _wrong(whole: Mapping[str, Any]) -> list[str]:
    """Says what does not run, and what becomes of it."""
    wrong = [_coming_back(process) for process in whole["processes"] if process["state"] != "running"]
    mode, active = whole["slots"]["mode"], whole["slots"]["active"]
    if mode == "down":
        wrong.append("nobody renders: silence until a slot is back")
    elif mode == "simplex":
        wrong.append(
            f"slot {active} plays on alone"
            if wrong
            else f"simplex: slot {active} plays alone, the other is catching up"
        )
    wrong += [f"{name} is taken out: {why}" for name, why in whole["taken_out"].items()]
    return wrong


def _coming_back(process: Mapping[str, Any]) -> str:
    if not process.get("died"):
        return f"{place_of(process)} is starting"
    silent = ", nothing is heard until then" if process["role"] == "host" else ""
    return f"{place_of(process)} died ({process['died']}) {ago(process['died_ago_s'])} and is coming back{silent}"


def _ended(whole: Mapping[str, Any]) -> list[str]:
    """Names the deaths that are over: those since the last question, and those that were not over then."""
    since, away = whole["since"]["ago_s"], whole["since"]["away"]
    return [
        f"{place_of(process)} died ({process['died']}) {ago(process['died_ago_s'])} and is back"
        for process in whole["processes"]
        if process.get("died") and (process["died_ago_s"] < since or place_of(process) in away)
    ]


UNHEARD = "no device is open: the null device plays, which nobody hears"


def nobody_hears(engine: Mapping[str, Any]) -> bool:
    """Whether there is no device to be heard on, though nobody asked for that."""
    return bool(engine["device"] == NULL and engine["device_asked"].lower() != NULL)


def _silent_on_purpose(whole: Mapping[str, Any]) -> list[str]:
    engine, notes = whole["engine"], list[str]()
    if nobody_hears(engine):
        notes.append(UNHEARD)
    if not engine["playing"] and whole["lanes"]:
        notes.append("transport stopped; play goes on")
    return notes


def _at_work(making: Mapping[str, Any]) -> list[str]:
    if not making["kernels"]:
        return []
    return [f"{making['kernels']} kernels are still to be compiled in the background"]
