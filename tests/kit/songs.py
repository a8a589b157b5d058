"""Knows which of the patches that ship are songs: a song has its own length, and sections that differ in loudness."""

from __future__ import annotations

import re

from chronus.places import shipped

SONG = re.compile(r"^song: (.+)$", re.MULTILINE)
SONGS = [path for path in sorted(shipped("patches").glob("*.chronus")) if SONG.search(path.read_text())]
