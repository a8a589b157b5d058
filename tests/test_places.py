"""Where things lie when they cannot lie where they should: no home, a cache that is full, frozen, or a file."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from chronus import places
from chronus.errors import ChronusError


@pytest.fixture
def looked(tmp_path, monkeypatch):
    """What is found for a cache with that environment; the temporary folders are this test's own."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))

    def look(**environment: str) -> places.Cache:
        for name in ("HOME", "XDG_CACHE_HOME"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return places.caches.__wrapped__()

    return look


@contextmanager
def frozen(folder: Path):
    """A folder into which nobody can write, not even root."""
    if os.getuid():
        folder.chmod(0o555)
        yield
        folder.chmod(0o755)
        return
    if subprocess.run(["mount", "--bind", folder, folder], capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_cache_that_can_be_kept_lies_where_the_users_caches_lie(looked, tmp_path):
    assert looked(XDG_CACHE_HOME=str(tmp_path / "cache")) == places.Cache(tmp_path / "cache" / "chronus")
    assert looked(HOME=str(tmp_path)) == places.Cache(tmp_path / ".cache" / "chronus")


def elsewhere(found: places.Cache, tmp_path: Path, where: str, why: str) -> None:
    """It is private, in a temporary folder, and one line says which folder, why, and what helps."""
    assert found.folder == tmp_path / "tmp" / f"chronus-cache-{os.getuid()}"
    assert stat.S_IMODE(found.folder.stat().st_mode) == 0o700
    assert where in found.trouble and why in found.trouble and "XDG_CACHE_HOME may name another folder" in found.trouble
    assert str(found.folder) in found.trouble and "\n" not in found.trouble


def test_row_60_a_cache_that_is_a_file_is_kept_elsewhere(looked, tmp_path):
    (tmp_path / "file").touch()
    elsewhere(looked(XDG_CACHE_HOME=str(tmp_path / "file")), tmp_path, f"{tmp_path}/file/chronus", "Not a directory")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "chronus").touch()
    elsewhere(looked(XDG_CACHE_HOME=str(tmp_path / "cache")), tmp_path, f"{tmp_path}/cache/chronus", "File exists")


def test_row_60_a_home_that_is_none_is_no_place_for_a_cache(looked, tmp_path):
    elsewhere(looked(HOME="/proc/nobody"), tmp_path, "/proc/nobody/.cache/chronus", "No such file or directory")
    elsewhere(looked(HOME=os.devnull), tmp_path, f"{os.devnull}/.cache/chronus", "Not a directory")


def test_a_home_that_nobody_knows_is_not_a_folder_below_this_one(looked, tmp_path, monkeypatch):
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # no HOME, and a user whom the system does not know
    monkeypatch.chdir(tmp_path)
    elsewhere(looked(), tmp_path, "anywhere", "there is no home folder")
    monkeypatch.delenv("CHRONUS_HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    with pytest.raises(NotADirectoryError):
        places.home().mkdir(parents=True)
    told = places.home_trouble(OSError(errno.ENOTDIR, "Not a directory"))
    assert told == "there is no home folder; CHRONUS_HOME may name another folder"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    elsewhere(places.caches.__wrapped__(), tmp_path, "anywhere", "there is no home folder")
    assert [path.name for path in tmp_path.iterdir()] == ["tmp"]


def test_row_60_a_frozen_cache_is_read_where_it_is_whole_and_kept_elsewhere(looked, tmp_path):
    cache = tmp_path / "cache" / "chronus"
    own = cache / places._kernels()
    own.mkdir(parents=True)
    (own / places.BUILT).write_text("here")
    (own / "kernel.nbc").write_text("machine code")
    with frozen(cache):
        found = looked(XDG_CACHE_HOME=str(tmp_path / "cache"))
    elsewhere(found, tmp_path, str(cache), "ermission denied" if os.getuid() else "Read-only file system")
    assert (found.folder / places._kernels() / "kernel.nbc").read_text() == "machine code"


def test_row_60_a_disk_with_no_room_for_kernels_is_told_before_they_are_compiled(looked, tmp_path, monkeypatch):
    full = str(tmp_path / "full")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(
        "shutil.disk_usage", lambda path: usage._replace(free=4096) if str(path).startswith(full) else usage
    )
    elsewhere(looked(XDG_CACHE_HOME=full), tmp_path, f"{full}/chronus", "No space left on device")
    # what is there already needs no more
    own = tmp_path / "full" / "chronus" / places._kernels()
    own.mkdir(parents=True)
    places._complete(own).touch()
    assert looked(XDG_CACHE_HOME=full).trouble == ""


def test_where_no_cache_can_be_had_at_all_one_line_says_so(looked, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", os.devnull)
    with pytest.raises(ChronusError) as refused:
        looked(XDG_CACHE_HOME=f"{os.devnull}/cache")
    assert refused.value.code == "E_FILE" and "XDG_CACHE_HOME" in refused.value.message
    assert f"{os.devnull}/cache/chronus" in refused.value.message and "\n" not in refused.value.message


def test_a_temporary_folder_of_somebody_else_is_not_used(looked, tmp_path):
    left = tmp_path / "tmp" / f"chronus-cache-{os.getuid()}"
    left.mkdir(mode=0o777)
    left.chmod(0o777)
    with pytest.raises(ChronusError, match="not a private folder of yours"):
        looked(XDG_CACHE_HOME=f"{os.devnull}/cache")
