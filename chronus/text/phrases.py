"""Musical words to lines of the language, from grammar/phrases.toml. Words it does not know are passed over."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from chronus import places
from chronus.errors import ChronusError, nearest

TEMPO = re.compile(r"(?<![\w.])([0-9]{2,3}(?:\.[0-9]{1,3})?) ?bpm\b")


def lines(words: str) -> tuple[str, ...]:
    """The lines that a sentence comes to: tempo, then loads, then lanes.

    E_SYNTAX, its column counted in `words`, if nothing in it is understood or something would turn the meaning round.
    """
    table = _table()
    text = words.lower().replace("\u2019", "'")
    told = [(found[0], found.start()) for found in _vocabulary().finditer(text)]
    tempo = TEMPO.search(text)
    genres = [table["genre_of"][word] for word, _ in told if word in table["genre_of"]]
    instruments = {table["instrument_of"][word] for word, _ in told if word in table["instrument_of"]}
    for word, column in told:
        if word in table["not_yet"]:
            raise _refuse(f'"{word}" is not understood yet; say what to add, such as "a kick"', column)
    if not (genres or instruments or tempo):
        raise _unknown(words, table)
    genre = table["genres"][genres[0]] if genres else {}
    if "beat" in instruments or (genres and not instruments):
        instruments |= set(genre.get("beat", table["beat"]))
    bodies = [genre.get(name, table["plain"][name]) for name in table["order"] if name in instruments]
    bpm = tempo[1] if tempo else genre.get("bpm")
    return (
        *([f"bpm {bpm}"] if bpm else ()),
        *(body[0] for body in bodies),
        *(line for body in bodies for line in body[1:]),
    )


@cache
def _table() -> dict[str, Any]:
    import tomllib  # only for whoever speaks: it costs a start 3 ms

    table = tomllib.loads((places.shipped("grammar") / "phrases.toml").read_text(encoding="utf-8"))
    table["genre_of"] = {word: name for name, genre in table["genres"].items() for word in genre["words"]}
    table["instrument_of"] = {word: name for name, words in table["instruments"].items() for word in words}
    return table


@cache
def _vocabulary() -> re.Pattern[str]:
    """Any phrase that is known, the longest first."""
    table = _table()
    known = sorted({*table["genre_of"], *table["instrument_of"], *table["not_yet"]})
    longest_first = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
    return re.compile(rf"(?<!\w)(?:{longest_first})(?!\w)")


def _unknown(words: str, table: dict[str, Any]) -> ChronusError:
    genres = [genre["words"][0] for genre in table["genres"].values()]
    known = f"genres ({', '.join(genres)}) and instruments ({', '.join(table['instruments'])})"
    if not words:
        return _refuse(f"say what to play: {known} are understood", 0, "kick and snare")
    typed = re.findall(r"[^\W_]+", words.lower())[:200]
    every = [*table["genre_of"], *table["instrument_of"]]
    near = dict.fromkeys(match for word in typed[:20] for match in nearest(word, every, most=1))
    listed = ", ".join(f'"{word[:24]}"' for word in typed[:6])
    unknown = f"{listed}: not understood yet" if typed else "nothing in it is understood yet"
    return _refuse(f"{unknown}; {known} are", 0, *([*near] or ["kick and snare"])[:3])


def _refuse(message: str, offset: int, *suggestions: str) -> ChronusError:
    return ChronusError("E_SYNTAX", message, suggestions=suggestions, column=offset + 1)
