"""Which device plays, as decisions: no process, no clock."""

import itertools

from chronus.engine.device import (
    CANDIDATE_SECONDS,
    FIRST_SECONDS,
    LATER,
    NAMED_SECONDS,
    SOON,
    Device,
    Fail,
    GiveUp,
    Refuse,
    Tell,
    Try,
)
from chronus.engine_line import Opened

CARD = "ALSA: card"


def playing(asked=None):
    """A device that plays on CARD since 0."""
    device = Device(asked)
    device.begin(0.0)
    assert device.opened(0.0, Opened(CARD, 44100, 128)) == ""
    return device


def looks(device, start, end, step=0.05):
    """What is done between two times: (time, action)."""
    found, now = [], start
    while now < end:
        found += [(round(now, 2), action) for action in device.look(now)]
        now += step
    return found


def test_when_the_device_goes_the_null_device_plays_at_once_and_a_candidate_is_tried():
    device = playing("card")
    assert device.begin(0.5) == ("card", False)
    assert device.host_died(1.0) == []
    assert device.begin(1.0) == ("null", False)
    assert device.look(1.0) == [Try("card")]
    assert device.opened(1.02, Opened("null", 44100, 128)) == "" and device.on == "null"


def test_row_32_without_a_name_the_one_that_was_opened_first_is_meant_from_then_on():
    device = playing(None)
    device.host_died(1.0)
    device.begin(1.0)
    assert device.look(1.0) == [Try(CARD)]


def test_a_candidate_that_has_the_device_open_plays_when_the_null_device_has_ended():
    device = playing("card")
    device.host_died(1.0)
    device.begin(1.0)
    device.look(1.0)
    device.opened(1.01, Opened("null", 44100, 128))
    device.candidate_opened(Opened(CARD, 48000, 128))
    assert device.look(1.1) == [GiveUp("host")] and device.on == "null"
    device.take(1.2)
    assert (device.on, device.rate, device.away) == (CARD, 48000, False)
    assert looks(device, 1.2, 20) == [], "nothing was said of an absence this short, nor is anything tried"


def test_a_candidate_that_fails_is_followed_by_another_one_soon():
    device = playing("card")
    device.host_died(1.0)
    device.opened(1.0, Opened("null", 44100, 128))
    device.look(1.0)
    device.candidate_gone(1.2, "no such device")
    device.candidate_gone(1.21)
    tries = [at for at, action in looks(device, 1.25, 1.3 + SOON) if isinstance(action, Try)]
    assert len(tries) == 1 and tries[0] >= 1.2 + SOON - 0.01


def test_a_candidate_that_hangs_is_ended_and_keeps_nobody_waiting():
    device = playing("card")
    device.host_died(0.0)
    device.opened(0.0, Opened("null", 44100, 128))
    device.look(0.0)
    ended = [at for at, action in looks(device, 0.05, 9) if action == GiveUp("candidate")]
    assert ended and CANDIDATE_SECONDS <= ended[0] <= CANDIDATE_SECONDS + 0.1


def test_rows_28_to_30_however_often_it_comes_and_goes_there_is_at_most_one_notice_a_second():
    device, told, now = playing("card"), [], 0.0
    while now < 20:  # it plays for 0.3 s and is away for 0.2
        for action in device.host_died(now) + looks(device, now, now + 0.2):
            told += [action[0]] if isinstance(action[1], Tell) else []
        device.candidate_opened(Opened(CARD, 44100, 128))
        device.take(now + 0.2)
        told += [at for at, action in looks(device, now + 0.2, now + 0.5) if isinstance(action, Tell)]
        now += 0.5
    device.host_died(now)
    device.opened(now, Opened("null", 44100, 128))
    device.look(now)
    device.candidate_gone(now, "it is gone")
    told += [at for at, action in looks(device, now, now + 10) if isinstance(action, Tell)]
    assert told and all(b - a >= 1.0 for a, b in itertools.pairwise(told)), told


def test_an_absence_and_its_end_are_told_once_each():
    device = playing("card")
    device.host_died(0.0)
    device.opened(0.0, Opened("null", 44100, 128))
    device.look(0.0)
    device.candidate_gone(0.1, "it is gone")
    told = [action.text for _, action in looks(device, 0.1, 9) if isinstance(action, Tell)]
    assert told == ["it is gone; the null device fills in until it is there again"]
    device.candidate_opened(Opened(CARD, 44100, 128))
    device.take(9.0)
    told = [action.text for _, action in looks(device, 9, 20) if isinstance(action, Tell)]
    assert told == [f"{CARD} plays again"]


def test_row_31_without_any_device_it_starts_on_the_null_device_and_looks_again_every_five_seconds():
    device = Device(None)
    assert device.begin(0.0) == (None, True)
    assert device.opened(0.1, Opened("null", 44100, 128, "no output device was found")).startswith(
        "no output device was found; playing"
    )
    tries, now = [], 0.1
    while now < 16:
        for _ in looks(device, now, now + 0.05):
            tries.append(now)
            device.candidate_gone(now, "no output device was found")
        now += 0.05
    assert len(tries) == 3 and all(abs(b - a - LATER) <= 0.1 for a, b in itertools.pairwise(tries))


def test_row_31_a_device_that_hangs_at_the_start_is_given_up_for_the_null_device_if_none_was_asked_for():
    device = Device(None)
    device.begin(0.0)
    first = looks(device, 0.0, FIRST_SECONDS + 0.1)
    assert [action for _, action in first] == [GiveUp("host")]
    device.host_died(2.1)
    assert device.begin(2.1)[0] == "null"
    assert "did not open; playing on the null device" in device.opened(2.2, Opened("null", 44100, 128))


def test_row_31_a_device_that_was_asked_for_and_does_not_open_is_refused():
    device = Device("card")
    device.begin(0.0)
    assert isinstance(looks(device, 0.0, NAMED_SECONDS + 0.1)[0][1], Refuse)
    assert isinstance(device.host_died(0.5)[0], Refuse)


def test_nothing_is_looked_for_where_the_null_device_was_asked_for():
    device = Device("null")
    device.begin(0.0)
    assert device.opened(0.0, Opened("null", 44100, 128)) == ""
    assert device.host_died(1.0) == [] and device.begin(1.0)[0] == "null"
    device.opened(1.0, Opened("null", 44100, 128))
    assert looks(device, 1.0, 30) == []


def test_a_device_that_is_asked_for_opens_beside_the_one_that_plays_and_takes_over_when_it_is_open():
    device = playing("card")
    assert device.move(5.0, "USB: box") == []
    assert device.look(5.0) == [Try("USB: box")] and device.on == CARD
    assert device.look(5.1) == []
    device.candidate_opened(Opened("USB: box", 48000, 256))
    assert device.look(5.2) == [GiveUp("host")]
    device.take(5.21)
    assert (device.on, device.rate, device.away, device.moving) == ("USB: box", 48000, False, None)
    assert looks(device, 5.21, 20) == []
    device.host_died(20.0)
    device.begin(20.0)
    assert device.look(20.0) == [Try("USB: box")], "from now on that one is meant"


def test_a_device_that_cannot_be_had_changes_nothing():
    device = playing("card")
    device.move(5.0, "USB: box")
    device.look(5.0)
    assert device.candidate_gone(5.1, "it is in use") == [Fail("USB: box", "it is in use")]
    assert (device.on, device.moving, device.meant) == (CARD, None, "card")
    assert looks(device, 5.1, 30) == []


def test_who_asks_for_another_device_again_gets_the_last_one():
    device = playing("card")
    device.move(5.0, "USB: box")
    device.look(5.0)
    assert device.move(5.1, "null") == [GiveUp("candidate")]
    device.candidate_opened(Opened("USB: box", 48000, 256))  # it came to it at the last moment
    assert device.ready is None and device.candidate_gone(5.2) == []
    assert device.look(5.2) == [Try("null")]
    device.candidate_opened(Opened("null", 44100, 128))
    assert device.look(5.3) == [GiveUp("host")]
    device.take(5.31)
    assert device.on == "null" and looks(device, 5.31, 30) == [], "the null device is meant: nothing else is tried"


def test_while_the_device_is_away_another_one_may_be_asked_for():
    device = playing("card")
    device.host_died(1.0)
    device.begin(1.0)
    device.opened(1.0, Opened("null", 44100, 128))
    device.look(1.0)
    assert device.move(1.1, "USB: box") == [GiveUp("candidate")]
    assert device.candidate_gone(1.2, "gone") == []
    assert device.look(1.2) == [Try("USB: box")]
    device.candidate_opened(Opened("USB: box", 44100, 128))
    device.take(1.4)
    assert device.on == "USB: box" and looks(device, 1.4, 30) == []


def test_a_host_that_dies_while_another_device_opens_is_followed_by_that_one():
    device = playing("card")
    device.move(5.0, "USB: box")
    device.look(5.0)
    device.host_died(5.1)
    assert device.begin(5.1) == ("null", False)
    device.opened(5.12, Opened("null", 44100, 128))
    device.candidate_opened(Opened("USB: box", 44100, 128))
    assert device.look(5.2) == [GiveUp("host")]
    device.take(5.21)
    assert device.on == "USB: box" and looks(device, 5.21, 30) == []
