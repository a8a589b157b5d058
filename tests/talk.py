"""A shell that is no process: typed lines to a running engine, one after the other, each with its reply."""

from __future__ import annotations

import socket

from chronus.commands import Hello, Reply
from chronus.text import parser
from chronus.text.attached import Attached
from tests.live import Home


class Line:
    """`ask` returns when the line is answered."""

    def __init__(self, home: Home, author: str = "anna") -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(f"{home.environment['XDG_RUNTIME_DIR']}/chronus/default.sock")
        self.attached = Attached(self.socket)
        self.attached.greet(Hello(author=author))

    def ask(self, line: str) -> Reply:
        (statement,) = parser.statements(line)
        parsed = parser.parse(statement)
        return self.attached.ask(parsed.command, parsed.text)

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
