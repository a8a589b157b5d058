"""What is asked of an engine that runs, from outside a conversation: status, stop, journal. None of them starts one."""

from __future__ import annotations

import sys
from collections.abc import Callable

from chronus import link
from chronus.commands import Reply, Status
from chronus.errors import ChronusError
from chronus.settings import Settings
from chronus.text import answers
from chronus.text.attached import GOODBYE_SECONDS, attach
from chronus.text.client import FAILED, OK


def status(settings: Settings) -> int:
    reply = _ask_status(settings)
    _show(settings, reply.result, reply.lines)
    return OK


def journal(settings: Settings) -> int:
    path = _ask_status(settings).result.get("journal")
    if not path:
        raise ChronusError("E_FILE", "the engine keeps no journal")
    _show(settings, {"journal": path}, (str(path),))
    return OK


def stop(settings: Settings) -> int:
    attached, _welcome = attach(settings, start=False)
    reply = attached.shut_down()
    attached.close()
    name = settings.engine
    if (reply is not None and not reply.ok) or not link.wait_until_free(name, GOODBYE_SECONDS):
        why = reply.text if reply is not None and not reply.ok else f"it still holds {link.lock_path(name)}"
        print(answers.clean(f'chronus: engine "{name}" did not end: {why}'), file=sys.stderr)
        return FAILED
    _show(settings, {"engine": name, "stopped": True}, (f'engine "{name}" has ended',))
    return OK


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
