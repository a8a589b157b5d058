"""The prompt as a person has it: in a terminal, with an engine that it starts and ends."""

import json
import shutil
import socket
import time

import pytest

from chronus.commands import Hello
from chronus.shell.attached import Attached
from tests.kit.live import START_SECONDS, Engine, Home, alive, until
from tests.kit.terminal import Terminal

pytestmark = [
    pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed"),
    pytest.mark.timeout(300),
]

FOUNDING = [
    ("load bass_module", "ok 1 load bass @"),
    ("set bass.freq 55", "ok 2 set bass.freq 55 Hz (was 55 Hz) @"),
    ("set bass.distortion 0.7", "ok 3 set bass.distortion 0.7 (was 0.5) @"),
    ("sequence bass: x.x.x.x.x.x.x.x.", "ok 4 sequence bass: x.x.x.x.x.x.x.x. (16 steps, from bar 1) @"),
    ("load tb303_module", "ok 5 load tb303 @"),
    ("patch tb303 > filter > delay", "ok 6 patch tb303 > filter > delay (loaded filter, delay) @"),
    ("sequence tb303: ..x...x.x.x.....x", "ok 7 sequence tb303: ..x...x.x.x.....x (17 steps, from bar "),
    ("Yo! Chronus, drop in some kick and snare for a DnB song...", "ok 8 say drop in some kick and snare"),
]


def _asked(home, *words):
    done = home.chronus(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return Home(tmp_path_factory.mktemp("prompt"))


@pytest.fixture(scope="module")
def engine(home):
    """An engine that all of these shells attach to."""
    running = Engine(home, "--device", "null")
    pids = running.pids()
    yield running
    running.stop()
    until(lambda: not any(map(alive, pids)), 5, "a process outlived its engine")


@pytest.fixture
def shell(home, engine):
    """A prompt on an empty rack."""
    assert home.chronus("-c", "new").returncode == 0
    there = Terminal(home.folder, home.environment)
    try:
        there.wait_for_prompt()
        yield there
    finally:
        there.close()


def test_from_nothing_to_the_founding_lines_and_out_again(tmp_path):
    own = Home(tmp_path)
    shell = Terminal(tmp_path, own.environment, "--device", "null")
    try:
        shell.wait_for('Chronus: started engine "default", null, 44100 Hz', START_SECONDS + 200)
        shell.wait_for_prompt()
        for line, answer in FOUNDING:
            shell.enter(line)
            shell.wait_for(answer)
            shell.wait_for_prompt()
        status = _asked(own, "status", "--json")
        assert (status["modules"], status["lanes"]) == (6, 4) and status["engine"]["playing"]
        shell.enter("quit")
        screen = shell.wait_for("left with ")
        assert screen.rstrip().endswith('ok 9 quit\n! engine: "default" has ended\nleft with 0')
        assert not any(alive(process["pid"]) for process in status["processes"])
        assert own.chronus("status").returncode == 3
    finally:
        shell.close()
        own.chronus("stop")


def test_in_a_dumb_terminal_ctrl_c_ends_a_wait_and_leaving_ends_the_engine(tmp_path):
    own = Home(tmp_path)
    shell = Terminal(tmp_path, own.environment, "--device", "null", term="dumb")
    try:
        shell.wait_for('Chronus: started engine "default", null, 44100 Hz', START_SECONDS + 200)
        shell.wait_for_prompt()
        shell.enter("load kick; seq kick: x...; wait 500 bars")
        shell.wait_for("ok 2 sequence kick: x...")
        pids = [process["pid"] for process in _asked(own, "status", "--json")["processes"]]
        shell.type("C-c")
        shell.wait_for("! cancelled: wait 500 bars")
        shell.wait_for_prompt()
        status = _asked(own, "status", "--json")
        assert [process["pid"] for process in status["processes"]] == pids and status["engine"]["playing"]
        shell.type("C-d")
        screen = shell.wait_for("left with ")
        assert screen.rstrip().endswith('! engine: "default" has ended\nleft with 0')
        assert not any(map(alive, pids))
    finally:
        shell.close()
        own.chronus("stop")


def test_tab_completes_names_parameters_and_what_has_no_choice(home, shell):
    home.chronus("-c", "load bass")
    shell.type("se", "Tab")
    shell.wait_for("sequence")  # the menu: set or sequence
    shell.type("C-c")
    shell.wait_for_prompt()
    shell.type("set bass.disto", "Tab")
    shell.wait_for("chronus> set bass.distortion")
    shell.type(" 0.25", "Enter")
    shell.wait_for("ok 1 set bass.distortion 0.25 (was 0.5)")


def test_tab_offers_the_ids_of_the_history(home, shell):
    home.chronus("-c", "load bass; set bass.freq 60")
    shell.type("undo to ")
    shell.wait_for("chronus> undo to")

    def offered():
        shell.type("Tab")  # what there is has to be asked for, and nobody waits for that
        return "set bass.freq 60" in shell.screen()

    until(offered, 5)
    shell.type("C-u", "undo to 1", "Enter")
    shell.wait_for("ok 1 undo to 1")


def test_ctrl_c_cancels_only_the_line(home, engine, shell):
    home.chronus("-c", "load bass; seq bass: x...")
    pids, before = sorted(engine.pids()), engine.status()["counters"]["switches"]
    shell.type("set bass.freq 9")
    shell.wait_for("chronus> set bass.freq 9")
    shell.type("C-c")
    shell.wait_for_prompt()
    said = engine.status()["counters"]["commands"]
    shell.enter("wait 500 bars")
    until(lambda: engine.status()["counters"]["commands"] > said, 5)
    shell.type("C-c")
    shell.wait_for("! cancelled: wait 500 bars")
    shell.wait_for_prompt()
    shell.enter("assert bass.freq == 55")
    shell.wait_for("assert bass.freq == 55")
    shell.wait_for("ok 2 ")
    status = engine.status()
    assert sorted(engine.pids()) == pids and status["counters"]["switches"] == before
    assert status["engine"]["playing"] and status["lanes"] == 1


def test_row_26_ctrl_c_just_after_enter_cancels_the_wait_and_loses_no_line(home, engine, shell, measured):
    home.chronus("-c", "load bass")
    pids, took = sorted(engine.pids()), []
    for k in range(1, 11):
        shell.type(f"set bass.freq {100 + k}; wait 500 bars", "Enter", "C-c")
        began = time.monotonic()
        shell.wait_for(f"ok {2 * k - 1} set bass.freq {100 + k} Hz")
        screen = shell.wait_for_prompt()
        took.append(time.monotonic() - began)
        assert screen.count("! cancelled: wait 500 bars") == k
    assert f"{110} Hz" in home.chronus("-c", "show bass").stdout
    assert sorted(engine.pids()) == pids
    prompt = sorted(took)[5] * 1e3
    measured("26", "until the prompt is back, median of 10 seen through tmux", prompt, "ms", bar=100, soak=True)
    measured("26", "worst", max(took) * 1e3, "ms")


def test_what_is_typed_while_a_line_runs_waits_for_the_prompt(shell):
    shell.enter("wait 500 ms")
    shell.enter("load kick")
    shell.wait_for("ok 1 wait 500 ms")
    shell.wait_for("ok 2 load kick")


def test_pasted_lines_run_as_several_commands_at_one_moment(shell):
    shell.paste("load kick\nload hat\nseq kick: x...\nseq hat: ..x.\n")
    shell.type("Enter")
    screen = shell.wait_for("ok 4 sequence hat")
    answers = [line for line in screen.splitlines() if line.startswith("ok ")]
    assert [line.split()[:3] for line in answers] == [
        ["ok", "1", "load"],
        ["ok", "2", "load"],
        ["ok", "3", "sequence"],
        ["ok", "4", "sequence"],
    ]
    assert answers[2].split("@")[1] == answers[3].split("@")[1]


def test_an_error_shows_a_caret_and_what_was_meant(shell):
    shell.enter("load bass")
    shell.wait_for("ok 1 load bass")
    shell.enter("set bas.freq 41; set bass.freq loud")
    shell.wait_for(
        'err 2 E_NAME 1:5 no module "bas" is loaded; did you mean "bass"?\n  set bas.freq 41\n      ^\n'
        "err 3 E_VALUE 1:32 freq is 20..2000 Hz, not the word loud\n  set bass.freq loud\n                ^\n"
    )
    shell.wait_for_prompt()


def test_a_crash_is_told_and_the_prompt_goes_on(engine, shell):
    shell.enter("load saw")
    shell.wait_for("ok 1 load saw")
    shell.enter("crash active")
    shell.wait_for("! failover: slot ")
    shell.enter("set saw.freq 220")
    shell.wait_for("ok 3 set saw.freq 220 Hz")
    until(lambda: engine.status()["slots"]["mode"] == "duplex", 10)


def test_leaving_an_engine_that_was_running_leaves_it_running(engine, shell):
    shell.enter("quit")
    screen = shell.wait_for("left with 0")
    assert '! engine: "default" plays on; `chronus stop` ends it' in screen
    assert engine.status()["engine"]["pid"] == engine.process.pid


def test_row_25_a_closed_window_leaves_the_music_and_a_new_shell_is_there_at_once(home, engine, shell, measured):
    home.chronus("-c", "load bass; seq bass: x...")
    before = engine.status()["counters"]["missing"]
    shell.close()
    frame = engine.status()["engine"]["frame"]
    until(lambda: engine.status()["engine"]["frame"] > frame, 5)
    there = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    began = time.monotonic()
    there.connect(str(home.folder / "run" / "chronus" / "default.sock"))
    again = Attached(there)
    welcome = again.greet(Hello())
    took = time.monotonic() - began
    again.close()
    measured("25", "attached again, without the start of a process", took * 1e3, "ms", bar=300, soak=True)
    assert welcome.rack["modules"]["bass"] == "bass"
    status = engine.status()
    assert status["lanes"] == 1 and status["counters"]["missing"] == before
