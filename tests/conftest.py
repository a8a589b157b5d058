"""What holds for all tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings

from chronus.worker import build

# no deadline: the first example may load machine code, and the machine is shared
settings.register_profile("chronus", deadline=None, derandomize=True)
settings.load_profile("chronus")

pytest_plugins = ["tests.faults.table"]

ENGINES = {"chronus.trial", "tests.faults.takes", "tests.live", "tests.talk", "tests.terminal"}
"""Who uses one of these has engines play in real time: such tests run one after another, beside all the others."""

figures: list[str] = []


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compiles the kernels before anything is measured, if that was never done for this checkout."""
    if not hasattr(session.config, "workerinput") and not build.is_built():
        print("compiling the kernels ...", flush=True)
        build.build(lambda _done, _all, _name: None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        named = vars(item.module).values() if isinstance(item, pytest.Function) else ()
        if ENGINES & {getattr(value, "__module__", "") for value in named}:
            item.add_marker(pytest.mark.xdist_group("engines"))


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Has a line printed at the end of the run."""
    return lambda text: request.node.user_properties.append(("figure", text))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call":
        figures.extend(str(text) for name, text in report.user_properties if name == "figure")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if figures:
        terminalreporter.section("figures of chronus bench")
        for text in figures:
            terminalreporter.write_line(text)
