"""Whatever is typed, control answers in bounded time: nobody waits for another's work, and no work is tried for ever."""

from __future__ import annotations

import random
from itertools import count

import pytest

from chronus import commands as c
from chronus.commands import When
from chronus.control.jobs import performer
from chronus.memory.layout import BLOCK, LOG_ENTRIES, NOTES_LATE, RECOMMITTED
from chronus.memory.log import FRAME, NOTE_ON, PANIC, SET, WHAT
from chronus.pattern.lane import LaneOptions, Pattern
from tests.control.serve.test_server import entries, seq, set_
from tests.kit.house import RATE, House


def stuck(house: House):
    """One whose line waits for workers that do not prepare its program."""
    caller = house.caller("stuck")
    house.replicas.prepares = False
    caller.say(c.Load(kind="kick"))
    house.run(5)
    assert house.performer.current is not None and not caller.replies
    return caller


# ---------------------------------------------------------------- nobody waits for another's work


def test_questions_are_answered_while_a_line_waits_for_the_workers(house):
    waiting, other = stuck(house), house.caller()
    status, listed = house.ask(other, c.Status(), c.List())
    assert status.ok and listed.ok
    assert not waiting.replies
    house.replicas.prepares = True
    assert house.until(waiting, 1)[0].ok


def test_panic_goes_first_and_the_line_that_waits_is_done_after_it(house):
    before = house.caller()
    house.ask(before, c.Load(kind="bass"), seq("bass"))
    waiting, other = stuck(house), house.caller()
    began = house.replicas.block()
    other.say(c.Stop())
    house.run(6)
    house.replicas.prepares = True
    assert house.until(other, 1)[0].ok and house.conductor.score.stopped
    assert house.replicas.block() - began < 20
    assert house.until(waiting, 1)[0].ok and "kick" in house.conductor.rack.modules


def test_panic_of_one_who_waits_himself_keeps_its_place(house):
    waiting = stuck(house)
    waiting.say(c.Panic())
    house.run(20)
    assert not waiting.replies
    house.replicas.prepares = True
    loaded, panicked = house.until(waiting, 2)
    assert loaded.ok and panicked.ok and loaded.frame <= panicked.frame


def test_the_engine_can_be_ended_while_a_line_waits(house):
    stuck(house)
    other = house.caller()
    other.shut_down()
    house.run(3)
    assert house.supervisor.stopped


def test_who_panics_without_end_does_not_keep_a_line_for_ever(house):
    waiting, other = stuck(house), house.caller()
    for _ in range(3 * performer.MOST_YIELDS):
        other.say(c.Stop())
        house.run(3)
    house.replicas.prepares = True
    assert house.until(waiting, 1, most=60)[0].ok
    assert all(reply.ok for reply in house.until(other, other.number))


def test_a_long_submission_lets_others_have_a_turn(house, monkeypatch):
    """Each command takes longer than a step may: what another one asks is answered between two of them."""
    monkeypatch.setattr(performer, "COMMANDS_A_LOOK", 1)
    monkeypatch.setattr(performer, "STEP_SECONDS", 0.0)
    monkeypatch.setattr(house.performer, "clock", (k * 1e-4 for k in count()).__next__)
    long, other = house.caller(), house.caller()
    long.say(c.Load(kind="bass"), *(set_("bass", "freq", 50 + k) for k in range(200)))
    house.run(20)
    assert not long.replies
    assert house.ask(other, c.Status())[0].ok and not long.replies
    assert all(reply.ok for reply in house.until(long, 201))


# ---------------------------------------------------------------- no work is tried for ever


def slow(house: House, monkeypatch, *blocks: int) -> list[int]:
    """Making entries takes so many blocks, one after another (the last number for all that come). The moments that were tried."""
    commit, tried, takes = house.conductor.commit, [], list(blocks)

    def slowly(transaction, moment, exact):
        tried.append(moment)
        house.replicas.render(takes.pop(0) if len(takes) > 1 else takes[0])
        return commit(transaction, moment, exact)

    monkeypatch.setattr(house.conductor, "commit", slowly)
    return tried


@pytest.mark.parametrize("blocks", [[30], [16, 30], [20, 50], [200]])
def test_a_line_whose_entries_take_longer_than_its_margin_gets_the_margin_that_they_take(house, monkeypatch, blocks):
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"))
    tried = slow(house, monkeypatch, *blocks)
    house.run(3)
    size = house.pen.path.stat().st_size
    (reply,) = house.ask(caller, seq("bass"))
    assert reply.ok and 1 < len(tried) <= performer.TRIES
    assert house.replicas.refused == 0 and house.memory.word(NOTES_LATE) == 0
    assert house.memory.word(RECOMMITTED) == len(tried) - 1
    assert house.pen.path.stat().st_size - size < 600, "it was said to the journal again and again"


def test_what_takes_longer_each_time_is_put_off_and_told(house, monkeypatch):
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"))
    tried = slow(house, monkeypatch, 20, 80, 240, 240)
    (reply,) = house.ask(caller, seq("bass"))
    assert reply.ok and len(tried) == performer.TRIES
    assert any(notice.kind == "put off" and "seq" in notice.text for notice in caller.notices), caller.notices


def test_the_next_line_begins_with_what_the_last_one_took(house, monkeypatch):
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"), seq("bass"))
    tried = slow(house, monkeypatch, 40)
    house.ask(caller, set_("", "bpm", 140))
    first = len(tried)
    house.ask(caller, set_("", "bpm", 141))
    assert first > 1 and len(tried) == first + 1


def test_lanes_that_no_machine_could_play_are_refused(house):
    caller = house.caller()
    assert all(reply.ok for reply in house.ask(caller, *(c.Load(kind="kick", name=f"k{k}") for k in range(80))))
    dense = LaneOptions(every=(1, 128))
    lanes = [c.Sequence(name=f"k{k}", text="x", pattern=seq("k", 1).pattern, options=dense) for k in range(80)]
    assert all(reply.ok for reply in house.ask(caller, *lanes))
    (reply,) = house.ask(caller, set_("", "bpm", 400))
    assert (reply.ok, reply.code) == (False, "E_LIMIT") and "a second" in reply.text
    assert house.conductor.rack.bpm == 120
    assert house.ask(caller, set_("", "bpm", 100))[0].ok, "fewer are always welcome"


# ---------------------------------------------------------------- notes that are owed


def dense(house: House, lanes: int, every: tuple[int, int] = (1, 16)):
    caller = house.caller()
    loads = [c.Load(kind="kick", name=f"k{k}") for k in range(lanes)]
    seqs = [
        c.Sequence(
            name=f"k{k}", text="x", pattern=Pattern(1, seq("k", 1).pattern.hits), options=LaneOptions(every=every)
        )
        for k in range(lanes)
    ]
    assert all(reply.ok for reply in house.ask(caller, *loads, *seqs))
    return caller


def test_every_note_of_dense_lanes_is_given_once_and_in_time_whatever_is_said_meanwhile(house):
    caller, chance = dense(house, 40, (1, 32)), random.Random(4)
    for _ in range(12):
        said = chance.choice(
            [
                set_("", "bpm", chance.randint(60, 300)),
                c.Mute(names=("k3",), when=When("now")),
                c.Unmute(when=When("now")),
            ]
        )
        assert house.ask(caller, said)[0].ok
        house.run(chance.randint(1, 120))
    house.run(400)
    taken = [words for _, words in house.replicas.entries if words[WHAT] & 0xFF == NOTE_ON]
    keys = [(int(words[FRAME]), int(words[WHAT]), int(words[4])) for words in taken]
    assert len(keys) == len(set(keys)), "a note was given twice"
    assert house.memory.word(NOTES_LATE) == 0 and house.replicas.refused == 0
    assert house.memory.word(RECOMMITTED) == 0


def test_a_control_that_was_kept_from_working_gives_what_is_still_to_come(house):
    dense(house, 20)
    house.run(100)
    house.replicas.render(round(5 * RATE / BLOCK))
    house.run(60)
    assert house.memory.word(NOTES_LATE) > 0 and not house.conductor.state.owed
    assert house.conductor.state.owed.horizon > house.publisher.front() + RATE
    assert house.publisher.writer.tail < LOG_ENTRIES


def test_panic_while_notes_are_owed_needs_no_note_to_be_paid_first(house):
    caller = dense(house, 40, (1, 64))
    house.conductor.promise(house.conductor.state.owed.horizon + 10 * RATE)
    began = house.replicas.block()
    assert house.ask(caller, c.Panic())[0].ok
    assert house.replicas.block() - began < 30 and len(entries(house, PANIC)) == 1


# ---------------------------------------------------------------- who says it


@pytest.mark.parametrize("name", ["journal", "osc", "midi", "engine", "poison", "overload"])
def test_a_client_that_bears_a_name_of_controls_has_no_right_of_it(house, name):
    caller = house.caller(name)
    house.ask(caller, c.Load(kind="bass"))
    assert len(house.conductor.state.past) == 1, "it leaves a step of undo"
    asked = []
    house.conductor.afford = lambda *racks: asked.append(racks)
    house.ask(caller, c.Load(kind="kick"))
    assert asked, "and the budget is asked"


def test_what_was_answered_with_ok_is_there_for_everybody(house):
    one, other = house.caller(), house.caller()
    house.ask(one, c.Load(kind="bass"), seq("bass"))
    assert house.conductor.state.promised > house.publisher.head(), "it is still to begin"
    (reply,) = house.ask(other, set_("bass", "freq", 60))
    assert reply.ok, reply
    assert next(frame for _, frame, value in entries(house, SET) if value == 60.0) >= house.conductor.state.promised
