"""Turns lines of JSON-RPC 2.0 into messages, and answers into lines. Opens nothing.

Rules: a message is one line of JSON. What cannot be read gets an error, with the id of the message where one can be made out, else
null. A message has at most MOST_BYTES; of a longer line nothing is kept. Messages in an array (a batch) are refused: the protocol has
none. A blank line is nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603

MOST_BYTES = 4 << 20
"""Of a message."""

LONGEST_ID = 256
"""Characters of an id: it comes back in the answer."""

Id = str | int | None


class Request(NamedTuple):
    """`id` is None where no answer is wanted (a notification)."""

    id: Id
    method: str
    params: dict[str, Any]


class Refusal(NamedTuple):
    id: Id
    code: int
    message: str
    data: Any = None


class Lines:
    """Cuts bytes, as they come, into lines; a line that is too long is a Refusal, once."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._skipping = False

    def feed(self, more: bytes) -> list[bytes | Refusal]:
        found: list[bytes | Refusal] = []
        *whole, rest = more.split(b"\n")
        for piece in whole:
            found += self._add(piece)
            if not self._skipping:
                found.append(bytes(self._waiting))
            self._waiting.clear()
            self._skipping = False
        return found + self._add(rest)

    def close(self) -> list[bytes | Refusal]:
        """Gives the last line, which had no newline."""
        return self.feed(b"\n") if self._waiting else []

    def _add(self, piece: bytes) -> list[bytes | Refusal]:
        if self._skipping:
            return []
        self._waiting += piece
        if len(self._waiting) <= MOST_BYTES:
            return []
        self._waiting.clear()
        self._skipping = True
        return [Refusal(None, INVALID_REQUEST, f"a message has at most {MOST_BYTES} bytes")]


def read(line: bytes) -> Request | Refusal | None:
    """Reads a message; None where there is nothing to answer: a blank line, or an answer to a question that nobody asked."""
    if not line.strip():
        return None
    try:
        message = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        return Refusal(None, PARSE_ERROR, f"this is no JSON: {problem}")
    if isinstance(message, list):
        return Refusal(None, INVALID_REQUEST, "one message a line: the protocol has no batches")
    if not isinstance(message, dict):
        return Refusal(None, INVALID_REQUEST, "a message is a JSON object")
    return _request(message)


def _request(message: dict[str, Any]) -> Request | Refusal | None:
    id = message.get("id")
    known = id if _is_id(id) else None
    if message.get("jsonrpc") != "2.0":
        return Refusal(known, INVALID_REQUEST, 'a message has "jsonrpc":"2.0"')
    method, params = message.get("method"), message.get("params", {})
    if "method" not in message and ("result" in message or "error" in message):
        return None
    if not isinstance(method, str):
        return Refusal(known, INVALID_REQUEST, "`method` is missing, or no text")
    if "id" in message and known is None:
        return Refusal(None, INVALID_REQUEST, f"an id is a whole number or a text of at most {LONGEST_ID} characters")
    if not isinstance(params, dict):
        return Refusal(known, INVALID_PARAMS, "`params` is an object") if known is not None else None
    return Request(known, method, params)


def _is_id(id: Any) -> bool:
    return (isinstance(id, int) and not isinstance(id, bool)) or (isinstance(id, str) and len(id) <= LONGEST_ID)


def answer(id: Id, result: dict[str, Any]) -> bytes:
    return _line({"jsonrpc": "2.0", "id": id, "result": result})


def error(refusal: Refusal) -> bytes:
    told = {"code": refusal.code, "message": refusal.message[:500]}
    if refusal.data is not None:
        told["data"] = refusal.data
    return _line({"jsonrpc": "2.0", "id": refusal.id, "error": told})


def _line(message: dict[str, Any]) -> bytes:
    return msgspec.json.encode(message) + b"\n"
