"""What the supervisor makes of what it hears, where nobody is started. How it fares with processes is seen in tests/faults."""

import pytest

from chronus.engine.device import FIRST_SECONDS
from chronus.engine.supervision import Child
from chronus.engine.supervisor import Engine
from chronus.memory.layout import ACTIVE, BLOCK, BLOCK0, HEARD, LINE, PLAYING, PREFERRED, STATE0, Memory
from chronus.settings import Settings

PIDS = {"worker 0": 1 << 23, "worker 1": (1 << 23) + 1}
"""No process has such a number."""
OPENED = {"device": "null", "rate": 44100, "at_once": 128}


class Deed(Engine):
    """Kills nobody, but says whom it would."""

    def __init__(self, device=None):
        super().__init__(Settings(device=device), lambda message: None, lambda: self.time)
        self.time, self.killed, self.memory = 0.0, [], Memory()
        self.state |= {role: Child(alive=True) for role in self.state}
        self.memory.board[[STATE0, STATE0 + LINE]] = PLAYING

    def _kill(self, role):
        self.killed.append(role)


@pytest.fixture
def engine():
    return Deed()


@pytest.mark.parametrize("role", PIDS)
def test_a_death_calls_off_that_a_worker_is_replaced_while_the_other_one_plays_on(engine, role):
    engine.pids, engine.retiring, engine.memory.board[PREFERRED] = dict(PIDS), 0, 2
    engine._is_dead(PIDS[role], -9)
    engine._foresee(1.0)
    assert engine.retiring is None and not engine.memory.board[PREFERRED] and engine.killed == []


def test_a_worker_is_replaced_only_where_the_other_one_has_the_block_that_is_due(engine):
    board = engine.memory.board
    board[ACTIVE], board[HEARD], board[BLOCK0 + LINE] = 0, 10 * BLOCK, 10
    for block, killed in ((10, []), (11, ["worker 0"])):
        engine.retiring, engine.retire_by, board[BLOCK0 + LINE] = 0, 0.5, block
        engine._foresee(1.0)
        assert engine.killed == killed and engine.retiring is None


def test_what_a_candidate_said_whose_forkserver_died_over_it_counts_no_more(engine):
    engine.device.trying_since, engine.waiting, engine.candidate_channel = 0.0, {1: "candidate"}, (said := object())
    engine._ask_again()
    engine._host_says(said, OPENED)
    assert engine.device.ready is None and engine.device.on == "" and engine.device.trying_since is None


def test_what_a_host_said_that_was_replaced_since_counts_no_more(engine):
    engine.host_channel = object()
    engine._host_says(object(), OPENED)
    assert engine.device.on == "" and engine.play_by is None
    engine._host_says(engine.host_channel, OPENED)
    assert engine.device.on == "null"


def test_row_35_an_hour_that_passes_while_a_host_opens_its_device_gives_nobody_up(engine):
    engine.device.begin(engine._awake())
    engine.state["worker 0"] = engine.state["worker 1"] = Child()
    for engine.time in (0.05, 3600.0, 3600.05):
        engine._look(engine.time)
    assert engine.killed == []
    for k in range(round(FIRST_SECONDS / 0.05) + 2):
        engine.time = 3600.1 + 0.05 * k
        engine._look(engine.time)
    assert "host" in engine.killed
