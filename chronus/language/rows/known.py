"""Keeps what completion knows about an engine: its kinds, what is loaded, parameters; each word with its explanation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chronus import units
from chronus.catalogue.whole import OF_OUT, WHOLE, Text

Catalogue = Mapping[str, Mapping[str, Any]]
Rack = Mapping[str, Any]
Pairs = Iterable[tuple[str, str]]
Files = Callable[[str, str], Pairs]
"""Gives the files of a kind (`row.FILES`) that what is typed may go on to."""


def no_files(kind: str, typed: str) -> Pairs:
    return ()


class Known:
    """The catalogue and the rack, as words with their explanation; and those of `help`."""

    def __init__(self, catalogue: Catalogue, rack: Rack, commands: Pairs, topics: Pairs) -> None:
        self.catalogue, self.commands, self.topics = catalogue, commands, topics
        self.rack = rack
        self.loaded: Mapping[str, str] = rack.get("modules", {})

    def kinds(self) -> Pairs:
        for kind in sorted(self.catalogue):
            meaning = self.catalogue[kind].get("help", "")
            yield kind, meaning
            for alias in self.catalogue[kind].get("aliases", ()):
                yield alias, meaning

    def names(self) -> Pairs:
        return [(name, kind if kind != name else "") for name, kind in self.loaded.items()]

    def steps(self) -> Pairs:
        """The ids of the history, the newest first, each with its line."""
        return [(str(id), line) for id, line in reversed(self.rack.get("steps", ()))]

    def scenes(self) -> Iterable[str]:
        found: Iterable[str] = self.rack.get("scenes", ())
        return found

    def whole(self) -> Pairs:
        """The parameters of the whole, and those of `out` that need not be called by its name."""
        for name, row in WHOLE.items():
            yield name, row.help if isinstance(row, Text) else units.format_range(row)
        for name in OF_OUT:
            yield name, units.format_range(param) if (param := find_param(self.spec("out"), name)) else ""

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


def dotted(word: str, known: Known, sections: tuple[str, ...]) -> Pairs:
    name = word.partition(".")[0]
    spec = known.spec(name)
    for section in sections:
        for one in given(spec) if section == "tables" else spec.get(section, ()):
            meaning = {"params": about, "tables": about_words}.get(section)
            yield f"{name}.{one['name']}", meaning(one) if meaning else one.get("help", "") or one["role"]


def given(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Its settings that are a file or a text."""
    return [table for table in spec.get("tables", ()) if table["source"] != "code"]


def about_words(table: Mapping[str, Any]) -> str:
    return f"a {table['source']}, in quotes  {table.get('help', '')}".rstrip()


def find_param(spec: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return next((param for param in spec.get("params", ()) if param["name"] == name), {})


def values(param: Mapping[str, Any]) -> Pairs:
    """The words of an enum; of a number its default, which shows the unit and the range."""
    if not param:
        return ()
    if param.get("words"):
        return [(word, param.get("help", "")) for word in param["words"]]
    named = [(word, f"{value:g}") for word, value in param.get("named", {}).items()]
    return [(units.format_param(param["default"], param).replace(" ", ""), about(param)), *named]


def about(param: Mapping[str, Any]) -> str:
    range_ = f"{units.format_range(param)} ({units.format_param(param['default'], param)})"
    return f"{range_}  {param.get('help', '')}".rstrip()
