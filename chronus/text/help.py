"""What can be typed, explained: the table of commands, the codes of errors, the modules of the engine's catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from chronus import units
from chronus.commands import Describe, Help
from chronus.errors import CODES, ChronusError, nearest

Catalogue = Mapping[str, Mapping[str, Any]]


class Entry(NamedTuple):
    usage: str
    meaning: str
    examples: tuple[str, ...] = ()


COMMANDS: dict[str, Entry] = {
    "load": Entry(
        "load KIND [as NAME] [param=value ...]",
        "a new module",
        ("load bass_module", "load saw as lead gain=0.2 voices=4"),
    ),
    "unload": Entry("unload NAME", "fades a module out and takes it away with its cables and lane"),
    "patch": Entry(
        "patch A > B [> C ...]   patch A > B.param [amount]",
        "cables from outputs to inputs, or to a parameter",
        (
            "patch tb303 > filter > delay",
            "patch lfo > filter.cutoff 2 oct",
            "patch saw > out.left",
            "patch bass.pitch > filter.cutoff",
        ),
    ),
    "unpatch": Entry(
        "unpatch A [> B ...]",
        "takes a cable away, or all that leave A (none that come in)",
        ("unpatch tb303 > filter",),
    ),
    "set": Entry(
        "set NAME.param VALUE [, NAME.param VALUE ...] [over LENGTH]",
        "a parameter; also bpm, swing, volume, seed",
        ("set bass.freq 55", "set bass.cutoff +10%", "set tb303.cutoff 400..2400 over 8 bars"),
    ),
    "bpm": Entry("bpm NUMBER", "the tempo", ("bpm 174",)),
    "swing": Entry("swing NUMBER", "50 is straight, 66 triplets, 75 the most", ("swing 56",)),
    "sequence": Entry(
        "sequence NAME: PATTERN [options]   (short: seq)",
        "the lane of a module, from the next bar; `help patterns`",
        ("sequence bass: x.x.x.x.x.x.x.x.", "seq tb303: a1 a1^ . a2~ a1 . c2^ a1 gate=60%"),
    ),
    "clear": Entry("clear NAME", "takes the lane away"),
    "mute": Entry("mute NAME ...", "the lane falls silent", ("mute kick hat",)),
    "unmute": Entry("unmute [NAME ...]", "the lane is heard again; without a name, all are"),
    "solo": Entry("solo NAME ...", "only these lanes are heard"),
    "unsolo": Entry("unsolo [NAME ...]", "ends solo"),
    "gate": Entry("gate NAME on|off", "holds a module open by hand, or lets go"),
    "note": Entry("note NAME PITCH [vel=0.8] [len=1/8]", "one note by hand", ("note bass a1 len=1/4",)),
    "play": Entry("play", "the transport goes"),
    "stop": Entry("stop", "the transport stops; lanes are let go"),
    "panic": Entry("panic", "silence within 5 ms"),
    "save": Entry("save NAME", "writes all of this as a script"),
    "open": Entry("open NAME", "a saved script takes the place of all of this, at the next bar line"),
    "new": Entry("new", "begins with nothing"),
    "undo": Entry("undo [N]", "takes the last change back, or the last N"),
    "redo": Entry("redo [N]", "takes an undo back"),
    "list": Entry("list [modules|lanes|patches|devices]", "what there is"),
    "show": Entry("show [NAME|patch] [loop N]", "a module with its parameters and lane, or everything"),
    "describe": Entry("describe KIND", "a kind of module: its parameters, inputs and outputs", ("describe filter",)),
    "help": Entry("help [WORD]", "a command, a kind of module, `patterns`, `values`, `times` or `errors`"),
    "status": Entry("status", "how the engine is"),
    "wait": Entry("wait LENGTH   wait until bar N", "goes on later", ("wait 4 bars", "wait 2s", "wait until bar 17")),
    "sync": Entry("sync", "waits until all before it is applied"),
    "assert": Entry(
        "assert NAME.param == VALUE", "fails unless it holds; also != < <= > >=", ("assert bass.freq == 55",)
    ),
    "crash": Entry("crash active|standby|both|host|control", "kills a process on purpose: the failover drill"),
    "quit": Entry("quit", "leaves"),
    "say": Entry(
        "say WORDS   Chronus, WORDS   Yo! Chronus, WORDS",
        "musical words become commands, which are shown; whole or not at all, and nothing of yours is replaced",
        ("Yo! Chronus, drop in some kick and snare for a DnB song", "say an 808 kick at 128", "say take the kick out"),
    ),
}

SHORT = {"seq": "sequence", "yo": "say", "chronus": "say"}

TOPICS: dict[str, tuple[str, ...]] = {
    "patterns": (
        "x hit   X accent   o ghost   1-9 velocity   . - ~ rest   _ hold   (spaces and | are for the eye)",
        "or words apart: notes a1 c#2 eb3, chords a2:m7",
        "after a step: ^ accent   ~ glide into the next   @3 length in steps",
        "options: every=1/8 gate=60% swing=58 vel=0.8 shift=1 len=16",
        "seq kick: X.........x..... | X..o......x..x..",
        "seq tb303: a1 a1^ . a2~ a1 . c2^ a1@2 gate=60%",
    ),
    "values": (
        "55  55hz  1.2k  80%  -6db  120ms  0.5s  3/16  a1 (a note)  on  off  a word of the parameter's own",
        "from where it stands: +10%  *0.5  +2st  -3db",
        "a sweep: 400..2400 over 8 bars",
    ),
    "times": (
        "at the end of any command: now   at next bar   at next beat   at bar 17   in 4 bars (after the next bar line)",
        "at next 4 bars, or at 4 bars: the next bar line that 4 divides, which begins bar 5, 9, 13 ...; bars count from 1",
        "over 4 bars, over 500 ms: so long does a value move   for 4 bars: so long, and then it is as it was",
        "sequence, clear, mute, unmute, solo and unsolo take effect at the next bar; everything else now",
        "open: at the next bar, or at once where nothing is loaded; what is said after it is about what it brings",
    ),
    "errors": tuple(f"{code:<11} {meaning}" for code, meaning in CODES.items()),
}


class Page(NamedTuple):
    """`result` is the JSON form of `lines`."""

    lines: list[str]
    result: dict[str, Any]


def page(command: Help | Describe, catalogue: Catalogue) -> Page:
    """What is asked for; ChronusError with the part of the command that names nothing."""
    if isinstance(command, Describe):
        return describe(find_kind(command.kind, catalogue), catalogue)
    word = command.word.lower()
    return _word(word, catalogue) if word else _overview(catalogue)


def commands() -> list[tuple[str, str]]:
    """Every command and what it means in a few words."""
    return [(name, entry.meaning) for name, entry in COMMANDS.items()]


# ---------------------------------------------------------------- help


def _overview(catalogue: Catalogue) -> Page:
    width = max(map(len, COMMANDS))
    lines = [f"{name:<{width}}  {entry.meaning}" for name, entry in COMMANDS.items()]
    lines += ["", *(f"{name}: {' '.join(kinds)}" for name, kinds in categories(catalogue).items())]
    lines += ["", "help WORD tells more of a command or a module; help patterns, values, times, errors"]
    listed = {name: {"usage": entry.usage, "help": entry.meaning} for name, entry in COMMANDS.items()}
    return Page(lines, {"commands": listed, "topics": list(TOPICS), "kinds": sorted(catalogue)})


def _word(word: str, catalogue: Catalogue) -> Page:
    topic = TOPICS.get(word) or TOPICS.get(word + "s")
    if topic:
        return Page(list(topic), {"topic": word, "lines": list(topic)} if word != "errors" else {"codes": dict(CODES)})
    if word.upper() in CODES:
        return Page([CODES[word.upper()]], {"codes": {word.upper(): CODES[word.upper()]}})
    name = SHORT.get(word, word)
    if name in COMMANDS:
        entry = COMMANDS[name]
        result: dict[str, Any] = {"usage": entry.usage, "help": entry.meaning, "examples": list(entry.examples)}
        lines = [f"{entry.usage}", f"    {entry.meaning}", *(f"    e.g. {example}" for example in entry.examples)]
        kind = _kind(word, catalogue)  # crash and gate are a command and a module
        more = describe(kind, catalogue) if kind else Page([], {})
        return Page([*lines, *more.lines], {"command": {name: result}, **more.result})
    try:
        return describe(find_kind(word, catalogue), catalogue)
    except ChronusError:
        known = [*COMMANDS, *TOPICS, *_names(catalogue)]
        message = f'there is no help on "{word}"'
        raise ChronusError("E_COMMAND", message, suggestions=nearest(word, known), part="word") from None


# ---------------------------------------------------------------- modules


def find_kind(word: str, catalogue: Catalogue) -> str:
    """The kind meant by a word: its name, an alias, either with `_module`; E_MODULE where there is none."""
    kind = _kind(word, catalogue)
    if kind is None:
        near = nearest(word.lower().removesuffix("_module"), _names(catalogue))
        raise ChronusError("E_MODULE", f'there is no kind of module "{word}"', suggestions=near, part="kind")
    return kind


def _kind(word: str, catalogue: Catalogue) -> str | None:
    lower = word.lower()
    for name in (lower, lower.removesuffix("_module")):
        if name in catalogue:
            return name
        for kind, spec in catalogue.items():
            if name in spec.get("aliases", ()):
                return kind
    return None


def _names(catalogue: Catalogue) -> Iterable[str]:
    for kind, spec in catalogue.items():
        yield kind
        yield from spec.get("aliases", ())


def categories(catalogue: Catalogue) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind in sorted(catalogue):
        found.setdefault(catalogue[kind].get("category", "module"), []).append(kind)
    return dict(sorted(found.items()))


def describe(kind: str, catalogue: Catalogue) -> Page:
    """Everything the module says of itself."""
    spec = catalogue[kind]
    traits = [str(spec.get("category", "module")), str(spec.get("width", "mono"))]
    lines = [f"{kind}: {spec.get('help', '')} ({', '.join(traits)})"]
    if spec.get("aliases"):
        lines.append(f"also: {', '.join(spec['aliases'])}")
    lines += _table(
        [
            param["name"],
            units.format_range(param),
            f"({units.format_param(param['default'], param)})",
            param.get("help", ""),
        ]
        for param in spec.get("params", ())
    )
    lines += _table(["in", port["name"], port["role"], port.get("help", "")] for port in spec.get("ins", ()))
    lines += _table(["out", port["name"], port["role"], port.get("help", "")] for port in spec.get("outs", ()))
    return Page(lines, {"module": {"kind": kind, **spec}})


def modules(catalogue: Catalogue) -> list[str]:
    """One line a kind, by category."""
    lines: list[str] = []
    width = max(map(len, catalogue), default=0)
    for category, kinds in categories(catalogue).items():
        lines.append(category)
        lines += [f"  {kind:<{width}}  {catalogue[kind].get('help', '')}".rstrip() for kind in kinds]
    return lines


def _table(rows: Iterable[list[str]]) -> list[str]:
    listed = list(rows)
    widths = [max(map(len, column)) for column in zip(*listed, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in listed]
