"""The engine as processes: who starts it, what it answers from outside, what survives, and that nothing is left."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from pythonosc import osc_message_builder
from pythonosc.osc_message import OscMessage

from tests.kit.live import Home, alive, engine, until
from tests.kit.machine import slowness
from tests.kit.talk import Talker


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with engine(tmp_path_factory.mktemp("engine"), "--device", "null", "--osc-port", "0") as there:
        yield there


def test_the_founding_lines_from_a_pipe_answer_five_oks_and_end_with_0(tmp_path):
    lines = (
        "load bass_module\nset bass.freq 55\nset bass.distortion 0.7\nsequence bass: x.x.x.x.x.x.x.x.\nwait 2 bars\n"
    )
    home = Home(tmp_path)
    done = home.chronus("--device", "null", typed=lines)
    assert done.returncode == 0 and done.stderr == ""
    answers = done.stdout.splitlines()
    assert [answer.split()[:2] for answer in answers] == [["ok", str(k)] for k in range(1, 6)]
    assert answers[1].startswith("ok 2 set bass.freq 55 Hz") and " @" in answers[1]
    assert not list((tmp_path / "run/chronus").glob("*.sock")), "the engine that this call started is still there"


def test_an_engine_that_was_running_goes_on(running):
    running.say("load kick; seq kick: x...")
    assert running.process.poll() is None
    assert "kick" in running.home.chronus("-c", "list").stdout


def test_thousands_of_commands_go_through_a_pipe_in_order(running):
    running.home.chronus("-c", "load saw as s")
    lines = "".join(f"set s.freq {100 + k % 900}\n" for k in range(5000))
    done = running.home.chronus(typed=lines)
    answers = done.stdout.splitlines()
    assert done.returncode == 0 and len(answers) == 5000
    assert [int(answer.split()[1]) for answer in answers] == list(range(1, 5001))


def test_status_tells_what_interface_md_says(running):
    status = running.status()
    assert set(status["engine"]) >= {
        "name", "pid", "version", "rate", "period", "lookahead", "device", "frame", "playing", "bpm", "bar", "beat", "uptime_s",
    }  # fmt: skip
    roles = sorted(p["role"] for p in status["processes"])
    assert roles == ["control", "forkserver", "host", "supervisor", "worker", "worker"]
    assert all({"slot", "pid", "state", "restarts", "cpu", "pss_mb"} <= set(p) for p in status["processes"])
    assert status["slots"]["mode"] == "duplex" and status["slots"]["active"] in (0, 1)
    assert set(status["counters"]) >= {
        "missing", "repeated", "silent", "switches", "divergences", "late", "osc_dropped", "commands",
    }  # fmt: skip
    assert {"load", "modules", "lanes", "cables", "journal"} <= set(status)


def test_each_process_says_in_ps_what_it_is(running):
    said = {}
    for process in running.status()["processes"]:
        words = Path(f"/proc/{process['pid']}/cmdline").read_bytes().rstrip(b"\0").decode()
        name = Path(f"/proc/{process['pid']}/comm").read_text().strip()
        said[process["role"], process["slot"]] = words, name
    assert " engine " in said.pop(("supervisor", None))[0].replace("\0", " ")
    assert said == {
        ("control", None): ("chronus control", "chronus-control"),
        ("forkserver", None): ("chronus forkserver", "chronus-forkser"),
        ("host", None): ("chronus host", "chronus-host"),
        ("worker", 0): ("chronus worker 0", "chronus-worker0"),
        ("worker", 1): ("chronus worker 1", "chronus-worker1"),
    }


def test_status_stop_and_journal_never_start_an_engine(tmp_path):
    home = Home(tmp_path)
    for form in ("status", "stop", "journal"):
        assert home.chronus(form).returncode == 3
    assert not list(tmp_path.glob("run/chronus/*.sock"))


def test_a_device_that_is_not_there_is_refused_with_exit_4_and_a_list(tmp_path):
    done = Home(tmp_path).chronus("--device", "no such thing", "-c", "list")
    assert done.returncode == 4 and "null" in done.stderr + done.stdout


def test_without_a_device_it_plays_on_the_null_device_and_says_so(tmp_path):
    """This machine has no sound card; a JACK server is not running under this name."""
    home = Home(tmp_path)
    done = home.chronus("-c", "load kick", JACK_DEFAULT_SERVER="nobody", JACK_NO_START_SERVER="1")
    assert done.returncode == 0
    assert "null device" in done.stderr + done.stdout


def test_osc_plays_and_answers(tmp_path):
    with engine(tmp_path, "--device", "null", "--osc-port", "5905") as there:
        port = there.status()["engine"].get("osc_port", 5905)
        there.home.chronus("-c", "load sine; load adsr; load filter; patch sine > adsr > filter")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.bind(("127.0.0.1", 0))
            client.settimeout(5)

            def send(address, *arguments):
                builder = osc_message_builder.OscMessageBuilder(address)
                for argument in arguments:
                    builder.add_arg(argument)
                client.sendto(builder.build().dgram, ("127.0.0.1", port))

            send("/mod/filter/cutoff", 800.0)
            send("/gate/adsr", 1)
            send("/note/sine", 69, 0.9, 1.0)
            client.sendto(b"\x00" * 7, ("127.0.0.1", port))

            def cutoff():
                send("/get/filter/cutoff")
                return OscMessage(client.recv(4096)).params[0]

            until(lambda: abs(cutoff() - 800) < 0.01, 5)
        shown = there.home.chronus("-c", "show adsr").stdout + there.home.chronus("-c", "show filter").stdout
        assert "800" in shown
        assert there.status()["counters"]["osc_dropped"] == 1


@pytest.mark.proof
def test_sigterm_ends_it_cleanly_and_the_next_one_is_empty(tmp_path):
    with engine(tmp_path, "--device", "null") as there:
        there.home.chronus("-c", "load kick; seq kick: x...")
        pids = there.pids()
        assert there.stop() == 0
        until(lambda: not any(map(alive, pids)), 1)
    done = Home(tmp_path).chronus("--device", "null", "-c", "list modules")
    assert "kick" not in done.stdout


@pytest.mark.proof
def test_row_22_nothing_outlives_the_supervisor_by_a_second_and_nothing_acknowledged_is_lost(tmp_path, measured):
    """It dies while commands are on their way, one after another as fast as they are answered."""
    heard = tmp_path / "heard.f32"
    acknowledged = 0
    with engine(tmp_path, "--device", "null") as there, Talker(there.home) as line:
        there.say("bpm 174; load kick decay=222; seq kick: x...x...; load bass")
        pids = there.pids()
        assert len(pids) >= 6
        killer = threading.Timer(0.4, os.kill, (there.process.pid, signal.SIGKILL))
        killer.start()
        with contextlib.suppress(OSError):
            while line.ask(f"set bass.cutoff {100 + acknowledged % 800}").ok:
                acknowledged += 1
        there.process.wait()
        began = time.monotonic()
        until(lambda: not any(map(alive, pids)), 2.0, "a process outlived its engine")
        measured("22", "the last process ended after", (time.monotonic() - began) * 1e3, "ms", bar=1000, soak=True)
    home = Home(tmp_path)
    slow, began = slowness(), time.monotonic()
    shell = home.begin(
        "--keep", "--device", "null", "-c", "show kick; show bass; history 1; sync", CHRONUS_NULL_CAPTURE=str(heard)
    )
    until(lambda: sounds(heard), 10, "no sound from the next shell's engine")
    took = time.monotonic() - began
    slow = max(slow, slowness())
    said, complaint = (text.decode() for text in shell.communicate(timeout=20))
    assert home.chronus("stop").returncode == 0
    assert shell.returncode == 0, said + complaint
    assert "222" in said and "x...x..." in said and "recovered" in said + complaint
    cutoff = float(re.search(r"cutoff ([\d.]+) Hz", said)[1])
    # the one that was on its way when it died may have been done, too
    lost = cutoff not in (100 + (acknowledged - 1) % 800, 100 + acknowledged % 800)
    last = re.search(r"^ *(\d+) .*set bass\.cutoff", said, re.MULTILINE)
    assert last and int(last[1]) - 4 in (acknowledged, acknowledged + 1), "the history lacks a step"
    assert acknowledged > 50
    measured("22", "commands acknowledged", acknowledged)
    measured("22", "of them lost", int(lost), bar=0)
    print(
        f"from the start of the next shell to sound {took:.2f} s, on a machine that is {slow:.2f} times slower than it may be"
    )
    measured("22", "from the start of the next shell to sound", took / slow * 1e3, "ms", bar=2000, soak=True)


def sounds(heard: Path) -> bool:
    return heard.exists() and heard.read_bytes().strip(b"\0") != b""


@pytest.mark.proof
def test_two_engines_can_run_and_one_name_belongs_to_one(tmp_path):
    with engine(tmp_path, "--device", "null") as there:
        second = subprocess.run(
            [sys.executable, "-m", "chronus", "engine", "--device", "null"],
            env=there.home.environment,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert second.returncode != 0 and "default" in second.stdout + second.stderr
        other = there.home.chronus("--engine", "other", "--device", "null", "-c", "load hat; list")
        assert other.returncode == 0 and "hat" in other.stdout
        assert "hat" not in there.home.chronus("-c", "list").stdout


def test_json_answers_are_one_object_a_line(running):
    done = running.home.chronus("--json", "-c", "load hat; set hat.nope 1")
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert done.returncode == 1
    assert first["v"] == 1 and first["ok"] is True and first["id"] == 1 and isinstance(first["frame"], int)
    assert second["ok"] is False and second["error"]["code"] == "E_PARAM" and second["error"]["column"] == 19


@pytest.mark.proof
def test_no_descriptor_or_thread_is_left_by_clients(running):
    control = next(p["pid"] for p in running.status()["processes"] if p["role"] == "control")
    process = psutil.Process(control)
    before = process.num_fds(), process.num_threads()
    for _ in range(10):
        running.home.chronus("-c", "sync")
    # one that has just gone may still be counted before
    until(lambda: process.num_fds() <= before[0] and process.num_threads() <= before[1], 5)
