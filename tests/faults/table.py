"""The table of faults, written by the runs: what was injected, the bar, what was measured, and whether it held.

A test names the rows it covers: `test_row_20_...` one, `test_rows_1_2_3_...` or `test_rows_28_to_30_...` several. Its figures come
through the fixture `measured`, which holds them against their bars. Every run that covered rows prints them at its end;
`pytest --faults-table` also writes README.md.

Rule 1: a line belongs to one test and stays until that test runs again or is gone. What `make soak` runs has a line of its own beside
        the short form of the same test, so the figures of a long run outlive the short ones.
Rule 2: figures are rounded and nothing is dated: a run that measures the same writes the same. Of a figure that a test measures
        several times (for each of its parameters, say) the greatest is told.
Rule 3: a test that never ran is shown as such; a row that no test names is open.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

HERE = Path(__file__).parent
TESTS = HERE.parent
TABLE = HERE / "README.md"
ROWS: dict[str, dict[str, str]] = tomllib.loads((HERE / "rows.toml").read_text())

SOAK = " (soak)"

Measured = Callable[..., None]

HEAD = """\
# Faults that are injected, and what came of it

Written by `make soak` (`pytest --faults-table`); do not edit. Lost frames are counted at the end of the chain (what the null device
or a JACK client heard), bit for bit against a rendering of the journal. A line is of the last run of its test. `rows.toml` says what
each row is, `table.py` how a test comes to stand here.

| row | injected | bar | measured | verdict | test |
| --- | --- | --- | --- | --- | --- |
"""


class Missed(AssertionError):
    """A figure is above its bar."""


def nothing_missing(counters: dict[str, int]) -> None:
    """Misses its bar where a block was not there when it was due."""
    if counters["missing"]:
        raise Missed(f"{counters['missing']} blocks missing, {counters['silent']} frames silent")


class Line(Struct, frozen=True):
    """One test's part of one row. `test` is file::function, below tests/, and SOAK where it is the long form."""

    row: str
    test: str
    measured: str = ""
    verdict: str = "holds"

    def cells(self) -> str:
        about = ROWS[self.row]
        return _cells(self.row, about["injected"], about["bar"], self.measured, self.verdict, self.test)


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def rows_of(function: str) -> list[str]:
    """The rows that the name of a test says it covers."""
    if one := re.match(r"test_row_(\d+[ab]?)_", function):
        return [one[1]]
    if span := re.match(r"test_rows_(\d+)_to_(\d+)_", function):
        return [str(row) for row in range(int(span[1]), int(span[2]) + 1)]
    if several := re.match(r"test_rows_((?:\d+[ab]?_)+)", function):
        return several[1].strip("_").split("_")
    return []


def read(text: str) -> list[Line]:
    """The lines of a table that tell of a test."""
    found = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("|") and len(cells) == 6 and cells[0] in ROWS and "::" in cells[5]:
            found.append(Line(cells[0], cells[5], cells[3], cells[4]))
    return found


def merged(old: Iterable[Line], new: Iterable[Line]) -> list[Line]:
    """What a run saw takes the place of what its tests said before."""
    new = list(new)
    ran = {line.test for line in new}
    return [line for line in old if line.test not in ran] + new


def page(lines: Iterable[Line]) -> str:
    told = list(lines)
    rows = []
    for row, about in ROWS.items():
        mine = sorted((line for line in told if line.row == row), key=lambda line: line.test)
        rows += [line.cells() for line in mine]
        if not mine:
            rows.append(_cells(row, about["injected"], about["bar"], "", "open", ""))
    return HEAD + "\n".join(rows) + "\n"


def whole(lines: Iterable[Line]) -> list[Line]:
    """With a line for every test that has none."""
    told = list(lines)
    known = {line.test.removesuffix(SOAK) for line in told}
    return [line for line in written() if line.test not in known] + told


def written() -> list[Line]:
    """A line for every test of a row that stands anywhere in tests/, as if none had ever run."""
    found = []
    for file in sorted(TESTS.rglob("test_*.py")):
        for function in re.findall(r"^def (test_rows?_\w+)\(", file.read_text(), re.MULTILINE):
            test = f"{file.relative_to(TESTS).as_posix()}::{function}"
            found += [Line(row, test, verdict="has not run") for row in rows_of(function) if row in ROWS]
    return found


def there(line: Line) -> bool:
    """Whether the test that a line tells of still exists."""
    file, _, function = line.test.removesuffix(SOAK).partition("::")
    path = TESTS / file
    return path.exists() and f"def {function}(" in path.read_text()


def figure(what: str, value: float, unit: str, bar: float | None) -> str:
    rounded = f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    limit = "" if bar is None else f" (<= {bar:g})"
    return f"{what} {rounded}{unit and ' ' + unit}{limit}"


# ---------------------------------------------------------------- what pytest calls


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--faults-table",
        action="store_true",
        help="hold every bar, and write what came of it to tests/faults/README.md",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "row: covers a row of the table of faults (set by the test's name)")
    config.pluginmanager.register(_Seen(), "faults table")


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    """`measured("20", "rejoin, median", 11.2, "ms", bar=20)`: keeps a figure for the table, and fails where it is above its bar.

    `soak=True`: others at work decide it as well, so the bar gates in `make soak` alone, and is told elsewhere.
    """
    gates = request.config.getoption("--faults-table")

    def keep(
        row: str, what: str, value: float, unit: str = "", *, bar: float | None = None, soak: bool = False
    ) -> None:
        assert row in ROWS, f"there is no row {row}"
        request.node.user_properties.append(("measured", (row, what, float(value), unit, bar)))
        if bar is not None and value > bar:
            if gates or not soak:
                raise Missed(figure(what, value, unit, bar))
            print(f"row {row}: {figure(what, value, unit, bar)}, missed; `make soak` holds it")

    return keep


class _Seen:
    """What one run saw: by test, its rows and figures and how it ended."""

    def __init__(self) -> None:
        self.figures: dict[tuple[str, str], dict[str, str]] = {}
        self.worst: dict[tuple[str, str, str], float] = {}
        self.verdicts: dict[str, str] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if rows_of(item.name.partition("[")[0]):
                item.add_marker("row")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        path, _, function = report.nodeid.partition("[")[0].rpartition("::")
        test = f"{Path(path).relative_to('tests').as_posix()}::{function}" if path.startswith("tests/") else ""
        test += SOAK if test and "soak" in report.keywords else ""
        kept: list[Any] = [value for name, value in report.user_properties if name == "measured"]
        rows = [*rows_of(function), *(row for row, *_ in kept)]
        if not test or not rows:
            return
        for row in rows:
            self.figures.setdefault((row, test), {})
        for row, what, value, unit, bar in kept if report.when == "call" else ():
            worst = self.worst[row, test, what] = max(value, self.worst.get((row, test, what), value))
            self.figures[row, test][what] = figure(what, worst, unit, bar)
        worst = self.verdicts.get(test, "holds")
        now = "FAILED" if report.failed else f"not run: {_why(report)}" if report.skipped else "holds"
        self.verdicts[test] = now if worst == "holds" else worst

    def lines(self) -> list[Line]:
        return [
            Line(row, test, "; ".join(told.values()), self.verdicts[test])
            for (row, test), told in self.figures.items()
            if row in ROWS
        ]

    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        lines = self.lines()
        if not lines:
            return
        terminalreporter.section("faults: row, verdict, measured")
        failed = [line for line in lines if line.verdict == "FAILED"]
        # the text of a failure stands above: a hundred rows that hold would hide it
        for line in sorted(failed or lines, key=lambda line: (list(ROWS).index(line.row), line.test)):
            terminalreporter.write_line(f"{line.row:>4}  {line.verdict:6}  {line.measured or line.test}")
        if config.getoption("--faults-table"):
            old = read(TABLE.read_text()) if TABLE.exists() else []
            TABLE.write_text(page(whole(merged(filter(there, old), lines))))


def _why(report: pytest.TestReport) -> str:
    told = report.longrepr
    return str(told[2]).removeprefix("Skipped: ") if isinstance(told, tuple) else "skipped"
