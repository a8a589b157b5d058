"""Keeps the figures of a sound under a name, so that others can be held against it: `hear save-ref NAME FILE`, `hear vs NAME`.

Some come with Chronus (patches/references.json), measured by `chronus hear SCRIPT --bars 16 --json`: each says of what.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from chronus import places
from chronus.ears import beside
from chronus.errors import ChronusError
from chronus.system import files

SUFFIX = ".json"


class Reference(Struct, frozen=True):
    """`source`: what was measured."""

    source: str
    figures: dict[str, Any]


def folder() -> Path:
    return places.home() / "references"


def names() -> list[str]:
    """Returns the references of the user, and those that come with Chronus."""
    own = []
    with suppress(OSError):
        own = [found.stem for found in folder().iterdir() if found.suffix == SUFFIX and not found.name.startswith(".")]
    return sorted({*own, *_shipped()})


def find(name: str) -> Reference:
    """Returns a reference; one of the user's hides one of the same name. Raises E_FILE where it cannot be read."""
    path = folder() / (name + SUFFIX)
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Reference)
        beside.lines(found.figures, found.figures, ("", ""))
        return found
    except FileNotFoundError:
        if name in _shipped():
            return _shipped()[name]
        raise ChronusError("E_FILE", f"there is no reference {name}; `hear save-ref {name}` keeps one") from None
    except (OSError, msgspec.MsgspecError, KeyError, TypeError, ValueError):
        raise ChronusError("E_FILE", f"{path} is no reference; `hear save-ref {name}` makes it anew") from None


def keep(name: str, source: str, figures: Mapping[str, Any]) -> Path:
    """Writes a reference, over one of the same name. Raises E_FILE where the disk refuses."""
    path = folder() / (name + SUFFIX)
    try:
        files.make_folder(path.parent)
        files.put(path, msgspec.json.encode(Reference(source, dict(figures))) + b"\n")
    except OSError as problem:
        raise ChronusError("E_FILE", f"{path} cannot be written: {problem.strerror}") from None
    return path


@cache
def _shipped() -> dict[str, Reference]:
    return msgspec.json.decode((places.shipped("patches") / "references.json").read_bytes(), type=dict[str, Reference])
