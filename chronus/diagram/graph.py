"""Makes a graph of a rack: its modules with what silences them, and its cables with what they carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from chronus.catalogue.kinds import Catalogue, carries_audio, main_input, main_output
from chronus.catalogue.spec import BYPASS, LEVEL, Spec
from chronus.rack.document import Rack, Share, at_rest, audible, value
from chronus.rack.wiring import input_of, rendering, sounds
from chronus.units import OFF, format_quantity

Carries = Literal["sound", "modulation", "gate", "key"]
"""`gate`: what notes tell; `key`: sound that is listened to and not heard there."""


class Node(NamedTuple):
    """A module. `marks` are words for what silences it; `order` is its place in the order of rendering."""

    name: str
    kind: str
    marks: tuple[str, ...] = ()
    order: int = 0


class Link(NamedTuple):
    """A cable. `leaves` and `enters` are its ends as they are typed, main ports left out; `output` and `into` are its ports. `late`: it
    leads back, one block late. `main`: from a main output into a main input. `auto`: nobody asked for it."""

    source: str
    target: str
    leaves: str
    enters: str
    carries: Carries
    amount: str = ""
    late: bool = False
    main: bool = False
    output: str = ""
    into: str = ""
    auto: bool = False


class Graph(NamedTuple):
    """Modules in the order of the rack, and cables in the order of their names."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]


def graph_of(rack: Rack, catalogue: Catalogue, taken_out: Mapping[str, str], share: Share = at_rest) -> Graph:
    """`taken_out`: modules that are rendered no more; `share`: how far each sweep has got."""
    specs = {name: catalogue[module.kind] for name, module in rack.modules.items()}
    order, late = rendering(rack, specs)
    place = {name: k for k, name in enumerate(order)}
    leads = {key.source for key in rack.cables}
    nodes = []
    for name, module in rack.modules.items():
        marks = ["taken out"] if name in taken_out else []
        marks += _marks(rack, name, specs[name], share)
        if name not in leads and name != "out" and any(port.role == "audio" for port in specs[name].outs):
            marks.append("leads nowhere")
        nodes.append(Node(name, module.kind, tuple(marks), place[name]))
    links = []
    for key in sorted(rack.cables):
        source, target = specs[key.source], specs[key.target]
        out, into = main_output(source), main_input(target)
        from_main = out is not None and out.name == key.output
        to_main = into is not None and into.name == key.into
        amount = rack.cables[key].amount
        links.append(
            Link(
                key.source,
                key.target,
                key.source if from_main else f"{key.source}.{key.output}",
                key.target if to_main else f"{key.target}.{key.into}",
                _carries(source, target, key.output, key.into),
                format_quantity(amount) if amount is not None else "",
                key in late,
                from_main and to_main,
                key.output,
                key.into,
                rack.cables[key].auto,
            )
        )
    return Graph(tuple(nodes), tuple(links))


def _marks(rack: Rack, name: str, spec: Spec, share: Share) -> list[str]:
    found = []
    if name in rack.lanes and not audible(rack, name):
        found.append("muted")
    for param in spec.mix:
        now = value(rack, rack.modules[name], param, share)
        if param.name == LEVEL.name and now <= OFF:
            found.append("off")
        if param.name == BYPASS.name and now > 0.5:
            found.append("bypassed")
    return found


def _carries(source: Spec, target: Spec, output: str, into: str) -> Carries:
    port = input_of(target, into)
    if port is None:
        return "modulation"
    if port.role != "audio" or not sounds(source, output):
        return "gate" if port.role in ("gate", "velocity", "accent", "glide") else "modulation"
    return "sound" if carries_audio(port) else "key"


def plain(graph: Graph) -> dict[str, Any]:
    """Writes a graph as JSON has it."""
    return {
        "nodes": [{"name": node.name, "kind": node.kind, "marks": list(node.marks)} for node in graph.nodes],
        "cables": [
            {
                "source": link.source, "output": link.output, "target": link.target, "into": link.into, "amount": link.amount,
                "auto": link.auto, "from": link.leaves, "to": link.enters, "carries": link.carries, "late": link.late,
            }
            for link in graph.links
        ],
    }  # fmt: skip
