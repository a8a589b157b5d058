"""Declares the one exception that a user ever sees, and the closed list of its codes."""

from __future__ import annotations

from collections.abc import Iterable

CODES: dict[str, str] = {
    "E_SYNTAX": "the line is not a sentence of the language; the column points at the first wrong character",
    "E_COMMAND": "there is no such command",
    "E_MODULE": "there is no such kind of module, or it broke when it was tried out",
    "E_NAME": "nothing of that name is loaded",
    "E_PARAM": "the module has no such parameter",
    "E_PORT": "the module has no such input or output",
    "E_VALUE": "the value has the wrong type or unit, or lies outside its range",
    "E_EXISTS": "that name is taken, or somebody else has claimed what the command touches",
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
    `length` is how many characters at `column` a suggestion takes the place of; None: the word that stands there.
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
        length: int | None = None,
    ) -> None:
        assert code in CODES, code
        super().__init__(message)
        self.code = code
        self.message = message
        self.suggestions = tuple(suggestions)
        self.part = part
        self.line = line
        self.column = column
        self.length = length


def nearest(word: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """The names a person may have meant, best first; empty where none is near.

    Near is what differs in one letter of a short word, in two of a longer one, in three of eight or more; or is cut short.
    """
    lower = word.lower()
    found = []
    for name in set(known):
        distance = _distance(
            lower, name.lower(), 0 if len(lower) < 2 else 1 if len(lower) < 5 else 2 if len(lower) < 8 else 3
        )
        short, long = sorted((lower, name), key=len)
        if distance is None and len(short) >= 2 + (short == name) * 2 and long.startswith(short):
            distance = 2  # "res" for resonance, "frequency" for freq
        if distance is not None:
            found.append(
                (distance, name[:1] != lower[:1], not _left_out(lower, name), abs(len(name) - len(lower)), name)
            )
    return tuple(name for *_, name in sorted(found)[:most])


def _left_out(word: str, name: str) -> bool:
    """Whether the word is the name without some of its letters: those are left out more often than mistaken for others."""
    letters = iter(name)
    return all(letter in letters for letter in word)


def _distance(word: str, name: str, most: int) -> int | None:
    """Letters wrong, missing, too many, or two of them the other way round; None beyond `most`."""
    turned = word[1::-1] + word[2:] == name
    if abs(len(word) - len(name)) > most or (
        most == 1 and word[:1] != name[:1] and not turned and (len(word) < 3 or word[1:] != name[1:])
    ):
        return None
    before: list[int] = []
    row = list(range(len(name) + 1))
    for k, letter in enumerate(word, 1):
        above, row = row, [k]
        for j, other in enumerate(name, 1):
            best = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != other))
            if k > 1 and j > 1 and letter == name[j - 2] and word[k - 2] == other:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        if min(row) > most and min(above) > most:
            return None
        before = above
    return row[-1] if row[-1] <= most else None


def did_you_mean(suggestions: Iterable[str]) -> str:
    """'; did you mean "bass"?' or nothing."""
    words = [word.strip() if '"' in word else f'"{word.strip()}"' for word in suggestions if word.strip()]
    return f"; did you mean {' or '.join(words)}?" if words else ""
