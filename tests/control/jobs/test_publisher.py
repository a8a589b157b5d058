"""The publisher knows, from seals and board alone, what became of each batch."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.control.jobs.publisher import UNSEALED_MOST, Publisher
from chronus.memory import layout
from chronus.memory.layout import BLOCK, LINE, PROGRAMS, SEALS, Memory
from chronus.memory.log import SET, SWAP, Entry
from chronus.memory.program import Cable, Input, Instance, Param, Program
from tests.kit.replicas import Replicas


@pytest.fixture
def memory():
    return Memory()


@pytest.fixture
def replicas(memory):
    return Replicas(memory)


@pytest.fixture
def woken():
    return []


@pytest.fixture
def publisher(memory, replicas, woken):
    return Publisher(memory, woken.append)


def program(number: int) -> Program:
    def rows(columns):
        return np.zeros((0, len(columns)), np.int64)

    return Program(number, ["sine"], rows(Instance), rows(Input), rows(Param), rows(Cable), 0, 0, 0)


def now(value: float = 1.0) -> list[Entry]:
    return [Entry(SET, a=value)]


def at(frame: int) -> list[Entry]:
    return [Entry(SET, frame=frame), Entry(SET, frame=frame + 500)]


def test_a_batch_has_no_frame_before_a_block_seals_it(publisher, replicas):
    batch = publisher.publish(now())
    publisher.poll()
    assert not batch.sealed


def test_the_first_block_begun_afterwards_seals_a_batch(publisher, replicas):
    replicas.render(5)
    batch = publisher.publish(now())
    replicas.render(3)
    publisher.poll()
    assert batch.frame == 5 * BLOCK
    assert not batch.refused


def test_the_very_first_block_can_seal_a_batch(publisher, replicas):
    batch = publisher.publish(now())
    publisher.poll()
    assert not batch.sealed
    replicas.render(1)
    publisher.poll()
    assert batch.frame == 0


def test_a_first_block_sealed_with_an_empty_log_is_passed_over(publisher, replicas):
    replicas.render(1)
    batch = publisher.publish(now())
    replicas.render(1)
    publisher.poll()
    assert batch.frame == BLOCK


def test_a_block_that_had_begun_does_not_seal_what_came_later(publisher, replicas):
    replicas.render(2)
    replicas.begin(2)
    batch = publisher.publish(now())
    publisher.poll()
    assert not batch.sealed
    replicas.render(2)
    publisher.poll()
    assert batch.frame == 3 * BLOCK


def test_batches_between_two_blocks_share_their_frame(publisher, replicas):
    replicas.render(4)
    batches = [publisher.publish(now(k)) for k in range(10)]
    replicas.render(1)
    publisher.poll()
    assert {batch.frame for batch in batches} == {4 * BLOCK}


def test_applied_means_that_every_playing_slot_has_rendered_the_block(publisher, replicas, memory):
    replicas.render(2)
    batch = publisher.publish(now())
    replicas.begin(2)
    publisher.poll()
    assert batch.sealed and not publisher.applied(batch)
    replicas.finish(0, 2)
    assert not publisher.applied(batch)
    replicas.finish(1, 2)
    assert publisher.applied(batch)


def test_a_slot_that_is_down_is_not_waited_for(publisher, replicas, memory):
    batch = publisher.publish(now())
    replicas.begin(0)
    replicas.finish(1, 0)
    publisher.poll()
    memory.board[layout.STATE0] = layout.DOWN
    assert publisher.applied(batch)
    memory.board[layout.STATE0 + LINE] = layout.DOWN
    assert not publisher.applied(batch)


def test_publisher_and_replicas_refuse_by_the_same_rule(publisher, replicas):
    replicas.render(10)
    late, just, early = publisher.publish(at(9 * BLOCK)), publisher.publish(at(10 * BLOCK)), publisher.publish(at(5000))
    replicas.render(1)
    publisher.poll()
    assert [batch.refused for batch in (late, just, early)] == [True, False, False]
    assert replicas.refused == 1


def test_a_long_silence_of_control_is_made_up_for(publisher, replicas):
    batch = publisher.publish(now())
    replicas.render(SEALS + 50)
    publisher.poll()
    assert batch.sealed
    batch = publisher.publish(now())
    replicas.render(1)
    publisher.poll()
    assert batch.frame == (SEALS + 50) * BLOCK


def test_block_numbers_and_tails_beyond_32_bits_are_told_apart(memory, woken):
    memory.board[layout.TAIL] = (1 << 32) - 1
    replicas = Replicas(memory)
    replicas.cursor = (1 << 32) - 1
    for slot in range(2):
        memory.board[layout.BLOCK0 + slot * LINE] = (1 << 32) - 2
    publisher = Publisher(memory, woken.append)
    replicas.render(1)
    first = publisher.publish(now())
    replicas.render(1)
    second = publisher.publish(now())
    replicas.render(3)
    publisher.poll()
    assert [first.frame, second.frame] == [((1 << 32) - 1) * BLOCK, (1 << 32) * BLOCK]


def test_the_safe_moment_is_whole_blocks_and_20_ms_ahead(publisher, replicas):
    replicas.render(100)
    moment = publisher.safe_moment()
    assert moment % BLOCK == 0
    assert 0.02 * 44100 + BLOCK <= moment - publisher.head() <= 0.02 * 44100 + 2 * BLOCK


def test_while_both_are_down_the_clock_runs_on(publisher, replicas, memory):
    replicas.render(10)
    memory.board[layout.HEARD] = 44100
    assert publisher.safe_moment() > 44100


def test_the_head_never_goes_back(publisher, replicas, memory):
    replicas.render(10)
    assert publisher.head() == 10 * BLOCK
    for slot in range(2):
        memory.board[layout.BLOCK0 + slot * LINE] = 3
    assert publisher.head() == 10 * BLOCK


def test_a_program_is_laid_and_both_workers_told(publisher, memory, woken):
    publisher.lay(program(3))
    assert woken == [0, 1]
    assert Program.read(memory.program(3)).names == ["sine"]
    assert memory.word(layout.PROGRAM) == 3


def test_a_program_is_prepared_when_every_playing_slot_says_so(publisher, memory):
    publisher.lay(program(3))
    assert not publisher.prepared(3)
    memory.board[layout.PREPARED0] = 3
    assert not publisher.prepared(3)
    memory.board[layout.STATE0 + LINE] = layout.STARTING
    assert publisher.prepared(3)
    memory.board[layout.STATE0] = layout.DOWN
    assert not publisher.prepared(3)


def test_a_place_is_not_laid_anew_while_its_program_may_still_be_needed(publisher, replicas):
    replicas.render(10)
    publisher.publish([Entry(SWAP, a=1.0)])
    replicas.render(2)
    publisher.publish([Entry(SWAP, frame=50_000, a=2.0)])
    assert publisher.has_place(PROGRAMS)
    assert not publisher.has_place(PROGRAMS + 1)
    replicas.render(800)
    assert publisher.has_place(PROGRAMS + 1)


def test_no_more_is_published_than_the_log_can_hold_back(publisher, replicas):
    while publisher.room():
        publisher.publish(now() * 1000)
    assert sum(batch.size for batch in publisher.unsealed) < UNSEALED_MOST + 1001
    replicas.render(1)
    publisher.poll()
    assert publisher.room()


def test_the_command_and_the_frame_scheduled_stand_on_the_board(publisher, memory):
    publisher.publish(now(), number=7)
    publisher.publish(now())
    publisher.scheduled(88200)
    assert memory.word(layout.COMMAND) == 7
    assert memory.word(layout.SCHEDULED) == 88200
