"""Draws a graph in characters: sound goes from left to right along lines to `out`; every other cable is a letter, explained below.

`kick>a` sends by the cables a, `a>reverb` takes them in. Only ASCII, and no line wider than asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chronus.diagram.forest import Forest, Letter, forest_of, letters
from chronus.diagram.graph import Graph

GAP = 5
"""Columns between a name and the next one that its line leads to: ` -+> `."""
SHORTEST = 12
"""A name is shortened to no less than this."""
LONGEST = 32
ROOM_FOR_LETTERS = 4
"""Columns that the letters of a line take which is cut."""
FEW = 16
"""Columns of a tree whose lines are cut one after another, which fills the width better, and takes longer."""
MOST_LETTERS = 26
"""A picture with more of them is only a riddle: then all cables are listed instead."""
NARROWEST = 24


def drawn(graph: Graph, width: int) -> list[str]:
    """Returns the lines of the picture and of its legend."""
    width = max(width, NARROWEST)
    if len(graph.nodes) < 2:
        return ["out: nothing is loaded"]
    forest, longest = _fitting(graph, width)
    if len(forest.letters) > MOST_LETTERS:
        return _listed(graph, width)
    labels = _labels(forest, longest)
    lines: list[str] = []
    alone: list[str] = []
    for root in forest.roots:
        if forest.below[root]:
            lines += _tree(forest, labels, root)
        else:
            alone.append(labels[root])
    lines += _rows(alone, width)
    return [_clipped(line, width) for line in [*lines, *_legend(forest, width)]]


def _fitting(graph: Graph, width: int) -> tuple[Forest, int]:
    """Returns trees that are no wider than that, and how long a name in them may be. Where need be, lines are cut and get letters."""
    for longest in (LONGEST, SHORTEST):
        forest = forest_of(graph)
        if not _too_wide(forest, _labels(forest, longest), width):
            return forest, longest
        if len(forest.letters) > MOST_LETTERS:
            return forest, longest
    cut: frozenset[str] = frozenset()
    while more := _too_wide(forest, _labels(forest, SHORTEST), width):
        cut |= more
        forest = forest_of(graph, cut)
    return forest, SHORTEST


def _too_wide(forest: Forest, labels: dict[str, str], width: int) -> frozenset[str]:
    """Returns whose lines have to go so that what is left of the trees fits; of none where all fits."""
    found: set[str] = set()
    for root in forest.roots:
        heights = _heights(forest, root)
        columns = _columns(heights, labels)
        if sum(columns) + GAP * (len(columns) - 1) <= width or len(columns) == 1:
            continue
        last, used = set[int](), 0
        for height, column in enumerate(columns):
            if last and len(columns) <= FEW:
                break  # the columns behind it may be narrower without it
            if used and used + column > width - ROOM_FOR_LETTERS:
                last.add(height - 1)
                used = 0
            used += column + GAP
        last = last or {len(columns) - 2}
        found |= {name for name, height in heights.items() if height in last and name != root}
    return frozenset(found)


def _heights(forest: Forest, root: str) -> dict[str, int]:
    found: dict[str, int] = {}

    def measure(name: str) -> int:
        found[name] = 1 + max([measure(other) for other in forest.below[name]], default=-1)
        return found[name]

    measure(root)
    return found


def _columns(heights: dict[str, int], labels: dict[str, str]) -> list[int]:
    columns = [0] * (max(heights.values()) + 1)
    for name, height in heights.items():
        columns[height] = max(columns[height], len(labels[name]))
    return columns


# ---------------------------------------------------------------- names


def _labels(forest: Forest, longest: int) -> dict[str, str]:
    """Returns what stands for each module: `a>name>b (muted) -3 dB`."""
    enters: dict[str, list[str]] = {}
    leaves: dict[str, list[str]] = {}
    for letter in forest.letters:
        for link in letter.links:
            for ends, name in ((enters, link.target), (leaves, link.source)):
                own = ends.setdefault(name, [])
                if letter.letter not in own:
                    own.append(letter.letter)
    found = {}
    for name, group in forest.groups.items():
        text = _short(name, longest)
        if len(group.names) > 1:
            text = f"{len(group.names)} x {_short(group.kind, longest)}"
        before, after = ",".join(enters.get(name, ())), ",".join(leaves.get(name, ()))
        text = f"{before}{'>' * bool(before)}{text}{'>' * bool(after)}{after}"
        if group.marks:
            text += f" ({', '.join(group.marks)})"
        line = forest.above.get(name)
        found[name] = f"{text} {line.amount}" if line is not None and line.amount else text
    return found


def _short(name: str, longest: int) -> str:
    return name if len(name) <= longest else f"{name[: longest - 2]}.."


# ---------------------------------------------------------------- lines


def _tree(forest: Forest, labels: dict[str, str], root: str) -> list[str]:
    heights = _heights(forest, root)
    columns = _columns(heights, labels)
    starts = [sum(columns[:k]) + GAP * k for k in range(len(columns))]
    canvas = [[" "] * (starts[-1] + columns[-1]) for _ in range(forest.rows(root))]

    def put(row: int, column: int, text: str) -> None:
        canvas[row][column : column + len(text)] = text

    def draw(name: str, row: int) -> None:
        begin = starts[heights[name]]
        put(row, begin, labels[name])
        at, joins = row, begin - 3
        rows = []
        for other in forest.below[name]:
            draw(other, at)
            rows.append(at)
            end = starts[heights[other]] + len(labels[other]) + 1
            put(at, end, "-" * (joins - end))
            at += forest.rows(other)
        if rows:
            for k in range(row, rows[-1] + 1):
                put(k, joins, "+" if k in rows else "|")
            put(row, joins, "+>" if len(rows) > 1 else "->")

    draw(root, 0)
    return ["".join(line).rstrip() for line in canvas]


def _rows(words: Iterable[str], width: int) -> Iterator[str]:
    """Puts words side by side."""
    line = ""
    for word in words:
        if line and len(line) + 3 + len(word) > width:
            yield line
            line = ""
        line += "   " * bool(line) + word
    if line:
        yield line


def _clipped(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 2]}.."


# ---------------------------------------------------------------- the legend


def _legend(forest: Forest, width: int) -> Iterator[str]:
    groups = [group for group in forest.groups.values() if len(group.names) > 1]
    for group in groups:
        yield from _wrapped(f"{len(group.names)} x {group.kind}: ", group.names, width)
    hidden = {group.name: f"{len(group.names)} x {group.kind}" for group in groups}
    wide = max((len(letter.letter) for letter in forest.letters), default=0)
    for letter in forest.letters:
        begin = f"{letter.letter:<{wide}}  {letter.enters} from "
        yield from _wrapped(begin, list(_sources(letter, hidden)), width)


def _sources(letter: Letter, hidden: dict[str, str]) -> Iterator[str]:
    for link in letter.links:
        name = hidden.get(link.source, link.source) + link.leaves[len(link.source) :]
        yield name + f" {link.amount}" * bool(link.amount) + " one block late" * link.late


def _listed(graph: Graph, width: int) -> list[str]:
    """Lists all cables by what they lead into."""
    places = letters(graph, ())
    lines = [f"{len(graph.nodes)} modules, {len(graph.links)} cables: too many to be drawn, so this is a list"]
    for place in places:
        lines += _wrapped(f"{place.enters} from ", list(_sources(place, {})), width)
    marked = [f"{node.name} ({', '.join(node.marks)})" for node in graph.nodes if node.marks]
    return [_clipped(line, width) for line in [*lines, *(_wrapped("marked: ", marked, width) if marked else ())]]


def _wrapped(begin: str, words: Iterable[str], width: int) -> Iterator[str]:
    """Lists words, separated by commas, on as many lines as it takes; those after the first are indented."""
    line, fresh = begin, True
    for word in words:
        if not fresh and len(line) + 2 + len(word) > width - 1:
            yield f"{line},"
            line, fresh = "   ", True
        line += word if fresh else f", {word}"
        fresh = False
    yield line
