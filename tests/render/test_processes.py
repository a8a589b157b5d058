"""`chronus render` as a process of its own: its standard output, signals, memory, and homes that cannot be had."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from chronus import places
from tests.kit.live import Home, until

SONG = "load kick\nseq kick: x...x...\n"
LOUD = "load noise\nwait 16 bars\n"
ONE_BAR = ("--bars", "1", "--rate", "8000")


@pytest.fixture
def home(tmp_path) -> Home:
    (tmp_path / "song.chronus").write_text(SONG)
    (tmp_path / "loud.chronus").write_text(LOUD)
    return Home(tmp_path)


def words(home: Home, *more: str, song: str = "song.chronus") -> list[str]:
    return [sys.executable, "-m", "chronus", "render", str(home.folder / song), *more]


def test_standard_output_is_a_wav_and_what_is_told_goes_to_standard_error(home):
    done = subprocess.run(words(home, "-o", "-", *ONE_BAR), capture_output=True, env=home.environment, timeout=60)
    assert done.returncode == 0 and done.stderr.startswith(b"-: 2.00 s, 1 bars") and done.stderr.count(b"\n") == 1
    (home.folder / "copy.wav").write_bytes(done.stdout)
    assert len(soundfile.read(home.folder / "copy.wav")[0]) == 16000
    link = home.folder / "link.wav"
    link.symlink_to("/dev/stdout")
    for output in ("/proc/self/fd/1", str(link)):
        with open(home.folder / "told.wav", "wb") as into:
            again = subprocess.run(
                words(home, "-o", output, *ONE_BAR),
                stdout=into,
                stderr=subprocess.PIPE,
                env=home.environment,
                timeout=60,
            )
        assert again.returncode == 0, again.stderr
        assert (home.folder / "told.wav").read_bytes() == done.stdout and link.is_symlink()


def test_nothing_but_a_line_is_said_where_a_script_for_standard_output_is_wrong(home):
    (home.folder / "song.chronus").write_text("load nonsense\n")
    done = subprocess.run(words(home, "-o", "-"), capture_output=True, env=home.environment, timeout=60)
    assert (done.returncode, done.stdout) == (1, b"") and done.stderr.startswith(b"err 1 E_MODULE")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGKILL, -9)]
)
def test_row_60_whoever_is_ended_leaves_nothing_behind(number, code, home):
    command = words(home, "-o", str(home.folder / "out.wav"), "--seconds", "30000", "--float", song="loud.chronus")
    process = subprocess.Popen(command, env=home.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(lambda: holds(process.pid, home.folder), 60, "nothing was written")
    process.send_signal(number)
    out, said = process.communicate(timeout=20)
    assert process.returncode == code and (out, said) == (b"", b"")
    left = sorted(path.name for path in home.folder.iterdir())
    assert left == ["loud.chronus", "run", "song.chronus"]


def holds(pid: int, folder: Path) -> bool:
    """Whether a process has written a good deal to a file in a folder that has no name yet."""
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            leads = os.readlink(descriptor)
            if leads.startswith(f"{folder}/") and "(deleted)" in leads and descriptor.stat().st_size > 1 << 20:
                return True
    return False


# ---------------------------------------------------------------- memory


WEIGHED = """\
import resource, subprocess, sys
subprocess.run(sys.argv[2:], check=True, stdout=subprocess.DEVNULL, timeout=float(sys.argv[1]))
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Begins a process from a small one: the kernel counts for it also the memory of the process that began it, as these tests are."""


def peak_mb(home: Home, *more: str, seconds: float = 120, told: str = "") -> float:
    """The most memory that a rendering of the song needed whose kernels are compiled: the compiler takes some 250 MB, once."""
    first = words(home, *more, "--seconds", "1", "-o", str(home.folder / "first.wav"))
    assert home.chronus(*first[3:], seconds=300).returncode == 0
    command = [sys.executable, "-c", WEIGHED, str(seconds), *words(home, *more)]
    done = subprocess.run(command, env=home.environment, capture_output=True, text=True, timeout=seconds + 10)
    assert done.returncode == 0 and told in done.stderr, done.stderr
    return float(done.stdout) / 1024


BAND = """\
load kick; load snare; load hat; load bass; load saw voices=8; load delay time=1500ms feedback=0.7
patch saw > filter > delay
seq kick: x...x...x..x....
seq snare: ....x.......x...
seq hat: x.x.x.x.x.x.x.xo vel=0.5
seq bass: a1 . a1 c2 . a1 . . g1
seq saw: a2:m7@8 f2:maj7@8
"""


def test_row_61_memory_does_not_grow_with_the_length(home, figure):
    rest = ("-o", str(home.folder / "out.wav"), "--rate", "8000", "--float", "--stems")
    short, long = (peak_mb(home, "--seconds", seconds, *rest) for seconds in ("60", "900"))
    figure(f"a minute rendered: {short:.0f} MB at most; fifteen minutes: {long:.0f} MB")
    assert long - short < 10, "what is rendered is kept"  # 840 s of stereo float at 8000 Hz are 54 MB


@pytest.mark.proof
@pytest.mark.timeout(900)
def test_row_61_two_hours_need_no_more_than_400_mb(home, measured):
    (home.folder / "song.chronus").write_text(BAND)
    # to nowhere: two gigabytes on their way to the disk would hold up what the null devices of other tests capture
    peak = peak_mb(home, "--seconds", "7200", "-o", "-", seconds=850, told="-: 7200.00 s")
    measured("61", "memory", peak, "MB", bar=400)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_row_61_a_take_of_more_than_4_gib_can_be_read_to_its_end(home, measured):
    (home.folder / "song.chronus").write_text("load sine freq=100 gain=0.1")
    out = home.folder / "out.wav"
    peak = peak_mb(home, "-o", str(out), "--float", "--rate", "8000", "--seconds", "68000", seconds=1700)
    with soundfile.SoundFile(out) as sound:
        assert (sound.format, sound.frames) == ("RF64", 68000 * 8000)
        sound.seek(sound.frames - 8000)
        last = sound.read()
    assert len(last) == 8000 and abs(last).max() > 0.01
    measured("61", "memory", peak, "MB", bar=400)


# ---------------------------------------------------------------- where nothing can be kept


@pytest.fixture
def nowhere(home) -> dict[str, str]:
    """An environment in which neither a cache nor a home can be kept. The kernels lie where they are kept instead, from an earlier time."""
    (home.folder / "file").touch()
    tmp = home.folder / "tmp"
    kept = tmp / f"chronus-cache-{os.getuid()}"
    shutil.copytree(places.kernel_cache(), kept / places.kernel_cache().name)
    kept.chmod(0o700)
    return {"XDG_CACHE_HOME": str(home.folder / "file"), "CHRONUS_HOME": str(home.folder / "file"), "TMPDIR": str(tmp)}


def test_row_60_without_a_cache_a_render_says_so_in_a_line_and_plays(home, nowhere):
    out = home.folder / "out.wav"
    done = home.chronus(*words(home, "-o", str(out), *ONE_BAR)[3:], **nowhere)
    assert done.returncode == 0 and len(soundfile.read(out)[0]) == 16000
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"! the kernel cache cannot be kept in {home.folder}/file/chronus: Not a directory")
    assert "XDG_CACHE_HOME" in line


def test_row_60_without_cache_and_home_an_engine_names_both_and_refuses_what_it_could_not_keep(home, nowhere):
    done = home.chronus("--device", "null", "-c", "load kick; list", **nowhere)
    assert done.returncode == 1 and done.stderr == ""
    assert f"! the kernel cache cannot be kept in {home.folder}/file/chronus" in done.stdout
    refused = [line for line in done.stdout.splitlines() if line.startswith("err 1 E_FILE")]
    assert len(refused) == 1 and f"{home.folder}/file" in refused[0] and "CHRONUS_HOME" in refused[0]
    assert "Traceback" not in done.stdout


def test_row_60_the_doctor_names_both(home, nowhere):
    done = home.chronus("doctor", **nowhere)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    for variable in ("CHRONUS_HOME", "XDG_CACHE_HOME"):
        assert any(variable in line and f"{home.folder}/file" in line for line in done.stdout.splitlines()), done.stdout
