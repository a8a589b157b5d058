"""Claims: who holds which module, so that nobody else changes it; for so many bars, or until it is released.

What a command touches is found by what differs between two racks, so there is no other way to a module: `undo`, `new` and a scene
touch what they change. `play`, `stop` and `panic` are never refused, nor is what was put off before the claim.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from chronus import commands as say
from chronus.catalogue.kinds import Catalogue
from chronus.commands import AnyCommand, ByHand, When
from chronus.errors import ChronusError
from chronus.rack.document import Rack, find, module_of


class Claimed(Struct, frozen=True):
    """`name` is held by `holder` until `bar` of the timeline of that number, counted from 1; 0: until it is released."""

    name: str
    holder: str
    bar: int = 0
    timeline: int = 0

    def is_over(self, here: Here) -> bool:
        return self.bar > 0 and here >= (self.timeline, self.bar)

    @property
    def until(self) -> str:
        return f"until bar {self.bar}" if self.bar else "until it is released"


Here = tuple[int, int]
"""The number of a timeline, and a bar of it."""
Claims = tuple[Claimed, ...]


def holding(claims: Claims, here: Here) -> Claims:
    """Returns the claims that are not over."""
    return tuple(claim for claim in claims if not claim.is_over(here))


def with_claim(claims: Claims, fresh: Claimed) -> Claims:
    """Adds a claim. Raises E_EXISTS where another one holds the module."""
    held = next((claim for claim in claims if claim.name == fresh.name), None)
    if held is not None and held.holder != fresh.holder:
        raise ChronusError("E_EXISTS", f"{held.name} is {held.holder}'s {held.until}", part="name")
    return (*(claim for claim in claims if claim.name != fresh.name), fresh)


def released(claims: Claims, name: str, holder: str) -> tuple[Claims, list[str]]:
    """Returns the claims without that of a module, or without all of a holder; also the names that are free now."""
    for claim in claims:
        if claim.name == name and claim.holder != holder:
            raise ChronusError("E_EXISTS", f"{name} is {claim.holder}'s {claim.until}", part="name")
    free = [claim.name for claim in claims if claim.holder == holder and name in ("", claim.name)]
    if name and not free:
        raise ChronusError("E_NAME", f"nobody holds {name}", part="name")
    return tuple(claim for claim in claims if claim.name not in free), free


def check(
    claims: Claims, command: AnyCommand, before: Rack, after: Rack, author: str, then: When | None, catalogue: Catalogue
) -> None:
    """Raises E_EXISTS if a command touches what another one holds. `then`: when it takes hold, if that is later."""
    others = {claim.name: claim for claim in claims if claim.holder != author}
    if not others:
        return
    by_hand = {find(before, command.name, catalogue)} if isinstance(command, ByHand) else set()
    for name in sorted(others.keys() & (differing(before, after) | by_hand)):
        claim = others[name]
        if claim.bar and then is not None and then.kind == "bar" and then.count >= claim.bar:
            continue
        wait = f'; end the line with "at bar {claim.bar}" to say it for then' if claim.bar else ""
        message = f"{name} is {claim.holder}'s {claim.until}{wait}"
        raise ChronusError("E_EXISTS", message, part=_part(command, name, before, catalogue))


def differing(before: Rack, after: Rack) -> set[str]:
    """Returns the modules that differ between two racks: themselves, their lanes, their cables."""
    names = {name for name, one, other in _pairs(before.modules, after.modules) if one != other}
    names |= {module_of(name) for name, one, other in _pairs(before.lanes, after.lanes) if one != other}
    for key, one, other in _pairs(before.cables, after.cables):
        if one != other:
            laid = [cable for cable in (one, other) if cable is not None and not cable.auto]
            names |= {key.source, key.target} if laid else {key.source}
    return names


def _pairs(before: dict, after: dict) -> Iterator[tuple]:  # type: ignore[type-arg]
    """Gives what is not the very same on both sides: key, one, other."""
    if before is after:
        return
    for key in {**before, **after}:
        if before.get(key) is not after.get(key):
            yield key, before.get(key), after.get(key)


def _part(command: AnyCommand, name: str, rack: Rack, catalogue: Catalogue) -> str:
    """Returns the path of the field that names a module, or else what is to be heard; "" where none does."""
    for path, word in _names(command):
        if word and (word == name or find(rack, word, catalogue) == name):
            return path
    return "name" if getattr(command, "name", "") else ""


def _names(command: AnyCommand) -> Iterable[tuple[str, str]]:
    for k, change in enumerate(getattr(command, "changes", ())):
        yield f"changes.{k}.module", change.module
    for k, port in enumerate(getattr(command, "chain", ())):
        yield f"chain.{k}.name", port.name
    for k, word in enumerate(getattr(command, "names", ())):
        yield f"names.{k}", word
    if isinstance(command, say.Insert):
        yield "on", command.on
    yield "name", getattr(command, "name", "")
    yield "kind", getattr(command, "kind", "")


def lines(claims: Claims) -> list[str]:
    return [f"{claim.name} is {claim.holder}'s {claim.until}" for claim in claims] or ["nobody holds anything"]
