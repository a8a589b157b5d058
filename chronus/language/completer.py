"""What may come next at the cursor, from the line, the catalogue and what is loaded. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, get_args

from chronus import units
from chronus.commands import AnyCommand
from chronus.language import help
from chronus.language.help import Catalogue

Rack = Mapping[str, Any]


class Completion(NamedTuple):
    """`text` takes the place of what is typed since `start` (0-based); `meta` explains it."""

    text: str
    start: int
    meta: str = ""


WORD = re.compile(r"[A-Za-z0-9_.]*\Z")
WHOLE = {
    "bpm": units.BPM,
    "swing": units.SWING,
    "volume": units.Range("volume", -60, 6, "dB"),
    "seed": units.Range("seed", 0, 2**31 - 1),
}
OPTIONS = {
    "every": "length of a step: every=1/8",
    "len": "loops after so many steps",
    "gate": "share of a step that sounds: gate=60%",
    "swing": "50 straight, 66 triplets",
    "vel": "scales the velocities",
    "shift": "so many steps later",
}
TIMES = {
    "now": "at once",
    "next bar": "at the next bar",
    "next beat": "at the next beat",
    "next 4 bars": "at the next bar line that 4 divides",
    "bar 17": "at that bar",
}
BEGINS = {
    "at": "at next bar, at bar 17: when",
    "in": "in 4 bars: so many after the next bar line",
    "for": "for 4 bars: and then as it was",
}
LISTS = {"modules": "loaded modules", "lanes": "what plays", "patches": "saved", "devices": "where sound can go"}
CRASHES = dict.fromkeys(("active", "standby", "both", "host", "control"), "killed on purpose")


def complete(line: str, cursor: int, catalogue: Catalogue, rack: Rack) -> list[Completion]:
    """What fits between the word typed before the cursor and what stands before it, best first."""
    before = line[:cursor]
    begin = _statement(before)
    typed = WORD.search(before[begin:])
    assert typed is not None
    word, start = typed.group().lower(), begin + typed.start()
    head = before[begin:start]
    found = _candidates(head, word, _Known(catalogue, rack))
    fits = [
        Completion(text, start, meta) for text, meta in found if text.lower().startswith(word) and text.lower() != word
    ]
    return list({one.text: one for one in fits}.values())


def _statement(before: str) -> int:
    """Where the last statement begins: after the last `;` outside quotes and brackets."""
    begin = depth = 0
    quoted = False
    for place, character in enumerate(before):
        if character == '"':
            quoted = not quoted
        elif not quoted:
            depth += (character in "([{") - (character in ")]}")
            if character == ";" and depth <= 0:
                begin, depth = place + 1, 0
    return begin


MAY_LAST = {"bpm", "swing", *(kind.__name__.lower() for kind in get_args(AnyCommand) if kind.may_last)}
Pairs = Iterable[tuple[str, str]]


class _Known:
    """The catalogue and the rack, as words with their explanation."""

    def __init__(self, catalogue: Catalogue, rack: Rack) -> None:
        self.catalogue = catalogue
        self.loaded: Mapping[str, str] = rack.get("modules", {})

    def kinds(self) -> Pairs:
        for kind in sorted(self.catalogue):
            meaning = self.catalogue[kind].get("help", "")
            yield kind, meaning
            for alias in self.catalogue[kind].get("aliases", ()):
                yield alias, meaning

    def names(self) -> Pairs:
        return [(name, kind if kind != name else "") for name, kind in self.loaded.items()]

    def spec(self, name: str) -> Mapping[str, Any]:
        """Of a loaded module, or of the kind that would be loaded under that name."""
        kind = self.loaded.get(name, name)
        return self.catalogue.get(kind, {})

    def kind(self, word: str) -> Mapping[str, Any]:
        for name in (word, word.removesuffix("_module")):
            for kind, spec in self.catalogue.items():
                if name == kind or name in spec.get("aliases", ()):
                    return spec
        return {}


def _candidates(head: str, word: str, known: _Known) -> Pairs:
    words = head.lower().split()
    if not words:
        return [*help.commands(), *((short, help.COMMANDS[name].meaning) for short, name in help.SHORT.items())]
    command, rest = help.SHORT.get(words[0], words[0]), words[1:]
    if rest and rest[-1] == "at":
        return TIMES.items()
    if rest[-2:] == ["at", "next"]:
        return [("bar", ""), ("beat", ""), ("4 bars", "")]
    if rest and rest[-1] == "in":
        return [("4 bars", "so many bars after the next bar line")]
    if rest and rest[-1] == "for" and command in MAY_LAST:
        return [("4 bars", "and then as it was"), ("500 ms", "")]
    begin = COMMANDS.get(command)
    return begin(head.lower(), rest, word, known) if begin else ()


# ---------------------------------------------------------------- a function a command


def _load(head: str, rest: list[str], word: str, known: _Known) -> Pairs:
    if not rest:
        return known.kinds()
    if rest[-1] == "as":
        return ()
    spec = known.kind(rest[0])
    assigned = re.search(r"([a-z][a-z0-9_]*)=\Z", head)
    if assigned:
        return _values(_param(spec, assigned.group(1)))
    params = [(f"{param['name']}=", _about(param)) for param in spec.get("params", ())]
    params += [(f"{one['name']}=", _about_words(one)) for one in _given(spec)]
    return params if "as" in rest else [("as", "under a name of its own"), *params]


def _set(head: str, rest: list[str], word: str, known: _Known) -> Pairs:
    change = head.rpartition(",")[2].split() if "," in head else rest
    if not change:
        whole = [(name, _about_range(range_)) for name, range_ in WHOLE.items()]
        return _dotted(word, known, ("params", "tables")) if "." in word else [*known.names(), *whole]
    if len(change) == 1 and "." in change[0]:
        name, _, param = change[0].partition(".")
        return _values(_param(known.spec(name), param))
    return [("over", "over 8 bars: how long it takes"), *BEGINS.items()] if len(change) == 2 else ()


def _patch(head: str, rest: list[str], word: str, known: _Known) -> Pairs:
    target = ">" in head
    if rest and not head.rstrip().endswith(">"):
        return ()
    if "." in word:
        return _dotted(word, known, ("ins", "params") if target else ("outs",))
    return [*known.names(), *known.kinds()]


def _unpatch(head: str, rest: list[str], word: str, known: _Known) -> Pairs:
    if "." in word:
        return _dotted(word, known, ("ins", "params") if ">" in head else ("outs",))
    return known.names() if not rest or head.rstrip().endswith(">") else ()


def _sequence(head: str, rest: list[str], word: str, known: _Known) -> Pairs:
    if not rest:
        return known.names()
    # A pattern has letters of its own: options are offered from the second letter on.
    return [(f"{name}=", meaning) for name, meaning in OPTIONS.items()] if ":" in head and len(word) >= 2 else ()


def _one_name(head: str, rest: list[str], word: str, known: _Known) -> Pairs:
    return () if rest else known.names()


def _names(head: str, rest: list[str], word: str, known: _Known) -> Pairs:
    begins = BEGINS.items() if rest else ()
    return [*((name, meaning) for name, meaning in known.names() if name not in rest), *begins]


def _gate(head: str, rest: list[str], word: str, known: _Known) -> Pairs:
    return known.names() if not rest else [("on", "held open"), ("off", "let go")] if len(rest) == 1 else ()


def _note(head: str, rest: list[str], word: str, known: _Known) -> Pairs:
    if not rest:
        return known.names()
    return [("vel=", "velocity 0..1"), ("len=", "length: 1/8, 200ms")] if len(rest) >= 2 else ()


def _show(head: str, rest: list[str], word: str, known: _Known) -> Pairs:
    return (
        [*known.names(), ("patch", "everything")]
        if not rest
        else [("loop", "what loop N plays")]
        if len(rest) == 1
        else ()
    )


def _describe(head: str, rest: list[str], word: str, known: _Known) -> Pairs:
    return () if rest else known.kinds()


def _help(head: str, rest: list[str], word: str, known: _Known) -> Pairs:
    topics = [(topic, "") for topic in (*help.TOPICS, *help.GROUPS)]
    return () if rest else [*help.commands(), *topics, *known.kinds()]


def _wait(head: str, rest: list[str], word: str, known: _Known) -> Pairs:
    return [("until", "until bar 17")] if not rest else [("bar", "")] if rest == ["until"] else ()


def _assert(head: str, rest: list[str], word: str, known: _Known) -> Pairs:
    if rest:
        return ()
    return _dotted(word, known, ("params", "tables")) if "." in word else known.names()


def _first(choices: Mapping[str, str]) -> Any:
    return lambda head, rest, word, known: () if rest else choices.items()


COMMANDS: dict[str, Any] = {
    "load": _load,
    "unload": _one_name,
    "clear": _one_name,
    "set": _set,
    "patch": _patch,
    "unpatch": _unpatch,
    "sequence": _sequence,
    "mute": _names,
    "unmute": _names,
    "solo": _names,
    "unsolo": _names,
    "gate": _gate,
    "note": _note,
    "show": _show,
    "describe": _describe,
    "help": _help,
    "wait": _wait,
    "assert": _assert,
    "list": _first(LISTS),
    "crash": _first(CRASHES),
}


# ---------------------------------------------------------------- words with their explanation


def _dotted(word: str, known: _Known, sections: tuple[str, ...]) -> Pairs:
    name = word.partition(".")[0]
    spec = known.spec(name)
    for section in sections:
        for one in _given(spec) if section == "tables" else spec.get(section, ()):
            about = {"params": _about, "tables": _about_words}.get(section)
            yield f"{name}.{one['name']}", about(one) if about else one.get("help", "") or one["role"]


def _given(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Its settings that are a file or a text."""
    return [table for table in spec.get("tables", ()) if table["source"] != "code"]


def _about_words(table: Mapping[str, Any]) -> str:
    return f"a {table['source']}, in quotes  {table.get('help', '')}".rstrip()


def _param(spec: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return next((param for param in spec.get("params", ()) if param["name"] == name), {})


def _values(param: Mapping[str, Any]) -> Pairs:
    """The words of an enum; of a number its default, which shows the unit and the range."""
    if not param:
        return ()
    if param.get("words"):
        return [(word, param.get("help", "")) for word in param["words"]]
    return [(units.format_param(param["default"], param).replace(" ", ""), _about(param))]


def _about(param: Mapping[str, Any]) -> str:
    range_ = f"{units.format_range(param)} ({units.format_param(param['default'], param)})"
    return f"{range_}  {param.get('help', '')}".rstrip()


def _about_range(range_: units.Range) -> str:
    return units.format_range(range_)
