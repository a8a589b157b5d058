"""A small engine that speaks the wire, for shells to talk to: no sound, every command is `ok` unless it is told otherwise."""

import contextlib
import os
import socket
import threading

import pytest

from chronus import commands as c
from chronus import connection, wire

CATALOGUE = {
    "saw": {
        "kind": "saw", "help": "bright and even", "category": "oscillator", "width": "poly", "aliases": [], "drone": True,
        "modulator": False, "latency": 0,
        "params": [
            {"name": "freq", "low": 20, "high": 20000, "default": 440, "unit": "Hz", "curve": "exp", "help": "frequency",
             "words": [], "pitch": True},
            {"name": "gain", "low": 0, "high": 1, "default": 0.5, "unit": "", "curve": "linear", "help": "level",
             "words": [], "pitch": False},
        ],
        "ins": [{"name": "gate", "role": "gate", "help": "sounds while it is on"}],
        "outs": [{"name": "out", "role": "audio", "help": ""}],
    },
    "filter": {
        "kind": "filter", "help": "two poles", "category": "effect", "width": "poly", "aliases": ["svf"], "drone": False,
        "modulator": False, "latency": 0,
        "params": [
            {"name": "cutoff", "low": 20, "high": 20000, "default": 1000, "unit": "Hz", "curve": "exp", "help": "",
             "words": [], "pitch": False},
            {"name": "mode", "low": 0, "high": 2, "default": 0, "unit": "", "curve": "linear", "help": "which part is left",
             "words": ["low", "high", "band"], "pitch": False},
        ],
        "ins": [{"name": "in", "role": "audio", "help": ""}],
        "outs": [{"name": "out", "role": "audio", "help": ""}],
    },
}  # fmt: skip
RACK = {"modules": {"out": "out", "bass": "saw", "filter": "filter"}, "bpm": 120.0}


class Engine:
    """Serves one name in this process. `answers` is text -> Reply without its id; `held` makes every `wait` last for ever."""

    def __init__(self, name="default"):
        self.name = name
        self.answers = {}
        self.submissions = []  # the texts of each frame, in order
        self.more = []  # whether each of them said that there is more of its submission to come
        self.performed = []  # the texts that were, in strict mode, not beyond the first error
        self.commands = []
        self.stopped = False
        self.hellos = []
        self.shutdowns = []
        self.most_outstanding = 0
        self.held = False
        self.dies_at = None  # a text: the connection is cut instead of an answer
        self.gone = threading.Event()
        self._lock = connection.own(name)
        self._clients = []
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(connection.socket_path(name)))
        self._listening.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def texts(self):
        return [text for texts in self.submissions for text in texts]

    def notice(self, notice):
        for client in self._clients:
            client.sendall(wire.encode(notice))

    def close(self):
        if self._lock is None:
            return
        self._listening.close()
        connection.socket_path(self.name).unlink(missing_ok=True)
        os.close(self._lock)
        self._lock = None
        for client in self._clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)  # or a thread that reads there would keep it
            client.close()
        self.gone.set()

    def _accept(self):
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            self._clients.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        frames = wire.from_client()
        while True:
            try:
                more = client.recv(1 << 20)
            except OSError:
                return
            if not more:
                return
            messages = frames.feed(more)
            many = sum(len(one.ids) for one in messages if isinstance(one, c.Submission))
            self.most_outstanding = max(self.most_outstanding, many)
            for message in messages:
                try:
                    goes_on = self._answer(client, message)
                    if not goes_on:
                        client.shutdown(socket.SHUT_RDWR)
                        return
                except OSError:
                    return

    def _answer(self, client, message):
        if isinstance(message, c.Hello):
            self.hellos.append(message)
            client.sendall(wire.encode(c.Welcome(1, {"device": "null", "rate": 44100}, CATALOGUE, RACK)))
        elif isinstance(message, c.Shutdown):
            self.shutdowns.append(message)
            client.sendall(wire.encode(c.Reply(0, True, "the engine has ended")))
            return self.close()
        else:
            self.submissions.append(message.texts)
            self.more.append(message.more)
            self.commands += message.commands
            for id, text, command in zip(message.ids, message.texts, message.commands, strict=True):
                if text == self.dies_at:
                    return False
                if isinstance(command, c.Wait) and self.held:
                    return True
                reply = self.answers.get(text, c.Reply(0, True, text, frame=64 * id))
                self.stopped |= message.strict and not reply.ok
                if not self.stopped:
                    self.performed.append(text)
                fields = {name: getattr(reply, name) for name in reply.__struct_fields__}
                client.sendall(wire.encode(c.Reply(**fields | {"id": id})))
        return True


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Sockets, locks and the user's files in a folder of this test's own."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path / "home"))
    for name in ("CHRONUS_ENGINE", "CHRONUS_PLAIN", "CHRONUS_DEVICE", "CHRONUS_VERBOSE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def engine(home):
    serving = Engine()
    yield serving
    serving.close()


@pytest.fixture
def serving(home):
    """Makes engines that are closed at the end; `serving.engines` are those so far."""

    def serving(name):
        serving.engines.append(Engine(name))

    serving.engines = []
    yield serving
    for one in serving.engines:
        one.close()


@pytest.fixture
def catalogue():
    return CATALOGUE


@pytest.fixture
def rack():
    return RACK
