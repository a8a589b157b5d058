"""Rows of the commands for files."""

from __future__ import annotations

import re

from lark import Token

from chronus import commands as c
from chronus.commands import RESERVED
from chronus.language.quantities import Node, length, quantity, wrong
from chronus.language.quantities import start as start_of
from chronus.language.rows.known import Known, Pairs
from chronus.language.rows.line import Line
from chronus.language.rows.row import ALONE, BEGINS, FILE, Children, Fields, Form, Row, Typed
from chronus.language.rows.written import format_file, format_length

PLAIN_PATH = re.compile(r"(?!.*//)[A-Za-z0-9_.~/-]+")
OF_RECORDS = ("stop", "stems")
"""Words of their own for `record` and `keep`, so that a file of that name is quoted."""
STEMS = ("stems", "also one file for each module that leads to out")
SOUND = ("wav", "flac", "ogg", "aiff", "aif", "mp3", "m4a")
"""What the names of files end with that hold sound."""
NO_PATHS = (*RESERVED, "as")
"""Words that a path is quoted for, lest they be read otherwise."""


def _export(children: Children, line: Line) -> Fields:
    file, *options = children
    fields: Fields = {"name": line.file(file)}
    stem, dot, ending = fields["name"].rpartition(".")
    if dot and ending.lower() in SOUND:
        kept = ending if ending.lower() in ("wav", "flac") else "wav"
        message = f"export writes notes, as MIDI; `keep 8 bars {format_file(f'{stem}.{kept}')}` writes sound"
        raise wrong(start_of(file), message, format_file(f"{stem}.mid"), code="E_VALUE", length=len(file))
    for node in options:
        name, given = node.children
        if name != "bars":
            raise wrong(start_of(name), f'export takes "bars=8", not "{name}="', "bars", length=len(name))
        fields["bars"] = _bars(given, line)
    return fields


def _bars(given: Node, line: Line) -> int:
    line.mark("bars", given)
    token = given.children[0]
    number = quantity(token) if token.type == "QUANTITY" else None
    if number is None or number.unit not in ("", "bars") or number.number not in range(1, 1000):
        raise wrong(start_of(given), "bars is a whole number, 1..999", code="E_VALUE")
    return int(number.number)


def _write_export(command: c.Export) -> str:
    return format_file(command.name) + (f" bars={command.bars}" if command.bars != 8 else "")


def _import(children: Children, line: Line) -> Fields:
    file, *rest = children
    line.mark("name", file)
    quoted = line.text_or(file)
    fields: Fields = {"name": line.as_typed(file) if quoted is None else quoted}
    parts: dict[str, str] = {}
    for node in rest:
        if isinstance(node, Token):
            continue
        name, given = node.children
        token = given.children[0]
        if name == "bars":
            fields["bars"] = _bars(given, line)
        elif name == "tempo":
            if token not in ("yes", "no", "on", "off"):
                raise wrong(start_of(given), "tempo is yes or no", "yes", code="E_VALUE")
            fields["tempo"] = token in ("yes", "on")
        elif name in parts:
            raise wrong(start_of(name), f'"{name}" is given twice')
        else:
            line.spans[f"parts.{len(parts)}"] = start_of(given)
            parts[line.name(name, "")] = str(token)
    return {**fields, "parts": tuple(parts.items())}


def _write_import(command: c.Import) -> str:
    plain = PLAIN_PATH.fullmatch(command.name) and command.name.lower() not in NO_PATHS
    parts = [f"{name}={part}" for name, part in command.parts]
    parts += ["tempo=yes"] * command.tempo + [f"bars={command.bars}"] * bool(command.bars)
    return " ".join([command.name if plain else f'"{command.name}"', *["as"] * bool(parts), *parts])


def _offer_import(typed: Typed, known: Known) -> Pairs:
    if not typed.rest:
        return ()
    own = [("tempo=yes", "take its tempo, too"), ("bars=", "the first ones only")]
    return [
        *([("as", "what plays what")] if typed.rest[-1] != "as" else []),
        *((f"{n}=", what) for n, what in known.names()),
        *own,
    ]


def _file_and_stems(children: Children, line: Line) -> Fields:
    names = [word for word in children if word.type != "STEMS"]
    return {"name": line.file(names[0]) if names else "", "stems": len(names) < len(children)}


def _write_file_and_stems(command: c.Record | c.Keep) -> str:
    name = command.name
    file = f'"{name}"' if name.lower() in OF_RECORDS else format_file(name) if name else ""
    return f"{file} stems".lstrip() if command.stems else file


def _write_record(command: c.Record) -> str:
    return "stop" if command.stop else _write_file_and_stems(command)


def _offer_record(typed: Typed, known: Known) -> Pairs:
    if typed.rest == ["stop"]:
        return list(BEGINS.items())
    stems = [STEMS] if "stems" not in typed.rest else []
    return [*([] if typed.rest else [("stop", "ends it")]), *stems, *BEGINS.items()]


def _keep(children: Children, line: Line) -> Fields:
    if not children:
        raise wrong(len(line.typed), 'expected bars or seconds after "keep"', " 8 bars", length=0)
    number, *file = children
    line.mark("length", number)
    given = quantity(number)
    if not given.unit:
        raise wrong(start_of(number) + len(number), f'expected bars or s after "{number}"', " bars", " s", length=0)
    found = length(number)
    if found.unit == "beats" or (found.unit == "bars" and found.number != int(found.number)):
        raise wrong(start_of(number), "keep takes whole bars, or seconds", "8 bars", code="E_VALUE", length=len(number))
    return {"length": found, **_file_and_stems(file, line)}


def _write_keep(command: c.Keep) -> str:
    return f"{format_length(command.length)} {_write_file_and_stems(command)}".rstrip()


def _offer_keep(typed: Typed, known: Known) -> Pairs:
    if not typed.rest:
        return [(f"{bars} bars", "") for bars in (4, 8, 16, 32)]
    return () if "stems" in typed.rest else [STEMS]


ROWS = (
    Row(c.Save, "save NAME", "writes all of this as a script", FILE._replace(files="own"), meant="write store"),
    Row(
        c.Open,
        "open NAME",
        "a saved script takes the place of all of this, at the next bar line",
        FILE._replace(files="scripts"),
        meant="source restore",
    ),
    Row(
        c.Export,
        "export NAME.mid [bars=8]",
        "what the lanes play, as a MIDI file",
        Form((("(FILE | STRING) assignment*", _export),), _write_export, files="midi"),
        ("export beat.mid bars=16",),
        meant="midi",
    ),
    Row(
        c.Import,
        "import FILE.mid as NAME=PART ... [tempo=yes] [bars=8]",
        "lanes of a MIDI file; a part is a note (36), ch2 or track1",
        Form((("(FILE | STRING) AS? assignment*", _import),), _write_import, _offer_import, files="midi"),
        ("import drums.mid as kick=36 snare=38", "import song.mid as bass=ch2 tempo=yes"),
    ),
    Row(
        c.Record,
        "record [NAME] [stems]   record stop",
        "writes what is heard into a file, .wav or .flac",
        Form(
            (("RECORD_STOP", lambda children, line: {"stop": True}), ("(FILE | STRING)? STEMS?", _file_and_stems)),
            _write_record,
            _offer_record,
            "RECORD_STOP.3: /stop(?![^\\s])/\nSTEMS.3: /stems(?![^\\s])/",
        ),
        ("record", "record at next bar", "record stop"),
        meant="rec capture tape",
    ),
    Row(
        c.Keep,
        "keep N bars [NAME] [stems]",
        "writes what was just heard into a file, .wav or .flac",
        Form((("(QUANTITY (FILE | STRING)? STEMS?)?", _keep),), _write_keep, _offer_keep),
        ("keep 4 bars", "keep 8 bars drop.flac", "keep 20s", "keep 16 bars stems"),
        meant="bounce resample",
    ),
    Row(c.New, "new", "begins with nothing", ALONE),
)
