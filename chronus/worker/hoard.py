"""Keeps the folders of compiled kernels: each version of each checkout has one, and those that are not needed any more are removed.

A folder's label names the package it was compiled from, and is touched whenever its kernels are loaded. An engine of older code may
still run, and still load kernels from its folder: so an older version is kept as long as it is used, and a week longer.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from chronus import places

KEPT_SECONDS = 7 * 24 * 3600


def label(folder: Path) -> Path:
    return folder / places.BUILT


def claim(folder: Path) -> None:
    """Labels a folder as this package's, and as used now."""
    with suppress(OSError):  # a cache that cannot be written to is still read
        folder.mkdir(parents=True, exist_ok=True)
        label(folder).write_text(str(places.PACKAGE.resolve()))


def prune(own: Path) -> None:
    """Deletes the folders beside `own`, which has just been claimed, that are not needed any more."""
    if not label(own).exists():
        return
    for folder in list(_needless(own, label(own).stat().st_mtime)):
        shutil.rmtree(folder, ignore_errors=True)


def _needless(own: Path, now: float) -> Iterator[Path]:
    for folder in own.parent.glob("kernels-*"):
        if folder == own:
            continue
        with suppress(OSError):  # somebody else clears away as well
            labelled = label(folder).exists()
            package = Path(label(folder).read_text()) if labelled else places.PACKAGE.resolve()
            used = (label(folder) if labelled else folder).stat().st_mtime
            left = package == places.PACKAGE.resolve() and now - used > KEPT_SECONDS
            if left or not package.exists():
                yield folder
