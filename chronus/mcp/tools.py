"""Declares the tools: what each is for, what it takes. The JSON Schema that a client sees and the check of what it sends are made of it."""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

from chronus.errors import ChronusError, did_you_mean, nearest
from chronus.mcp.resources import RESOURCES

NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?", re.IGNORECASE)
"""Of a module, or of one of its outputs: nothing that would be another command."""
LENGTH = re.compile(r"\d+(\.\d+)? ?(bars?|beats?|ms|s)", re.IGNORECASE)

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
LONGEST = 1024
"""Characters of a name or of a path."""

DEFAULT_SECONDS = 50.0
"""So long `run` waits: most clients give up after a minute."""
MOST_SECONDS = 3600.0

Kind = Literal["string", "number", "boolean", "lines"]


class Takes(NamedTuple):
    """An argument. `form` and its `example` are of a text; `least` and `most` of a number."""

    kind: Kind
    does: str
    words: tuple[str, ...] = ()
    form: re.Pattern[str] | None = None
    example: str = ""
    least: float = 0.0
    most: float = 0.0
    needed: bool = False

    def schema(self) -> dict[str, Any]:
        if self.kind == "lines":
            return {"type": "array", "items": {"type": "string"}, "description": self.does}
        found: dict[str, Any] = {"type": self.kind, "description": self.does}
        if self.words:
            found["enum"] = list(self.words)
        if self.kind == "number":
            found |= {"minimum": self.least, "maximum": self.most}
        return found

    def read(self, name: str, given: Any) -> Any:
        """Returns the value of an argument, or raises E_VALUE with what is right."""
        if self.kind == "lines":
            lines = given if isinstance(given, list) else [given]
            if not all(isinstance(line, str) for line in lines):
                raise ChronusError("E_VALUE", f"`{name}` is a list of texts: one command or several in each")
            return "\n".join(lines)
        if self.kind == "boolean":
            return _expected(given, isinstance(given, bool), name, "true or false")
        if self.kind == "number":
            number = isinstance(given, int | float) and not isinstance(given, bool)
            right = number and self.least <= given <= self.most
            return _expected(given, right, name, f"a number from {self.least:g} to {self.most:g}")
        word = _expected(given, isinstance(given, str), name, "a text")
        if len(word) > LONGEST or CONTROL.search(word):
            raise ChronusError(
                "E_VALUE", f"`{name}` has at most {LONGEST} characters, none of them a control character"
            )
        if self.words and word not in self.words:
            meant = did_you_mean(nearest(word[:64], self.words))
            raise ChronusError("E_VALUE", f"`{name}` is one of {', '.join(self.words)}{meant}")
        if self.form and word and not self.form.fullmatch(word):
            raise ChronusError("E_VALUE", f"`{name}` is such as {self.example}, not {word[:64]!r}")
        return word


def _expected(given: Any, right: bool, name: str, what: str) -> Any:
    if not right:
        raise ChronusError("E_VALUE", f"`{name}` is {what}")
    return given


class Tool(NamedTuple):
    name: str
    does: str
    takes: dict[str, Takes]
    looks: bool = True
    """Changes nothing."""

    def plain(self) -> dict[str, Any]:
        """Describes the tool as `tools/list` has it."""
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {name: row.schema() for name, row in self.takes.items()},
            "additionalProperties": False,
        }
        if needed := [name for name, row in self.takes.items() if row.needed]:
            schema["required"] = needed
        hints = {"readOnlyHint": self.looks, "openWorldHint": False}
        if not self.looks:
            hints["destructiveHint"] = False  # `undo` takes back
        return {"name": self.name, "description": self.does, "inputSchema": schema, "annotations": hints}

    def read(self, given: dict[str, Any]) -> dict[str, Any]:
        """Checks what a client sent; what it left out, or sent as null, is not in it."""
        given = {name: value for name, value in given.items() if value is not None}
        for name in given:
            if name not in self.takes:
                meant = did_you_mean(nearest(name[:64], self.takes)) or f"; it takes {', '.join(self.takes)}"
                raise ChronusError("E_VALUE", f"{self.name} takes no `{name[:64]}`{meant}")
        for name, row in self.takes.items():
            if row.needed and name not in given:
                raise ChronusError("E_VALUE", f"{self.name} needs `{name}`: {row.does}")
        return {name: self.takes[name].read(name, value) for name, value in given.items()}


NAMED = Takes("string", "a module, such as kick; none: all of it", form=NAME, example="bass")
BARS = Takes("number", "so many bars; none: as long as the script is", least=0.25, most=4096)
STATES = ("status", "list", "show", "lanes", "patterns", "history", "claims")
LOOKS = (
    "meters", "spectrum", "scope", "lanes", "patch", "show", "list", "song", "status", "history",
    *(row.name for row in RESOURCES),
)  # fmt: skip
"""Programs that show no resources to their agents have them as well."""

TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "run",
            "Runs lines of the Chronus language on the engine, which is started if none runs. One answer a command, in order: "
            "`ok N what was done @frame`, or `err N CODE line:column what is wrong`, where that line changed nothing. Lines of one call "
            "share one musical moment; `wait 2 bars` lets time pass. Example: "
            '["load kick; seq kick: x...x...x...x...", "set kick.decay 300ms"]',
            {
                "lines": Takes("lines", "one command a line, or several with ; between them", needed=True),
                "strict": Takes("boolean", "stop at the first error; else the next lines are run all the same"),
                "json": Takes("boolean", "each answer as a JSON object, with suggestions and results"),
                "seconds": Takes(
                    "number",
                    f"the longest it may take, its waits included ({DEFAULT_SECONDS:g})",
                    least=0.1,
                    most=MOST_SECONDS,
                ),
            },
            looks=False,
        ),
        Tool(
            "state",
            "Gives what there is as JSON: status (the verdict first, then processes, counters, load), list (modules and lanes), show (one "
            "module by `name`: parameters, lane, events; none: everything), lanes, patterns (the library), history, claims.",
            {"what": Takes("string", "what is asked for (status)", words=STATES), "name": NAMED},
        ),
        Tool(
            "hear",
            "Measures how something sounds, in figures: loudness, true peak, crest, nine bands, width, onsets, pitch, key. `file`: a "
            "recording, or a script, which is rendered for it. Without `file`: what was just played, of a module or of all.",
            {
                "file": Takes("string", "a recording (.wav, .flac ...) or a script, by its path or its name"),
                "vs": Takes("string", "another file, or another module: what differs is told as well"),
                "name": NAMED,
                "bars": BARS,
            },
        ),
        Tool(
            "why",
            "Says why a module is not heard: the first thing that keeps it silent, and the line that mends it.",
            {"name": NAMED},
        ),
        Tool(
            "describe",
            "Describes a kind of module, or one that is loaded: parameters with range and unit, ports, lines to try.",
            {"name": Takes("string", "such as tb303, filter, bass", form=NAME, example="tb303", needed=True)},
        ),
        Tool(
            "look",
            "Shows something as text: meters, spectrum, scope (a wave), lanes, patch (the graph), show, list, song, status, history; or a "
            "resource: guide (the language on a page), catalogue, session (as a script), journal.",
            {
                "what": Takes("string", "what to look at", words=LOOKS, needed=True),
                "name": NAMED,
                "length": Takes("string", "of a scope: 50 ms, 2 bars", form=LENGTH, example="2 bars"),
            },
        ),
        Tool(
            "render",
            "Renders to a sound file, faster than it plays and without touching what plays: a script by its name or path, `lines` of the "
            "language, or with neither the session as it stands. It is a job: the answer is its name, and `job` tells what came of it.",
            {
                "script": Takes("string", "the path or the name of a script or a journal"),
                "lines": Takes("lines", "lines of the language"),
                "bars": BARS,
                "out": Takes("string", "the file, .wav .flac .ogg .aiff; a name alone lies among the recordings"),
                "stems": Takes("boolean", "also one file a module"),
                "seed": Takes("number", "of everything left to chance (0)", least=0, most=2**31 - 1),
            },
            looks=False,
        ),
        Tool(
            "job",
            "Tells how far a job is and what came of it, or gives the rest of an answer that was cut. Without a name: all jobs.",
            {
                "name": Takes("string", "such as render-1, or what the cut answer says"),
                "part": Takes("number", "of an answer that was cut: 1, 2 ... (1)", least=1, most=10_000),
                "seconds": Takes("number", "wait so long for its end (0)", least=0, most=MOST_SECONDS),
                "stop": Takes("boolean", "end it"),
            },
        ),
    )
}
