"""The one exception a person ever sees, and the closed list of its codes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

CODES: dict[str, str] = {
    "E_SYNTAX": "the line is not a sentence of the language; the column points at the first wrong character",
    "E_COMMAND": "there is no such command",
    "E_MODULE": "there is no such kind of module, or it broke when it was tried out",
    "E_NAME": "nothing of that name is loaded",
    "E_PARAM": "the module has no such parameter",
    "E_PORT": "the module has no such input or output",
    "E_VALUE": "the value has the wrong type or unit, or lies outside its range",
    "E_EXISTS": "that name is taken",
    "E_LIMIT": "a limit of the instrument is reached",
    "E_BUDGET": "the machine could not render it in time",
    "E_PATH": "the file name is not allowed",
    "E_FILE": "the file cannot be read or written; of any command: the journal cannot keep it",
    "E_DEVICE": "there is no such audio device",
    "E_TIMEOUT": "a wait ended before its condition came true",
    "E_ASSERT": "an assert does not hold",
    "E_ENGINE": "the engine cannot be reached or has died",
    "E_POISON": "the command crashed the renderer and was taken back",
}


class ChronusError(Exception):
    """A refusal: nothing was changed.

    `part` names the word of the command that is wrong, by the path of its field
    ("kind", "changes.0.param"), so that whoever holds the typed line can turn it
    into a column. `line` and `column` are 1-based and set once they are known.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        suggestions: Iterable[str] = (),
        part: str = "",
        line: int = 1,
        column: int = 1,
    ) -> None:
        assert code in CODES, code
        super().__init__(message)
        self.code = code
        self.message = message
        self.suggestions = tuple(suggestions)
        self.part = part
        self.line = line
        self.column = column


def nearest(word: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """The names a person may have meant, best first; empty where none is near."""
    names = sorted(set(known))
    lower = word.lower()
    begins = [name for name in names if name.startswith(lower)] if len(lower) >= 2 else []
    near = difflib.get_close_matches(lower, names, n=most, cutoff=0.6)
    return tuple(dict.fromkeys([*near, *begins]))[:most]


def did_you_mean(suggestions: Iterable[str]) -> str:
    """'; did you mean "bass"?' or nothing."""
    words = [f'"{word}"' for word in suggestions]
    return f"; did you mean {' or '.join(words)}?" if words else ""
