"""Reads the notation of lanes: what follows `sequence NAME:`, without times such as `at next bar`.

A body is steps and then options. In a grid each character is a step; tokens (notes, chords) stand between spaces. Which of the two:
any letter but x, X, o makes it tokens; otherwise an x, X or o, or a digit with another mark of a grid directly after it (`53`, `5.`),
or a dot before it, makes it a grid. Digits set apart by spaces are degrees. A drum's name (`bd`) is a note, too; whether the module of the
lane is a kit, the rack knows.

How long a hit lasts: with nothing after it, the lane's gate length, written (0, 1). Held over k more steps, by `_` or
`@`, it lasts k steps and the gate's share of one more. With a glide (`~`) it lasts its steps to the end, so that it
touches the next hit, which then begins without a new gate: `glide` stands on the hit that is left, not on the one
arrived at. A hold after a rest prolongs the rest.

`len=` is no option of the lane but part of the pattern: it cuts or fills the steps, and stays in the text.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from typing import Any

from lark import Token
from lark.exceptions import UnexpectedInput
from msgspec import Struct

from chronus import othernames, places
from chronus.errors import ChronusError
from chronus.language.grammar import parser, place_of
from chronus.othernames import meant
from chronus.pattern.drums import DRUMS
from chronus.pattern.lane import MOST_STEPS, OPTIONS, Hit, LaneOptions, Option, Pattern
from chronus.units import note_name, read_note

HIT, ACCENT, GHOST = 0.8, 1.0, 0.35

OPTION = re.compile(r"(?:^|(?<=\s))([A-Za-z]\w*)[ \t]*=[ \t]*")
IN_BRACES = re.compile(r"\{[^}]*\}?")
NOT_GRID = re.compile(r"[^\W\dxXo_]")
SUFFIX = re.compile(r"[@*!?'%][0-9.:]*|\([^)]*\)?")
SURE_GRID = re.compile(r"[xXo]|[0-9][0-9._-]|[._][0-9]")
LOOKS_LIKE_GRID = re.compile(r"[xX]|[0-9]\.|\.[0-9]|^[\s|]*[0-9]{2}")
NOTE = re.compile(r"(?<!\w)[a-gA-G][#b]?-?[0-9]")
NUMBER = re.compile(r"(-?(?:[0-9]{1,20}(?:\.[0-9]{1,20})?|\.[0-9]{1,20})(?:e-?[0-9]{1,2})?)[ \t]*(%?)")
MAJOR = re.compile(r"M(?![A-Za-z])")
FRACTION = re.compile(r"([0-9]{1,4})(?:/([0-9]{1,4})([dtDT]?))?")

SHARES = {"": Fraction(1), "d": Fraction(3, 2), "t": Fraction(2, 3)}
"""1/8d is a dotted eighth, 1/8t one of three in the time of two."""

LATER = {
    "*": "a ratchet", "!": "a repeat", "?": "chance", "'": "a velocity", "(": "a euclid", "{": "a lock or polymeter",
    "[": "a group", "<": "a turn", ",": "a stack of lanes", ":": "a sample number", "%": "polymeter",
}  # fmt: skip
LATER_OPTIONS = frozenset(("note", "scale", "root", "prob", "seed", "arp", "oct"))
"""Of the notation, but not understood yet."""


class TypedLane(Struct, frozen=True):
    """`text` is the pattern as typed, without the options (but with `len=`); `columns` is where each option stood."""

    text: str
    pattern: Pattern
    options: LaneOptions
    columns: dict[str, int]


class Step(Struct):
    """A step or several while the pattern is read: `hit` is None for a rest."""

    steps: int
    hit: Hit | None
    column: int
    drums: bool = False


def read_lane(text: str, column: int) -> TypedLane:
    """Reads a body; `column` is where it begins in the typed line, 1-based."""
    steps_text, found = _split_options(text)
    steps = _grid(steps_text, column) if _is_grid(steps_text) else _tokens(steps_text, column)
    if not steps:
        raise _wrong(column, "expected a step: x . or a note such as a1")
    given = _given_options(text, found, column)
    values = {name: _read(OPTIONS[name], *value) for name, value in given.items()}
    options = LaneOptions(**{field: value for name, value in values.items() if (field := OPTIONS[name].field)})
    clip = values.get("len", 0)
    drums = any(step.drums for step in steps)
    pattern = _pattern(steps, Fraction(repr(options.gate)), clip, drums)
    text = " ".join(steps_text.split("\t")).strip() + (f" len={clip}" if clip else "")
    columns = {name: place for name, (_, place) in given.items()}
    return TypedLane(text, pattern, options, columns)


def _wrong(column: int, message: str, *suggestions: str, code: str = "E_SYNTAX") -> ChronusError:
    return ChronusError(code, message, suggestions=suggestions, column=column)


# ---------------------------------------------------------------- options


def _split_options(text: str) -> tuple[str, list[re.Match[str]]]:
    """Returns the steps, and where each option begins: outside braces, at a word before a `=`."""
    plain = IN_BRACES.sub(lambda found: " " * len(found[0]), text)
    found = list(OPTION.finditer(plain))
    return text[: found[0].start()] if found else text, found


def _given_options(text: str, found: list[re.Match[str]], column: int) -> dict[str, tuple[str, int]]:
    """Returns for each option its value as typed and the column of that."""
    given: dict[str, tuple[str, int]] = {}
    ends = [*(option.start() for option in found[1:]), len(text)]
    for option, end in zip(found, ends, strict=False):
        name, place = option[1].lower(), column + option.start(1)
        if name in LATER_OPTIONS:
            raise _wrong(place, f'"{name}=" is not understood yet; there are {", ".join(OPTIONS)}')
        if name not in OPTIONS:
            near = meant(name, OPTIONS, othernames.OPTIONS)
            raise _wrong(place, f'there is no option "{name[:24]}"; there are {", ".join(OPTIONS)}', *near)
        if name in given:
            raise _wrong(place, f'"{name}" is given twice')
        value = text[option.end() : end].rstrip()
        if not value:
            raise _wrong(column + option.end(), f'expected a value after "{name}="')
        given[name] = value, column + option.end()
    return given


def _read(option: Option, text: str, column: int) -> Any:
    """Reads an option's value."""
    if option.form == "share":
        return _share(option, text, column)
    number = _number(option, text, column)
    if option.form != "whole":
        return number
    if number != int(number) or "%" in text:
        raise _wrong(column, f"{option.name} is a whole number, {option.low}..{option.high}", code="E_VALUE")
    return int(number)


def _number(option: Option, text: str, column: int) -> float:
    found = NUMBER.match(text)
    if not found:
        raise _wrong(column, f'{option.name} is a number, not "{text[:24]}"', code="E_VALUE")
    _nothing_after(text, found.end(), column)
    number = float(Fraction(found[1]) / (100 if found[2] and option.form != "percent" else 1))
    if not option.low <= number <= option.high:
        between = f"{option.low:g}..{option.high:g}"
        raise _wrong(column, f"{option.name} is {between}; {text[:24]} is outside", code="E_VALUE")
    return number


def _share(option: Option, text: str, column: int) -> tuple[int, int]:
    """Reads 1/8, 1/8t, 1/16d, 1: a share of a whole note, in lowest terms."""
    name, found = option.name, FRACTION.match(text)
    if not found or int(found[2] or 1) == 0:
        raise _wrong(column, f'{name} is a note length such as 1/8, not "{text[:24]}"', "1/8", "1/16", code="E_VALUE")
    _nothing_after(text, found.end(), column)
    share = Fraction(int(found[1]), int(found[2] or 1)) * SHARES[(found[3] or "").lower()]
    if not option.low <= share <= option.high:
        between = "..".join(option.write(Fraction(end).as_integer_ratio()) for end in (option.low, option.high))
        raise _wrong(column, f"{name} is {between}; {text[:24]} is outside", code="E_VALUE")
    return share.numerator, share.denominator


def _nothing_after(text: str, end: int, column: int) -> None:
    rest = text[end:]
    if rest.strip():
        place = column + end + len(rest) - len(rest.lstrip())
        raise _wrong(place, f'expected an option or the end of the line, not "{rest.split()[0][:24]}"')


# ---------------------------------------------------------------- steps


def _is_grid(text: str) -> bool:
    """Also where it is neither but looks more like a grid: then the error points at the letter that is no step."""
    plain = SUFFIX.sub(" ", IN_BRACES.sub("", text).replace("?fill", "").replace("?nofill", ""))
    if NOT_GRID.search(plain):
        named = NOTE.search(plain) or not DRUMS.keys().isdisjoint(re.findall(r"\w+", plain.lower()))
        return not named and ":" not in plain and bool(LOOKS_LIKE_GRID.search(plain))
    return bool(SURE_GRID.search(plain)) or not re.search(r"[0-9]", plain)


def _grid(text: str, column: int) -> list[Step]:
    steps: list[Step] = []
    for token in _parse(text, column, "grid"):
        place = column + (token.start_pos or 0)
        if token.type != "RUN":
            _suffix(steps, token, place)
            continue
        for k, mark in enumerate(token):
            if mark in GRID:
                steps.append(Step(1, GRID[mark], place + k))
            elif mark == "_":
                _hold(steps, place + k)
            elif mark in ".-~":
                steps.append(Step(1, None, place + k))
    return steps


GRID = {
    "x": Hit((0, 1), velocity=HIT),
    "X": Hit((0, 1), velocity=ACCENT, accent=True),
    "o": Hit((0, 1), velocity=GHOST),
    **{str(k): Hit((0, 1), velocity=k / 10) for k in range(1, 10)},
}


def _tokens(text: str, column: int) -> list[Step]:
    steps: list[Step] = []
    for token in _parse(text, column, "tokens"):
        place = column + (token.start_pos or 0)
        match token.type:
            case "NOTE":
                steps.append(Step(1, Hit((0, 1), pitches=_pitches(token, (0,), place)), place))
            case "CHORD":
                root, _, kind = token.partition(":")
                above = _inverted(root, kind, place + len(root) + 1)
                steps.append(Step(1, Hit((0, 1), pitches=_pitches(root, above, place)), place))
            case "DRUM":
                steps.append(Step(1, Hit((0, 1), pitches=(DRUMS[token.lower()],)), place, True))
            case "TOGETHER":
                steps.append(_together(token, place))
            case "REST":
                steps.append(Step(1, None, place))
            case "HOLD":
                _hold(steps, place)
            case "BAR":
                pass
            case _:
                _suffix(steps, token, place)
    return steps


def _together(group: str, column: int) -> Step:
    """Reads `[bd,hh]` or `[a1,e2]`: notes and drums that begin at once."""
    pitches: set[int] = set()
    place, drums = column + 1, False
    for part in group[1:-1].split(","):
        word = part.strip()
        if word.lower() in DRUMS:
            pitches.add(DRUMS[word.lower()])
            drums = True
        elif NOTE.fullmatch(word):
            pitches.update(_pitches(word, (0,), place + len(part) - len(part.lstrip())))
        else:
            raise _wrong(column, f'"[" ({LATER["["]}) is not understood yet, but for notes that begin at once: [bd,hh]')
        place += len(part) + 1
    return Step(1, Hit((0, 1), pitches=tuple(sorted(pitches))), column, drums)


def _hold(steps: list[Step], column: int) -> None:
    if not steps:
        raise _wrong(column, '"_" holds the note before it, and there is none', ".")
    steps[-1].steps += 1


def _suffix(steps: list[Step], token: Token, column: int) -> None:
    """Reads what is written directly after a step."""
    step = steps[-1] if steps else None
    if token.type == "LENGTH":
        length = float(token[1:])
        if step is None or length != int(length) or not 1 <= length <= MOST_STEPS:
            raise _wrong(column, f'"@" takes a whole number of steps, 1..{MOST_STEPS}', "@2")
        step.steps += int(length) - 1
        return
    if step is None or step.hit is None:
        what = "an accent" if token.type == "ACCENT" else "a glide"
        raise _wrong(column, f'"{token}" is {what} and belongs to a note')
    hit = step.hit
    if token.type == "ACCENT":
        step.hit = Hit(hit.at, hit.length, hit.pitches, ACCENT, True, hit.glide)
    else:
        step.hit = Hit(hit.at, hit.length, hit.pitches, hit.velocity, hit.accent, True)


def _pitches(root: str, above: tuple[int, ...], column: int) -> tuple[int, ...]:
    pitches = tuple(read_note(root) + semitones for semitones in above)
    if not 0 <= pitches[0] <= pitches[-1] <= 127:
        raise _wrong(column, f"notes are {note_name(0)}..{note_name(127)}; {root} goes beyond", code="E_VALUE")
    return pitches


@cache
def chords() -> dict[str, tuple[int, ...]]:
    """Returns for each kind its semitones above the root."""
    import tomllib

    table = tomllib.loads((places.shipped("grammar") / "chords.toml").read_text(encoding="utf-8"))
    return {kind: tuple(sorted(above)) for kind, above in table.items()}


def _chord(kind: str, column: int) -> tuple[int, ...]:
    known = chords()
    if kind.lower() not in known or MAJOR.match(kind):  # M7 and m7 are two chords
        near = ("maj" + kind[1:],) if MAJOR.match(kind) else meant(kind, known, othernames.CHORDS)
        raise _wrong(column, f'there is no chord "{kind}"; `help chords` lists them', *near)
    return known[kind.lower()]


def _inverted(root: str, text: str, column: int) -> tuple[int, ...]:
    """Reads what follows a chord's colon: its kind, and after a slash which of its notes is the lowest.

    `/1`: its lowest note goes up an octave; `/2`: its two lowest. `/e`: so that e is the lowest; e lies below the chord if it is no
    note of its first octave.
    """
    kind, slash, lowest = text.partition("/")
    above = _chord(kind, column)
    column += len(kind) + 1
    if not slash:
        return above
    if lowest.isdigit():
        up = int(lowest)
        if not 0 < up < len(above):
            raise _wrong(
                column, f"{kind} has {len(above)} notes: its inversions are /1 to /{len(above) - 1}", code="E_VALUE"
            )
    else:
        bass = (read_note(f"{lowest}4") - read_note(root)) % 12
        if bass not in above:
            return (bass - 12, *above)
        up = above.index(bass)
    return tuple(sorted((*above[up:], *(semitones + 12 for semitones in above[:up]))))


def _pattern(steps: list[Step], gate: Fraction, clip: int, drums: bool) -> Pattern:
    """Lays steps end to end."""
    at = 0
    hits: list[tuple[int, Step]] = []
    for step in steps:
        if step.hit is not None:
            hits.append((at, step))
        at += step.steps
        if at > MOST_STEPS:
            raise _wrong(step.column, f"a lane has at most {MOST_STEPS:,} steps", code="E_LIMIT")
    total = clip or at
    hits = [(at, step) for at, step in hits if at < total]
    made = []
    for at, step in hits:
        hit = step.hit
        assert hit is not None
        length = (0, 1)
        if hit.glide or step.steps > 1:
            held = Fraction(step.steps) if hit.glide else step.steps - 1 + gate
            length = min(held, Fraction(total - at)).as_integer_ratio()
        made.append(Hit((at, 1), length, hit.pitches, hit.velocity, hit.accent, hit.glide))
    return Pattern(total, tuple(made), drums)


# ---------------------------------------------------------------- errors


def _parse(text: str, column: int, start: str) -> list[Token]:
    """Returns the tokens of the steps, in order; an error points at the character."""
    try:
        tree = parser("pattern", "grid", "tokens").parse(text, start=start)
    except UnexpectedInput as error:
        raise _explain(text, place_of(error, text), column, start) from None
    return tree.children  # type: ignore[return-value]


def _explain(text: str, place: int, column: int, start: str) -> ChronusError:
    rest = text[place:]
    if not rest.strip():
        return _wrong(column + len(text.rstrip()), "expected a step: x . or a note such as a1", "x", ".")
    place += len(rest) - len(rest.lstrip())
    mark = text[place]
    word = re.match(r"[a-gA-G]#(?![0-9])|\w+|.", text[place:])
    found = word[0][:24] if word else mark
    place += column
    if mark in "^~@":
        what = "@ takes a number of steps" if mark == "@" else f'"{mark}" stands directly after a step'
        return _wrong(place, what)
    if mark in LATER:
        return _wrong(place, f'"{mark}" ({LATER[mark]}) is not understood yet')
    if start == "grid" and mark == "0":
        return _wrong(place, '"0" is not a step; a velocity is 1-9, a rest is .', ".")
    if start == "grid":
        return _wrong(place, f'"{found[0]}" is not a step; a grid is written with x X o 1-9 . - ~ _ |')
    if mark in "xXo" and found.strip("xXo") == "":
        return _wrong(place, f'"{mark}" is a hit of a grid; between notes write a note, such as a1')
    if found.isdigit():
        return _wrong(place, f'degrees ("{found}") are not understood yet; {_instead(text)}')
    if re.fullmatch(r"[a-gA-G][#b]?", found):
        return _wrong(place, f"a note needs its octave: {found.lower()}2", f"{found.lower()}2")
    return _wrong(
        place, f'"{found}" is not a note or a rest; write notes as a1, c#2, eb3, chords as a2:m7, drums as bd, sn, hh'
    )


def _instead(text: str) -> str:
    """Returns what to write for digits set apart by spaces."""
    together = "".join(text.split())
    if re.fullmatch(r"[1-9.~_|]+", together) and _is_grid(together):
        return f"velocities are written without spaces: {together[:16]}{'...' * (len(together) > 16)}"
    return "write notes, such as a1"
