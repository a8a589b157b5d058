"""The lines between the engine's processes: what is said is heard the same, and nothing else is heard."""

import typing

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronus import engine_line
from chronus.engine_line import End, Given, Kill, Play, Prove, Remark, Serving, encode
from chronus.settings import Settings
from tests.kit.filled import filled, required

DIRECTIONS = {
    engine_line.from_control: engine_line.FromControl,
    engine_line.to_control: engine_line.ToControl,
    engine_line.from_host: engine_line.FromHost,
    engine_line.to_host: Play,
    engine_line.from_bounce: engine_line.FromBounce,
    engine_line.to_bounce: engine_line.Bounce,
    engine_line.from_listener: engine_line.FromListener,
    engine_line.to_listener: engine_line.Listen,
    engine_line.from_compiler: engine_line.FromCompiler,
    engine_line.to_compiler: engine_line.ToCompiler,
    engine_line.from_forkserver: engine_line.FromForkserver,
    engine_line.to_forkserver: engine_line.ToForkserver,
}
MESSAGES = [(lines, kind) for lines, kinds in DIRECTIONS.items() for kind in typing.get_args(kinds) or (kinds,)]


@pytest.mark.parametrize(("lines", "kind"), MESSAGES, ids=lambda one: one.__name__)
def test_every_message_comes_back_the_same(lines, kind):
    for message in (filled(kind), kind(**required(kind))):
        line = encode(message)
        assert line.count(b"\n") == 1 and line.endswith(b"\n")
        assert lines().feed(line) == [message]


def test_every_message_has_a_direction_of_its_own():
    every = {
        kind for kind in vars(engine_line).values() if isinstance(kind, type) and engine_line.Message in kind.__bases__
    }
    assert every == {kind for _, kind in MESSAGES} and len(MESSAGES) == len(every)


@pytest.mark.parametrize(("lines", "kind"), MESSAGES, ids=lambda one: one.__name__)
def test_a_message_of_another_direction_is_left_out(lines, kind):
    line = encode(filled(kind))
    assert all(other().feed(line) == [] for other in DIRECTIONS if other is not lines)


def test_what_control_is_given_comes_back_the_same():
    given = Given(3, 4, 5, 11, 6, (7, 8), Settings(device="null", rate=48000, fresh=True), 9)
    assert msgspec.json.decode(msgspec.json.encode(given), type=Given) == given


def test_lines_cut_anywhere_give_the_same_messages():
    messages = [Remark("a line\nof its own – ♪"), Serving(), Prove(3), Kill("host"), End()]
    stream = b"".join(map(encode, messages))
    for cut in range(len(stream) + 1):
        lines = engine_line.from_control()
        assert lines.feed(stream[:cut]) + lines.feed(stream[cut:]) == messages


@pytest.mark.parametrize(
    "foreign",
    [
        b"", b"ready", b"\xff\xfe", b"[]", b"{}", b"null", b"[" * 100_000, b'{"type":"Serving"', b'{"type":"Reboot"}', b'{"type":"Prove"}',
        b'{"type":"Prove","number":"3"}', b'{"type":"Prove","number":3,"also":1}', b'{"type":"Kill","what":"everybody"}', b'{"type":3}',
    ],
    ids=lambda line: repr(line[:40]),
)  # fmt: skip
def test_a_foreign_line_costs_nothing_but_itself(foreign):
    lines = engine_line.from_control()
    assert lines.feed(encode(Serving()) + foreign + b"\n" + encode(Prove(3))) == [Serving(), Prove(3)]


def test_of_a_line_that_is_too_long_nothing_is_kept():
    lines = engine_line.from_control()
    for _ in range(40):
        assert lines.feed(b"x" * (1 << 17)) == []
        assert len(lines._waiting) <= engine_line.MOST_BYTES
    assert lines.feed(encode(Serving())) == [] and lines.feed(encode(Prove(3))) == [Prove(3)]


def test_the_end_of_a_line_that_is_too_long_is_no_message():
    lines = engine_line.from_control()
    lines.feed(b" " * (engine_line.MOST_BYTES + 1))
    assert lines.feed(encode(End())) == []


@given(st.binary(max_size=200))
def test_any_bytes_are_messages_or_left_out(noise):
    lines = engine_line.from_control()
    lines.feed(noise + b"\n")
    assert lines.feed(encode(End())) == [End()]
