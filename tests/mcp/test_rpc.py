"""Frames of JSON-RPC: what is cut out of bytes, what can be read, and the error of each that cannot."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronus.mcp import rpc
from chronus.mcp.rpc import Lines, Refusal, Request, answer, error, read

PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
HOSTILE = [
    (b"not json", None, rpc.PARSE_ERROR),
    (PING[:-5], None, rpc.PARSE_ERROR),
    (b'{"jsonrpc":"2.0","id":NaN,"method":"ping"}', None, rpc.PARSE_ERROR),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":Infinity}}', None, rpc.PARSE_ERROR),
    (b'\xff\xfe{"jsonrpc":"2.0"}', None, rpc.PARSE_ERROR),
    (b'{"jsonrpc":"2.0","id":1,"method":"\\ud800"}', None, rpc.PARSE_ERROR),
    (b"[" * 100_000, None, rpc.PARSE_ERROR),
    (b"{" + b'"a":{' * 50_000, None, rpc.PARSE_ERROR),
    (b"[" + PING + b"]", None, rpc.INVALID_REQUEST),
    (b"[]", None, rpc.INVALID_REQUEST),
    (b"17", None, rpc.INVALID_REQUEST),
    (b'"ping"', None, rpc.INVALID_REQUEST),
    (b"null", None, rpc.INVALID_REQUEST),
    (b"{}", None, rpc.INVALID_REQUEST),
    (b'{"jsonrpc":"1.0","id":"a","method":"ping"}', "a", rpc.INVALID_REQUEST),
    (b'{"id":4,"method":"ping"}', 4, rpc.INVALID_REQUEST),
    (b'{"jsonrpc":"2.0","id":5}', 5, rpc.INVALID_REQUEST),
    (b'{"jsonrpc":"2.0","id":5,"method":7}', 5, rpc.INVALID_REQUEST),
    (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', None, rpc.INVALID_REQUEST),
    (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', None, rpc.INVALID_REQUEST),
    (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', None, rpc.INVALID_REQUEST),
    (b'{"jsonrpc":"2.0","id":[1],"method":"ping"}', None, rpc.INVALID_REQUEST),
    (b'{"jsonrpc":"2.0","id":"' + b"x" * 300 + b'","method":"ping"}', None, rpc.INVALID_REQUEST),
    (b'{"jsonrpc":"2.0","id":6,"method":"ping","params":[1]}', 6, rpc.INVALID_PARAMS),
    (b'{"jsonrpc":"2.0","id":6,"method":"ping","params":"x"}', 6, rpc.INVALID_PARAMS),
]


@pytest.mark.parametrize(("line", "id", "code"), HOSTILE, ids=[line[:40].decode("latin-1") for line, *_ in HOSTILE])
def test_what_cannot_be_understood_gets_the_error_of_the_protocol(line, id, code):
    found = read(line)
    assert isinstance(found, Refusal) and (found.id, found.code) == (id, code)
    told = json.loads(error(found))
    assert told["jsonrpc"] == "2.0" and told["id"] == id and told["error"]["code"] == code and told["error"]["message"]


@pytest.mark.parametrize(
    "line", [b"", b"  \r", b'{"jsonrpc":"2.0","id":1,"result":{}}', b'{"jsonrpc":"2.0","id":1,"error":{}}']
)
def test_blank_lines_and_answers_that_nobody_asked_for_are_passed_over(line):
    assert read(line) is None


def test_a_batch_is_refused_by_its_name():
    assert "batches" in read(b"[" + PING + b"]").message


def test_a_request_has_an_id_and_a_notification_none():
    assert read(PING) == Request(1, "ping", {})
    assert read(b'{"jsonrpc":"2.0","method":"notifications/initialized"}') == Request(
        None, "notifications/initialized", {}
    )
    assert read(b'{"jsonrpc":"2.0","method":"x","params":[]}') is None  # nobody is to be answered


@settings(max_examples=20, deadline=None)
@given(st.lists(st.binary(max_size=12).map(lambda piece: piece.replace(b"\n", b"")), max_size=6), st.data())
def test_however_bytes_come_the_lines_are_the_same(pieces, data):
    whole, lines, found = b"\n".join(pieces) + b"\n", Lines(), []
    while whole:
        at = data.draw(st.integers(1, len(whole)))
        found += lines.feed(whole[:at])
        whole = whole[at:]
    assert found == (pieces or [b""]) and lines.close() == []


def test_a_line_that_is_too_long_is_refused_once_and_nothing_of_it_is_kept():
    lines, found = Lines(), []
    for _ in range(160):
        found += lines.feed(b"x" * (1 << 16))  # 10 MB
    assert [refusal.code for refusal in found] == [rpc.INVALID_REQUEST]
    assert lines.feed(b"x\n" + PING + b"\n") == [PING]
    assert lines.feed(b"half a li") == [] and lines.feed(b"ne\n") == [b"half a line"]
    assert lines.feed(PING) == [] and lines.close() == [PING]


@pytest.mark.parametrize("text", ["two\nlines", "\u2028 \x00 \x1b", 'quotes " and \\', "größer"])
def test_an_answer_is_one_line_whatever_it_holds(text):
    line = answer("a", {"text": text})
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert json.loads(line) == {"jsonrpc": "2.0", "id": "a", "result": {"text": text}}
