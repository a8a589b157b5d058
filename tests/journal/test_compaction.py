"""A take that goes on in a new file of the journal: nothing of it is lost, whoever dies and whenever, and the old file stays as it was."""

from __future__ import annotations

import random
import re

import pytest

from chronus import commands as c
from chronus.catalogue.kinds import Catalogue
from chronus.commands import Change, Quantity
from chronus.conductor.conductor import Conductor
from chronus.conductor.waiting import as_one
from chronus.control.jobs import performer
from chronus.control.jobs.job import Job
from chronus.control.jobs.recovery import begin
from chronus.errors import ChronusError
from chronus.journal import reading, records, standing, writing
from chronus.journal.records import Said, Sealed, Stands
from chronus.journal.replay import rebuild
from chronus.language.parser import sentences
from chronus.memory.layout import Memory
from chronus.rack.document import Moving, replace
from tests.control.jobs.test_recovery import HEADER, SCRIPT, engine_died, killed, played
from tests.control.serve.test_server import seq, set_
from tests.kit.hearing import believed
from tests.kit.house import RATE, SPECS, House

CATALOGUE = Catalogue(SPECS)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def short(monkeypatch):
    """Files of a few records each."""
    monkeypatch.setattr(writing, "LONGEST", 300)


def paths(house: House):
    return sorted(house.pen.path.parent.glob("*.journal"))


def conductor_of(house: House) -> Conductor:
    """What the journal's newest file comes to."""
    fresh = Conductor(CATALOGUE, RATE)
    fresh.state = standing.restored(fresh.state, standing.keep(house.conductor.state))
    return fresh


def test_a_conductor_kept_and_restored_stands_as_it_stood(tmp_path):
    _, house = played(tmp_path, ())
    was, kept = house.conductor.state, conductor_of(house).state
    for name in ("rack", "past", "future", "score", "number", "now", "put_off", "waiting"):
        assert getattr(kept, name) == getattr(was, name), name
    assert len(was.past) > 5 and was.score.lanes and kept.places.applied == was.places.applied
    assert kept.places.plan == replace(was.places.plan, program=None)
    assert (kept.places.number, kept.places.incarnation) == (was.places.number, was.places.incarnation)
    assert kept.places.draining.keys() == was.places.draining.keys()
    assert len(standing.keep(was)) < 40_000
    house.close()


def test_what_is_said_over_many_files_and_the_deaths_of_control_goes_on_to_the_last_word(tmp_path, monkeypatch):
    whole, house = played(tmp_path, ())
    house.close()
    monkeypatch.setattr(writing, "LONGEST", 300)
    kills = random.Random(2)
    for _ in range(4):
        broken, house = played(tmp_path, tuple(sorted(kills.sample(range(len(SCRIPT)), 3))))
        assert broken == whole
        assert len(paths(house)) >= 4 and house.replicas.refused == 0
        texts = [
            text
            for record in reading.read_take(house.pen.path).records
            if isinstance(record, Said)
            for text in record.texts
        ]
        assert texts == [text for text, _ in SCRIPT], "the take is not whole"
        house.close()


def test_the_old_file_stays_and_the_new_one_begins_with_the_rack(tmp_path, short):
    house = House(tmp_path)
    caller = house.caller()
    kept = {}
    for text, command in SCRIPT:
        house.ask(caller, command, texts=(text,))
        house.run(40)
        for path in paths(house)[:-1]:
            assert path.read_bytes() == kept.setdefault(path, path.read_bytes()), "an old file was touched"
    assert len(kept) >= 3
    newest = reading.read(house.pen.path)
    assert isinstance(newest.records[0], Stands)
    assert newest.header["continues"] == paths(house)[-2].name and "recovered" not in newest.header
    for path in paths(house)[1:]:
        stands = reading.read(path).records[0]
        assert isinstance(stands, Stands) and len([sentences(text) for text in stands.texts]) == len(stands.texts) > 0
    house.close()


def test_a_new_engine_recovers_from_the_newest_file_alone(tmp_path, short):
    _, house = played(tmp_path, ())
    rack = house.conductor.rack
    engine_died(house)
    for path in paths(house)[:-1]:
        path.unlink()
    found = begin(Memory(), CATALOGUE, "default", {**HEADER, "pid": 2}, sentences, False)
    again = House(tmp_path, conductor=found.conductor, pen=found.pen)
    again.server.perform(found.first.commands, found.first.texts, "journal")
    again.run(300)
    frame = house.publisher.heard()
    assert again.conductor.rack.cables == rack.cables
    assert again.conductor.rack.modules.keys() == rack.modules.keys()
    was, now = rack.modules["bass"].params["freq"], again.conductor.rack.modules["bass"].params["freq"]
    assert isinstance(was, Moving) and isinstance(now, Moving) and now.stop == was.stop == 80
    assert 70 < now.start < believed(house.conductor, "bass", "freq", frame) and 0 < now.over.number < was.over.number
    assert {name: lane.text for name, lane in again.conductor.rack.lanes.items()} == {
        name: lane.text for name, lane in rack.lanes.items()
    }
    again.close()


def test_a_state_that_another_version_wrote_comes_to_the_same_rack_by_its_words(tmp_path, short):
    _, house = played(tmp_path, ())
    engine_died(house)
    found = reading.read(house.pen.path)
    stands = found.records[0]
    foreign = Stands(stands.n, stands.frame, stands.texts, b"\x90")
    whole = rebuild(found, CATALOGUE, sentences)
    other = rebuild(records.Journal(found.header, (foreign, *found.records[1:])), CATALOGUE, sentences)
    assert [type(command) for command in other[0].commands] == [type(command) for command in whole[0].commands]
    assert set(map(_roughly, other[0].commands[0].commands)) == set(map(_roughly, whole[0].commands[0].commands))


def test_killed_at_any_byte_of_a_new_files_beginning_nothing_is_lost(tmp_path, monkeypatch):
    house = House(tmp_path)
    caller = house.caller()
    for text, command in SCRIPT[:6]:
        house.ask(caller, command, texts=(text,))
    house.run(100)
    old = house.pen.path
    monkeypatch.setattr(writing, "LONGEST", 0)
    house.performer.pen._goal = 0
    house.run(2)
    assert house.pen.path != old
    rack = house.conductor.rack
    engine_died(house)
    data = house.pen.path.read_bytes()
    end = data.index(b"\n", data.index(b"\n") + 1) + 1
    chosen = [*range(0, end, max(1, end // 200)), end - 1, end]
    for size in chosen:
        house.pen.path.write_bytes(data[:size])
        path, found = reading.newest("default")
        assert path == (house.pen.path if size == end else old)
        first, *_ = rebuild(found, CATALOGUE, sentences)
        assert {
            command.name or command.kind for command in first.commands[0].commands if isinstance(command, c.Load)
        } == {name for name in rack.modules if name != "out"}


def test_what_is_put_off_and_taken_up_while_a_new_file_begins_is_in_it(tmp_path):
    house = House(tmp_path)
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"), seq("bass"), texts=("load bass", "seq bass: xxxx"))
    house.run(100)
    later = c.Set(changes=(Change("bass", "freq", Quantity(90)),), when=c.When("next"))
    house.ask(caller, later, texts=("set bass.freq 90 at next bar",))
    ((at, (due,)),) = house.conductor.due(1 << 60)  # taken up, and waiting behind other jobs
    house.pen._goal = 0
    house.performer.step(lambda: None)
    assert "continues" in reading.read(house.pen.path).header
    house.server.jobs.append(Job(as_one((due.command,)), due.author, at, (due.number,)))
    house.run(1600)
    assert house.conductor.rack.modules["bass"].params["freq"] == 90
    house = killed(house, tmp_path)
    assert house.conductor.rack.modules["bass"].params["freq"] == 90 and house.conductor.state.waiting == ()
    house.close()


def test_many_commands_together_do_not_keep_a_file_from_ending(tmp_path, short):
    house = House(tmp_path)
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"), texts=("load bass",))
    for hertz in range(40, 240):
        house.server.perform((set_("bass", "freq", hertz),), (f"set bass.freq {hertz}",), "anna")
        house.server.turn(block=False)
        block = house.replicas.block()  # the other slot is a block behind, so something is on its way at every turn
        house.replicas.begin(block)
        house.replicas.finish(0, block)
        house.replicas.finish(1, block - 1)
    house.run(400)
    assert not house.server.jobs and house.conductor.rack.modules["bass"].params["freq"] == 239
    sizes = [path.stat().st_size for path in paths(house)[1:]]
    assert len(sizes) > 10
    records = reading.read_take(house.pen.path).records
    assert len([record for record in records if isinstance(record, Sealed)]) == 201
    house.close()


def test_an_engine_that_died_before_it_recovered_counts_as_a_second_bad_end(tmp_path):
    _, house = played(tmp_path, ())
    engine_died(house)
    second = begin(Memory(), CATALOGUE, "default", {**HEADER, "pid": 2}, sentences, False)
    assert second.first is not None
    second.pen.give_up()  # and it died at once
    third = begin(Memory(), CATALOGUE, "default", {**HEADER, "pid": 3}, sentences, False)
    assert third.first is None and "twice" in third.notes[0]
    third.pen.give_up()


@pytest.mark.parametrize("name", ["0002.journal", "0003.journal", "../0001.journal", "/etc/passwd", "x", "", 7, None])
def test_a_file_that_goes_on_from_what_is_no_older_journal_is_refused(tmp_path, name):
    pen = writing.create("default", {**HEADER})
    pen.give_up()
    pen = writing.create("default", {**HEADER, "continues": name})
    pen.write(Stands(1, 64, ("load bass",), b""))
    pen.give_up()
    assert pen.path.name == "0002.journal"
    with pytest.raises(ChronusError) as refusal:
        reading.read_take(pen.path)
    assert refusal.value.code == "E_FILE"


def test_a_take_of_which_an_older_file_is_gone_is_refused_by_its_name(tmp_path, short):
    _, house = played(tmp_path, ())
    house.close()
    paths(house)[0].unlink()
    with pytest.raises(ChronusError) as refusal:
        reading.read_take(house.pen.path)
    assert (
        refusal.value.code == "E_FILE"
        and paths(house)[0].name != "0001.journal"
        and "0001.journal" in refusal.value.message
    )


def test_a_control_that_dies_again_and_again_goes_on_in_a_new_file_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "LONGEST", 4000)
    house = House(tmp_path)
    house.ask(house.caller(), c.Load(kind="bass"), texts=("load bass",))
    for hertz in range(40, 100):
        house = killed(house, tmp_path)
        caller = house.caller()
        assert house.ask(caller, set_("bass", "freq", hertz), texts=(f"set bass.freq {hertz}",))[0].ok
    sizes = [path.stat().st_size for path in paths(house)]
    assert len(sizes) >= 3 and house.conductor.rack.modules["bass"].params["freq"] == 99
    assert max(size - len(_begun(path)) for size, path in zip(sizes, paths(house), strict=True)) < 5000
    house.close()


def _begun(path) -> bytes:
    """What a file begins with: its header, and how all stood."""
    return b"".join(path.read_bytes().splitlines(keepends=True)[:2])


def test_what_takes_long_to_perform_again_fills_a_file_sooner_than_its_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(performer, "MOST_WEIGHT", 100)
    house = House(tmp_path)
    caller = house.caller()
    modules = [c.Load(kind="bass", name=f"bass{k}") for k in range(19)]
    house.ask(caller, *modules, texts=tuple(f"load bass as {module.name}" for module in modules))
    for _ in range(24):  # each draws a program of twenty modules
        house.ask(caller, c.Load(kind="kick"), texts=("load kick",))
        house.ask(caller, c.Undo(), texts=("undo",))
        house.run(10)
    assert len(paths(house)) == 4
    house = killed(house, tmp_path)
    weight, files = house.performer.weight, len(paths(house))
    assert weight >= 12
    caller = house.caller()
    for _ in range((100 - weight) // 12 + 1):
        house.ask(caller, c.Load(kind="kick"), texts=("load kick",))
        house.ask(caller, c.Undo(), texts=("undo",))
    house.run(10)
    assert len(paths(house)) == files + 1, "what was performed again does not count"
    house.close()


def _roughly(command) -> str:
    """What is left of a sweep is said to six figures, and was twice."""
    return re.sub(r"(Length\(number=\d+\.\d{3})\d*", r"\1", repr(command))
