"""Draws a graph as SVG: a box for each module, in columns that lead to `out` at the right, and a curve for each cable."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

HEIGHT, ACROSS, DOWN, EDGE = 30, 110, 18, 24
"""Of a box, between two columns, between two boxes, and around it all, in pixels."""
CHARACTER = 8.5
SWEEPS = 6
"""How often the boxes of each column are put in the order of those they lead to and come from."""
STROKES = {
    "sound": ("#9aa4b2", ""),
    "modulation": ("#e0783c", "6 4"),
    "gate": ("#4fa3d1", "2 4"),
    "key": ("#b8b04a", "2 4"),
}  # fmt: skip


class Box(NamedTuple):
    left: float
    top: float
    wide: float

    @property
    def right(self) -> float:
        return self.left + self.wide

    @property
    def middle(self) -> float:
        return self.top + HEIGHT / 2


def svg(graph: dict[str, Any]) -> str:
    """`graph` is as JSON has it (`graph.plain`)."""
    nodes, cables = graph["nodes"], graph["cables"]
    columns = _ordered(_columns(nodes, cables), cables)
    marks = {node["name"]: node["marks"] for node in nodes}
    boxes: dict[str, Box] = {}
    left = float(EDGE)
    tallest = max(map(len, columns))
    for column in columns:
        wide = max(len(_label(name, marks[name])) for name in column) * CHARACTER + 20
        above = (tallest - len(column)) * (HEIGHT + DOWN) / 2
        for k, name in enumerate(column):
            boxes[name] = Box(left, EDGE + above + k * (HEIGHT + DOWN), wide)
        left += wide + ACROSS
    wide, high = left - ACROSS + EDGE, tallest * (HEIGHT + DOWN) - DOWN + 2 * EDGE
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high:.0f}" '
        f'width="{wide:.0f}" height="{high:.0f}" font-family="monospace" font-size="13">',
        '<rect width="100%" height="100%" fill="#14161a"/>',
        *(_curve(cable, boxes) for cable in cables),
        *(_box(name, box, marks[name]) for name, box in boxes.items()),
        "</svg>\n",
    ])  # fmt: skip


def _columns(nodes: list[dict[str, Any]], cables: list[dict[str, Any]]) -> list[list[str]]:
    """Puts each module directly before the first of those that it leads to; `out` is the last."""
    leads = defaultdict(list)
    for cable in cables:
        if not cable["late"]:
            leads[cable["source"]].append(cable["target"])
    far: dict[str, int] = {}

    def measure(name: str) -> int:
        """How many columns lie behind it."""
        if name not in far:
            far[name] = 0 if name == "out" else 1 + max([measure(other) for other in leads[name]], default=0)
        return far[name]

    columns: list[list[str]] = [[] for _ in range(max(measure(node["name"]) for node in nodes) + 1)]
    for node in nodes:
        columns[-1 - far[node["name"]]].append(node["name"])
    return [column for column in columns if column]


def _ordered(columns: list[list[str]], cables: list[dict[str, Any]]) -> list[list[str]]:
    """Moves each box towards the mean height of its neighbours, from left to right and back (Sugiyama, 1981)."""
    before, after = defaultdict(list), defaultdict(list)
    for cable in cables:
        before[cable["target"]].append(cable["source"])
        after[cable["source"]].append(cable["target"])
    height = {name: k - len(column) / 2 for column in columns for k, name in enumerate(column)}
    for sweep in range(SWEEPS):
        near, way = (after, reversed(columns)) if sweep % 2 == 0 else (before, iter(columns))
        for column in way:
            mean = {
                name: sum(height[other] for other in near[name]) / len(near[name]) if near[name] else height[name]
                for name in column
            }
            column.sort(key=mean.__getitem__)
            height |= {name: k - len(column) / 2 for k, name in enumerate(column)}
    return columns


def _label(name: str, marks: list[str]) -> str:
    return f"{name} ({', '.join(marks)})" if marks else name


def _box(name: str, box: Box, marks: list[str]) -> str:
    faint = ' opacity="0.5"' if marks else ""
    return (
        f'<g{faint}><rect x="{box.left:.1f}" y="{box.top:.1f}" width="{box.wide:.1f}" height="{HEIGHT}" rx="4" '
        f'fill="#232830" stroke="#5a6472"/><text x="{box.left + 10:.1f}" y="{box.middle + 4.5:.1f}" fill="#e8e8e8">'
        f"{escape(_label(name, marks))}</text></g>"
    )


def _curve(cable: dict[str, Any], boxes: dict[str, Box]) -> str:
    source, target = boxes[cable["source"]], boxes[cable["target"]]
    colour, dashes = STROKES[cable["carries"]]
    x1, y1, x2, y2 = source.right, source.middle, target.left, target.middle
    bend = max(abs(x2 - x1) / 2, 40.0)
    words = " ".join(filter(None, (cable["amount"], "late" if cable["late"] else "")))
    told = f"{cable['from']} > {cable['to']} {words}".rstrip()
    path = f"M{x1:.1f},{y1:.1f} C{x1 + bend:.1f},{y1:.1f} {x2 - bend:.1f},{y2:.1f} {x2:.1f},{y2:.1f}"
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    port = cable["to"].partition(".")[2]
    label = " ".join(filter(None, (port, words)))
    text = (
        f'<text x="{x1 + (x2 - x1) * 0.7:.1f}" y="{y1 + (y2 - y1) * 0.784 - 3:.1f}" fill="{colour}" font-size="10" '
        f'text-anchor="middle">{escape(label)}</text>'
        if label
        else ""
    )
    return f'<path d="{path}" fill="none" stroke="{colour}"{dashed}><title>{escape(told)}</title></path>{text}'
