"""What holds for all tests."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from chronus import places
from chronus.engine import precompiling

# no deadline: the first example may load machine code, and the machine is shared
settings.register_profile("chronus", deadline=None, derandomize=True)
settings.load_profile("chronus")

pytest_plugins = ["pytester", "tests.faults.table", "tests.kit.rounds", "tests.kit.turns", "tests.sound.table"]

figures: list[str] = []


def pytest_configure() -> None:
    """Has Ctrl-C and a hang-up mean to who is started here what they mean at a terminal, though this may run in the background."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compiles the kernels before anything is measured, if that was never done for this checkout."""
    if not hasattr(session.config, "workerinput") and not places.complete_file().exists():
        print("compiling the kernels ...", flush=True)
        precompiling.build()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Control and its clients without processes, in a home of their own."""
    from tests.kit.house import House

    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    made = House(tmp_path)
    yield made
    made.close()


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Has a line printed at the end of the run."""
    return lambda text: request.node.user_properties.append(("figure", text))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call":
        figures.extend(str(text) for name, text in report.user_properties if name == "figure")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if figures:
        terminalreporter.section("figures")
        for text in figures:
            terminalreporter.write_line(text)
