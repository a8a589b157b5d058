"""What the witness takes for a machine that stood still."""

import os
import signal
import subprocess
import sys
import time

import pytest

from chronus.drills import witness as witness_
from chronus.drills.witness import STILL_SECONDS, Witness
from chronus.worker.process import FEWEST_APART
from tests.kit.live import alive, until


def test_a_machine_stands_still_where_two_processors_do_at_once():
    assert witness_._FEWEST_APART == FEWEST_APART
    witness = Witness()
    witness.processors = [0, 1, 2, 3]
    witness.stalls = [(0, 1.0, 1.02), (1, 1.01, 1.03), (2, 5.0, 5.1), (0, 7.0, 7.1), (0, 7.05, 7.2)]
    assert witness.stood_still() == [(1.0, 1.02), (1.01, 1.03)]
    witness.processors = [0, 1]  # both slots may have waited on the one that stood
    assert len(witness.stood_still()) == 5


def test_a_watcher_that_is_kept_from_its_processor_tells_when():
    with Witness() as witness:
        began = time.monotonic()
        for watcher in witness.watchers:
            os.kill(watcher.pid, signal.SIGSTOP)
        subprocess.run([sys.executable, "-S", "-c", "import time; time.sleep(0.05)"], check=True)
        for watcher in witness.watchers:
            os.kill(watcher.pid, signal.SIGCONT)
        ended = time.monotonic()
    found = [(start, end) for start, end in witness.stood_still() if end - start > 0.05]
    assert found and all(began - STILL_SECONDS < start < end < ended + 0.05 for start, end in found)


def test_a_witness_that_is_disturbed_while_it_begins_leaves_no_watcher_and_says_what_disturbed_it(monkeypatch):
    monkeypatch.setattr(witness_, "READY", "told to end")
    witness = Witness()
    with pytest.raises(AssertionError):
        witness.__enter__()
    assert witness.watchers and all(watcher.returncode is not None for watcher in witness.watchers)


def test_watchers_end_with_whoever_is_killed():
    lines = (
        "import signal; from chronus.drills.witness import Witness; "
        "w = Witness().__enter__(); print(*(x.pid for x in w.watchers), flush=True)"
    )
    watched = subprocess.Popen([sys.executable, "-c", f"{lines}; signal.pause()"], stdout=subprocess.PIPE, text=True)
    assert watched.stdout
    pids = [int(pid) for pid in watched.stdout.readline().split()]
    assert pids and all(map(alive, pids))
    watched.kill()
    watched.communicate()
    until(lambda: not any(map(alive, pids)), 5, "a watcher lives on")
