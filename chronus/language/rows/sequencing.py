"""Rows of the commands for lanes."""

from __future__ import annotations

import re

from chronus import commands as c
from chronus.language import notation
from chronus.language.grammar import WHOLE_WORD
from chronus.language.quantities import count, quantity, wrong
from chronus.language.quantities import start as start_of
from chronus.language.rows.known import Known, Pairs, dotted
from chronus.language.rows.line import Line
from chronus.language.rows.row import (
    LANES,
    LANES_OR_NONE,
    NAME,
    Children,
    Fields,
    Form,
    Row,
    Typed,
    offer_name,
)  # fmt: skip
from chronus.pattern import library
from chronus.pattern.lane import MOST_STEPS, OPTIONS
from chronus.units import format_number

BEFORE_VALUE = re.compile(r":.*\s(\w+)=$")


def _sequence(children: Children, line: Line) -> Fields:
    name, body = children
    line.mark("pattern", body)
    module, param = line.dotted(name, "name", "param") if "." in name else (line.name(name, "name"), "")
    named = f"{module}.{param}" if param else module
    lane = notation.read_lane(line.as_typed(body), start_of(body) + 1, module, param)
    line.spans |= {f"options.{option}": column - 1 for option, column in lane.columns.items()}
    for k, (place, value) in enumerate(lane.locks):
        line.spans |= {f"locks.{k}.param": place - 1, f"locks.{k}.value": value - 1}
    return {"name": named, "text": lane.text, "pattern": lane.pattern, "options": lane.options}


def _offer_sequence(typed: Typed, known: Known) -> Pairs:
    if not typed.rest:
        return dotted(typed.word, known, ("params",)) if "." in typed.word else known.names()
    if typed.head.rstrip().endswith("@"):
        return library.names()
    if (named := BEFORE_VALUE.search(typed.head)) and named[1] in OPTIONS:
        option = OPTIONS[named[1]]
        return [(word, option.help) for word in option.words or (option.example,)]
    # A pattern has letters of its own: options are offered from the second letter on.
    wanted = ":" in typed.head and len(typed.word) >= 2
    return [(f"{name}=", option.help) for name, option in OPTIONS.items()] if wanted else ()


def _pace(children: Children, line: Line) -> Fields:
    return {"on": children[0].type == "ON"} if children else {}  # type: ignore[union-attr]


def _offer_pace(typed: Typed, known: Known) -> Pairs:
    return (
        ()
        if typed.rest
        else [("on", "until it is off"), ("off", "as before"), ("for", "for 4 bars: and then as it was")]
    )


def _clear(children: Children, line: Line) -> Fields:
    return {"name": line.lane(children[0], "name")}


def _clear_scene(children: Children, line: Line) -> Fields:
    return {"what": "scene", "name": line.name(children[1], "name")}


def _clear_song(children: Children, line: Line) -> Fields:
    line.mark("what", children[0])
    return {"what": "song"}


def _offer_clear(typed: Typed, known: Known) -> Pairs:
    if typed.rest == ["scene"]:
        return [(name, "") for name in known.scenes()]
    if "." in typed.word and not typed.rest:
        return dotted(typed.word, known, ("params",))
    return () if typed.rest else [*known.names(), ("scene", "clear scene NAME"), ("song", "its sections")]


SEEDS = (0, 999_999_999)


def _vary(children: Children, line: Line) -> Fields:
    name, *numbers = children
    fields: Fields = {"name": line.name(name, "name")}
    if numbers:
        line.mark("amount", numbers[0])
        given = quantity(numbers[0])
        amount = given.number / (100 if given.unit == "%" else 1)
        if given.unit not in ("", "%") or not 0 <= amount <= 1:
            raise wrong(start_of(numbers[0]), "the amount is 0..1, or 0%..100%", "0.5", code="E_VALUE")
        fields["amount"] = amount
    return fields | _seed(numbers[1:], line)


def _answer(children: Children, line: Line) -> Fields:
    return {"name": line.name(children[0], "name")} | _seed(children[1:], line)


def _seed(numbers: Children, line: Line) -> Fields:
    if not numbers:
        return {}
    line.mark("seed", numbers[0])
    return {"seed": count(numbers[0], *SEEDS, "the seed")}


def _turned(children: Children, line: Line) -> Fields:
    name, *numbers = children
    fields: Fields = {"name": line.name(name, "name")}
    if numbers:
        line.mark("steps", numbers[0])
        fields["steps"] = count(numbers[0], -MOST_STEPS, MOST_STEPS, "the number of steps")
    return fields


def _write_turned(command: c.Shift | c.Rotate) -> str:
    return f"{command.name} {command.steps}"


def _write_vary(command: c.Vary) -> str:
    amount = f" {format_number(command.amount)}"
    return f"{command.name}{amount}" + (f" {command.seed}" if command.seed else "")


ROWS = (
    Row(
        c.Sequence,
        "sequence NAME: PATTERN [options]   (short: seq)",
        "the lane of a module, from the next bar; `help patterns`",
        Form(
            (('(NAME | DOTTED) ":" BODY', _sequence),),
            lambda command: f"{command.name}: {command.text}{command.options.words()}",
            _offer_sequence,
        ),
        (
            "sequence bass: x.x.x.x.x.x.x.x.",
            "seq tb303: a1 a1^ . a2~ a1 . c2^ a1 gate=60%",
            "seq kick: @dnb.two_step",
            "seq filter.cutoff: 400 . 800 _ 1200 . . . every=1/4",
        ),
        short=("seq",),
        meant="pattern track loop steps play_pattern beat",
    ),
    Row(
        c.Vary,
        "vary NAME [AMOUNT] [SEED]",
        "a variation of a lane, printed as the line it is; amount 0..1",
        Form((("NAME QUANTITY? QUANTITY?", _vary),), _write_vary, offer_name),
        ("vary hat 0.3", "vary bass 0.5 7"),
        meant="variation mutate randomize randomise humanize",
    ),
    Row(
        c.Answer,
        "answer NAME [SEED]",
        "call and response: a lane, and as much again in its rests",
        Form(
            (("NAME QUANTITY?", _answer),),
            lambda command: command.name + (f" {command.seed}" if command.seed else ""),
            offer_name,
        ),
        meant="respond response call reply",
    ),
    Row(
        c.Shift,
        "shift NAME [STEPS]",
        "a lane so many steps later, or earlier (-1), with the option shift=",
        Form((("NAME QUANTITY?", _turned),), _write_turned, offer_name),
        ("shift hat 1",),
        meant="nudge offset",
    ),
    Row(
        c.Rotate,
        "rotate NAME [STEPS]",
        "the same in its line: what falls out at one end comes in at the other",
        Form((("NAME QUANTITY?", _turned),), _write_turned, offer_name),
        ("rotate kick -2",),
        meant="rot roll",
    ),
    Row(c.Reverse, "reverse NAME", "a lane with its last step first", NAME, meant="rev backwards retrograde"),
    Row(
        c.Clear,
        "clear NAME   clear scene NAME   clear song",
        "takes a lane away, or a scene, or the song",
        Form(
            (("(NAME | DOTTED)", _clear), ("CLEAREDSCENE NAME", _clear_scene), ("CLEAREDSONG", _clear_song)),
            lambda command: " ".join(filter(None, (command.what, command.name))),
            _offer_clear,
            r"CLEAREDSCENE.3: /scene(?=[ \t]+[a-z])/" + f"\nCLEAREDSONG.3: /song{WHOLE_WORD}/",
        ),
        ("clear kick", "clear scene drop"),
    ),
    Row(c.Mute, "mute NAME ...", "the lane falls silent", LANES, ("mute kick hat",), meant="silence"),
    Row(c.Unmute, "unmute [NAME ...]", "the lane is heard again; without a name, all are", LANES_OR_NONE),
    Row(c.Solo, "solo NAME ...", "only these lanes are heard", LANES),
    *(
        Row(
            kind,
            f"{kind.__name__.lower()} [on|off]",
            f"all lanes go at {kind.pace} the pace, from the next bar; and then on from where they would be",
            Form((("(ON | OFF)?", _pace),), lambda command: "" if command.on else "off", _offer_pace),
            (f"{kind.__name__.lower()} for 4 bars",),
            meant=meant,
        )
        for kind, meant in ((c.Halftime, "half half_time"), (c.Doubletime, "double double_time"))
    ),
    Row(c.Unsolo, "unsolo [NAME ...]", "ends solo", LANES_OR_NONE),
)
