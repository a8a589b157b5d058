"""The shelf: what is laid is found by whoever reads, and can be written by nobody else."""

import mmap
import os
import signal

import numpy as np
import pytest

from chronus.memory import shelf
from chronus.memory.shelf import BYTES, PLACES, Shelf


def table(rows, columns=1, first=0.0):
    return (first + np.arange(rows * columns, dtype=np.float32)).reshape(rows, columns)


@pytest.fixture
def ends():
    """Control's view of a shelf, and a replica's."""
    descriptor = shelf.create()
    reading = shelf.for_reading(descriptor)
    yield Shelf(descriptor, writes=True), Shelf(reading)
    os.close(descriptor)
    os.close(reading)


def test_what_is_laid_is_found_by_its_key_by_who_reads(ends):
    writer, reader = ends
    assert reader.find((1, 2)) is None
    assert writer.put((1, 2), table(1000, 2)) and writer.put((3, 4), table(0))
    assert np.array_equal(reader.table((1, 2)), table(1000, 2))
    assert reader.table((3, 4)).shape == (0, 1)
    assert reader.held() == [(1, 2), (3, 4)]


def test_who_reads_cannot_write_whatever_it_does(ends):
    writer, reader = ends
    writer.put((1, 2), table(10))
    with pytest.raises(ValueError, match="read-only"):
        reader.table((1, 2))[0, 0] = 1.0
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        place = reader.find((1, 2))
        import ctypes

        ctypes.memset(reader.address + place.at, 1, 4)
        os._exit(0)
    assert os.waitpid(child, 0)[1] & 0x7F == signal.SIGSEGV
    assert np.array_equal(writer.table((1, 2)), table(10))


def test_a_descriptor_for_reading_gives_no_view_that_writes():
    descriptor = shelf.create()
    reading = shelf.for_reading(descriptor)
    with pytest.raises(PermissionError):
        mmap.mmap(reading, BYTES)
    for one in (descriptor, reading):
        os.close(one)


def test_a_key_that_lies_there_keeps_its_table(ends):
    writer, reader = ends
    writer.put((1, 2), table(10))
    assert writer.put((1, 2), table(10, first=5.0))
    assert np.array_equal(reader.table((1, 2)), table(10))


def test_what_is_dropped_gives_its_room_to_others_and_reads_as_zeros_until_then(ends):
    writer, reader = ends
    writer.put((1, 1), table(5000, first=1.0))
    writer.put((2, 2), table(5000, first=1.0))
    place, old = reader.find((1, 1)), reader.table((1, 1))
    writer.drop((1, 1))
    assert reader.find((1, 1)) is None and not old.any()
    assert np.array_equal(reader.table((2, 2)), table(5000, first=1.0))
    writer.put((3, 3), table(5000, first=9.0))
    assert reader.find((3, 3)).at == place.at
    assert np.array_equal(reader.table((3, 3)), table(5000, first=9.0))


def test_no_two_tables_overlap_however_they_come_and_go(ends):
    writer, reader = ends
    chance = np.random.default_rng(3)
    lying = {}
    for n in range(1, 400):
        if lying and chance.random() < 0.4:
            gone = list(lying)[int(chance.integers(len(lying)))]
            writer.drop(gone)
            del lying[gone]
        else:
            lying[n, n] = table(int(chance.integers(0, 4000)), int(chance.integers(1, 3)), first=float(n))
            assert writer.put((n, n), lying[n, n])
    assert sorted(reader.held()) == sorted(lying)
    assert all(np.array_equal(reader.table(key), kept) for key, kept in lying.items())


def test_a_full_shelf_takes_no_more_and_loses_nothing(ends):
    writer, reader = ends
    assert not writer.put((9, 9), np.lib.stride_tricks.as_strided(np.zeros(1, np.float32), (BYTES // 4, 1), (0, 4)))
    for n in range(1, PLACES + 1):
        assert writer.put((n, n), table(1, first=float(n)))
    assert not writer.put((9999, 9999), table(1))
    assert reader.table((PLACES, PLACES))[0, 0] == PLACES
    writer.drop((5, 5))
    assert writer.put((9999, 9999), table(1))


def test_no_more_memory_is_taken_than_all_tables_may_take(ends, monkeypatch):
    monkeypatch.setattr(shelf, "MOST_LYING", 100_000)
    writer, _ = ends
    assert writer.put((1, 1), table(15_000)) and writer.put((2, 2), table(5_000))
    assert not writer.put((3, 3), table(10_000))
    writer.drop((1, 1))
    assert writer.put((3, 3), table(10_000))
