"""Asks a running engine from outside a conversation: status, stop, journal, what kinds are set to. None of these starts an engine."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterable

from chronus import connection
from chronus.commands import Describe, List, Reply, Status
from chronus.errors import ChronusError
from chronus.settings import Settings
from chronus.shell import answers
from chronus.shell.attached import attach
from chronus.shell.conversation import FAILED, OK

END_SECONDS = 2.7
"""So long an engine may take to fade out and to close its journal. Then its processes are killed."""
PRESENT_SECONDS = 1.0
"""So long an engine may take to say what kinds are set to: they can be told without it."""


def status(settings: Settings) -> int:
    reply = _ask_status(settings)
    _show(settings, reply.result, reply.lines)
    return OK


def described(settings: Settings, kinds: Iterable[str]) -> dict[str, Reply]:
    """Asks a running engine to describe kinds, with what those that are loaded are set to. Nothing where none runs.

    Of all kinds only those that are loaded are asked for. What an engine that hangs has not answered is left out, and stderr says so.
    """
    told: dict[str, Reply] = {}
    try:
        attached, _welcome = attach(settings, timeout=PRESENT_SECONDS, start=False, quiet=True)
        with contextlib.closing(attached):
            rows = attached.ask(List(what="modules"), "list modules", PRESENT_SECONDS).result["modules"]
            for kind in sorted({row["kind"] for row in rows} & set(kinds)):
                told[kind] = attached.ask(Describe(kind=kind), f"describe {kind}", PRESENT_SECONDS)
    except connection.NoEngine:
        pass
    except ChronusError as problem:
        print(answers.clean(f"chronus: {problem}; present values are left out"), file=sys.stderr)
    return {kind: reply for kind, reply in told.items() if reply.ok}


def journal(settings: Settings) -> int:
    path = _ask_status(settings).result.get("journal")
    if not path:
        raise ChronusError("E_FILE", "the engine keeps no journal")
    _show(settings, {"journal": path}, (str(path),))
    return OK


def stop(settings: Settings) -> int:
    """Ends an engine by a signal to its supervisor, so that nothing control does can prevent it."""
    name = settings.engine
    supervisor = connection.owner(name)
    if supervisor is None:
        raise connection.NoEngine("E_ENGINE", f'no engine named "{name}" is running')
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(supervisor, number)
        if connection.wait_until_free(name, END_SECONDS):
            _show(settings, {"engine": name, "stopped": True}, (f'engine "{name}" has ended',))
            return OK
    print(
        answers.clean(f'chronus: engine "{name}" did not end: it still holds {connection.lock_path(name)}'),
        file=sys.stderr,
    )
    return FAILED


def _ask_status(settings: Settings) -> Reply:
    attached, _welcome = attach(settings, start=False)
    reply = attached.ask(Status(), "status")
    attached.close()
    if not reply.ok:
        raise ChronusError(reply.code or "E_ENGINE", reply.text)
    return reply


def _show(settings: Settings, result: object, lines: tuple[str, ...]) -> None:
    print(answers.one_object(result) if settings.json else "\n".join(map(answers.clean, lines)))


FORMS: dict[str, Callable[[Settings], int]] = {"status": status, "stop": stop, "journal": journal}
