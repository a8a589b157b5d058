"""Chooses of what pictures are drawn: what the user chose last, as far as the terminal can show it."""

from __future__ import annotations

import locale
import os
from pathlib import Path

from chronus import places
from chronus.charts.canvas import GLYPHS, Glyphs
from chronus.errors import ChronusError


def of_terminal() -> Glyphs:
    """Returns what this terminal draws with: ASCII where it or the locale has no more, blocks on a Linux console, else braille."""
    term = os.environ.get("TERM", "dumb")
    if term == "dumb" or locale.getpreferredencoding(False).upper().replace("-", "") != "UTF8":
        return "ascii"
    return _kept() or ("block" if term == "linux" else "braille")


def _kept() -> Glyphs | None:
    try:
        found = _file().read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    return next((one for one in GLYPHS if one == found), None)


def keep(chosen: Glyphs) -> None:
    """Keeps the choice for all terminals to come. Raises E_FILE where nothing can be kept."""
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        _file().write_text(f"{chosen}\n", encoding="utf-8")
    except OSError as problem:
        raise ChronusError("E_FILE", f"it cannot be kept: {places.home_trouble(problem)}") from None


def _file() -> Path:
    return places.home() / "glyphs"
