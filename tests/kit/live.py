"""Real engines, real JACK servers, real captures for the journeys: each in folders and under names of its own, and gone afterwards."""

from __future__ import annotations

import contextlib
import io
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from unittest import mock

import numpy as np
import psutil

from chronus.__main__ import main as chronus
from tests.kit.json_schema import faults_of_a_line
from tests.kit.talk import Talker

PYTHON = sys.executable
START_SECONDS = 90


def until(condition, seconds: float = 10.0, what: str = "") -> object:
    """Asks `condition` again and again until it is true; the bound is a failure, never a result."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"did not come true in {seconds} s: {what or condition}"
        select.select([], [], [], 0.002)


class Home:
    """Folders and environment of one test: nothing of the person who runs it is read or written, but the kernel cache."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        runtime = folder / "run"
        runtime.mkdir(mode=0o700, exist_ok=True)
        clean = {k: v for k, v in os.environ.items() if not k.startswith("CHRONUS_")}
        self.environment = {
            **clean,
            "CHRONUS_HOME": str(folder / "home"),
            "XDG_RUNTIME_DIR": str(runtime),
            "CHRONUS_OSC_PORT": "0",
        }

    def chronus(
        self, *words: str, typed: str | bytes = b"", seconds: float = 60, **more: str
    ) -> subprocess.CompletedProcess:
        """Runs `chronus WORDS` with `typed` on its standard input. Its output is text."""
        given = typed.encode() if isinstance(typed, str) else typed
        done = subprocess.run(
            [PYTHON, "-m", "chronus", *words],
            input=given,
            capture_output=True,
            timeout=seconds,
            env={**self.environment, **more},
        )
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        if "--json" in words:
            _as_declared(done.stdout)
        return done

    def begin(self, *words: str, **more: str) -> subprocess.Popen:
        """Starts `chronus WORDS` and does not wait for it."""
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        command = [PYTHON, "-m", "chronus", *words]
        return subprocess.Popen(command, stdin=nothing, stdout=pipe, stderr=pipe, env={**self.environment, **more})

    def render(self, script: Path | str, *words: str) -> tuple[dict, np.ndarray]:
        """(what render says, samples (frames, 2) float32). In this process, but for modules that are not for it."""
        import soundfile

        out = self.folder / f"{Path(script).stem}-{len(list(self.folder.glob('*.wav')))}.wav"
        command = ["render", str(script), "-o", str(out), "--float", "--json", *words]
        if "CHRONUS_MODULES" in self.environment:
            done = self.chronus(*command, seconds=120)
            code, said = done.returncode, done.stdout + done.stderr
        else:
            told = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
            with mock.patch.dict(os.environ, self.environment, clear=True), contextlib.redirect_stdout(told):
                code = chronus(command)
            said = told.buffer.getvalue().decode()
        assert code == 0, said
        sound, _ = soundfile.read(out, dtype="float32", always_2d=True)
        return json.loads(said.splitlines()[-1]), sound


def _as_declared(printed: str) -> None:
    """Checks each answer of a shell against `chronus schema`; a form prints an object of its own."""
    for line in printed.splitlines():
        if line.startswith('{"v":1,') and '"findings"' not in line:
            assert not (found := faults_of_a_line(line)), (found, line)


class Engine:
    """A running engine of its own."""

    def __init__(self, home: Home, *words: str, **more: str) -> None:
        self.home = home
        read, write = os.pipe()
        self.log = open(home.folder / "engine.log", "ab")
        self.process = subprocess.Popen(
            [PYTHON, "-m", "chronus", "engine", *words, "--ready-fd", str(write)],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            pass_fds=(write,),
            start_new_session=True,
            env={**home.environment, **more},
        )
        os.close(write)
        with open(read) as told:
            for line in told:
                message = json.loads(line)
                if "ready" in message:
                    self.notes = message["notes"]
                    return
                if "error" in message:
                    raise AssertionError(f"the engine did not start: {message['error']}")
        raise AssertionError(f"the engine died at its start: {(home.folder / 'engine.log').read_text()[-2000:]}")

    def say(self, lines: str) -> None:
        """Says lines that share a moment, each of which is answered with ok, and waits for that moment: from then on others see it, too."""
        with Talker(self.home) as talker:
            talker.fine(lines)
            talker.fine("show")  # a question is answered after what the same one said

    def status(self) -> dict:
        with Talker(self.home) as talker:
            return talker.ask("status").result

    def pids(self) -> list[int]:
        root = psutil.Process(self.process.pid)
        return [root.pid, *(child.pid for child in root.children(recursive=True))]

    def worker(self, slot: int) -> int:
        return next(p["pid"] for p in self.status()["processes"] if p["role"] == "worker" and p["slot"] == slot)

    def journal(self) -> Path:
        return Path(self.status()["journal"])

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(10)
        self.log.close()
        return code


@contextlib.contextmanager
def engine(folder: Path, *words: str, **more: str) -> Iterator[Engine]:
    running = Engine(Home(folder), *words, **more)
    pids = running.pids()
    try:
        yield running
    except BaseException:
        told = [
            path.read_text(errors="replace")[-2000:]
            for path in (folder / "engine.log", *folder.glob("run/chronus/*.log"))
        ]
        print(f"the engine of this test {running.process.poll()}:", *told, sep="\n")
        raise
    finally:
        if running.process.poll() is None:
            pids = running.pids()
            running.process.kill()
            running.process.wait(10)
        until(lambda: not any(alive(pid) for pid in pids), 5, "a process outlived its engine")


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def named_memory(pids: Iterable[int]) -> set[str]:
    """The shared memories with a name that these processes have mapped or open. Others on the machine have their own."""
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            mapped = Path(f"/proc/{pid}/maps").read_text().split()
            opened = [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
            found |= {name for name in (*mapped, *opened) if name.startswith("/dev/shm/")}
    return found


def _first() -> None:
    """A sound card keeps its time on a busy machine; so does the server that stands for one, where that is allowed."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(12))


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Jack:
    """A JACK server with the dummy driver and a client that hears what goes to its loudspeakers.

    `synchronous` keeps it from skipping cycles on a busy machine. But then it waits 5 s for a client that was killed, and everybody
    with it (JackFreewheelDriver::ProcessSync): who kills clients wants it asynchronous, as it is with a sound card.
    """

    def __init__(
        self, folder: Path, name: str, rate: int = 44100, period: int = 128, synchronous: bool = True, channels: int = 2
    ) -> None:
        self.name, self.folder, self.rate = name, folder, rate
        self.environment = {"JACK_DEFAULT_SERVER": name, "JACK_NO_START_SERVER": "1", "JACK_NO_AUDIO_RESERVATION": "1"}
        self.log = open(folder / "jack.log", "ab")
        self.everything = {**os.environ, **self.environment}
        mode = ["-S"] if synchronous else []
        dummy = ["-d", "dummy", "-r", str(rate), "-p", str(period), "-P", str(channels)]
        self.command = ["jackd", "-n", name, "--no-realtime", *mode, *dummy]
        self.server = self._serve()
        self.ear: subprocess.Popen | None = None

    def _serve(self) -> subprocess.Popen:
        server = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            env=self.everything,
            preexec_fn=_first,
        )
        subprocess.run(["jack_wait", "-w", "-t", "10"], check=True, capture_output=True, env=self.everything)
        return server

    def listen(self, seconds: float = 120) -> None:
        """Starts the capture; it connects to every playing port that appears."""
        self.file = self.folder / "capture.f32"
        command = [PYTHON, "-m", "tests.kit.capture", str(self.file), str(seconds)]
        self.ear = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=self.everything,
        )
        assert self.ear.stdout and self.ear.stdout.readline() == b"listening\n"

    def heard(self) -> np.ndarray:
        """Ends the capture: (frames, 2)."""
        assert self.ear
        self.ear.send_signal(signal.SIGTERM)
        self.ear.wait(20)
        return np.fromfile(self.file, np.float32).reshape(-1, 2)

    def cables(self) -> dict[str, list[str]]:
        """Each port of the server and what it is connected to."""
        listed = subprocess.run(["jack_lsp", "-c"], capture_output=True, text=True, check=True, env=self.everything)
        found: dict[str, list[str]] = {}
        port = ""
        for line in listed.stdout.splitlines():
            if line.startswith(" "):
                found[port].append(line.strip())
            else:
                port = line.strip()
                found[port] = []
        return found

    def skips(self) -> list[tuple[int, int]]:
        """(frame of what was heard, frames that the server's clock went on there and nobody heard), once that is over."""
        lines = self.file.with_name(self.file.name + ".skips").read_text().splitlines()
        return [(int(where), int(frames)) for where, frames in map(str.split, lines)]

    def moments(self, frames: np.ndarray) -> np.ndarray:
        """When these frames of what was heard were, in seconds of the monotonic clock, once it is over.

        A sound card takes a period at the beginning of a cycle, and plays it until the next one.
        """
        cycles = np.fromfile(self.file.with_name(self.file.name + ".cycles")).reshape(-1, 2)
        found = np.searchsorted(cycles[:, 0], frames, "right") - 1
        return cycles[found, 1] + (frames - cycles[found, 0]) / self.rate

    def close(self) -> None:
        for process in (self.ear, self.server):
            if process and process.poll() is None:
                _end(process)
        if self.server.returncode < 0:
            _end(
                self._serve()
            )  # JACK knows eight servers at most, and one that was killed until another of its name ends well
        self.log.close()
        for left in Path("/dev/shm").glob(f"jack*{self.name}*"):
            left.unlink(missing_ok=True)


@contextlib.contextmanager
def jack(folder: Path, name: str, **more: int) -> Iterator[Jack]:
    server = Jack(folder, name, **more)
    try:
        yield server
    finally:
        server.close()


class Pulse:
    """A PulseAudio server of its own with a sink that nobody hears, and an ear on it; ALSA's default device leads to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "pulse"
        self.folder.mkdir(mode=0o700, exist_ok=True)
        route = self.folder / "asound.conf"
        route.write_text("</usr/share/alsa/alsa.conf>\npcm.!default { type pulse }\nctl.!default { type pulse }\n")
        self.socket = self.folder / "native"
        self.environment = {
            "PULSE_SERVER": f"unix:{self.socket}",
            "ALSA_CONFIG_PATH": str(route),
            "JACK_NO_START_SERVER": "1",
            "JACK_DEFAULT_SERVER": "nobody",
        }
        self.start()

    def start(self) -> None:
        """Starts it, also once more after its death."""
        sink = "module-null-sink sink_name=chronus rate=44100 channels=2 norewinds=1"
        door = f"module-native-protocol-unix auth-anonymous=1 socket={self.socket}"
        options = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--disallow-exit", "--use-pid-file=no"]
        home = {name: str(self.folder) for name in ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME")}
        self.log = open(self.folder / "pulse.log", "ab")
        self.server = subprocess.Popen(
            ["pulseaudio", *options, "-L", door, "-L", sink],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            env={**os.environ, **home},
            preexec_fn=_first,
        )
        everything = {**os.environ, **self.environment}
        until(lambda: not subprocess.run(["pactl", "info"], env=everything, capture_output=True).returncode, 10)

        # an ear with little latency from the start on: without one, the sink takes two seconds at a time
        self.heard = self.folder / "heard.f32"
        with open(self.heard, "wb") as heard:
            self.ear = subprocess.Popen(
                [
                    "parec",
                    "-d",
                    "chronus.monitor",
                    "--latency-msec=20",
                    "--format=float32le",
                    "--rate=44100",
                    "--channels=2",
                ],
                stdin=subprocess.DEVNULL,
                stdout=heard,
                stderr=self.log,
                env=everything,
            )

    def hears(self, seconds: float = 0.3) -> float:
        """The loudest sample of so much of what the sink plays from now on."""
        start = self.heard.stat().st_size // 8 * 8
        enough = start + round(seconds * 44100) * 8
        until(lambda: self.heard.stat().st_size >= enough, seconds + 5, "the sink plays nothing")
        with open(self.heard, "rb") as heard:
            heard.seek(start)
            return float(np.abs(np.frombuffer(heard.read(enough - start), np.float32)).max())

    def close(self) -> None:
        for process in (self.ear, self.server):
            process.kill()
            process.wait()
        self.log.close()


@contextlib.contextmanager
def pulse(folder: Path) -> Iterator[Pulse]:
    server = Pulse(folder)
    try:
        yield server
    finally:
        server.close()


def place_of(reference: np.ndarray, captured: np.ndarray) -> int:
    """The frame of `captured` at which `reference` begins: found by its first sounding frames, which must be there to the bit."""
    sounding = np.flatnonzero(np.abs(reference).sum(axis=1))
    assert sounding.size, "the reference is silent"
    first = int(sounding[0])
    needle = reference[first : first + 256].tobytes()
    at = captured.tobytes().find(needle)
    assert at >= 0 and at % 8 == 0, "the capture does not hold the beginning of the reference"
    return at // 8 - first


def lost_frames(reference: np.ndarray, captured: np.ndarray, start: int) -> int:
    """Frames of the capture that differ from the reference, from `start` on, compared bit for bit over what both have."""
    return int(_differ(reference, captured, start).sum())


def first_lost(reference: np.ndarray, captured: np.ndarray, start: int) -> int:
    """Frames from `start` to the first that differs, if any does."""
    return int(_differ(reference, captured, start).argmax())


def _differ(reference: np.ndarray, captured: np.ndarray, start: int) -> np.ndarray:
    begin = max(0, -start)
    n = min(len(reference), len(captured) - start)
    a, b = reference[begin:n], captured[start + begin : start + n]
    return (a.view(np.int32) != b.view(np.int32)).any(axis=1)
