"""What kernels cost: weighed when they are compiled, kept beside the catalogue, and read by the budget."""

from __future__ import annotations

import json

from chronus import places
from chronus.control.care.budget import CostsFile
from chronus.dsp.discovery import discover
from chronus.worker import build
from chronus.worker.weigh import weigh


def test_more_lanes_cost_more_and_far_less_than_a_block_lasts():
    kernel = discover((places.PACKAGE / "modules",))["saw"]
    one, eight = weigh(kernel, 1), weigh(kernel, 8)
    assert 20 < one < eight < 1e9 * 64 / 44100 / 10


def test_every_shipped_kernel_that_was_compiled_was_weighed():
    if not build.is_built():
        build.build(lambda done, total, name: None)
    weighed = CostsFile(places.costs_file())()
    for kind, kernel in discover((places.PACKAGE / "modules",)).items():
        assert {lanes for lanes, _ in weighed[kind]} >= set(kernel.spec.lanes), kind


def test_what_somebody_else_wrote_is_not_run_to_be_weighed(tmp_path):
    (tmp_path / "trap.py").write_text(
        '"""A module that must not be run."""\nfrom chronus.dsp.kernel import kernel\nfrom chronus.catalogue.spec import Spec\n\n'
        'SPEC = Spec(kind="trap", help="never returns")\n\n\n@kernel(SPEC)\n'
        "def render(ins, outs, params, moving, state, memory, seed, rate, frames):\n    while frames >= 0:\n        outs[0][0, 0] = 1\n"
    )
    kernel = discover((tmp_path,))["trap"]
    assert build._make(kernel, (1,)) == {}


def test_costs_are_added_to_those_that_are_known(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "costs_file", lambda: tmp_path / "cache" / "costs")
    build.keep_costs({"saw x1": 5.0})
    build.keep_costs({"saw x8": 9.0, "saw x1": 4.0})
    assert json.loads((tmp_path / "cache" / "costs").read_text()) == {"saw x1": 4.0, "saw x8": 9.0}
