"""When a recorder is started, and started again."""

from chronus.engine import recording
from chronus.engine.recording import BUDGET, Fork, Tape, Tell
from chronus.engine_line import Notice, Record, Recording

ONE = Record("/a.wav", 100)
ENDED = Record("/a.wav", 100, 500)


def test_it_is_started_once_and_told_what_changes():
    tape, actions = recording.wanted(Tape(), ONE)
    assert actions == [Fork(ONE)]
    said = Recording(ONE, "records", 10)
    tape, actions = recording.heard(tape, said)
    assert actions == [said]
    tape, actions = recording.wanted(tape, ENDED)
    assert actions == [Tell(ENDED)]


def test_one_that_dies_is_followed_by_another_that_knows_what_it_said_last():
    tape, _ = recording.wanted(Tape(), ONE)
    tape, actions = recording.died(tape, 1.0, "signal 9")
    assert actions[1:] == [Fork(ONE)]  # it had opened nothing
    tape, _ = recording.heard(tape, said := Recording(ONE, "records", 10))
    tape, _ = recording.wanted(tape, ENDED)
    tape, actions = recording.died(tape, 2.0, "signal 9")
    assert isinstance(actions[0], Notice) and actions[1:] == [Fork(ENDED, said)]


def test_one_that_keeps_dying_is_given_up_and_that_is_told():
    tape, _ = recording.wanted(Tape(), ONE)
    tape, _ = recording.heard(tape, Recording(ONE, "records", 10))
    for k in range(BUDGET):
        tape, actions = recording.died(tape, k * 0.1, "signal 9")
        assert isinstance(actions[-1], Fork)
    tape, (told,) = recording.died(tape, 1.0, "signal 9")
    assert told.state == "failed" and told.frames == 10 and not tape.runs
    assert recording.died(tape, 1.0, "signal 9")[1] == []


def test_one_that_is_over_may_end_and_another_file_may_follow():
    tape, _ = recording.wanted(Tape(), ONE)
    tape, _ = recording.heard(tape, over := Recording(ONE, "written", 10))
    assert recording.died(tape, 1.0, "exit 0") == (tape, [])
    assert recording.wanted(tape, ENDED)[1] == [over]  # control, which has just come back, has not heard of it
    other = Record("/b.wav", 900)
    tape, actions = recording.wanted(tape, other)
    assert actions == [Fork(other)] and recording.heard(tape, over)[1] == []


def test_a_forkserver_that_dies_over_it_is_asked_again():
    tape, _ = recording.wanted(Tape(), ONE)
    assert recording.can_fork(tape)[1] == []
    tape, actions = recording.can_fork(recording.lost(tape))
    assert actions == [Fork(ONE)] and recording.can_fork(tape)[1] == []


def test_a_new_control_is_told_what_is_recorded():
    assert recording.told_to_control(Tape()) == ()
    tape, _ = recording.wanted(Tape(), ONE)
    assert recording.told_to_control(tape) == (Recording(ONE, "waits"),)
    tape, _ = recording.heard(tape, said := Recording(ONE, "records", 10))
    assert recording.told_to_control(tape) == (said,)
