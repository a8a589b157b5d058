"""Turns messages into bytes and back: each frame is a length (4 bytes, little-endian) and so many bytes of msgpack. Opens nothing.

The rules: a frame holds exactly one message of its direction; bytes that do not decode to one are refused (E_ENGINE), never
guessed at; nothing is kept of a frame that is announced larger than MOST_BYTES.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from chronus.commands import FromClient, FromEngine
from chronus.errors import ChronusError

MOST_BYTES = 4 << 20
"""The largest frame."""

MOST_COMMANDS = 256
"""The most commands a client puts into one frame."""

WINDOW = 1024
"""The most commands a client may have sent without having their replies."""

HEAD = 4

Message = TypeVar("Message")
_encoder = msgspec.msgpack.Encoder()


def encode(message: FromClient | FromEngine) -> bytes:
    """The frame of one message; E_LIMIT if it would be too large."""
    body = _encoder.encode(message)
    if len(body) > MOST_BYTES:
        raise ChronusError(
            "E_LIMIT", f"a message of {len(body)} bytes is larger than the {MOST_BYTES} that a frame may hold"
        )
    return len(body).to_bytes(HEAD, "little") + body


class Frames(Generic[Message]):
    """Collects bytes as they come and gives back the messages that are whole. After an error, close the stream."""

    def __init__(self, kind: Any) -> None:
        self._decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(kind)
        self._waiting = bytearray()

    def feed(self, more: bytes) -> list[Message]:
        waiting = self._waiting
        waiting += more
        messages: list[Message] = []
        start = 0
        while len(waiting) - start >= HEAD:
            length = int.from_bytes(waiting[start : start + HEAD], "little")
            if length > MOST_BYTES:
                raise ChronusError("E_ENGINE", f"a frame of {length} bytes was announced; {MOST_BYTES} is the most")
            end = start + HEAD + length
            if end > len(waiting):
                break
            messages.append(self._message(bytes(waiting[start + HEAD : end])))
            start = end
        del waiting[:start]
        return messages

    def _message(self, body: bytes) -> Message:
        try:
            return self._decoder.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, ValueError) as problem:
            raise ChronusError("E_ENGINE", f"a frame that cannot be understood: {problem}") from None


def from_client() -> Frames[FromClient]:
    """What an engine reads."""
    return Frames(FromClient)


def from_engine() -> Frames[FromEngine]:
    """What a client reads."""
    return Frames(FromEngine)
