"""Rows of the questions."""

from __future__ import annotations

from chronus import commands as c
from chronus.language.quantities import count, length, start, wrong
from chronus.language.rows.known import Known, Pairs
from chronus.language.rows.line import Line
from chronus.language.rows.row import ALONE, NAMES_OR_NONE, Children, Choice, Fields, Form, Row, Typed, choice
from chronus.language.rows.written import format_file, format_length
from chronus.pattern import library

LISTS = (
    Choice("modules", "loaded modules", "instruments effects units"),
    Choice("lanes", "what plays", "tracks sequences"),
    Choice("patches", "saved", "cables connections"),
    Choice("patterns", "lines to play as @dnb.two_step", "grooves beats rhythms genres library"),
    Choice("scenes", "what each lets be heard", "arrangement sections"),
    Choice("devices", "where sound can go", "outputs"),
)


LISTED = choice("what", LISTS, optional=True)


def _patterns(children: Children, line: Line) -> Fields:
    if len(children) > 1:
        line.mark("genre", children[1])
    return {"what": "patterns", "genre": str(children[1]) if len(children) > 1 else ""}


def _offer_list(typed: Typed, known: Known) -> Pairs:
    if typed.rest == ["patterns"]:
        return [*((genre, "") for genre in library.genres()), *library.names()]
    return LISTED.offer(typed, known)


def _show(children: Children, line: Line) -> Fields:
    words, loop = list(children), None
    if len(words) > 1 and words[-1].type == "QUANTITY":
        loop = count(words.pop(), 0, c.FURTHEST, "a loop")
        words.pop()
    what = "lanes" if words and words[0].type == "EVERY_LANE" else ""
    name = line.name(words[0], "name") if words and words[0].type != "EVERY_LANE" else ""
    return {"name": name, "loop": loop, "what": what}


def _show_scene(children: Children, line: Line) -> Fields:
    return {"what": "scene", "name": line.name(children[1], "name")}


def _show_song(children: Children, line: Line) -> Fields:
    return {"what": "song"}


def _show_script(children: Children, line: Line) -> Fields:
    return {"what": "script"}


def _show_patch(children: Children, line: Line) -> Fields:
    if len(children) == 1:
        return {"what": "patch"}
    return {"what": "patch", "form": children[1].removeprefix("--"), "file": line.file(children[2], "file")}


def _write_show(command: c.Show) -> str:
    if command.form:
        return f"patch --{command.form} {format_file(command.file)}"
    loop = "" if command.loop is None else f"loop {command.loop}"
    return " ".join(filter(None, (command.what, command.name, loop)))


def _offer_show(typed: Typed, known: Known) -> Pairs:
    if not typed.rest:
        return [
            *known.names(),
            ("patch", "how all of it is patched"),
            ("lanes", "all lanes over a bar"),
            ("scene", "scene NAME"),
            ("song", "its sections"),
            ("script", "all of it, as `save` writes it"),
        ]
    if typed.rest == ["patch"]:
        return [("--svg", "as a picture, into a file"), ("--dot", "for Graphviz, into a file")]
    return (
        [("loop", "what loop N plays")]
        if len(typed.rest) == 1 and typed.rest[0] not in ("lanes", "song", "script")
        else ()
    )


def _scope(children: Children, line: Line) -> Fields:
    found: Fields = {}
    for child in children:
        if child.type == "QUANTITY":
            line.mark("length", child)
            found["length"] = length(child)
        else:
            found["name"] = line.name(child, "name")
    return found


def _write_scope(command: c.Scope) -> str:
    return f"{command.name} {format_length(command.length)}" if command.length else command.name


def _offer_scope(typed: Typed, known: Known) -> Pairs:
    lengths = [("50 ms", "a few waves"), ("2 bars", "the last two bars")]
    return [*known.names(), *lengths] if not typed.rest else lengths if len(typed.rest) == 1 else ()


def _hear(children: Children, line: Line) -> Fields:
    found: Fields = {}
    field = "name"
    for child in children:
        if child.type == "QUANTITY" and field == "versus":
            line.mark(field, child)
            found[field] = str(count(child, 0, c.FURTHEST, "an id of the history"))
        elif child.type == "QUANTITY":
            line.mark("length", child)
            found["length"] = length(child)
        elif child.type == "VERSUS":
            field = "versus"
        else:
            found[field] = line.name(child, field)
    return found


def _save_reference(children: Children, line: Line) -> Fields:
    _, name, *files = children
    fields: Fields = {"keep": line.name(name, "keep")}
    if files:
        line.mark("file", files[0])
        if files[0].start_pos == name.end_pos:
            typed = line.as_typed(name) + line.as_typed(files[0])
            message = f"a reference has a name, and then comes its file: save-ref {name} {typed}"
            raise wrong(start(name), message, f"{name} {typed}", length=len(typed))
        quoted = line.text_or(files[0])
        fields["file"] = line.as_typed(files[0]) if quoted is None else quoted
    return fields


def _write_hear(command: c.Hear) -> str:
    if command.keep:
        return f"save-ref {command.keep}" + (f' "{command.file}"' if command.file else "")
    words = [command.name] if command.name != "out" else []
    words += [format_length(command.length)] if command.length else []
    return " ".join([*words, *([f"vs {command.versus}"] if command.versus else [])])


def _offer_hear(typed: Typed, known: Known) -> Pairs:
    if "save-ref" in typed.rest:
        return ()
    if typed.rest[-1:] == ["vs"]:
        return known.names()
    if "vs" in typed.rest:
        return ()
    own = [("save-ref", "save-ref NAME [FILE]: a reference")]
    return [
        *([] if typed.rest else [*known.names(), *own]),
        ("2 bars", "the last two"),
        ("vs", "vs NAME: what differs"),
    ]


def _spectrum(children: Children, line: Line) -> Fields:
    found: Fields = {"name": line.name(children[0], "name")} if children and children[0].type == "NAME" else {}
    if children and children[-1].type != "NAME":
        found["file"] = line.file(children[-1], "file")
    return found


def _write_spectrum(command: c.Spectrum) -> str:
    return f"{command.name} --png {format_file(command.file)}" if command.file else command.name


def _offer_spectrum(typed: Typed, known: Known) -> Pairs:
    png = ("--png", "as a picture, into a file")
    return [*known.names(), png] if not typed.rest else [png] if "--png" not in typed.rest else ()


def _offer_kinds(typed: Typed, known: Known) -> Pairs:
    return () if typed.rest else known.kinds()


def _help(children: Children, line: Line) -> Fields:
    if not children:
        return {}
    line.mark("word", children[0])
    return {"word": str(children[0])}


def _offer_help(typed: Typed, known: Known) -> Pairs:
    return () if typed.rest else [*known.commands, *known.topics, *known.kinds()]


ROWS = (
    Row(
        c.List,
        "list [modules|lanes|patches|scenes| patterns [GENRE]|devices]",
        "what there is",
        LISTED._replace(
            rules=(
                (LISTED.rules[0][0].replace("PATTERNS | ", ""), LISTED.rules[0][1]),
                ("PATTERNS (NAME | DOTTED)?", _patterns),
            ),
            write=lambda command: f"{command.what} {command.genre}".rstrip(),
            offer=_offer_list,
        ),
        ("list patterns dnb",),
        meant="ls dir tracks",
    ),
    Row(
        c.Show,
        "show [NAME|lanes] [loop N]   show patch [--svg|--dot FILE]   show scene NAME   show song   show script",
        "a module and its lane, all lanes over a bar, what is patched into what, or everything",
        Form(
            (
                ("(NAME | EVERY_LANE | LOOP)? (LOOP QUANTITY)?", _show),
                ("PATCH (PICTURE (FILE | STRING))?", _show_patch),
                ("SHOWNSCENE NAME", _show_scene),
                ("SHOWNSONG", _show_song),
                ("SHOWNSCRIPT", _show_script),
            ),
            _write_show,
            _offer_show,
            'LOOP: "loop"\nPATCH.3: /patch(?![a-z0-9_])/\nPICTURE: /--(svg|dot)(?![a-z])/\nEVERY_LANE: "lanes"\n'
            "SHOWNSCENE.3: /scene(?=[ \\t]+[a-z])/\nSHOWNSONG.3: /song(?![a-z0-9_])/\n"
            "SHOWNSCRIPT.3: /script(?![a-z0-9_])/",
        ),
        ("show lanes", "show kick loop 3", "show patch"),
        meant="inspect get print display view cat",
    ),
    Row(
        c.Meters,
        "meters [NAME ...]",
        "how loud every module is, and the mix: RMS and peak of the last second, peaks held longer, limiter, loudness",
        NAMES_OR_NONE,
        ("meters", "meters kick out"),
        meant="levels vu loudness lufs peak",
    ),
    Row(
        c.Scope,
        "scope [NAME] [LENGTH]",
        "what a module, or the mix, has just put out, as a wave: 50 ms, or 2 bars",
        Form((("NAME? QUANTITY?", _scope),), _write_scope, _offer_scope),
        ("scope", "scope bass 50 ms", "scope out 2 bars"),
        meant="oscilloscope waveform wave stethoscope",
    ),
    Row(
        c.Spectrum,
        "spectrum [NAME] [--png FILE]",
        "the frequencies that a module, or the mix, has just put out",
        Form(
            (("NAME? (_PNG (FILE | STRING))?", _spectrum),),
            _write_spectrum,
            _offer_spectrum,
            "_PNG: /--png(?![a-z])/",
        ),
        ("spectrum", "spectrum bass"),
        meant="fft analyzer analyser freqscope spectroscope spectrogram",
    ),
    Row(
        c.Why,
        "why [NAME]",
        "what keeps a module from being heard, or anything, and the line that mends it",
        Form(
            (("NAME?", lambda children, line: {"name": line.name(children[0], "name")} if children else {}),),
            lambda command: command.name,
            lambda typed, known: () if typed.rest else known.names(),
        ),
        ("why", "why bass"),
        meant="silent unheard",
    ),
    Row(
        c.Hear,
        "hear [NAME] [LENGTH] [vs NAME|ID]   hear save-ref NAME [FILE]",
        "the figures of what a module, or the mix, has just put out, beside another module, a reference or an earlier step",
        Form(
            (
                ("NAME? QUANTITY? (VERSUS (NAME | QUANTITY))?", _hear),
                ("SAVEREFERENCE NAME (FILE | STRING)?", _save_reference),
            ),
            _write_hear,
            _offer_hear,
            "VERSUS.3: /vs(?![a-z0-9_])/\nSAVEREFERENCE.3: /save-ref(?![a-z0-9_])/",
        ),
        ("hear", "hear bass 2 bars", "hear vs dnb", "hear save-ref mine"),
        meant="measure analyze analyse listen ears",
    ),
    Row(
        c.Describe,
        "describe KIND",
        "a kind of module: its parameters, inputs and outputs",
        Form(
            (("KIND", lambda children, line: {"kind": line.kind(children[0])}),),
            lambda command: command.kind,
            _offer_kinds,
        ),
        ("describe filter",),
    ),
    Row(c.Status, "status", "how the engine is", ALONE, meant="info stat"),
    Row(
        c.Tutorial,
        "tutorial [off]",
        "ten steps to a song: the one that is due; the prompt goes on by itself when it is done",
        Form(
            (("OFF?", lambda children, line: {"off": bool(children)}),),
            lambda command: "off" if command.off else "",
            lambda typed, known: () if typed.rest else [("off", "leaves it; `tutorial` goes on where it was left")],
        ),
        meant="learn lesson lessons begin intro start_here",
    ),
    Row(
        c.Help,
        "help [WORD]",
        "a command, a kind of module, a topic such as `patterns`, or an error's code",
        Form((("TOPIC?", _help),), lambda command: command.word, _offer_help),
        meant="man ? h manual usage",
    ),
)
