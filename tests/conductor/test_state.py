"""The state is one value: no step changes it, and whoever puts it back goes on from there."""

from __future__ import annotations

import msgspec
import pytest

from chronus.commands import Load, Open, Panic, Patch, Redo, Undo, Unload
from chronus.memory.log import encode
from tests.kit.stage import Stage, chain, load, put, seq

BAR = 88_200
SCRIPT = (
    (load("kick"),), (load("bass"), load("filter")), (seq("kick", "x...x..."),), (put("bass.freq", 80),),
    (Patch(chain=chain("bass", "filter")),), (Open(name="song", commands=(Load(kind="delay"),)),), (Undo(),), (Redo(),),
    (Unload(name="kick"),), (seq("bass", "x.x."),), (Panic(),), (Undo(),), (load("tb303"),), (seq("tb303", "xxxx"),),
)  # fmt: skip


def said(stage, commands):
    """What the replicas are told of it, of what was put off until then, and of the half bar after it."""
    begin = len(stage.log)
    stage.say(*commands)
    stage.frame += BAR // 2
    for at, dues in stage.conductor.due(stage.frame):
        stage.frame = max(stage.frame, at)
        stage.say(*(due.command for due in dues))
    if (shrinking := stage.conductor.shrink(stage.frame)) is not None:
        stage.conductor.shrunk(shrinking)
    stage.until(stage.frame)
    return encode(stage.log[begin:]).tolist()


@pytest.mark.parametrize("k", range(len(SCRIPT)))
def test_whoever_puts_a_state_back_goes_on_from_there(k):
    stage = Stage()
    for commands in SCRIPT[:k]:
        said(stage, commands)
    state, frame = stage.conductor.state, stage.frame
    first = [said(stage, commands) for commands in SCRIPT[k:]]
    after, stage.conductor.state, stage.frame = stage.conductor.state, state, frame
    assert [said(stage, commands) for commands in SCRIPT[k:]] == first
    again = stage.conductor.state
    for name in (
        "rack",
        "score",
        "past",
        "future",
        "number",
        "now",
        "put_off",
        "waiting",
        "under_way",
        "ahead",
        "owed",
    ):
        assert getattr(again, name) == getattr(after, name), name
    assert again.places.plan.seats == after.places.plan.seats and again.places.incarnation == after.places.incarnation


def test_nobody_can_change_a_state():
    state = Stage().conductor.state
    for name in state.__struct_fields__:
        with pytest.raises(AttributeError):
            setattr(state, name, getattr(state, name))
    assert isinstance(state, msgspec.Struct)
