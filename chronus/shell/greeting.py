"""Greets a person when a shell begins, and says goodbye when it ends."""

from __future__ import annotations

from chronus.settings import Settings
from chronus.shell import answers
from chronus.shell.attached import Attached
from chronus.shell.folding import cells, folded

BEGIN = "load kick; seq kick: x...x..."
LEAVE = "`help` tells more, Ctrl-D leaves"


def found(settings: Settings, attached: Attached, engine: dict[str, object], width: int) -> list[str]:
    """Says which engine this is."""
    how = "started" if attached.started is not None else "attached to"
    device = engine.get("device") or "no device"
    line = f'Chronus: {how} engine "{settings.engine}", {device}, {engine.get("rate", "?")} Hz'
    return folded(answers.clean(line), width, 2)


def hint(width: int, keys: str = "") -> list[str]:
    """Says how to begin: on one line if it fits, or else a line each. `keys` are those that work here besides."""
    rest = LEAVE.replace(", ", f", {keys}, ", 1) if keys else LEAVE
    whole = f"{BEGIN}   {rest}"
    return [whole] if cells(whole) <= width else [*folded(BEGIN, width, 2), *folded(rest, width, 2)]


def goodbye(settings: Settings, attached: Attached | None) -> str:
    """Ends an engine that this shell started, unless others are attached or it is to be kept, and says what became of it. None: it
    was lost.
    """
    name = settings.engine
    stop = "chronus stop" if name == "default" else f"chronus stop --engine {name}"
    if attached is None:
        return "was lost; what was acknowledged is in its journal, and the next start recovers it"
    if attached.started is None:
        return f'"{name}" plays on; `{stop}` ends it'
    if settings.keep:
        return f'"{name}" is kept; `{stop}` ends it'
    reply = attached.shut_down(alone=True)
    if reply is not None and not reply.ok:
        return f'"{name}" plays on: {reply.text}'
    return f'"{name}" has ended'
