"""Replaces characters that only look different by their plain forms; invisible ones become blanks, or are refused by name. Pure.

One character becomes one character, so that columns stay those of what was typed. Nothing changes inside of quotes.
"""

from __future__ import annotations

import re
import unicodedata

from chronus.errors import ChronusError

QUOTED = re.compile(r'"[^"\r\n]*"')
LOOKS = str.maketrans(
    {
        **dict.fromkeys("\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))), " "),
        **dict.fromkeys("\u2010\u2011\u2212\ufe63", "-"),
        **dict.fromkeys("\u2018\u2019\u201b\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full width
        "\u00d7": "*", "\u00f7": "/", "\u2192": ">", "\u21d2": ">",
    }
)  # fmt: skip
ACCIDENTAL = re.compile(r"(?<=[a-gA-G])[\u266d\u266f]")
DASH = re.compile(r"(?:^|(?<=[\s=>(]))[\u2013\u2014](?=\.?[0-9])")
"""A minus that an editor has made longer. Elsewhere it may stand for two, and is named."""

UNSEEN = "\u00ad\u034f\u061c\u180b-\u180e\u200b-\u200f\u2060-\u2064\ufeff"
TURNING = "\u202a-\u202e\u2066-\u206f"
"""What turns the direction of writing would show a line as another: never taken for a blank."""
AT_AN_EDGE = re.compile(rf"(?:^|(?<=[\s;,:=>]))[{UNSEEN}]+|[{UNSEEN}]+(?=[\s;,:=>]|$)")
CONTROL = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029{UNSEEN}{TURNING}\ud800-\udfff]")

LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0455\u0458\u043a\u0438\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406"
    "\u03bf\u03b1\u03c1\u03bd\u03ba\u03a7\u039f\u2219\u00b7\u2022\u25cf\u25cb\u2715\u2716\u00b0",
    "aeopcyxisjkiABEKMHOPCTXI" "oapvkXO...xoxxo",
)  # fmt: skip
SEVERAL = {"\u2026": "...", "\u2013": "-", "\u2014": "--", "\u266e": "", "\u266d": "b", "\u266f": "#"}


def plainly(line: str) -> str:
    """Returns the line in plain characters, as long as it was."""
    if line.isascii():
        return line
    pieces, place = [], 0
    for quoted in QUOTED.finditer(line):
        pieces += [_plain(line[place : quoted.start()]), quoted[0]]
        place = quoted.end()
    return "".join([*pieces, _plain(line[place:])])


def _plain(text: str) -> str:
    text = DASH.sub("-", text.translate(LOOKS))
    text = ACCIDENTAL.sub(lambda found: "#" if found[0] == "\u266f" else "b", text)
    return AT_AN_EDGE.sub(lambda found: " " * len(found[0]), text)


def control(typed: str) -> tuple[int, str] | None:
    """Finds a character that has no place in any line, and what to say about it."""
    found = CONTROL.search(typed)
    if found is None:
        return None
    what = "an invisible" if re.match(f"[{UNSEEN}{TURNING}]", found[0]) else "a control"
    return found.start(), f"{what} character ({_named(found[0])}) cannot be part of a line"


def strange(typed: str, error: ChronusError) -> ChronusError:
    """The error, or where the word that it is about holds a character of another alphabet, one that says so."""
    place = error.column - 1
    begin = max((typed.rfind(blank, 0, place) for blank in " :=>,"), default=-1) + 1
    found = re.compile(r"[^\s:=>,]+").match(typed, begin)
    letter = re.search(r"[^\x00-\x7f]", found[0]) if found else None
    if found is None or letter is None or found.end() <= place:
        return error
    plain = "".join(_letter(one) for one in found[0])
    offset, meant = (begin, (plain,)) if plain.isascii() and plain else (begin + letter.start(), ())
    message = f'"{letter[0]}" ({_named(letter[0])}) is no character of the language'
    return ChronusError(error.code, message, suggestions=meant, column=offset + 1, length=len(found[0]) if meant else 1)


def _letter(one: str) -> str:
    """Returns what a letter may have been meant for: the one without its accent, or the one that looks the same."""
    if one in SEVERAL:
        return SEVERAL[one]
    bare = unicodedata.normalize("NFKD", one.translate(LOOKALIKES))
    return "".join(part for part in bare if not unicodedata.combining(part))


def _named(character: str) -> str:
    name = unicodedata.name(character, "").lower()
    return f"U+{ord(character):04X}{' ' if name else ''}{name}"
