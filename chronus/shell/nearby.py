"""Finds the files that a line may name, for completion: scripts, MIDI files, recordings. Reads folders, and never for long."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from chronus import places
from chronus.language import scripts
from chronus.language.rows.known import Pairs

MOST = 500
"""Entries of a folder that are looked at."""
SHOWN = {"midi": (".mid", ".midi"), "sounds": (".wav", ".flac", ".aif", ".aiff", ".ogg", ".mp3")}
"""What is found beside folders, by its ending."""


def files(kind: str, typed: str) -> Pairs:
    """Returns what `typed` may go on to, with where it lies. `kind`: scripts, own (those of the user), midi, sounds."""
    if kind == "own":
        return [(name, "your own; it is written over") for name in sorted(_stems(scripts.folders()[0], scripts.SUFFIX))]
    if kind == "scripts":
        own, shipped = (sorted(_stems(folder, scripts.SUFFIX)) for folder in scripts.folders())
        here = dict.fromkeys(_names(Path(), (scripts.SUFFIX,)), "in this folder")
        return list((dict.fromkeys(shipped, "comes with Chronus") | dict.fromkeys(own, "your own") | here).items())
    found = dict(_below(typed, SHOWN[kind]))
    folder = places.home() / "midi" if kind == "midi" else places.samples()
    kept = {} if "/" in typed else dict.fromkeys(_names(folder, SHOWN[kind]), "your own")
    return list((kept | found).items())


def _stems(folder: Path, suffix: str) -> Iterator[str]:
    return (name.removesuffix(suffix) for name in _names(folder, (suffix,)))


def _names(folder: Path, endings: tuple[str, ...]) -> Iterator[str]:
    return (entry.name for entry in _entries(folder) if entry.name.lower().endswith(endings))


def _below(typed: str, endings: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What lies in the folder that is typed so far: folders, to go on in, and files of these endings."""
    head = typed.rpartition("/")[0] + "/" if "/" in typed else ""
    for entry in _entries(Path(os.path.expanduser(head or "."))):
        with suppress(OSError):
            if entry.is_dir():
                yield f"{head}{entry.name}/", "folder"
            elif entry.name.lower().endswith(endings):
                yield f"{head}{entry.name}", f"{max(entry.stat().st_size // 1024, 1):,} KB"


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with suppress(OSError, ValueError), os.scandir(folder) as there:
        visible = (
            entry for entry in islice(there, MOST) if not entry.name.startswith(".") and entry.name.isprintable()
        )
        return sorted(visible, key=lambda entry: entry.name)
    return []
