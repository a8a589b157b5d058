"""Declares what a table is made of: a function of a module, the content of a file, a text. Its key follows from that alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from chronus.catalogue.spec import Spec, Table
from chronus.memory.shelf import Key
from chronus.units import File, Word

NOTHING = File("")
"""What a file is that nobody has named."""


class Recipe(Struct, frozen=True):
    """`what` is, by `source`: KIND.TABLE, the digest of a file ("": silence), or a text. `rows` at the engine's rate, as far as known."""

    source: Literal["code", "file", "text"]
    what: str
    path: str = ""
    rate: int = 0
    rows: int = 0
    columns: int = 1
    attempt: int = 0

    @property
    def key(self) -> Key:
        """The same content at the same rate has the same key, whatever the file is called."""
        digest = hashlib.blake2b(
            f"{self.source}\0{self.rate}\0{self.attempt}\0{self.what}".encode(), digest_size=16
        ).digest()
        return int.from_bytes(digest[:8], "little") >> 1 | 1, int.from_bytes(digest[8:], "little") >> 1

    @property
    def bytes(self) -> int:
        return self.rows * self.columns * 4


def recipes(spec: Spec, settings: Mapping[str, object], rate: int) -> tuple[Recipe, ...]:
    """Returns the recipes of all tables that a module reads, in the order of its SPEC; `settings` is what was set of it."""
    return tuple(_recipe(spec, table, settings.get(table.name), rate) for table in spec.tables)


def _recipe(spec: Spec, table: Table, setting: object, rate: int) -> Recipe:
    if table.source == "code":
        return Recipe("code", f"{spec.kind}.{table.name}")
    if table.source == "text":
        text = setting.text if isinstance(setting, Word) else ""
        return Recipe("text", text, rows=len(text))
    file = setting if isinstance(setting, File) else NOTHING
    return of_file(file, rate)


def of_file(file: File, rate: int) -> Recipe:
    return Recipe(
        "file", file.digest, file.path, rate if file.digest else 0, file.at(rate), max(1, file.channels), file.attempt
    )
