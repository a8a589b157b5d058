"""Turns: which tests are played beside which, where pytest-xdist has several processes.

What only computes goes to whoever is free. Engines that play in real time are two rows, the tests of each one after another. And what
takes a processor whole at the priority of a worker, as a module that never returns does, plays beside no other engine: that one's worker
would be on the same processor next, and wait for as long as the kernel lets equals take turns (100 ms), which no witness of a higher
priority sees.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

_ENGINES = re.compile(r"^from (chronus\.drills\.own_engine|tests\.kit\.(takes|live|terminal)) import", re.MULTILINE)
"""Files that import one of these have engines play in real time: their tests run one after another, beside all the others."""
_UNHURRIED = {
    "tests/founding/test_ipc_01_osc_latency.py", "tests/founding/test_ipc_02_osc_rate.py", "tests/founding/test_proc_02_ready.py",
    "tests/founding/test_proc_04_cleanup.py", "tests/founding/test_rt_01_latency.py", "tests/founding/test_rt_02_underruns.py",
    "tests/founding/test_rt_04_allocation.py",
    "tests/journeys/test_founding_lines.py", "tests/journeys/test_live_equals_offline.py", "tests/journeys/test_note_outputs.py",
    "tests/journeys/test_open.py", "tests/journeys/test_put_off.py", "tests/journeys/test_stems.py",
    "tests/journeys/test_wrong_input.py", "tests/render/test_processes.py",
    "tests/test_docs.py", "tests/shell/test_plain.py", "tests/shell/test_prompt.py",
}  # fmt: skip
"""Of those the long ones that measure no time, or whose bars of time gate in `make soak` alone: they are a second row, beside the first."""


_GATE, _ROOM = (Path(__file__).parent / name for name in ("turns.py", "rounds.py"))
"""The files that are locked: they are there anyway, and what is locked is let go with its process."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "alone: takes processors whole in real time: its file plays beside no other engine"
    )
    config.pluginmanager.register(_Doors())


class _Doors:
    """Lets the engines of one file play beside those of others, or alone.

    Whoever comes passes the gate first. Who is to be alone keeps it, so that nobody enters while it waits for those inside to leave.
    """

    def __init__(self) -> None:
        self._held: list[int] = []

    @pytest.hookimpl(wrapper=True, tryfirst=True)  # before the clock of pytest-timeout runs
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
        alone = item.get_closest_marker("alone") is not None
        if not self._held and _plays(_file(item.nodeid)):
            gate = self._lock(_GATE, fcntl.LOCK_EX)
            self._lock(_ROOM, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            if not alone:
                self._held.remove(gate)
                os.close(gate)
        try:
            return (yield)
        finally:
            if not (alone and nextitem and _file(nextitem.nodeid) == _file(item.nodeid)):
                while self._held:
                    os.close(self._held.pop())

    def _lock(self, path: Path, how: int) -> int:
        opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._held.append(opened)
        fcntl.flock(opened, how)
        return opened


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


class _Turns(LoadScopeScheduling):
    """Hands tests to the processes of pytest-xdist."""

    def _split_scope(self, nodeid: str) -> str:
        file = _file(nodeid)
        return nodeid if not _plays(file) else "takes" if file in _UNHURRIED else "engines"


@cache
def _plays(file: str) -> bool:
    return bool(_ENGINES.search((Path(__file__).parents[2] / file).read_text()))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Turns:
    return _Turns(config, log)
