"""A client in the test's own process: says lines, waits for their answers, and keeps the notices and how long it took."""

from __future__ import annotations

import select
import socket
import time
from typing import TYPE_CHECKING

from chronus import wire
from chronus.commands import Hello, Notice, Reply, Submission
from chronus.language import parser

if TYPE_CHECKING:
    from tests.kit.live import Home


class Talker:
    def __init__(self, home: Home) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(30)
        self.socket.connect(str(home.folder / "run" / "chronus" / "default.sock"))
        self.frames = wire.from_engine()
        self.notices: list[Notice] = []
        self.replies: list[Reply] = []
        self.number = 0
        self.socket.sendall(wire.encode(Hello(author="test")))

    def say(self, text: str) -> tuple[list[Reply], float]:
        """(the answers to the lines of one submission, seconds until the last of them)."""
        self.begin(text)
        return self.rest()

    def ask(self, line: str) -> Reply:
        """The answer to one line, ok or not."""
        (reply,), _ = self.say(line)
        return reply

    def begin(self, text: str) -> None:
        """Says it; the answers are waited for by `rest`."""
        self.send(self.prepare(text))

    def prepare(self, text: str) -> bytes:
        """What there is to be sent so that it is said."""
        parsed = [parser.parse(statement) for statement in parser.statements(text)]
        ids = tuple(range(self.number + 1, self.number + 1 + len(parsed)))
        self.number += len(parsed)
        self.lines, packets = len(parsed), b""
        texts, commands = tuple(p.text for p in parsed), tuple(p.command for p in parsed)
        for k in range(0, len(ids), wire.MOST_COMMANDS):
            some = slice(k, k + wire.MOST_COMMANDS)
            more = k + wire.MOST_COMMANDS < len(ids)
            packets += wire.encode(Submission(ids[some], texts[some], commands[some], more=more))
        return packets

    def send(self, packets: bytes) -> None:
        self.began = time.perf_counter()
        self.socket.sendall(packets)

    def rest(self) -> tuple[list[Reply], float]:
        while len(self.replies) < self.number:
            self._listen()
        return self.replies[-self.lines :], time.perf_counter() - self.began

    def heard(self) -> bool:
        """Whether there is anything to hear."""
        return bool(select.select([self.socket], [], [], 0)[0])

    def fine(self, text: str) -> float:
        """Seconds until it was answered with ok."""
        replies, seconds = self.say(text)
        assert all(reply.ok for reply in replies), [reply.text for reply in replies]
        return seconds

    def notice(self, kind: str) -> str:
        """The text of the first notice of a kind; waits for it."""
        while True:
            for notice in self.notices:
                if notice.kind == kind:
                    return notice.text
            self._listen()

    def told(self, kind: str) -> list[str]:
        return [notice.text for notice in self.notices if notice.kind == kind]

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Talker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listen(self) -> None:
        data = self.socket.recv(1 << 16)
        if not data:
            raise ConnectionError("the engine hung up")
        for message in self.frames.feed(data):
            if isinstance(message, Reply):
                self.replies.append(message)
            elif isinstance(message, Notice):
                self.notices.append(message)
