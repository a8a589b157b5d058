"""MIDI files: what is exported is what the lanes play, mido reads it, and imported it is the same again; hostile files cost nothing."""

from __future__ import annotations

import io
import random
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronus import midifile, places
from chronus.catalogue.kinds import Catalogue
from chronus.commands import Carrying, Export, Import, Submission
from chronus.conductor.conductor import Conductor
from chronus.errors import ChronusError
from chronus.journal.records import Journal, Said, Sealed
from chronus.journal.replay import rebuild
from chronus.language.canonical import canonical
from chronus.language.making.importing import imported
from chronus.language.parser import Statement, parse, sentences
from chronus.midifile import Note, Track
from chronus.score.exporting import exported
from chronus.worker import ledger

RATE = 44100


@pytest.fixture(scope="module")
def catalogue():
    return Catalogue(ledger.specs())


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "midi").mkdir()
    return tmp_path


class Played:
    """A rack of typed lines."""

    def __init__(self, catalogue, *lines):
        self.conductor = Conductor(catalogue, RATE)
        self.catalogue = catalogue
        for line in lines:
            self.say(line)

    def say(self, line):
        command = parse(Statement(line)).command
        if isinstance(command, Import):
            command = imported(command)
        t = self.conductor.perform(Submission((1,), (line,), (command,)))
        assert t.outcomes[0].error is None, t.outcomes[0].error
        self.conductor.accept(self.conductor.commit(t, 0, True))
        return t.outcomes[0]

    def export(self, bars=8):
        return exported(self.conductor.rack, self.catalogue, bars)

    @property
    def lanes(self):
        return {name: lane.text + lane.options.words() for name, lane in self.conductor.rack.lanes.items()}


def put(home, found, name="a.mid"):
    (home / "midi" / name).write_bytes(found)


def by_mido(found):
    """(track's name, tick, pitch, velocity) of every note that begins, as mido reads it."""
    mido = pytest.importorskip("mido")
    file = mido.MidiFile(file=io.BytesIO(found))
    assert (file.type, file.ticks_per_beat) == (1, 960)
    notes = []
    for track in file.tracks:
        now = 0
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                notes.append((track.name, now, message.note, message.velocity, message.channel))
    return file, notes


# ---------------------------------------------------------------- export


def test_mido_reads_tempo_meter_names_and_notes(catalogue):
    played = Played(
        catalogue, "bpm 174", "load kick", "load bass", "seq kick: X...x...o...5...", "seq bass: a1 . c2 .", "meter 7/8"
    )
    mido = pytest.importorskip("mido")
    file, notes = by_mido(played.export(4).file)
    about = {message.type: message for message in file.tracks[0]}
    assert mido.tempo2bpm(about["set_tempo"].tempo) == pytest.approx(174, abs=1e-3)
    assert (about["time_signature"].numerator, about["time_signature"].denominator) == (7, 8)
    assert [track.name for track in file.tracks[1:]] == ["kick", "bass"]
    assert all(sum(message.time for message in track) == 4 * 3.5 * 960 for track in file.tracks)
    kick = [(tick, pitch, velocity, channel) for name, tick, pitch, velocity, channel in notes if name == "kick"]
    assert kick[:4] == [(0, 36, 127, 9), (960, 36, 102, 9), (1920, 36, 44, 9), (2880, 36, 64, 9)]
    bass = [(tick, pitch, channel) for name, tick, pitch, _, channel in notes if name == "bass"]
    assert bass[:3] == [(0, 33, 0), (480, 36, 0), (960, 33, 0)]


def test_swing_chance_and_turns_are_what_the_lane_plays(catalogue):
    played = Played(
        catalogue, "load hat", "load lead", "seq hat: xxxx swing=58", "seq lead: a3? <c4 e4> ", "set seed 5"
    )
    _, notes = by_mido(played.export(2).file)
    hat = [tick for name, tick, *_ in notes if name == "hat"]
    assert hat[:5] == [0, 278, 480, 758, 960]
    lead = [(tick, pitch) for name, tick, pitch, *_ in notes if name == "lead"]
    assert [pitch for tick, pitch in lead if tick % 480 == 240][:4] == [60, 64, 60, 64]
    sometimes = [tick for tick, pitch in lead if pitch == 57]
    assert 0 < len(sometimes) < 16
    assert played.export(2).file == played.export(2).file
    played.say("set seed 6")
    assert [tick for _, tick, pitch, *_ in by_mido(played.export(2).file)[1] if pitch == 57] != sometimes


def test_a_glide_reaches_into_the_next_note_and_muted_lanes_are_left_out(catalogue):
    played = Played(catalogue, "load tb303", "load kick", "seq tb303: a1~ c2 . .", "seq kick: x...", "mute kick now")
    tune = midifile.read(played.export(1).file)
    assert tune.names == ("", "tb303")
    first, second = tune.notes[:2]
    assert (first.pitch, second.pitch) == (33, 36) and first.start + first.length > second.start == 240


def test_a_kit_is_on_channel_10_and_what_names_no_note_plays_its_own(catalogue):
    played = Played(catalogue, "load kit", "load bass", "set bass.freq 55", "seq kit: [bd,hh] . sn .", "seq bass: x.x.")
    _, notes = by_mido(played.export(1).file)
    assert {(pitch, channel) for name, _, pitch, _, channel in notes if name == "kit"} == {(36, 9), (42, 9), (38, 9)}
    assert {pitch for name, _, pitch, *_ in notes if name == "bass"} == {33}


def test_a_lock_in_a_lane_is_left_out(catalogue):
    played = Played(catalogue, "load tb303", "seq tb303: a1{cutoff=300} . c2{cutoff=400..2k} .")
    plain = Played(catalogue, "load tb303", "seq tb303: a1 . c2 .")
    assert played.export(1).file == plain.export(1).file


def test_nothing_to_be_heard_is_refused(catalogue):
    with pytest.raises(ChronusError) as caught:
        Played(catalogue, "load kick").export()
    assert caught.value.code == "E_VALUE"


# ---------------------------------------------------------------- there and back

BACK = [
    ("kick", "36", "X.........x.....", "X.........x....."),
    ("kick", "36", "X...x...X...x... X...x...X.x.x.oo", "X...x...X...x... X...x...X.x.x.oo"),
    ("hat", "42", "9757975797579757 swing=58", "9757975797579757 swing=58"),
    ("hat", "42", "xxx.x.x.x.x.x.xx every=1/32", "xxx.x.x.x.x.x.xxxxx.x.x.x.x.x.xx every=1/32"),
    ("hat", "42", "x.x.x. every=1/24", "x.x.x.x.x.x.x.x.x.x.x.x. every=1/24"),
    ("bass", "ch1", "e1 _ _ . . . e1 . . . g1 _ . . e1 .", "e1@3 . . . e1 . . . g1@2 . . e1 ."),
    ("bass", "ch1", "a1 a1^ . a2~ a1 . c2'4 a1 . . . . . . . . gate=60%", "a1 a1^ . a2~ a1 . c2'4 a1 . . . . . . . . gate=0.6"),
    ("lead", "ch1", "a2:m7@4 . . . . f2:maj7@8", None),
    ("lead", "ch1", "a2@8 . . . . . . . . , . . c3@4 e3 g3@2 . . . . . . . .", None),
    ("kit", "ch10", "[bd,hh] . hh . sn . hh oh bd^ . hh . [sn,hh] . hh'3 .", None),
    ("bass", "ch1", "x... .x.. note=c2", "c2 . . . . c2 . . c2 . . . . c2 . ."),
]  # fmt: skip


def ticks(found):
    return [(note.start, note.pitch) for note in midifile.read(found).notes]


@pytest.mark.parametrize(("name", "part", "line", "text"), BACK)
def test_export_and_import_give_the_same_onsets_and_pitches(catalogue, home, name, part, line, text):
    played = Played(catalogue, f"load {name}", f"seq {name}: {line}")
    first = played.export(4).file
    put(home, first)
    again = Played(catalogue)
    again.say(f"import a.mid as {name}={part}")
    if text is not None:
        assert again.lanes[name] == text.replace("  ", " ")
    assert ticks(again.export(4).file) == ticks(first)


STEPS = ["a1", "c#2", "e3^", ".", ".", ".", "d2@3", "[a1,e2]", "b1'3", "g2~"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(STEPS), min_size=16, max_size=16), st.sampled_from(["", " swing=57", " every=1/32"]))
def test_any_line_of_notes_comes_back(catalogue, steps, options):
    played = Played(catalogue, "load lead voices=8", f"seq lead: {' '.join(steps)}{options} len=16")
    first = played.export(2).file
    put(places.home(), first)
    if not midifile.read(first).notes:
        return
    again = Played(catalogue)
    again.say("import a.mid as lead=ch1")
    assert ticks(again.export(2).file) == ticks(first)


# ---------------------------------------------------------------- import


def tune(*notes, bpm=140, length=3840 * 2, meter=(4, 4)):
    tracks = [Track("a", tuple(Note(*note) for note in notes))]
    return midifile.written(tracks, bpm, meter, length)


DRUMS = [(k * 960, 100, 36, 102, 9) for k in range(8)] + [(k * 1920 + 960, 100, 38, 127, 9) for k in range(4)]


def test_what_is_missing_is_loaded_and_all_of_it_is_one_step(catalogue, home):
    put(home, tune(*DRUMS, *[(k * 960, 400, 33, 90, 1) for k in range(8)]))
    played = Played(catalogue, "load kick", "seq kick: x.x.")
    outcome = played.say("import a.mid as kick=36 snare=38 bass=ch2 tempo=yes")
    rack = played.conductor.rack
    assert played.lanes["kick"] == "x...x...x...x..." and played.lanes["snare"] == "....X.......X..."
    assert list(rack.modules) == ["out", "kick", "snare", "bass"] and rack.bpm == 140
    assert outcome.lines[:3] == ("bpm 140", "load snare", "load bass")
    assert all(parse(Statement(line)) for line in outcome.lines if not line.startswith("#"))
    played.say("undo")
    assert list(played.conductor.rack.modules) == ["out", "kick"] and played.conductor.rack.bpm == 120
    assert played.lanes["kick"] == "x.x."


def test_the_tempo_stays_unless_it_is_asked_for(catalogue, home):
    put(home, tune(*DRUMS))
    played = Played(catalogue)
    played.say("import a.mid as kick=36")
    assert played.conductor.rack.bpm == 120


def test_how_far_off_notes_were_is_said(catalogue, home):
    put(home, tune((13, 100, 36, 100, 9), (1000, 100, 36, 100, 9), (1890, 100, 36, 100, 9), bpm=120))
    outcome = Played(catalogue).say("import a.mid as kick=36")
    assert any("ms off" in line for line in outcome.lines)


def test_a_name_that_is_no_kind_is_refused_and_changes_nothing(catalogue, home):
    put(home, tune(*DRUMS))
    played = Played(catalogue)
    command = imported(parse(Statement("import a.mid as kick=36 wumms=38")).command)
    t = played.conductor.perform(Submission((1,), ("",), (command,)))
    assert t.outcomes[0].error.code == "E_NAME" and t.after == played.conductor.rack


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("import b.mid as kick=36", "E_FILE", "there is no such file"),
        ("import a.mid", "E_VALUE", "import a.mid as kick=36 snare=38"),
        ("import a.mid as kick=99", "E_VALUE", "a.mid has no notes of 99"),
        ("import a.mid as kick=wood", "E_VALUE", '"wood" is no part of a file'),
        ("import a.mid as bass=ch4", "E_VALUE", "a.mid has no notes of ch4; it has drums 36 (8x), 38 (4x)"),
        ("import . as kick=36", "E_FILE", "no file"),
    ],
)
def test_what_cannot_be_imported_says_what_there_is(home, line, code, message):
    put(home, tune(*DRUMS))
    with pytest.raises(ChronusError) as caught:
        imported(parse(Statement(line)).command)
    assert caught.value.code == code and message in caught.value.message
    for mended in caught.value.suggestions[:1] if line == "import a.mid" else ():
        assert imported(parse(Statement(f"import {mended}")).command).lanes


@pytest.mark.parametrize(
    "line",
    [
        "export drums.mid",
        "export drums bars=16",
        "import a.mid",
        "import a.mid as kick=36 bass=ch2 tempo=yes bars=4",
        'import "my loops/a.mid" as kick=c2',
    ],
)
def test_they_are_written_as_they_are_typed(line):
    command = parse(Statement(line)).command
    assert isinstance(command, Export | Import)
    assert parse(Statement(canonical(command))).command == command


# ---------------------------------------------------------------- hostile files


def chunk(data, tag=b"MTrk"):
    return tag + len(data).to_bytes(4) + data


def header(kind=1, tracks=1, division=960):
    return chunk(kind.to_bytes(2) + tracks.to_bytes(2) + division.to_bytes(2), b"MThd")


END = b"\x00\xff\x2f\x00"
NOTE = b"\x00\x90\x24\x64\x60\x24\x00"
GOOD = header() + chunk(b"\x00\x90\x24\x64\x60\x24\x00" + END)  # running status
HOSTILE = {
    "empty": (b"", "E_FILE"),
    "text": (b"hello, this is no MIDI file at all" * 10, "E_FILE"),
    "a header alone": (header(), "E_FILE"),
    "a header cut off": (header()[:11], "E_FILE"),
    "a track cut off": (GOOD[:-6], "E_FILE"),
    "of type 2": (header(kind=2) + GOOD[14:], "E_FILE"),
    "of type 9": (header(kind=9) + GOOD[14:], "E_FILE"),
    "SMPTE": (header(division=0xE728) + GOOD[14:], "E_FILE"),
    "no ticks": (header(division=0) + GOOD[14:], "E_FILE"),
    "more tracks promised": (header(tracks=65535) + GOOD[14:], "E_FILE"),
    "a track that promises 4 GiB": (header() + b"MTrk\xff\xff\xff\xff" + b"\x00" * 99, "E_FILE"),
    "a meta that promises 256 MiB": (header() + chunk(b"\x00\xff\x01\xff\xff\xff\x7f"), "E_FILE"),
    "a number without end": (header() + chunk(b"\xff" * 60), "E_FILE"),
    "text in the tempo": (header() + chunk(b"\x00\xff\x51\x05fast!" + END), "E_FILE"),
    "a tempo of nothing": (header() + chunk(b"\x00\xff\x51\x03\x00\x00\x00" + END), "E_FILE"),
    "a meter of nothing": (header() + chunk(b"\x00\xff\x58\x04\x00\xff\x18\x08" + END), "E_FILE"),
    "data without status": (header() + chunk(b"\x00\x24\x64" + END), "E_FILE"),
    "a status for data": (header() + chunk(b"\x00\x90\x24\x90" + END), "E_FILE"),
    "a real-time byte": (header() + chunk(b"\x00\xf8" + END), "E_FILE"),
    "a million notes": (header() + chunk(b"\x00\x90\x24\x64\x01\x24\x00" * 1_000_000 + END), "E_LIMIT"),
    "as many notes as fit": (header() + chunk(b"\x00\x90" + b"\x24\x64\x01\x24\x00\x01" * 174_000 + b"\x24\x64" + END), "E_LIMIT"),
    "as many meta events as fit": (header() + chunk(b"\x00\xff\x01\x00" * 262_000 + END), "E_VALUE"),
    "a note after a thousand years": (header() + chunk(b"\xff\xff\xff\x7f\xff\x01\x00" * 9000 + NOTE + END), "E_LIMIT"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_one_line_in_little_time_and_memory(home, name):
    found, code = HOSTILE[name]
    put(home, found)
    tracemalloc.start()
    begun = time.process_time()
    with pytest.raises(ChronusError) as caught:
        imported(parse(Statement("import a.mid as kick=36")).command)
    took, (_, most) = time.process_time() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.code == code, caught.value.message
    assert "\n" not in caught.value.message and len(caught.value.message) < 300
    assert took < 10 and most < 64 << 20  # traced, it takes some times as long


def test_running_status_is_read(home):
    put(home, GOOD)
    (lane,) = imported(parse(Statement("import a.mid as kick=36")).command).lanes
    assert lane.pattern.hits


def test_no_bytes_bring_anything_but_a_refusal(home):
    chance = random.Random(7)
    whole = tune(*DRUMS)
    for _ in range(3000):
        found = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            found[chance.randrange(len(found))] = chance.randrange(256)
        found = found[: chance.randrange(14, len(found) + 1)] if chance.random() < 0.3 else found
        try:
            midifile.read(bytes(found))
        except ChronusError as error:
            assert error.code in ("E_FILE", "E_LIMIT")


def test_it_comes_back_from_the_journal_when_the_file_is_gone(catalogue, home):
    put(home, tune(*DRUMS))
    command = imported(parse(Statement("import a.mid as kick=36 snare=38")).command)
    (home / "midi" / "a.mid").unlink()
    assert isinstance(command, Carrying)
    said = Said(1, "", ("import a.mid as kick=36 snare=38",), 0, True, commands={0: command})
    journal = Journal({"rate": RATE, "seed": 0}, (said, Sealed(1, 0)))
    found = rebuild(journal, catalogue, sentences)
    assert not found.lost and found.first is not None
    conductor = Conductor(catalogue, RATE)
    rack = conductor.perform(found.first, "journal").after
    assert {name: lane.text for name, lane in rack.lanes.items()} == {
        "kick": "x...x...x...x...",
        "snare": "....X.......X...",
    }
