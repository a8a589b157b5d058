from chronus.engine.obituary import SURE_SECONDS, Obituary

BOTH, ONLY_0, ONLY_1, NONE = (True, True), (True, False), (False, True), (False, False)


def after(deaths, *looks, active=0):
    """What is said: `deaths` (slot, when), then `looks` (when, who plays, frames of silence so far)."""
    said = Obituary()
    said.look(0.0, active, BOTH, 100)
    for slot, when in deaths:
        said.died(slot, "signal 9", when)
    return [(notice.kind, notice.text) for when, *seen in looks for notice in said.look(when, 1 - active, *seen)]


def test_the_death_of_the_slot_that_is_heard_is_a_failover():
    assert after([(0, 1.0)], (1.0 + SURE_SECONDS, BOTH, 100)) == [
        ("failover", "slot 0 died (signal 9), slot 1 plays on, 0 frames lost")
    ]


def test_the_death_of_the_standby_is_none():
    assert after([(1, 1.0)], (2.0, ONLY_0, 100)) == [
        ("standby", "slot 1 died (signal 9), it was not heard, slot 0 plays on, 0 frames lost")
    ]


def test_nobody_is_said_to_play_on_who_is_dying_too():
    looks = [(1.001, ONLY_1, 100), (1.06, NONE, 100), (1.2, NONE, 2000), (1.3, ONLY_1, 3334), (1.4, BOTH, 3334)]
    assert after([(0, 1.0), (1, 1.002)], *looks) == [
        ("down", "both slots died (signal 9), the sound comes back where it would have been"),
        ("back", "slot 1 plays again, 3,234 frames lost"),
    ]


def test_both_that_are_back_before_the_next_look_are_told_in_one_go():
    assert [kind for kind, _ in after([(0, 1.0), (1, 1.0)], (1.1, BOTH, 1300))] == ["down", "back"]


def test_the_last_slot_dies_while_the_other_is_down():
    said = Obituary()
    said.look(0.0, 1, ONLY_1, 0)
    said.died(1, "signal 11", 1.0)
    assert [notice.text for notice in said.look(2.0, 1, NONE, 500)] == ["slot 1 died (signal 11) while slot 0 was down"]
    assert [notice.text for notice in said.look(2.1, 1, NONE, 900)] == []
    assert [notice.text for notice in said.look(2.2, 0, ONLY_0, 1200)] == ["slot 0 plays again, 1,200 frames lost"]


def test_after_all_is_said_the_count_begins_anew():
    said = Obituary()
    said.look(0.0, 0, BOTH, 0)
    said.died(0, "signal 9", 1.0)
    said.look(2.0, 1, BOTH, 7)
    said.look(3.0, 1, BOTH, 7)
    said.died(1, "signal 9", 4.0)
    assert said.look(5.0, 0, BOTH, 7)[0].text == "slot 1 died (signal 9), slot 0 plays on, 0 frames lost"


def test_of_control_nothing_is_said_before_it_is_back_and_then_once():
    said = Obituary()
    said.control_died("signal 9", 1.0, 100)
    assert said.look(1.2, 0, BOTH, 100) == []
    said.control_died("exit 1", 1.3, 164)  # it died again as it began
    (notice,) = said.control_ready(1.412, 164)
    assert notice.kind == "control"
    assert notice.text == "control died (signal 9) and came back; 412 ms, 64 frames lost"
    assert said.control_ready(2.0, 164) == [], "the first start of an engine is no return"
