"""Declares what can be read: the guide, the catalogue, the session, the journal. `performing` reads them."""

from __future__ import annotations

from typing import Any, NamedTuple

SCHEME = "chronus://"


class Resource(NamedTuple):
    name: str
    title: str
    does: str
    kind: str = "text/plain"

    @property
    def uri(self) -> str:
        return SCHEME + self.name

    def plain(self) -> dict[str, Any]:
        shown = {"name": self.name, "title": self.title, "description": self.does, "mimeType": self.kind}
        return {"uri": self.uri, **shown}


RESOURCES = (
    Resource("guide", "Guide", "The language on one page: read it first.", "text/markdown"),
    Resource("catalogue", "Catalogue", "Every kind of module, a line each."),
    Resource("session", "Session", "What is loaded, set and played now, as a script: the lines that make it again."),
    Resource("journal", "Journal", "The last lines that were said, by whom, and the frame each took hold at."),
)
ABOUT_KIND = f"{SCHEME}catalogue/"
KIND: dict[str, Any] = {
    "uriTemplate": f"{ABOUT_KIND}{{kind}}",
    "name": "kind",
    "title": "A kind of module",
    "description": "Its parameters with range and unit, its ports, lines to try.",
    "mimeType": "text/plain",
}
