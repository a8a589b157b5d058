"""What stands beside a picture: numbers on its left, marks and labels below it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chronus.charts.canvas import Style


def labelled(lines: Sequence[str], labels: dict[int, str], style: Style) -> list[str]:
    """Puts labels in front of the rows that have one, and an edge in front of all of them."""
    wide = max(map(len, labels.values()), default=0)
    return [
        style("dim", f"{labels.get(row, ''):>{wide}} {'+' if row in labels else '|'}") + line
        for row, line in enumerate(lines)
    ]


def edge(labels: dict[int, str]) -> int:
    """Returns the columns that `labelled` adds."""
    return max(map(len, labels.values()), default=0) + 2


def below(places: Iterable[tuple[int, str]], begin: int, width: int, style: Style) -> list[str]:
    """Draws an axis and its labels under a picture that begins at column `begin`: each label is centred under its place, or left out
    where there is no room."""
    line, text = ["-"] * width, ""
    for place, label in places:
        at = min(max(begin + place - (len(label) - 1) // 2, 0), begin + width - len(label))
        if not 0 <= place < width or (text and at < len(text) + 1):
            continue
        line[place] = "+"
        text = text.ljust(at) + label
    return [style("dim", " " * begin + "".join(line)), style("dim", text)]
