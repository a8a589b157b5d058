"""Rows of the commands for the transport, the tempo, notes played by hand, and musical words."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from chronus import commands as c
from chronus import othernames
from chronus.catalogue.whole import WHOLE, Text, Whole
from chronus.errors import nearest
from chronus.language.quantities import count, note_length, pitch, quantity, velocity, wrong
from chronus.language.quantities import start as start_of
from chronus.language.rows.known import Known, Pairs
from chronus.language.rows.line import Line
from chronus.language.rows.row import ALONE, Children, Fields, Form, Row, Typed, terms
from chronus.language.rows.written import format_change, format_pitch
from chronus.pattern.arpeggio import Arpeggiator
from chronus.pattern.lane import OPTIONS
from chronus.units import Quantity, format_number, format_quantity

RATE = OPTIONS["rate"]

# ---------------------------------------------------------------- parameters of the whole


def _verb(row: Whole | Text) -> Row:
    """`bpm 174` is `set bpm 174`."""

    def read(children: Children, line: Line) -> Fields:
        line.spans |= {"changes.0.module": 0, "changes.0.param": 0}
        given = line.whole(row.name, children[0], "changes.0.value")
        if isinstance(given, c.Word) and isinstance(row, Whole):
            raise wrong(start_of(children[0]), f'{row.name} is a number, not "{given.text}"', code="E_VALUE")
        return {"changes": (c.Change("", row.name, given),)}

    form = Form((("value", read),), lambda command: format_change(command.changes[0]))
    meant = [word for word, names in othernames.WHOLE.items() if names[0] == row.name]
    usage = f"{row.name} {'NUMBER' if isinstance(row, Whole) else row.example}" + " [over LENGTH]" * bool(row.moving)
    return Row(c.Set, usage, row.help, form, row.examples, meant=" ".join(meant))


# ---------------------------------------------------------------- by hand


def _gate(children: Children, line: Line) -> Fields:
    name, state = children
    line.mark("on", state)
    return {"name": line.name(name, "name"), "on": state.type == "ON"}


def _offer_gate(typed: Typed, known: Known) -> Pairs:
    return known.names() if not typed.rest else [("on", "held open"), ("off", "let go")] * (len(typed.rest) == 1)


def _note(children: Children, line: Line) -> Fields:
    name, note, *options = children
    fields: Fields = {"name": line.name(name, "name"), "pitch": pitch(note)}
    line.mark("pitch", note)
    for option, given in zip(options[::2], options[1::2], strict=True):
        field = "velocity" if option.type == "VEL" else "length"
        if field in fields:
            raise wrong(start_of(option), f'"{option}" is given twice')
        line.mark(field, given)
        value = quantity(given)
        if field == "velocity":
            fields[field] = velocity(value, start_of(given))
        else:
            fields[field], fields["length_unit"] = note_length(value, start_of(given))
    return fields


def _write_note(command: c.Note) -> str:
    length = format_quantity(Quantity(command.length, command.length_unit))
    return f"{command.name} {format_pitch(command.pitch)} vel={format_number(command.velocity)} len={length}"


def _offer_note(typed: Typed, known: Known) -> Pairs:
    if not typed.rest:
        return known.names()
    return [("vel=", "velocity 0..1"), ("len=", "length: 1/8, 200ms")] if len(typed.rest) >= 2 else ()


ORDERS = {
    "up": "from low to high", "down": "from high to low", "updown": "up and down again", "order": "as they were played",
    "random": "drawn from the seed", "chord": "all of them at once", "off": "no arpeggiator",
}  # fmt: skip


def _arp(children: Children, line: Line) -> Fields:
    name, *options = children
    fields: Fields = {"name": line.name(name, "name"), "order": "up"}
    order = options.pop(0) if options and options[0].type == "NAME" else None
    if order is not None:
        line.mark("order", order)
        fields["order"] = str(order)
    if order is not None and order not in (*ORDERS, "played"):
        raise wrong(start_of(order), f'"{order}" is no order; there are {", ".join(ORDERS)}', *nearest(order, ORDERS))
    while options:
        option = options.pop(0)
        field = option.type.lower()
        if field in fields or order == "off":
            said = "is given twice" if field in fields else "says nothing of `off`"
            raise wrong(start_of(option), f'"{option}" {said}')
        line.mark(field, option)
        fields[field] = True if field == "latch" else _of_arp(field, options.pop(0))
    return fields


def _of_arp(field: str, given: Any) -> Any:
    if field == "oct":
        return count(given, 1, 4, "oct")
    rate = quantity(given)
    share = Fraction(rate.number).limit_denominator(1000) if rate.unit == "whole" else Fraction(0)
    if not RATE.low <= share <= RATE.high:
        raise wrong(start_of(given), "rate is a note length, 1/128..4/1", "1/16", code="E_VALUE")
    return share.as_integer_ratio()


def _write_arp(command: c.Arp) -> str:
    if command.order == "off":
        return f"{command.name} off"
    return f"{command.name} {Arpeggiator(command.order, command.oct, command.rate, command.latch).words()}"


def _offer_arp(typed: Typed, known: Known) -> Pairs:
    if len(typed.rest) < 2:
        return list(ORDERS.items()) if typed.rest else known.names()
    return [("rate=", RATE.help), ("oct=", "octaves, 1..4"), ("latch", "a chord goes on until the next one")]


ROWS = (
    Row(
        c.Play,
        "play",
        "the transport goes; drones that panic silenced sound again",
        ALONE,
        meant="start resume continue go run",
    ),
    Row(c.Stop, "stop", "the transport stops; lanes are let go", ALONE, meant="pause halt"),
    Row(c.Panic, "panic", "silence within 5 ms, drones too, until play", ALONE, meant="shutup killall"),
    *(_verb(row) for row in WHOLE.values() if row.is_verb),
    Row(
        c.Gate,
        "gate NAME on|off",
        "holds a module open by hand, or lets go; lets a drone sound that is gated off",
        Form(
            (("NAME (ON | OFF)", _gate),),
            lambda command: f"{command.name} {'on' if command.on else 'off'}",
            _offer_gate,
            terms("on", "off"),
        ),
    ),
    Row(
        c.Note,
        "note NAME PITCH [vel=0.8] [len=1/8]",
        "one note by hand",
        Form(
            (('NAME (NOTE | QUANTITY) (VEL "=" QUANTITY | LEN "=" QUANTITY)*', _note),),
            _write_note,
            _offer_note,
            terms("vel", "len"),
        ),
        ("note bass a1 len=1/4",),
        meant="trigger hit ping",
    ),
    Row(
        c.Arp,
        "arp NAME [up|off] [rate=1/16] [oct=2] [latch]",
        "an arpeggiator for the lane and the notes by hand: up, down, updown, order, random, chord, off",
        Form(
            (('NAME NAME? (RATE "=" QUANTITY | OCT "=" QUANTITY | LATCH)*', _arp),),
            _write_arp,
            _offer_arp,
            terms("rate", "oct", "latch").replace(": ", ".1: "),  # each could be an order, too
        ),
        ("arp lead up rate=1/16 oct=2", "arp lead up latch; note lead a2; note lead c3; note lead e3", "arp lead off"),
        meant="arpeggiate arpeggio arpeggiator",
    ),
    Row(
        c.Say,
        "say WORDS   Chronus, WORDS   Yo! Chronus, WORDS",
        "musical words become commands, which are shown; whole or not at all, and nothing of yours is replaced",
        Form((), lambda command: command.words),  # cut off before the grammar: these words are no line
        (
            "Yo! Chronus, drop in some kick and snare for a DnB song",
            "say an 808 kick at 128",
            "say take the kick out",
        ),
        short=("yo", "chronus"),
    ),
)
