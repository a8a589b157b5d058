"""Writes a graph in the language of Graphviz, which can lay it out and draw it: `dot -Tpng rack.dot`."""

from __future__ import annotations

from typing import Any

STYLES = {"sound": "solid", "modulation": "dashed", "gate": "dotted", "key": "dotted"}


def dot(graph: dict[str, Any]) -> str:
    """`graph` is as JSON has it (`graph.plain`)."""
    lines = ["digraph rack {", '  rankdir="LR";', '  node [shape="box", fontname="monospace"];']
    for node in graph["nodes"]:
        words = [node["name"], *(f"({mark})" for mark in node["marks"])]
        lines.append(f"  {_quoted(node['name'])} [label={_quoted(' '.join(words))}];")
    for cable in graph["cables"]:
        ends = [cable[end].partition(".")[2] for end in ("from", "to")]
        label = " ".join(filter(None, (*ends, cable["amount"], "one block late" if cable["late"] else "")))
        style = f'style="{STYLES[cable["carries"]]}"' + ', constraint="false"' * cable["late"]
        pair = f"{_quoted(cable['source'])} -> {_quoted(cable['target'])}"
        lines.append(f"  {pair} [{style}, label={_quoted(label)}];")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
