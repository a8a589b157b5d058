"""Sessions at the prompt, as sessions.txt has them: keys and pastes in tmux, in windows of several sizes, and their screens."""

import re
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.kit.live import Engine, Home, alive, until
from tests.kit.terminal import Terminal

pytestmark = [
    pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed"),
    pytest.mark.timeout(300),
]
IN_PROOF = 6
SIZE = re.compile(r"(.*) (\d+)x(\d+)")


class Session(NamedTuple):
    """`rows` are (mark, text), in order."""

    name: str
    columns: int
    lines: int
    rows: list[tuple[str, str]]


def sessions() -> list[Session]:
    found: list[Session] = []
    for line in (Path(__file__).parent / "sessions.txt").read_text().splitlines():
        if head := SIZE.fullmatch(line.removeprefix("## ")) if line.startswith("## ") else None:
            found.append(Session(head[1], int(head[2]), int(head[3]), []))
        elif line[:1] in (">", ":", '"', "|", "=", "~"):
            found[-1].rows.append((line[0], line[2:]))
    return found


SESSIONS = sessions()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return Home(tmp_path_factory.mktemp("sessions"))


@pytest.fixture(scope="module")
def engine(home):
    running = Engine(home, "--device", "null")
    pids = running.pids()
    yield running
    running.stop()
    until(lambda: not any(map(alive, pids)), 5, "a process outlived its engine")


def play(shell: Terminal, session: Session) -> None:
    pasted: list[str] = []
    for mark, text in session.rows:
        if pasted and mark != "|":
            shell.paste("\n".join(pasted))
            pasted = []
        match mark:
            case ">":
                shell.wait_for_prompt()
                shell.enter(text)
            case ":":
                shell.type(text)
            case '"':
                shell.literal(text)
            case "|":
                pasted.append(text)
            case "=":
                shell.wait_for(text)
            case "~":
                assert text not in shell.screen()
    shell.wait_for_prompt()
    rows = shell.rows()
    assert all(len(row) <= session.columns for row in rows) and len(rows) <= session.lines
    assert "Traceback" not in shell.screen()


def test_the_table_has_at_least_forty_sessions_of_all_sizes():
    sizes = {(one.columns, one.lines) for one in SESSIONS}
    assert len(SESSIONS) >= 40 and {(80, 24), (60, 20), (200, 50), (250, 60)} <= sizes
    assert len({one.name for one in SESSIONS}) == len(SESSIONS)
    assert all(any(mark == "=" for mark, _ in one.rows) for one in SESSIONS)


@pytest.mark.parametrize(
    "session",
    [
        pytest.param(one, id=one.name, marks=pytest.mark.proof if k < IN_PROOF else pytest.mark.soak)
        for k, one in enumerate(SESSIONS)
    ],
)
def test_a_session_leaves_the_screen_that_it_should(home, engine, session):
    assert home.chronus("-c", "new").returncode == 0
    (home.folder / "home" / "history").unlink(missing_ok=True)
    shell = Terminal(home.folder, home.environment, columns=session.columns, rows=session.lines)
    try:
        shell.wait_for_prompt()
        play(shell, session)
    finally:
        shell.close()
