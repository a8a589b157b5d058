"""The journal: what was acknowledged is there again, whatever happened to the end of the file."""

from __future__ import annotations

import random
import resource
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronus.commands import New, Open
from chronus.errors import ChronusError
from chronus.journal import reading, records, writing
from chronus.journal.records import Ended, Journal, Said, Sealed, Void

HEADER = {"rate": 44100, "seed": 0, "version": "0.1"}
RECORDS = [
    Said(1, "anna", ("load bass",), 64, False, 3),
    Sealed(1, 128),
    Said(2, "agent", ("set bass.freq 55 Hz", "sequence bass: x.x.\n\x00ü"), 64000, True, 9),
    Sealed(2, 64000),
    Said(3, "osc", ("open song",), 70000, commands={0: Open(name="song", commands=(New(),))}),
    Sealed(3, 70016),
]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    return tmp_path


def written(records=RECORDS, end: int | None = None) -> Path:
    pen = writing.create("default", HEADER)
    for record in records:
        assert pen.write(record)
    if end is not None:
        pen.close(end)
    return pen.path


def test_what_was_written_is_read():
    found = reading.read(written())
    assert found.header == HEADER and list(found.records) == RECORDS
    assert not found.clean


def test_a_closed_journal_is_clean():
    assert reading.read(written(end=80000)).clean
    assert reading.read(written([], end=0)).clean


def test_a_journal_in_which_nothing_was_said_needs_no_recovery():
    assert reading.read(written([])).clean


def test_each_start_makes_a_new_file():
    first, second = written(), written()
    assert [first.name, second.name] == ["0001.journal", "0002.journal"]
    assert reading.newest("default")[0] == second
    assert reading.newest("other")[0] is None


def test_every_truncation_in_the_last_three_records_keeps_the_longest_prefix():
    data = written().read_bytes()
    ends = [k + 1 for k, byte in enumerate(data) if byte == 10]
    for size in range(ends[-4], len(data) + 1):
        whole = sum(1 for end in ends[1:] if end <= size)
        for tail in (b"", bytes(64), b"\xff\x00garbage\n", b"00000000 {}\n"):
            found = records.parse(data[:size] + tail)
            if size in ends or tail in (b"", bytes(64)):
                assert list(found.records) == RECORDS[:whole]
                assert found.size == ends[whole]


def test_every_flipped_byte_ends_the_prefix_at_its_record():
    data = written().read_bytes()
    ends = [k + 1 for k, byte in enumerate(data) if byte == 10]
    for at in range(ends[-4], len(data)):
        broken = data[:at] + bytes([data[at] ^ random.Random(at).randrange(1, 256)]) + data[at + 1 :]
        assert list(records.parse(broken).records) == RECORDS[: sum(1 for end in ends[1:] if end <= at)]


@given(st.binary(max_size=200))
def test_no_content_makes_reading_fail(data):
    assert isinstance(records.parse(data), Journal)
    assert isinstance(records.parse(records.MAGIC + b"{}\n" + data), Journal)


def test_deep_nesting_does_not_make_reading_fail():
    assert records.parse(records.MAGIC + b"[" * 100_000 + b"\n") == Journal()


def test_a_missing_file_is_refused_with_e_file(tmp_path):
    with pytest.raises(ChronusError) as refusal:
        reading.read(tmp_path / "none.journal")
    assert refusal.value.code == "E_FILE"


def test_writing_goes_on_behind_the_valid_prefix():
    path = written()
    with path.open("ab") as file:
        file.write(b"12345678 torn")
    pen = writing.resume(path, reading.read(path))
    pen.write(Said(4, texts=("new",)))
    pen.close(90000)
    assert list(reading.read(path).records) == [*RECORDS, Said(4, texts=("new",)), Ended(90000)]


def test_played_gives_what_took_effect_with_the_last_moment_said():
    again = Said(7, "anna", ("sequence bass: x",), 200, True)
    records = (Said(7, "anna", ("sequence bass: x",), 100, True), again, Sealed(7, 192), Said(8, texts=("new",)))
    found = Journal(records=records)
    assert [(p.said, p.frame) for p in found.played()] == [(again, 192)]
    assert found.unsealed() == [records[-1]]
    assert Journal(records=records[:3]).unsealed() == []
    assert Journal(records=(*records, Void(8))).unsealed() == []
    assert found.number == 8


def test_a_full_disk_takes_back_the_torn_record(monkeypatch):
    pen = writing.create("default", HEADER)
    pen.write(RECORDS[0])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (pen.path.stat().st_size + 10, limits[1]))
        assert not pen.write(RECORDS[1])
        assert pen.fault
        assert not pen.write(RECORDS[1])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, old)
    assert pen.write(RECORDS[1])
    assert pen.fault == ""
    assert list(reading.read(pen.path).records) == RECORDS[:2]
