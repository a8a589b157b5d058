"""Files and texts as settings: named, heard, shown, taken back, put off, saved, recovered; and let go of when nobody reads them."""

import shutil

import numpy as np
import pytest

from chronus.catalogue.kinds import Catalogue
from chronus.conductor.conductor import Conductor
from chronus.control.jobs.recovery import begin
from chronus.control.serve import saving
from chronus.errors import ChronusError
from chronus.journal import reading
from chronus.language import opening, parser
from chronus.language.parser import sentences
from chronus.language.statements import Statement
from chronus.memory import layout, shelf
from chronus.memory.layout import BLOCK, Memory
from chronus.memory.shelf import PLACES
from chronus.plan import drawing
from chronus.rack.script import script
from chronus.render.take import Take, play_journal, play_script
from chronus.shelf import recording
from tests.kit.reading import compiled, write
from tests.kit.sounding import BAR, BPM, RATE, differing, say, sounding, to

HEADER = {"engine": "default", "version": "0", "rate": RATE, "seed": 0, "pid": 2, "started": 3.0}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder with two recordings in it, and the user's samples with one."""
    compiled(monkeypatch)
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path / "home"))
    (tmp_path / "home/samples").mkdir(parents=True)
    write(tmp_path / "a.wav")
    write(tmp_path / "b.wav", frequency=900, rate=48000)
    write(tmp_path / "home/samples/kept.wav", frequency=300)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def house(here):
    house = sounding(here)
    yield house
    if house.listener.fileno() >= 0:  # `differing` ends it, too
        house.close()


@pytest.fixture
def anna(house, here):
    caller = house.caller(folder=str(here))
    good(house, caller, f"bpm {BPM}", "load sampler", "seq sampler: c4 . . .")
    return caller


def good(house, caller, *lines):
    replies = say(house, caller, *lines)
    assert all(reply.ok for reply in replies), [reply.text for reply in replies]
    return replies


def bad(house, caller, line):
    (reply,) = say(house, caller, line)
    assert not reply.ok
    return reply.code, reply.text


def heard(house, since):
    """The loudest of what was rendered from a frame on."""
    return float(np.abs(np.concatenate(house.replicas.blocks[since // BLOCK :])).max())


def now(house):
    return house.replicas.block() * BLOCK


def past_checkpoints(house):
    """As if the standby had taken two: nobody comes back to before now."""
    for place in range(2):
        house.memory.board[layout.CHECKPOINT0 + place * layout.LINE] = house.replicas.block()
    house.run(60)


# ---------------------------------------------------------------- heard


def test_a_file_is_heard_and_the_journal_renders_the_same_bytes(house, anna, here):
    house.run(BAR // BLOCK)
    assert heard(house, 0) == 0.0, "nothing was named yet"
    (reply,) = good(house, anna, 'set sampler.file "a.wav"')
    assert reply.text == f'set sampler.file "{here}/a.wav" (0.5 s, stereo, was none)'
    assert reply.result["value"] == f"{here}/a.wav"
    begun = now(house)
    house.run(BAR // BLOCK)
    assert heard(house, begun) > 0.1
    good(house, anna, 'set sampler.file "b.wav", sampler.freq 440', 'load morse words="Hi there"')
    house.run(2 * BAR // BLOCK)
    good(house, anna, 'set morse.words "Bye"', 'set sampler.file ""')
    house.run(BAR // BLOCK)
    assert differing(house) == -1


def test_the_recording_comes_out_as_it_is_in_the_file(here):
    take = Take(RATE, 0)
    wrong, _ = play_script(
        take, 'load sampler\nset sampler.file "a.wav"\nset out.limiter off, out.volume 0\nnote sampler c4 vel=1\n'
    )
    assert wrong == []
    take.render(RATE)
    played = take.sound(22000)[:, 0]
    original = recording.read(here / "a.wav", RATE).table[:22000, 0]
    apart = np.abs(played - original)[200:-200]
    assert np.abs(original).max() > 0.4 and apart.max() < 0.02, "the DC block alone tells them apart"


def test_the_same_content_under_two_names_lies_on_the_shelf_once(house, anna, here):
    shutil.copy(here / "a.wav", here / "c.wav")
    good(house, anna, 'set sampler.file "a.wav"', 'load sampler as other file="c.wav"')
    assert sum(house.replicas.shelf.find(key).rows == 22050 for key in house.replicas.shelf.held()) == 1


def test_it_is_shown_listed_asserted_and_described(house, anna, here):
    good(house, anna, 'set sampler.file "kept.wav"', 'load morse words="SOS"')
    show, morse, described = good(house, anna, "show sampler", "show morse", "describe sampler")
    assert 'file "kept.wav" (0.5 s, stereo)' in show.lines and show.result["params"]["file"] == "kept.wav"
    assert 'words "SOS" (text)' in morse.lines and morse.result["params"]["words"] == "SOS"
    assert "file  file  the recording" in described.lines
    good(house, anna, 'assert sampler.file == "kept.wav"', 'assert morse.words != "sos"')
    assert bad(house, anna, 'assert sampler.file == "a.wav"') == (
        "E_ASSERT",
        'sampler.file is "kept.wav", not == "a.wav"',
    )
    assert bad(house, anna, "assert sampler.file > 3")[0] == "E_VALUE"


# ---------------------------------------------------------------- refused


def test_what_is_no_recording_changes_nothing_and_is_told_in_words(house, anna, here):
    (here / "letter.wav").write_text("dear reader")
    good(house, anna, 'set sampler.file "a.wav"')
    before = house.conductor.rack
    assert bad(house, anna, 'set sampler.file "gone.wav"') == ("E_FILE", "there is no file gone.wav")
    assert bad(house, anna, 'set sampler.gain 0.5, sampler.file "letter.wav"')[0] == "E_VALUE"
    assert bad(house, anna, "set sampler.file 3") == ("E_VALUE", 'sampler.file is a file, in quotes: "kick.wav"')
    assert bad(house, anna, 'set sampler.file "a.wav" over 2 bars') == ("E_VALUE", "file cannot be swept")
    assert bad(house, anna, 'set sampler.gain "a.wav"')[0] == "E_VALUE"
    assert bad(house, anna, 'set sampler.files "a.wav"')[0] == "E_PARAM"
    assert bad(house, anna, 'load sampler as new file="gone.wav"')[0] == "E_FILE"
    assert house.conductor.rack is before
    wrong, right = say(house, anna, 'set sampler.file "gone.wav"', "set sampler.gain 0.5")
    assert not wrong.ok and right.ok and wrong.part == "changes.0.value"


def test_a_line_that_names_more_than_there_is_room_for_is_refused_and_what_it_read_is_let_go_of(
    house, anna, here, monkeypatch
):
    monkeypatch.setattr(shelf, "MOST_LYING", 400_000)
    lines = [f'load sampler as s{n} file="{name}"' for n, name in enumerate(("a.wav", "b.wav", "kept.wav"))]
    replies = say(house, anna, *lines)
    assert [reply.code for reply in replies] == ["", "", "E_LIMIT"]
    assert replies[2].text == "there is no room for more recordings just now; try again in a moment"
    good(house, anna, "unload s0")
    house.run(21 * RATE // BLOCK)
    past_checkpoints(house)
    good(house, anna, lines[2])


def test_a_text_is_bounded_and_can_be_typed_again(house, anna):
    good(house, anna, "load morse")
    assert bad(house, anna, f'set morse.words "{"x" * 2000}"')[0] == "E_LIMIT"
    good(house, anna, 'set morse.words "; # // x.x over 3 bars"')
    assert house.conductor.rack.modules["morse"].params["words"].text == "; # // x.x over 3 bars"


def test_more_than_a_rack_can_read_is_refused_and_less_is_well(house, anna, here, monkeypatch):
    monkeypatch.setattr(drawing, "MOST_BYTES", 22050 * 8 + 22050 * 8 + 100_000)
    good(
        house, anna, 'set sampler.file "a.wav"', 'load sampler as two file="b.wav"', 'load sampler as same file="a.wav"'
    )
    code, text = bad(house, anna, 'load sampler as three file="kept.wav"')
    assert (code, text) == ("E_LIMIT", "the recordings of the rack would take 0.529 MB, and 0.453 MB is the most")
    assert "three" not in house.conductor.rack.modules
    good(house, anna, 'set two.file "a.wav"', 'load sampler as three file="kept.wav"')


# ---------------------------------------------------------------- time


def test_undo_and_redo_bring_files_back_even_if_they_were_let_go_of(house, anna, here):
    good(house, anna, 'set sampler.file "a.wav"')
    good(house, anna, 'set sampler.file "b.wav"')
    house.run(int(21 * RATE / BLOCK))
    past_checkpoints(house)
    assert sum(house.replicas.shelf.find(key).rows > 10000 for key in house.replicas.shelf.held()) == 1
    good(house, anna, "undo")
    assert house.conductor.rack.modules["sampler"].params["file"].path == f"{here}/a.wav"
    begun = now(house)
    house.run(BAR // BLOCK)
    assert heard(house, begun) > 0.1
    good(house, anna, "undo", "redo 2")
    house.run(BAR // BLOCK)
    assert differing(house) == -1


@pytest.mark.parametrize(("line", "other"), [("in 60 bars", "a.wav"), ("for 60 bars", "b.wav")])
def test_what_is_to_come_later_keeps_its_file_though_that_is_deleted_meanwhile(house, anna, here, line, other):
    """Also what `for` goes back to."""
    good(house, anna, 'set sampler.file "a.wav"')
    good(house, anna, f'set sampler.file "b.wav" {line}')
    then = "b.wav" if other == "a.wav" else "a.wav"
    (here / then).unlink()
    until = now(house) + 63 * BAR
    house.run(21 * RATE // BLOCK)
    past_checkpoints(house)
    assert house.conductor.rack.modules["sampler"].params["file"].path == f"{here}/{other}"
    to(house, until)
    assert house.conductor.rack.modules["sampler"].params["file"].path == f"{here}/{then}"
    assert heard(house, now(house) - BAR) > 0.1
    assert not [notice.text for notice in anna.notices if notice.kind == "recording"]


def test_for_two_bars_it_is_another_file_and_then_as_it_was(house, anna, here):
    good(house, anna, 'set sampler.file "a.wav"')
    good(house, anna, 'set sampler.file "b.wav" for 2 bars')
    assert house.conductor.rack.modules["sampler"].params["file"].path == f"{here}/b.wav"
    to(house, now(house) + 4 * BAR)
    assert house.conductor.rack.modules["sampler"].params["file"].path == f"{here}/a.wav"
    assert differing(house) == -1


def test_a_table_is_let_go_once_nobody_reads_it_and_nobody_can_come_back_to_it(house, anna):
    lying = house.replicas.shelf
    good(house, anna, 'set sampler.file "a.wav"')
    key = next(key for key in lying.held() if lying.find(key).rows == 22050)
    good(house, anna, 'set sampler.file "b.wav"')
    house.run(int(21 * RATE / BLOCK))
    assert lying.find(key) is not None, "a checkpoint may still lie before"
    past_checkpoints(house)
    assert lying.find(key) is None


def test_what_reads_a_table_while_it_fades_out_keeps_it(house, anna):
    good(house, anna, 'set sampler.file "a.wav"')
    good(house, anna, "unload sampler")
    plan = house.conductor.plan
    assert any(recipe.source == "file" for recipe in plan.tables().values()), "it is leaving"
    house.run(100)
    assert not house.conductor.plan.tables()


# ---------------------------------------------------------------- kept


def test_a_saved_rack_opens_to_the_same(house, anna, here):
    good(
        house,
        anna,
        'set sampler.file "a.wav"',
        'load sampler as other file="kept.wav"',
        'load morse words="Hi; # there"',
    )
    rack, catalogue = house.conductor.rack, house.conductor.catalogue
    lines = script(rack, catalogue)
    assert f'set sampler.file "{here}/a.wav"' in lines and 'set other.file "kept.wav"' in lines
    saving.save("evening", rack, catalogue)
    opened = opening.parse(Statement("open evening now"))
    elsewhere = house.caller("ben")
    elsewhere.say(opened.command, texts=(opened.text,))
    assert house.until(elsewhere, 1)[0].ok
    assert script(house.conductor.rack, catalogue) == lines
    assert {n: m.params for n, m in house.conductor.rack.modules.items()} == {
        n: m.params for n, m in rack.modules.items()
    }


def test_an_opened_script_with_a_file_that_is_gone_is_refused_with_its_place(house, anna, here):
    folder = here / "home/patches"
    folder.mkdir()
    (folder / "trap.chronus").write_text('load kick\nload sampler\nset sampler.file "gone.wav"\n')
    opened = opening.parse(Statement("open trap now"))
    before = house.conductor.rack
    anna.say(opened.command, texts=(opened.text,))
    reply = house.until(anna, anna.number)[-1]
    assert (reply.code, reply.text) == (
        "E_FILE",
        "trap, 3:1: there is no file gone.wav",
    ) and house.conductor.rack is before


def begun_again(house):
    """What an engine begins with whose forerunner died."""
    memory = Memory()
    memory.board[layout.RATE] = RATE
    return begin(memory, house.conductor.catalogue, "default", HEADER, sentences, False)


def test_an_engine_that_died_comes_back_with_the_same_content(house, anna, here):
    good(house, anna, 'set sampler.file "a.wav"', "load kick", 'load morse words="SOS"')
    start = begun_again(house)
    t = start.conductor.perform(start.first, "journal")
    assert {n: m.params for n, m in t.after.modules.items()} == {
        n: m.params for n, m in house.conductor.rack.modules.items()
    }
    assert not [note for note in start.notes if "silence" in note]


@pytest.mark.parametrize("fate", ["gone", "changed"])
def test_a_file_that_is_gone_or_has_changed_costs_its_own_sound_and_nothing_else(house, anna, here, fate):
    good(house, anna, 'set sampler.file "a.wav"', "load kick", 'load sampler as other file="b.wav"')
    (here / "a.wav").unlink()
    if fate == "changed":
        write(here / "a.wav", frequency=123)
    start = begun_again(house)
    t = start.conductor.perform(start.first, "journal")
    assert t.outcomes[0].error is None and set(t.after.modules) == {"out", "sampler", "kick", "other"}
    assert t.after.modules["other"].params == house.conductor.rack.modules["other"].params
    assert t.after.modules["sampler"].params["file"].digest == ""
    what = f"there is no file {here}/a.wav" if fate == "gone" else "a.wav has changed since it was set"
    assert f"{what}; in its place is silence" in start.notes
    take = Take(RATE, 0, None)
    house.run(BAR // BLOCK)
    house.pen.close(now(house))
    play_journal(take, reading.read_take(house.pen.path), None)
    take.render(RATE)
    assert take.lost == [f"{what}; in its place is silence"]
    assert np.isfinite(take.sound()).all()


def test_one_that_is_named_again_after_silence_stood_for_it_is_heard(house, anna, here):
    good(house, anna, 'set sampler.file "a.wav"')
    good(house, anna, 'set sampler.file "b.wav"')
    house.run(int(21 * RATE / BLOCK))
    past_checkpoints(house)
    content = (here / "a.wav").read_bytes()
    (here / "a.wav").unlink()
    good(house, anna, "undo")
    assert [n.text for n in anna.notices if n.kind == "recording"] == [
        f"there is no file {here}/a.wav; in its place is silence"
    ]
    begun = now(house) + BAR
    house.run(2 * BAR // BLOCK)
    assert heard(house, begun) == 0.0
    (here / "a.wav").write_bytes(content)
    good(house, anna, 'set sampler.file "a.wav"')
    begun = now(house)
    house.run(BAR // BLOCK)
    assert heard(house, begun) > 0.1


def test_what_goes_on_from_an_older_journal_knows_the_content(house, anna, here):
    good(house, anna, 'set sampler.file "a.wav"', 'load morse words="SOS"')
    house.performer.weight = 1 << 20
    house.run(100)
    read = reading.read(house.pen.path)
    assert "continues" in read.header, "no new file was begun"
    start = begun_again(house)
    t = start.conductor.perform(start.first, "journal")
    assert t.after.modules["sampler"].params == house.conductor.rack.modules["sampler"].params
    assert t.after.modules["morse"].params == house.conductor.rack.modules["morse"].params


def test_a_rack_may_read_only_so_many_different_things():
    conductor = Conductor(Catalogue.load(), RATE)
    lines = [f'load morse as m{n} words="{n}"' for n in range(200)]
    commands = [one for line in lines for one in parser.sentences(line)]
    conductor.perform(_whole(commands))
    with pytest.MonkeyPatch.context() as smaller:
        smaller.setattr(drawing, "MOST_TABLES", 100)
        t = conductor.perform(_whole(commands))
        assert all(
            isinstance(outcome.error, ChronusError) and outcome.error.code == "E_LIMIT" for outcome in t.outcomes
        )
    assert drawing.MOST_TABLES == PLACES // 2


def _whole(commands):
    from chronus.conductor.waiting import as_one

    return as_one(commands)
