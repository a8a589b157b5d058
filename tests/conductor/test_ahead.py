"""What is put off is performed some time before its moment; what is said until then is about what is heard until then."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chronus.memory.layout import BLOCK
from tests.kit.sounding import BAR, RATE, differing, playing, say, send, to

LEAD = RATE // 10
LATER = (
    "load hat",
    "unload bass",
    "patch bass > filter",
    "set bass.freq 82",
    "bpm 380",
    "load lfo; patch lfo > pad.freq 1 st",
)
NOW = (
    "set hat.decay 99 ms", "set bass.freq 55", "set pad.gain 0.2", "load saw", "unload pad", "patch bass > delay",
    "gate pad off", "note bass a1", "seq kick: xxxx now", "unload bass", "undo", "stop", "panic", "list modules", "bpm 390",
)  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))


def put_off(house, caller, *lines: str) -> int:
    """The frame for which they are put off. They have been performed for it, and it is so far ahead as it ever is then."""
    replies = say(house, caller, *(f"{line} at next bar" for line in lines))
    assert all(reply.ok for reply in replies), replies
    due = replies[-1].frame
    assert due - house.publisher.head() > LEAD, "the bar line came too soon"
    to(house, due - LEAD + 5 * BLOCK)
    while house.conductor.state.promised < due:
        house.run(1)
    assert due - house.publisher.head() > 30 * BLOCK, "it was performed too late to be overtaken"
    return due


def test_a_name_that_is_loaded_later_is_not_there_before(tmp_path):
    house, caller = playing(tmp_path)
    due = put_off(house, caller, "load hat")
    other = house.caller()
    listed, early = say(house, other, "list modules")[0], say(house, other, "set hat.decay 99 ms")[0]
    assert "hat" not in str(listed.result) and (early.ok, early.code) == (False, "E_NAME")
    to(house, due + 2 * BLOCK)
    listed, after = say(house, other, "list modules")[0], say(house, other, "set hat.decay 99 ms")[0]
    assert "hat" in str(listed.result) and after.ok and after.frame > due
    assert differing(house) == -1


def test_what_touches_nothing_of_it_is_heard_at_once(tmp_path):
    house, caller = playing(tmp_path)
    due = put_off(house, caller, "patch bass > filter")
    head = house.publisher.head()
    (reply,) = say(house, house.caller(), "set pad.gain 0.2")
    assert reply.ok and head <= reply.frame <= head + 5 * BLOCK < due
    assert differing(house) == -1


@pytest.mark.parametrize("line", ["set bass.freq 55", "load saw", "patch bass > delay", "bpm 390", "undo"])
def test_what_depends_on_it_comes_after_it_at_the_same_frame(tmp_path, line):
    house, caller = playing(tmp_path)
    due = put_off(house, caller, "set bass.freq 82", "patch bass > filter")
    (reply,) = say(house, house.caller(), line)
    assert reply.ok and reply.frame == due
    if line.startswith("set"):
        assert house.conductor.rack.modules["bass"].params["freq"] == 55
    assert differing(house) == -1


def test_a_set_on_what_is_about_to_go_is_refused_and_told_why(tmp_path):
    house, caller = playing(tmp_path)
    put_off(house, caller, "unload bass")
    (reply,) = say(house, house.caller(), "set bass.freq 55")
    assert (reply.ok, reply.code) == (False, "E_NAME") and "comes first" in reply.text
    assert differing(house) == -1


def test_panic_waits_for_nothing(tmp_path):
    house, caller = playing(tmp_path)
    due = put_off(house, caller, "load saw")
    (reply,) = say(house, house.caller(), "panic")
    assert reply.ok and reply.frame < due - 10 * BLOCK
    to(house, due + BAR)
    assert abs(house.replicas.blocks[-1]).max() == 0, "what was put off sounds after a panic"
    assert differing(house) == -1


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    later=st.lists(st.sampled_from(LATER), min_size=1, max_size=2, unique=True),
    said=st.lists(st.tuples(st.integers(0, 70), st.sampled_from(NOW)), min_size=1, max_size=5),
)
def test_the_order_of_the_answers_is_that_of_the_effects_and_the_journal_gives_the_take_again(
    tmp_path_factory, monkeypatch, later, said
):
    folder = tmp_path_factory.mktemp("take")
    monkeypatch.setenv("CHRONUS_HOME", str(folder))
    house, caller = playing(folder)
    later = sorted(later, key=lambda line: line.startswith("unload"))  # or what comes after it would be refused
    put_off(house, caller, *(line for one in later for line in one.split("; ")))
    other = house.caller()
    for blocks, line in said:
        house.run(blocks)
        send(other, line)
    house.until(other, other.number)
    frames = [reply.frame for reply in other.replies if reply.ok and reply.frame is not None]
    assert frames == sorted(frames)
    to(house, max([house.publisher.head(), *frames]) + 20 * BLOCK)
    seats = house.conductor.plan.seats
    assert seats.keys() == house.conductor.rack.modules.keys()
    assert differing(house) == -1
