"""Draws a graph as SVG: a box for each module, in columns that lead to `out` at the right, and a curve for each cable.

A cable that passes columns has a place of its own in each of them, so it goes between boxes and not behind them (Sugiyama, 1981).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

HEIGHT, THIN, ACROSS, DOWN, EDGE = 30, 8, 90, 16, 24
"""Of a box, of the place of a cable that passes, between two columns, between two places, and around it all, in pixels."""
CHARACTER = 8.0
SWEEPS = 8
"""How often the places of each column are put in the order of those that they lead to and come from."""
MOST_PASSING = 2000
"""Places of cables that pass. Those beyond go behind what lies on their way: control draws this, and others wait for their answers."""
STROKES = {
    "sound": ("#9aa4b2", ""),
    "modulation": ("#e0783c", "6 4"),
    "gate": ("#4fa3d1", "2 4"),
    "key": ("#b8b04a", "2 4"),
}  # fmt: skip

Node = dict[str, Any]
Cable = dict[str, Any]
Place = tuple[str, int]
"""A module is (its name, 0). A cable that passes a column is ("", a number of its own)."""


class Box(NamedTuple):
    left: float
    top: float
    wide: float
    high: float

    @property
    def right(self) -> float:
        return self.left + self.wide

    @property
    def middle(self) -> float:
        return self.top + self.high / 2


class Layout(NamedTuple):
    """`routes`: the places that each cable goes through, its ends counted."""

    columns: list[list[Place]]
    routes: list[list[Place]]


def svg(graph: dict[str, Any]) -> str:
    """`graph` is as JSON has it (`graph.plain`)."""
    nodes, cables = graph["nodes"], graph["cables"]
    labels = {node["name"]: _label(node) for node in nodes}
    layout = _laid_out(nodes, cables)
    boxes = _boxes(layout.columns, labels)
    wide = max(box.right for box in boxes.values()) + EDGE
    high = max(box.top + box.high for box in boxes.values()) + EDGE
    faint = {node["name"] for node in nodes if node["marks"]}
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high:.0f}" '
        f'width="{wide:.0f}" height="{high:.0f}" font-family="monospace" font-size="13">',
        '<rect width="100%" height="100%" fill="#14161a"/>',
        *(_curve(cable, [boxes[place] for place in route]) for cable, route in zip(cables, layout.routes, strict=True)),
        *(_box(labels[name], boxes[name, 0], name in faint) for name in labels),
        "</svg>\n",
    ])  # fmt: skip


# ---------------------------------------------------------------- places


def _laid_out(nodes: Sequence[Node], cables: Sequence[Cable]) -> Layout:
    """Puts each module directly before the first of those that it leads to; `out` is the last. What leads back is left out of that."""
    far = _distances(nodes, cables)
    last = max(far.values())
    columns: list[list[Place]] = [[] for _ in range(last + 1)]
    for node in nodes:
        columns[last - far[node["name"]]].append((node["name"], 0))
    routes, passing = [], 0
    for cable in cables:
        begin, end = last - far[cable["source"]], last - far[cable["target"]]
        route: list[Place] = [(cable["source"], 0)]
        for column in columns[begin + 1 : end]:
            if passing == MOST_PASSING:
                break
            passing += 1
            column.append(("", passing))
            route.append(("", passing))
        routes.append([*route, (cable["target"], 0)])
    _order(columns, routes)
    return Layout([column for column in columns if column], routes)


def _distances(nodes: Sequence[Node], cables: Sequence[Cable]) -> dict[str, int]:
    """Returns how many columns lie behind each module."""
    leads = defaultdict(list)
    for cable in cables:
        if not cable["late"]:
            leads[cable["source"]].append(cable["target"])
    far: dict[str, int] = {}

    def measure(name: str) -> int:
        if name not in far:
            far[name] = 0 if name == "out" else 1 + max([measure(other) for other in leads[name]], default=0)
        return far[name]

    for node in nodes:
        measure(node["name"])
    return far


def _order(columns: list[list[Place]], routes: Iterable[Sequence[Place]]) -> None:
    """Moves each place towards the mean height of its neighbours, from right to left and back."""
    before, after = defaultdict(list), defaultdict(list)
    for route in routes:
        for one, other in pairwise(route):
            before[other].append(one)
            after[one].append(other)
    height = {place: k - len(column) / 2 for column in columns for k, place in enumerate(column)}
    for sweep in range(SWEEPS):
        near, way = (after, columns[::-1]) if sweep % 2 == 0 else (before, columns)
        for column in way:
            mean = {
                place: sum(height[other] for other in near[place]) / len(near[place]) if near[place] else height[place]
                for place in column
            }
            column.sort(key=mean.__getitem__)
            height |= {place: k - len(column) / 2 for k, place in enumerate(column)}


def _boxes(columns: Sequence[Sequence[Place]], labels: dict[str, str]) -> dict[Place, Box]:
    found = {}
    highs = [[HEIGHT if name else THIN for name, _ in column] for column in columns]
    tallest = max(sum(high) + DOWN * (len(high) - 1) for high in highs)
    left = float(EDGE)
    for column, high in zip(columns, highs, strict=True):
        wide = max([len(labels[name]) for name, _ in column if name], default=0) * CHARACTER + 20
        top = EDGE + (tallest - sum(high) - DOWN * (len(high) - 1)) / 2
        for place, tall in zip(column, high, strict=True):
            found[place] = Box(left, top, wide, tall)
            top += tall + DOWN
        left += wide + ACROSS
    return found


# ---------------------------------------------------------------- shapes


def _label(node: Node) -> str:
    return f"{node['name']} ({', '.join(node['marks'])})" if node["marks"] else str(node["name"])


def _box(label: str, box: Box, faint: bool) -> str:
    dim = ' opacity="0.5"' if faint else ""
    return (
        f'<g{dim}><rect x="{box.left:.1f}" y="{box.top:.1f}" width="{box.wide:.1f}" '
        f'height="{box.high}" rx="4" fill="#232830" stroke="#5a6472"/><text x="{box.left + 10:.1f}" '
        f'y="{box.middle + 4.5:.1f}" fill="#e8e8e8">{escape(label)}</text></g>'
    )


def _curve(cable: Cable, way: Sequence[Box]) -> str:
    colour, dashes = STROKES[cable["carries"]]
    path = f"M{way[0].right:.1f},{way[0].middle:.1f}"
    for one, other in pairwise(way):
        x1, y1, x2, y2 = one.right, one.middle, other.left, other.middle
        bend = max(abs(x2 - x1) / 2, 40.0)
        path += f" C{x1 + bend:.1f},{y1:.1f} {x2 - bend:.1f},{y2:.1f} {x2:.1f},{y2:.1f}"
        if other is not way[-1]:
            path += f" H{other.right:.1f}"
    words = " ".join(filter(None, (cable["amount"], "late" if cable["late"] else "")))
    told = escape(f"{cable['from']} > {cable['to']} {words}".rstrip())
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path d="{path}" fill="none" stroke="{colour}"{dashed}><title>{told}</title></path>' + _words(
        " ".join(filter(None, (cable["to"].partition(".")[2], words))), way, colour
    )


def _words(label: str, way: Sequence[Box], colour: str) -> str:
    """Writes what a cable does where it leaves, which is where the fewest others are."""
    if not label:
        return ""
    x, y = way[0].right + 6, way[0].middle + (way[1].middle - way[0].middle) * 0.12 - 3
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="10">{escape(label)}</text>'
