"""Rows 23, 24, 28 to 31, 33 and 34 of the table of faults: the device, its server and its host go, hang, and come back.

How long musical time stood is read off the frame counter: by how much it has fallen behind the wall clock. What was heard is
what a client of the server heard.
"""

import itertools
import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from chronus.drills.capture import Comparison
from chronus.memory import layout
from chronus.memory.layout import Memory
from tests.faults.table import Measured, nothing_missing
from tests.kit.live import PYTHON, Engine, Jack, engine, jack, place_of, pulse, until
from tests.kit.machine import undisturbed
from tests.kit.takes import RATE, SONG, memory_of, rendered, settle, take

pytestmark = [pytest.mark.proof, pytest.mark.clock]

DRONE = "load saw; load noise gain=0.1"
OWN_FRAMES = 512
"""An asynchronous server that wakes late goes on without its clients for a period or two: so much is its own doing."""
LONG = [2, pytest.param(10, marks=pytest.mark.soak)]


class Onlooker:
    """Sees an engine's frame counter from outside, asks it through a shell, and notes when it gives notice."""

    def __init__(self, running: Engine) -> None:
        self.memory: Memory = memory_of(running)
        self.memory.board[layout.DEAF] = 0  # starting is no fault
        self.notices: list[tuple[float, str]] = []
        words = [PYTHON, "-m", "chronus", "--json"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.shell = subprocess.Popen(words, text=True, bufsize=1, env=running.home.environment, **pipes)
        self.answers: queue.Queue[dict] = queue.Queue()
        self.ear = threading.Thread(target=self._listen, daemon=True)
        self.ear.start()

    def _listen(self) -> None:
        assert self.shell.stdout
        for line in self.shell.stdout:
            answer = json.loads(line)
            if "notice" in answer:
                self.notices.append((time.monotonic(), answer["notice"]["text"]))
            else:
                self.answers.put(answer)

    def status(self) -> dict:
        assert self.shell.stdin
        self.shell.stdin.write("status\n")
        return self.answers.get(timeout=10)["result"]

    def device(self) -> str:
        return self.status()["engine"]["device"]

    def host(self) -> int:
        return next(p["pid"] for p in self.status()["processes"] if p["role"] == "host")

    def behind(self) -> float:
        """Seconds by which the frame counter is behind the wall clock, against an arbitrary zero."""
        return time.monotonic() - self.memory.word(layout.HEARD) / RATE

    def stood(self, breaking: Callable[[], object], seconds: float) -> float:
        """Breaks something, and lets so much more be played: for how long musical time stood meanwhile."""
        before = self.behind()
        breaking()
        settle(self.memory, seconds)
        return self.behind() - before

    def taken_up(self, seconds: float = 2.0) -> float:
        """Seconds until the device plays again; a little of what it plays is waited for."""
        began = time.monotonic()
        until(lambda: self.device() != "null", seconds + 3, "the device was not taken up again")
        back = time.monotonic() - began
        settle(self.memory, 0.3)
        return back

    def was_never_in_the_way(self, measured: Measured, *rows: str) -> None:
        """The supervisor heard all the time, no block was missed, and a shell got at most a notice a second."""
        deaf, counters = self.memory.word(layout.DEAF) / 1e6, self.status()["counters"]
        steps = [b[0] - a[0] for a, b in itertools.pairwise(self.notices)]
        for row in rows:
            measured(row, "supervisor busy, longest", deaf, "ms", bar=50)
            measured(row, "blocks missing", counters["missing"], bar=0)
            measured(row, "notices", len(self.notices))
        assert counters["repeated"] == counters["divergences"] == 0
        assert len(self.notices) <= 1 or min(steps) > 0.9, self.notices

    def close(self) -> None:
        assert self.shell.stdin
        self.shell.stdin.close()
        self.shell.wait(10)
        self.ear.join(10)


@pytest.fixture
def onlooker():
    """onlooker(running): one for this test."""
    there = []

    def look_on(running):
        there.append(Onlooker(running))
        return there[-1]

    yield look_on
    for one in there:
        one.close()


@pytest.fixture
def server(tmp_path):
    """Asynchronous, because clients of it are killed."""
    with jack(tmp_path, f"chronus_device_{os.getpid()}", synchronous=False) as there:
        yield there


def goes_on(captured: np.ndarray, reference: np.ndarray, frame: int) -> int:
    """The frame of the capture at which it is the reference from about `frame` on, to the bit."""
    for at in range(frame, len(reference) - 256, 64):
        found = captured.tobytes().find(reference[at : at + 256].tobytes())
        if found >= 0 and found % 8 == 0:
            return found // 8
    raise AssertionError(f"nothing of the journal is heard from frame {frame} on")


def silence(captured: np.ndarray, reference: np.ndarray) -> float:
    """Seconds of the longest silence in a sound that has none, and is to the bit the journal's before and after.

    An asynchronous server skips cycles on a busy machine, so before and after are asked for a piece each, not for all.
    """
    first = int(np.flatnonzero(np.abs(reference).sum(axis=1))[0])
    begin = goes_on(captured, reference, first)
    end = goes_on(captured, reference, len(reference) - RATE // 2)
    sounding = begin + np.flatnonzero(captured[begin:end].any(axis=1))
    return float(np.diff(sounding).max()) / RATE


def pitch(sound: np.ndarray, rate: int) -> float:
    """Hz of the strongest line, from a parabola through it and its neighbours."""
    spectrum = np.abs(np.fft.rfft(sound[:, 0] * np.hanning(len(sound))))
    k = int(spectrum.argmax())
    a, b, c = np.log(spectrum[k - 1 : k + 2])
    return (k + 0.5 * (a - c) / (a - 2 * b + c)) * rate / len(sound)


def test_row_24_a_killed_host_under_jack_is_heard_again_within_300_ms_at_the_journal_s_bits(
    tmp_path, measured, onlooker, server
):
    server.listen()
    with engine(tmp_path, "--device", "jack", **server.environment) as running:
        running.say(SONG)
        seen = onlooker(running)
        workers = [p["pid"] for p in seen.status()["processes"] if p["role"] == "worker"]
        settle(seen.memory, 0.5)
        stood = seen.stood(lambda: os.kill(seen.host(), signal.SIGKILL), 0.5)
        seen.taken_up()
        seen.was_never_in_the_way(measured, "24")
        status, journal = seen.status(), running.journal()
        assert [p["pid"] for p in status["processes"] if p["role"] == "worker"] == workers
        assert running.stop() == 0
    reference = rendered(journal, status["engine"]["frame"])
    measured("24", "silent for an ear on the server", silence(server.heard(), reference) * 1e3, "ms", bar=300)
    measured("24", "musical time stood", stood * 1e3, "ms")


def test_rows_28_33_a_killed_jack_server_is_bridged_and_taken_up_again_at_another_rate(
    tmp_path, measured, onlooker, server
):
    with engine(tmp_path, "--device", "jack", **server.environment) as running:
        running.say("load sine freq=1000")
        seen = onlooker(running)
        assert (seen.status()["engine"]["device_rate"], seen.status()["engine"]["rate"]) == (RATE, RATE)
        measured("28", "killed: musical time stood", seen.stood(server.server.kill, 0.5) * 1e3, "ms", bar=500)
        assert seen.device() == "null"
        server.server.wait()
        again = Jack(tmp_path, server.name, rate=48000)
        try:
            measured("28", "from the server's return until it plays", seen.taken_up(), "s", bar=2)
            again.listen()
            settle(seen.memory, 0.7)
            assert (seen.status()["engine"]["device_rate"], seen.status()["engine"]["rate"]) == (48000, RATE)
            assert "resampled" in running.home.chronus("-c", "status").stdout
            heard = again.heard()[-16384:]
        finally:
            again.close()
        measured("33", "1 kHz heard off by", abs(pitch(heard, 48000) - 1000), "Hz", bar=0.5)
        assert 0.05 < np.abs(heard).max() <= 1.0
        seen.was_never_in_the_way(measured, "28")


@pytest.mark.parametrize("seconds", LONG)
def test_row_28_a_stopped_jack_server_is_bridged_and_taken_up_again(tmp_path, measured, onlooker, server, seconds):
    with engine(tmp_path, "--device", "jack", **server.environment) as running:
        running.say(DRONE)
        seen = onlooker(running)
        stood = seen.stood(lambda: server.server.send_signal(signal.SIGSTOP), seconds)
        measured("28", f"stopped for {seconds} s: musical time stood", stood * 1e3, "ms", bar=500)
        assert seen.device() == "null"
        server.server.send_signal(signal.SIGCONT)
        measured("28", "from when the server goes on until it plays", seen.taken_up(), "s", bar=2)
        seen.was_never_in_the_way(measured, "28")


@pytest.mark.parametrize("seconds", LONG)
def test_rows_29_30_a_pulseaudio_server_is_killed_and_restarted_and_stopped_and_continued(
    tmp_path, measured, onlooker, seconds
):
    with pulse(tmp_path) as server, engine(tmp_path, **server.environment) as running:
        running.say(DRONE)
        seen = onlooker(running)
        seen.taken_up(8)  # the null sink takes its time, and a start does not wait for it
        assert "ALSA" in seen.device() and server.hears() > 0.05
        measured("29", "musical time stood", seen.stood(server.server.kill, 0.5) * 1e3, "ms", bar=500)
        assert seen.device() == "null"
        server.server.wait()
        server.start()
        measured("29", "from the server's return until it plays", seen.taken_up(), "s", bar=2)
        assert server.hears() > 0.05
        stood = seen.stood(lambda: server.server.send_signal(signal.SIGSTOP), seconds)
        measured("30", f"stopped for {seconds} s: musical time stood", stood * 1e3, "ms", bar=500)
        assert seen.device() == "null"
        server.server.send_signal(signal.SIGCONT)
        measured("30", "from when the server goes on until it plays", seen.taken_up(), "s", bar=2)
        assert server.hears() > 0.05
        seen.was_never_in_the_way(measured, "29", "30")


@pytest.mark.soak
def test_row_31_a_device_that_appears_after_a_start_without_one_is_taken_up(tmp_path, measured, onlooker):
    name = f"chronus_late_{os.getpid()}"
    began = time.monotonic()
    with engine(tmp_path, JACK_DEFAULT_SERVER=name, JACK_NO_START_SERVER="1") as running:
        measured("31", "an engine starts without any device in", time.monotonic() - began, "s", bar=3, soak=True)
        assert running.notes == ["no output device was found; playing on the null device, which nobody hears"]
        seen = onlooker(running)
        with jack(tmp_path, name, synchronous=False):
            measured("31", "a device that appears later is taken up after", seen.taken_up(7.0), "s", bar=7)
            assert "JACK" in seen.device()
            assert running.stop() == 0


def test_row_33_a_device_of_another_rate_and_a_long_period_at_the_start_is_resampled_for(tmp_path, measured):
    with jack(tmp_path, f"chronus_rate_{os.getpid()}", rate=48000, period=512) as server:
        server.listen()
        with engine(tmp_path, "--device", "jack", **server.environment) as running:
            running.say("load sine freq=441")
            memory = memory_of(running)
            settle(memory, 1.0)
            status = running.status()
            assert running.stop() == 0
        heard = server.heard()
    assert (status["engine"]["device_rate"], status["engine"]["rate"]) == (48000, RATE)
    nothing_missing(status["counters"])
    sounding = heard[np.flatnonzero(heard[:, 0])[0] :][4800:37568]
    measured("33", "441 Hz heard off by", abs(pitch(sounding, 48000) - 441), "Hz", bar=0.05)


def stop(pid: int, seconds: float) -> None:
    os.kill(pid, signal.SIGSTOP)
    until_then = time.monotonic() + seconds
    until(lambda: time.monotonic() >= until_then, seconds + 1)
    os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("seconds", [1.5, pytest.param(30, marks=pytest.mark.soak)])
def test_rows_23_34_a_stopped_supervisor_and_a_host_stopped_for_100_ms_lose_nothing_on_the_null_device(
    tmp_path, measured, seconds
):
    seen = {}

    def breaking(running, memory):
        os.kill(running.process.pid, signal.SIGSTOP)
        settle(memory, seconds)
        os.kill(running.process.pid, signal.SIGCONT)
        before, missing = memory.word(layout.STALLS), memory.word(layout.MISSING)
        stop(next(p["pid"] for p in running.status()["processes"] if p["role"] == "host"), 0.1)
        settle(memory, 0.3)
        seen["stalls"] = memory.word(layout.STALLS) - before
        seen["missing"] = memory.word(layout.MISSING) - missing

    done = take(tmp_path, breaking)
    measured("23", f"frames lost in {seconds:g} s on the null device", done.lost, bar=0)
    measured("34", "frames lost", done.lost, bar=0)
    measured("34", "stalls counted", seen["stalls"], bar=20)
    assert seen["stalls"] >= 1 and seen["missing"] == 0
    assert done.status["slots"]["mode"] == "duplex"
    assert sum(p["restarts"] for p in done.status["processes"]) == 0, "somebody was taken for stuck"


@pytest.mark.parametrize("seconds", [1.5, pytest.param(30, marks=pytest.mark.soak)])
def test_row_23_a_stopped_supervisor_loses_nothing_under_jack(tmp_path, measured, seconds):
    """Nobody dies, so the server can be a synchronous one, of which a capture has no holes."""

    def play(attempt):
        folder = tmp_path / f"take{attempt}"
        folder.mkdir()
        with jack(folder, f"chronus_stopped_{os.getpid()}") as server:
            server.listen(seconds + 30)
            with engine(folder, "--device", "jack", **server.environment) as running:
                running.say(SONG)
                memory = memory_of(running)
                settle(memory, 0.5)
                os.kill(running.process.pid, signal.SIGSTOP)
                settle(memory, seconds)
                os.kill(running.process.pid, signal.SIGCONT)
                settle(memory, 0.5)
                status, journal = running.status(), running.journal()
                assert running.stop() == 0
            captured = server.heard()
        reference = rendered(journal, status["engine"]["frame"])
        start = place_of(reference, captured)
        held = Comparison(captured[: start + len(reference) - RATE // 20])  # without the final fade
        held.feed(reference)
        held.end()
        return status, held

    status, held = undisturbed(play, lambda found: found[1].lost)
    assert sum(p["restarts"] for p in status["processes"]) == 0, "somebody was taken for stuck"
    assert held.compared > seconds * RATE
    measured("23", f"frames lost in {seconds:g} s under JACK", held.lost, bar=0)


@pytest.mark.soak
def test_row_34_a_host_stopped_for_100_ms_under_jack_goes_on_at_the_journal_s_bits(
    tmp_path, measured, onlooker, server
):
    """What is counted is what an ear on the server was left without, by the clock of the server.

    The stalls that the engine counts are told by the server, to every client, whosever xrun it was: an asynchronous one has some of its
    own on a busy machine, and more of them where it wakes late. They are printed beside those of as long a time before.
    """
    server.listen()
    with engine(tmp_path, "--device", "jack", **server.environment) as running:
        running.say(SONG)
        seen = onlooker(running)
        settle(seen.memory, 0.5)
        stalls, host = [seen.memory.word(layout.STALLS)], seen.host()
        seen.stood(lambda: None, 1.5)
        stalls.append(seen.memory.word(layout.STALLS))
        at = seen.memory.word(layout.HEARD)
        stood = seen.stood(lambda: stop(host, 0.1), 1.5)
        stalls.append(seen.memory.word(layout.STALLS))
        seen.was_never_in_the_way(measured, "34")
        status, journal = seen.status(), running.journal()
        assert running.stop() == 0
    reference = rendered(journal, status["engine"]["frame"])
    captured = server.heard()
    first, last = at - RATE // 2, at + RATE  # musical time
    begin, end = (goes_on(captured, reference, frame) for frame in (first, last))
    skips = [frames for where, frames in server.skips() if begin <= where < end]
    before = [frames for where, frames in server.skips() if begin - (end - begin) <= where < begin]
    long = [frames for frames in skips if frames > OWN_FRAMES]
    ours, servers = stalls[2] - stalls[1], stalls[1] - stalls[0]
    print(
        f"{ours} stalls told by the server, {servers} in as long a time before; musical time stood for {stood * 1000:.0f} ms; "
        f"the ear was left without {long} frames, and {len(skips) - len(long)} times without a period or two, {len(before)} before"
    )
    measured("34", "xruns of the host that an ear on the server noticed", len(long), bar=20)
    measured("34", "frames that it was left without", sum(long))
    off = abs(end - begin - (last - first)) / 128
    measured("34", "periods lost at an xrun", off / max(1, len(long)), bar=1)
    assert max(before, default=0) <= OWN_FRAMES, "the server stood still of its own"
    assert sum(long) >= 0.09 * RATE, "the host was not stopped"


STOOD_MS = 60
"""Musical time may stand so long while one device takes over from another: the one ends, the other has been open for a while."""


def test_another_device_takes_over_while_it_plays_and_the_journal_s_bits_go_on(tmp_path, onlooker, server):
    server.listen()
    with engine(tmp_path, "--device", "null", **server.environment) as running:
        running.say(SONG)
        seen = onlooker(running)
        moved = running.home.chronus("--json", "-c", "device jack").stdout
        assert json.loads(moved)["result"]["device"] == seen.device() == "JACK Audio Connection Kit: system"
        assert json.loads(moved)["result"]["stood_ms"] < STOOD_MS
        settle(seen.memory, 0.7)
        refused = running.home.chronus("-c", "device nowhere")
        assert refused.returncode == 1 and "E_DEVICE 1:8" in refused.stdout and "JACK Audio" in refused.stdout
        assert seen.device() == "JACK Audio Connection Kit: system"
        status = seen.status()
        back = json.loads(running.home.chronus("--json", "-c", "device null").stdout)["result"]
        assert (back["device"], back["was"]) == ("null", "JACK Audio Connection Kit: system")
        assert back["stood_ms"] < STOOD_MS and seen.device() == "null"
        counters, journal = seen.status()["counters"], running.journal()
        nothing_missing(counters)
        assert running.stop() == 0
    heard, reference = server.heard(), rendered(journal, status["engine"]["frame"])
    end = goes_on(heard, reference, len(reference) - RATE // 4)
    assert heard[end - RATE // 4 : end].any()
