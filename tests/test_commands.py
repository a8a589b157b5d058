"""What kinds of commands say of themselves: it fits together, and goes over no wire."""

from typing import get_args

import msgspec
import pytest

from chronus.commands import AnyCommand, Command, Import, OfALine, Open, Redo, Release, Say, Undo
from chronus.conductor import questions
from chronus.rack.edit import EDITS

COMMANDS = get_args(AnyCommand)
TRAITS = {name for name, kind in Command.__annotations__.items() if str(kind).startswith("ClassVar")}


def ids(kind: type) -> str:
    return kind.__name__


@pytest.mark.parametrize("kind", COMMANDS, ids=ids)
def test_no_trait_is_a_field(kind):
    assert TRAITS and not TRAITS & set(kind.__struct_fields__)
    assert all(hasattr(kind, trait) for trait in TRAITS)


@pytest.mark.parametrize("kind", COMMANDS, ids=ids)
def test_a_command_edits_the_rack_or_asks_or_moves_the_transport_or_is_done_elsewhere(kind):
    whole = kind in (Undo, Redo, Open, Say, Import, Release) or issubclass(kind, OfALine)
    assert (kind in EDITS) + bool(kind.asks or kind.elsewhere) + bool(kind.act) + whole == 1


@pytest.mark.parametrize("kind", COMMANDS, ids=ids)
def test_a_rack_is_made_of_edits(kind):
    assert (kind.in_a_script == "done") == (kind in EDITS or kind is Say)
    if kind.may_move or kind.may_last or kind.at_next_bar:
        assert kind in (*EDITS, Import) or issubclass(kind, OfALine)


@pytest.mark.parametrize("kind", COMMANDS, ids=ids)
def test_what_changes_nothing_is_answered_and_kept_in_no_journal(kind):
    if kind.asks:
        assert not (kind.act or kind.withdraws or kind.of_all or kind.at_next_bar)
    if kind.local:
        assert kind.asks


@pytest.mark.parametrize("kind", COMMANDS, ids=ids)
def test_a_question_about_the_rack_has_its_answer_in_the_table(kind):
    assert (kind in questions.TABLE) == (kind.asks and not kind.elsewhere)


def test_the_bytes_of_a_command_are_its_fields():
    known = msgspec.msgpack.decode(msgspec.msgpack.encode(Undo(steps=2)))
    assert known == {"type": "undo", "when": None, "over": None, "lasts": None, "steps": 2, "to": None, "ago": None}
