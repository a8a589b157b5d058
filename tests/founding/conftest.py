"""What the sixteen founding tests share: each figure is printed beside its bar, and gates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.table import Missed
from tests.kit.machine import HELD

Held = Callable[..., None]


@pytest.fixture
def held(request: pytest.FixtureRequest, figure: Callable[[str], None]) -> Held:
    """`held("latency, worst", 14.2, "ms", most=20)`: prints a figure beside its bar, and fails where it misses it.

    `least`: a bar that the figure must reach. Without a bar the figure is only told. `soak=True`: others at work decide it as well, so the
    bar gates in `make soak` alone (see tests/kit/rounds.py).
    """
    _, group, number, *_ = Path(str(request.node.path)).stem.split("_")
    test = f"{group.upper()}-{number}"
    gates = request.config.getoption("--faults-table")

    def hold(
        what: str, value: float, unit: str = "", *, most: float | None = None, least: float | None = None, soak: bool = False
    ) -> None:  # fmt: skip
        bar = f"<= {most:g}" if most is not None else f">= {least:g}" if least is not None else ""
        missed = not ((most is None or value <= most) and (least is None or value >= least))  # NaN misses every bar
        verdict = f"({bar}: {'MISSED' if missed else 'holds'})" if bar else ""
        line = f"  {test:<8} {what:<58} {value:12.6g} {unit:<5} {verdict}".rstrip()
        figure(line if gates or not (missed and soak) else f"{line}; {HELD}")
        if missed and (gates or not soak):
            raise Missed(line.strip())

    return hold
