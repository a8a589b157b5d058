"""Checks values against the JSON Schemas that Chronus makes: the part of the language that they use, and no more.

`strict`: a field that the schema does not name is a fault, too; so a schema that lags behind the answers is found.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from chronus.shell import schema

TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "integer": int, "number": (int, float),
}  # fmt: skip
KNOWN = {
    "$schema", "$comment", "$defs", "$ref", "title", "description", "default", "type", "enum", "const", "pattern", "properties",
    "required", "items", "additionalProperties", "anyOf", "allOf", "if", "then", "minimum", "maximum",
}  # fmt: skip


def faults(value: Any, there: dict[str, Any], defs: dict[str, Any], strict: bool = True, at: str = "") -> list[str]:
    """Returns what of the value the schema does not allow, each with the place where it is."""
    assert set(there) <= KNOWN, f"the check does not know {set(there) - KNOWN}"
    found: list[str] = []
    if "$ref" in there:
        found += faults(value, defs[there["$ref"].removeprefix("#/$defs/")], defs, strict, at)
    if "anyOf" in there:
        tried = [faults(value, one, defs, strict, at) for one in there["anyOf"]]
        found += [] if [] in tried else min(tried, key=len)
    for branch in there.get("allOf", ()):
        if not faults(value, branch["if"], defs, False, at):
            found += faults(value, branch["then"], defs, strict, at)
    if "const" in there and (value != there["const"] or type(value) is not type(there["const"])):
        return [*found, f"{at} is {value!r}, not {there['const']!r}"]
    if "enum" in there and value not in there["enum"]:
        return [*found, f"{at} is {value!r}, none of {there['enum']}"]
    if "pattern" in there and not (isinstance(value, str) and re.search(there["pattern"], value)):
        return [*found, f"{at} is {value!r}, not {there['pattern']}"]
    if "type" in there and not _is(value, there["type"]):
        return [*found, f"{at} is {value!r}, no {there['type']}"]
    if isinstance(value, dict):
        found += _of_an_object(value, there, defs, strict, at)
    if isinstance(value, list) and "items" in there:
        found += [
            fault for k, item in enumerate(value) for fault in faults(item, there["items"], defs, strict, f"{at}[{k}]")
        ]
    return found


def _of_an_object(
    value: dict[str, Any], there: dict[str, Any], defs: dict[str, Any], strict: bool, at: str
) -> list[str]:
    named, rest = there.get("properties", {}), there.get("additionalProperties", {})
    found = [f"{at}.{name} is missing" for name in there.get("required", ()) if name not in value]
    for name, item in value.items():
        if name in named:
            found += faults(item, named[name], defs, strict, f"{at}.{name}")
        elif isinstance(rest, dict) and "additionalProperties" in there:
            found += faults(item, rest, defs, strict, f"{at}.{name}")
        elif strict and named and "title" in there:
            found.append(f"{at}.{name} is in no field of {there['title']} (chronus/results.py)")
    return found


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


@cache
def whole() -> dict[str, Any]:
    return schema.of_all()


def faults_of_a_line(line: str) -> list[str]:
    """Checks one line that `--json` printed. Of a notice no more is known than its kind; of an answer all."""
    said, there = json.loads(line), whole()
    defs = there["$defs"]
    if "notice" in said or not said.get("ok"):
        return faults(said, {"anyOf": there["anyOf"]}, defs, strict=False)
    if kinds := [branch["then"] for branch in there["allOf"] if not faults(said, branch["if"], defs, False)]:
        own = kinds[0]["properties"]["result"]
    else:
        own = {"$ref": "#/$defs/Result"}
    return faults(said, {"$ref": "#/$defs/Ok"}, defs, strict=False) + faults(said["result"], own, defs, at="result")
