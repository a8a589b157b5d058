"""The wire: whatever is encoded comes back the same, and nothing else gets in."""

import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronus import commands, wire
from chronus.errors import ChronusError
from tests.kit.filled import filled, required

COMMANDS = typing.get_args(commands.AnyCommand)


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__)
def test_every_command_comes_back_the_same(kind):
    message = commands.Submission((1, 2), ("a", "b"), (filled(kind), kind(**required(kind))))
    assert wire.from_client().feed(wire.encode(message)) == [message]


@pytest.mark.parametrize("value", typing.get_args(commands.Value), ids=lambda kind: kind.__name__)
def test_every_kind_of_value_comes_back_the_same(value):
    message = commands.Submission((1,), ("a",), (commands.Set(changes=(commands.Change("m", "p", filled(value)),)),))
    assert wire.from_client().feed(wire.encode(message)) == [message]


@pytest.mark.parametrize("kind", typing.get_args(commands.FromClient), ids=lambda kind: kind.__name__)
def test_every_message_of_a_client_comes_back_the_same(kind):
    message = filled(kind)
    assert wire.from_client().feed(wire.encode(message)) == [message]


@pytest.mark.parametrize("kind", typing.get_args(commands.FromEngine), ids=lambda kind: kind.__name__)
def test_every_message_of_an_engine_comes_back_the_same(kind):
    message = filled(kind)
    assert wire.from_engine().feed(wire.encode(message)) == [message]


def test_frames_cut_anywhere_give_the_same_messages():
    messages = [
        commands.Hello(author="ann"),
        commands.Submission((1,), ("play",), (commands.Play(),)),
        commands.Shutdown(),
    ]
    stream = b"".join(map(wire.encode, messages))
    for cut in range(len(stream) + 1):
        frames = wire.from_client()
        assert frames.feed(stream[:cut]) + frames.feed(stream[cut:]) == messages


def test_a_message_of_the_other_direction_is_refused():
    with pytest.raises(ChronusError) as error:
        wire.from_client().feed(wire.encode(commands.Reply(1, True)))
    assert error.value.code == "E_ENGINE"


def test_a_frame_announced_too_large_is_refused_before_it_comes():
    with pytest.raises(ChronusError) as error:
        wire.from_client().feed((wire.MOST_BYTES + 1).to_bytes(4, "little"))
    assert error.value.code == "E_ENGINE"


def test_a_message_too_large_is_not_encoded():
    with pytest.raises(ChronusError) as error:
        wire.encode(commands.Hello(author="x" * wire.MOST_BYTES))
    assert error.value.code == "E_LIMIT"


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x91" * 100_000, b"\x81\xa4type\xa5hello" * 3, b"\xa3\xff\xff\xff"])
def test_garbage_is_refused(body):
    with pytest.raises(ChronusError) as error:
        wire.from_client().feed(len(body).to_bytes(4, "little") + body)
    assert error.value.code == "E_ENGINE"


def test_commands_nested_without_end_are_refused():
    body = b"\x84\xa4type\xa3say\xa5words\xa1x\xa8commands\x91" * 50_000
    head = b"\x84\xa4type\xaasubmission\xa3ids\x91\x01\xa5texts\x91\xa1x\xa8commands\x91"
    with pytest.raises(ChronusError):
        wire.from_client().feed(len(head + body).to_bytes(4, "little") + head + body)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_messages_or_refused(noise):
    try:
        wire.from_client().feed(noise)
    except ChronusError as error:
        assert error.code == "E_ENGINE"
