"""Draws a stretch of sound over time: for each moment how far it went down and up."""

from __future__ import annotations

from collections.abc import Sequence

from chronus.charts.axes import below, edge, labelled
from chronus.charts.canvas import Canvas, Glyphs, Style, no_style

QUIETEST = 1e-4
"""A wave is drawn as high as there is room for, but nothing that is quieter than this."""


def wave(
    low: Sequence[float], high: Sequence[float], marks: Sequence[tuple[float, str]], width: int, height: int,
    glyphs: Glyphs, style: Style = no_style,
) -> list[str]:  # fmt: skip
    """Draws a wave with its amplitude on the left, and below it `marks`: labels, each at a share of the time."""
    top = max(QUIETEST, -min(low, default=0.0), max(high, default=0.0))
    labels = {0: f"+{top:.3f}", height // 2: "0", height - 1: f"-{top:.3f}"}
    begin = edge(labels)
    canvas = Canvas(max(width - begin, 1), height, glyphs)
    middle = (canvas.down - 1) / 2
    for x in range(canvas.across if low else 0):
        first = x * len(low) // canvas.across
        last = max(first + 1, (x + 1) * len(low) // canvas.across)
        least, most = min(low[first:last]), max(high[first:last])
        canvas.run(x, round(middle - most / top * middle), round(middle - least / top * middle))
    room = width - begin
    places = [(min(round(share * room), room - 1), label) for share, label in marks]
    return [*labelled(canvas.lines(), labels, style), *below(places, begin, room, style)]
