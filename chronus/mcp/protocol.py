"""Says what each message of a client is answered with, in both eras of the Model Context Protocol. Opens nothing, does nothing.

Rules: a request that carries a version in its `_meta` belongs to the present era and stands for itself (there is no handshake, and
nothing is remembered of it); every other one belongs to the last era, which begins with `initialize`. Both may come on one
connection. What takes time is a Call, which somebody else performs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from chronus import __version__
from chronus.errors import nearest
from chronus.mcp import prompts, resources, rpc, tools
from chronus.mcp.rpc import Id, Refusal, Request

PRESENT = ("2026-07-28",)
"""Versions that each request names."""
LAST = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
"""Versions that `initialize` settles, the newest first."""

META = "io.modelcontextprotocol/"
VERSION, CAPABILITIES, SERVER = f"{META}protocolVersion", f"{META}clientCapabilities", f"{META}serverInfo"
UNSUPPORTED_VERSION = -32022
NOT_FOUND = -32002
"""In the last era: no such resource."""

KEEPS_MS = 3_600_000
"""So long a client may keep what does not change while the server runs."""

ME = {"name": "chronus", "title": "Chronus", "version": __version__}
CAN: dict[str, Any] = {"tools": {}, "resources": {}, "prompts": {}}
INSTRUCTIONS = """\
Chronus is a modular synthesizer that plays while you type. `run` takes lines of its language, one command a line, and gives one answer \
each: ok or err with a code, a column and what is right. Begin with the guide: the resource chronus://guide, or `look` with what=guide. \
Others may play on the same engine: look first (`state`), change what you were asked to, and say no more than the figures do \
(`hear`, `why`, `look`). `undo` takes back. Time passes only with `wait`."""


class Call(NamedTuple):
    """Something to be performed: a tool, or the reading of a resource (then `name` is its URI)."""

    id: Id
    modern: bool
    method: str
    name: str
    arguments: dict[str, Any]


class Outcome(NamedTuple):
    """What came of a tool: a text, and whether it failed."""

    text: str
    failed: bool = False


class Cancel(NamedTuple):
    id: Id


class Protocol:
    """What is known of one client: whether it has said `initialize`, which only the last era asks for."""

    def __init__(self) -> None:
        self.greeted = False

    def take(self, request: Request) -> bytes | Call | Cancel | None:
        """Returns the answer, or what is to be performed for it; None where nothing is to be answered."""
        if request.id is None:
            return _notified(request)
        try:
            return self._answered(request)
        except _Refused as refused:
            return rpc.error(Refusal(request.id, *refused.args))

    def _answered(self, request: Request) -> bytes | Call:
        if request.method == "initialize":
            return rpc.answer(request.id, self._initialize(request.params))
        modern = _is_modern(request)
        if request.method == "ping" and not modern:
            return rpc.answer(request.id, {})
        if request.method == "server/discover" and modern:
            return rpc.answer(request.id, _modern(_discovered(), KEEPS_MS))
        if request.method in LISTS:
            if not modern:
                self._greeted()
            if request.params.get("cursor") is not None:
                raise _Refused(rpc.INVALID_PARAMS, "there is no such cursor: all of the list is on one page")
            result = LISTS[request.method]()
            return rpc.answer(request.id, _modern(result, KEEPS_MS) if modern else result)
        if request.method not in ("tools/call", "resources/read", "prompts/get"):
            raise _Refused(rpc.METHOD_NOT_FOUND, f"there is no method {request.method[:64]!r}")
        if not modern:
            self._greeted()
        if request.method == "prompts/get":
            result = _prompt(request.params)
            return rpc.answer(request.id, _modern(result) if modern else result)
        return _call(request, modern)

    def _initialize(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = params.get("protocolVersion")
        if not isinstance(asked, str):
            raise _Refused(rpc.INVALID_PARAMS, "`protocolVersion` is missing, or no text")
        self.greeted = True
        version = asked if asked in LAST else LAST[0]
        return {"protocolVersion": version, "capabilities": CAN, "serverInfo": ME, "instructions": INSTRUCTIONS}

    def _greeted(self) -> None:
        if not self.greeted:
            said = f"say `initialize` first, or name a version in `_meta` of each request: {VERSION}"
            raise _Refused(rpc.INVALID_PARAMS, said)


class _Refused(Exception):
    """The code, the message and the data of an error."""


def finished(call: Call, outcome: Outcome) -> bytes:
    """Answers a call of a tool."""
    result = {"content": [{"type": "text", "text": outcome.text}], "isError": outcome.failed}
    return rpc.answer(call.id, _modern(result) if call.modern else result)


def was_read(call: Call, kind: str, text: str) -> bytes:
    """Answers the reading of a resource. What it says may have changed a moment later."""
    result = {"contents": [{"uri": call.name, "mimeType": kind, "text": text}]}
    return rpc.answer(call.id, _modern(result, 0, "private") if call.modern else result)


def not_found(call: Call, message: str) -> bytes:
    """Answers that a resource cannot be read."""
    code = rpc.INVALID_PARAMS if call.modern else NOT_FOUND
    return rpc.error(Refusal(call.id, code, message, {"uri": call.name}))


def broken(call: Call, problem: BaseException) -> bytes:
    """Answers that the server itself has failed; what else is known stands on standard error."""
    return rpc.error(Refusal(call.id, rpc.INTERNAL_ERROR, f"the server failed: {type(problem).__name__}"))


# ---------------------------------------------------------------- the present era


def _is_modern(request: Request) -> bool:
    meta = request.params.get("_meta")
    if not isinstance(meta, dict) or VERSION not in meta:
        if request.method == "server/discover":
            raise _Refused(rpc.INVALID_PARAMS, f"`_meta` names no version: {VERSION}")
        return False
    asked = meta[VERSION]
    if not isinstance(asked, str):
        raise _Refused(rpc.INVALID_PARAMS, f"`_meta`: {VERSION} is no text")
    if asked not in PRESENT:
        data = {"supported": list(PRESENT), "requested": asked[:64]}
        raise _Refused(UNSUPPORTED_VERSION, "Unsupported protocol version", data)
    if not isinstance(meta.get(CAPABILITIES), dict):
        raise _Refused(rpc.INVALID_PARAMS, f"`_meta`: {CAPABILITIES} is missing, or no object")
    return True


def _modern(result: dict[str, Any], keeps: int | None = None, scope: str = "public") -> dict[str, Any]:
    """Adds what every result says in the present era; `keeps`: for how many ms it may be kept."""
    kept = {} if keeps is None else {"ttlMs": keeps, "cacheScope": scope}
    return {**result, "resultType": "complete", **kept, "_meta": {SERVER: ME}}


def _discovered() -> dict[str, Any]:
    return {"supportedVersions": list(PRESENT), "capabilities": CAN, "instructions": INSTRUCTIONS}


# ---------------------------------------------------------------- what there is

LISTS = {
    "tools/list": lambda: {"tools": [tool.plain() for tool in tools.TOOLS.values()]},
    "resources/list": lambda: {"resources": [row.plain() for row in resources.RESOURCES]},
    "resources/templates/list": lambda: {"resourceTemplates": [resources.KIND]},
    "prompts/list": lambda: {"prompts": [prompt.plain() for prompt in prompts.PROMPTS.values()]},
}
"""Each is whole on one page."""


def _notified(request: Request) -> Cancel | None:
    id = request.params.get("requestId")
    if request.method == "notifications/cancelled" and isinstance(id, str | int):
        return Cancel(id)
    return None


def _prompt(params: dict[str, Any]) -> dict[str, Any]:
    name, given = params.get("name"), params.get("arguments") or {}
    prompt = prompts.PROMPTS.get(name) if isinstance(name, str) else None
    if prompt is None:
        raise _Refused(rpc.INVALID_PARAMS, f"there is no such prompt; there are {', '.join(prompts.PROMPTS)}")
    if not isinstance(given, dict) or not all(isinstance(word, str) for word in given.values()):
        raise _Refused(rpc.INVALID_PARAMS, "`arguments` are texts by their names")
    return prompt.said(given)


def _call(request: Request, modern: bool) -> Call:
    if request.method == "resources/read":
        uri = request.params.get("uri")
        if not isinstance(uri, str):
            raise _Refused(rpc.INVALID_PARAMS, "`uri` is missing, or no text")
        return Call(request.id, modern, request.method, uri[:256], {})
    name, given = request.params.get("name"), request.params.get("arguments", {})
    if not isinstance(name, str) or name not in tools.TOOLS:
        near = nearest(name[:64], tools.TOOLS) if isinstance(name, str) else ()
        raise _Refused(rpc.INVALID_PARAMS, f"there is no such tool; there are {', '.join(near or tools.TOOLS)}")
    if given is not None and not isinstance(given, dict):
        raise _Refused(rpc.INVALID_PARAMS, "`arguments` is an object")
    return Call(request.id, modern, request.method, name, given or {})
