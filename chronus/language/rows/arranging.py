"""Rows of the commands for the arrangement: scenes, the song, fills."""

from __future__ import annotations

from lark import Tree

from chronus import commands as c
from chronus.catalogue.whole import OF_OUT, WHOLE
from chronus.language.grammar import WHOLE_WORD
from chronus.language.quantities import count, length, quantity, wrong
from chronus.language.quantities import start as start_of
from chronus.language.rows.known import Known, Pairs, dotted
from chronus.language.rows.line import Line
from chronus.language.rows.row import BEGINS, Children, Fields, Form, Row, Typed
from chronus.language.rows.written import format_change, format_length
from chronus.units import Quantity, format_quantity

# ---------------------------------------------------------------- scenes

_NUMBERS = "|".join((*WHOLE, *OF_OUT))
SCENE_TERMS = rf"""
scene_item: NAME (NAME | DOTTED)* -> scene_lanes
    | "*" -> scene_all
    | "." DOTTED* -> scene_none
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
            case "scene_lanes" | "scene_none":
                lanes += [line.lane(word, f"lanes.{len(lanes) + k}") for k, word in enumerate(item.children)]
            case "scene_sets":
                parts.append(_sets(item, line, f"parts.{len(parts)}.change"))
            case "scene_bypass":
                parts.append(c.ScenePart(_bypass(item, line, f"parts.{len(parts)}.change")))
    if {"scene_lanes", "scene_none"} <= kinds:
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
    none = not command.everything and all("." in lane for lane in command.lanes)
    items = [
        " ".join((*["."] * none, *command.lanes)),
        "*" if command.everything else "",
        *map(_write_part, command.parts),
    ]
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


# ---------------------------------------------------------------- the song

SONG_TERMS = rf"""
song_section: NAME TIMES?
TIMES: /\*[ \t]*[0-9]+(?![a-z0-9_.])/
ENDLESS.3: /loop(?![a-z0-9_]|[ \t]*\*)/
STOPPED: /stop{WHOLE_WORD}/
TURNED: /loop{WHOLE_WORD}/
"""


def _song(children: Children, line: Line) -> Fields:
    sections: list[tuple[str, int]] = []
    for section in children:
        if not isinstance(section, Tree):
            return {"sections": tuple(sections), "loop": True}
        name, *times = section.children
        scene = line.name(name, f"sections.{len(sections)}")  # type: ignore[arg-type]
        if not times:
            end = start_of(name) + len(scene)
            raise wrong(end, f"for how many bars? {scene}*8", "*8", length=0)
        bars = int(str(times[0]).lstrip("* \t"))
        if not 1 <= bars <= c.MOST_COUNTED:
            raise wrong(start_of(times[0]), f"a section has 1..{c.MOST_COUNTED} bars", code="E_VALUE")
        sections.append((scene, bars))
    return {"sections": tuple(sections)}


def _turn(children: Children, line: Line) -> Fields:
    line.mark("turn", children[0])
    return {"turn": " ".join(map(str, children))}


def _write_song(command: c.Song) -> str:
    if not command.sections:
        return command.turn
    return f": {' '.join(f'{scene}*{bars}' for scene, bars in command.sections)}{' loop' * command.loop}"


def _offer_song(typed: Typed, known: Known) -> Pairs:
    if ":" in typed.head:
        return [
            *((f"{scene}*8", "for so many bars") for scene in known.scenes()),
            ("loop", "and again from its beginning"),
        ]
    if typed.rest == ["loop"]:
        return [("on", "begins again at its end"), ("off", "stops at its end")]
    return [] if typed.rest else [("stop", "what is heard goes on"), ("loop", "loop on|off: what comes at its end")]


def _goto(children: Children, line: Line) -> Fields:
    *_, last = children
    if last.type == "NAME":
        return {"scene": line.name(last, "scene")}
    line.mark("bar", last)
    return {"bar": count(last, 1, c.FURTHEST, "a bar")}


def _offer_goto(typed: Typed, known: Known) -> Pairs:
    return (
        () if typed.rest else [("bar", "goto bar 17"), *((scene, "where it begins next") for scene in known.scenes())]
    )


# ---------------------------------------------------------------- fills


def _fill(children: Children, line: Line) -> Fields:
    line.mark("on", children[0])
    return {"on": children[0].type == "ON"}


def _every(children: Children, line: Line) -> Fields:
    line.mark("bars", children[0])
    given = quantity(children[0])
    if given.unit not in ("", "bars") or given.number != int(given.number) or not 1 <= given.number <= c.MOST_COUNTED:
        raise wrong(start_of(children[0]), f"so many bars, 1..{c.MOST_COUNTED}: every 8 bars fill", code="E_VALUE")
    return {"bars": int(given.number)}


def _write_every(command: c.Every) -> str:
    return f"{format_quantity(Quantity(command.bars, 'bars'))} fill" if command.bars else "off"


def _offer_every(typed: Typed, known: Known) -> Pairs:
    if not typed.rest:
        return [("8 bars fill", "the last of every 8 bars"), ("off", "no more")]
    return [("fill", "")] if typed.rest[-1] in ("bars", "bar") else ()


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
    Row(
        c.Song,
        "song   song: SCENE*BARS ... [loop]   song stop   song loop on|off",
        "plays scenes in order, each for so many bars, from the next bar on; alone it begins again",
        Form(
            (
                ("", lambda children, line: {}),
                ('":" song_section (","? song_section)* ENDLESS?', _song),
                ("STOPPED", _turn),
                ("TURNED (ON | OFF)", _turn),
            ),
            _write_song,
            _offer_song,
            SONG_TERMS,
        ),
        ("song: intro*8 build*8 drop*16", "song loop on"),
        meant="arrange arrangement playlist timeline",
    ),
    Row(
        c.Goto,
        "goto bar N   goto SCENE",
        "the song goes on there, from the next bar on",
        Form(
            (("GOTOBAR QUANTITY", _goto), ("QUANTITY", _goto), ("NAME", _goto)),
            lambda command: f"bar {command.bar}" if command.bar else command.scene,
            _offer_goto,
            r"GOTOBAR.3: /bars?(?=[ \t]+[0-9])/",
        ),
        ("goto bar 17", "goto drop at next 4 bars"),
        meant="jump seek locate",
    ),
    Row(
        c.Fill,
        "fill on|off",
        "lets steps with ?fill be heard and those with ?nofill not, from the next bar on",
        Form(
            (("(ON | OFF)", _fill),),
            lambda command: "on" if command.on else "off",
            lambda typed, known: () if typed.rest else [("on", "?fill is heard"), ("off", "?nofill is heard")],
        ),
        ("fill on for 1 bar",),
    ),
    Row(
        c.Every,
        "every N bars fill   every off",
        "the last of every N bars is a fill",
        Form(
            (('QUANTITY "fill"', _every), ("OFF", lambda children, line: {"bars": 0})),
            _write_every,
            _offer_every,
        ),
        ("every 8 bars fill",),
    ),
)
