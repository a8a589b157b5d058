"""Chooses of what pictures are drawn: what the user chose last, as far as the terminal can show it."""

from __future__ import annotations

import locale
import os

from chronus.charts.canvas import GLYPHS, Glyphs
from chronus.shell import choices


def of_terminal() -> Glyphs:
    """Returns what this terminal draws with: ASCII where it or the locale has no more, blocks on a Linux console, else braille."""
    term = os.environ.get("TERM", "dumb")
    if term == "dumb" or locale.getpreferredencoding(False).upper().replace("-", "") != "UTF8":
        return "ascii"
    return choices.kept("glyphs", GLYPHS) or ("block" if term == "linux" else "braille")
