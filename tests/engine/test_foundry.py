"""What is compiled next, by whom, and who is told: decided without a process, a clock or a disk."""

from __future__ import annotations

import pytest

from chronus.engine.foundry import (
    HURRIED,
    LIST,
    LONGEST,
    MOST_DEATHS,
    MOST_JOBS,
    MOST_SECONDS,
    PATIENT,
    Answer,
    Begin,
    Fetch,
    FetchParts,
    Finish,
    Foundry,
    Give,
    Progress,
    Slow,
    Stop,
    There,
)
from chronus.errors import ChronusError


def given(actions):
    return [(action.role, action.job) for action in actions if isinstance(action, Give)]


def answers(actions):
    return [action for action in actions if isinstance(action, Answer)]


@pytest.fixture
def playing():
    """An engine that plays, and whose forkserver has found `bass x1` and nothing else."""
    foundry = Foundry()
    foundry.forkserver_is_new()
    foundry.plays()
    foundry.found(["bass x1"], [])
    return foundry


def test_of_a_cold_engine_its_parts_come_first_and_the_list_tells_of_them():
    foundry = Foundry()
    begun = foundry.begin()
    assert [action for action in begun if isinstance(action, Begin)] == [Begin(HURRIED), Begin(PATIENT)]
    assert given(begun) == [(HURRIED, LONGEST), (PATIENT, LIST)] and not foundry.complete
    listed = foundry.listed(["graph", "replica", "out x2"], ["bass x1", "saw x1"])
    assert given(listed) == [(PATIENT, "replica")]
    assert given(foundry.done("replica", None)) == [(PATIENT, "out x2")]
    assert given(foundry.done("out x2", None)) == [(PATIENT, "bass x1")], (
        "who has nothing to do begins with the likeliest"
    )
    last = foundry.done("graph", None)
    assert foundry.complete and FetchParts() in last and Progress(4, 4, "graph") in last
    assert given(last) == [], "while the engine gets ready nothing else is begun"
    assert given(foundry.plays()) == [] and given(foundry.done("bass x1", None)) == [(PATIENT, "saw x1")]


def test_a_forkserver_that_lacks_its_parts_has_them_made_and_looks_again():
    foundry = Foundry()
    assert given(foundry.lacks_parts()) == [(HURRIED, LONGEST), (PATIENT, LIST)]
    foundry.listed(["graph"], [])
    foundry.done("graph", None)
    assert foundry.lacks_parts() == [FetchParts()]


def test_what_is_there_is_answered_at_once(playing):
    assert playing.ask(7, ["bass x1"]) == [Answer(7, None)]


def test_what_is_on_the_disk_is_loaded_and_no_compiler_is_begun(playing):
    assert playing.ask(7, ["bass x1", "saw x1"]) == [Fetch(("saw x1",))]
    assert playing.found(["saw x1"], []) == [There(("saw x1",)), Answer(7, None)]


def test_what_is_nowhere_is_compiled_then_loaded_then_told(playing):
    playing.ask(7, ["saw x1"])
    assert playing.found([], ["saw x1"]) == [Begin(HURRIED), Give(HURRIED, "saw x1")]
    assert playing.done("saw x1", None) == [Fetch(("saw x1",))], "nobody is told before the forkserver has it"
    assert playing.found(["saw x1"], []) == [There(("saw x1",)), Answer(7, None), Finish(HURRIED, complete=False)]


def test_two_that_wait_for_the_same_have_it_made_once(playing):
    playing.ask(7, ["saw x1"])
    playing.ask(8, ["saw x1"])
    assert given(playing.found([], ["saw x1"])) == [(HURRIED, "saw x1")]
    assert given(playing.found([], ["saw x1"])) == []
    playing.done("saw x1", None)
    assert answers(playing.found(["saw x1"], [])) == [Answer(7, None), Answer(8, None)]


def test_what_nobody_waits_for_is_made_at_the_lowest_priority_and_keeps_nobody_waiting(playing):
    begun = playing.found([], ["saw x1", "kick x1", "hat x1"])
    assert [a for a in begun if not isinstance(a, Begin)] == [Slow(PATIENT), Give(PATIENT, "saw x1")]
    playing.ask(7, ["hat x1"])
    assert given(playing.found([], ["hat x1"])) == [(HURRIED, "hat x1")]
    assert given(playing.done("saw x1", None)) == [(PATIENT, "kick x1")]
    playing.found(["saw x1"], [])
    playing.done("hat x1", None)
    playing.found(["hat x1"], [])
    ended = playing.done("kick x1", None)
    assert [a for a in ended if isinstance(a, Finish)] == [
        Finish(HURRIED, complete=False),
        Finish(PATIENT, complete=True),
    ]


def test_much_that_is_waited_for_is_made_by_both(playing):
    playing.ask(7, ["a x1", "b x1", "c x1"])
    assert given(playing.found([], ["a x1", "b x1", "c x1"])) == [(HURRIED, "a x1"), (PATIENT, "b x1")]


def test_a_compiler_that_has_made_much_is_replaced_by_a_fresh_one(playing):
    begun = playing.found([], [f"k{n} x1" for n in range(MOST_JOBS + 1)])
    assert Slow(PATIENT) in begun
    for n in range(MOST_JOBS - 1):
        assert given(playing.done(f"k{n} x1", None)) == [(PATIENT, f"k{n + 1} x1")]
    last = playing.done(f"k{MOST_JOBS - 1} x1", None)[1:]
    fresh = [Finish(PATIENT, complete=False), Begin(PATIENT), Slow(PATIENT), Give(PATIENT, f"k{MOST_JOBS} x1")]
    assert last == fresh


def test_what_cannot_be_compiled_is_told_to_whoever_waits_and_to_nobody_else(playing):
    playing.ask(7, ["pump x1"])
    playing.ask(8, ["saw x1"])
    playing.found([], ["pump x1", "saw x1"])
    refused = playing.done("pump x1", ("E_MODULE", "TypingError"))
    assert answers(refused) == [Answer(7, ("pump x1", "E_MODULE", "TypingError"))]
    playing.done("saw x1", None)
    assert answers(playing.found(["saw x1"], [])) == [Answer(8, None)]


def test_what_was_compiled_and_is_not_there_again_is_refused_and_not_made_for_ever(playing):
    playing.ask(7, ["saw x1"])
    playing.found([], ["saw x1"])
    playing.done("saw x1", None)
    (answer,) = answers(playing.found([], ["saw x1"]))
    assert answer.number == 7 and answer.error[:2] == ("saw x1", "E_FILE")
    assert playing.ask(8, ["saw x1"]) == [Fetch(("saw x1",))]
    assert given(playing.found([], ["saw x1"])) == [(HURRIED, "saw x1")], "asked for again it is tried again"


def test_what_was_made_once_is_made_again_where_a_new_forkserver_does_not_find_it(playing):
    playing.ask(7, ["saw x1"])
    playing.found([], ["saw x1"])
    playing.done("saw x1", None)
    playing.found(["saw x1"], [])
    playing.forkserver_is_new()
    playing.ask(8, ["saw x1"])
    again = playing.found([], ["saw x1"])
    assert given(again) == [(HURRIED, "saw x1")] and answers(again) == []


def test_a_job_that_a_compiler_was_killed_at_is_done_by_the_next_one(playing):
    playing.ask(7, ["saw x1"])
    playing.found([], ["saw x1"])
    again = playing.died(HURRIED, "signal 9")
    assert again == [Begin(HURRIED), Give(HURRIED, "saw x1")]
    (answer,) = answers(playing.died(HURRIED, "signal 11"))
    assert answer.error[:2] == ("saw x1", "E_ENGINE") and "died of saw x1 (signal 11)" in answer.error[2]


def test_a_job_is_not_given_to_who_may_have_been_killed_with_the_one_that_was_at_it(playing):
    playing.ask(1, ["saw x1", "sine x1"])
    playing.found((), ["saw x1", "sine x1"])
    playing.done("saw x1", None)
    assert playing.at_work == {PATIENT: "sine x1"} and HURRIED in playing.alive
    assert given(playing.died(PATIENT, "signal 9")) == [(PATIENT, "sine x1")]
    assert answers(playing.died(HURRIED, "signal 9")) == []


def test_a_part_that_compilers_die_of_is_the_end_of_a_start():
    foundry = Foundry()
    foundry.begin()
    assert given(foundry.died(HURRIED, "signal 9")) == [(HURRIED, LONGEST)]
    with pytest.raises(ChronusError, match="died of graph"):
        foundry.died(HURRIED, "signal 9")


def test_a_disk_that_refuses_a_part_is_told_as_that():
    foundry = Foundry()
    foundry.begin()
    with pytest.raises(ChronusError) as refused:
        foundry.done(LONGEST, ("E_FILE", "No space left on device"))
    assert refused.value.code == "E_FILE"


def test_compilers_that_keep_dying_are_begun_no_more_but_for_whoever_waits(playing):
    playing.found([], [f"k{n} x1" for n in range(20)])
    for _ in range(MOST_DEATHS + 1):
        last = playing.died(PATIENT, "signal 9")
    assert given(last) == [] and Begin(PATIENT) not in last and not playing.likeliest
    playing.ask(7, ["k3 x1"])
    assert (HURRIED, "k3 x1") in given(playing.found([], ["k3 x1"]))


def test_who_spends_too_long_on_one_job_is_ended_and_it_is_not_tried_again(playing):
    playing.ask(7, ["pump x1"])
    playing.found([], ["pump x1"])
    assert playing.look({HURRIED: 1.0}) == [] and playing.look({HURRIED: 1.0 + MOST_SECONDS}) == []
    assert playing.look({HURRIED: 1.5 + MOST_SECONDS}) == [Stop(HURRIED)]
    (answer,) = answers(playing.died(HURRIED, "signal 9"))
    assert answer.number == 7


def test_a_compiler_without_a_processor_is_not_too_slow(playing):
    playing.ask(7, ["pump x1"])
    playing.found([], ["pump x1"])
    assert all(playing.look({HURRIED: 0.1}) == [] for _ in range(1000))


def test_a_new_forkserver_has_nothing_until_it_says_so_and_loads_first_what_is_waited_for(playing):
    playing.ask(7, ["saw x1"])
    assert playing.forkserver_is_new() == [There((), anew=True), Fetch(("saw x1",))]
    assert playing.ask(8, ["bass x1"]) == [Fetch(("bass x1",))]


def test_an_answer_that_comes_after_the_death_of_who_gave_it_does_no_harm(playing):
    playing.ask(7, ["saw x1"])
    playing.found([], ["saw x1"])
    playing.died(HURRIED, "signal 9")
    assert playing.done("saw x1", None)[0] == Fetch(("saw x1",))
    assert answers(playing.found(["saw x1"], [])) == [Answer(7, None)]
