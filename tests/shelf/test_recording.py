"""Recordings: what a file must be to become a table, and what is said of those that cannot."""

import os

import numpy as np
import pytest
import soundfile

from chronus.errors import ChronusError
from chronus.shelf import recording
from chronus.units import File

RATE = 44100


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path / "home"))
    (tmp_path / "home/samples").mkdir(parents=True)
    return tmp_path


def write(path, samples, rate=RATE, **form):
    soundfile.write(path, samples, rate, **form)
    return path


def sine(seconds=0.5, rate=RATE, sides=2, frequency=1000):
    t = np.arange(round(seconds * rate)) / rate
    return np.stack([0.5 * np.sin(2 * np.pi * frequency * t)] * sides, 1)


def refused(path):
    with pytest.raises(ChronusError) as caught:
        recording.read(path, RATE)
    return caught.value.code, caught.value.message


@pytest.mark.parametrize(
    ("name", "form"), [("a.wav", {"subtype": "FLOAT"}), ("a.flac", {}), ("a.ogg", {}), ("a.aiff", {})]
)
def test_what_is_in_a_file_is_in_its_table(home, name, form):
    file, table = recording.read(write(home / name, sine(), **form), RATE)
    assert (file.frames, file.channels, file.rate) == (22050, 2, RATE) and file.path == str(home / name)
    assert table.dtype == np.float32 and table.shape == (22050, 2)
    assert np.abs(table - sine()).max() < (0.1 if name == "a.ogg" else 1e-4)


@pytest.mark.parametrize("rate", [22050, 48000, 96000])
def test_another_rate_is_brought_to_the_engines(home, rate):
    file, table = recording.read(write(home / "a.wav", sine(rate=rate), rate, subtype="FLOAT"), RATE)
    assert len(table) == file.at(RATE) == 22050
    middle = slice(2000, 20000)
    assert np.abs(table[middle] - sine()[middle]).max() < 1e-4


def test_the_same_content_has_the_same_digest_whatever_it_is_called(home):
    one, other = write(home / "a.wav", sine()), write(home / "b.wav", sine())
    assert recording.read(one, RATE).file.digest == recording.read(other, RATE).file.digest
    assert recording.read(write(home / "c.wav", sine(0.4)), RATE).file.digest != recording.read(one, RATE).file.digest


def test_a_name_means_a_file_where_it_is_typed_then_one_of_the_samples(home):
    here = home / "here"
    here.mkdir()
    kept = write(home / "home/samples/kick.wav", sine(0.1))
    assert recording.find("kick.wav", str(here)) == kept
    assert recording.read(kept, RATE).file.path == "kick.wav", "it is found by its name alone from anywhere"
    mine = write(here / "kick.wav", sine(0.2))
    assert recording.find("kick.wav", str(here)) == mine
    assert recording.find(str(mine)) == mine
    with pytest.raises(ChronusError) as caught:
        recording.find("kik.wav", str(here))
    assert caught.value.code == "E_FILE" and caught.value.suggestions == ('"kick.wav"',)


def test_what_is_no_recording_is_refused_in_words(home):
    (home / "letter.wav").write_text("dear reader")
    assert refused(home / "letter.wav") == (
        "E_VALUE",
        "letter.wav is no recording that can be read: WAV, FLAC, OGG and AIFF can",
    )
    (home / "nothing.wav").write_bytes(b"")
    assert refused(home / "nothing.wav")[0] == "E_VALUE"
    assert refused(write(home / "empty.wav", np.zeros((0, 1)))) == (
        "E_VALUE",
        "empty.wav is empty: there is no frame in it",
    )
    for odd in (np.nan, np.inf):
        path = write(home / "odd.wav", np.array([0.0, odd, 0.5]), subtype="FLOAT")
        assert refused(path) == ("E_VALUE", "odd.wav has NaN or infinity in it")
    loud = write(home / "loud.wav", np.array([0.0, 1e6]), subtype="FLOAT")
    assert refused(loud) == ("E_VALUE", "loud.wav has samples beyond 1,000 in it; full level is 1")
    wide = write(home / "wide.wav", np.zeros((10, 6)))
    assert refused(wide) == (
        "E_VALUE",
        "wide.wav has 6 channels at 44100 Hz; a recording has one or two, at 1000..768000 Hz",
    )


def test_what_is_too_large_is_refused_before_all_of_it_is_read(home, monkeypatch):
    monkeypatch.setattr(recording, "MOST_BYTES", 40_000)
    assert recording.read(write(home / "a.wav", sine(0.1, sides=1)), RATE).file.frames == 4410
    long = write(home / "long.wav", sine(1.0, sides=1))
    assert refused(long)[0] == "E_LIMIT"
    grown = write(home / "grown.wav", sine(1.0, 8000, sides=1), 8000)  # it fits, and would not at the engine's rate
    assert refused(grown)[0] == "E_LIMIT"
    monkeypatch.setattr(recording, "MOST_READ", 1000)
    assert refused(long)[0] == "E_LIMIT"


def test_what_is_no_plain_file_is_refused_and_nobody_waits_for_it(home):
    os.mkfifo(home / "pipe.wav")
    assert refused(home / "pipe.wav") == ("E_FILE", "pipe.wav cannot be read: it is no plain file")
    assert refused(home) == ("E_FILE", f"{home.name} cannot be read: Is a directory")
    hidden = write(home / "hidden.wav", sine(0.1))
    hidden.chmod(0)
    if os.geteuid():  # nobody refuses root
        assert refused(hidden) == ("E_FILE", "hidden.wav cannot be read: Permission denied")
    hidden.unlink()
    assert refused(hidden) == ("E_FILE", "hidden.wav cannot be read: No such file or directory")


def test_a_path_that_no_line_can_hold_is_refused(home):
    folder = home / 'say "it"'
    folder.mkdir()
    assert refused(write(folder / "a.wav", sine(0.1)))[0] == "E_PATH"


def test_what_was_read_before_is_the_same_again_or_it_is_said_that_it_is_not(home):
    path = write(home / "a.wav", sine())
    file, table = recording.read(path, RATE)
    assert np.array_equal(recording.again(file, RATE), table)
    write(path, sine(0.4))
    with pytest.raises(ChronusError, match=r"a\.wav has changed since it was set"):
        recording.again(file, RATE)
    path.unlink()
    with pytest.raises(ChronusError, match="there is no file"):
        recording.again(File(str(path), file.digest), RATE)
