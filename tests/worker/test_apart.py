"""Two slots do not sleep on one processor."""

import ctypes
import os

import numpy as np
import pytest

from chronus.dsp.atomics import call_numbers, libc_syscall
from chronus.memory import layout
from chronus.memory.layout import LINE, PLAYING, PROCESSOR0, STATE0, Memory
from chronus.worker import replica


@pytest.fixture
def two():
    """The calling thread may run on two processors."""
    before = os.sched_getaffinity(0)
    if len(before) < 2:
        pytest.skip("there is one processor only")
    os.sched_setaffinity(0, sorted(before)[:2])
    yield sorted(before)[:2]
    os.sched_setaffinity(0, before)


def where() -> int:
    return ctypes.CDLL(None).sched_getcpu()


def desk():
    numbers, words = call_numbers(), np.zeros(replica.DESK_WORDS, np.int64)
    words[[replica.W_SYSCALL, replica.W_WHERE]] = [libc_syscall(), numbers.getcpu]
    words[[replica.W_MAY_RUN, replica.W_CONFINE]] = [numbers.sched_getaffinity, numbers.sched_setaffinity]
    return words


def sleeps_beside(memory, other: int, state: int = PLAYING) -> None:
    """Slot 0 is about to sleep, where slot 1 is in `state` and its word says `other`."""
    memory.board[STATE0 + LINE], memory.board[PROCESSOR0 + LINE] = state, other
    replica.keep_apart(desk(), memory.board, 0, LINE, np.zeros(2, np.int64))


def at(processor: int, two: list[int]) -> None:
    """The calling thread is there, and may leave."""
    os.sched_setaffinity(0, {processor})
    os.sched_setaffinity(0, two)


def test_a_slot_does_not_sleep_where_the_other_one_does_and_stays_free(two):
    memory = Memory()
    for processor, other in (two, reversed(two)):
        at(processor, two)
        sleeps_beside(memory, 1 + processor)
        assert (memory.word(PROCESSOR0), os.sched_getaffinity(0)) == (1 + other, set(two))


def test_it_stays_where_the_other_one_is_elsewhere_awake_or_down(two):
    memory = Memory()
    for processor, other in (two, reversed(two)):
        for word, state in ((1 + other, PLAYING), (0, PLAYING), (1 + processor, layout.DOWN)):
            at(processor, two)
            sleeps_beside(memory, word, state)
            assert memory.word(PROCESSOR0) == 1 + processor


def test_where_there_is_no_other_processor_both_sleep_on_one(two):
    memory = Memory()
    os.sched_setaffinity(0, {two[0]})
    sleeps_beside(memory, 1 + two[0])
    assert memory.word(PROCESSOR0) == 1 + two[0] and os.sched_getaffinity(0) == {two[0]}
