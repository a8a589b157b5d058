"""Names the drums of a kit: a word of the notation is a note of the General MIDI percussion map."""

from __future__ import annotations

from collections.abc import Mapping

DRUMS: Mapping[str, int] = {
    "bd": 36, "kick": 36, "rs": 37, "rim": 37, "sn": 38, "sd": 38, "snare": 38, "cp": 39, "clap": 39,
    "hh": 42, "ch": 42, "hat": 42, "oh": 46, "lt": 41, "tm": 45, "tom": 45, "mt": 47, "ht": 50,
    "cr": 49, "crash": 49, "rd": 51, "ride": 51, "cb": 56, "pc": 63, "perc": 63,
}  # fmt: skip
NAMES: Mapping[int, str] = {pitch: name for name, pitch in reversed(list(DRUMS.items()))}
"""Of each drum the first name that the notation knows it by."""
SHORT = tuple(name for name, pitch in DRUMS.items() if NAMES[pitch] == name)
"""One name of each."""
