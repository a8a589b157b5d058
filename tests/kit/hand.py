"""A hand on OSC in the test's own process, as another program's would be: it sends, asks, and takes answers in the order they come."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Sequence

from pythonosc.osc_message import OscMessage

from chronus.control.outside import osc
from chronus.control.outside.osc import Argument


class Hand:
    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)

    def send(self, address: str, *arguments: Argument) -> None:
        self.socket.send(osc.encode(address, *arguments))

    def answer(self, seconds: float = 2.0) -> tuple[str, Argument] | None:
        """(address, value) of the next answer, None where none comes in time."""
        if not select.select([self.socket], [], [], seconds)[0]:
            return None
        message = OscMessage(self.socket.recv(4096))
        return message.address, message.params[0]

    def ask(self, target: str, seconds: float = 2.0) -> tuple[Argument, float]:
        """(the value of a parameter, seconds that the answer took)."""
        began = time.perf_counter()
        self.send(f"/get/{target}")
        answer = self.answer(seconds)
        assert answer is not None and answer[0] == f"/value/{target}", f"{target}: {answer}"
        return answer[1], time.perf_counter() - began

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Hand:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def bundle(*messages: bytes) -> bytes:
    """Messages that are meant to be done together, now."""
    return b"#bundle\0" + (1).to_bytes(8, "big") + b"".join(len(one).to_bytes(4, "big") + one for one in messages)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
