"""Control dies, or the whole engine does: what was acknowledged is there again, and what plays plays on."""

from __future__ import annotations

import random

import numpy as np
import pytest

from chronus import commands as c
from chronus.catalogue.kinds import Catalogue
from chronus.commands import Change, Port, Quantity
from chronus.conductor import authors, history
from chronus.conductor.conductor import Conductor
from chronus.conductor.transaction import rack_of
from chronus.control.jobs.job import Named
from chronus.control.jobs.recovery import begin, take_over
from chronus.journal import reading, records, writing
from chronus.journal.records import Journal, Poisoned, Said, Sealed
from chronus.journal.replay import rebuild, recall
from chronus.language.parser import sentences
from chronus.memory.layout import NOTES_LATE, OSC_DROPPED, RECOMMITTED, Memory
from chronus.memory.log import GENERATION, NOTE_OFF, NOTE_ON, NOW, NUMBER, ORDER, SWAP, WHAT, Entry, decode
from chronus.rack.document import Moving
from chronus.rack.script import script
from tests.control.serve.test_server import seq, set_
from tests.kit.house import RATE, SPECS, House

CATALOGUE = Catalogue(SPECS)
HEADER = {"rate": RATE, "seed": 0, "pid": 1, "started": 2.0}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    return tmp_path


def start(memory: Memory, fresh: bool = False, **header):
    return begin(memory, CATALOGUE, "default", {**HEADER, **header}, sentences, fresh)


def killed(house: House, tmp_path) -> House:
    """Control dies without a word, and another one takes its place."""
    house.server.close()
    house.listener.close()
    house.pen.give_up()
    found = start(house.memory)
    assert found.resumed is not None and found.first is None, found.notes
    again = House(
        tmp_path, house.memory, replicas=house.replicas, conductor=found.conductor, pen=found.pen, number=found.number
    )
    take_over(again.performer, found.resumed)
    return again


SCRIPT = (
    ("load bass", c.Load(kind="bass")),
    ("set bass.freq 60", set_("bass", "freq", 60)),
    ("load kick", c.Load(kind="kick")),
    ("seq kick: xxxx", seq("kick")),
    ("seq bass: xxx", seq("bass", 3)),
    ("patch bass > filter", c.Patch(chain=(Port("bass"), Port("filter")))),
    ("unload kick", c.Unload(name="kick")),
    ("set bass.freq 70", set_("bass", "freq", 70)),
    ("set bass.freq 80 over 8 bars", c.Set(changes=(Change("bass", "freq", Quantity(80)),), over=c.Length(8, "bars"))),
    ("set bass.freq +10%", c.Set(changes=(Change("bass", "freq", c.Relative("+", 10, "%")),))),
    ("undo", c.Undo()),
    ("bpm 174", c.Set(changes=(Change("", "bpm", Quantity(174)),))),
    ("load kick as thud", c.Load(kind="kick", name="thud")),
    ("seq thud: xx", seq("thud", 2)),
    ("undo", c.Undo()),
    ("unpatch bass", c.Unpatch(chain=(Port("bass"),))),
    ("seq bass: xxxxx", seq("bass", 5)),
)


def played(tmp_path, kills: tuple[int, ...]) -> tuple[list[list[int]], House]:
    """Everything the replicas took while the script was said, one line every 150 blocks; control killed after some lines."""
    for old in (tmp_path / "journals").glob("*/*"):
        old.unlink()
    house = House(tmp_path)
    for k, (text, command) in enumerate(SCRIPT):
        (reply,) = house.ask(house.caller(), command, texts=(text,))
        assert reply.ok, reply
        house.run(75 - house.replicas.block() % 75)
        if k in kills:
            house = killed(house, tmp_path)
        house.run(75 - house.replicas.block() % 75)
    house.run(200)
    keep = [k for k in range(8) if k not in (NUMBER, ORDER)]
    # Notes may be given earlier or later; all else is sealed in the same blocks.
    said = sorted([frame if words[1] == NOW else 0, *words[keep].tolist()] for frame, words in acting(house))
    return said, house


def acting(house: House) -> list[tuple[int, np.ndarray]]:
    """What the replicas took, without the notes that were overruled before their frame, and those that not every control has come to."""
    entries, heard = house.replicas.entries, house.publisher.heard()
    edits: dict[int, list[Entry]] = {}
    decoded = [(frame, words, decode(words[None])[0]) for frame, words in entries]
    for _, _, entry in decoded:
        if entry.kind == GENERATION:
            edits.setdefault(entry.index, []).append(entry)

    def acts(entry: Entry) -> bool:
        if entry.kind not in (NOTE_ON, NOTE_OFF):
            return True
        overruled = any(e.generation > entry.generation and e.frame <= entry.frame for e in edits.get(entry.more, []))
        return not overruled and entry.frame < heard + 1.9 * RATE

    return [(frame, words) for frame, words, entry in decoded if acts(entry)]


def test_counters_are_the_engines_and_outlive_control(tmp_path):
    house = House(tmp_path)
    caller = house.caller()
    house.ask(
        caller, c.Load(kind="bass"), c.Load(kind="nothing"), c.List(), texts=("load bass", "load nothing", "list")
    )
    house.memory.board[[NOTES_LATE, RECOMMITTED, OSC_DROPPED]] = 4, 5, 6
    before = house.status.counters()
    assert before["commands"] == 3
    again = killed(house, tmp_path)
    again.ask(again.caller(), c.Load(kind="kick"), texts=("load kick",))
    assert again.status.counters() == before | {"commands": 4}
    again.close()


def test_a_control_that_takes_the_place_of_another_goes_on_to_the_last_word(tmp_path):
    whole, house = played(tmp_path, ())
    house.close()
    kills = random.Random(1)
    for _ in range(6):
        broken, house = played(tmp_path, tuple(sorted(kills.sample(range(len(SCRIPT)), 3))))
        assert broken == whole
        assert house.replicas.refused == 0
        house.close()


def test_what_was_published_but_not_sealed_is_answered_for_by_the_next_control(tmp_path):
    house = House(tmp_path)
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"), texts=("load bass",))
    caller.say(set_("bass", "freq", 99), texts=("set bass.freq 99",))
    for _ in range(5):
        house.server.turn(block=False)
    assert house.performer.flying
    house = killed(house, tmp_path)
    assert house.conductor.rack.modules["bass"].params["freq"] == 99
    house.run(5)
    assert not house.performer.busy
    assert reading.read(house.pen.path).unsealed() == []
    assert house.ask(house.caller(), set_("bass", "freq", 50))[0].ok
    house.close()


def test_what_was_never_published_stays_so_however_often_control_dies(tmp_path, monkeypatch):
    house = House(tmp_path)
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"), texts=("load bass",))
    for freq in (98, 99):
        with monkeypatch.context() as dies, pytest.raises(KeyboardInterrupt):
            dies.setattr(house.publisher, "publish", raises(KeyboardInterrupt))
            caller.say(set_("bass", "freq", freq), texts=(f"set bass.freq {freq}",))
            house.run(5)
        house = killed(house, tmp_path)
        caller = house.caller()
        assert house.conductor.rack.modules["bass"].params.get("freq", 110) == 110
        house.run(5)
        assert not house.performer.busy
    whole, *_ = rebuild(reading.read(house.pen.path), CATALOGUE, sentences)
    assert "99" not in repr(whole) and "98" not in repr(whole)
    house.close()


def test_a_first_command_that_was_never_published_is_void(tmp_path, monkeypatch):
    house = House(tmp_path)
    caller = house.caller()
    with monkeypatch.context() as dies, pytest.raises(KeyboardInterrupt):
        dies.setattr(house.publisher, "publish", raises(KeyboardInterrupt))
        caller.say(c.Load(kind="bass"), texts=("load bass",))
        house.run(5)
    house = killed(house, tmp_path)
    house.ask(house.caller(), c.Load(kind="bass"), texts=("load bass",))
    assert rebuild(reading.read(house.pen.path), CATALOGUE, sentences).lost == []
    house.close()


def raises(error):
    def publish(*_):
        raise error

    return publish


def test_an_unsealed_command_that_names_frames_is_taken_over(tmp_path):
    house = House(tmp_path)
    caller = house.caller()
    caller.say(c.Load(kind="bass"), seq("bass"), texts=("load bass", "seq bass: xxxx"))
    while not isinstance(house.performer.current, Named):
        house.replicas.render(1)
        house.server.turn(block=False)
    house = killed(house, tmp_path)
    assert house.performer.current is not None
    house.run(5)
    assert house.performer.current is None
    assert set(house.conductor.rack.lanes) == {"bass"}
    house.run(500)
    assert house.replicas.refused == 0
    house.close()


def test_an_unsealed_command_that_was_refused_is_said_again(tmp_path, monkeypatch):
    house = House(tmp_path)
    caller = house.caller()
    publish = house.publisher.publish

    def kept_waiting(*batch):
        house.replicas.render(40)
        return publish(*batch)

    monkeypatch.setattr(house.publisher, "publish", kept_waiting)
    caller.say(c.Load(kind="bass"), seq("bass"), texts=("load bass", "seq bass: xxxx"))
    while not isinstance(house.performer.current, Named):
        house.replicas.render(1)
        house.server.turn(block=False)
    house = killed(house, tmp_path)
    house.run(10)
    assert house.replicas.refused == 1 and house.status.counters()["recommitted"] == 1
    swaps = [words for _, words in house.replicas.entries if words[WHAT] & 0xFF == SWAP]
    assert len(swaps) == 1
    house.close()


def test_what_was_never_published_is_void_and_never_applied(tmp_path):
    house = House(tmp_path)
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"), texts=("load bass",))
    house.pen.write(Said(99, "anna", ("set bass.freq 99",), tail=house.memory.word(0) + 5))
    house = killed(house, tmp_path)
    assert "freq" not in house.conductor.rack.modules["bass"].params
    house.ask(house.caller(), set_("bass", "freq", 50), texts=("set bass.freq 50",))
    house = killed(house, tmp_path)
    assert house.conductor.rack.modules["bass"].params["freq"] == 50
    house.close()


def test_a_text_that_is_no_sentence_costs_the_seam_and_not_the_engine(tmp_path):
    house = House(tmp_path)
    house.ask(house.caller(), c.Load(kind="bass"), texts=("load bass",))
    house.ask(house.caller(), set_("bass", "freq", 50), texts=("sing a lie",))
    house.ask(house.caller(), c.Load(kind="kick"), texts=("load kick",))
    house.server.close()
    house.listener.close()
    house.pen.give_up()
    found = start(house.memory)
    assert found.resumed is None and found.first is not None
    assert 'not recovered: 0001.journal:4: "sing a lie": there is no command' in found.notes[-1]
    again = House(
        tmp_path, house.memory, replicas=house.replicas, conductor=found.conductor, pen=found.pen, number=found.number
    )
    again.server.perform(found.first.commands, found.first.texts, "journal")
    again.run(100)
    assert set(again.conductor.rack.modules) == {"out", "bass", "kick"}
    # The new file holds whole commands, and the next control goes on without a seam.
    again = killed(again, tmp_path)
    assert set(again.conductor.rack.modules) == {"out", "bass", "kick"}
    again.close()


def test_a_deferred_command_survives_the_death_of_control(tmp_path):
    house = House(tmp_path)
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"), seq("bass"), texts=("load bass", "seq bass: xxxx"))
    later = c.Set(changes=(Change("bass", "freq", Quantity(90)),), when=c.When("next"))
    (reply,) = house.ask(caller, later, texts=("set bass.freq 90 at next bar",))
    house = killed(house, tmp_path)
    assert house.conductor.rack.modules["bass"].params == {}
    house.run(1600)
    assert house.conductor.rack.modules["bass"].params["freq"] == 90
    house = killed(house, tmp_path)
    assert house.conductor.rack.modules["bass"].params["freq"] == 90
    assert house.conductor.due(1 << 60) == []
    assert reply.frame in {int(words[1]) for _, words in house.replicas.entries}
    house.close()


def test_what_was_put_off_and_then_refused_is_not_taken_for_what_came_after_it(tmp_path):
    house = House(tmp_path)
    caller = house.caller()
    house.ask(
        caller,
        c.Load(kind="bass"),
        c.Load(kind="kick"),
        seq("bass"),
        texts=("load bass", "load kick", "seq bass: xxxx"),
    )
    house.run(100)
    house.ask(caller, c.Unload(name="kick", when=c.When("next")), texts=("unload kick at next bar",))
    later = c.Set(changes=(Change("bass", "freq", Quantity(90)),), when=c.When("next"))
    house.ask(caller, later, texts=("set bass.freq 90 at next bar",))
    house.ask(caller, c.Unload(name="kick"), texts=("unload kick",))
    house.run(1600)
    assert house.conductor.rack.modules["bass"].params["freq"] == 90
    house = killed(house, tmp_path)
    assert house.conductor.rack.modules["bass"].params["freq"] == 90
    assert house.conductor.state.waiting == ()
    house.close()


def test_a_lane_keeps_its_place_though_another_one_was_over_before_it_began(tmp_path):
    house = House(tmp_path)
    caller = house.caller()
    house.ask(
        caller,
        c.Load(kind="bass"),
        c.Load(kind="kick"),
        seq("kick"),
        texts=("load bass", "load kick", "seq kick: xxxx"),
    )
    house.ask(caller, seq("bass"), texts=("seq bass: xxxx",))
    house.ask(caller, c.Clear(name="kick"), texts=("clear kick",))
    house.run(1600)  # the bar line is over, and a tick has dropped the lane
    house.ask(caller, c.Load(kind="kick", name="thud"), seq("thud"), texts=("load kick as thud", "seq thud: xxxx"))
    places = {name: playing.player for name, playing in house.conductor.score.lanes.items()}
    house = killed(house, tmp_path)
    assert {name: playing.player for name, playing in house.conductor.score.lanes.items()} == places
    house.close()


# ---------------------------------------------------------------- a new engine


def engine_died(house: House) -> None:
    house.server.close()
    house.listener.close()
    house.pen.give_up()


def said(tmp_path, *lines: tuple[str, c.AnyCommand]) -> House:
    house = House(tmp_path)
    caller = house.caller()
    for text, command in lines:
        assert house.ask(caller, command, texts=(text,))[0].ok
    return house


def test_the_rack_of_an_engine_that_died_is_performed_in_the_next_one(tmp_path):
    house = said(tmp_path, *SCRIPT[:6])
    rack = house.conductor.rack
    engine_died(house)
    found = start(Memory(), pid=2)
    assert found.first is not None and found.notes
    again = House(tmp_path, conductor=found.conductor, pen=found.pen)
    again.server.perform(found.first.commands, found.first.texts, "journal")
    again.run(300)
    assert again.conductor.rack.modules.keys() == rack.modules.keys()
    assert again.conductor.rack.lanes.keys() == rack.lanes.keys()
    assert again.conductor.rack.cables.keys() == rack.cables.keys()
    assert again.conductor.state.playing
    engine_died(again)
    third = start(Memory(), pid=3)
    assert third.first is None, "twice in a row"
    assert "twice" in third.notes[0]
    third.pen.close(0)


def test_an_engine_that_lived_for_a_while_is_recovered_again_and_again(tmp_path):
    engine_died(said(tmp_path, *SCRIPT[:2]))
    for pid in range(2, 6):
        found = start(Memory(), pid=pid)
        assert found.first is not None
        again = House(tmp_path, conductor=found.conductor, pen=found.pen)
        again.server.perform(found.first.commands, found.first.texts, "journal")
        again.run(50)
        assert again.conductor.rack.modules["bass"].params["freq"] == 60
        again.pen.write(records.Settled(again.publisher.heard()))
        engine_died(again)


def test_after_a_clean_stop_an_engine_is_empty(tmp_path):
    said(tmp_path, *SCRIPT[:2]).close()
    found = start(Memory(), pid=2)
    assert found.first is None and found.notes == []
    found.pen.close(0)


def test_fresh_declines(tmp_path):
    engine_died(said(tmp_path, *SCRIPT[:2]))
    found = start(Memory(), fresh=True, pid=2)
    assert found.first is None and found.notes == []
    found.pen.close(0)


def test_a_stopped_transport_stays_stopped(tmp_path):
    house = said(tmp_path, SCRIPT[0], SCRIPT[4], ("stop", c.Stop()))
    engine_died(house)
    found = start(Memory(), pid=2)
    assert isinstance(found.first.commands[-1], c.Stop)
    found.pen.close(0)


def test_a_journal_that_cannot_be_understood_keeps_no_engine_from_starting(tmp_path):
    pen = writing.create("default", {**HEADER, "rate": "none"})
    pen.write(Said(1, "anna", ("load bass",)), Sealed(1, 64))
    pen.give_up()
    found = start(Memory(), pid=2)
    assert found.first is None and "kept" in found.notes[0]
    found.pen.close(0)


def test_every_prefix_of_a_journal_can_be_rebuilt(tmp_path):
    house = said(tmp_path, *SCRIPT)
    engine_died(house)
    data = house.pen.path.read_bytes()
    for end in range(0, len(data) + 1, 7):
        rebuild(records.parse(data[:end]), CATALOGUE, sentences)
    assert rebuild(Journal(), CATALOGUE, sentences)[:3] == (None, [], [])


def poisoned(*records) -> tuple[str, ...]:
    """The words of the modules in the rack that is rebuilt from a journal."""
    whole, unreadable, *_ = rebuild(Journal(HEADER, records), CATALOGUE, sentences)
    assert not unreadable
    return tuple(command.kind for command in whole.commands[0].commands if isinstance(command, c.Load)) if whole else ()


def test_what_crashed_the_renderer_is_left_out_of_what_is_recovered():
    said = (
        Said(1, texts=("load bass", "load kick")),
        Sealed(1, 64),
        Said(2, texts=("set bass.freq 60",)),
        Sealed(2, 128),
    )
    record = Poisoned("bass", 128, 2, "set bass.freq 60", 3, 5)
    after = (Said(3, texts=("load filter",)), Sealed(3, 640))
    assert poisoned(*said, *after) == ("bass", "kick", "filter")
    assert poisoned(*said, record, *after) == ("kick", "filter")


def test_a_line_that_was_taken_back_leaves_the_module_as_it_was_before_it():
    said = (Said(1, texts=("load bass freq=80",)), Sealed(1, 64), Said(2, texts=("set bass.freq 60",)), Sealed(2, 128))
    record = Poisoned("bass", 128, 2, "set bass.freq 60", 3, 5)
    undone = (Said(3, who="poison", texts=("undo",)), Sealed(3, 640))
    whole, *_ = rebuild(Journal(HEADER, (*said, record, *undone)), CATALOGUE, sentences)
    load, put = whole.commands[0].commands
    assert load.kind == "bass" and put.changes[0].value == Quantity(80, "Hz")


def test_one_that_is_loaded_again_afterwards_is_there():
    said = (Said(1, texts=("load bass",)), Sealed(1, 64))
    again = (Said(2, texts=("unload bass", "load bass")), Sealed(2, 640))
    assert poisoned(*said, Poisoned("bass", 128, 1, "load bass", 3, 5), *again) == ("bass",)


# ---------------------------------------------------------------- what does not come back


def test_a_line_that_is_not_valid_any_more_is_named_with_its_place_and_the_rest_comes_back():
    lines = [
        ("load bass", "load kick freq=60 boom=3"),
        ("set bass.freq 60, bass.shine 0.5, bass.distortion 0.25",),
        ("load theremin", "seq theremin: x...", "seq bass: x.x."),
        ("patch bass > filter", "load filter", "patch bass > filter"),
        ("mute bass kick",),
        ("set kick.freq 900", "volume up", "set volume -12"),
    ]
    records = [record for n, texts in enumerate(lines, 1) for record in (Said(n, texts=texts), Sealed(n, 64 * n))]
    whole, lost, at_once, _ = rebuild(Journal(HEADER, tuple(records)), CATALOGUE, sentences)
    rack = Conductor(CATALOGUE, RATE).perform(whole).after
    assert list(rack.modules) == ["out", "bass", "kick", "filter", "filter2"] and at_once == []
    assert rack.modules["bass"].params == {"freq": 60, "distortion": 0.25}
    assert rack.modules["kick"].params == {"freq": 60} and rack.modules["out"].params == {"volume": -12}
    assert rack.lanes["bass"].muted
    assert [(part.line, part.text, part.why) for part in lost] == [
        (2, "load kick freq=60 boom=3", 'kick has no parameter "boom"'),
        (4, "set bass.freq 60, bass.shine 0.5, bass.distortion 0.25", 'bass has no parameter "shine"'),
        (6, "load theremin", 'there is no kind of module "theremin"'),
        (6, "seq theremin: x...", 'no module "theremin" is loaded'),
        (10, "mute bass kick", '"kick" has no lane'),
        (12, "volume up", "a level is set in decibels"),
        (12, "set kick.freq 900", "freq is 20..200 Hz; 900 is outside"),
    ]


def test_an_opened_script_of_which_a_line_is_not_valid_any_more_comes_back_without_that_line():
    song = c.Open(name="song", commands=tuple(sentences("load bass; set bass.freq 60; set bass.shine 1; seq bass: x")))
    records = (Said(1, texts=("open song",), commands={0: song}), Sealed(1, 64))
    whole, lost, *_ = rebuild(Journal(HEADER, records), CATALOGUE, sentences)
    rack = Conductor(CATALOGUE, RATE).perform(whole).after
    assert list(rack.modules) == ["out", "bass"] and "bass" in rack.lanes
    assert [(part.line, part.text, part.why) for part in lost] == [(2, "open song", 'bass has no parameter "shine"')]


def test_a_kept_state_with_modules_that_are_no_more_comes_back_without_them(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "LONGEST", 300)
    house = said(tmp_path, *SCRIPT[:9])
    engine_died(house)
    found = reading.read(house.pen.path)
    assert "continues" in found.header
    today = Catalogue([spec for spec in SPECS if spec.kind != "filter"])
    whole, lost, *_ = rebuild(found, today, sentences)
    rack = Conductor(today, RATE).perform(whole).after
    assert list(rack.modules) == ["out", "bass"] and rack.lanes["bass"].text == "xxx"
    assert [part.line for part in lost] == [2, 2] and "filter" in lost[0].why and "filter" in lost[1].why


def test_an_undo_behind_a_kept_state_that_does_not_fit_leaves_the_rack_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "LONGEST", 300)
    house = said(tmp_path, *SCRIPT[:9])
    number = house.performer.number
    house.pen.write(Said(number + 1, texts=("undo",)), Sealed(number + 1, house.replicas.block() * 64))
    engine_died(house)
    today = Catalogue([spec for spec in SPECS if spec.kind != "filter"])
    whole, lost, *_ = rebuild(reading.read(house.pen.path), today, sentences)
    assert list(Conductor(today, RATE).perform(whole).after.modules) == ["out", "bass"]
    assert [part.text for part in lost if "undo" in part.text] == ["undo"]


def test_nothing_is_called_recovered_where_nothing_comes_back(tmp_path):
    pen = writing.create("default", HEADER)
    pen.write(Said(1, texts=("load theremin",)), Sealed(1, 64))
    pen.give_up()
    found = start(Memory(), pid=2)
    assert found.first is None
    assert "nothing of the rack comes back" in found.notes[0] and '0001.journal:2: "load theremin"' in found.notes[1]
    assert not any("is recovered" in note for note in found.notes)
    found.pen.close(0)


def test_what_waited_for_its_time_is_done_and_said(tmp_path):
    house = said(tmp_path, *SCRIPT[:4])
    house.run(200)
    later = c.Set(changes=(Change("bass", "freq", Quantity(90)),), when=c.When("next"))
    assert house.ask(house.caller(), later, texts=("set bass.freq 90 at next bar",))[0].ok
    engine_died(house)
    found = start(Memory(), pid=2)
    assert found.notes[1:] == ['"set bass.freq 90 at next bar" waited for its time; now it is done']
    assert found.conductor.perform(found.first).after.modules["bass"].params["freq"] == 90
    found.pen.close(0)


def test_the_stopped_transport_stays_stopped(tmp_path):
    house = said(tmp_path, *SCRIPT[:2], ("stop", c.Stop()))
    engine_died(house)
    found = start(Memory(), pid=2)
    assert [type(command) for command in found.first.commands] == [c.Open, c.Stop]
    found.pen.close(0)


def test_after_a_second_bad_end_the_rack_lies_ready_to_be_opened(tmp_path):
    engine_died(said(tmp_path, *SCRIPT[:2]))
    second = start(Memory(), pid=2)
    again = House(tmp_path, conductor=second.conductor, pen=second.pen)
    again.server.perform(second.first.commands, second.first.texts, "journal")
    again.run(50)
    engine_died(again)
    third = start(Memory(), pid=3)
    assert third.first is None and "`open default-0002` brings its rack back" in third.notes[0]
    saved = (tmp_path / "patches" / "default-0002.chronus").read_text()
    assert saved == "load bass\nset bass.freq 60 Hz\n"
    third.pen.close(0)


def test_what_is_recovered_is_no_step_of_undo(tmp_path):
    engine_died(said(tmp_path, *SCRIPT[:2]))
    found = start(Memory(), pid=2)
    t = found.conductor.perform(found.first, authors.JOURNAL)
    assert t.past == () and "bass" in t.after.modules
    found.pen.close(0)


def recovered(tmp_path, pid: int) -> House:
    """The next engine, which has lived for a while."""
    found = start(Memory(), pid=pid)
    again = House(tmp_path, conductor=found.conductor, pen=found.pen)
    if found.first is not None:
        again.server.begin_with(found.first, authors.JOURNAL, found.recall)
        again.run(50)
    again.pen.write(records.Settled(again.publisher.heard()))
    return again


def racks_of(house: House) -> dict[int, list[str]]:
    """The script of the rack after each step of the history."""
    state = house.conductor.state
    piles = history.Piles(state.past, state.future, state.dropped)
    known = [0, *(told.step.id for told in history.steps(piles))]
    found = {id: history.after(id, state.rack, piles) for id in known}
    return {id: script(was.rack, CATALOGUE) for id, was in found.items() if was is not None}


STEPS = (*SCRIPT[:8], *SCRIPT[9:16], ("seq bass: xxxxx", seq("bass", 5)), ("undo", c.Undo()))
"""Without a sweep: one that is over with its engine stands where it was going to."""


def test_the_history_outlives_the_engine_and_the_one_after_it(tmp_path):
    house = said(tmp_path, *STEPS)
    racks, labels = racks_of(house), [step.label for step in house.conductor.state.past]
    assert len(racks) > 12 and house.conductor.state.future and house.conductor.state.dropped
    for pid in (2, 3, 4):
        engine_died(house)
        house = recovered(tmp_path, pid)
        assert racks_of(house) == racks
        assert [step.label for step in house.conductor.state.past] == labels
    caller = house.caller()
    assert house.ask(caller, c.Undo(to=4), texts=("undo to 4",))[0].ok
    house.run(20)
    assert script(house.conductor.rack, CATALOGUE) == racks[4]
    assert house.ask(caller, c.Undo(steps=3), texts=("undo 3",))[0].ok
    assert house.conductor.state.step == max(racks) + 1, "an id was given twice"
    house.close()


def test_an_undo_of_before_the_engine_died_leaves_lanes_and_sweeps_alone(tmp_path):
    sweep, swing = SCRIPT[8], ("swing 60", c.Set(changes=(Change("", "swing", Quantity(60)),)))
    engine_died(said(tmp_path, *SCRIPT[:5], sweep, swing))
    house = recovered(tmp_path, 2)
    before = house.conductor.rack
    takes = [lane.take for lane in before.lanes.values()]
    assert house.ask(house.caller(), c.Undo(), texts=("undo",))[0].ok
    after = house.conductor.rack
    assert after.swing == 50 and after.lanes == before.lanes and [lane.take for lane in after.lanes.values()] == takes
    assert isinstance(after.modules["bass"].params["freq"], Moving)
    assert after.modules["bass"] == before.modules["bass"]
    assert house.ask(house.caller(), c.Undo(), texts=("undo",))[0].ok
    assert house.conductor.rack.modules["bass"].params["freq"] == 60
    assert house.ask(house.caller(), seq("bass", 7), texts=("seq bass: xxxxxxx",))[0].ok
    known = [lane.take for step in house.conductor.state.past for lane in rack_of(step.thing).lanes.values()]
    assert house.conductor.rack.lanes["bass"].take not in known
    house.close()


def test_where_nothing_sounds_any_more_the_history_is_there(tmp_path):
    engine_died(said(tmp_path, *SCRIPT[:2], ("unload bass", c.Unload(name="bass"))))
    house = recovered(tmp_path, 2)
    assert house.ask(house.caller(), c.Undo(), texts=("undo",))[0].ok
    assert house.conductor.rack.modules["bass"].params["freq"] == 60
    house.close()


def test_what_was_so_long_ago_is_found_across_the_death(tmp_path):
    house = said(tmp_path, *SCRIPT[:2])
    house.run(400)
    assert house.ask(house.caller(), set_("bass", "freq", 90), texts=("set bass.freq 90",))[0].ok
    engine_died(house)
    house = recovered(tmp_path, 2)
    assert all(step.frame < 0 for step in house.conductor.state.past)
    ago = c.Length((400 * 64 + 40 * 64) / RATE, "s")
    assert house.ask(house.caller(), c.Undo(ago=ago), texts=("back",))[0].ok
    assert house.conductor.rack.modules["bass"].params["freq"] == 60
    house.close()


def test_a_history_of_another_version_is_left(tmp_path):
    engine_died(said(tmp_path, *SCRIPT[:2]))
    house = House(tmp_path)
    recall(house.conductor, records.Remembered(b"of another version", 0))
    assert house.conductor.state.past == ()
    house.close()
