"""The start of an engine: its name, its kernels, its door; and what whoever started it is told."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from chronus import places
from chronus.engine.children import Children
from chronus.engine.supervisor import Engine
from chronus.errors import ChronusError
from chronus.memory import layout, sheet, shelf
from chronus.memory.layout import Memory
from chronus.settings import Settings
from chronus.system import lifeline


def _build(tell: Callable[[dict[str, Any]], None], starter: int | None) -> None:
    """Compiles the kernels in a process of its own, if that was never done. Given up if nobody reads at `starter` any more."""
    if places.catalogue_file().exists():
        return
    command = [sys.executable, "-m", "chronus.worker.build"]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout and child.stderr
    poll = select.poll()
    poll.register(child.stdout, select.POLLIN)
    if starter is not None:
        poll.register(starter, 0)  # tells only of an error: that the other end was closed
    for line in _lines(child.stdout.fileno(), poll):
        if line is None:
            child.terminate()
            raise ChronusError("E_ENGINE", "whoever started the engine has gone")
        tell({"progress": json.loads(line)})
    if child.wait() != 0:
        said = (child.stderr.read().decode("utf-8", "replace").strip().splitlines() or ["the compiler was killed"])[-1]
        raise ChronusError("E_ENGINE", said.removeprefix("E_ENGINE ").removeprefix("E_FILE "))


def _lines(source: int, poll: select.poll) -> Iterator[bytes | None]:
    """The lines of `source`; None where it is another descriptor that has something to tell."""
    waiting = b""
    while True:
        for descriptor, _ in poll.poll():
            if descriptor != source:
                yield None
                continue
            more = os.read(source, 1 << 16)
            if not more:
                return
            *whole, waiting = (waiting + more).split(b"\n")
            yield from whole


def main(settings: Settings, ready_fd: int | None = None, line: int | None = None) -> int:
    """An engine, until it is told to stop. `ready_fd` gets JSON lines: progress, then ready or an error. `line` is a lifeline."""

    def tell(message: dict[str, Any]) -> None:
        text = json.dumps(message)
        if ready_fd is not None:
            try:
                os.write(ready_fd, text.encode() + b"\n")
            except BrokenPipeError:
                engine.abandoned(message)
            finally:
                if "progress" not in message:
                    os.close(ready_fd)
        elif "progress" not in message:
            print(_in_words(message), flush=True)

    engine = Engine(settings, tell)
    try:
        engine.own_the_name()
        engine.notes += filter(None, [places.caches().trouble])
        _build(tell, None if settings.keep else ready_fd)
        if line is not None:
            lifeline.hold(line)
        engine.listen()
        memory = layout.create()
        children = Children(settings, memory, sheet.create(), shelf.create(), engine.door.fileno())
        engine.begin(Memory(memory), children)
        return engine.run()
    except ChronusError as error:
        code = 4 if error.code == "E_DEVICE" else 3
        tell({"error": {"code": error.code, "message": error.message, "exit": code}})
        if hasattr(engine, "path"):
            Path(engine.path).unlink(missing_ok=True)
        return code


def _in_words(message: dict[str, Any]) -> str:
    if "error" in message:
        return f"{message['error']['code']} {message['error']['message']}"
    return "\n".join(["chronus engine: ready", *(f"! {note}" for note in message.get("notes", ()))])
