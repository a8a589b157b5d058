"""Looks up the files that commands name, before the command is performed: the conductor opens nothing.

What was found stands in the command from then on, and so in the journal: a replay knows the content by its digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count

from msgspec.structs import replace

from chronus.catalogue.kinds import Catalogue
from chronus.commands import AnyCommand, Change, File, Load, Open, Say, Set, Word
from chronus.errors import ChronusError

Kinds = Mapping[str, str]
"""The kinds of modules by their names."""
Look = Callable[[str, Word | File], File]
"""From a name, as it stands in a command, to what is found under it; ChronusError where that is no recording."""


def names(commands: Sequence[AnyCommand], kinds: Kinds, catalogue: Catalogue) -> list[str]:
    """Returns the files that commands name, each once, in order."""
    found: dict[str, None] = {}

    def note(name: str, _: Word | File) -> File:
        found[name] = None
        return File(name)

    for _ in looked_up(commands, kinds, catalogue, note):
        pass
    return list(found)


def files(command: AnyCommand) -> Iterator[File]:
    """Returns the files that a command holds, once they are looked up."""
    match command:
        case Load(params=changes) | Set(changes=changes):
            yield from (change.value for change in changes if isinstance(change.value, File))
        case Open(commands=inside) | Say(commands=inside):
            for one in inside:
                yield from files(one)


def looked_up(
    commands: Sequence[AnyCommand], kinds: Kinds, catalogue: Catalogue, look: Look
) -> Iterator[AnyCommand | ChronusError]:
    """Returns each command with the content of its files in the place of their names; or why it cannot be done."""
    known = dict(kinds)
    for command in commands:
        try:
            yield _with_files(command, known, catalogue, look)
        except ChronusError as error:
            yield error


def _with_files(command: AnyCommand, known: dict[str, str], catalogue: Catalogue, look: Look) -> AnyCommand:
    """`known` learns what the command loads."""
    if isinstance(command, Load):
        spec = catalogue.find(command.kind)
        if spec is None:
            return command
        known[command.name or _free(spec.kind, known)] = spec.kind
        changes = _changes(command.params, lambda change: spec.kind, "params", catalogue, look)
        return command if changes is None else replace(command, params=changes)
    if isinstance(command, Set):
        changes = _changes(
            command.changes, lambda change: _kind(change.module, known, catalogue), "changes", catalogue, look
        )
        return command if changes is None else replace(command, changes=changes)
    if isinstance(command, Open):
        return _inside(command, {}, catalogue, look)
    if isinstance(command, Say):
        return _inside(command, known, catalogue, look)
    return command


def _inside(whole: Open | Say, known: dict[str, str], catalogue: Catalogue, look: Look) -> AnyCommand:
    done = []
    for k, command in enumerate(whole.commands):
        try:
            done.append(_with_files(command, known, catalogue, look))
        except ChronusError as error:
            message = whole.told(k, error.message) if isinstance(whole, Open) else error.message
            raise ChronusError(error.code, message, part="name" if isinstance(whole, Open) else "words") from None
    same = all(one is other for one, other in zip(done, whole.commands, strict=True))
    return whole if same else replace(whole, commands=tuple(done))


def _changes(
    changes: Sequence[Change], kind_of: Callable[[Change], str], path: str, catalogue: Catalogue, look: Look
) -> tuple[Change, ...] | None:
    """None where none of them names a file."""
    found = list(changes)
    for k, change in enumerate(changes):
        name = change.value.path if isinstance(change.value, File) else getattr(change.value, "text", "")
        kind = kind_of(change)
        if not name or not kind or not isinstance(change.value, Word | File):
            continue
        table = catalogue[kind].setting(change.param)
        if table is None or table.source != "file":
            continue
        try:
            found[k] = replace(change, value=look(name, change.value))
        except ChronusError as error:
            error.part = f"{path}.{k}.value"
            raise
    return None if all(one is other for one, other in zip(found, changes, strict=True)) else tuple(found)


def _free(kind: str, known: Kinds) -> str:
    """What a module is called that is given no name."""
    return kind if kind not in known else next(name for n in count(2) if (name := f"{kind}{n}") not in known)


def _kind(word: str, known: Kinds, catalogue: Catalogue) -> str:
    """Of the module that a word means; "" where there is none."""
    if word in known:
        return known[word]
    spec = catalogue.find(word) if word else None
    return known.get(spec.kind, "") if spec else ""
