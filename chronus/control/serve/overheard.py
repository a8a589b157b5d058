"""Collects what each author said, until the others are told: a few lines at once, then how many more there were.

A pipe may say thousands of lines a second; a prompt is told some of them, once a second at most, and how many it was not told.
"""

from __future__ import annotations

from msgspec import Struct, field

MOST = 4
"""Lines of one author that are told at once."""
EACH_SECONDS = 1.0
LONGEST = 120
"""Characters of a line."""


class Heard(Struct):
    """What one author said since the last time."""

    lines: list[str] = field(default_factory=list)
    more: int = 0


class Told(Struct, frozen=True):
    """A line for people who did not say it; `more`: instead of so many lines."""

    author: str
    text: str
    more: int = 0


class Overheard:
    def __init__(self) -> None:
        self._heard: dict[str, Heard] = {}
        self._next = 0.0

    def add(self, author: str, text: str) -> None:
        heard = self._heard.setdefault(author, Heard())
        if len(heard.lines) < MOST:
            heard.lines.append(text if len(text) <= LONGEST else f"{text[: LONGEST - 4].rstrip()} ...")
        else:
            heard.more += 1

    def due(self, now: float) -> list[Told]:
        """Returns what is to be told now, `now` being seconds of any clock."""
        if not self._heard or now < self._next:
            return []
        heard, self._heard, self._next = self._heard, {}, now + EACH_SECONDS
        found = []
        for author, said in heard.items():
            found += [Told(author, f"{author}: {line}") for line in said.lines]
            if said.more:
                found.append(
                    Told(author, f"{author}: and {said.more:,} more; `history {author}` lists them", said.more)
                )
        return found
