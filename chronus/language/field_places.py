"""Finds where the words of a command stand in its line: field path -> (line, column), as the parser found them."""

from __future__ import annotations

from collections.abc import Mapping

Spans = Mapping[str, tuple[int, int]]


def place(part: str, start: tuple[int, int], spans: Spans) -> tuple[int, int]:
    """Returns where the word named by a field path stands; else where the path above it does; else where the command begins."""
    while part:
        if part in spans:
            return spans[part]
        part = part.rpartition(".")[0]
    return start
