"""Looking at the sound of a real engine while its processes are killed."""

import time

import pytest

from tests.kit.live import engine
from tests.kit.talk import Talker

pytestmark = pytest.mark.proof


@pytest.fixture(scope="module")
def sounding(tmp_path_factory):
    with engine(tmp_path_factory.mktemp("looks"), "--device", "null", "--osc-port", "0") as there:
        talker = Talker(there.home)
        talker.fine("load sine as tone freq=440; set tone.level -6db, tone.gain 0.5")
        talker.fine("load kick; seq kick: x.x.x.x.")
        talker.fine("wait 1500 ms")
        yield there, talker


def tone(reply):
    return next(row for row in reply.result["modules"] if row["name"] == "tone")


def test_a_sine_reads_the_same_while_processes_are_killed(sounding):
    _, talker = sounding
    for victim in ("active", "standby", "active"):
        talker.fine(f"crash {victim}")
        for _ in range(20):
            assert tone(talker.ask("meters"))["peak"] == -12.0
        found = talker.ask("spectrum tone").result
        assert max(found["bands"], key=lambda band: band["db"] or -99)["hz"] == 398.1
        assert found["peaks"][0]["note"] == "a4"
        talker.fine("wait 700 ms")


def test_what_was_just_heard_is_told_in_a_quarter_of_a_second_and_no_frame_is_lost(sounding):
    there, talker = sounding
    talker.fine("wait 2200 ms")  # a slot that took over has left a gap before
    counters = there.status()["counters"]
    assert talker.ask("hear 2 s").result["notes"]  # it begins the process that measures
    took = []
    for _ in range(5):
        began = time.monotonic()
        found = talker.ask("hear 2 s").result
        took.append(time.monotonic() - began)
        assert found["state"] == "measured" and found["seconds"] == 2 and -40 < found["integrated"] < 0
    assert sorted(took)[2] <= 0.25, took
    now = there.status()["counters"]
    assert (now["missing"], now["silent"]) == (counters["missing"], counters["silent"])
