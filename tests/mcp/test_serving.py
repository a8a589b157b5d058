"""The process of `chronus mcp`, without an engine: what it writes on standard output, how it begins and how it ends."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import signal
import subprocess
import sys
import termios
import time

import pytest

from chronus import settings
from chronus.__main__ import main
from chronus.command_line import forms
from chronus.mcp import configuring
from chronus.settings import Settings
from tests.kit.live import PYTHON, Home, until

GREETING = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "2025-11-25"}}
FIRST_SECONDS = 0.150


def message(id, method, **params):
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


def begin(home, *command, **more):
    """Starts the server, or another program in its place; `home` ends what is left of it."""
    pipe = subprocess.PIPE
    command = command or ("-m", "chronus", "mcp")
    there = subprocess.Popen([PYTHON, *command], stdin=pipe, stdout=pipe, stderr=pipe, env={**home.environment, **more})
    home.begun.append(there)
    return there


@pytest.fixture
def home(tmp_path):
    there = Home(tmp_path)
    there.begun = []
    yield there
    for process in there.begun:
        process.kill()
        process.wait()


def test_hostile_lines_are_answered_and_what_follows_them_too(home):
    there = begin(home)
    asked = [b"half", b"[]", b"x" * (10 << 20), b'{"jsonrpc":"2.0","id":NaN}', b"", json.dumps(GREETING).encode()]
    asked += [json.dumps(message("last", "tools/call", name="look", arguments={"what": "x"})).encode()]
    out, err = there.communicate(b"\n".join(asked), timeout=60)  # the last line has no newline
    told = [json.loads(line) for line in out.splitlines()]
    assert [one.get("error", {}).get("code") for one in told] == [-32700, -32600, -32600, -32700, None, None]
    assert (
        told[-1]["id"] == "last"
        and told[-1]["result"]["isError"]
        and "E_VALUE" in told[-1]["result"]["content"][0]["text"]
    )
    assert there.returncode == 0 and err == b""
    assert not list((home.folder / "run").rglob("*.sock")), "no engine was needed"


NOISY = """
import os, subprocess, sys
from chronus.mcp import performing, serving
from chronus.settings import Settings

def noise(self, name):
    print("a library speaks", flush=True)
    os.write(1, b"so does C\\n")
    subprocess.run(["echo", "and a child"])
    if name == "journal":
        open(sys.argv[1]).read()
    return sys.stdin.read() + subprocess.run(["cat"], capture_output=True, text=True).stdout + "silence"

performing.Performer._text_of = noise
sys.exit(serving.main(Settings()))
"""


def test_nothing_but_messages_goes_to_standard_output_whatever_prints(home):
    """And a call that is cancelled while it waits for its turn is not performed, and not answered."""
    held = home.folder / "held"
    os.mkfifo(held)
    there = begin(home, "-c", NOISY, str(held))

    def say(*messages):
        there.stdin.write("".join(json.dumps(one) + "\n" for one in messages).encode())
        there.stdin.flush()

    say(
        GREETING,
        *(message(name, "resources/read", uri=f"chronus://{name}") for name in ("guide", "journal", "catalogue")),
    )
    say(
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "catalogue"}},
        message("ping", "ping"),
    )
    told = [json.loads(there.stdout.readline()) for _ in range(3)]
    assert {one["id"] for one in told} == {0, "guide", "ping"}
    held.write_text("go on")
    out, err = there.communicate(
        json.dumps(message("session", "resources/read", uri="chronus://session")).encode(), timeout=60
    )
    told += [json.loads(line) for line in out.splitlines()]
    assert [one["id"] for one in told[3:]] == ["journal", "session"]
    assert [one["result"]["contents"][0]["text"] for one in told if "contents" in one["result"]] == ["silence"] * 3
    assert err.decode() == "a library speaks\nso does C\nand a child\n" * 3 and there.returncode == 0


def test_more_calls_than_may_wait_are_all_answered_in_their_order(home):
    there = begin(home)
    asked = [GREETING, *(message(k, "tools/call", name="why", arguments={"name": ";"}) for k in range(1, 1001))]
    out, _ = there.communicate("".join(json.dumps(one) + "\n" for one in asked).encode(), timeout=60)
    assert [json.loads(line)["id"] for line in out.splitlines()] == list(range(1001))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it(home, number, code):
    there = begin(home)
    there.stdin.write((json.dumps(GREETING) + "\n").encode())
    there.stdin.flush()
    assert json.loads(there.stdout.readline())["id"] == 0
    there.send_signal(number)
    there.send_signal(number)  # a second one changes nothing
    assert there.wait(30) == code and there.communicate() == (b"", b"")


def test_a_signal_ends_it_though_nobody_reads_what_it_writes(home):
    there = begin(home)
    there.stdin.write("".join(json.dumps(one) + "\n" for one in [GREETING, *[message(1, "tools/list")] * 40]).encode())
    there.stdin.flush()
    until(lambda: unread(there.stdout) > 40_000, 30, "its pipe is full: 16 pages, not all of them whole")
    there.send_signal(signal.SIGTERM)
    assert there.wait(30) == 143
    there.communicate()


def unread(pipe) -> int:
    """Bytes."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_a_client_that_reads_no_more_is_the_end(home):
    there = begin(home)
    there.stdout.close()
    there.stdin.write((json.dumps(GREETING) + "\n").encode())
    there.stdin.flush()
    assert there.wait(10) == 0
    there.stdin.close()
    there.stderr.close()


@pytest.mark.soak
def test_the_first_answer_comes_soon(home):
    """A bar in wall-clock time, of a machine that does nothing else: the best of five."""
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        there = begin(home)
        there.stdin.write((json.dumps(GREETING) + "\n").encode())
        there.stdin.flush()
        there.stdout.readline()
        taken.append(time.perf_counter() - began)
        there.communicate()
    assert min(taken) <= FIRST_SECONDS, taken


# ---------------------------------------------------------------- --config


def test_what_config_prints_starts_this_server_with_the_same_settings():
    told = Settings(engine="live", device="null", rate=48000, author="claude", keep=True)
    server = configuring.plain(told)["mcpServers"]["chronus"]
    assert os.path.isabs(server["command"])
    words = server["args"][server["args"].index("mcp") :]
    assert settings.read(vars(forms.read(words, forms.parser()).arguments), {}) == told
    page = configuring.page(told)
    assert f"-- {shlex.join([server['command'], *server['args']])}\n" in page and "\nclaude mcp add chronus " in page
    for name in ("Claude Code", "Claude Desktop", "VS Code", "Cursor", "Codex"):
        assert name in page


def test_config_ends_at_once(home):
    done = home.chronus("mcp", "--config")
    assert done.returncode == 0 and done.stderr == "" and "mcpServers" in done.stdout


def test_what_it_says_of_the_environment_is_what_leads_to_this_engine(home, monkeypatch, capsys):
    for name in configuring.ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    for name in ("CHRONUS_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, home.environment[name])
    assert main(["mcp", "--config", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["mcpServers"]["chronus"]
    assert {name: told["env"][name] for name in told["env"].keys() & configuring.ENVIRONMENT} == {
        name: home.environment[name] for name in ("CHRONUS_HOME", "XDG_RUNTIME_DIR")
    }
