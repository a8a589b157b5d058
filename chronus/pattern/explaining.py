"""Explains what is no line of the notation, and says how it is written here: pure text, for whoever reads lanes.

Many type what Tidal, Strudel, FoxDot, Sonic Pi or a drum machine would take. HABITS lists those, each with our way to say it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from chronus import othernames
from chronus.othernames import meant
from chronus.pattern.drums import DRUMS, SHORT
from chronus.pattern.harmony import SCALES, chords
from chronus.units import note_name, note_number

OCTAVE = "2"
"""Of a note that names none."""


LONG = 1000
"""In a longer text no habits are looked for, lest a wrong line takes long to answer."""


class Advice(NamedTuple):
    """What is wrong at `at`; `instead` takes the place of `length` characters there, where something is known that helps."""

    at: int
    message: str
    instead: str | None = None
    length: int = 0


def explained(text: str, place: int, start: str) -> Advice:
    """Returns what is wrong with a text that does not go on at a place. `start`: whether it was read as a grid, as tokens or as values."""
    rest = text[place:]
    if rest.strip():
        place += len(rest) - len(rest.lstrip())
    if start == "values":
        return _of_values(text, place)
    for habit in HABITS if len(text) <= LONG else ():
        for found in habit.form.finditer(text):
            if habit.anywhere or found.start() <= place <= found.end():
                instead = habit.instead(found) if callable(habit.instead) else found.expand(habit.instead)
                if instead is not None:
                    message = (_no_note(text) if habit.message == NO_NOTE else habit.message).replace(
                        "%s", found[0][:24]
                    )
                    return Advice(found.start(), message, instead, len(found[0]))
    return _of_the_mark(text, place, start)


# ---------------------------------------------------------------- habits from elsewhere


class Habit(NamedTuple):
    """`anywhere`: wherever it stands in a line that is wrong; else only where the line goes wrong. None instead: it is no such habit."""

    form: re.Pattern[str]
    message: str
    instead: str | Callable[[re.Match[str]], str | None]
    anywhere: bool = False


def _habit(
    form: str, message: str, instead: str | Callable[[re.Match[str]], str | None], *, anywhere: bool = False
) -> Habit:
    return Habit(re.compile(form), message, instead, anywhere)


def _binary(found: re.Match[str]) -> str | None:
    return found[0].replace("1", "x").replace("0", ".") if {"0", "1"} <= set(found[0]) else None


def _numbers(found: re.Match[str]) -> str | None:
    """Notes by number or in Hz."""

    def named(word: re.Match[str]) -> str:
        number = float(word[0])
        return note_name(round(note_number(number)) if number > 127 else int(number))

    return (
        re.sub(r"\d+", named, found[0])
        if re.search(r"\d\d", found[0]) and (" " in found[0] or len(found[0]) < 4)
        else None
    )


def _slower(found: re.Match[str]) -> str:
    step, times = found[1], int(found[2])
    if step.startswith("<"):
        return "<" + " ".join(f"{word}!{times}" for word in step[1:-1].split()) + ">"
    return f"{step}@{times}" if step.startswith("[") else f"{step}?1:{times}"


def _turned_ratchet(found: re.Match[str]) -> str:
    return "<" + " ".join(f"{found[1]}*{times}" for times in found[2].split()) + ">"


def _turned_euclid(found: re.Match[str]) -> str:
    return "<" + " ".join(f"{found[1]}({hits},{found[3]})" for hits in found[2].split()) + f">@{found[3]}"


def _chance(found: re.Match[str]) -> str | None:
    share = float(found[1]) * (1 if found[2] or float(found[1]) > 1 else 100)
    percent = round(share)
    return ("?" if percent == 50 else f"?{percent:02d}") if 1 <= percent <= 99 else "" if percent == 100 else None


def _one_digit(found: re.Match[str]) -> str:
    return f"?{found[1]}0"


def _cycle(found: re.Match[str]) -> str | None:
    first, among = sorted((int(found[1]), int(found[2])))
    return f"?{first}:{among}" if first else None


def _again(found: re.Match[str]) -> str:
    return f"!{found[0].count('!') + 1}"


def _chord(found: re.Match[str]) -> str | None:
    kind = {"^7": "maj7", "": "maj"}.get(found[3], found[3])
    known = (kind,) if kind in chords() else meant(kind, chords(), othernames.CHORDS)
    flat = {"s": "#", "f": "b"}.get(found[2], found[2])
    return f"{found[1].lower()}{flat}{OCTAVE}:{known[0]}" if known else None


def _chord_after_quote(found: re.Match[str]) -> str | None:
    known = meant(found[4], chords(), othernames.CHORDS)
    return f"{found[1].lower()}{found[2]}{found[3] or OCTAVE}:{known[0]}" if known else None


def _accidental(found: re.Match[str]) -> str:
    return found[1].lower() + {"s": "#", "f": "b"}[found[2]] + (found[3] or OCTAVE)


def _letters(found: re.Match[str]) -> str:
    words = {"k": "bd", "s": "sn", "h": "hh", "b": "bd", "c": "cp", "o": "oh"}
    return re.sub(r"[a-z]", lambda letter: words[letter[0]], found[0])


def _drum(found: re.Match[str]) -> str | None:
    parts = [part for part in found[0].split("_") if part in DRUMS]
    near = parts if "_" in found[0] and parts else meant(found[0], DRUMS, othernames.KINDS)
    return near[0] if near and not re.fullmatch(r"[a-g][#b]?", found[0]) else None


ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii")


def _roman(found: re.Match[str]) -> str | None:
    degree = ROMAN.index(found[0].lower()) if found[0].lower() in ROMAN else None
    return None if degree is None else f"[{degree},{degree + 2},{degree + 4}]"


def _speed(found: re.Match[str]) -> str | None:
    times = int(found[2])
    parts = 16 * times if found[1] == "fast" else 16 / times
    return f" every=1/{int(parts)}" if parts == int(parts) and parts <= 128 else None


def _scale(found: re.Match[str]) -> str | None:
    words = re.split(r"[\s:_]+", found[1].lower())
    scale = next((word for word in words if word in SCALES), None)
    root = next((f" root={word.rstrip('0123456789')}3" for word in words if re.fullmatch(r"[a-g][#b]?\d?", word)), "")
    return f" scale={scale}{root}" if scale else None


def _own_polymeter(found: re.Match[str]) -> str:
    inside = found[1].strip()
    return inside.replace(",", " , ") if "," in inside else f"{{{inside}}}%{len(inside.split())}"


def _turns_at_once(found: re.Match[str]) -> str:
    return "[" + ",".join(f"<{part.strip()}>" for part in found[1].split(",")) + "]"


def _no_note(text: str) -> str:
    return f'"%s" is not a note or a rest; the drums are {" ".join(SHORT)}' if _names_drums(text) else NO_NOTE


def _names_drums(text: str) -> bool:
    return not DRUMS.keys().isdisjoint(re.findall(r"[a-z]+", text.lower()))


NO_NOTE = '"%s" is not a note or a rest; write notes as a1, c#2, eb3, chords as a2:m7, drums as bd, sn, hh'
NO_FUNCTIONS = "there are no functions in a pattern: it stands here as it is"
HABITS = (
    # functions and quotes around a pattern
    _habit(r"^\s*(?:\$:?\s*)?(?:(?:s|n|sound|note|play|sample|midinote|up|mini)\s*\(?\s*)?([\"'`])(.*?)\1\s*\)?",
           NO_FUNCTIONS, r"\2", anywhere=True),
    _habit(r"^\s*\$?\s*(fast|slow|hurry)\s*\(?\s*(\d+)\s*(?:\$\s*(?:s|sound|n|note)\s*|,\s*)?\"(.*?)\"\s*\)?",
           "a step has a fixed length: every=1/32 is twice as fast",
           lambda found: (option := _speed(found)) and found[3] + option, anywhere=True),
    _habit(r"\s*\.(fast|slow)\(\s*(\d+)\s*\)", "a step has a fixed length: every=1/32 is twice as fast, every=1/8 half as fast",
           _speed, anywhere=True),
    _habit(r"\s*\.scale\(\s*[\"'`]([^\"'`]*)[\"'`]\s*\)", "the scale is an option: scale=minor root=c3", _scale, anywhere=True),
    _habit(r"\s*\.(?:gain|velocity|amp)\(\s*([\d.]+)\s*\)", "the velocity is an option: vel=0.8", r" vel=\1", anywhere=True),
    _habit(r"\s*\.(?:s|sound|bank|lpf|cutoff|room|delay|pan|rev|n|speed|cut|legato|clip|bank|orbit)\([^()]*\)$",
           "there are no functions in a pattern; what a module does is set by its own name: set bass.cutoff 800", "", anywhere=True),
    _habit(r"^\s*P\[([^\[\]]*)\]", "a list of steps stands between spaces", lambda found: " ".join(re.split(r"[\s,]+", found[1].strip()))),
    _habit(r"\(?\b(?:ring|chord|knit)\b[ (]*([:\w ,]*)\)*", "a list of steps stands between spaces",
           lambda found: " ".join(re.split(r"[\s,:]+", found[1].strip(" ,:"))) or None),
    _habit(r":r(?:est)?(?!\w)", "a rest is . or ~", "."),
    _habit(r":(?=[a-z]+_\w+)", "drums are written bd, sn, hh, without a colon", ""),
    _habit(r"\s+(fast|slow)\s+(\d+)\s*$", "a step has a fixed length: every=1/32 is twice as fast, every=1/8 half as fast", _speed),
    _habit(r"(?<!\w)[hH]([#b]?-?\d)(?!\w)", NO_NOTE, r"b\1"),
    _habit(r"^\s*(?:play|sample|synth|note|n|seq|pattern)\s+(?=[:\w])", "the steps stand here as they are", ""),
    _habit(r":([a-gA-G][sb#]?\d(?:\s*,\s*:[a-gA-G][sb#]?\d)*)", "notes stand between spaces, without a colon",
           lambda found: " ".join(re.split(r"[\s,:]+", found[1]))),
    _habit(r",\s*$", "a pattern ends without a comma", ""),
    # numbers
    _habit(r"^(?<!\S)[01 |]+(?!\S)$", "a rhythm is written x...x..., x for a hit and . for a rest", _binary),
    _habit(r"0x(?=[0-9a-fA-F]+)", "a rhythm in hex digits is written hex:9228", "hex:"),
    _habit(r"hex\s+(?=[0-9a-fA-F])", "a rhythm in hex digits is written hex:9228", "hex:"),
    _habit(r"^(?<!\S)(?:[1-9]\d{1,4}|[.~_|])(?:\s+(?:[1-9]\d{1,4}|[.~_|]))*(?!\S)$",
           "notes are written by name: 60 is c4, 440 Hz is a4", _numbers),
    # what is written behind a step
    _habit(r"([^\s\[\]<>{}()*,|]+)\*<([\d ]+)>", "numbers take no turns, steps do", _turned_ratchet),
    _habit(r"([^\s\[\]<>{}()*,|]+)\(<([\d ]+)>\s*,\s*(\d+)\)", "numbers take no turns, steps do", _turned_euclid),
    _habit(r"\*1(?![\d.])", '"*" takes 2 to 9 hits in the step: *2', "*2"),
    _habit(r"\*(\d{2,4})(?![\d.])", '"*" takes 2 to 9 hits in the step: *2; "!" repeats the step: !16',
           lambda found: f"!{int(found[1])}"),
    _habit(r"\*(\d+)\.(\d+)", '"*" takes 2 to 9 hits in the step: *2; "!" repeats the step: !16',
           lambda found: f"*{min(max(2, round(float(found[0][1:]))), 9)}"),
    _habit(r"(<[^<>\[\]{}]*>|\[[^\[\]]*\]|[A-Za-z#]+\d*(?::\w+)?)/(\d+)",
           'nothing is slowed down by "/": @2 makes a step longer, ?1:2 plays it in one of two loops, <a!2 b!2> stays on each', _slower),
    _habit(r"\s*!(?!\d)(?:\s*!(?!\d))*(?!\w)", '"!" takes how often the step comes: !4', _again),
    _habit(r"\?!\s*fill\b|\?\s*not?\s*fill\b", 'only while fill is off is "?nofill"', "?nofill"),
    _habit(r"\?\s*fil{1,2}s?(?!\w)", 'only while fill is on is "?fill"', "?fill"),
    _habit(r"\?(\d+)\s*[/-]\s*(\d+)", "the first of every four loops is ?1:4", _cycle),
    _habit(r"\?(0?\.\d+|[01]\.\d*)()", "a chance has two digits, in percent: ?30", _chance),
    _habit(r"\??(?<![\s|,<\[{])\??%?(\d{1,3})(%)(?!\d)", "a chance has two digits, in percent: ?30", _chance),
    _habit(r"(?<=[\w)\]>'^])%(\d\d)()(?!\d)", "a chance has two digits, in percent: ?30", _chance),
    _habit(r"\(\s*(\d+)\s*(?:[/:;]|\s)\s*(\d+)\s*\)|\(\s*(\d+)\s*,\s*(\d+)\s*,\s*\)", "a euclid is written (3,8), or (3,8,2) to rotate it",
           lambda found: f"({found[1] or found[3]},{found[2] or found[4]})"),
    _habit(r"(?<!\S)(?:E|euclid|bjorklund)?\((\d+),\s*(\d+)(,\s*-?\d+)?\)", "a euclid stands directly after a step: x(3,8)",
           lambda found: f"x({found[1]},{found[2]}{found[3] or ''})"),
    _habit(r"\s+\{(?=\w+\s*=)", "a lock stands directly after its step: a1{cutoff=800}", "{"),
    _habit(r"\s*(?<=[\w.\]])\s*(?:\*|x)\s*\d+\s*$", "a lane goes round by itself; [x...]!4 repeats a group", ""),
    _habit(r"\s*\b\d+ times\s*$|\s*\bloop\s*$", "a lane goes round by itself; [x...]!4 repeats a group", ""),
    # groups
    _habit(r"^\{([^{}%=]*,[^{}%=]*)\}$", "lanes that are stacked go round each by itself", _own_polymeter, anywhere=True),
    _habit(r"\{([^{}%=,]*)\}(?!%)", "a polymeter says how many steps it takes: {a1 c2 e2}%4", _own_polymeter),
    _habit(r"<([^<>\[\]{}]*,[^<>\[\]{}]*)>", "turns that are played at once are a group of turns: [<a1 c2>,<e2 g2>]", _turns_at_once),
    _habit(r"\(([^(){}\d,]+)\)", "a group is written [x.x.], turns <x o>", r"[\1]"),
    _habit(r"(?<!\S)([a-gA-G][#b]?-?\d)((?:\s*[+&]\s*[a-gA-G][#b]?-?\d)+)(?!\S)", "notes at once are written [a1,c2]",
           lambda found: f"[{re.sub(r'[ +&]+', ',', found[0])}]"),
    # words
    _habit(r"\bO\b|O", 'a ghost is a small o', "o"),
    _habit(r"(?<![\w:])(?:r|rest|sil|silence|nil|none|None|hush|off|mute)(?!\w)", "a rest is . or ~; `mute kick` silences a lane", "."),
    _habit(r"\b([a-gA-G])([#b]?)(\d?)'([a-zA-Z]\w*)", "a chord is written after a colon: c2:m7", _chord_after_quote),
    _habit(r"\b([a-gA-G])(s|f)(\d?)(?!\w)", "sharp is #, flat is b: c#2, eb2", _accidental),
    _habit(r"(?<!\S)([a-gA-G])([#b]?)((?:maj|min|m|dim|aug|sus|add|M|dom)\w*|\^7|6|7|9|11|13)(?![\w#])",
           "a chord names its octave, then its kind after a colon: a2:m7", _chord),
    _habit(r"^(?<!\S)(?:[kshbco.~|]\s+)+[kshbco.~](?!\S)$", "drums are written bd, sn, hh", _letters),
    _habit(r"(?<![\w:])(?:VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)(?!\w)", "degrees count from 0, a triad is [0,2,4]", _roman),
    _habit(r"(?<![\w:])[a-z][a-z_]{2,}(?![\w(])", NO_NOTE, _drum),
)  # fmt: skip
"""In the order in which they are tried."""


# ---------------------------------------------------------------- marks

MENDED = {
    "*": "\"*\" takes 2 to 9 hits in the step: *2",
    "!": "\"!\" takes how often the step comes: !4",
    "'": "\"'\" takes a velocity, 1 to 9: '7",
    "@": "@ takes a number of steps",
    "(": "a euclid is written (3,8), or (3,8,2) to rotate it",
    "{": "a lock is written {cutoff=800} directly after a step, a polymeter {a1 c2 e2}%4",
    "}": 'there is no "{" before it',
    "[": 'a "[" needs its "]"',
    "]": 'there is no "[" before it',
    "<": 'a "<" needs its ">"',
    ">": 'there is no "<" before it',
    "%": '"%" stands after a polymeter: {a1 c2 e2}%4',
    ")": 'there is no "(" before it',
    ":": "a sample's number stands after a drum: hh:2",
    ",": '"," stacks lanes: there is a step on either side of it',
}  # fmt: skip
"""What is to be written where a mark stands that cannot be there."""
OPENED = {"[": "]", "<": ">", "{": "}", "(": ")"}


def _of_the_mark(text: str, place: int, start: str) -> Advice:
    open_at = _left_open(text)
    rest = text[place:]
    if not rest.strip():
        if open_at is not None:
            return _unclosed(text, open_at)
        return Advice(len(text.rstrip()), "expected a step: x . or a note such as a1", "x")
    mark = text[place]
    word = re.match(r"[a-gA-G]#(?![0-9])|\w+|.", text[place:])
    found = word[0][:24] if word else mark
    before = text[:place]
    after_nothing = not before[-1:].strip(" \t|,<[{")
    if mark == "?":
        typed = re.match(r"\?[0-9]*", rest)[0]  # type: ignore[index]
        if after_nothing:
            return Advice(place, '"?" stands directly after a step')
        digits = (typed[1:2] or "5").replace("0", "1") + "0"
        message = f'"{typed}" needs two digits (?{digits}) or a condition (?1:4)'
        return Advice(place, message, f"?{digits}", len(typed))
    if open_at is not None and text[open_at] == "{":
        return _unclosed(text, open_at)
    if mark in "]>})" and _left_open(before) is not None and not rest.lstrip()[1:].startswith("%"):
        return Advice(place, f'expected a step before "{mark}"', f".{mark}", 1)
    if mark in "^~@*!'(" and after_nothing:
        return Advice(place, f'"{mark}" stands directly after a step')
    if before.rstrip().endswith("}") and "{" in before:
        return Advice(place, "a polymeter says how many steps it takes: {a1 c2 e2}%4")
    if open_at is not None and mark in MENDED and mark not in "]>})":
        return _unclosed(text, open_at)
    if mark in MENDED:
        return Advice(place, MENDED[mark])
    if start == "grid" and mark == "0":
        return Advice(place, '"0" is not a step; a velocity is 1-9, a rest is .', ".", 1)
    if start == "grid":
        return Advice(place, f'"{found[0]}" is not a step; a grid is written with x X o 1-9 . - ~ _ |')
    if mark in "xXo" and found.strip("xXo") == "":
        instead = f"drums write one of {' '.join(SHORT)}" if _names_drums(text) else "notes write a note, such as a1"
        message = f'"{mark}" is a hit of a grid; between {instead}'
        notes = re.findall(r"\b[a-gA-G][#b]?-?\d(?!\w)", before)
        return Advice(place, message, notes[-1] if notes and len(found) == 1 else None, 1)
    if re.fullmatch(r"[a-gA-G][#b]?", found):
        return Advice(place, f"a note needs its octave: {found.lower()}2", f"{found.lower()}2", len(found))
    return Advice(place, _no_note(text).replace("%s", found))


OF_NOTES = {"^": "an accent", "'": "a velocity", "{": "a lock"}


def _of_values(text: str, place: int) -> Advice:
    """Of a lane that moves a parameter."""
    lock = re.search(r"(?<=[^\s|,<\[{])\{[^{}]*=", text)
    place = lock.start() if lock and lock.start() <= place < lock.end() else place
    open_at, mark = _left_open(text), text[place : place + 1]
    if not text[place:].strip():
        return _unclosed(text, open_at) if open_at is not None else Advice(len(text.rstrip()), NO_VALUE, "400")
    if mark in OF_NOTES and text[place - 1 : place].strip(" \t|,<["):
        return Advice(place, f'"{mark}" is {OF_NOTES[mark]} and belongs to a note; this lane moves a parameter')
    if mark == ",":
        return Advice(place, "a parameter has one line of values, with spaces between them", " ", 1)
    if mark in "?*!@(%)]>[<}":
        return _of_the_mark(text, place, "values")
    word = re.match(r"\w+|.", text[place:])
    return Advice(place, f'"{word[0][:24] if word else mark}" is no value; {NO_VALUE.partition("; ")[2]}')


NO_VALUE = "expected a value; write 400 or 1.2k, 400..800 to move within a step, . to stay, _ to glide on to the next"


def _unclosed(text: str, at: int) -> Advice:
    mark, rest = text[at], text[at:].rstrip()
    close = OPENED[mark]
    return Advice(at, f'this "{mark}" has no "{close}"', rest + close if len(rest) > 1 else None, len(rest))


def _left_open(text: str) -> int | None:
    """Returns where a bracket stands that is never closed."""
    open_at: list[int] = []
    for k, mark in enumerate(text):
        if mark in OPENED:
            open_at.append(k)
        elif open_at and mark == OPENED[text[open_at[-1]]]:
            open_at.pop()
    return open_at[0] if open_at else None
