"""Snapshots: what one slot lays into the arena of the other."""

import numpy as np

from chronus.engine.supervision import BEFORE, NEWEST, NOTHING
from chronus.memory.layout import (
    A_BLOCK,
    A_PENDING,
    A_USED,
    ACTIVE,
    BLOCK,
    CHECKPOINT0,
    HEARD,
    INSTANCES,
    LAID_DOWN,
    LINE,
    NANOSECONDS0,
    PENDING_TABLE,
    PLAYING,
    RATE,
    RESTORE0,
    STARTING,
    STATE0,
    WANT0,
    WANTED,
    Memory,
)  # fmt: skip
from chronus.worker import replica
from chronus.worker.joining import SNAPSHOT_SECONDS, Joining

FIRST = INSTANCES // 8


def test_nothing_stays_of_what_an_arena_held_before_a_snapshot():
    memory = Memory()
    young, old = memory.arena(0), memory.arena(1)
    young[A_USED], young[A_PENDING] = INSTANCES + 64 * 8, 2
    young[FIRST : FIRST + 64] = 7
    old[A_USED] = INSTANCES + 1000 * 8
    old[FIRST : FIRST + 1000] = 9
    replica.lay_snapshot(young, old)
    assert np.array_equal(old[: PENDING_TABLE // 8 + 16], young[: PENDING_TABLE // 8 + 16])
    assert (old[FIRST : FIRST + 64] == 7).all() and not old[FIRST + 64 : FIRST + 1000].any()


def test_an_arena_that_claims_to_use_more_than_there_is_is_cleared_to_its_end_only():
    memory = Memory()
    memory.arena(0)[A_USED] = INSTANCES
    memory.arena(1)[A_USED] = 1 << 60
    other = memory.arena(1)[: FIRST + 4096]
    replica.lay_snapshot(memory.arena(0), other)
    assert other[A_USED] == INSTANCES


def checkpoints(share, used=INSTANCES, others=PLAYING):
    """The blocks at which the standby takes one, of a rack that takes this share of a block's time."""
    memory = Memory()
    board, arena, kept, taken = memory.board, memory.arena(0), memory.checkpoints(), []
    board[RATE], board[STATE0 + LINE], board[ACTIVE] = 44100, others, 1
    board[NANOSECONDS0] = round(share * BLOCK / 44100 * 1e9)
    arena[A_USED] = used
    for block in range(1, 2 * replica.CHECKPOINT_BLOCKS + 1):
        arena[A_BLOCK] = block
        replica.take_checkpoint(board, arena, kept, 0, LINE, 0)
        places = [memory.word(CHECKPOINT0, place) for place in range(2)]
        if block in places:
            assert kept[places.index(block)][A_BLOCK] == block
            assert sorted(places)[0] == (taken[-1] if taken else 0), "the one before is still there"
            taken.append(block)
    return taken


def test_the_longer_a_rack_takes_the_more_often_a_checkpoint_is_taken():
    step = replica.FEWEST_BLOCKS
    assert checkpoints(0.02) == [16 * step, 32 * step]
    assert checkpoints(0.1) == [4 * step * n for n in range(1, 9)]
    assert checkpoints(0.4) == checkpoints(1.5) == [step * n for n in range(1, 33)]


def test_whose_arena_is_large_or_who_plays_alone_is_held_up_once_a_second_at_most():
    once = checkpoints(0.02)
    large = replica.LARGEST_HELD_UP + 8
    assert checkpoints(0.4, large) == checkpoints(0.4, others=STARTING) == once
    assert checkpoints(0.02, large, others=STARTING) == []


def test_who_joins_asks_takes_what_is_laid_down_and_asks_anew_after_a_while():
    memory = Memory()
    board, want = memory.board, WANT0
    board[STATE0], board[STATE0 + LINE] = STARTING, PLAYING
    board[want] = LAID_DOWN  # laid down for one who has died since
    asked = []
    joining = Joining(memory, 0, lambda: asked.append(int(board[want])))
    assert not joining.look(0.0) and board[want] == WANTED
    board[want] = 0
    assert not joining.look(SNAPSHOT_SECONDS / 2) and board[want] == 0
    assert not joining.look(SNAPSHOT_SECONDS) and board[want] == WANTED
    board[want] = LAID_DOWN
    assert joining.look(SNAPSHOT_SECONDS) and board[want] == 0
    assert asked == [WANTED, WANTED], "whoever is to be woken finds out what for"


def test_who_waits_for_one_that_dies_goes_back_by_himself():
    memory = Memory()
    memory.board[STATE0 + LINE] = PLAYING
    memory.arena(0)[: FIRST + 8] = 5
    memory.arena(0)[A_USED] = INSTANCES + 64
    joining = Joining(memory, 0, lambda: None)
    assert not joining.look(0.0)
    memory.board[STATE0 + LINE] = 0
    assert joining.look(0.1) and memory.board[WANT0] == 0
    assert not memory.arena(0)[: FIRST + 8].any()


def test_before_the_only_checkpoint_comes_the_very_first_block_and_only_then_nothing():
    memory = Memory()
    memory.board[HEARD], memory.board[CHECKPOINT0 + LINE] = 900 * BLOCK, 688
    memory.checkpoints()[1][A_BLOCK] = 688
    blocks = []
    for tried in (NEWEST, BEFORE, NOTHING):
        memory.board[RESTORE0] = tried
        assert Joining(memory, 0, lambda: None).look(0.0)
        blocks.append(int(memory.arena(0)[A_BLOCK]))
    assert blocks == [688, 0, 900]
