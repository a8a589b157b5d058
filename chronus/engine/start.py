"""Starts an engine: takes its name, prepares its kernels, opens its door; and reports to the process that started it."""

from __future__ import annotations

import json
import os
import select
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


def _is_gone(reader: int) -> bool:
    """Whether no process reads at the other end any more."""
    poll = select.poll()
    poll.register(reader, 0)  # tells only of an error: that the other end was closed
    return bool(poll.poll(0))


def main(settings: Settings, ready_fd: int | None = None, line: int | None = None) -> int:
    """Runs an engine until it is told to stop. `ready_fd` gets JSON lines: progress, then ready or an error. `line` is a lifeline."""

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

    def is_abandoned() -> bool:
        return ready_fd is not None and not settings.keep and _is_gone(ready_fd)

    engine = Engine(settings, tell, is_abandoned=is_abandoned)
    try:
        engine.own_the_name()
        engine.notes += filter(None, [places.caches().trouble])
        os.environ[places.DECIDED] = str(places.caches().folder)
        if line is not None:
            lifeline.hold(line)
        built = places.catalogue_file().exists()
        if built:
            engine.listen()
        memory = layout.create()
        engine.begin(Memory(memory), Children(settings, memory, sheet.create(), shelf.create()), built)
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
