"""Rows 43 to 45: the disk refuses, at every step in turn, or the power goes. What was acknowledged is kept, and the music goes on."""

from __future__ import annotations

import errno
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from chronus import commands as c
from chronus.catalogue.kinds import Catalogue
from chronus.control.jobs.recovery import begin
from chronus.control.serve import saving
from chronus.errors import ChronusError
from chronus.journal import reading, records, writing
from chronus.journal.records import Journal, Said, Sealed
from chronus.journal.replay import rebuild
from chronus.journal.writing import Pen
from chronus.language.parser import sentences
from chronus.memory.layout import Memory
from chronus.rack.document import EMPTY, Module, replace
from chronus.system import files
from tests.control.jobs.test_recovery import SCRIPT, engine_died, killed, said
from tests.control.serve.test_server import seq, set_
from tests.kit.house import RATE, SPECS, House
from tests.kit.machine import undisturbed
from tests.kit.takes import settle, take
from tests.kit.talk import Talker

CATALOGUE = Catalogue(SPECS)
HEADER = {"rate": RATE, "seed": 0, "pid": 1, "started": 2.0}
STEPS = ("make_folder", "create", "reopen", "write", "cut", "sync", "rename", "remove")
ERRORS = (errno.EIO, errno.ENOSPC, errno.EACCES)
SHORT = 0
"""Not an error, but half of what was to be written."""
FAULTS = (*ERRORS, SHORT)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    return tmp_path


class Disk:
    """Every step that is done to files, counted; those that `refuses` names by their number fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps: list[str] = []
        self.refuses: Callable[[int], bool] = lambda number: False
        self.fault = errno.EIO
        for name in STEPS:
            monkeypatch.setattr(files, name, self._step(name, getattr(files, name)))

    def _step(self, name: str, real: Callable) -> Callable:
        def step(*given):
            number = len(self.steps)
            self.steps.append(name)
            if not self.refuses(number):
                return real(*given)
            if self.fault != SHORT:
                raise OSError(self.fault, os.strerror(self.fault))
            return real(given[0], given[1][: len(given[1]) // 2]) if name == "write" else real(*given)

        return step

    def breaks(self, fault: int, numbers: range) -> None:
        self.steps.clear()
        self.fault = fault
        self.refuses = lambda number: number in numbers

    def is_well(self) -> None:
        self.refuses = lambda number: False


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


# ---------------------------------------------------------------- save


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: errno.errorcode.get(fault, "short"))
def test_row_44_a_save_that_fails_at_any_step_leaves_the_old_file(disk, tmp_path, measured, fault):
    rack = replace(EMPTY, modules={"out": Module("out", "out"), "bass": Module("bass", "bass")})
    goal = saving.save("song", EMPTY, CATALOGUE)
    old = goal.read_bytes()
    disk.breaks(fault, range(0))
    saving.save("song", rack, CATALOGUE)
    new, steps = goal.read_bytes(), list(disk.steps)
    assert {"create", "write", "sync", "rename"} <= set(steps) and new != old
    refused = 0
    for number, step in enumerate(steps):
        goal.write_bytes(old)
        disk.breaks(fault, range(number, number + 1))
        lasting = steps[number - 1] == "rename"  # the folder's own sync: the file is whole by then
        if lasting or (fault == SHORT and step != "write"):
            saving.save("song", rack, CATALOGUE)
            assert goal.read_bytes() == new
        else:
            with pytest.raises(ChronusError) as refusal:
                saving.save("song", rack, CATALOGUE)
            assert refusal.value.code == "E_FILE" and "song.chronus cannot be written" in refusal.value.message
            assert goal.read_bytes() == old, step
            refused += 1
        assert [path.name for path in goal.parent.iterdir()] == ["song.chronus"], "something was left lying about"
        disk.is_well()
        saving.save("song", rack, CATALOGUE)
        assert goal.read_bytes() == new
    assert refused >= 1
    measured("44", "steps of a save that failed in turn", len(steps))


# ---------------------------------------------------------------- the journal


def freq_of(found: Journal) -> object:
    """What recovery makes of bass.freq."""
    first, unreadable, *_ = rebuild(found, CATALOGUE, sentences)
    assert first is not None and unreadable == []
    values = [
        change.value.number
        for command in first.commands[0].commands
        if isinstance(command, c.Load) and command.kind == "bass"
        for change in command.params
    ]
    values += [
        change.value.number
        for command in first.commands[0].commands
        if isinstance(command, c.Set)
        for change in command.changes
        if (change.module, change.param) == ("bass", "freq")
    ]
    return values[-1]


@pytest.mark.parametrize("length", [1, 2, 5])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: errno.errorcode.get(fault, "short"))
def test_row_44_a_journal_that_fails_at_any_step_keeps_what_was_acknowledged(disk, tmp_path, fault, length):
    """The disk refuses for one, two or five steps, beginning at each step in turn."""
    for first in range(0, 14):
        for old in (tmp_path / "journals").glob("*/*"):
            old.unlink()
        disk.breaks(fault, range(0))
        house = House(tmp_path)
        caller = house.caller()
        house.ask(caller, c.Load(kind="bass"), texts=("load bass",))
        disk.breaks(fault, range(first, first + length))
        acknowledged, refused = 0, 0
        for hertz in range(40, 58):
            (reply,) = house.ask(caller, set_("bass", "freq", hertz), texts=(f"set bass.freq {hertz}",))
            if reply.ok:
                acknowledged = hertz
            else:
                assert reply.code == "E_FILE" and "nothing was changed" in reply.text
                refused += 1
            assert house.conductor.rack.modules["bass"].params.get("freq", 0) == acknowledged
        assert acknowledged == 57, "the disk is well, and the next command works again"
        assert refused <= length
        house.pen._sync()
        engine_died(house)
        assert freq_of(reading.read(house.pen.path)) == 57


def test_row_44_the_first_refusal_and_the_first_success_are_told_once(disk, tmp_path):
    house = House(tmp_path)
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"), texts=("load bass",))
    disk.breaks(errno.ENOSPC, range(1000))
    for hertz in range(40, 44):
        (reply,) = house.ask(caller, set_("bass", "freq", hertz), texts=(f"set bass.freq {hertz}",))
        assert not reply.ok and os.strerror(errno.ENOSPC) in reply.text
    house.run(100)
    disk.is_well()
    assert house.ask(caller, set_("bass", "freq", 60), texts=("set bass.freq 60",))[0].ok
    house.run(100)
    told = [notice.text for notice in caller.notices if notice.kind == "journal"]
    assert len(told) == 2 and "cannot be written" in told[0] and "can be written again" in told[1]
    house.close()


def test_row_44_what_was_promised_is_done_while_the_disk_refuses_and_written_when_it_is_well(disk, tmp_path):
    house = House(tmp_path)
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"), seq("bass"), texts=("load bass", "seq bass: xxxx"))
    house.run(100)
    later = c.Set(changes=(c.Change("bass", "freq", c.Quantity(90)),), when=c.When("next"))
    assert house.ask(caller, later, texts=("set bass.freq 90 at next bar",))[0].ok
    disk.breaks(errno.EIO, range(1 << 30))
    house.run(1600)
    assert house.conductor.rack.modules["bass"].params["freq"] == 90
    disk.is_well()
    house.run(40)
    house = killed(house, tmp_path)
    assert house.conductor.rack.modules["bass"].params["freq"] == 90 and house.conductor.state.waiting == ()
    house.close()


def test_row_44_an_engine_starts_where_no_journal_can_be_written_and_takes_commands_once_it_can(disk, tmp_path):
    disk.breaks(errno.EACCES, range(1 << 30))
    found = begin(Memory(), CATALOGUE, "default", HEADER, sentences, False)
    house = House(tmp_path, conductor=found.conductor, pen=found.pen)
    caller = house.caller()
    (reply,) = house.ask(caller, c.Load(kind="bass"), texts=("load bass",))
    assert reply.code == "E_FILE"
    disk.is_well()
    assert house.ask(caller, c.Load(kind="bass"), texts=("load bass",))[0].ok
    engine_died(house)
    assert [said.texts for said in reading.read(house.pen.path).records if isinstance(said, Said)] == [("load bass",)]


def test_a_journal_that_cannot_be_synced_says_so(disk, tmp_path):
    house = House(tmp_path)
    caller = house.caller()
    disk.breaks(errno.EIO, range(1 << 30))
    disk.refuses = lambda number: disk.steps[number] == "sync"
    assert house.ask(caller, c.Load(kind="bass"), texts=("load bass",))[0].ok
    house.pen._sync()
    house.run(40)
    assert any("cannot be synced" in notice.text for notice in caller.notices)
    house.close()


def test_row_45_what_is_written_is_synced_within_100_ms_and_many_records_at_once(monkeypatch, measured):
    written: list[float] = []
    synced: list[tuple[float, int]] = []
    real = files.sync

    def sync(descriptor: int) -> None:
        count = len(written)
        real(descriptor)
        synced.append((time.monotonic(), count))

    def play(attempt: int) -> float:
        written.clear()
        synced.clear()
        pen = writing.create(f"take{attempt}", HEADER)
        until = time.monotonic() + 0.7
        while time.monotonic() < until:
            assert pen.write(Sealed(len(written), 0))
            written.append(time.monotonic())
            pen._closing.wait(0.001)
        pen.give_up()
        return max(next(at for at, count in synced if count > k) - when for k, when in enumerate(written))

    monkeypatch.setattr(files, "sync", sync)
    longest = undisturbed(play, lambda longest: longest > 0.1)
    print(f"{len(written)} records in {len(synced)} syncs")
    measured("45", "from a record's write to its sync, longest", longest * 1e3, "ms", bar=100, soak=True)
    assert len(synced) <= 10 < 100 < len(written)


@pytest.mark.proof
def test_rows_43_44_a_full_disk_under_a_playing_song_refuses_commands_and_loses_no_frame(tmp_path, measured):
    """The real thing: the kernel refuses every byte that control writes beyond the file's present size."""
    took = []

    def breaking(running, memory):
        pid = next(p["pid"] for p in running.status()["processes"] if p["role"] == "control")
        control = psutil.Process(pid)
        size = running.journal().stat().st_size
        with Talker(running.home) as line:
            control.rlimit(psutil.RLIMIT_FSIZE, (size + 7, psutil.RLIM_INFINITY))
            began = time.monotonic()
            for _ in range(3):
                reply = line.ask("set bass.cutoff 600")
                assert (reply.ok, reply.code) == (False, "E_FILE"), reply
            took.append(time.monotonic() - began)
            settle(memory, 0.3)
            assert running.journal().stat().st_size == size
            control.rlimit(psutil.RLIMIT_FSIZE, (10, psutil.RLIM_INFINITY))
            assert line.ask("save song").code == "E_FILE"
            control.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
            assert line.ask("set bass.cutoff 700").ok
            assert line.ask("save song").ok

    done = take(tmp_path, breaking)
    for row in ("43", "44"):
        measured(row, "frames lost", done.lost, bar=0)
    measured("43", "three refusals answered after", took[-1] * 1e3, "ms", bar=1000)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: errno.errorcode.get(fault, "short"))
def test_row_44_a_new_file_that_cannot_be_begun_leaves_the_old_one_in_use(disk, tmp_path, monkeypatch, fault):
    monkeypatch.setattr(writing, "LONGEST", 300)
    for step in ("create", "write"):
        for old in (tmp_path / "journals").glob("*/*"):
            old.unlink()
        disk.is_well()
        house = House(tmp_path)
        caller = house.caller()
        house.ask(caller, c.Load(kind="bass"), texts=("load bass",))
        first = house.pen.path
        refused = []

        def turning(number: int, step: str = step, refused: list = refused, path: Path = first) -> bool:
            beginning = step == "create" or (disk.steps[number - 1] == "create" and disk.steps[number] == "write")
            if len(refused) < 3 and disk.steps[number] == step and beginning and path.stat().st_size > 300:
                refused.append(number)
                return True
            return False

        disk.fault, disk.refuses = fault, turning
        for hertz in range(40, 80):
            assert house.ask(caller, set_("bass", "freq", hertz), texts=(f"set bass.freq {hertz}",))[0].ok
        assert len(refused) == (0 if fault == SHORT and step == "create" else 3) or fault == SHORT
        assert house.pen.path != first, "no new file was begun once the disk was well"
        house = killed(house, tmp_path)
        assert house.conductor.rack.modules["bass"].params["freq"] == 79
        engine_died(house)
        assert freq_of(reading.newest("default")[1]) == 79


@pytest.mark.proof
def test_a_take_over_several_files_of_the_journal_is_rendered_again_to_the_bit(tmp_path):
    """Typed into a playing song; control dies in the middle of it, and another one goes on from the newest file."""
    written: list[Path] = []

    def breaking(running, memory):
        pid = next(p["pid"] for p in running.status()["processes"] if p["role"] == "control")
        with Talker(running.home) as line:
            for k in range(80):
                assert line.ask(f"set bass.cutoff {500 + k}, filter.resonance {1 + k / 100:g}").ok
                settle(memory, 0.01)
            assert line.ask("set kick.decay 200ms at next bar").ok
        os.kill(pid, 9)
        settle(memory, 0.5)
        running.say("set bass.cutoff 900; load hat; seq hat: x.x.")
        settle(memory, 1.5)
        written.extend(sorted(running.journal().parent.iterdir()))
        assert running.journal() == written[-1]

    short = os.pathsep.join([str(Path(__file__).parent / "short"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    done = take(tmp_path, breaking, PYTHONPATH=short)
    print(f"{len(written)} files")
    assert len(written) >= 3 and done.lost == 0, done.gaps


# ---------------------------------------------------------------- power cuts


def recovered(home: Path, data: bytes) -> object:
    """What a new engine performs first, found by the real recovery."""
    for old in (home / "journals").glob("*/*"):
        old.unlink()
    path = reading.folder("default") / "0001.journal"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    found = begin(Memory(), CATALOGUE, "default", {**HEADER, "pid": 2}, sentences, False)
    found.pen.give_up()
    assert path.read_bytes() == data, "the old take was touched"
    return found.first


def test_row_45_a_power_cut_at_every_byte_of_the_last_three_records_leaves_the_longest_prefix(
    tmp_path, monkeypatch, measured
):
    house = said(tmp_path, *SCRIPT[:6])
    engine_died(house)
    data = house.pen.path.read_bytes()
    whole = records.parse(data)
    ends = [k + 1 for k, byte in enumerate(data) if byte == 10]
    chance = random.Random(45)
    monkeypatch.setattr(Pen, "_flush", lambda pen: None)
    monkeypatch.setattr(files, "sync", lambda descriptor: None)
    expected = {
        count: rebuild(Journal(whole.header, whole.records[:count]), CATALOGUE, sentences)[0]
        for count in range(len(whole.records) - 3, len(whole.records) + 1)
    }
    for size in range(ends[-4], len(data) + 1):
        count = sum(1 for end in ends[1:] if end <= size)
        tails = (b"", bytes(chance.randrange(1, 5000)), chance.randbytes(chance.randrange(1, 200)) + b"\n")
        assert recovered(tmp_path, data[:size] + tails[size % 3]) == expected[count], size
    measured("45", "offsets of a cut", len(data) + 1 - ends[-4])


def test_row_45_a_torn_record_in_the_middle_ends_what_is_recovered_there(tmp_path):
    house = said(tmp_path, *SCRIPT[:6])
    engine_died(house)
    data = house.pen.path.read_bytes()
    lines = data.splitlines(keepends=True)
    whole = records.parse(data)
    for at in range(1, len(lines)):
        torn = b"".join([*lines[:at], lines[at][: len(lines[at]) // 2], *lines[at + 1 :]])
        expected = rebuild(Journal(whole.header, whole.records[: at - 1]), CATALOGUE, sentences)[0]
        assert recovered(tmp_path, torn) == expected
