"""The table of sounds, written by the runs: what was measured of each kind, the bar, and the best peer.

A test measures through the fixture `quality`, which holds the figure against its bar. `pytest --sound-table` also writes README.md.

Rule 1: a row is known by its kind and what was measured, and stays until a run measures that again; a kind that is gone takes its rows
        along.
Rule 2: of a figure that is measured several times in a run (at each frequency, say) the worst is told.
Rule 3: a figure that falls short for a known reason is given with it (`short=...`): the table shows the reason, and the test fails as
        soon as the bar is met, so that no reason outlives its fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal

import pytest
from msgspec import Struct

from chronus.dsp.discovery import discover
from chronus.places import modules_folders

TABLE = Path(__file__).parent / "README.md"
Sense = Literal["<=", ">="]
Quality = Callable[..., None]

HEAD = """\
# How good each kind sounds, measured

Written by `pytest tests/modules tests/laws tests/sound --sound-table`; do not edit. Each figure is taken from what the kind renders, by a
test that fails where its bar is missed. The best peer is what a published measurement of another system says.

| kind | figure | measured | bar | best peer | |
| --- | --- | --- | --- | --- | --- |
"""


class Row(Struct, frozen=True):
    kind: str
    figure: str
    measured: str
    bar: str
    peer: str = ""
    short: str = ""

    def cells(self) -> str:
        cells = (self.kind, self.figure, self.measured, self.bar, self.peer, self.short)
        return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def read(text: str) -> list[Row]:
    """The rows of a written table."""
    found = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split(" | ")]
        if line.startswith("|") and len(cells) == 6 and cells[0] not in ("kind", "---"):
            found.append(Row(*cells))
    return found


def merged(old: Iterable[Row], new: Iterable[Row]) -> list[Row]:
    """The rows of `new`, and those of `old` that it does not measure again, in order."""
    rows = {(row.kind, row.figure): row for row in (*old, *new)}
    return [rows[key] for key in sorted(rows)]


def page(rows: Iterable[Row]) -> str:
    return HEAD + "".join(row.cells() + "\n" for row in rows)


def told(value: float, unit: str) -> str:
    return f"{value:.4g}{unit and ' ' + unit}"


# ---------------------------------------------------------------- what pytest calls


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--sound-table", action="store_true", help="write what was measured to tests/sound/README.md")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Seen(), "sound table")


@pytest.fixture
def quality(request: pytest.FixtureRequest) -> Quality:
    """`quality("filter", "Q off by", 0.2, "<=", 0.5, "%", peer="Csound 0.4")`: keeps a figure, and fails where it misses its bar.

    `short` is the reason for which a bar is known to be missed. With it the test fails where the bar is met.
    """

    def keep(
        kind: str, what: str, value: float, sense: Sense, bar: float, unit: str = "", *, peer: str = "", short: str = ""
    ) -> None:
        value = float(value)
        met = value <= bar if sense == "<=" else value >= bar
        request.node.user_properties.append(("quality", (kind, what, value, sense, bar, unit, peer, short)))
        assert met or short, f"{kind}: {what} is {told(value, unit)}, and has to be {sense} {told(bar, unit)}"
        assert not (met and short), f"{kind}: {what} meets its bar, though it is said to fall short: {short}"

    return keep


class _Seen:
    """What one run measured; of a figure measured more than once the worst."""

    def __init__(self) -> None:
        self.worst: dict[tuple[str, str], tuple[Any, ...]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call":
            return
        for name, row in report.user_properties:
            if name == "quality":
                kind, what, value, sense, *_ = row
                before = self.worst.get((kind, what))
                worse = before is None or (value > before[2] if sense == "<=" else value < before[2])
                if worse:
                    self.worst[kind, what] = tuple(row)

    def rows(self) -> list[Row]:
        return [
            Row(kind, what, told(value, unit), f"{sense} {told(bar, unit)}", peer, short)
            for (kind, what), (_, _, value, sense, bar, unit, peer, short) in self.worst.items()
        ]

    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        if self.worst and config.getoption("--sound-table"):
            kinds = discover(modules_folders())
            old = read(TABLE.read_text()) if TABLE.exists() else []
            TABLE.write_text(page(merged((row for row in old if row.kind in kinds), self.rows())))
            terminalreporter.write_line(f"{len(self.worst)} figures written to {TABLE}")
