"""`chronus bench`: measures the figures that Chronus claims on this machine, on engines of its own.

Each figure says how it was taken. Latencies are measured from outside: a client's send, a capture's arrival, a whole
process's start and end. The null device writes what would be heard into a pipe, and the pipe's reader looks at the clock.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from chronus.drills.own_engine import Figure, Own, WireClient, own_engine, told
from chronus.settings import Settings
from chronus.system import proc

FOUNDING = """\
load bass_module
set bass.freq 55
set bass.distortion 0.7
sequence bass: x.x.x.x.x.x.x.x.
load tb303_module
patch tb303 > filter > delay
sequence tb303: ..x...x.x.x.....x
Yo! Chronus, drop in some kick and snare for a DnB song...
"""


# ---------------------------------------------------------------- an ear


class Ear:
    """Reads what the null device plays, and keeps the time at which each frame came."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self.first_sound: float | None = None
        self.loud = threading.Event()
        self.quiet = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        silent = 0
        with open(self.path, "rb", buffering=0) as pipe:
            while data := pipe.read(1 << 16):
                now = time.perf_counter()
                if any(data):
                    silent = 0
                    self.quiet.clear()
                    if not self.loud.is_set():
                        self.first_sound = now
                        self.loud.set()
                else:
                    silent += len(data)
                    if silent > 11025:
                        self.quiet.set()
                        self.loud.clear()


# ---------------------------------------------------------------- the figures


def acknowledgements(settings: Settings) -> list[Figure]:
    with own_engine(settings) as own:
        client = WireClient(own.engine)
        client.say("load saw")
        for k in range(50):
            client.say(f"set saw.freq {200 + k}")
        took = sorted(client.say(f"set saw.freq {100 + k}")[1] * 1e3 for k in range(500))
        idle = _idle([row["pid"] for row in client.status()["processes"] if row["pid"]])
        whole = _whole_process(own)
    how = "one client, 500 sets one by one, send to answer"
    return [
        Figure("command to acknowledgement, p50", statistics.median(took), "ms", 5, how),
        Figure("command to acknowledgement, p99", took[int(len(took) * 0.99)], "ms", 15, how),
        whole,
        *idle,
    ]


def _idle(pids: list[int]) -> list[Figure]:
    """Of the processes of an engine that plays one quiet module."""
    before, began = _spent(pids), time.monotonic()
    time.sleep(4.0)
    share = (_spent(pids) - before) / (time.monotonic() - began) * 100
    pss = sum(proc.pss_mb(pid) or 0.0 for pid in pids)
    return [
        Figure("idle engine, of one core", share, "%", 6, f"all {len(pids)} processes over 4 s"),
        Figure("idle engine, memory", pss, "MB", 450, f"PSS of all {len(pids)} processes"),
    ]


def _spent(pids: list[int]) -> float:
    """Seconds of a processor."""
    return sum(found.cpu for pid in pids if (found := proc.stat(pid)))


def _whole_process(own: Own) -> Figure:
    command = [sys.executable, "-m", "chronus", "-c", "set saw.freq 55", "--engine", own.engine]
    took = []
    for _ in range(7):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        took.append(time.perf_counter() - began)
    return Figure("chronus -c 'set ...'", statistics.median(took), "s", 0.4, "whole process, median of 7")


def first_changed_frame(settings: Settings) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        ear = Ear(Path(folder) / "heard")
        with own_engine(settings, CHRONUS_NULL_CAPTURE=str(ear.path)) as own:
            client = WireClient(own.engine)
            client.say("load square gain=0")
            took = []
            for _ in range(40):
                assert ear.quiet.wait(10)
                packet, _ = client.prepare("set square.gain 1")
                began = time.perf_counter()
                client.socket.sendall(packet)
                assert ear.loud.wait(10) and ear.first_sound
                took.append((ear.first_sound - began) * 1e3)
                client.reply()
                client.say("set square.gain 0")
    how = "40 sets; from the send to the arrival of the first changed frame at the end of the chain"
    return [
        Figure("command to first changed frame, p50", statistics.median(took), "ms", 15, how),
        Figure("command to first changed frame, worst", max(took), "ms", None, how),
    ]


def cold_start(settings: Settings) -> list[Figure]:
    took = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            ear = Ear(Path(folder) / "heard")
            began = time.perf_counter()
            with own_engine(settings, CHRONUS_NULL_CAPTURE=str(ear.path)) as own:
                WireClient(own.engine).say("load saw")
                assert ear.loud.wait(10) and ear.first_sound
                took.append(ear.first_sound - began)
    how = "no engine -> started -> `load saw` -> first frame heard, warm kernel cache, median of 3"
    return [Figure("cold start to first sound", statistics.median(took), "s", 2, how)]


def rendering() -> list[Figure]:
    from chronus.drills.bench_against import ROUNDS
    from chronus.drills.bench_against import measure as against
    from chronus.render.take import Take, play_script

    chains, speeds = against(104), []
    for _ in range(3):
        take = Take(44100, 0)
        wrong, _ = play_script(take, FOUNDING + "wait 64 bars\n", None)
        assert not wrong
        speeds.append(take.frame / take.rate / take.seconds)
    return [
        Figure("rendering the founding lines", statistics.median(speeds), "x real time", 200, "64 bars, median of 3", above=True),
        Figure(
            "104 chains of saw > filter > adsr", chains.microseconds, "us per chain and 256 frames", None,
            f"patches/bench/voices-104.chronus, limiter off, the least of {ROUNDS} rounds; {chains.ratio:.2f} yardsticks",
        ),
    ]  # fmt: skip


PARTS: tuple[Callable[[Settings], list[Figure]], ...] = (
    acknowledgements,
    first_changed_frame,
    cold_start,
    lambda _settings: rendering(),
)


def measure(settings: Settings, report: Callable[[Figure], None]) -> list[Figure]:
    figures = []
    for part in PARTS:
        for figure in part(settings):
            report(figure)
            figures.append(figure)
    return figures


def main(settings: Settings, as_json: bool) -> int:
    """Prints the figures as they come. 0 if every bar holds."""
    return told(measure(settings, lambda figure: None if as_json else figure.show()), as_json)
