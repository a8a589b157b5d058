"""Rows of the commands for the arrangement: scenes."""

from __future__ import annotations

from lark import Tree

from chronus import commands as c
from chronus.catalogue.whole import OF_OUT, WHOLE, Text
from chronus.language.quantities import length, wrong
from chronus.language.quantities import start as start_of
from chronus.language.rows.known import Known, Pairs, dotted
from chronus.language.rows.line import Line
from chronus.language.rows.row import BEGINS, Children, Fields, Form, Row, Typed
from chronus.language.rows.written import format_change, format_length

# ---------------------------------------------------------------- scenes

_NUMBERS = "|".join(name for name, row in WHOLE.items() if not isinstance(row, Text)) + "|" + "|".join(OF_OUT)
SCENE_TERMS = rf"""
scene_item: NAME+ -> scene_lanes
    | "*" -> scene_all
    | "." -> scene_none
    | (DOTTED | OFTHEWHOLE) value (OVER QUANTITY)? -> scene_sets
    | BYPASSED NAME (ON | OFF) -> scene_bypass
BYPASSED.3: /bypass(?=[ \t]+[a-z][a-z0-9_]*[ \t]+(?:on|off)(?![a-z0-9_]))/
OFTHEWHOLE.3: /(?:{_NUMBERS})(?=[ \t]+[-+*\/.0-9])|key(?=[ \t]+[a-g][#b]?[ \t]+[a-z])/
"""


def _scene(children: Children, line: Line) -> Fields:
    return {"name": line.name(children[0], "name")}


def _define(children: Children, line: Line) -> Fields:
    name, *items = children
    lanes: list[str] = []
    parts: list[c.ScenePart] = []
    kinds = {str(item.data) for item in items}
    for item in items:
        match str(item.data):
            case "scene_lanes":
                lanes += [line.name(word, f"lanes.{len(lanes) + k}") for k, word in enumerate(item.children)]
            case "scene_sets":
                parts.append(_sets(item, line, f"parts.{len(parts)}.change"))
            case "scene_bypass":
                parts.append(c.ScenePart(_bypass(item, line, f"parts.{len(parts)}.change")))
    if lanes and "scene_none" in kinds:
        raise wrong(start_of(children[0]), 'a scene is "." (no lane) or some lanes, not both')
    fields: Fields = {"name": line.name(name, "name"), "defines": True}
    return {**fields, "lanes": tuple(lanes), "parts": tuple(parts), "everything": "scene_all" in kinds}


def _sets(item: Tree, line: Line, path: str) -> c.ScenePart:  # type: ignore[type-arg]
    target, value, *over = item.children
    change = line.change(Tree("change", [target, value]), path)
    if isinstance(change.value, c.Sweep) and not over:
        end = value.children[-1].end_pos  # type: ignore[union-attr]
        raise wrong(end, 'a sweep needs a length, as in "400..2400 over 8 bars"', " over 8 bars", length=0)
    return c.ScenePart(change, length(over[1]) if over else None)  # type: ignore[arg-type]


def _bypass(item: Tree, line: Line, path: str) -> c.Change:  # type: ignore[type-arg]
    _, name, state = item.children
    line.mark(f"{path}.param", item)
    line.mark(f"{path}.value", state)  # type: ignore[arg-type]
    module = line.name(name, f"{path}.module")  # type: ignore[arg-type]
    return c.Change(module, "bypass", c.Word("on" if state.type == "ON" else "off"))  # type: ignore[union-attr]


def _write_scene(command: c.Scene) -> str:
    if not command.defines:
        return command.name
    lanes = " ".join(command.lanes) or ("" if command.everything else ".")
    items = [lanes, "*" if command.everything else "", *map(_write_part, command.parts)]
    return f"{command.name} = {', '.join(filter(None, items))}"


def _write_part(part: c.ScenePart) -> str:
    return format_change(part.change) + (f" over {format_length(part.over)}" if part.over is not None else "")


def _offer_scene(typed: Typed, known: Known) -> Pairs:
    if "=" not in typed.head:
        if not typed.rest:
            return [(name, "heard from the next bar on") for name in known.scenes()]
        return [("=", "which lanes are heard"), *BEGINS.items()] if len(typed.rest) == 1 else ()
    if "." in typed.word:
        return dotted(typed.word, known, ("params",))
    return [*known.names(), ("*", "what is heard now"), ("bypass", "bypass NAME on|off")]


ROWS = (
    Row(
        c.Scene,
        "scene NAME   scene NAME = LANE ... [, NAME.param VALUE ...]",
        "lets exactly these lanes be heard, from the next bar; with = says which: `help scenes`",
        Form(
            (("NAME", _scene), ('NAME "=" scene_item ("," scene_item)*', _define)),
            _write_scene,
            _offer_scene,
            SCENE_TERMS,
        ),
        (
            "scene drop = kick snare reese, reese.cutoff 800",
            "scene build = hat, filter.cutoff 400..4k over 8 bars",
            "scene drop",
        ),
        meant="section part snapshot",
    ),
)
