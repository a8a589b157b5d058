"""The table of faults comes from names and figures, keeps what did not run, and shows what is open."""

import ast
import subprocess
import sys

import pytest

from tests.faults import table
from tests.faults.table import Line, figure, merged, page, read, rows_of


def test_a_test_names_one_row_or_several():
    assert rows_of("test_row_23a_control_50_times") == ["23a"]
    assert rows_of("test_rows_1_2_3_workers") == ["1", "2", "3"]
    assert rows_of("test_rows_28_to_30_however_often") == ["28", "29", "30"]
    assert rows_of("test_a_full_ring_refuses") == []


def test_what_is_written_is_read_again():
    lines = [
        Line("4", "faults/test_table.py::test_a", "silence 21 ms (<= 150); a|b", "FAILED"),
        Line("1", "faults/b.py::test_b"),
    ]
    text = page(lines)
    assert page(read(text)) == text
    assert read(text)[1].verdict == "FAILED" and "a/b" in read(text)[1].measured


def test_a_run_replaces_the_lines_of_its_own_tests_only():
    old = [Line("20", "x::long", "1000 kills"), Line("1", "y::short", "old"), Line("2", "y::short", "old")]
    assert merged(old, [Line("1", "y::short", "new")]) == [old[0], Line("1", "y::short", "new")]


def test_every_row_is_shown_and_one_without_a_test_is_open():
    text = page([Line("1", "x::y")])
    shown = [line.split(" | ")[0].strip("| ") for line in text.splitlines()[8:] if line.startswith("| ")]
    assert shown == list(table.ROWS)
    assert " | open |" in text


def test_figures_are_rounded():
    assert figure("rejoin", 11.2468, "ms", 20) == "rejoin 11.2 ms (<= 20)"
    assert figure("packets", 1000000, "", None) == "packets 1000000"


def test_a_line_goes_when_its_test_is_gone():
    assert table.there(Line("1", "faults/test_table.py::test_a_line_goes_when_its_test_is_gone"))
    assert not table.there(Line("1", "faults/test_table.py::test_nobody_wrote"))


def test_a_test_that_never_ran_has_a_line():
    mine = [line for line in table.written() if line.test.startswith("faults/test_replicas.py")]
    assert {"4", "5", "23a"} <= {line.row for line in mine} and {line.verdict for line in mine} == {"has not run"}


def test_every_row_that_can_be_shown_has_a_test_in_make_test_or_make_proof():
    """Told by the marks in the sources: a row that only a soak covers would be seen once in a blue moon."""
    covered = set()
    for file in table.TESTS.rglob("test_*.py"):
        for one in ast.parse(file.read_text()).body:
            if isinstance(one, ast.FunctionDef) and "pytest.mark.soak" not in map(ast.unparse, one.decorator_list):
                covered.update(rows_of(one.name))
    assert covered >= set(table.ROWS)


def test_the_fixture_fails_above_the_bar(measured, request):
    with pytest.raises(AssertionError, match="2 ms"):
        measured("1", "lockstep", 2, "ms", bar=1)
    request.node.user_properties.clear()  # nothing of the table


def test_a_run_writes_the_table_when_it_is_asked_to(tmp_path):
    """In a tree of its own with one test that names a row."""
    faults = tmp_path / "tests" / "faults"
    faults.mkdir(parents=True)
    for name in ("table.py", "rows.toml"):
        (faults / name).write_text((table.HERE / name).read_text())
    (tmp_path / "tests" / "conftest.py").write_text('pytest_plugins = ["tests.faults.table"]\n')
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    (faults / "test_one.py").write_text(
        'def test_row_4_both(measured):\n    for ms in (7, 20, 9):\n        measured("4", "silence", ms, "ms", bar=150)\n'
        'def test_row_5_stopped(measured):\n    measured("5", "lost frames", 7, bar=0)\n'
    )

    def run(*words):
        command = [sys.executable, "-m", "pytest", "-q", "--import-mode=importlib", "-m", "row", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    said = run().stdout
    assert "5  FAILED  lost frames 7 (<= 0)" in said and not (faults / "README.md").exists()
    assert "silence 20 ms" not in said, "what holds hides what failed"
    run("--faults-table")
    lines = read((faults / "README.md").read_text())
    assert [(line.row, line.verdict) for line in lines] == [("4", "holds"), ("5", "FAILED")]
    assert lines[0].measured == "silence 20 ms (<= 150)", "the greatest"
    assert lines[1].measured == "lost frames 7 (<= 0)"


def test_the_long_form_of_a_test_keeps_its_line_when_the_short_one_runs():
    short, long = (
        table.Line("20", "faults/x.py::t", "kills 20"),
        table.Line("20", f"faults/x.py::t{table.SOAK}", "kills 1000"),
    )
    kept = table.read(table.page([short, long]))
    again = table.merged(kept, [table.Line("20", "faults/x.py::t", "kills 21")])
    assert [line.measured for line in again] == ["kills 1000", "kills 21"]
    one = table.written()[0]
    told = table.whole([table.Line(one.row, one.test + table.SOAK)])
    assert one not in told, "it is said not to have run"
