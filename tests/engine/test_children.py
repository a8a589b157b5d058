"""What the supervisor does to processes. How the processes fare is seen in tests/journeys and tests/faults."""

import os
import socket

import pytest

from chronus.engine.children import Children
from chronus.engine.roll import Died
from chronus.memory import layout, sheet, shelf
from chronus.settings import Settings


@pytest.fixture
def children():
    memory, paper, tables = layout.create(), sheet.create(), shelf.create()
    children = Children(Settings(device="null"), memory, paper, tables)
    yield children
    children.selector.close()
    for line in list(children.lines):
        children.cut(line)
    for descriptor in (memory, paper, tables, *children.wakes):
        os.close(descriptor)


@pytest.mark.parametrize("heard", [False, True], ids=["before its death is heard", "after it"])
def test_a_dead_forkserver_that_is_asked_owes_what_it_is_asked_for(children, heard):
    children.forkserver, gone = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    gone.close()
    if heard:
        children.forkserver.close()
    children.fork_worker(1)
    children.fork_host("candidate", None)
    children.forkserver.close()
    assert children.owed() == {"worker 1", "candidate"}
    for channel in children.hosts.values():
        channel.close()


def test_the_lifeline_of_the_dead_is_let_go_but_not_the_one_of_who_has_its_place(children):
    first = children._line("proof")
    children.pids["proof"] = 4711
    assert children.died(4711, 0) == [Died("proof", 0)] and children.lines == {}
    second = children._line("proof")
    children.ask("proof")
    assert children.died(4711, 0) == [] and list(children.lines) == ["proof"]
    for read in (first, second):
        os.close(read)


def test_whoever_is_cut_off_from_the_lifeline_reads_its_end(children):
    read = children._line("worker 0")
    os.set_blocking(read, False)
    with pytest.raises(BlockingIOError):
        os.read(read, 1)
    children.cut("worker 0")
    assert os.read(read, 1) == b"" and children.lines == {}
    os.close(read)
