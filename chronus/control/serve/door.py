"""The door: lets clients in and out, and waits on one selector for them and for everything else that can be read.

A client must be of our own user and say hello; one that sends garbage, vanishes or does not read is disconnected, and no other client
notices. A client that is turned away is told why.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from chronus import connection, wire
from chronus.commands import REFUSED, Notice
from chronus.control.serve.client import Client

CLIENTS = 256
GREETING_SECONDS = 10.0
"""Who has not said hello by then is let go."""

Callback = Callable[[int], None]
Events = Iterable[tuple[selectors.SelectorKey, int]]


class Door:
    """`greeted` is called with a client that has said hello, `heard` with one that has said anything, `turned_away` once for each that was,
    and `left` with one that is gone.

    `visited` once anybody has said hello.
    """

    def __init__(
        self,
        listener: socket.socket,
        greeted: Callable[[Client], None],
        heard: Callable[[Client], None],
        turned_away: Callable[[], None],
        left: Callable[[Client], None],
    ) -> None:
        self.clients: dict[int, Client] = {}
        self.listener, self.greeted, self.heard, self.turned_away = listener, greeted, heard, turned_away
        self.left = left
        self.visited = False
        self._selector = selectors.DefaultSelector()
        self._strangers: dict[Client, float] = {}
        self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        listener.setblocking(False)
        self.watch(listener, self._open)

    def watch(self, there: Any, callback: Callback) -> None:
        """Registers a function to be called when something can be read there."""
        self._selector.register(there, selectors.EVENT_READ, callback)

    def unwatch(self, there: Any) -> None:
        self._selector.unregister(there)

    def look(self, seconds: float) -> Events:
        """Returns what can be read or written, after so many seconds at most. Each key's `data` is to be called with the mask."""
        return self._selector.select(seconds)

    def tick(self, now: float) -> None:
        for client in [client for client, since in self._strangers.items() if now - since > GREETING_SECONDS]:
            self.let_go(client)

    def close(self) -> None:
        for client in list(self.clients.values()):
            self.let_go(client)
        self._selector.close()
        os.close(self._spare)

    # ------------------------------------------------------------ coming

    def _open(self, mask: int) -> None:
        try:
            caller, _ = self.listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._turn_away_the_next()
            return
        if connection.peer_uid(caller) != os.getuid():
            self._turn_away(caller, "the engine belongs to another user")
            return
        if len(self.clients) >= CLIENTS:
            self._turn_away(caller, f"{CLIENTS} clients are attached to the engine, and that is the most")
            return
        client = Client(caller)
        self.clients[caller.fileno()] = client
        self._strangers[client] = time.monotonic()
        self._listen(client, selectors.EVENT_READ)

    def _turn_away(self, caller: socket.socket, why: str) -> None:
        self.turned_away()
        with caller, suppress(OSError):
            caller.send(wire.encode(Notice(REFUSED, why)), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)

    def _turn_away_the_next(self) -> None:
        """Turns a client away with the descriptor kept in reserve: without one it could not even be refused, and would be announced
        for ever.
        """
        os.close(self._spare)
        with suppress(OSError):
            self._turn_away(self.listener.accept()[0], "the engine has no descriptor left for another client")
        self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    # ------------------------------------------------------------ being there

    def _serve(self, client: Client, mask: int) -> None:
        if mask & selectors.EVENT_READ and client.receive():
            self.visited = True
            self._strangers.pop(client, None)
            self.greeted(client)
        if mask & selectors.EVENT_WRITE:
            client.flush()
        self.heard(client)
        self.follow(client)

    def follow(self, client: Client) -> None:
        """Disconnects a client that has gone, and reads from it only as far as it may send ahead."""
        if client.gone:
            self.let_go(client)
            return
        reads = selectors.EVENT_READ if client.listens else 0
        writes = selectors.EVENT_WRITE if client.unsent else 0
        if reads | writes != client.interest:
            self._listen(client, reads | writes)

    def _listen(self, client: Client, interest: int) -> None:
        if client.interest:
            self._selector.unregister(client.socket)
        if interest:
            self._selector.register(client.socket, interest, lambda mask: self._serve(client, mask))
        client.interest = interest

    # ------------------------------------------------------------ going

    def let_go(self, client: Client) -> None:
        client.gone = True
        if self.clients.pop(client.socket.fileno(), None) is None:
            return
        self._listen(client, 0)
        self._strangers.pop(client, None)
        client.job = None  # it holds the client, too: what waits for one who is gone would stay until a collection
        client.socket.close()
        self.left(client)
