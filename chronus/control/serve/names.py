"""Gives each client a name of its own: the one that it asks for, or that with the next free number behind it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import count

from chronus.conductor import authors

LONGEST = 32


def unique(wanted: str, types: bool, taken: Collection[str]) -> str:
    """Returns a name that no other client has, whatever its case. `types`: somebody types there, and it was asked for none."""
    name = authors.of_client(wanted) or ("shell" if types else "script")
    others = {other.lower() for other in taken}
    return next(found for found in _numbered(name) if found.lower() not in others)


def _numbered(name: str) -> Iterator[str]:
    yield name[:LONGEST]
    for number in count(2):
        yield f"{name[: LONGEST - len(str(number))]}{number}"
