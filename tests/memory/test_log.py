import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chronus.graph import pending
from chronus.memory import layout, log
from chronus.memory.layout import A_CURSOR, A_PENDING, A_REFUSED, Memory
from chronus.worker import replica

MEMORY = Memory()


def arena():
    fresh = MEMORY.arena(0)
    fresh[: layout.HEAD_WORDS] = 0
    MEMORY.board[:] = 0
    MEMORY.seals[:] = 0
    return fresh


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5)), max_size=200))
def test_waiting_entries_come_out_by_frame_then_order_then_number(pairs):
    here = arena()
    entry = np.zeros(8, np.int64)
    for number, (frame, order) in enumerate(pairs):
        entry[[log.NUMBER, log.FRAME, log.ORDER]] = number, frame, order
        assert pending.push(here, entry)
    out = []
    while here[A_PENDING]:
        pending.pop(here, entry)
        out.append((entry[log.FRAME], entry[log.ORDER], entry[log.NUMBER]))
    assert out == sorted(out) and len(out) == len(pairs)


def test_a_full_heap_takes_no_more_and_counts_it():
    here = arena()
    here[A_PENDING] = layout.PENDING
    assert not pending.push(here, np.zeros(8, np.int64))
    assert here[layout.A_DROPPED] == 1
    here[layout.A_DROPPED] = 0


def test_a_batch_is_taken_whole_or_refused_whole():
    here = arena()
    writer = log.Writer(MEMORY)
    writer.publish([log.Entry(log.SET, frame=640), log.Entry(log.SET, frame=63), log.Entry(log.SET)])
    writer.publish([log.Entry(log.SET, frame=64), log.Entry(log.SET)])
    assert pending.ingest(here, MEMORY.log, MEMORY.word(layout.TAIL), 64)
    assert here[A_REFUSED] == 1 and here[A_PENDING] == 2 and here[A_CURSOR] == MEMORY.word(layout.TAIL)


def test_an_overtaken_reader_finds_out():
    here = arena()
    writer = log.Writer(MEMORY)
    for _ in range(layout.LOG_ENTRIES // 2 + 10):
        writer.publish([log.Entry(log.SET)])
    assert not pending.ingest(here, MEMORY.log, MEMORY.word(layout.TAIL), 0)


def test_the_first_to_begin_a_block_seals_it_and_the_other_finds_that_seal():
    arena()
    writer = log.Writer(MEMORY)
    writer.publish([log.Entry(log.SET)])
    assert replica.seal(MEMORY.seals, MEMORY.board, 0, 7) == 2
    writer.publish([log.Entry(log.SET)])
    assert replica.seal(MEMORY.seals, MEMORY.board, 0, 7) == 2
    assert log.unseal(int(MEMORY.seals[7]), 0) == (7, 2)
    assert replica.seal(MEMORY.seals, MEMORY.board, 2, 8) == 4


def test_a_replica_that_finds_a_newer_seal_knows_that_it_is_stale():
    arena()
    late = layout.SEALS + 3
    assert replica.seal(MEMORY.seals, MEMORY.board, 0, late) == 0
    assert replica.seal(MEMORY.seals, MEMORY.board, 0, 3) == -1


def test_seals_go_on_when_block_numbers_pass_32_bits():
    arena()
    around = (1 << 32) - 1
    before = around - layout.SEALS
    MEMORY.seals[around % layout.SEALS] = np.uint64(before << 32).astype(np.int64)
    assert replica.seal(MEMORY.seals, MEMORY.board, 0, around) == 0
    assert replica.seal(MEMORY.seals, MEMORY.board, 0, around + layout.SEALS) == 0
    assert replica.seal(MEMORY.seals, MEMORY.board, 0, around) == -1


def test_no_two_words_of_the_board_share_a_line():
    words = [v for k, v in vars(layout).items() if k in layout._BOARD]
    assert len(set(words)) == len(words) and max(words) < layout.WORDS
