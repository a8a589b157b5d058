"""`chronus schema`: a JSON Schema of every line that `--json` prints, made of the structs in chronus/results.py.

A line is an answer, a refusal or a notice. What the `result` of an answer has depends on its command, whose first word says which one it
is; each command that has more in its result than every answer may have is a branch of `allOf`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from chronus import results
from chronus.errors import CODES, ChronusError, nearest
from chronus.language.rows import ROWS, SHORT

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PLACE = "#/$defs/{name}"
LINES = (results.Ok, results.Err, results.Notice)


def of_all() -> dict[str, Any]:
    """Describes every line, and under `$defs` also each object that a form prints (`$comment` says which)."""
    structs = [*LINES, results.Result, *results.RESULTS.values(), *results.FORMS.values()]
    _, defs = msgspec.json.schema_components(list(dict.fromkeys(structs)), ref_template=PLACE)
    _sharpen(defs)
    branches = [
        {
            "if": {
                "properties": {"command": {"pattern": f"^{word}( |$|:)"}, "ok": {"const": True}},
                "required": ["command"],
            },
            "then": {"properties": {"result": {"$ref": f"#/$defs/{kind.__name__}"}}},
        }
        for word, kind in _by_word().items()
    ]
    forms = ", ".join(f"chronus {form} --json prints {kind.__name__}" for form, kind in results.FORMS.items())
    return {
        "$schema": DIALECT,
        "title": "A line that chronus --json prints",
        "$comment": f"Fields are added, never changed. {forms}.",
        "anyOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in LINES],
        "allOf": branches,
        "$defs": dict(sorted(defs.items())),
    }


def of_one(word: str) -> dict[str, Any]:
    """Describes the `result` of one command, or what one form prints. Raises E_COMMAND where there is neither."""
    name = SHORT.get(word.lower(), word.lower())
    kind = _by_word().get(name) or results.FORMS.get(name)
    if kind is None and name not in ROWS:
        known = [*ROWS, *results.FORMS]
        raise ChronusError("E_COMMAND", f'there is no command "{word}"', suggestions=nearest(name, known))
    kind = kind or results.Result
    (schema,), defs = msgspec.json.schema_components([kind], ref_template=PLACE)
    return {"$schema": DIALECT, "title": f"The result of {name}", **schema, "$defs": dict(sorted(defs.items()))}


def written(found: dict[str, Any]) -> str:
    """Writes a schema for people and files: over many lines."""
    return msgspec.json.format(msgspec.json.encode(found), indent=1).decode() + "\n"


def _by_word() -> dict[str, type[msgspec.Struct]]:
    return {word: results.RESULTS[row.kind] for word, row in ROWS.items() if row.kind in results.RESULTS}


def _sharpen(defs: dict[str, Any]) -> None:
    """Adds what a struct cannot say: which `ok` it is, the version, and the codes, whose list is closed."""
    for name, ok in (("Ok", True), ("Err", False)):
        defs[name]["properties"]["ok"] = {"const": ok}
    for kind in LINES:
        defs[kind.__name__]["properties"]["v"] = {"const": 1}
    defs["Error"]["properties"]["code"] = {"enum": sorted(CODES)}
