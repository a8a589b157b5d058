"""Keeps what a user chose for all shells to come: a word each, in a file of the home."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from chronus import places
from chronus.errors import ChronusError

Word = TypeVar("Word", bound=str)


def kept(name: str, among: Iterable[Word]) -> Word | None:
    """Returns what was chosen last; None where nothing was, or no word of those."""
    try:
        found = (places.home() / name).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    return next((one for one in among if one == found), None)


def keep(name: str, chosen: str) -> None:
    """Raises E_FILE where nothing can be kept."""
    try:
        places.home().mkdir(parents=True, exist_ok=True)
        (places.home() / name).write_text(f"{chosen}\n", encoding="utf-8")
    except OSError as problem:
        raise ChronusError("E_FILE", f"it cannot be kept: {places.home_trouble(problem)}") from None
