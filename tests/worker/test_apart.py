"""Two slots that play do not share a processor."""

import os

import numpy as np
import pytest

from chronus.memory.atomics import call_numbers, libc_syscall
from chronus.memory.layout import DOWN, PLAYING, STARTING, STATE0, Memory
from chronus.worker import replica
from chronus.worker.process import FEWEST_APART, masks


def processors(mask: np.ndarray) -> set[int]:
    return {int(one) for one in np.flatnonzero(np.unpackbits(mask.view(np.uint8), bitorder="little"))}


@pytest.mark.parametrize(
    "there, halves",
    [
        ({5}, ({5}, {5})),
        ({0, 1}, ({0, 1}, {0, 1})),
        ({2, 7, 9}, ({2, 7, 9}, {2, 7, 9})),
        ({0, 1, 2, 3}, ({0, 1}, {2, 3})),
        (set(range(60, 70)), (set(range(60, 65)), set(range(65, 70)))),
        ({0, 1, 1022, 1023, 5000}, ({0, 1}, {1022, 1023})),
    ],
)
def test_each_slot_has_half_of_the_processors_and_all_while_it_plays_alone(there, halves):
    for slot in range(2):
        apart, alone = masks(slot, there)
        assert processors(apart) == halves[slot] and processors(alone) == {one for one in there if one < 1024}


def test_a_slot_keeps_to_its_half_while_the_other_one_plays():
    there, memory = os.sched_getaffinity(0), Memory()
    if len(there) < FEWEST_APART:
        pytest.skip("there are too few processors to keep apart")
    mine, desk = masks(1, there), np.zeros(replica.DESK_WORDS, np.int64)
    desk[[replica.W_SYSCALL, replica.W_CONFINE, replica.W_MASKS]] = [
        libc_syscall(), call_numbers().sched_setaffinity, mine.ctypes.data,
    ]  # fmt: skip
    desk[replica.W_ALONE] = -1
    try:
        for state, kept_to in (
            (PLAYING, processors(mine[0])),
            (DOWN, there),
            (PLAYING, processors(mine[0])),
            (STARTING, there),
        ):
            memory.board[STATE0] = state
            replica.keep_apart(desk, memory.board, 0)
            assert os.sched_getaffinity(0) == kept_to
    finally:
        os.sched_setaffinity(0, there)
