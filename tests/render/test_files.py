"""Where a render is written: what is refused, what is followed, what is written through, and that nothing is left behind."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import socket
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from chronus.journal.records import MAGIC

SONG = "load kick\nseq kick: x...x...\n"
LOUD = "load noise\nwait 16 bars\n"
ONE_BAR = ("--bars", "1", "--rate", "8000")


def device(path: Path, minor: int) -> None:
    """A device like /dev/null (3) or /dev/full (7), but not the one of the system."""
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
    except PermissionError:
        pytest.skip("only root may make devices")


def picture(folder: Path) -> dict[str, tuple]:
    """All there is in a folder: what kind, what it holds, where it leads."""
    found = {}
    for path in sorted(folder.rglob("*")):
        about = path.lstat()
        holds = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(about.st_mode) else ""
        leads = os.readlink(path) if path.is_symlink() else ""
        found[str(path.relative_to(folder))] = (stat.S_IFMT(about.st_mode), holds, leads)
    return found


# ---------------------------------------------------------------- refused, and nothing changes


def bound(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path)


def saved(here: Path, text: str) -> Path:
    patches = here.parent / "home" / "patches"
    patches.mkdir(parents=True)
    (patches / "kept.chronus").write_text(text)
    return patches / "kept.chronus"


REFUSED: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "its script": (lambda here: None, "song.chronus", "it is what is read"),
    "its script, spelled otherwise": (lambda here: None, "./song.chronus", "it is what is read"),
    "its script, by the whole path": (lambda here: None, "{here}/song.chronus", "it is what is read"),
    "its script, round a corner": (lambda here: (here / "x").mkdir(), "x/../song.chronus", "it is what is read"),
    "its script, by a link": (lambda here: (here / "out.wav").symlink_to("song.chronus"), "out.wav", "it is what is read"),
    "its script, by a link to a link": (
        lambda here: ((here / "a.wav").symlink_to("song.chronus"), (here / "b.wav").symlink_to("a.wav")), "b.wav", "it is what is read",
    ),
    "its script, by its other name": (lambda here: os.link(here / "song.chronus", here / "out.wav"), "out.wav", "it is what is read"),
    "its script, through a link to its folder": (
        lambda here: (here / "there").symlink_to(here), "there/song.chronus", "it is what is read",
    ),
    "what it opens": (lambda here: (here / "out.wav").symlink_to(saved(here, "load bass")), "out.wav", "it is what is read"),
    "a folder": (lambda here: (here / "out.wav").mkdir(), "out.wav", "Is a directory"),
    "a folder, with a stroke": (lambda here: (here / "out.wav").mkdir(), "out.wav/", "Is a directory"),
    "this folder": (lambda here: None, ".", "Is a directory"),
    "the folder above": (lambda here: None, "..", "Is a directory"),
    "a link to a folder": (lambda here: (here / "out.wav").symlink_to("/tmp"), "out.wav", "Is a directory"),
    "a file that is no folder": (lambda here: None, "song.chronus/out.wav", "Not a directory"),
    "a file with a stroke": (lambda here: (here / "out.wav").touch(), "out.wav/", "Not a directory"),
    "in a folder that is not there": (lambda here: None, "nowhere/out.wav", "there is no folder {here}/nowhere"),
    "a link into a folder that is not there": (lambda here: (here / "out.wav").symlink_to("no/where.wav"), "out.wav", "there is no folder"),
    "a link that goes round": (lambda here: (here / "out.wav").symlink_to("out.wav"), "out.wav", "Too many levels"),
    "a name that is too long": (lambda here: None, f"{'x' * 300}.wav", "File name too long"),
    "no name": (lambda here: None, "", "it is no name"),
    "a name with a zero": (lambda here: None, "a\0.wav", "null"),
    "a socket": (lambda here: bound("out.wav"), "out.wav", "it is a socket"),
    "a full device": (lambda here: device(here / "full.wav", 7), "full.wav", "No space left on device"),
    "an ending that nobody knows": (lambda here: None, "out.mp4", 'use .wav, .flac, .ogg or .aiff'),
    "no ending": (lambda here: None, "out", "use .wav, .flac, .ogg or .aiff"),
    "another script": (lambda here: (here / "other.chronus").touch(), "other.chronus", "use .wav, .flac, .ogg or .aiff"),
    "a proc file": (lambda here: None, "/proc/out.wav", "/proc/out.wav cannot be written"),
    "a descriptor that is not open": (lambda here: None, "/dev/fd/987", "cannot be written"),
}  # fmt: skip


@pytest.mark.parametrize("situation", REFUSED)
def test_row_60_what_cannot_be_an_output_is_refused_in_one_line_and_nothing_changes(
    situation, folder, render, monkeypatch
):
    make, output, why = REFUSED[situation]
    (folder / "song.chronus").write_text("open kept\n" + SONG if situation == "what it opens" else SONG)
    make(folder)
    before = picture(folder)
    built = [] if "full" not in situation else None
    if built is not None:  # it is refused before anything is rendered
        monkeypatch.setattr("chronus.render.command.begin_compiling", lambda cleared: built.append(1))
    done = render(None, *ONE_BAR, output=output.format(here=folder))
    assert done.code == 2 and not built
    (line,) = done.said.splitlines()
    assert line.startswith("chronus: E_FILE ") and why.format(here=folder) in line
    assert picture(folder) == before


@pytest.mark.parametrize(
    ("words", "code"), [(("--float", "-o", "out.flac"), 2), (("--stems", "-o", "-"), 2), (("--tail", "61"), 2)]
)
def test_what_no_format_can_hold_is_refused_before_anything_is_rendered(words, code, folder, render):
    done = render(SONG, *ONE_BAR, *words)
    assert done.code == code and done.said and sorted(path.name for path in folder.iterdir()) == ["song.chronus"]


def test_a_disk_is_refused(folder, render):
    try:
        os.mknod(folder / "disk.wav", 0o600 | stat.S_IFBLK, os.makedev(7, 250))
    except PermissionError:
        pytest.skip("only root may make devices")
    done = render(SONG, *ONE_BAR, output="disk.wav")
    assert done.code == 2 and "it is a disk" in done.said and stat.S_ISBLK((folder / "disk.wav").stat().st_mode)


def test_a_terminal_is_refused(folder, render):
    leader, terminal = os.openpty()
    try:
        (folder / "out.wav").symlink_to(os.ttyname(terminal))
        done = render(SONG, *ONE_BAR)
        assert done.code == 2 and "is a terminal" in done.said and (folder / "out.wav").is_symlink()
    finally:
        os.close(leader)
        os.close(terminal)


def test_a_journal_is_no_output_of_its_own_rendering(folder, render):
    journals = folder.parent / "home" / "journals" / "default"
    journals.mkdir(parents=True)
    for name in ("0001.journal", "0002.journal"):
        (journals / name).write_bytes(MAGIC + b'{"rate": 8000, "seed": 0}\n')
    (folder / "out.wav").symlink_to(journals / "0001.journal")
    done = render(None, song=str(journals / "0002.journal"))
    assert done.code == 2 and "it is what is read" in done.said
    assert (journals / "0001.journal").read_bytes().startswith(b"#chronus-journal")


# ---------------------------------------------------------------- followed, and written through


def test_a_link_is_followed_and_what_it_names_is_replaced(folder, render):
    (folder / "far").mkdir()
    real = folder / "far" / "real.wav"
    real.write_text("old")
    real.chmod(0o640)
    (folder / "out.wav").symlink_to("far/link.wav")
    (folder / "far" / "link.wav").symlink_to("real.wav")
    done = render(SONG, *ONE_BAR)
    assert done.code == 0 and (folder / "out.wav").is_symlink() and (folder / "far" / "link.wav").is_symlink()
    assert soundfile.info(real).frames == done.told["frames"] and stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(path.name for path in (folder / "far").iterdir()) == ["link.wav", "real.wav"]


def test_a_link_to_nothing_yet_makes_what_it_names(folder, render):
    (folder / "out.wav").symlink_to("new.wav")
    assert render(SONG, *ONE_BAR).code == 0
    assert (folder / "out.wav").is_symlink() and soundfile.info(folder / "new.wav").frames == 16000


def test_a_new_file_has_the_mode_that_the_user_wants(folder, render):
    before = os.umask(0o027)
    try:
        assert render(SONG, *ONE_BAR).code == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "out.wav").stat().st_mode) == 0o640


def test_a_file_that_may_not_be_written_stays(folder, render, monkeypatch):
    (folder / "out.wav").write_text("precious")
    (folder / "out.wav").chmod(0o444)
    if os.getuid() == 0:  # who may write everything: as if it were somebody else
        monkeypatch.setattr(os, "access", lambda path, mode: Path(path).stat().st_mode & 0o222 != 0)
    done = render(SONG, *ONE_BAR)
    assert done.code == 2 and "Permission denied" in done.said and (folder / "out.wav").read_text() == "precious"


@pytest.mark.parametrize("name", ["null", "null.wav"])
def test_the_null_device_takes_everything_and_stays_a_device(name, folder, render):
    device(folder / name, 3)
    done = render(SONG, *ONE_BAR, output=name)
    assert done.code == 0 and done.told["frames"] == 16000
    assert stat.S_ISCHR((folder / name).stat().st_mode)


def test_a_pipe_is_written_through(folder, render):
    os.mkfifo(folder / "pipe.wav")
    taken = []
    reader = threading.Thread(target=lambda: taken.append((folder / "pipe.wav").read_bytes()))
    reader.start()
    done = render(SONG, *ONE_BAR, output="pipe.wav")
    reader.join(20)
    assert done.code == 0 and stat.S_ISFIFO((folder / "pipe.wav").stat().st_mode)
    (folder / "copy.wav").write_bytes(taken[0])
    assert len(soundfile.read(folder / "copy.wav")[0]) == 16000
    assert render(SONG, *ONE_BAR).told["sha256"] == done.told["sha256"]
    assert (folder / "out.wav").read_bytes() == taken[0]


def test_a_pipe_that_nobody_reads_from_is_told_and_stays(folder, render, monkeypatch):
    monkeypatch.setattr("chronus.render.target.READER_SECONDS", 0.1)
    os.mkfifo(folder / "pipe.wav")
    done = render(SONG, *ONE_BAR, output="pipe.wav")
    assert done.code and "nobody has read from it" in done.said, done.said
    assert stat.S_ISFIFO((folder / "pipe.wav").stat().st_mode)
    assert sorted(path.name for path in folder.iterdir()) == ["pipe.wav", "song.chronus"]


# ---------------------------------------------------------------- nothing is left behind


def test_a_wrong_script_writes_nothing_and_leaves_the_old_file(folder, render):
    (folder / "out.wav").write_text("old")
    done = render(SONG + "wait 1 bar\nload nonsense\n", *ONE_BAR)
    assert done.code == 1 and (folder / "out.wav").read_text() == "old"
    assert sorted(path.name for path in folder.iterdir()) == ["out.wav", "song.chronus"]
    forced = render(SONG + "wait 1 bar\nload nonsense\n", *ONE_BAR, "--force")
    assert forced.code == 1 and len(forced.sound) == 16000


@pytest.fixture
def small_disk():
    """So many bytes a file may have: what is beyond is refused as a full disk refuses it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "aiff"])
@pytest.mark.parametrize("named", [False, True], ids=["without a name", "with a name"])
def test_row_60_a_disk_that_is_full_leaves_the_old_file_and_nothing_else(
    ending, named, folder, render, small_disk, monkeypatch
):
    if named:  # a file system that knows no files without a name
        monkeypatch.delattr(os, "O_TMPFILE")
    (folder / f"out.{ending}").write_text("old")
    done = render(LOUD, "--rate", "44100", output=f"out.{ending}")
    assert done.code == 2, "it fitted"
    (line,) = done.said.splitlines()
    assert line == f"chronus: E_FILE out.{ending} cannot be written: File too large"
    assert (folder / f"out.{ending}").read_text() == "old"
    assert sorted(path.name for path in folder.iterdir()) == [f"out.{ending}", "song.chronus"]


def test_what_will_not_fit_is_refused_at_once(folder, render, monkeypatch):
    monkeypatch.setattr("chronus.render.command.begin_compiling", lambda cleared: pytest.fail("it was begun"))
    done = render(LOUD, "--seconds", "1000000", "--rate", "192000", "--float")
    assert done.code == 2 and "it needs 1,536,000.0 MB" in done.said and str(folder) in done.said
    assert render(LOUD, "--seconds", "1000000", output="out.aiff").code == 1, "an AIFF of more than 4 GiB"


def test_stems_that_cannot_all_be_written_leave_nothing(folder, render):
    (folder / "out-snare.wav").mkdir()
    script = "load kick\nload snare\nseq kick: x...\nseq snare: ..x."
    done = render(script, *ONE_BAR, "--stems")
    assert done.code == 2 and "out-snare.wav cannot be written" in done.said
    assert sorted(path.name for path in folder.iterdir()) == ["out-snare.wav", "song.chronus"]


# ---------------------------------------------------------------- formats


@pytest.mark.parametrize(
    ("ending", "words", "kind", "subtype", "exact"),
    [
        ("wav", (), "WAV", "PCM_24", 2**-23),
        ("wav", ("--float",), "WAV", "FLOAT", 0),
        ("WAV", (), "WAV", "PCM_24", 2**-23),
        ("flac", (), "FLAC", "PCM_24", 2**-23),
        ("ogg", (), "OGG", "VORBIS", 0.2),
        ("aiff", (), "AIFF", "PCM_24", 2**-23),
        ("aif", ("--float",), "AIFF", "FLOAT", 0),
    ],
)
def test_the_ending_says_what_is_written(ending, words, kind, subtype, exact, folder, render):
    reference = render(SONG, *ONE_BAR, "--float").sound
    done = render(SONG, *ONE_BAR, *words, output=f"sound.{ending}")
    about = soundfile.info(folder / f"sound.{ending}")
    assert (about.format, about.subtype, about.channels, about.samplerate) == (kind, subtype, 2, 8000)
    assert done.sound.shape == reference.shape and np.abs(done.sound - reference).max() <= exact


def test_a_wav_says_what_is_in_it(folder, render):
    """Read without a library, and by Python's own, which passes over what it does not know."""
    import wave

    render(SONG, *ONE_BAR)
    data = (folder / "out.wav").read_bytes()
    assert data[:4] == b"RIFF" and int.from_bytes(data[4:8], "little") == len(data) - 8
    with wave.open(str(folder / "out.wav")) as read:
        assert (read.getnchannels(), read.getsampwidth(), read.getframerate(), read.getnframes()) == (2, 3, 8000, 16000)
    assert data == (render(SONG, *ONE_BAR).code == 0 and (folder / "out.wav").read_bytes()), "a time of day is in it"


@pytest.mark.parametrize("words", [(), ("--float",)])
def test_beyond_what_a_riff_can_say_it_is_an_rf64(words, folder, render, monkeypatch):
    """The border is 4 GiB; here it is lower, and what is written there is the same."""
    plain = render(SONG, *ONE_BAR, *words).sound
    monkeypatch.setattr("chronus.render.formats.WavWriter.largest", 50_000)
    done = render(SONG, *ONE_BAR, *words)
    assert soundfile.info(folder / "out.wav").format == "RF64" and (folder / "out.wav").read_bytes()[:4] == b"RF64"
    assert np.array_equal(done.sound, plain)


def test_an_aiff_that_grows_too_long_is_refused_and_nothing_is_left(folder, render, monkeypatch):
    monkeypatch.setattr("chronus.render.formats.FORMATS", _short_formats())
    done = render(LOUD, output="out.aiff")
    assert done.code == 1 and "E_LIMIT AIFF holds 4 GiB at most" in done.said
    assert [path.name for path in folder.iterdir()] == ["song.chronus"]


def _short_formats():
    import msgspec

    from chronus.render.formats import FORMATS

    return {**FORMATS, ".aiff": msgspec.structs.replace(FORMATS[".aiff"], limit=100_000)}
