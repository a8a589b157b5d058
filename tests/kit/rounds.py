"""Rounds: what a test of real time may ask of a machine that is not its own.

A bar in wall-clock time says something of Chronus only where the code alone decides it. So there are three kinds:

1. What is counted, or measured in processor time, gates everywhere: `measured(..., bar=...)`.
2. What real-time priority shields from others at work, but not from a machine that stands still as a whole: the test, or the part of it
   that `machine.undisturbed` plays, is a round, and is taken again, twice at most, where the witness saw that. A test says so with
   the marker `clock`. What cannot be had that way is told and skipped.
3. What a shell or a person waits for depends on others at work, too: `measured(..., soak=True)` tells the figure.

`make soak` (`--faults-table`) holds all of them: there the last round counts, and every bar gates.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from _pytest.runner import runtestprotocol

from chronus.drills.witness import Witness
from tests.faults.table import Missed
from tests.kit import machine


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "clock: a round, taken again where a bar is missed while the machine stood still"
    )
    machine.soaking = config.getoption("--faults-table")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    if not item.get_closest_marker("clock"):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for number in range(1, machine.ROUNDS + 1):
        before = list(item.user_properties)
        with Witness() as witness:
            reports = runtestprotocol(item, log=False, nextitem=nextitem)
        missed, stretches = _missed(reports), witness.stood_still()
        if not missed or not stretches:
            break
        told = machine.told(stretches, missed)
        if number < machine.ROUNDS:
            print(f"{item.nodeid}: {told}; once more")
            item.user_properties[:] = before
        elif not machine.soaking:
            _skip(item, reports, told)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    report = (yield).get_result()
    if call.excinfo and call.excinfo.errisinstance(Missed):
        report.missed = str(call.excinfo.value)


def _missed(reports: Iterable[pytest.TestReport]) -> str:
    """The bar that was missed, if nothing else failed."""
    failed = [report for report in reports if report.failed]
    return getattr(failed[0], "missed", "") if len(failed) == 1 else ""


def _skip(item: pytest.Item, reports: Iterable[pytest.TestReport], told: str) -> None:
    path, line, _ = item.location
    for report in reports:
        if report.failed:
            report.outcome, report.longrepr = "skipped", (path, line or 0, f"Skipped: {told}; {machine.HELD}")
