from hypothesis import given
from hypothesis import strategies as st

from chronus.engine import supervision
from chronus.engine.supervision import (
    ALONE_PAUSE,
    BUDGET,
    LONGEST_PAUSE,
    NOTICE_BLOCKS,
    PERIOD,
    ROLES,
    Blame,
    Child,
    Start,
    afresh,
    convicted,
    died,
    doomed,
    due,
    followed,
    out_from,
    unanswered,
)
from chronus.engine_line import Notice


def running():
    return {role: Child(alive=True) for role in ROLES}


def test_a_child_that_dies_is_started_again_at_once():
    state, told = died(running(), "worker 0", 10.0, "signal 9")
    assert told == []  # who plays on is not known yet: see test_obituary
    assert died(running(), "host", 10.0, "exit 4")[1] == [
        Notice("host restart", "host died (exit 4) and is started again")
    ]
    state, actions = due(state, 10.0)
    assert actions == [Start("worker 0")] and state["worker 0"].restarts == 1
    assert due(state, 11.0)[1] == []


def test_one_that_keeps_dying_is_started_after_longer_and_longer_pauses():
    state, now, pauses = running(), 0.0, []
    for _ in range(BUDGET + 8):
        state, _ = died(state, "worker 0", now, "signal 11")
        when = state["worker 0"].due
        pauses.append(round(when - now, 3))
        now = when
        state, _ = due(state, now)
    assert pauses[:BUDGET] == [0.0] * BUDGET
    assert pauses[BUDGET : BUDGET + 3] == [0.1, 0.2, 0.4]
    assert max(pauses) <= LONGEST_PAUSE


def test_the_last_slot_is_never_kept_waiting_for_long():
    state, now = running(), 0.0
    for _ in range(40):
        for slot in (0, 1):
            if state[f"worker {slot}"].alive:
                state, _ = died(state, f"worker {slot}", now, "signal 9")
        now, before = min(state[f"worker {slot}"].due for slot in (0, 1)), now
        assert now <= before + ALONE_PAUSE
        state, _ = due(state, now)


def test_deaths_that_are_long_ago_count_no_more():
    state = running()
    for k in range(20):
        state, _ = died(state, "worker 1", k * PERIOD, "signal 9")
        assert state["worker 1"].due == k * PERIOD
        state, _ = due(state, k * PERIOD)


def test_workers_wait_for_the_forkserver():
    state, _ = died(running(), "forkserver", 0.0, "signal 9")
    state, _ = died(state, "worker 0", 0.0, "signal 9")
    state, actions = due(state, 0.0)
    assert actions == [Start("forkserver"), Start("worker 0")] or actions == [Start("forkserver")]


@given(st.lists(st.tuples(st.sampled_from(ROLES), st.floats(0, 100)), max_size=60))
def test_whoever_dies_comes_back_and_nobody_else_is_touched(deaths):
    state = running()
    for role, now in sorted(deaths, key=lambda d: d[1]):
        others = {other: child for other, child in state.items() if other != role}
        state, _ = died(state, role, now, "signal 9")
        assert {other: child for other, child in state.items() if other != role} == others
    for _ in range(2):  # the forkserver first, then who waits for it
        state, _ = due(state, 1000.0)
    assert all(child.alive for child in state.values())


def test_what_a_worker_dies_of_or_does_not_come_back_from_is_passed_over_and_in_the_end_there_is_nothing():
    tried, seen = supervision.NEWEST, []
    for how, took in ((-9, 0.1), (-11, 0.1), (-9, supervision.RESTORE_SECONDS + 0.1), (-11, 0.1), (-15, 0.1)):
        tried = supervision.restoring(tried, how, took)
        seen.append(tried)
    before, nothing = supervision.BEFORE, supervision.NOTHING
    assert seen == [supervision.NEWEST, before, nothing, nothing, nothing]
    # one that has begun to play may have died of it as well, if it dies soon
    late = supervision.RESTORE_SECONDS + 0.1
    cases = {
        (-11, 0.1): before,
        (-9, 0.1): supervision.NEWEST,
        (-11, late): supervision.NEWEST,
        (-9, late): supervision.NEWEST,
    }
    for (how, took), then in cases.items():
        assert supervision.restoring(supervision.NEWEST, how, took, played=True) == then


def test_the_second_blame_convicts_and_only_that_module_or_entry():
    blamed = ()
    for blame in (Blame(3, 7), Blame(3, 8), Blame(4, 7), Blame(entry=7), Blame(entry=8)):
        blamed, guilty = convicted(blamed, blame)
        assert not guilty, blame
    for blame in (Blame(4, 7), Blame(entry=8)):
        assert convicted(blamed, blame)[1], blame


def test_blames_are_forgotten_in_the_end():
    blamed, _ = convicted((), Blame(1, 1))
    for k in range(100):
        blamed, _ = convicted(blamed, Blame(2, k))
    assert len(blamed) == 64 and not convicted(blamed, Blame(1, 1))[1]


def test_a_module_is_out_from_a_block_that_nobody_got_past():
    assert out_from(100, None) == 100
    assert out_from(100, 103) == 103 + NOTICE_BLOCKS and out_from(100, 20) == 100


def test_what_a_dead_forkserver_was_asked_for_is_asked_for_again():
    state, _ = died(running(), "worker 1", 5.0, "signal 9")
    state, _ = due(state, 5.0)
    state, _ = died(state, "forkserver", 5.001, "signal 9")
    state = unanswered(state, ["worker 1", "candidate"], 5.001)
    assert not state["worker 1"].alive and "candidate" not in state
    state, first = due(state, 5.002)
    state, then = due(state, 5.003)
    assert first == [Start("forkserver")] and then == [Start("worker 1")]
    assert state["worker 1"].deaths == (5.0,), "it did not die: nothing is held against it"


def test_who_is_killed_on_purpose_is_dying_until_it_is_dead_and_then_it_is_known_how_it_ended():
    state = doomed(running(), ["host"], 3.0)
    assert state["host"].doomed and (state["host"].ended, state["host"].ended_at) == ("killed on purpose", 3.0)
    state, _ = died(state, "host", 3.1, "signal 9")
    assert not state["host"].doomed and (state["host"].ended, state["host"].ended_at) == ("signal 9", 3.1)
    again = afresh(state, "host", 4.0)["host"]
    assert (again.ended, again.restarts, again.deaths) == ("signal 9", -1, ())


def test_who_is_followed_by_a_candidate_is_not_dying_any_more():
    state = followed(doomed(running(), ["host"], 3.0), "host")
    assert state["host"].alive and not state["host"].doomed
