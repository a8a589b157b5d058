"""The prompt with the small engine at its other end, for what a real one cannot be made to do; see journeys/test_prompt.py."""

import shutil

import pytest

from chronus import commands as c
from chronus.text.folding import folded
from chronus.text.prompt import caret
from tests.live import until
from tests.terminal import Terminal


@pytest.fixture
def shell(home, engine):
    if not shutil.which("tmux"):
        pytest.skip("tmux is not installed")
    shell = Terminal(home, {"XDG_RUNTIME_DIR": str(home), "CHRONUS_HOME": str(home / "home")})
    try:
        shell.wait_for_prompt()
        yield shell
    finally:
        shell.close()


def test_what_is_too_wide_is_broken_between_words():
    assert folded("ok 1 load bass @64", 80, 5) == ["ok 1 load bass @64"]
    assert folded("ok 7 seq a: x... (4 steps); realigns after 17 bars", 30, 5) == [
        "ok 7 seq a: x... (4 steps);",
        "     realigns after 17 bars",
    ]
    saying = "  accent  0..1  (0.7)  what an accented note adds: level, sweep, and more"
    assert folded(saying, 60) == [
        "  accent  0..1  (0.7)  what an accented note adds: level,",
        "                       sweep, and more",
    ]
    assert folded("  mute   the lane falls silent", 24) == ["  mute   the lane falls", "         silent"]
    assert folded("x" * 25, 10, 5) == ["x" * 10, *["     " + "x" * 5] * 3]
    assert all(folded("ab cd" * 9, width, 5) for width in range(1, 12))


def test_an_error_shows_the_line_with_a_caret_under_its_column():
    assert caret("set bas.freq 55", 4, 80) == ["  set bas.freq 55", "      ^"]
    assert caret("set é\x1b.x", 5, 80) == ["  set é.x", "       ^"]
    assert caret("日本 x", 3, 80) == ["  日本 x", "       ^"]
    assert caret("", 9, 80) == ["  ", "  ^"]


def test_of_a_long_line_the_part_around_the_caret_is_shown():
    line = "seq a: " + "x." * 500 + "?" + "x." * 500
    shown, under = caret(line, line.index("?"), 80)
    assert len(shown) <= 80
    assert shown[len(under) - 1] == "?"


def test_pasted_lines_are_one_submission(engine, shell):
    shell.paste("play\nstop\nnew")
    shell.wait_for("new")
    shell.type("Enter")
    shell.wait_for("ok 3 new")
    assert ("play", "stop", "new") in engine.submissions


def test_ctrl_c_cancels_the_line_and_a_wait_but_not_the_shell(engine, shell):
    engine.held = True
    shell.type("unfinished", "C-c")
    shell.type("wait 99 bars", "Enter")
    until(lambda: "wait 99 bars" in engine.texts)
    shell.type("C-c")
    shell.wait_for("! cancelled: wait 99 bars")
    shell.type("play", "Enter")
    shell.wait_for("ok 2 play")
    assert len(engine.hellos) == 2


def test_notices_are_shown_while_a_line_is_typed(engine, shell):
    shell.type("set bass.")
    engine.notice(c.Notice("failover", "slot 0 died"))
    shell.wait_for("! failover: slot 0 died\nchronus> set bass.")


def test_ctrl_d_leaves_and_an_engine_that_was_running_goes_on(engine, shell):
    shell.type("C-d")
    shell.wait_for('"default" plays on')
    shell.wait_for("left with 0")
    assert not engine.shutdowns


def test_a_lost_engine_is_found_again(engine, shell):
    engine.dies_at = "stop"
    shell.type("stop", "Enter")
    shell.wait_for("err 1 E_ENGINE")
    shell.type("play", "Enter")
    shell.wait_for("ok 2 play")


def test_an_engine_that_was_ended_is_not_started_again_unasked(engine, shell):
    engine.close()
    shell.wait_for("it has ended; the next line starts it again")
    shell.type("C-d")
    shell.wait_for("left with 3")


def test_history_is_kept_where_the_users_files_are(home, shell):
    shell.type("play", "Enter")
    shell.wait_for("ok 1")
    assert "+play" in (home / "home" / "history").read_text()
