"""What kernels cost: weighed when they are compiled, kept beside the catalogue, and read by the budget."""

from __future__ import annotations

import re
from threading import Thread

from chronus import places
from chronus.catalogue.kinds import variant
from chronus.control.care.budget import CostsFile
from chronus.dsp.discovery import discover
from chronus.engine_line import Made, Make
from chronus.worker import ledger
from chronus.worker.compiler import Compiler
from chronus.worker.weigh import Scales, weigh


def test_more_lanes_cost_more_and_far_less_than_a_block_lasts():
    kernel = discover((places.PACKAGE / "modules",))["saw"]
    one, eight = weigh(kernel, 1), weigh(kernel, 8)
    assert 20 < one < eight < 1e9 * 64 / 44100 / 10


def test_a_kernel_is_measured_struck_held_and_in_silence():
    """A drum is struck anew in each block, sounds soon after it was struck, and rests when it has died away."""
    kernels = discover((places.PACKAGE / "modules",))
    struck, held, silent = Scales(kernels["snare"], 1), Scales(kernels["saw"], 8), Scales(kernels["vca"], 1)
    for _ in range(20):
        for scales in (struck, held, silent):
            scales.round()
    drum, saw, vca = struck.cost(), held.cost(), silent.cost()
    assert drum.struck and drum.silent * 2 < min(drum.struck, drum.held) and drum.most == drum.sounding
    assert saw.struck and saw.struck > saw.held > 0
    assert vca.struck is None and vca.most == max(vca.held, vca.silent) > 0


def test_every_shipped_kernel_that_was_compiled_was_weighed():
    weighed = CostsFile(places.costs_file())()
    for kind, kernel in discover((places.PACKAGE / "modules",)).items():
        assert {lanes for lanes, _ in weighed[kind]} >= set(kernel.spec.lanes), kind


def test_what_somebody_else_wrote_is_not_run_to_be_weighed(tmp_path):
    (tmp_path / "trap.py").write_text(
        '"""A module that must not be run."""\nfrom chronus.dsp.kernel import kernel\nfrom chronus.catalogue.spec import Spec\n\n'
        'SPEC = Spec(kind="trap", help="never returns")\n\n\n@kernel(SPEC)\n'
        "def render(ins, outs, params, moving, state, memory, seed, rate, frames):\n    while frames >= 0:\n        outs[0][0, 0] = 1\n"
    )
    compiler = Compiler()
    compiler.kernels |= discover((tmp_path,))
    assert compiler.do(Make("trap x1")) == Made("trap x1") and "trap x1" not in ledger.costs()


def test_costs_are_added_to_those_that_are_known(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "costs_file", lambda: tmp_path / "cache" / "costs")
    ledger.keep_cost("saw x1", 5.0)
    ledger.keep_cost("saw x8", 9.0)
    ledger.keep_cost("saw x1", 4.0)
    assert ledger.costs() == {"saw x1": 4.0, "saw x8": 9.0}


def test_no_cost_is_lost_where_many_add_theirs_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "costs_file", lambda: tmp_path / "costs")
    each = [Thread(target=ledger.keep_cost, args=(f"k{n} x1", float(n))) for n in range(20)]
    for one in each:
        one.start()
    for one in each:
        one.join()
    assert ledger.costs() == {f"k{n} x1": float(n) for n in range(20)}


def test_the_likeliest_are_first_and_every_kernel_is_there_once():
    specs = ledger.specs()
    order = ledger.in_order(specs)
    assert sorted(order) == sorted(variant(s.kind, n) for s in specs for n in (*s.lanes, *s.wide_lanes))
    shipped = [*places.shipped("patches").glob("*.chronus"), places.shipped("grammar") / "phrases.toml"]
    words = {word for text in shipped for word in re.findall(r"[a-z]\w*", text.read_text())}
    named = [variant(s.kind, s.lanes[0]) for s in specs if s.kind in words]
    assert set(order[: len(named)]) == set(named) and {"kick x1", "snare x1", "bass x1", "tb303 x1"} <= set(named)
