"""Writes replies, refusals and notices as the lines that people and programs read, in the plain and in the JSON form. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from chronus.commands import SAID, Notice, Reply
from chronus.errors import ChronusError, did_you_mean
from chronus.language.field_places import Spans, place

# Control characters would reach the terminal as orders; bidirectional ones would show a line as another;
# lone surrogates have no bytes.
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Answer(Struct, frozen=True):
    """One command's answer. `command` is its canonical text, or the line as typed where it could not be understood."""

    id: int
    command: str
    text: str = ""
    frame: int | None = None
    lines: tuple[str, ...] = ()
    result: Mapping[str, Any] = {}
    error: ChronusError | None = None


INDENT = 2
"""Columns before the lines of an answer."""
MOST = 200
"""Characters of an answer's line, which is read in passing; all of it is in the JSON form."""
_TIMES = re.compile(r" \([^()]*\b(?:bar|transport)\b[^()]*\)$")
_MORE = re.compile(r"\.\.\. and (\d+) more")


def of_reply(id: int, command: str, reply: Reply, start: tuple[int, int], spans: Spans) -> Answer:
    """Makes an answer of the engine's reply, and finds the wrong word's place in the line again."""
    if reply.ok:
        return Answer(id, command, reply.text, reply.frame, reply.lines, reply.result)
    line, column = place(reply.part, start, spans)
    code = reply.code or "E_ENGINE"
    error = ChronusError(code, reply.text, suggestions=reply.suggestions, line=line, column=column)
    return Answer(id, command, lines=reply.lines, result=reply.result, error=error)


def clean(text: str) -> str:
    """Removes everything that a terminal would obey."""
    return UNSAFE.sub("", text.replace("\t", " "))


def shortened(text: str, most: int = MOST) -> str:
    """Shortens a text to the room there is: whole items where it counts some, and always what it says of the time."""
    if len(text) <= most:
        return text
    times = _TIMES.search(text)
    end = times[0] if times and len(times[0]) < most // 2 else ""
    words, room = text[: len(text) - len(end)], most - len(end)
    items, beyond = words.split("; "), 0
    if told := _MORE.fullmatch(items[-1]):
        items, beyond = items[:-1], int(told[1])
    for count in range(len(items) - 1, 0, -1):
        few = "; ".join([*items[:count], f"... and {len(items) - count + beyond} more"])
        if len(few) <= room:
            return few + end
    return f"{words[: max(room - 4, 0)].rstrip()} ...{end}"


# ---------------------------------------------------------------- the plain form


def plain(answer: Answer) -> list[str]:
    lines = [clean(" " * INDENT + line) for line in answer.lines]
    error = answer.error
    if error is None:
        frame = "" if answer.frame is None else f" @{answer.frame}"
        begin = f"ok {answer.id} "
        words = shortened(clean(answer.text or answer.command), MOST - len(begin) - len(frame))
        return [*lines, f"{begin}{words}{frame}"]
    begin, near = f"err {answer.id} {error.code} {error.line}:{error.column} ", clean(did_you_mean(error.suggestions))
    near = near if len(near) <= MOST // 2 else ""
    return [*lines, f"{begin}{shortened(clean(error.message), MOST - len(begin) - len(near))}{near}"]


def notice_plain(notice: Notice) -> str:
    return clean(f"! {notice.text}" if notice.kind == SAID else f"! {notice.kind}: {notice.text}")


# ---------------------------------------------------------------- the JSON form


def as_json(answer: Answer) -> str:
    error = answer.error
    if error is None:
        short = shortened(clean(answer.text))
        whole = {} if len(short) == len(clean(answer.text)) else {"text": answer.text}
        return _dump(
            {
                "v": 1,
                "id": answer.id,
                "ok": True,
                "command": answer.command,
                "frame": answer.frame,
                "result": {**answer.result, **whole},
                "text": short,
            }
        )
    return _dump(
        {
            "v": 1,
            "id": answer.id,
            "ok": False,
            "error": {
                "code": error.code,
                "line": error.line,
                "column": error.column,
                "message": error.message,
                "suggestions": error.suggestions,
                **({} if error.length is None or not error.suggestions else {"length": error.length}),
            },
            "command": answer.command,
        }
    )


def notice_json(notice: Notice) -> str:
    return _dump({"v": 1, "notice": {"kind": notice.kind, "text": notice.text, **notice.result}})


def one_object(value: Any) -> str:
    """Writes a whole result as one line of JSON."""
    return _dump(value)


def _dump(value: Any) -> str:
    return msgspec.json.encode(_clean_all(value)).decode()


def _clean_all(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): _clean_all(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean_all(item) for item in value]
    return value
