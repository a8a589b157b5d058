"""What is too much for a machine: refused beforehand, or taken out afterwards. Decisions only: no process, no clock."""

from __future__ import annotations

import itertools
import json

import pytest
from msgspec.structs import replace

from chronus.commands import Open, Patch, Undo, Unload
from chronus.conductor import authors
from chronus.control.care.budget import MOST, Budget, CostsFile, by_kind, cost
from chronus.control.care.overload import MACHINE, RACK, STRAIN_SECONDS, Look, Overload, dearest
from tests.kit.stage import CATALOGUE, Stage, chain, load, put, seq

BLOCK = 1_000_000.0
TICK = 0.05
SLOW = {0: 1_200_000, 1: 1_210_000}


def verdicts(looks, overload=None):
    overload = overload or Overload(BLOCK)
    told = [(round(k * TICK, 3), overload.seen(Look(k * TICK, late, took))) for k, (late, took) in enumerate(looks)]
    return [(when, what) for when, what in told if what]


def test_two_slots_that_are_late_for_a_second_are_an_overload():
    ((when, what),) = verdicts([({0: 3 * k, 1: 2 * k}, SLOW) for k in range(30)])
    assert what == RACK and STRAIN_SECONDS <= when <= STRAIN_SECONDS + 2 * TICK


def test_a_second_of_it_must_pass_again_before_it_is_told_again():
    told = verdicts([({0: k, 1: k}, SLOW) for k in range(100)])
    assert [round(b[0] - a[0], 1) for a, b in itertools.pairwise(told)] == [1.0] * (len(told) - 1)


def test_one_slot_that_is_late_is_no_overload():
    assert verdicts([({0: k, 1: 0}, SLOW) for k in range(200)]) == []


def test_stumbling_now_and_then_is_no_overload():
    assert verdicts([({0: k // 4 * 4, 1: k // 4 * 4}, SLOW) for k in range(400)]) == []


def test_a_busy_machine_is_told_once_a_minute_and_costs_no_module():
    told = verdicts([({0: k, 1: k}, {0: 300_000, 1: 1_300_000}) for k in range(round(130 / TICK))])
    assert [what for _, what in told] == [MACHINE] * 3
    assert all(b - a >= 60 for (a, _), (b, _) in itertools.pairwise(told))


def test_a_slot_that_plays_alone_and_is_late_is_an_overload_too():
    assert verdicts([({1: k}, {1: 1_200_000}) for k in range(30)])[0][1] == RACK
    assert verdicts([({}, {}) for _ in range(100)]) == []


@pytest.mark.parametrize("costs, took, taken", [
    ({"kick": 10, "pad": 500_000, "choir": 900_000}, 1_200_000, "pad"),
    ({"kick": 10, "pad": 500_000, "choir": 500_000}, 1_200_000, "choir"),
    ({"kick": 10, "pad": 300_000, "choir": 300_000, "bass": 200_000}, 1_300_000, "choir"),
    ({}, 1_300_000, None),
])  # fmt: skip
def test_the_least_that_is_enough_is_taken_out_the_last_of_several(costs, took, taken):
    assert dearest(costs, took, BLOCK) == taken


# ---------------------------------------------------------------- the budget

WEIGHED = by_kind({"saw x1": 100_000, "saw x8": 300_000, "delay x2": 230_000, "filter x1": 10_000, "out x2": 50_000})


class Purse(Stage):
    """A stage before a machine on which a saw takes a tenth of a block's time."""

    def __init__(self, took=0.0, each=None):
        super().__init__()
        self.took, self.each = took, each or {}
        self.budget = Budget(CATALOGUE, BLOCK, lambda: WEIGHED, lambda: (self.took, self.each))
        self.conductor.afford = self.budget.afford


def test_what_the_machine_could_not_render_is_refused_with_the_figures_and_changes_nothing():
    purse = Purse()
    for _ in range(7):
        purse.fine(load("saw"))
    before = purse.rack
    error = purse.refused(load("saw"))
    assert (
        error.code == "E_BUDGET"
        and "85%" in error.message
        and "75%" in error.message
        and f"{MOST:.0%}" in error.message
    )
    assert purse.rack is before
    purse.fine(load("filter"))
    purse.fine(put("saw.freq", 55))


def test_in_a_paste_only_the_line_that_is_too_much_is_refused():
    purse = Purse()
    outcomes = purse.say(*[load("saw") for _ in range(9)], seq("saw", "x..."))
    assert [o.error.code if o.error else "" for o in outcomes] == [""] * 7 + ["E_BUDGET"] * 2 + [""]


def test_voices_are_part_of_it():
    purse = Purse()
    for _ in range(2):
        purse.fine(load("saw", voices=3))
    assert purse.refused(load("saw", voices=3)).code == "E_BUDGET"
    purse.fine(load("saw"))
    assert purse.refused(put("saw3.voices", 3)).code == "E_BUDGET"
    costs = [cost("saw", lanes, WEIGHED) for lanes in (1, 2, 8, 64)]
    assert [round(took, -4) for took in costs] == [100_000, 300_000, 300_000, 2_410_000]
    assert cost("tb303", 1, WEIGHED) == 0.0


def test_what_a_rack_cannot_exceed_is_never_less_than_what_it_takes():
    purse = Purse()
    for voices in (1, 3, 40):
        purse.fine(load("saw", f"s{voices}"))
        rack = purse.rack
        module = replace(rack.modules[f"s{voices}"], voices=voices)
        rack = replace(rack, modules={**rack.modules, module.name: module})
        assert sum(purse.budget._costs(rack, {}).values()) <= purse.budget._at_most(rack, {})
        purse.fine(Patch(chain=chain(f"s{voices}", "delay", "filter")))
        assert sum(purse.budget._costs(purse.rack, {}).values()) <= purse.budget._at_most(purse.rack, {})


def test_what_takes_more_than_it_was_weighed_with_counts_as_it_is_measured():
    purse = Purse()
    for _ in range(4):
        purse.fine(load("saw"))
    purse.took = 750_000.0
    error = purse.refused(load("saw"))
    assert "now it takes 75%" in error.message
    purse.took = 460_000.0
    purse.fine(load("saw"))


def test_a_kind_that_was_never_weighed_is_known_by_the_one_that_plays():
    purse = Purse()
    purse.fine(load("tb303"))
    purse.took, purse.each = 500_000.0, {"tb303": 400_000.0}
    assert purse.refused(load("tb303")).code == "E_BUDGET"


def test_what_makes_it_lighter_is_never_refused_however_much_it_takes():
    purse = Purse()
    for _ in range(7):
        purse.fine(load("saw"))
    purse.took = 3_000_000.0
    purse.fine(Unload(name="saw3"))
    assert purse.refused(Undo(steps=1)).code == "E_BUDGET"


def test_what_was_taken_out_comes_back_only_when_there_is_room():
    purse = Purse()
    purse.fine(load("bass", distortion=0.9))
    purse.budget.dear.append((purse.rack.modules["bass"], 900_000.0))
    purse.fine(Unload(name="bass"))
    assert purse.refused(Undo(steps=1)).code == "E_BUDGET"
    purse.fine(load("bass", distortion=0.2))


def test_a_rack_that_is_recovered_is_not_refused():
    purse = Purse()
    (outcome,) = purse.say(Open(name="journal", commands=tuple(load("saw") for _ in range(12))), author=authors.JOURNAL)
    assert outcome.error is None and len(purse.rack.modules) == 13
    fresh = Purse()
    assert fresh.refused(Open(name="mine", commands=tuple(load("saw") for _ in range(12)))).code == "E_BUDGET"


def test_costs_are_read_again_when_there_are_more(tmp_path):
    file = CostsFile(tmp_path / "costs")
    assert file() == {}
    file.path.write_text(json.dumps({"saw x8": 5.0, "saw x1": 1.0}))
    assert file() == {"saw": ((1, 1.0), (8, 5.0))}
    (tmp_path / "more").write_text(json.dumps({"saw x1": 2.0}))
    (tmp_path / "more").rename(file.path)
    assert file() == {"saw": ((1, 2.0),)}
