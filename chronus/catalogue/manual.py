"""Writes the chapter of the manual about all kinds of modules, from what they declare: `chronus modules --markdown`. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chronus import units
from chronus.catalogue.telling import NOTE_NAMES, NOTES, OF_ALL

HEAD = """\
# Modules

Every kind of module: what it is, its parameters with range, unit and default, what goes in and comes out, and lines to try. `describe KIND`
says the same at the prompt, with present values. This page is written by `chronus modules --markdown > docs/modules.md`.

Every module that puts out sound also has `level`, `pan` and `bypass` ([mixing](language.md#mix)). One that plays notes takes them from its
lane, from a hand (`note`, `gate`), or from the module before it, and has `gate`, `pitch`, `velocity` and `accent` as outputs.
"""


def page(catalogue: Mapping[str, Mapping[str, Any]]) -> str:
    """Writes all kinds, by category."""
    by_category: dict[str, list[str]] = {}
    for kind in sorted(catalogue):
        by_category.setdefault(str(catalogue[kind].get("category", "module")), []).append(kind)
    contents = [
        f"- {category}: {', '.join(f'[{k}](#{k})' for k in kinds)}" for category, kinds in sorted(by_category.items())
    ]
    parts = [HEAD, "\n".join(contents) + "\n"]
    for category, kinds in sorted(by_category.items()):
        parts.append(f"## {category}\n")
        parts += [_kind(kind, catalogue[kind]) for kind in kinds]
    return "\n".join(parts)


def _kind(kind: str, spec: Mapping[str, Any]) -> str:
    lines = [f"### {kind}", "", _sentence(str(spec.get("help", "")))]
    if spec.get("aliases"):
        lines[-1] += f" Also: {', '.join(f'`{name}`' for name in spec['aliases'])}."
    if params := [param for param in spec.get("params", ()) if param not in OF_ALL]:
        lines += ["", "| parameter | range | default | |", "| --- | --- | --- | --- |"]
        lines += [_param(param) for param in params]
    if settings := [one for one in spec.get("tables", ()) if one["source"] != "code"]:
        lines += ["", *(f"`{one['name']}` is a {one['source']}, in quotes: {one.get('help', '')}." for one in settings)]
    ports = [*_ports("in", spec.get("ins", ())), *_ports("out", spec.get("outs", ()))]
    if ports:
        lines += ["", "; ".join(ports) + "."]
    if spec.get("tries"):
        lines += ["", "```tries", *spec["tries"], "```"]
    return "\n".join([*lines, ""])


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _param(param: Mapping[str, Any]) -> str:
    cells = [
        f"`{param['name']}`",
        units.format_range(param),
        units.format_param(param["default"], param),
        param.get("help", ""),
    ]
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _ports(way: str, ports: Iterable[Mapping[str, Any]]) -> list[str]:
    found = [port for port in ports if port["role"] not in NOTES and port["name"] not in NOTE_NAMES]
    told = [f"`{port['name']}` ({port['role']}{', ' + port['help'] if port.get('help') else ''})" for port in found]
    return [f"{_sentence(way)[:-1]}: {', '.join(told)}"] if told else []
