"""`chronus bench modules`: each kind at the numbers of lanes it is used with, as a table and as JSON."""

import json

import pytest

from chronus.drills import bench_modules
from chronus.errors import ChronusError


def test_the_table_has_a_line_for_each_number_of_lanes(capsys):
    assert bench_modules.main(["snare", "vca", "out"], as_json=False) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["kind", "lanes", "struck", "held", "silent", "ratio"]
    assert [tuple(line.split()[:2]) for line in lines[:5]] == [
        ("snare", "1"), ("vca", "1"), ("vca", "8"), ("vca", "32"), ("out", "2"),
    ]  # fmt: skip
    assert [len(line.split()) for line in lines[:5]] == [6, 5, 5, 5, 5], "only a kind with a gate is struck"
    assert "yardstick" not in lines[5] and str(bench_modules.YARDSTICK_US) in "".join(lines[5:])


def test_json_has_the_ratio_to_the_yardstick(capsys):
    assert bench_modules.main(["vca"], as_json=True) == 0
    (rows,) = json.loads(capsys.readouterr().out).values()
    assert [row["lanes"] for row in rows] == [1, 8, 32]
    for row in rows:
        assert row["struck"] is None and row["ratio"] == pytest.approx(row["held"] / row["yardstick"])
        assert row["held"] > 0 and row["silent"] > 0 and 0.01 < row["yardstick"] < 10


def test_a_kind_that_is_none_is_refused_before_anything_is_measured(capsys):
    with pytest.raises(ChronusError, match='no kind of module "sow"') as refusal:
        bench_modules.main(["vca", "sow"], as_json=False)
    assert refusal.value.suggestions[0] == "saw" and capsys.readouterr().out == ""
