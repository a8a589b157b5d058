"""What holds for all tests."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler.loadscope import LoadScopeScheduling

from chronus import places
from chronus.engine import precompiling

# no deadline: the first example may load machine code, and the machine is shared
settings.register_profile("chronus", deadline=None, derandomize=True)
settings.load_profile("chronus")

pytest_plugins = ["pytester", "tests.faults.table", "tests.kit.rounds", "tests.sound.table"]

ENGINES = re.compile(r"^from (chronus\.drills\.own_engine|tests\.kit\.(takes|live|terminal)) import", re.MULTILINE)
"""Files that import one of these have engines play in real time: their tests run one after another, beside all the others."""
UNHURRIED = {
    "tests/founding/test_ipc_01_osc_latency.py", "tests/founding/test_ipc_02_osc_rate.py", "tests/founding/test_proc_02_ready.py",
    "tests/founding/test_proc_04_cleanup.py", "tests/founding/test_rt_01_latency.py", "tests/founding/test_rt_02_underruns.py",
    "tests/founding/test_rt_04_allocation.py",
    "tests/journeys/test_founding_lines.py", "tests/journeys/test_live_equals_offline.py", "tests/journeys/test_note_outputs.py",
    "tests/journeys/test_open.py", "tests/journeys/test_put_off.py", "tests/journeys/test_stems.py",
    "tests/journeys/test_wrong_input.py", "tests/render/test_processes.py",
    "tests/test_docs.py", "tests/shell/test_plain.py", "tests/shell/test_prompt.py",
}  # fmt: skip
"""Of those the long ones that measure no time, or whose bars of time gate in `make soak` alone: they are a second row, beside the first."""

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


class _Turns(LoadScopeScheduling):
    """Hands tests to the processes of pytest-xdist."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return nodeid if not _plays(file) else "takes" if file in UNHURRIED else "engines"


@cache
def _plays(file: str) -> bool:
    return bool(ENGINES.search((Path(__file__).parent.parent / file).read_text()))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Turns:
    return _Turns(config, log)


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
