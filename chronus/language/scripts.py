"""Finds scripts by name: `open NAME`, `chronus render NAME` and `chronus NAME` all mean the same file.

A path that exists comes first; then what the user saved; then what came with Chronus.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from chronus import places
from chronus.errors import ChronusError, nearest
from chronus.language.statements import LONGEST_SCRIPT

SUFFIX = ".chronus"
JOURNAL = b"#chronus-journal"
"""How a journal begins; it is as long as it is."""


def folders() -> tuple[Path, ...]:
    """Returns where saved scripts lie, the user's own first."""
    return places.home() / "patches", places.shipped("patches")


def find(name: str, *others: str) -> Path:
    """Finds the file that a name or a path means. Raises E_FILE with what it may have been; `others` are words that may have been
    meant, too.
    """
    try:
        here = Path(name)
        if name and here.exists() and not here.is_dir():
            return here
        kept = _kept(name)
        if kept is not None:
            return kept
        if name and here.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    except (OSError, RuntimeError, ValueError) as problem:
        raise ChronusError("E_FILE", f"{name}: {_why(problem)}") from None
    near = () if "/" in name else nearest(name.removesuffix(SUFFIX), [*names(), *others])
    raise ChronusError("E_FILE", f"{name}: {os.strerror(errno.ENOENT)}", suggestions=near)


def _kept(name: str) -> Path | None:
    if "/" in name:
        return None
    file = name.removesuffix(SUFFIX) + SUFFIX
    for folder in folders():
        path = folder / file
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ChronusError("E_PATH", f"{file} is a link that leads elsewhere; it is not followed")
        if path.exists():
            return path
    return None


def read(path: Path, *, pipes: bool = True) -> bytes:
    """What it says: of a script no more than tells that it is too long, of a journal all. Without `pipes` only a plain file is read."""
    try:
        if not pipes and not path.is_file():
            raise ChronusError("E_FILE", f"{path.name} is no file that can be read")
        with path.open("rb") as there:
            found = there.read(LONGEST_SCRIPT + 1)
            return found + there.read() if found.startswith(JOURNAL) and pipes else found
    except (OSError, ValueError) as problem:
        raise ChronusError("E_FILE", f"{path}: {_why(problem)}") from None


def names() -> Iterator[str]:
    """Returns what is saved, with or without files of a name that the user's own file hides."""
    for folder in folders():
        try:
            yield from (path.stem for path in folder.iterdir() if path.suffix == SUFFIX)
        except OSError:
            continue


def _why(problem: Exception) -> str:
    if isinstance(problem, RuntimeError):
        return "its links go round"
    return getattr(problem, "strerror", None) or str(problem)
