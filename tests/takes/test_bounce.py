"""`keep`: a stretch of a journal, rendered again, is what the whole of it has there, to the bit; and so is its script's."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from chronus.__main__ import main
from chronus.engine_line import Bounce, Bounced, Progress
from chronus.errors import ChronusError
from chronus.journal import reading
from chronus.render.take import Take, play_journal
from chronus.takes.bounce import bounce

JOURNAL = Path(__file__).parent.parent / "journal" / "recorded" / "drums.journal"


@pytest.fixture(scope="module")
def whole():
    """(the take, all that it sounds like)."""
    journal = reading.read_take(JOURNAL)
    take = Take(int(journal.header["rate"]), int(journal.header["seed"]), None)
    end = play_journal(take, journal, None)
    take.render(end + 8 * take.rate)
    return take, take.sound()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    return tmp_path


def read(path):
    return soundfile.read(path, dtype="float32", always_2d=True)[0]


def asked(folder, take, first, last, name="a.wav", **more):
    timeline = take.conductor.score.timeline
    until = timeline.frame(timeline.place(last))
    return Bounce(str(JOURNAL), str(folder / name), until, bar=first - 1, timeline=timeline.number, **more)


@pytest.mark.parametrize("bars", [*(pytest.param(bars, marks=pytest.mark.soak) for bars in ((1, 1), (1, 3))), (2, 3)])
def test_bars_are_what_was_heard_of_them_and_the_script_gives_them_again(folder, whole, bars, capsys):
    take, sound = whole
    said = []
    wanted = asked(folder, take, *bars)
    bounce(wanted, said.append)
    timeline = take.conductor.score.timeline
    start = timeline.frame(timeline.place(bars[0] - 1))
    heard = read(folder / "a.wav")
    assert np.array_equal(heard, sound[start : wanted.until]) and np.abs(heard).max() > 0.01
    done = said[-1]
    assert (
        isinstance(done, Bounced)
        and (done.start, done.frames) == (start, len(heard))
        and done.peak == np.abs(heard).max()
    )
    assert all(isinstance(one, Progress) and 0 <= one.share <= 1 for one in said[:-1]) and len(said) > 1
    out = folder / "again.wav"
    assert main(["render", str(folder / "a.chronus"), "-o", str(out), "--float", "--json"]) == 0
    assert np.array_equal(read(out), heard)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["bars"] == bars[1] - bars[0] + 1 and told["frames"] == len(heard)
    for length, frames in (("--bars", timeline.frame(timeline.place(bars[0])) - start), ("--seconds", take.rate)):
        assert main(["render", str(folder / "a.chronus"), "-o", str(out), "--float", length, "1"]) == 0
        assert np.array_equal(read(out), sound[start : start + frames])


def test_seconds_are_from_frame_to_frame(folder, whole):
    _, sound = whole
    bounce(Bounce(str(JOURNAL), str(folder / "a.wav"), 30_001, start=12_345), lambda said: None)
    assert np.array_equal(read(folder / "a.wav"), sound[12_345:30_001])


def given_to_out(stems, until):
    """What comes to `out` of all these modules."""
    journal = reading.read_take(JOURNAL)
    every = Take(int(journal.header["rate"]), int(journal.header["seed"]), None, stems=stems)
    play_journal(every, journal, None)
    every.render(until)
    return every.sound()[:until].astype(float)


def test_stems_are_those_of_a_rendering_of_the_whole_and_the_whole_is_the_same_as_without(folder, whole):
    take, sound = whole
    said = []
    wanted = asked(folder, take, 2, 3, stems=True)
    bounce(wanted, said.append)
    done = said[-1]
    assert isinstance(done, Bounced) and done.stems == ("distortion", "hat", "kick", "snare")
    assert (
        np.array_equal(read(folder / "a.wav"), sound[done.start : wanted.until])
        and done.frames == wanted.until - done.start
    )
    given = given_to_out(done.stems, wanted.until)[done.start :]
    stems = [read(folder / f"a-{name}.wav").astype(float) for name in done.stems]
    assert np.abs(sum(stems) - given).max() < 1e-6 < np.abs(given).max()
    assert sum(np.abs(stem).max() > 0.01 for stem in stems) >= 3
    assert sorted(path.suffix for path in folder.iterdir()) == [".chronus", *[".wav"] * 5]


def test_of_what_was_recorded_only_the_stems_are_rendered(folder, whole):
    said = []
    (folder / "a.wav").write_bytes(b"recorded")
    bounce(Bounce(str(JOURNAL), str(folder / "a.wav"), 30_000, start=2624, stems=True, whole=False), said.append)
    assert (folder / "a.wav").read_bytes() == b"recorded" and len(said[-1].stems) == 4
    stems = [read(folder / f"a-{name}.wav").astype(float) for name in said[-1].stems]
    given = given_to_out(said[-1].stems, 30_000)[2624:]  # nothing is loaded before that frame
    assert np.abs(sum(stems) - given).max() < 1e-6 < np.abs(given).max()


def test_a_stem_that_cannot_be_written_is_told(folder, whole):
    (folder / "a-kick.wav").mkdir()
    with pytest.raises(ChronusError, match=r"a-kick\.wav cannot be written"):
        bounce(Bounce(str(JOURNAL), str(folder / "a.wav"), 9_000, start=0, stems=True), lambda said: None)


def test_flac_has_24_bits(folder, whole):
    _, sound = whole
    bounce(Bounce(str(JOURNAL), str(folder / "a.flac"), 30_000, start=20_000), lambda said: None)
    assert np.abs(read(folder / "a.flac") - sound[20_000:30_000]).max() < 2**-23


def test_what_the_journal_does_not_hold_leaves_nothing_behind(folder, whole):
    take, _ = whole
    wanted = Bounce(
        str(JOURNAL), str(folder / "a.wav"), 90_000, bar=1, timeline=take.conductor.score.timeline.number + 1
    )
    with pytest.raises(ChronusError, match="does not hold those bars"):
        bounce(wanted, lambda said: None)
    with pytest.raises(ChronusError, match="cannot be read"):
        bounce(Bounce(str(folder / "none.journal"), str(folder / "a.wav"), 64, start=0), lambda said: None)
    with pytest.raises(ChronusError, match="there is no folder"):
        bounce(Bounce(str(JOURNAL), str(folder / "none" / "a.wav"), 64, start=0), lambda said: None)
    assert list(folder.iterdir()) == []


def test_a_file_that_came_meanwhile_is_not_written_over(folder, whole):
    def somebody_else(said):
        shutil.copy(JOURNAL, folder / "a.wav")

    with pytest.raises(ChronusError, match="no file is written over"):
        bounce(Bounce(str(JOURNAL), str(folder / "a.wav"), 640, start=0), somebody_else)
    assert (folder / "a.wav").read_bytes() == JOURNAL.read_bytes()
