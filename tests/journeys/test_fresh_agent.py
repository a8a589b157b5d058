"""The tasks of an agent that has read `chronus guide` and nothing else, as it would do them: few commands, and little to read.

All of them play on one engine, as one agent does them one after another. What it reads is every line that is printed.
"""

from __future__ import annotations

import pytest

from chronus.command_line.guide import tokens
from tests.kit.live import Home, engine

pytestmark = [pytest.mark.proof, pytest.mark.timeout(120)]

MOST_COMMANDS = 20
MOST_TOKENS = 2000


class Agent:
    """Types lines with `-c`, reads the answers, and counts both."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.begin()

    def begin(self) -> None:
        self.commands = self.read = 0

    def does(self, *lines: str) -> str:
        """Returns what it reads; a refusal is a fault of the guide."""
        done = self.home.chronus("--as", "agent", "-c", "; ".join(lines))
        self.commands += sum(len(line.split(";")) for line in lines)
        self.read += tokens(done.stdout + done.stderr)
        assert done.returncode == 0, done.stdout + done.stderr
        assert self.commands <= MOST_COMMANDS and self.read <= MOST_TOKENS, (self.commands, self.read)
        return done.stdout


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    with engine(tmp_path_factory.mktemp("agent"), "--device", "null") as running:
        yield Agent(running.home)


@pytest.fixture(autouse=True)
def afresh(agent):
    agent.begin()


def test_it_makes_a_beat(agent):
    agent.does(
        "bpm 300", "load kick; load snare; load hat", "seq kick: X.........x.....", "seq snare: ....X.......X..."
    )
    agent.does("seq hat: x.x.x.x.x.x.x.x. vel=0.6", "load bass", "seq bass: a1 . . a1 . . g1 .")
    read = agent.does("wait 1 bar", "show lanes", "status")
    assert "kick  X.........x....." in read and "bass" in read
    assert "all well: duplex" in read


def test_it_changes_it(agent):
    read = agent.does(
        "set bass.cutoff 900, kick.level -3db", "seq hat: x.xxx.x. swing=58 now", "vary snare 0.3 now", "show bass"
    )
    assert "cutoff 900 Hz" in read and "seq" in read
    agent.does("assert bass.cutoff == 900", "assert kick.level == -3db")


def test_it_finds_out_what_is_pending(agent):
    read = agent.does("mute hat at bar 4000", "set bass.cutoff 300..2k over 64 bars", "show bass", "list")
    assert "% done" in read and "to go" in read
    agent.does("undo 2")


def test_it_goes_to_half_time_in_4_bars_and_back(agent):
    read = agent.does("halftime in 4 bars for 2 bars")
    assert "from bar" in read or "at bar" in read, read
    agent.does("wait 5 bars", "show")
    read = agent.does("wait 3 bars", "show")
    assert "pace half" not in read


def test_it_keeps_8_bars(agent):
    read = agent.does("keep 8 bars best", "status")
    assert "best.wav" in read and "8 bars" in read
    assert list(agent.home.folder.glob("home/recordings/best.wav"))


def test_it_goes_back_to_how_it_was_8_bars_ago(agent):
    agent.does("assert bass.cutoff == 900", "set bass.cutoff 1500", "unload snare")
    read = agent.does("history 4", "back 8 bars", "list")
    assert "snare" in read.splitlines()[-1] or "snare:" in read
    agent.does("assert bass.cutoff == 900")


def test_it_says_truthfully_whether_all_is_well_after_a_crash(agent):
    agent.does("status")
    read = agent.does("crash active", "status")
    verdict = next(line.strip() for line in read.splitlines() if line.startswith("  "))
    gone = verdict.startswith("slot ") and "died" in verdict and "is coming back" in verdict
    back = verdict.startswith("all well: duplex") and "died" in verdict and "is back" in verdict
    assert gone or back, verdict
    read = agent.does("wait 2 bars", "status")
    assert "  all well: duplex, nothing lost since you asked" in read and "died" in read
