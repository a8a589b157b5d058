"""Plans: places, incarnations, order, voices, and who follows whose notes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronus.commands import Gate, Load, Note, Panic, Patch, Quantity, Unload, Unpatch
from chronus.memory.log import decode
from chronus.memory.program import Cable, Feed, Head, Input, Instance, Param, Program
from chronus.plan.seats import Places
from chronus.plan.tables import scaled
from chronus.rack.wiring import sort
from tests.kit.machine import seconds_of
from tests.kit.stage import CATALOGUE, Stage, chain, load, put, seq


class Table:
    """A program, read by name."""

    def __init__(self, stage):
        self.plan = stage.conductor.plan
        self.program = self.plan.program
        self.rows = {int(row[Instance.HANDLE]): k for k, row in enumerate(self.program.instances)}

    def row(self, name):
        return self.rows[self.plan.seats[name].handle]

    def instance(self, name):
        return self.program.instances[self.row(name)]

    def input(self, name, port):
        seat = self.plan.seats[name]
        k = [p.name for p in CATALOGUE[seat.kind].ins].index(port)
        return self.program.inputs[self.instance(name)[Instance.FIRST_INPUT] + k]

    def param(self, name, param):
        seat = self.plan.seats[name]
        k = [p.name for p in CATALOGUE[seat.kind].params].index(param)
        return self.program.params[self.instance(name)[Instance.FIRST_PARAM] + k]

    def feed(self, name, port):
        row = self.input(name, port)
        return Feed(row[Input.SOURCE]), int(row[Input.NOTES])

    def order(self):
        names = {seat.handle: name for name, seat in self.plan.seats.items()}
        return [names[int(row[Instance.HANDLE])] for row in self.program.instances]


@pytest.fixture
def stage():
    return Stage()


def test_modules_stand_in_the_order_of_their_cables(stage):
    stage.fine(load("delay"), load("filter"), load("saw"), Patch(chain=chain("saw", "filter", "delay")))
    assert Table(stage).order() == ["saw", "filter", "delay", "out"]


def test_a_circle_is_broken_where_its_first_module_is_entered(stage):
    stage.fine(Patch(chain=chain("saw", "filter", "delay")), Patch(chain=chain("delay", "filter")))
    table = Table(stage)
    assert table.order() == ["saw", "filter", "delay", "out"]
    late = table.program.cables[:, Cable.FEEDBACK]
    assert sum(late > 0) == 1 and late.max() % 64 == 0


def test_a_module_may_lead_into_itself(stage):
    stage.fine(load("delay"), Patch(chain=chain("delay", "delay")))
    assert (Table(stage).program.cables[:, Cable.FEEDBACK] > 0).sum() == 1


EDGES = st.dictionaries(st.tuples(st.integers(0, 9), st.integers(0, 9)), st.integers(1, 3), max_size=30)


@given(EDGES)
def test_but_for_the_edges_that_lead_backwards_the_order_is_topological(edges):
    order, backwards = sort(list(range(10)), edges)
    rank = {node: k for k, node in enumerate(order)}
    assert sorted(order) == list(range(10))
    assert all((rank[a] >= rank[b]) == ((a, b) in backwards) for a, b in edges)


@given(EDGES)
def test_an_acyclic_graph_loses_no_edge(edges):
    _, backwards = sort(list(range(10)), {(a, b): strength for (a, b), strength in edges.items() if a < b})
    assert not backwards


@given(EDGES, st.randoms(use_true_random=False))
def test_the_order_of_edges_and_where_a_circle_is_cut_do_not_depend_on_what_came_first(edges, random):
    shuffled = list(edges.items())
    random.shuffle(shuffled)
    assert sort(list(range(10)), dict(shuffled)) == sort(list(range(10)), edges)


@given(EDGES)
def test_no_edge_leads_backwards_for_the_sake_of_weaker_ones(edges):
    """The strong ones are cut as if the weak ones were not there."""
    strong = {edge: strength for edge, strength in edges.items() if strength > 1}
    _, backwards = sort(list(range(10)), edges)
    _, alone = sort(list(range(10)), strong)
    assert len({edge for edge in backwards if edge in strong}) <= len(alone) or not alone
    if not alone:
        assert not backwards & strong.keys()


# ---------------------------------------------------------------- places


def test_what_stays_keeps_its_place(stage):
    stage.fine(load("kick"), load("bass"))
    before = Table(stage).plan.seats
    stage.fine(load("delay"), Unload(name="kick"))
    after = Table(stage).plan.seats
    assert (after["bass"].handle, after["bass"].incarnation, after["bass"].region) == (
        before["bass"].handle, before["bass"].incarnation, before["bass"].region,
    )  # fmt: skip


def regions(program):
    rows = [(int(row[Instance.REGION]), int(row[Instance.SIZE])) for row in program.instances]
    return sorted((at, at + size) for at, size in rows)


def test_what_is_unloaded_fades_and_is_then_dropped(stage):
    stage.fine(load("kick"), load("bass"))
    kick = Table(stage).plan.seats["kick"]
    stage.until(1000)
    stage.fine(Unload(name="kick"))
    table = Table(stage)
    assert kick.handle in table.rows
    assert table.program.cables[:, Cable.LEAVING].sum() == 1
    conductor = stage.conductor
    assert conductor.shrink(1000 + 400) is None
    shrinking = conductor.shrink(1000 + 600)
    (swap,) = decode(conductor.shrunk(shrinking).entries)
    assert swap.a == shrinking.program.number
    assert kick.handle not in Table(stage).rows and len(shrinking.program.instances) == 2
    assert conductor.shrink(5000) is None


def test_a_place_is_given_anew_only_after_it_was_surely_left(stage):
    stage.fine(load("delay"))
    old = Table(stage).plan.seats["delay"]
    stage.fine(Unload(name="delay"))
    stage.fine(load("delay"))
    assert Table(stage).plan.seats["delay"].region != old.region
    stage.frame = 10_000
    shrink(stage)
    stage.fine(load("delay"))  # the shrunk program may not be applied yet
    assert all(a[1] <= b[0] for a, b in pairwise(regions(Table(stage).program)))
    assert Table(stage).plan.seats["delay2"].region != old.region
    stage.fine(load("delay"))
    assert Table(stage).plan.seats["delay3"].region == old.region


def test_a_shrunk_program_drawn_for_another_rack_is_not_taken(stage):
    stage.fine(load("kick"), load("saw"))
    stage.fine(Unload(name="kick"))
    shrinking = stage.conductor.shrink(10_000)
    stage.fine(load("bass"))
    assert not len(stage.conductor.shrunk(shrinking).entries)


def test_a_cable_patched_again_while_it_fades_is_the_same_cable(stage):
    stage.fine(Patch(chain=chain("kick", "delay")))
    before = {s.key: (s.handle, s.incarnation) for s in Table(stage).plan.strands.values()}
    stage.fine(Unpatch(chain=chain("kick", "delay")))
    stage.fine(Patch(chain=chain("kick", "delay")))
    after = {s.key: (s.handle, s.incarnation) for s in Table(stage).plan.strands.values()}
    assert after == before


def test_other_voices_make_another_instance(stage):
    stage.fine(load("bass"))
    before = Table(stage).plan.seats["bass"]
    stage.fine(put("bass.voices", 5))
    after = Table(stage).plan.seats["bass"]
    assert after.incarnation > before.incarnation and (after.lanes, after.voices) == (8, 5)


def shrink(stage):
    """Drops what has faded out, if something has."""
    if (shrinking := stage.conductor.shrink(stage.frame)) is not None:
        stage.conductor.shrunk(shrinking)


STEPS = st.lists(
    st.one_of(
        st.sampled_from(["kick", "bass", "saw", "filter", "delay", "lfo"]).map(lambda kind: load(kind)),
        st.sampled_from(["kick", "bass", "saw", "filter", "delay"]).map(lambda name: Unload(name=name)),
        st.tuples(st.sampled_from(["kick", "bass", "saw", "filter"]), st.sampled_from(["filter", "delay", "bass.freq"]))
        .map(lambda pair: Patch(chain=chain(*pair))),
        st.tuples(st.sampled_from(["kick", "bass", "saw", "filter"]), st.sampled_from(["filter", "delay"]))
        .map(lambda pair: Unpatch(chain=chain(*pair))),
        st.integers(1, 64).map(lambda voices: put("bass.voices", voices)),
        st.just("shrink"),
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_whatever_is_said_no_two_places_overlap_and_every_row_is_in_bounds(steps):
    stage = Stage()
    for step in steps:
        stage.frame += 300
        if step == "shrink":
            shrink(stage)
        else:
            stage.say(step)
        plan = stage.conductor.plan
        spans = sorted(plan.spans())
        assert all(a[1] <= b[0] for a, b in pairwise(spans))
        if plan.program is not None:
            check(plan.program)


def check(program):
    """Everything points at something, and at something rendered before unless it is late or leaving."""
    instances, cables = program.instances, program.cables
    assert len(set(instances[:, Instance.HANDLE])) == len(instances)
    for k, row in enumerate(instances):
        first, count = row[Instance.FIRST_INPUT], row[Instance.INPUTS]
        for at in program.inputs[first : first + count]:
            assert 0 <= at[Input.NOTES] < len(instances) and at[Input.FIRST_CABLE] + at[Input.CABLES] <= len(cables)
            assert 0 <= at[Input.BUFFER] < program.buffers
            for cable in cables[at[Input.FIRST_CABLE] : at[Input.FIRST_CABLE] + at[Input.CABLES]]:
                assert cable[Cable.SOURCE_ROW] < k or cable[Cable.FEEDBACK] > 0
    assert program.instances[:, Instance.REGION].max() + 64 <= program.used


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_the_same_rack_has_the_same_program_by_whatever_way_it_came_to_be(steps):
    stage = Stage()
    for step in steps:
        stage.frame += 300
        if step != "shrink":
            stage.say(step)
    stage.say(load("kick"))
    stage.frame += 10_000
    shrink(stage)
    _, fresh = stage.conductor.planner.draw(Places(), stage.rack)
    lived = stage.conductor.plan
    for table, columns in (
        (
            "instances",
            [Instance.NAME, Instance.LANES, Instance.STEREO, Instance.VOICES, Instance.SEED, Instance.FIRST_INPUT],
        ),
        ("inputs", [Input.NOTES, Input.FIRST_CABLE, Input.CABLES]),
        ("cables", [Cable.SOURCE_LANES, Cable.LANES, Cable.LEAVING, Cable.SOURCE_ROW, Cable.AMOUNT, Cable.SCALE]),
    ):
        np.testing.assert_array_equal(
            getattr(fresh.program, table)[:, columns], getattr(lived.program, table)[:, columns]
        )


# ---------------------------------------------------------------- voices


def lanes(stage, name):
    row = Table(stage).instance(name)
    return int(row[Instance.LANES]), bool(row[Instance.STEREO]), int(row[Instance.VOICES])


def test_voices_follow_the_cables(stage):
    stage.fine(load("bass", voices=6), Patch(chain=chain("bass", "filter", "adsr", "delay")), load("kick"))
    assert lanes(stage, "bass") == lanes(stage, "filter") == lanes(stage, "adsr") == (8, False, 6)
    assert lanes(stage, "delay") == lanes(stage, "out") == (2, True, 1)
    assert lanes(stage, "kick") == (1, False, 1)


def test_after_a_stereo_module_everything_is_stereo(stage):
    stage.fine(load("bass", voices=6), Patch(chain=chain("bass", "delay", "filter")))
    assert lanes(stage, "filter") == (2, True, 1)


def test_33_voices_take_64_lanes(stage):
    stage.fine(load("bass", voices=33))
    assert lanes(stage, "bass") == (64, False, 33)


# ---------------------------------------------------------------- notes


def test_a_drone_stands_open_until_it_is_addressed(stage):
    stage.fine(load("saw"))
    assert Table(stage).feed("saw", "gate")[0] == Table(stage).feed("saw", "velocity")[0] == Feed.ONE
    stage.fine(seq("saw", "x."))
    table = Table(stage)
    assert table.feed("saw", "gate") == (Feed.GATE, table.row("saw"))


def test_a_lane_opens_the_gates_downstream(stage):
    stage.fine(Patch(chain=chain("saw", "filter", "adsr")), seq("saw", "x."))
    table = Table(stage)
    assert table.feed("adsr", "gate") == (Feed.GATE, table.row("saw"))
    assert table.feed("saw", "gate")[0] == Feed.OPEN and table.feed("saw", "velocity")[0] == Feed.ONE, (
        "the adsr lets go in its own time"
    )
    assert table.param("saw", "freq")[Param.PITCH] == 1 + table.row("saw")


def test_a_drone_that_is_also_heard_beside_the_gate_is_gated_itself(stage):
    stage.fine(Patch(chain=chain("saw", "filter", "adsr")), Patch(chain=chain("saw", "out")), seq("saw", "x."))
    assert Table(stage).feed("saw", "gate")[0] == Feed.GATE


def test_a_gate_held_by_hand_is_its_own(stage):
    stage.fine(Patch(chain=chain("saw", "adsr")), seq("saw", "x."), Gate(name="adsr", on=True))
    table = Table(stage)
    assert table.feed("adsr", "gate") == (Feed.GATE, table.row("adsr"))
    (gate,) = stage.values(5)
    assert (gate.index, gate.incarnation, gate.a) == (
        table.plan.seats["adsr"].handle,
        table.plan.seats["adsr"].incarnation,
        1,
    )


def test_a_cable_into_a_gate_joins_the_notes_where_there_are_any(stage):
    stage.fine(load("kick"), Patch(chain=chain("lfo", "kick.gate")))
    table = Table(stage)
    assert table.feed("kick", "gate")[0] in (Feed.CABLES, Feed.DIRECT)
    assert table.feed("kick", "velocity")[0] == Feed.ONE
    stage.fine(seq("kick", "x."))
    assert Table(stage).feed("kick", "gate")[0] == Feed.BOTH


def test_a_note_by_hand_brings_its_length(stage):
    stage.fine(load("bass"), Note(name="bass", pitch=69, velocity=0.5, length=0.25))
    (note,) = stage.values(3)
    assert (note.a, note.b, note.generation, note.more) == (440.0, 0.5, 22050, 0xFFFF)


def test_panic_silences_drones_too_but_leaves_followers_alone(stage):
    stage.fine(Patch(chain=chain("saw", "adsr")), load("noise"), seq("saw", "x."))
    stage.fine(Panic())
    table = Table(stage)
    assert table.feed("noise", "gate")[0] == Feed.GATE
    assert table.feed("adsr", "gate") == (Feed.GATE, table.row("saw"))


# ---------------------------------------------------------------- cables


def test_a_single_cable_between_equals_is_read_directly(stage):
    stage.fine(Patch(chain=chain("kick", "filter")))
    assert Table(stage).feed("filter", "in")[0] == Feed.DIRECT
    stage.fine(load("bass"), Patch(chain=chain("bass", "filter")))
    assert Table(stage).feed("filter", "in")[0] == Feed.CABLES


def test_a_new_cable_from_what_sounds_already_fades_in_first(stage):
    stage.fine(load("kick"), load("filter"))
    stage.frame = 5000
    stage.fine(Patch(chain=chain("kick", "filter")))
    assert Table(stage).feed("filter", "in")[0] == Feed.CABLES
    stage.frame = 10_000
    assert stage.conductor.shrink(stage.frame) is not None, "the cable to out has faded"
    stage.fine(load("bass"))
    assert Table(stage).feed("filter", "in")[0] == Feed.DIRECT


def test_an_input_that_is_normal_to_another_reads_what_that_one_does_until_a_cable_leads_there(stage):
    stage.fine(load("press"), load("kick"), load("filter"))
    assert Table(stage).feed("press", "sidechain")[0] == Feed.NOTHING
    stage.fine(Patch(chain=chain("kick", "press")))
    alone, beside = Table(stage).input("press", "in"), Table(stage).input("press", "sidechain")
    assert alone[Input.SOURCE] == Feed.CABLES and beside[Input.SOURCE] == Feed.DIRECT
    assert alone[Input.BUFFER] == beside[Input.BUFFER] and beside[Input.CABLES] == 0
    stage.fine(Patch(chain=chain("filter", "press.sidechain")))
    alone, beside = Table(stage).input("press", "in"), Table(stage).input("press", "sidechain")
    assert beside[Input.SOURCE] == Feed.CABLES and alone[Input.BUFFER] != beside[Input.BUFFER]
    stage.fine(Unpatch(chain=chain("filter", "press.sidechain")))
    alone, beside = Table(stage).input("press", "in"), Table(stage).input("press", "sidechain")
    assert beside[Input.SOURCE] == Feed.DIRECT and alone[Input.BUFFER] == beside[Input.BUFFER], (
        "while the old cable fades"
    )


@pytest.mark.parametrize(
    ("amount", "scale", "number"),
    [
        (Quantity(0.3), 0, 0.3), (Quantity(-50, "%"), 0, -0.5), (Quantity(200, "Hz"), 1, 200),
        (Quantity(2, "oct"), 2, 2), (Quantity(7, "st"), 2, 7 / 12), (Quantity(0), 0, 0),
    ],
)  # fmt: skip
def test_amounts_are_in_the_curve_in_the_unit_or_in_octaves(amount, scale, number):
    found = scaled(amount, CATALOGUE["filter"].param("cutoff"))
    assert found == (scale, pytest.approx(number))


def test_seeds_are_the_same_in_every_process_and_differ_between_modules(stage):
    stage.fine(load("kick"), load("kick"))
    seeds = {name: int(Table(stage).instance(name)[Instance.SEED]) for name in ("kick", "kick2")}
    assert seeds["kick"] != seeds["kick2"]
    again = Stage()
    again.fine(load("bass"), load("kick"))
    assert int(Table(again).instance("kick")[Instance.SEED]) == seeds["kick"]
    stage.fine(put("seed", 7))
    assert int(Table(stage).instance("kick")[Instance.SEED]) != seeds["kick"]


def test_a_program_survives_being_laid_down_and_read(stage):
    stage.fine(Patch(chain=chain("kick", "filter", "delay")))
    program = Table(stage).program
    words = np.zeros(1 << 18, np.int64)
    program.lay(words)
    again = Program.read(words)
    assert words[Head.MASTER] == program.master and again.names == program.names
    np.testing.assert_array_equal(again.cables, program.cables)


def test_300_modules_are_planned_in_30_ms():
    stage = Stage()
    stage.fine(
        *(Load(kind="bass", name=f"b{k}") for k in range(127)), *(Load(kind="filter", name=f"f{k}") for k in range(127))
    )
    stage.fine(*(Patch(chain=chain(f"b{k}", f"f{k}")) for k in range(127)))
    best = seconds_of(lambda: stage.conductor.planner.draw(stage.conductor.state.places, stage.rack))
    assert best < 0.03, f"{best * 1000:.1f} ms"
