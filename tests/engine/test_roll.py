"""Who was asked for and who lives, as it is told."""

import pytest

from chronus.engine.roll import Born, Died, HostSaid, Ready, Roll
from chronus.engine_line import CanFork, Ended, Forked, Opened, Unopened


@pytest.fixture
def roll():
    return Roll()


def test_a_forkserver_tells_when_it_can_be_asked(roll):
    assert roll.forkserver_said(CanFork()) == [Ready()]


def test_who_was_asked_for_lives_from_when_its_pid_is_told_until_it_is_dead(roll):
    number = roll.ask("worker 0")
    assert roll.pids == {}
    assert roll.forkserver_said(Forked(number, 4711)) == [Born("worker 0")]
    assert roll.pids == {"worker 0": 4711}
    assert roll.forkserver_said(Ended(4711, -9)) == [Died("worker 0", -9)]
    assert roll.pids == {} and roll.owed() == set()


def test_a_dead_forkserver_owes_all_that_it_has_not_told_of(roll):
    told, owed = roll.ask("worker 0"), roll.ask("worker 1")
    roll.forkserver_said(Forked(told, 4711))
    assert roll.owed() == {"worker 1"}
    assert roll.forkserver_said(Forked(owed, 4712)) == [] and "worker 1" not in roll.pids
    assert roll.owed() == set()


def test_the_death_of_a_stranger_says_nothing(roll):
    roll.pids["control"] = 4711
    assert roll.died(4712, 0) == [] and roll.pids == {"control": 4711}


def test_who_had_the_place_of_one_that_is_asked_for_is_heard_of_no_more(roll):
    before = roll.ask("candidate")
    roll.forkserver_said(Forked(before, 4711))
    after = roll.ask("candidate")
    assert roll.pids == {}
    assert roll.forkserver_said(Ended(4711, -9)) == []
    assert roll.forkserver_said(Forked(after, 4712)) == [Born("candidate")]
    assert roll.forkserver_said(Ended(4711, -9)) == [] and roll.pids == {"candidate": 4712}


def test_only_who_has_the_place_now_is_heard_as_host_or_candidate(roll):
    before, host, candidate = object(), object(), object()
    roll.hosts = {"host": host, "candidate": candidate}
    opened, refused = Opened("null", 44100, 128), Unopened("no")
    assert roll.host_said(before, opened) == []
    assert roll.host_said(host, opened) == [HostSaid("host", opened)]
    assert roll.host_said(candidate, refused) == [HostSaid("candidate", refused)]
