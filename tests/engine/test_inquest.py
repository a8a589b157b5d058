"""What is known of workers that die of what they go back to."""

from __future__ import annotations

import pytest

from chronus.engine import supervision
from chronus.engine.inquest import Inquest
from chronus.memory import layout
from chronus.memory.layout import LINE, PLAYING, STARTING, STATE0, Memory


@pytest.fixture
def memory():
    memory = Memory()
    memory.board[layout.CHECKPOINT0] = 689
    for slot in range(2):
        memory.board[STATE0 + slot * LINE] = PLAYING
    return memory


def again(inquest, memory, slot, status, now):
    """A worker has died, and the next one is asked for."""
    inquest.died(slot, status, now)
    inquest.begins(slot, now)
    memory.board[STATE0 + slot * LINE] = STARTING


def test_two_that_are_killed_at_once_try_each_checkpoint_together(memory):
    """The first is asked for while the second still seems to play."""
    inquest, late = Inquest(memory), supervision.RESTORE_SECONDS + 0.01
    for level in (supervision.NEWEST, supervision.BEFORE, supervision.NOTHING):
        for slot in range(2):
            again(inquest, memory, slot, -9, level * late)
        assert inquest.restore == level
        assert [memory.word(layout.RESTORE0, slot) for slot in range(2)] == [level, level]


def test_who_joins_one_that_plays_goes_back_to_nothing(memory):
    inquest = Inquest(memory)
    again(inquest, memory, 0, -9, 1.0)
    inquest.died(0, -9, 9.0)
    assert inquest.restore == supervision.NEWEST
