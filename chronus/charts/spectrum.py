"""Draws a spectrum: a bar a band from low to high, with dB on the left and frequencies below."""

from __future__ import annotations

from collections.abc import Sequence

from chronus.charts.axes import below, edge, labelled
from chronus.charts.canvas import Glyphs, Style, no_style, tower

SPAN = 60.0
"""dB from the bottom to the top."""
STEP = 12.0
"""The top is a whole multiple of it, the lowest that holds the loudest band."""
LABELLED = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000)


def hertz(frequency: float) -> str:
    """Writes a frequency as short as it can be read: 55, 1.2k, 16k."""
    if frequency < 1000:
        return f"{frequency:.0f}"
    return f"{frequency / 1000:.1f}".removesuffix(".0") + "k"


def top_of(bands: Sequence[float | None]) -> float:
    """Returns the dB at the top of the picture."""
    return STEP * -(-max((level for level in bands if level is not None), default=0.0) // STEP)


def spectrum(
    centers: Sequence[float],
    bands: Sequence[float | None],
    width: int,
    height: int,
    glyphs: Glyphs,
    style: Style = no_style,
) -> list[str]:
    """Draws bands, in dB, over the frequencies in their middle; None is silence. All are as wide as there is room for."""
    top = top_of(bands)
    rows = {round(k * STEP / SPAN * (height - 1)): f"{top - k * STEP:.0f}" for k in range(int(SPAN / STEP) + 1)}
    labels = {row: text for row, text in rows.items() if height >= 6 or row in (0, height - 1)}
    begin = edge(labels)
    each = max(1, (width - begin) // max(len(bands), 1))
    gap = 1 if each > 2 else 0
    shares = [0.0 if level is None else 1 + (level - top) / SPAN for level in bands]
    towers = [tower(share, height, glyphs) for share in shares]
    room = min(each * len(bands), width - begin)
    lines = ["".join(one[row] * (each - gap) + " " * gap for one in towers)[:room].rstrip() for row in range(height)]
    places = [(nearest(centers, frequency) * each + (each - gap) // 2, hertz(frequency)) for frequency in LABELLED]
    return [*labelled(lines, labels, style), *below(places, begin, room, style)]


def nearest(centers: Sequence[float], frequency: float) -> int:
    return min(range(len(centers)), key=lambda k: abs(centers[k] / frequency - 1), default=0)
