"""Saves racks, as `.chronus` scripts and as MIDI files in the user's folder: written whole or not at all."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from chronus import places
from chronus.catalogue.kinds import Catalogue
from chronus.commands import LONGEST_SCRIPT
from chronus.errors import ChronusError
from chronus.rack.document import Rack
from chronus.rack.script import script
from chronus.score.exporting import exported
from chronus.system import files

FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
SUFFIX, MIDI = ".chronus", ".mid"
LONGEST_FIRST_LINE = 200


def folder() -> Path:
    return places.home() / "patches"


def midi() -> Path:
    return places.home() / "midi"


def pictures() -> Path:
    return places.home() / "pictures"


def path(name: str, part: str = "name") -> Path:
    """Returns where a rack of that name is saved; E_PATH where the name is not allowed."""
    if not FILE_NAME.fullmatch(name):
        raise ChronusError(
            "E_PATH", f'"{name}" is no file name: letters, digits, "_", "." and "-", 64 at most', part=part
        )
    return folder() / (name.removesuffix(SUFFIX) + SUFFIX)


def save(name: str, rack: Rack, catalogue: Catalogue) -> Path:
    """Writes into a file beside the target, syncs and renames it: if anything fails, the old file stays."""
    goal = path(name)
    text = "".join(f"{line}\n" for line in script(rack, catalogue))
    if len(text) > LONGEST_SCRIPT:
        raise ChronusError("E_LIMIT", f"written out, the rack has {len(text):,} characters; a script is at most 1 MiB")
    _put(goal, text.encode())
    return goal


def export(name: str, bars: int, rack: Rack, catalogue: Catalogue) -> tuple[Path, dict[str, int]]:
    """Writes what the lanes play as a MIDI file; returns where, and how many notes each of them has."""
    name = path(name).name.removesuffix(SUFFIX).removesuffix(MIDI)
    goal, found = midi() / (name + MIDI), exported(rack, catalogue, bars)
    _put(goal, found.file)
    return goal, found.notes


def picture(name: str, suffix: str, content: bytes) -> Path:
    """Writes a picture; `suffix` is added to its name where it is not there yet."""
    goal = pictures() / (path(name, "file").name.removesuffix(SUFFIX).removesuffix(suffix) + suffix)
    _put(goal, content, "file")
    return goal


def _put(goal: Path, content: bytes, part: str = "name") -> None:
    """Writes a whole file or none."""
    try:
        files.make_folder(goal.parent)
        if goal.is_symlink():
            raise ChronusError("E_PATH", f"{goal.name} is a link; it is not written through", part=part)
        files.put(goal, content)
    except OSError as error:
        raise ChronusError(
            "E_FILE", f"{goal.name} cannot be written: {places.home_trouble(error)}", part=part
        ) from None


def names() -> dict[str, bool]:
    """Returns what can be opened, and whether it came with Chronus; a file of the user's hides one of the same name."""
    shipped = dict.fromkeys(_names(places.shipped("patches")), True)
    return dict(sorted((shipped | dict.fromkeys(_names(folder()), False)).items()))


def about(name: str, shipped: bool) -> str:
    """What a script says of itself: its first line, where that is a comment; otherwise ""."""
    file = (places.shipped("patches") if shipped else folder()) / (name + SUFFIX)
    with suppress(OSError, ValueError):
        if file.is_file():
            with file.open(encoding="utf-8") as there:
                first = there.readline(LONGEST_FIRST_LINE)
            return "".join(filter(str.isprintable, first.lstrip("#"))).strip() if first.startswith("#") else ""
    return ""


def _names(folder: Path) -> list[str]:
    with suppress(OSError):
        return [found.stem for found in folder.iterdir() if found.suffix == SUFFIX and not found.name.startswith(".")]
    return []
