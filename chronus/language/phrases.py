"""Turns musical words into lines of the language, or refuses with every word that is not understood. Nothing is done by halves."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from chronus.errors import ChronusError, nearest
from chronus.language.sentence import Sentence, Thing, Word, table, vocabulary, words_of
from chronus.pattern import library

MOST_NAMED = 12
HINTS = {
    "remove": "unload", "delete": "unload", "unload": "unload", "only": "solo", "just": "solo", "no": "mute", "without": "mute",
}  # fmt: skip
"""Words that are not understood here, but have a command for one instrument."""


class Spoken(NamedTuple):
    """The lines that a sentence comes to, and how far it asks for the tempo among them: by its number, as that of a
    song of its genre, or not at all, where a genre only says what a drum is like."""

    lines: tuple[str, ...]
    tempo: Literal["asked", "song", ""]


def read(words: str) -> Spoken:
    """Tempo, then loads, then lanes, then mutes. E_SYNTAX, its column counted in `words`, if any word is not understood."""
    sentence = Sentence(words)
    if sentence.unknown:
        raise _not_understood(sentence, words)
    if not sentence.understood:
        raise _refuse(f"say what to play: {_known()} are understood", len(words), "kick and snare")
    genre = table()["genres"].get(sentence.genre, {})
    bodies = [_body(thing, genre) for thing in _things(sentence, genre)]
    bpm = sentence.bpm or genre.get("bpm", "")
    lines = (
        *([f"bpm {bpm}"] if bpm else ()),
        *(body[0] for body in bodies),
        *(line for body in bodies for line in body[1:]),
        *(f"{verb} {' '.join(dict.fromkeys(names))}" for verb, names in sentence.marks.items()),
    )
    return Spoken(
        lines, "asked" if sentence.bpm else "song" if sentence.genre and (sentence.whole or not sentence.adds) else ""
    )


def reads_as_a_line(words: str) -> bool:
    """Whether they may be a command: such a line has no articles and asks nothing."""
    return not any(word.kind in ("filler", "question", "polite") for word in words_of(words.lower()))


def _things(sentence: Sentence, genre: dict[str, list[str]]) -> list[Thing]:
    """Returns what is added, in the order of the table; a beat is the drums of its genre."""
    adds = dict(sentence.adds)
    beat = adds.pop("beat", None) or (Thing("beat", "", "") if sentence.genre and not adds else None)
    if beat:
        drums = genre.get("beat", table()["beat"])
        adds = {drum: Thing(drum, beat.model if drum in table()["beat"] else "", "") for drum in drums} | adds
    return [adds[name] for name in table()["order"] if name in adds]


def _body(thing: Thing, genre: dict[str, list[str]]) -> list[str]:
    """Returns its load and its lane, with the model that was asked for."""
    load, *lanes = genre.get(thing.instrument, table()["plain"][thing.instrument])
    lanes = [_plainly(lane) for lane in lanes]
    if thing.model:
        first, kind, *params = load.split(" ")
        load = " ".join([first, kind, f"model={thing.model}", *(p for p in params if not p.startswith("model="))])
    return [load, *lanes]


def _plainly(lane: str) -> str:
    """Returns a line of the table with the pattern that it names written out."""
    head, _, named = lane.partition("@")
    name = head.removeprefix("seq ").rstrip(": ")
    return head + library.chosen(f"@{named}", name, len(head) + 1).line


def _not_understood(sentence: Sentence, words: str) -> ChronusError:
    runs = _runs(sentence.unknown, words)
    shown = ", ".join(f'"{run[:32]}"' for run in runs[:MOST_NAMED])
    more = f" and {len(runs) - MOST_NAMED} more" if len(runs) > MOST_NAMED else ""
    verb = "are" if len(runs) > 1 else "is"
    message = f"{shown}{more} {verb} not understood, so nothing is done"
    again = sentence.again()
    if again and not sentence.turned:
        message += f"; `say {again}` is"
    elif heard := list(dict.fromkeys(sentence.heard)):
        message += f"; understood: {', '.join(heard)}{_hint(sentence)}"
    elif not again:
        message += f"; {_known()} are"
    first = sentence.unknown[0]
    known = [
        word for word, (kind, _) in vocabulary().items() if kind in ("genre", "instrument", "intent") and len(word) > 3
    ]
    near = nearest(first.text, known, most=2) if first.kind == "unknown" and len(first.text) > 2 else ()
    return _refuse(message, first.start, *near)


def _hint(sentence: Sentence) -> str:
    """Returns the command that a word which turns the sentence round may stand for."""
    verb = next((HINTS[word.text] for word in sentence.unknown if word.text in HINTS), "")
    names = {vocabulary()[heard][1] for heard in sentence.heard if heard in vocabulary()}
    return f" (`{verb} {names.pop()}` is a command)" if verb and len(names) == 1 and "beat" not in names else ""


def _runs(unknown: list[Word], words: str) -> list[str]:
    """Returns unknown words as typed; those that stand side by side as one."""
    runs: list[tuple[int, int]] = []
    for word in unknown:
        start, end = word.start, word.start + len(word.text)
        if runs and not words[runs[-1][1] : start].strip():
            runs[-1] = runs[-1][0], end
        else:
            runs.append((start, end))
    return list(dict.fromkeys(re.sub(r"\s+", " ", words[start:end]) for start, end in runs))


def _known() -> str:
    lists = table()
    genres = ", ".join(genre["words"][0] for genre in lists["genres"].values())
    return f"genres ({genres}) and instruments ({', '.join(words[0] for words in lists['instruments'].values())})"


def _refuse(message: str, offset: int, *suggestions: str) -> ChronusError:
    return ChronusError("E_SYNTAX", message, suggestions=suggestions, column=offset + 1)
