"""The shell of a terminal that can only print lines, with the small engine at its other end."""

import shutil

import pytest

from chronus import commands as c
from tests.kit.live import until
from tests.kit.terminal import Terminal

pytestmark = pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed")


@pytest.fixture
def places(home):
    return {"XDG_RUNTIME_DIR": str(home), "CHRONUS_HOME": str(home / "home")}


@pytest.fixture
def shell(home, engine, places):
    there = Terminal(home, places, term="dumb")
    try:
        there.wait_for_prompt()
        yield there
    finally:
        there.close()


def test_a_greeting_and_a_prompt_come_before_anything_is_typed(shell):
    assert shell.rows() == [
        'Chronus: attached to engine "default", null, 44100 Hz',
        "load kick; seq kick: x...x...   `help` tells more, Ctrl-D leaves",
        "chronus>",
    ]


def test_each_line_is_answered_and_the_prompt_comes_back(engine, shell):
    shell.enter("play; stop")
    shell.wait_for("chronus> play; stop\nok 1 play @64\nok 2 stop @128\nchronus>")
    shell.enter("")
    shell.wait_for("chronus> \nchronus>")
    shell.enter("zzz")
    shell.wait_for("chronus> \nchronus> zzz\nerr 3 E_COMMAND 1:1 ")
    shell.wait_for_prompt()
    assert ("play", "stop") in engine.submissions


def test_ctrl_c_takes_the_line_back(engine, shell):
    shell.type("set saw.freq 9")
    shell.wait_for("chronus> set saw.freq 9")
    shell.type("C-c")
    shell.wait_for("set saw.freq 9^C\nchronus>")
    shell.enter("play")
    shell.wait_for("ok 1 play")
    assert engine.texts == ["play"]


def test_ctrl_c_ends_a_wait_and_neither_the_shell_nor_the_engine(engine, shell):
    engine.held = True
    for k in range(2, 5):
        shell.enter(f"play; wait {k} bars")
        until(lambda k=k: engine.texts[-1:] == [f"wait {k} bars"])
        shell.type("C-c")
        shell.wait_for(f"! cancelled: wait {k} bars")
        shell.wait_for_prompt()
    shell.enter("stop")
    shell.wait_for("ok 7 stop")
    assert not engine.shutdowns and len(engine.hellos) == 4


def test_many_ctrl_c_do_no_harm(engine, shell):
    shell.type(*["C-c"] * 12)
    shell.enter("play")
    shell.wait_for("ok 1 play")
    shell.type(*["C-c"] * 5)
    shell.wait_for_prompt()
    shell.enter("stop")
    shell.wait_for("ok 2 stop")
    assert len(engine.hellos) == 1


def test_what_is_typed_while_a_line_runs_is_answered_after_it(engine, shell):
    engine.held = True
    shell.enter("wait 2 bars")
    until(lambda: engine.texts == ["wait 2 bars"])
    shell.type("C-c")
    shell.wait_for("! cancelled")
    shell.type("play", "Enter", "stop", "Enter")
    shell.wait_for("ok 3 stop")


def test_pasted_lines_share_a_moment_and_a_backslash_goes_on(engine, shell):
    shell.enter("play\nstop\nnew")
    shell.wait_for("ok 3 new")
    assert engine.submissions[0][0] == "play" and engine.texts == ["play", "stop", "new"]
    shell.enter("set saw.freq \\")
    shell.wait_for("...>")
    shell.enter("55")
    shell.wait_for("ok 4 set saw.freq 55")


def test_notices_stand_on_lines_of_their_own_before_a_new_prompt(engine, shell):
    engine.notice(c.Notice("failover", "slot 0 died"))
    shell.wait_for("chronus> \n! failover: slot 0 died\nchronus>")


@pytest.mark.parametrize("keys", [("C-d",), ("quit", "Enter")])
def test_leaving_leaves_an_engine_that_was_running(engine, shell, keys):
    shell.type(*keys)
    screen = shell.wait_for("left with 0")
    assert '! engine: "default" plays on; `chronus stop` ends it\nleft with 0' in screen
    assert not engine.shutdowns


def test_a_lost_engine_is_found_again_and_one_that_ended_is_told(engine, shell):
    engine.dies_at = "stop"
    shell.enter("stop")
    shell.wait_for("err 1 E_ENGINE")
    shell.enter("play")
    shell.wait_for("ok 2 play")
    engine.close()
    shell.wait_for("it has ended; the next line starts it again")
    shell.wait_for_prompt()
    shell.type("C-d")
    shell.wait_for("left with 3")


def test_the_plain_shell_in_a_terminal_neither_greets_nor_asks_and_ctrl_c_is_as_harmless(home, engine, places):
    engine.held = True
    shell = Terminal(home, places, "--plain")
    try:
        until(lambda: engine.hellos)
        shell.enter("play; wait 9 bars")
        shell.wait_for("play; wait 9 bars\nok 1 play @64")
        shell.type("C-c")
        shell.wait_for("! cancelled: wait 9 bars")
        shell.enter("stop")
        screen = shell.wait_for("ok 3 stop")
        assert "chronus>" not in screen and "Chronus:" not in screen
        assert not engine.shutdowns
    finally:
        shell.close()
