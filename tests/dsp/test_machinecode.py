"""Machine code on the disk: made once, whole or not at all, and loaded by who may not make it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from chronus import places

MODULE = '''"""A module of the tests."""
import numpy as np

from chronus.catalogue.spec import Spec
from chronus.dsp.kernel import LANES, kernel

SPEC = Spec(kind="level", help="a level")


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    for i in range(frames):
        outs[0][i, 0] = np.float32({level})
'''
ASK = """
import ctypes, sys, time
from pathlib import Path
import numpy as np
from chronus.dsp import machinecode
from chronus.dsp.discovery import kernel_of
from chronus.dsp.kernel import HEAD
began = time.time()
kernel = kernel_of(Path(sys.argv[1]))
def level():
    out, call = np.zeros((64, 1), np.float32), np.zeros(HEAD + 1, np.int64)
    call[HEAD] = out.ctypes.data
    ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(kernel.address(1))(call.ctypes.data, 0, 64)
    return float(out[0, 0])
"""


@pytest.fixture
def module(tmp_path):
    file = tmp_path / "level.py"
    file.write_text(MODULE.format(level=0.25))
    return file


def begin(module: Path, cache: Path, body: str) -> subprocess.Popen:
    """Python that has `kernel` and `level()`, with a cache of its own."""
    environment = {**os.environ, places.DECIDED: str(cache), "PYTHONPATH": str(places.PACKAGE.parent)}
    words = [sys.executable, "-c", ASK + textwrap.dedent(body), str(module)]
    return subprocess.Popen(
        words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def said(process: subprocess.Popen) -> str:
    out, complaint = process.communicate(timeout=100)
    assert process.returncode == 0, complaint
    return out.strip()


def run(module: Path, cache: Path, body: str) -> str:
    return said(begin(module, cache, body))


def codes(cache: Path) -> list[Path]:
    return sorted(path for path in cache.rglob("*") if ".code-" in path.name)


MISSING = """
machinecode.only_load()
try:
    print(level())
except machinecode.NotCompiled as missing:
    print(missing)
"""


def test_who_only_loads_compiles_nothing_and_finds_what_another_one_made(module, tmp_path):
    assert run(module, tmp_path / "cache", MISSING).startswith("level.level_1")
    assert codes(tmp_path / "cache") == []
    assert run(module, tmp_path / "cache", "print(level())") == "0.25"
    assert run(module, tmp_path / "cache", MISSING) == "0.25"


def test_code_of_another_text_is_never_run_and_makes_room_for_the_new_one(module, tmp_path):
    cache = tmp_path / "cache"
    assert run(module, cache, "print(level())") == "0.25"
    before = codes(cache)
    module.write_text(MODULE.format(level=0.5))
    os.utime(module, ns=(0, 0))
    assert run(module, cache, MISSING).startswith("level.level_1"), "what is older must not be loaded"
    assert run(module, cache, "print(level())") == "0.5"
    assert len(codes(cache)) == 1 and codes(cache) != before


def test_who_has_imported_an_older_text_never_runs_the_code_of_a_newer_one(module, tmp_path):
    waits = begin(
        module, tmp_path / "cache", "machinecode.only_load(); print('imported', flush=True); input()" + MISSING
    )
    assert waits.stdout.readline() == "imported\n"
    module.write_text(MODULE.format(level=0.5))
    assert run(module, tmp_path / "cache", "print(level())") == "0.5"
    out, complaint = waits.communicate("\n", timeout=100)
    assert waits.returncode == 0 and out.startswith("level.level_1"), out + complaint


COUNTED = """
made = []
save = machinecode.Kept.save_overload
machinecode.Kept.save_overload = lambda self, *more: (made.append(1), save(self, *more))
print(level(), len(made))
"""


def test_two_that_want_the_same_at_once_make_it_once(module, tmp_path):
    both = [begin(module, tmp_path / "cache", COUNTED) for _ in range(2)]
    assert sorted(said(one) for one in both) == ["0.25 0", "0.25 1"]


HANGS = """
def hang(*_):
    print("begun", flush=True)
    time.sleep(1000)
machinecode._write = hang
level()
"""


def test_who_is_killed_over_it_leaves_nothing_and_holds_up_nobody(module, tmp_path):
    cache = tmp_path / "cache"
    killed = begin(module, cache, HANGS)
    assert killed.stdout.readline() == "begun\n"
    waits = begin(module, cache, "print('waits', flush=True); print(level())")
    assert waits.stdout.readline() == "waits\n"
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert said(waits) == "0.25" and len(codes(cache)) == 1


def test_who_is_stopped_over_it_is_not_waited_for_without_end(module, tmp_path):
    stopped = begin(module, tmp_path / "cache", HANGS)
    try:
        assert stopped.stdout.readline() == "begun\n"
        began = time.monotonic()
        assert run(module, tmp_path / "cache", "machinecode.LOCK_SECONDS = 0.5; print(level())") == "0.25"
        assert time.monotonic() - began > 0.5
    finally:
        stopped.kill()
        stopped.communicate()


def test_what_is_cut_short_on_the_disk_is_made_again(module, tmp_path):
    cache = tmp_path / "cache"
    run(module, cache, "level()")
    (code,) = codes(cache)
    code.write_bytes(code.read_bytes()[:1000])
    assert run(module, cache, MISSING).startswith("level.level_1")
    assert run(module, cache, "print(level())") == "0.25" and run(module, cache, MISSING) == "0.25"


def test_a_disk_that_refuses_it_is_told_and_it_runs_all_the_same(module, tmp_path):
    full = """
    import errno
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")
    machinecode._write = full
    print(level(), machinecode.unkept)
    """
    told = run(module, tmp_path / "cache", full)
    assert told == "0.25 [OSError(28, 'No space left on device')]" and codes(tmp_path / "cache") == []
    assert run(module, Path("/proc/nowhere"), "print(level(), len(machinecode.unkept))") == "0.25 1"
