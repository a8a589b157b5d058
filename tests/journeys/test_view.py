"""`chronus view` beside a prompt, in a terminal: it moves with the music, survives the engine, and leaves nothing behind."""

import os
import re
import shutil
import signal
import subprocess
import time

import psutil
import pytest

from tests.kit.live import Engine, Home, until
from tests.kit.terminal import Terminal

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed"),
    pytest.mark.timeout(300),
]
MUSIC = "load kick; load hat; seq kick: x...x...x...x...; seq hat: ..x...x...x...x."


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return Home(tmp_path_factory.mktemp("view"))


@pytest.fixture(scope="module")
def engine(home):
    running = Engine(home, "--device", "null")
    running.say(MUSIC)
    yield running
    if running.process.poll() is None:
        running.stop()


def viewer(folder, environment, *words, **size):
    return Terminal(folder, environment, "view", *words, **size)


def process(folder):
    """The view that runs in the terminal of a folder."""
    (pane,) = [p for p in psutil.process_iter(["cmdline", "environ"]) if _is_view(p, folder)]
    return pane


def _is_view(process, folder):
    words = process.info["cmdline"] or []
    own = (process.info["environ"] or {}).get("CHRONUS_HOME", "")
    return words[1:4] == ["-m", "chronus", "view"] and own == str(folder / "home")


def fills(rows, count):
    return len(rows) == count and rows[0].startswith("default") and rows[-1].startswith("q leaves")


def moves(terminal):
    """Whether the place in the music goes on."""
    places = {re.search(r"bar (\d+\.\d)", row)[1] for row in terminal.rows()[:1] if "bar " in row}
    until(lambda: not places >= {m[1] for row in terminal.rows()[:1] if (m := re.search(r"bar (\d+\.\d)", row))}, 5)


def test_it_shows_what_plays_fits_every_size_and_leaves_nothing(home, engine):
    there = viewer(home.folder, home.environment, rows=24, columns=80)
    try:
        there.wait_for("duplex")
        screen = there.wait_for("/16")
        assert "left " in screen and "kick" in screen and "hat" in screen
        moves(there)
        for columns, rows in ((60, 20), (200, 50), (100, 30)):
            there.resize(columns, rows)
            until(lambda rows=rows: fills(there.rows(), rows), 5, f"{columns}x{rows}")
        there.type("q")
        assert there.wait_for("left with 0").split() == ["left", "with", "0"]
        there.type("x")
        assert "x" in there.wait_for("x")
    finally:
        there.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_ends_it_and_nothing_is_left_on_the_screen(home, engine, number):
    there = viewer(home.folder, home.environment)
    try:
        there.wait_for("duplex")
        os.kill(process(home.folder).pid, number)
        assert there.wait_for("left with 0").split() == ["left", "with", "0"]
    finally:
        there.close()


def test_it_ends_with_its_pane(home, engine):
    there = viewer(home.folder, home.environment)
    there.wait_for("duplex")
    own = process(home.folder)
    there.close()
    own.wait(5)


def test_without_a_terminal_it_is_one_page_of_text(home, engine):
    done = home.chronus("view")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout and done.stdout.isascii()
    lines = done.stdout.splitlines()
    assert lines[1].startswith("duplex  0 frames lost") and any(line.startswith("kick ") for line in lines)
    assert max(map(len, lines)) <= 78
    there = viewer(home.folder, home.environment, term="dumb")
    try:
        assert "duplex" in there.wait_for("left with 0")
    finally:
        there.close()


def test_it_waits_for_an_engine_shows_it_and_waits_for_the_next_one(tmp_path):
    own = Home(tmp_path)
    assert own.chronus("view", "--once").returncode == 3
    there = viewer(tmp_path, own.environment)
    try:
        there.wait_for('no engine named "default" is running; waiting for one')
        running = Engine(own, "--device", "null")
        running.say(MUSIC)
        there.wait_for("duplex", 20)
        moves(there)
        running.stop()
        there.wait_for("waiting for one", 20)
        there.type("q")
        there.wait_for("left with 0")
    finally:
        there.close()


@pytest.mark.soak
def test_beside_a_prompt_for_a_minute_it_takes_3_percent_of_a_core_and_no_frame(home, engine):
    there = viewer(home.folder, home.environment, rows=50, columns=200)
    try:
        there.wait_for("duplex")
        own, before = process(home.folder), engine.status()["counters"]
        begun, used = time.monotonic(), sum(own.cpu_times()[:2])
        for k in range(30):
            assert (
                home.chronus("-c", f"set kick.level -{k % 6}db; seq hat: ..x...x...x...{'xo'[k % 2]}.").returncode == 0
            )
        subprocess.run(["sleep", str(max(60 - (time.monotonic() - begun), 0))], check=True)
        share = (sum(own.cpu_times()[:2]) - used) / (time.monotonic() - begun)
        after = engine.status()["counters"]
        assert share <= 0.03, f"{share:.1%} of a core"
        assert (after["silent"], after["missing"]) == (before["silent"], before["missing"])
        there.type("q")
        assert there.wait_for("left with 0").split() == ["left", "with", "0"]
    finally:
        there.close()
