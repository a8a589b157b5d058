"""Decides which cables of a graph are drawn as lines: of each module one, so that the lines form trees whose roots are at the right.

All other cables get a letter, which stands at both of their ends; so no line crosses another. Cables into the same place share one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from chronus.diagram.graph import Graph, Link, Node

MOST_ROWS = 24
"""With more rows than this, modules that are alike and lead to the same place are drawn as one."""


class Group(NamedTuple):
    """What is drawn as one: mostly a single module; or several of a kind that are alike."""

    names: tuple[str, ...]
    kind: str
    marks: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.names[0]


class Letter(NamedTuple):
    """Cables that are not drawn as lines, into one place."""

    letter: str
    enters: str
    links: tuple[Link, ...]


class Forest(NamedTuple):
    """`above` is the line that leaves a group, by name; `below` the groups whose lines come into it, in order; `roots` are
    those that none leaves."""

    groups: dict[str, Group]
    above: dict[str, Link]
    below: dict[str, list[str]]
    roots: tuple[str, ...]
    letters: tuple[Letter, ...]

    def rows(self, name: str) -> int:
        return sum(map(self.rows, self.below[name])) or 1


def forest_of(graph: Graph, cut: frozenset[str] = frozenset()) -> Forest:
    """Returns the trees of a graph. `cut`: modules whose line is left out, because there is no room for it."""
    above = {name: link for name, link in _lines(graph).items() if name not in cut}
    forest = _grown(graph, above, {node.name: Group((node.name,), node.kind, node.marks) for node in graph.nodes})
    return forest if sum(map(forest.rows, forest.roots)) <= MOST_ROWS else _folded(graph, forest)


def _lines(graph: Graph) -> dict[str, Link]:
    """Chooses the cable of each module that is its line: one without a gain, and where it has to pass through more, rather than another."""
    place = {node.name: node.order for node in graph.nodes}
    could: dict[str, list[Link]] = {}
    for link in graph.links:
        if link.carries == "sound" and link.main and not link.late:
            could.setdefault(link.source, []).append(link)
    far: dict[str, int] = {}
    found: dict[str, Link] = {}
    for name in sorted(could, key=place.__getitem__, reverse=True):  # whatever a cable leads to has its turn before
        best = min(could[name], key=lambda link: (bool(link.amount), -far.get(link.target, 0), link.target))
        found[name] = best
        far[name] = far.get(best.target, 0) + 1
    return found


def _grown(graph: Graph, above: dict[str, Link], groups: dict[str, Group]) -> Forest:
    place = {node.name: k for k, node in enumerate(graph.nodes)}
    order = {node.name: node.order for node in graph.nodes}
    below: dict[str, list[str]] = {name: [] for name in groups}
    first = {name: place[name] for name in groups}
    for name in sorted(above, key=order.__getitem__):
        target = above[name].target
        below[target].append(name)
        first[target] = min(first[target], first[name]) if len(below[target]) > 1 else first[name]
    for names in below.values():
        names.sort(key=first.__getitem__)
    leads_on = {link.source for link in graph.links if link.carries == "sound" and not link.late}

    def turn(name: str) -> tuple[int, int]:
        """What leads on to another tree comes before it, and what is not heard by itself comes last."""
        if name == "out":
            return 1, 0
        return (0, order[name]) if name in leads_on else (2, place[name])

    roots = sorted((name for name in groups if name not in above), key=turn)
    return Forest(groups, above, below, tuple(roots), letters(graph, above.values()))


def letters(graph: Graph, lines: Iterable[Link]) -> tuple[Letter, ...]:
    """Returns the cables of a graph that are no lines, by what they lead into; `out` comes last."""
    place = {node.name: k for k, node in enumerate(graph.nodes)} | {"out": len(graph.nodes)}
    drawn = set(lines)
    into: dict[tuple[int, str, bool], list[Link]] = {}
    for link in graph.links:
        if link not in drawn:
            into.setdefault((place[link.target], link.enters, link.late), []).append(link)
    return tuple(
        Letter(_letter(k), key[1], tuple(sorted(into[key], key=lambda link: (place[link.source], link.leaves))))
        for k, key in enumerate(sorted(into))
    )


def _letter(number: int) -> str:
    """a .. z, aa, ab ..."""
    text = ""
    while number >= 0:
        number, rest = divmod(number, 26)
        text, number = chr(ord("a") + rest) + text, number - 1
    return text


def _folded(graph: Graph, forest: Forest) -> Forest:
    """Draws as one what is of one kind, is silenced by the same, leads to the same places as strongly, and has nothing leading into it."""
    leaving: dict[str, set[tuple[str, ...]]] = {node.name: set() for node in graph.nodes}
    entered = set()
    for link in graph.links:
        output = link.leaves[len(link.source) :]
        leaving[link.source].add((output, link.enters, link.amount))
        entered.add(link.target)
    alike: dict[tuple[object, ...], list[Node]] = {}
    for node in graph.nodes:
        own = node.name if node.name in entered or node.name == "out" else ""
        alike.setdefault((own, node.kind, node.marks, frozenset(leaving[node.name])), []).append(node)
    groups = {nodes[0].name: _group(nodes) for nodes in alike.values()}
    above = {name: link for name, link in forest.above.items() if name in groups}
    hidden = {name for group in groups.values() for name in group.names[1:]}
    links = tuple(link for link in graph.links if link.source not in hidden)
    return _grown(Graph(graph.nodes, links), above, groups)


def _group(nodes: Sequence[Node]) -> Group:
    return Group(tuple(node.name for node in nodes), nodes[0].kind, nodes[0].marks)
