"""The prompt with the small engine at its other end, for what a real one cannot be made to do; see journeys/test_prompt.py."""

import shutil
import socket

import pytest

from chronus import commands as c
from chronus.settings import Settings
from chronus.shell import greeting
from chronus.shell.attached import Attached
from chronus.shell.folding import cells, folded
from chronus.shell.prompt import caret
from tests.kit.live import until
from tests.kit.terminal import Terminal


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


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100])
def test_the_welcome_is_broken_between_words(width):
    attached = Attached(socket.socket())
    engine = {"device": "JACK Audio Connection Kit: system 日本", "rate": 44100}
    lines = greeting.found(Settings(engine="night"), attached, engine, width)
    assert " ".join(lines).split() == (
        [
            "Chronus:",
            "attached",
            "to",
            "engine",
            '"night",',
            "JACK",
            "Audio",
            "Connection",
            "Kit:",
            "system",
            "日本,",
            "44100",
            "Hz",
        ]
    )
    hint = greeting.hint(width, "Tab completes")
    assert " ".join(hint).split() == (
        [
            "load",
            "kick;",
            "seq",
            "kick:",
            "x...x...",
            "`help`",
            "tells",
            "more,",
            "Tab",
            "completes,",
            "Ctrl-D",
            "leaves",
        ]
    )
    assert all(cells(line) <= width for line in lines + hint)
    assert len(hint) == {20: 5, 40: 3, 60: 2}.get(width, 1)
    attached.close()


@pytest.mark.parametrize("width", [40, 60])
def test_a_narrow_terminal_is_welcomed_without_broken_words(home, engine, width):
    shell = Terminal(home, {"XDG_RUNTIME_DIR": str(home), "CHRONUS_HOME": str(home / "home")}, columns=width)
    try:
        shell.wait_for_prompt()
        above: list[str] = []

        def greeted() -> bool:
            rows = shell.rows()  # one look at it: between two the prompt may be drawn anew
            above[:] = rows[: rows.index("chronus>")] if "chronus>" in rows else []
            return " ".join(above).split()[-3:] == ["completes,", "Ctrl-D", "leaves"]

        until(greeted, 5, "no greeting stands above the prompt")
        assert all(len(row) <= width for row in above) and "`help` tells more, Tab completes," in " ".join(above)
    finally:
        shell.close()


def test_an_error_shows_the_line_with_a_caret_under_its_column():
    assert caret("set bas.freq 55", 4, 80) == ["  set bas.freq 55", "      ^"]
    assert caret("set é\x1b.x", 5, 80) == ["  set é.x", "       ^"]
    assert caret("日本 x", 3, 80) == ["  日本 x", "       ^"]
    assert caret("", 9, 80) == ["  ", "  ^"]


def test_of_a_long_line_the_part_around_the_caret_is_shown():
    line = "seq a: " + "x." * 500 + "?" + "x." * 500
    for width in (10, 14, 40, 80):
        shown, under = caret(line, line.index("?"), width)
        assert len(shown) <= width
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
