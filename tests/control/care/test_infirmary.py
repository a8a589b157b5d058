"""What becomes of a line that brought the renderer down: named, answered, taken back where that takes nothing else with it."""

from __future__ import annotations

import pytest

from chronus import commands as c
from chronus.control.care.infirmary import AT_ONCE_SECONDS, Infirmary
from chronus.journal import reading, records
from chronus.memory import layout, quarantine
from chronus.memory.layout import BLOCK, HANDLE_TABLE, HANDLE_WORDS
from chronus.memory.quarantine import TakenOut
from tests.control.serve.test_server import set_
from tests.kit.house import RATE, House


class Ward(House):
    """A house with an infirmary, in which a test plays the supervisor."""

    def __init__(self, folder) -> None:
        super().__init__(folder)
        self.infirmary = Infirmary(self.server)
        self.anna = self.caller()

    def fine(self, *commands, texts=()):
        replies = self.ask(self.anna, *commands, texts=texts)
        assert all(reply.ok for reply in replies), replies

    def seat(self, name):
        return self.conductor.plan.seats[name]

    def crash(self, name, how=11, later=0):
        """The module brings both workers down in the block that has just been sealed, or some blocks later."""
        seat, block = self.seat(name), self.replicas.block() + later
        quarantine.take_out(self.memory.board, TakenOut(seat.handle, seat.incarnation, block, how))

    def begun(self, *commands, texts=()):
        """Says it, and lets both replicas begin the block that takes it in, but not end it."""
        self.anna.say(*commands, texts=texts)
        for _ in range(5):
            self.server.turn(block=False)
        self.replicas.begin(self.replicas.block())

    def poisoned(self):
        return [record for record in reading.read(self.pen.path).records if isinstance(record, records.Poisoned)]

    def notices(self, kind):
        self.run(4)
        return [notice.text for notice in self.anna.notices if notice.kind == kind]


@pytest.fixture
def ward(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    there = Ward(tmp_path)
    yield there
    there.close()


def freq(ward):
    return ward.conductor.rack.modules["bass"].params.get("freq")


def test_the_line_that_did_it_is_answered_with_e_poison_and_taken_back(ward):
    ward.fine(c.Load(kind="bass"), c.Load(kind="kick"))
    ward.fine(set_("bass", "freq", 50), texts=("set bass.freq 50",))
    ward.begun(set_("bass", "freq", 60), texts=("set bass.freq 60",))
    ward.crash("bass")
    reply = ward.until(ward.anna, ward.anna.number)[-1]
    assert (reply.ok, reply.code) == (
        False,
        "E_POISON",
    ) and '"set bass.freq 60" crashed the renderer in bass' in reply.text
    ward.run(40)
    assert freq(ward) == 50
    assert ward.notices("poison") == [f"E_POISON {reply.text}"]
    assert [(record.module, record.text) for record in ward.poisoned()] == [("bass", "set bass.freq 60")]
    assert ward.conductor.state.taken_out == {"bass": "it crashed the renderer (SIGSEGV)"}


def test_a_crash_that_comes_and_is_over_between_two_looks_is_not_answered_with_ok(ward):
    ward.fine(c.Load(kind="bass"))
    ward.begun(set_("bass", "freq", 60), texts=("set bass.freq 60",))

    def meanwhile():
        """Just after the infirmary has looked: both workers die, come back without the module and render on."""
        ward.server.every_turn.remove(meanwhile)
        ward.crash("bass")
        ward.replicas.render(4)

    ward.server.every_turn.append(meanwhile)
    reply = ward.until(ward.anna, ward.anna.number)[-1]
    assert (reply.ok, reply.code) == (False, "E_POISON"), reply


def test_a_line_that_others_follow_stands_and_only_the_module_is_out(ward):
    ward.fine(c.Load(kind="bass"), c.Load(kind="kick"))
    ward.begun(set_("bass", "freq", 60), set_("kick", "freq", 55), texts=("set bass.freq 60", "set kick.freq 55"))
    ward.crash("bass", how=0)
    replies = ward.until(ward.anna, ward.anna.number)[-2:]
    assert all(reply.ok for reply in replies) and freq(ward) == 60
    (text,) = ward.notices("poison")
    assert '"set bass.freq 60" hung the renderer in bass; bass is taken out' in text and "taken back" not in text


def test_what_was_opened_is_not_taken_away_because_one_module_of_it_breaks(ward):
    ward.fine(c.Open(name="song", commands=(c.Load(kind="bass"), c.Load(kind="kick"))), texts=("open song",))
    ward.crash("bass")
    (text,) = ward.notices("poison")
    assert '"open song" crashed the renderer in bass; bass is taken out' in text
    ward.run(40)
    assert {"bass", "kick"} <= ward.conductor.rack.modules.keys() and ward.conductor.state.taken_out.keys() == {"bass"}


def test_what_breaks_long_after_the_last_line_is_no_lines_doing(ward):
    ward.fine(c.Load(kind="bass"), texts=("load bass",))
    ward.crash("bass", later=round((AT_ONCE_SECONDS + 0.1) * RATE) // BLOCK)
    (text,) = ward.notices("poison")
    assert text.startswith(
        'E_POISON bass crashed the renderer and is taken out; the last line about it was "load bass"'
    )
    ward.run(40)
    assert "bass" in ward.conductor.rack.modules


def test_another_one_in_its_place_is_not_meant(ward):
    ward.fine(c.Load(kind="bass"))
    ward.crash("bass", later=round(2 * RATE) // BLOCK)
    ward.run(4)
    ward.fine(c.Unload(name="bass"))
    ward.fine(c.Load(kind="bass"))
    ward.run(25)
    assert ward.conductor.state.taken_out == {}


def test_the_guard_is_told_of_once_and_who_is_muted_is_out(ward):
    ward.fine(c.Load(kind="bass"))
    at = HANDLE_TABLE // 8 + ward.seat("bass").handle * HANDLE_WORDS
    row = ward.memory.arena(0)[at : at + HANDLE_WORDS]
    row[layout.H_INCARNATION], row[layout.H_GUARDED] = ward.seat("bass").incarnation, 1
    ward.memory.board[layout.GUARDED0] = 1
    ward.run(60)
    assert len(ward.notices("guard")) == 1 and ward.conductor.state.taken_out == {}
    row[layout.H_UNWELL] = layout.MUTED
    ward.run(60)
    assert len(ward.notices("muted")) == len(ward.notices("guard")) == 1
    assert ward.conductor.state.taken_out == {"bass": "it put out NaN or more than 10,000 for a second"}
