"""The budget: decides whether this machine could render a rack in time. To refuse a rack is better than to play it with gaps.

The time a rack takes when all of it sounds is the sum of what its kernels cost, weighed when they were compiled, or what rendering
takes now if that is more. Both are processor time, so other work on the machine makes neither larger, and no rack that takes less than
the one before it is ever refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from chronus.catalogue.kinds import Catalogue, kind_and_lanes
from chronus.errors import ChronusError
from chronus.plan.difference import is_structural
from chronus.rack.document import Module, Rack
from chronus.rack.wiring import FITS, Width, wire_up

MOST = 0.8
"""Of a block's time; the rest is for what parameters, moving voices and the rest of the machine add."""

GRAPH, GRAPH_A_LANE = 300.0, 80.0
"""Nanoseconds a module, and more a lane, that feeding, mixing and guarding it take beside its kernel: seen in racks of 200 modules."""

Weighed = Mapping[str, tuple[tuple[int, float], ...]]
"""(lanes, nanoseconds a block) of each kind, the fewest lanes first."""


class Budget:
    """Decides whether a rack can be afforded. `now` gives what rendering takes now, in all and for each module, in nanoseconds a block."""

    def __init__(
        self, catalogue: Catalogue, block_nanoseconds: float, weighed: Callable[[], Weighed],
        now: Callable[[], tuple[float, Mapping[str, float]]],
    ) -> None:  # fmt: skip
        self.catalogue, self.block_nanoseconds = catalogue, block_nanoseconds
        self.weighed, self.now = weighed, now
        self.dear: list[tuple[Module, float]] = []
        """Modules that were taken out because they were too much, as they were, and what they took."""
        self._widths: list[tuple[Rack, dict[str, Width]]] = []

    def afford(self, rendered: Rack, before: Rack, after: Rack) -> None:
        """Raises E_BUDGET if `after`, which a command makes of `before`, could not be rendered in time. `rendered` is the rack of now."""
        if not is_structural(before, after):
            return
        took, each = self.now()
        measured: dict[str, float] = {}
        for name, module in rendered.modules.items():
            measured[module.kind] = max(measured.get(module.kind, 0.0), each.get(name, 0.0))
        if took + self._at_most(after, measured) <= MOST * self.block_nanoseconds:
            return
        was, will = sum(self._costs(before, measured).values()), sum(self._costs(after, measured).values())
        present = self._costs(rendered, measured)
        kept = sum(present[name] for name, module in rendered.modules.items() if _has(after, module))
        whole = sum(present.values())
        heavier = max(0.0, took - whole) * kept / whole if whole else 0.0
        share = (will + heavier) / self.block_nanoseconds
        if will > was and share > MOST:
            raise ChronusError(
                "E_BUDGET",
                f"rendering this rack would take {share:.0%} of the time there is, and {MOST:.0%} is the most; "
                f"now it takes {max(took, was) / self.block_nanoseconds:.0%}: unload a module or play fewer voices first",
            )

    def _costs(self, rack: Rack, measured: Mapping[str, float]) -> dict[str, float]:
        """Returns what each module takes: what it is known to have taken, else what its kernel was weighed with, else what its kind
        takes now.
        """
        weighed, widths = self.weighed(), self._widths_of(rack)
        return {
            name: self._dear(module) or cost(module.kind, widths[name].lanes, weighed) or measured.get(module.kind, 0.0)
            for name, module in rack.modules.items()
        }

    def _at_most(self, rack: Rack, measured: Mapping[str, float]) -> float:
        """Returns an upper bound of the cost without wiring the rack: as if each module had the most voices of all, and two sides."""
        weighed = self.weighed()
        voices = max(module.voices for module in rack.modules.values())
        lanes = {2, next(fit for fit in FITS if fit >= voices)}
        of_kind = {
            kind: max(*(cost(kind, n, weighed) for n in (1, *lanes)), measured.get(kind, 0.0))
            for kind in {module.kind for module in rack.modules.values()}
        }
        dear = sum(took for _, took in self.dear)
        return dear + sum(of_kind[module.kind] for module in rack.modules.values())

    def _dear(self, module: Module) -> float:
        return next((took for other, took in self.dear if other == module), 0.0)

    def _widths_of(self, rack: Rack) -> dict[str, Width]:
        """Returns the widths of a rack's modules. Those of the last few racks are kept: a command starts from the rack that the
        last one made.
        """
        for other, widths in self._widths:
            if other is rack:
                return widths
        widths = wire_up(rack, self.catalogue).widths
        self._widths = [*self._widths[-3:], (rack, widths)]
        return widths


def _has(rack: Rack, module: Module) -> bool:
    return module.name in rack.modules and rack.modules[module.name].kind == module.kind


def cost(kind: str, lanes: int, weighed: Weighed) -> float:
    """Returns nanoseconds a block; 0 if the kind was never weighed. For a number of lanes that was not weighed: the cost of the
    next larger one, or in proportion to the largest.
    """
    known = weighed.get(kind, ())
    if not known:
        return 0.0
    largest, most = known[-1]
    kernel = next((took for lane, took in known if lane >= lanes), most * max(1.0, lanes / largest))
    return kernel + GRAPH + GRAPH_A_LANE * lanes


class CostsFile:
    """Reads the costs that the builder of the kernels wrote, again whenever it adds to them; without that file nothing is known."""

    def __init__(self, path: Path) -> None:
        self.path, self._stamp = path, 0
        self._weighed: Weighed = {}

    def __call__(self) -> Weighed:
        try:
            stamp = self.path.stat().st_mtime_ns
            if stamp != self._stamp:
                self._weighed, self._stamp = by_kind(json.loads(self.path.read_bytes())), stamp
        except (OSError, ValueError):
            pass  # it was never written: nothing is known
        return self._weighed


def by_kind(costs: Mapping[str, float]) -> Weighed:
    """Sorts costs by kind and number of lanes, the fewest first, from names like `KIND xLANES`."""
    found: dict[str, list[tuple[int, float]]] = {}
    for key, took in costs.items():
        kind, lanes = kind_and_lanes(key)
        found.setdefault(kind, []).append((lanes, took))
    return {kind: tuple(sorted(known)) for kind, known in found.items()}
