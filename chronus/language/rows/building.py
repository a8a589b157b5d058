"""Rows of the commands for modules, cables and values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chronus import commands as c
from chronus.catalogue.whole import OF_OUT, WHOLE
from chronus.language.quantities import quantity, wrong
from chronus.language.quantities import start as start_of
from chronus.language.rows.known import Known, Pairs, about, about_words, dotted, find_param, given, values
from chronus.language.rows.line import Line
from chronus.language.rows.row import BEGINS, NAME, Children, Fields, Form, Row, Typed
from chronus.language.rows.written import format_chain, format_change, format_kind, format_value
from chronus.units import SILENCE, format_number, format_quantity

# ---------------------------------------------------------------- load


def _load(children: Children, line: Line) -> Fields:
    kind, *rest = children
    named = line.kind(kind)
    names = [node for node in rest if node.data == "named"]
    rest = [node for node in rest if node.data != "named"]
    if len(names) > 1:
        raise wrong(start_of(names[1]), "one name is enough")
    name = line.name(names[0].children[1], "name") if names else ""
    params: dict[str, c.Change] = {}
    for k, (param, value) in enumerate(node.children for node in rest):
        word = line.name(param, f"params.{k}.param")
        if word in params:
            raise wrong(start_of(param), f'"{word}" is given twice')
        params[word] = c.Change("", word, line.value(value, f"params.{k}.value"))
    return {"kind": named, "name": name, "params": tuple(params.values())}


def _insert(children: Children, line: Line) -> Fields:
    kind, _, on, *rest = children
    return {**_load([kind, *rest], line), "on": line.name(on, "on")}


def _write_insert(command: c.Insert) -> str:
    return f"{format_kind(command.kind)} on {command.on}{_named_and_set(command)}"


def _write_load(command: c.Load) -> str:
    return f"{format_kind(command.kind)}{_named_and_set(command)}"


def _named_and_set(command: c.Load) -> str:
    name = f" as {command.name}" if command.name else ""
    return name + "".join(f" {change.param}={format_value(change.value)}" for change in command.params)


def _offer_load(typed: Typed, known: Known) -> Pairs:
    if not typed.rest:
        return known.kinds()
    if typed.rest[-1] == "as":
        return ()
    spec = known.kind(typed.rest[0])
    assigned = re.search(r"([a-z][a-z0-9_]*)=\Z", typed.head)
    if assigned:
        return _values(find_param(spec, assigned.group(1)))
    params = [(f"{param['name']}=", about(param)) for param in spec.get("params", ())]
    params += [(f"{one['name']}=", about_words(one)) for one in given(spec)]
    return params if "as" in typed.rest else [("as", "under a name of its own"), *params]


def _offer_insert(typed: Typed, known: Known) -> Pairs:
    if len(typed.rest) == 1:
        return [("on", "behind all that its sound goes through")]
    if len(typed.rest) == 2:
        return known.names()
    return _offer_load(typed._replace(rest=[*typed.rest[:1], *typed.rest[3:]]), known)


# ---------------------------------------------------------------- cables


def _patch(children: Children, line: Line) -> Fields:
    last = children[-1]
    if hasattr(last, "children"):
        return {"chain": line.chain(children)}
    line.mark("amount", last)
    return {"chain": line.chain(children[:-1]), "amount": SILENCE if last.type == "OFF" else quantity(last)}


def _write_patch(command: c.Patch) -> str:
    amount = f" {format_quantity(command.amount)}" if command.amount else ""
    return f"{format_chain(command.chain)}{amount}"


def _offer_patch(typed: Typed, known: Known) -> Pairs:
    if typed.rest and not typed.head.rstrip().endswith(">"):
        return ()
    if "." in typed.word:
        return dotted(typed.word, known, _ends(typed))
    return [*known.names(), *known.kinds()]


def _offer_unpatch(typed: Typed, known: Known) -> Pairs:
    if "." in typed.word:
        return dotted(typed.word, known, _ends(typed))
    return known.names() if not typed.rest or typed.head.rstrip().endswith(">") else ()


def _ends(typed: Typed) -> tuple[str, ...]:
    """Where a cable may lead to, or come from."""
    return ("ins", "params") if ">" in typed.head else ("outs",)


# ---------------------------------------------------------------- set


def _bypass(children: Children, line: Line) -> Fields:
    name, state = children
    line.spans["changes.0.param"] = 0
    line.mark("changes.0.value", state)
    word = c.Word("on" if state.type == "ON" else "off")
    return {"changes": (c.Change(line.name(name, "changes.0.module"), "bypass", word),)}


def _offer_bypass(typed: Typed, known: Known) -> Pairs:
    return (
        known.names()
        if not typed.rest
        else [("on", "goes past it"), ("off", "goes through it")] * (len(typed.rest) == 1)
    )


def _set(children: Children, line: Line) -> Fields:
    return {"changes": tuple(line.change(node, f"changes.{k}") for k, node in enumerate(children))}


def _offer_set(typed: Typed, known: Known) -> Pairs:
    change = typed.head.rpartition(",")[2].split() if "," in typed.head else typed.rest
    if not change:
        if "." in typed.word:
            return dotted(typed.word, known, ("params", "tables"))
        return [*known.names(), *known.whole()]
    if len(change) == 1 and "." in change[0]:
        name, _, param = change[0].partition(".")
        row = find_param(known.spec(name), param)
        return _values(row)
    return [("over", "over 8 bars: how long it takes"), *BEGINS.items()] if len(change) == 2 else ()


def _values(param: Mapping[str, Any]) -> Pairs:
    return [*values(param), *([_wave(param)] if param and not param.get("words") else [])]


def _wave(param: Mapping[str, Any]) -> tuple[str, str]:
    ends = "..".join(format_number(param[end]) for end in ("low", "high"))
    return f"lfo(sine,1/2,{ends})", "to and fro: shape, a turn in so long, its two ends"


ROWS = (
    Row(
        c.Load,
        "load KIND [as NAME] [param=value ...]",
        "a new module",
        Form((("(KIND | PATH | STRING) (named | assignment)*", _load),), _write_load, _offer_load),
        ("load bass_module", "load saw as lead gain=0.2 voices=4"),
        meant="add new_module create make use instantiate spawn",
    ),
    Row(
        c.Insert,
        "insert KIND on NAME [as X] [param=value ...]",
        "a new module at the end of NAME's chain; on out, in front of out",
        Form((("(KIND | PATH | STRING) ON NAME (named | assignment)*", _insert),), _write_insert, _offer_insert),
        ("insert delay on snare", "insert filter on out as tone cutoff=8k"),
        meant="append attach fx",
    ),
    Row(
        c.Unload,
        "unload NAME",
        "fades a module out and takes it away with its cables and lane",
        NAME,
        meant="remove delete rm del kill destroy",
    ),
    Row(
        c.Patch,
        "patch A > B [> C ...] [gain]   patch A > B.param [amount]",
        "cables from outputs to inputs, or to a parameter",
        Form((('port (">" port)+ (QUANTITY | OFF)?', _patch),), _write_patch, _offer_patch),
        (
            "patch tb303 > filter > delay",
            "patch snare > delay -12db",
            "patch lfo > filter.cutoff 2 oct",
            "patch saw > out.left",
            "patch bass.pitch > filter.cutoff",
        ),
        meant="connect wire route plug cable modulate chain link_to",
    ),
    Row(
        c.Unpatch,
        "unpatch A [> B ...]",
        "takes a cable away, or all that leave A (none that come in)",
        Form(
            (('port (">" port)*', lambda children, line: {"chain": line.chain(children)}),),
            lambda command: format_chain(command.chain),
            _offer_unpatch,
        ),
        ("unpatch tb303 > filter",),
        meant="disconnect unplug unwire unroute",
    ),
    Row(
        c.Set,
        "set NAME.param VALUE [, NAME.param VALUE ...] [over LENGTH]",
        f"a parameter; also {', '.join((*WHOLE, *OF_OUT))}",
        Form(
            (('change ("," change)*', _set),),
            lambda command: ", ".join(map(format_change, command.changes)),
            _offer_set,
        ),
        (
            "set bass.freq 55",
            "set bass.cutoff +10%",
            "set tb303.cutoff 400..2400 over 8 bars",
            "set bass.cutoff lfo(sine, 1/2, 300..1200)",
        ),
        meant="change param parameter tweak turn adjust assign let put",
    ),
    Row(
        c.Set,
        "bypass NAME on|off",
        "its sound goes past a module, which goes on unheard; short for `set NAME.bypass on`",
        Form((("NAME (ON | OFF)", _bypass),), lambda command: format_change(command.changes[0]), _offer_bypass),
        ("bypass delay on",),
        meant="disable disconnect_fx skip",
    ),
)
