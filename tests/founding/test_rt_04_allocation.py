"""RT-04, no allocation in the sound path. As first defined: in 10 s no Python object in the audio path, less than 1 KB more, nothing
above 1 KB; RSS within 1 MB; 30 s without a garbage collection; 1000 reads and writes of the ring at stable addresses.

Counted from outside, in a real engine that plays a song: each call of malloc and its kin and of mmap and its kin, thread by thread, by a
library that stands in front of libc (allocations.c; Python's own objects come from malloc there, too); Numba's counters; the kernel's
counters of page faults of each thread. What every kernel could ever call is asked in tests/laws/test_machine_code.py.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from msgspec import Struct

from chronus.drills.crash_test import SONG
from chronus.memory import layout
from tests.kit.live import Engine, engine, jack, until
from tests.kit.takes import memory_of, settle, worker_pids

HERE = Path(__file__).parent
ROW_WORDS = 4
ROWS = 8191


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    """allocations.c as a library that can be loaded before libc."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler here to build what counts (make installs gcc where it may)")
    built = tmp_path_factory.mktemp("counts") / "allocations.so"
    command = [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(built), str(HERE / "allocations.c")]
    subprocess.run(command, check=True)
    return built


class Counts:
    """The table of a library that counts: what each thread took and gave back, in all processes that were told of it."""

    def __init__(self, folder: Path, library: Path) -> None:
        self.path = folder / "allocations"
        self.path.write_bytes(bytes(8 * ROW_WORDS * (ROWS + 1)))
        self.environment = {"LD_PRELOAD": str(library), "CHRONUS_ALLOCATIONS": str(self.path)}

    def of(self, threads: set[int]) -> np.ndarray:
        """(calls that took memory, calls that gave it back, bytes taken), of these threads together."""
        table = np.fromfile(self.path, np.int64).reshape(-1, ROW_WORDS)[1:]
        return table[np.isin(table[:, 0], list(threads)), 1:].sum(axis=0)


def test_the_library_counts_each_call(tmp_path, library):
    counts = Counts(tmp_path, library)
    program = """
import ctypes, os, threading
libc = ctypes.CDLL(None)
for name in ("malloc", "calloc", "realloc"):
    getattr(libc, name).restype = ctypes.c_void_p
def work():
    print(threading.get_native_id(), flush=True)
    for go in (1, 1000):
        input()
        for _ in range(go):
            libc.free(ctypes.c_void_p(libc.malloc(100)))
            libc.free(ctypes.c_void_p(libc.calloc(10, 10)))
        print("done", flush=True)
    input()
thread = threading.Thread(target=work)
thread.start()
"""
    environment = {**os.environ, **counts.environment, "PYTHONMALLOC": "pymalloc"}
    command, pipe = [sys.executable, "-c", program], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as child:
        thread = {int(child.stdout.readline())}
        seen = []
        for _ in range(2):
            child.stdin.write("\n")
            child.stdin.flush()
            assert child.stdout.readline() == "done\n"
            seen.append(counts.of(thread))
        child.stdin.close()
    taken, given_back, bytes_taken = seen[1] - seen[0]
    assert 2000 <= taken < 2100 and 2000 <= given_back < 2100 and 200_000 <= bytes_taken < 300_000


class Look(Struct):
    """What was counted up to a moment."""

    calls: np.ndarray
    faults: dict[int, int]
    """By thread."""
    resident_mb: float
    mapped: str


class Watched:
    """A process of the engine and those of its threads that play or render."""

    def __init__(self, folder: Path, counts: Counts, pid: int, threads: set[int]) -> None:
        self.told, self.counts, self.pid, self.threads = folder / "inside" / str(pid), counts, pid, threads

    def ask(self) -> dict[str, int]:
        """What its interpreter says of itself. It has to run for that, and so this is asked before and after all that is counted."""
        self.told.unlink(missing_ok=True)
        os.kill(self.pid, signal.SIGUSR2)
        until(self.told.exists, 5, f"{self.pid} does not tell")
        return json.loads(self.told.read_text())

    def look(self) -> Look:
        """From outside: the process does nothing for it."""
        return Look(
            self.counts.of(self.threads),
            faults(self.pid, self.threads),
            int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20,
            Path(f"/proc/{self.pid}/maps").read_text(),
        )


def threads_of(pid: int) -> set[int]:
    return {int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()}


def faults(pid: int, threads: set[int]) -> dict[int, int]:
    """Page faults so far of each of the threads that are there, those that waited for a disk among them.

    The host has threads of libraries too, and one of them was seen to end between two looks.
    """
    found = {}
    for thread in threads & threads_of(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ends just now
            words = Path(f"/proc/{pid}/task/{thread}/stat").read_text().rpartition(") ")[2].split()
            found[thread] = int(words[7]) + int(words[9])
    return found


def in_real_time(pid: int) -> set[int]:
    """Its threads of a real-time priority: those that play or render, unless the kernel refused it to them."""
    policies = {os.SCHED_FIFO, os.SCHED_RR}
    return {thread for thread in threads_of(pid) if os.sched_getscheduler(thread) & ~os.SCHED_RESET_ON_FORK in policies}


def watched(folder: Path, counts: Counts, running: Engine) -> dict[str, Watched]:
    """The host with all of its threads, which do nothing but play; of each worker the thread that renders."""
    host = next(row["pid"] for row in running.status()["processes"] if row["role"] == "host")
    found = {"host": Watched(folder, counts, host, threads_of(host))}
    for slot, pid in worker_pids(running).items():
        found[f"worker {slot}"] = Watched(folder, counts, pid, threads_of(pid) - {pid})
        assert len(found[f"worker {slot}"].threads) == 1
    return found


def counted(folder: Path, library: Path, device: str, seconds: float, held, **environment: str) -> None:
    counts = Counts(folder, library)
    (folder / "inside").mkdir()
    path = os.pathsep.join([str(HERE / "inside"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    told = {"PYTHONPATH": path, "CHRONUS_INSIDE": str(folder / "inside"), "NUMBA_NRT_STATS": "1"}
    with engine(folder, "--device", device, **counts.environment, **told, **environment) as running:
        running.say(SONG)
        memory = memory_of(running)
        settle(memory, 4)  # both checkpoints have been taken, and all modules have sounded
        everyone = watched(folder, counts, running)
        asked = {name: one.ask() for name, one in everyone.items()}
        settle(memory, 0.5)  # who was asked is at rest again
        periods = memory.word(layout.PERIODS)
        playing = {name: in_real_time(one.pid) & one.threads for name, one in everyone.items()}
        before = {name: one.look() for name, one in everyone.items()}
        settle(memory, seconds)
        after = {name: one.look() for name, one in everyone.items()}
        periods = memory.word(layout.PERIODS) - periods
        inside = {
            name: {what: n - asked[name][what] for what, n in one.ask().items()} for name, one in everyone.items()
        }
        mains = set(worker_pids(running).values())
        seen = counts.of(mains)[0]
        running.say("load saw as another gain=0")
        seen = counts.of(mains)[0] - seen
        status = running.status()
        assert running.stop() == 0
    assert {name: row["restarts"] for row in status["processes"] for name in [row["role"]]}["host"] == 0
    held(f"{device}: callbacks, all at the same addresses", periods, "", least=1000)
    held(f"{device}: calls that the binding of one module took, seen", seen, "", least=1)
    for name, was in before.items():
        now = after[name]
        calls = now.calls - was.calls
        held(f"{device}, {name}: calls that take memory in {seconds:g} s", calls[0], "", most=0)
        held(f"{device}, {name}: calls that give it back", calls[1], "", most=0)
        stayed = now.faults.keys() & was.faults.keys()
        assert stayed and stayed >= playing[name], "who plays ended meanwhile"
        held(f"{device}, {name}: page faults", sum(now.faults[one] - was.faults[one] for one in stayed), "", most=0)
        held(f"{device}, {name}: allocations of Numba's", inside[name]["numba"], "", most=0)
        held(f"{device}, {name}: garbage collections", inside[name]["collections"], "", most=0)
        held(f"{device}, {name}: RSS, change", abs(now.resident_mb - was.resident_mb), "MB", most=1)
        assert now.mapped == was.mapped, "memory was mapped or let go meanwhile"


@pytest.mark.proof
def test_nothing_is_allocated_in_the_callback_and_in_the_workers_loops_while_a_song_plays(tmp_path, library, held):
    counted(tmp_path, library, "null", 30, held)


@pytest.mark.proof
def test_nothing_is_allocated_in_the_callback_that_portaudio_calls(tmp_path, library, held):
    with jack(tmp_path, f"chronus_count_{os.getpid()}") as server:
        counted(tmp_path, library, "jack", 10, held, **server.environment)
