"""What the supervisor makes of what it hears, where nobody is started. How it fares with processes is seen in tests/faults."""

import pytest

from chronus.engine.device import FIRST_SECONDS
from chronus.engine.pair import Replace, Retiring
from chronus.engine.roll import Died, Roll
from chronus.engine.supervision import Child
from chronus.engine.supervisor import Engine
from chronus.engine_line import Killed, Opened, Prove, Proved
from chronus.memory.layout import ACTIVE, BLOCK, BLOCK0, HEARD, LINE, PLAYING, PREFERRED, STATE0, Memory
from chronus.settings import Settings

PIDS = {"worker 0": 1 << 23, "worker 1": (1 << 23) + 1}
"""No process has such a number."""
OPENED = Opened("null", 44100, 128)


class Spared(Roll):
    """Starts and kills nobody, but says whom it would."""

    def __init__(self):
        super().__init__()
        self.killed, self.started, self.told = [], [], []

    def start_forkserver(self):
        self.started.append("forkserver")

    def fork_proof(self):
        self.ask("proof")

    def kill(self, role):
        self.killed.append(role)

    def cut(self, role): ...

    def tell_control(self, message):
        self.told.append(message)


@pytest.fixture
def children():
    return Spared()


@pytest.fixture
def engine(children):
    engine = Engine(Settings(device=None), lambda message: None, lambda: engine.time)
    engine.time = 0.0
    engine.begin(Memory(), children)
    engine.state |= {role: Child(alive=True) for role in engine.state}
    engine.memory.board[[STATE0, STATE0 + LINE]] = PLAYING
    return engine


@pytest.mark.parametrize("role", PIDS)
def test_a_death_calls_off_that_a_worker_is_replaced_while_the_other_one_plays_on(engine, children, role):
    children.pids, engine.both.retiring, engine.memory.board[PREFERRED] = dict(PIDS), Retiring(0, 0.0), 2
    engine.hear(children.died(PIDS[role], -9))
    assert engine.both.foresee(1.0, 1.0, (0, 0)) == []
    assert engine.both.retiring is None and not engine.memory.board[PREFERRED] and children.killed == []


def test_a_worker_is_replaced_only_where_the_other_one_has_the_block_that_is_due(engine, children):
    board = engine.memory.board
    board[ACTIVE], board[HEARD], board[BLOCK0 + LINE] = 0, 10 * BLOCK, 10
    for block, found in ((10, []), (11, [Replace(0)])):
        engine.both.retiring, board[BLOCK0 + LINE] = Retiring(0, 0.5), block
        assert engine.both.foresee(1.0, 1.0, (0, 0)) == found
        engine._for_both(found)
        assert engine.both.retiring is None
    assert children.killed == ["worker 0"]


def test_what_a_candidate_said_whose_forkserver_died_over_it_counts_no_more(engine, children):
    engine.device.trying_since, children.waiting, children.hosts = (
        0.0,
        {1: "candidate"},
        {"candidate": (said := object())},
    )
    engine.hear([Died("forkserver", -9)])
    engine.hear(children.host_said(said, OPENED))
    assert engine.device.ready is None and engine.device.on == "" and engine.device.trying_since is None


def test_a_candidate_for_which_there_is_no_forkserver_is_tried_again_when_there_is_one(engine, children):
    engine.device.trying_since, children.waiting = 0.0, {1: "candidate"}
    engine.state["forkserver"] = Child(due=0.0)
    engine.look(0.0)
    assert children.started == ["forkserver"] and children.waiting == {} and engine.device.trying_since is None


def test_a_trial_that_a_dead_forkserver_was_asked_for_could_not_be_made(engine, children):
    children.pids["forkserver"] = 1 << 23
    engine.hear([Prove(3)])
    assert children.told == []
    engine.hear(children.died(1 << 23, -9))
    engine.hear([Prove(4)])
    said = [message for message in children.told if isinstance(message, Proved)]
    assert said == [Proved(3, None), Proved(4, None)]


def test_what_a_host_said_that_was_replaced_since_counts_no_more(engine, children):
    replaced, children.hosts["host"] = object(), (host := object())
    engine.hear(children.host_said(replaced, OPENED))
    assert engine.device.on == "" and engine.play_by is None
    engine.hear(children.host_said(host, OPENED))
    assert engine.device.on == "null"


def test_row_35_an_hour_that_passes_while_a_host_opens_its_device_gives_nobody_up(engine, children):
    engine.device.begin(engine._awake())
    engine.state["worker 0"] = engine.state["worker 1"] = Child()
    for engine.time in (0.05, 3600.0, 3600.05):
        engine._look(engine.time)
    assert children.killed == []
    for k in range(round(FIRST_SECONDS / 0.05) + 2):
        engine.time = 3600.1 + 0.05 * k
        engine._look(engine.time)
    assert "host" in children.killed


def test_the_death_of_a_compiler_that_has_nothing_to_do_concerns_nobody(engine, children):
    before, children.pids["compiler"] = dict(engine.state), 1 << 23
    engine.hear(children.died(1 << 23, 1))
    assert engine.state == before and children.pids == {} and children.told == [] and children.killed == []


def test_who_was_killed_on_purpose_is_said_to_be_dying_before_its_death_is_answered_and_then_how_it_ended(
    engine, children
):
    children.pids, engine.time = dict(PIDS), 2.0
    engine._crash("standby")
    told, answer = children.told[-2:]
    (row,) = (row for row in told.processes if row.slot == 1)
    assert (row.state, row.died, row.pid) == ("dying", "killed on purpose", PIDS["worker 1"])
    assert answer == Killed("standby", PIDS["worker 1"])
    engine.hear(children.died(PIDS["worker 1"], -9))
    (row,) = (row for row in children.told[-1].processes if row.slot == 1)
    assert (row.state, row.died, row.pid) == ("down", "signal 9", None) and row.died_at == 2.0
