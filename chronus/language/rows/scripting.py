"""Rows of the commands that only scripts and agents need."""

from __future__ import annotations

import re

from chronus import commands as c
from chronus.language.quantities import count, length, wrong
from chronus.language.quantities import start as start_of
from chronus.language.rows.known import Known, Pairs, dotted
from chronus.language.rows.line import Line
from chronus.language.rows.row import ALONE, Children, Choice, Fields, Form, Row, Typed, choice
from chronus.language.rows.written import format_length, format_port, format_value

TESTS = ("==", "!=", "<", "<=", ">", ">=")

TIMES = {"at", "now", "over", "in", "for"}
PLAIN_DEVICE = re.compile(r"[A-Za-z0-9](?:[\w.:,() -]*[\w)])?")


def _wait(children: Children, line: Line) -> Fields:
    line.mark("length", children[0])
    return {"length": length(children[0])}


def _wait_until(children: Children, line: Line) -> Fields:
    line.mark("until_bar", children[0])
    return {"until_bar": count(children[0], 1, c.FURTHEST, "a bar")}


def _write_wait(command: c.Wait) -> str:
    return format_length(command.length) if command.length else f"until bar {command.until_bar}"


def _offer_wait(typed: Typed, known: Known) -> Pairs:
    if not typed.rest:
        return [("until", "until bar 17")]
    return [("bar", "")] if typed.rest == ["until"] else ()


def _assert(children: Children, line: Line) -> Fields:
    target, test, value = children
    line.mark("target", target)
    line.mark("test", test)
    if test not in TESTS:
        raise wrong(start_of(test), f'"{test}" does not compare', "==")
    given = line.value(value, "value")
    return {"target": line.port(target, "target"), "test": str(test), "value": given}


def _write_assert(command: c.Assert) -> str:
    return f"{format_port(command.target)} {command.test} {format_value(command.value)}"


def _offer_assert(typed: Typed, known: Known) -> Pairs:
    if typed.rest:
        return ()
    return dotted(typed.word, known, ("params", "tables")) if "." in typed.word else known.names()


VICTIMS = [Choice(word, "killed on purpose") for word in ("active", "standby", "both", "host", "control")]

KEYS = (
    Choice("vi", "Esc, and then as in vi", "vim nvim modal"),
    Choice("emacs", "as in most shells", "readline default normal"),
)


def _device(children: Children, line: Line) -> Fields:
    if not children:
        return {}
    line.mark("name", children[0])
    quoted = line.text_or(children[0])
    return {"name": line.as_typed(children[0]) if quoted is None else quoted}


def _write_device(command: c.Device) -> str:
    plain = PLAIN_DEVICE.fullmatch(command.name) and not {*command.name.lower().split()} & TIMES
    return command.name if plain or not command.name else f'"{command.name}"'


def _offer_device(typed: Typed, known: Known) -> Pairs:
    return () if typed.rest else [("null", "the silent device, in real time")]


DRAWN = (
    Choice("ascii", "letters and signs, for any terminal"),
    Choice("block", "blocks, a quarter or an eighth of a character"),
    Choice("braille", "the finest: eight dots a character"),
)

ROWS = (
    Row(
        c.Wait,
        "wait LENGTH   wait until bar N",
        "goes on later",
        Form((("QUANTITY", _wait), ('"until" "bar" QUANTITY', _wait_until)), _write_wait, _offer_wait),
        ("wait 4 bars", "wait 2s", "wait until bar 17"),
    ),
    Row(c.Sync, "sync", "waits until all before it is applied", ALONE),
    Row(
        c.Assert,
        "assert NAME.param == VALUE",
        "fails unless it holds; also != < <= > >=",
        Form((("(DOTTED | NAME) TEST plain", _assert),), _write_assert, _offer_assert),
        ("assert bass.freq == 55",),
    ),
    Row(
        c.Crash,
        "crash active|standby|both|host|control",
        "kills a process on purpose: the failover drill",
        choice("what", VICTIMS),
    ),
    Row(
        c.Keys,
        "keys [vi|emacs]",
        "the keys of the prompt, here and in all to come; `help prompt` lists them",
        choice("mode", KEYS, optional=True),
        ("keys vi",),
        meant="keybindings bindings keymap vimode bindkey",
    ),
    Row(
        c.Device,
        "device [NAME]",
        "another device plays on, without an end of the music; `device` alone lists them",
        Form(
            (("(STRING | DEVICENAME)?", _device),),
            _write_device,
            _offer_device,
            # all up to a time: names have spaces in them, and colons
            'DEVICENAME: /(?!\\s|(?:at|now|over)(?![a-z0-9_]))(?:(?!\\s+(?:(?:at|now|over)(?![a-z0-9_])|(?:in|for)[ \\t]+[0-9.]))[^"])+/',
        ),
        ("device null", "device hdmi"),
        meant="output soundcard audio",
    ),
    Row(
        c.Glyphs,
        "glyphs [ascii|block|braille]",
        "of what pictures are drawn here",
        choice("kind", DRAWN, optional=True),
        ("glyphs braille",),
    ),
    Row(c.Quit, "quit", "leaves", ALONE, meant="exit bye q logout close"),
)
