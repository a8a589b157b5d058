"""What becomes of a bar that is missed: again where the machine stood still, and told where it always did."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STILL = """
from chronus.drills.witness import Witness
Witness.stood_still = lambda witness: {stretches}
pytest_plugins = ["tests.faults.table", "tests.kit.rounds"]
"""
TESTS = """
import pytest
from tests.kit.machine import undisturbed

@pytest.fixture(scope="module")
def rounds():
    return []

@pytest.mark.clock
def test_row_5_missed_until_round_{good}(measured, rounds, tmp_path):
    (tmp_path / "fresh").mkdir()
    rounds.append(0)
    measured("5", "killed after", 251 if len(rounds) < {good} else 250, "ms", bar=250)

@pytest.mark.clock
def test_another_failure_is_no_round(rounds):
    assert len(rounds) < 0

def test_row_1_undisturbed(measured):
    done = undisturbed(lambda attempt: attempt, lambda attempt: attempt < {good} - 1)
    measured("1", "frames lost", int(done < {good} - 1), bar=0)

def test_row_26_told(measured):
    measured("26", "until the prompt is back", 101, "ms", bar=100, soak=True)
"""
IN_TIME, HELD_UP = "[]", "[(1.0, 1.02)]"


def run(folder: Path, stretches: str, good: int, *words: str) -> str:
    """What pytest says of four tests of which two hold from that round on, on a machine that stood still or never did."""
    (folder / "conftest.py").write_text(STILL.format(stretches=stretches))
    (folder / "test_some.py").write_text(TESTS.format(good=good))
    (folder / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT}\n")
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "--import-mode=importlib", "-p", "no:cacheprovider", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.parametrize("good", [2, 3])
def test_a_round_is_taken_again_where_the_machine_stood_still(tmp_path, good):
    said = run(tmp_path, HELD_UP, good)
    assert f"PASSED test_some.py::test_row_5_missed_until_round_{good}" in said
    assert (
        said.count("killed after 251 ms (<= 250) while the machine stood still 1 times, up to 20 ms; once more")
        == good - 1
    )
    assert "PASSED test_some.py::test_row_1_undisturbed" in said
    assert said.count("1 failed") == 1 and "FAILED test_some.py::test_another_failure_is_no_round" in said


def test_a_bar_that_is_missed_on_a_machine_that_never_stood_still_fails_at_once(tmp_path):
    said = run(tmp_path, IN_TIME, 2)
    assert "once more" not in said and "3 failed, 1 passed" in said


def test_a_soak_holds_every_bar(tmp_path):
    assert "4 failed" in run(tmp_path, HELD_UP, 4, "--faults-table")


def test_what_no_round_shows_is_told_and_skipped(tmp_path):
    said = run(tmp_path, HELD_UP, 4)
    assert "1 failed, 1 passed, 2 skipped" in said
    assert (
        "killed after 251 ms (<= 250) while the machine stood still 1 times, up to 20 ms; `make soak` holds it" in said
    )
    assert "row 26: until the prompt is back 101 ms (<= 100), missed; `make soak` holds it" in said
