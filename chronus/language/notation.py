"""Reads the notation of lanes: what follows `sequence NAME:`, without times such as `at next bar`.

A body is steps and then options. In a grid each character is a step; tokens (notes, chords, degrees, drums) stand between spaces. Which
of the two: `hex:` and what it stands for is a grid; any letter but x, X, o makes it tokens; otherwise an x, X or o, or a digit with
another mark of a grid directly after it (`53`, `5.`), or a dot before it, makes it a grid. Digits set apart by spaces are degrees, of
two digits too where a `0` stands among them (`0 7 12`), which is no velocity. A drum's name (`bd`) is a note, too; whether the module of
the lane is a kit, the rack knows.

How long a hit lasts: with nothing after it, the lane's gate length. Held over k more steps, by `_` or `@`, it lasts k steps and the gate's
share of one more. With a glide (`~`) it lasts its steps to the end, so that it touches the next hit, which then begins without a new
gate. A hold after a rest prolongs the rest, one after a group its last note.

`len=` is no option of the lane but part of the pattern: it cuts or fills the steps, and stays in the text.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any, NamedTuple

from lark import Token, Tree
from lark.exceptions import UnexpectedInput
from msgspec import Struct
from msgspec.structs import replace

from chronus import othernames
from chronus.errors import ChronusError, nearest
from chronus.language.grammar import parser, place_of
from chronus.language.quantities import SHARES, read_quantity
from chronus.othernames import meant
from chronus.pattern import library
from chronus.pattern.drums import DRUMS
from chronus.pattern.explaining import Advice, explained
from chronus.pattern.harmony import SCALES
from chronus.pattern.lane import MOST_STEPS, OPTIONS, LaneOptions, Option, Pattern, locks_of
from chronus.pattern.tones import tone
from chronus.pattern.tree import (
    Degree,
    Drum,
    Group,
    Item,
    Lanes,
    Level,
    Lock,
    Mark,
    Polymeter,
    Rest,
    Sound,
    Time,
    Tone,
    Turns,
    written,
)
from chronus.pattern.unfold import VELOCITIES, euclid, unfold
from chronus.units import Quantity, Sweep, Word

DEEPEST = 8
"""Groups inside of groups."""
MOST_LOCKS = 16

OPTION = re.compile(r"(?:^|(?<=\s))([A-Za-z]\w*)[ \t]*=[ \t]*")
IN_BRACES = re.compile(r"\{[^}]*\}?")
LOCK = re.compile(r"(?<=[^\s|,<\[{])\{[^{}]*\}?(?!%)")
HEX = re.compile(r"hex:[0-9a-f]*", re.IGNORECASE)
NOT_GRID = re.compile(r"[^\W\dxXo_]")
SUFFIX = re.compile(r"[@*!?'%][0-9.:]*|\([^)]*\)?")
SURE_GRID = re.compile(r"[xXo]|[0-9][0-9._-]|[._][0-9]")
LOOKS_LIKE_GRID = re.compile(r"[xX]|[0-9]\.|\.[0-9]|^[\s|]*[0-9]{2}")
DEGREES = re.compile(r"(?:[\s\[\]<>{},|^~]|(?<![0-9._])-?[0-9]{1,2}(?![0-9._-])|[._](?![0-9])|-(?=[\s-]|$))*")
NOTE = re.compile(r"(?<!\w)[a-gA-G][#b]?-?[0-9]")
NUMBER = re.compile(r"(-?(?:[0-9]{1,20}(?:\.[0-9]{1,20})?|\.[0-9]{1,20})(?:e-?[0-9]{1,2})?)[ \t]*(%|ms)?")
FRACTION = re.compile(r"([0-9]{1,4})(?:/([0-9]{1,4})([dtDT]?))?")
SPREAD = re.compile(
    r"euclid[ \t]*\([ \t]*(-?[0-9]{1,4})[ \t]*,[ \t]*([0-9]{1,4})[ \t]*(?:,[ \t]*(-?[0-9]{1,4})[ \t]*)?\)",
    re.IGNORECASE,
)
SPREADS = f"(hits,steps) spreads 0..steps hits over 1..{MOST_STEPS} steps"
SHORTEST = 128
"""A step is at least that share of a whole note."""
KEY = re.compile(r"([a-gA-G][#b]?)\d?[\s:_]*([A-Za-z_]+)")
"""`a minor`, `C:minor`, `c4:major`."""
LOCK_MARK = re.compile(r"\s*(?::|=)\s*")
BETWEEN_LOCKS = re.compile(r"\s+(?=[A-Za-z]\w*\s*[=:])")
SETTING = re.compile(r"\s*([A-Za-z]\w*)\s*=\s*(.*?)\s*")


class TypedLane(Struct, frozen=True):
    """`text` is the pattern as typed, without the options (but with `len=`), `steps` without that too; `clip` is its number, or 0.
    `columns` is where each option stood, and `locks` where each lock did, its name and its value, in the order of `locks_of`.
    """

    text: str
    steps: str
    clip: int
    pattern: Pattern
    options: LaneOptions
    columns: dict[str, int]
    locks: tuple[tuple[int, int], ...] = ()


OF_VALUES = ("every", "swing", "shift", "len", "prob", "seed", "fill")
"""The options of a lane that moves a parameter."""


def read_lane(text: str, column: int, module: str = "", param: str = "") -> TypedLane:
    """Reads a body; `column` is where it begins in the typed line, 1-based. `module` is the name of what plays it, which tells what
    `@dnb.two_step` is for it; with a `param` the lane moves that.
    """
    steps_text, found = _split_options(text)
    given = _given_options(text, found, column)
    values = {name: _read(OPTIONS[name], *value) for name, value in given.items()}
    for name, (_, place) in given.items() if param else ():
        if name not in OF_VALUES:
            raise _wrong(place, f'"{name}" is for notes; a lane of values takes {", ".join(OF_VALUES)}')
    meant = steps_text.strip()
    if param:
        ready, reader = None, _Reader(steps_text, column, param)
    elif ready := _stands_for(meant, module, column + steps_text.index(meant)):
        steps_text, own = ready
        values = own | values
        reader = _Reader(steps_text, 1)
    else:
        reader = _Reader(steps_text, column)
    lanes = reader.lanes()
    options = LaneOptions(**{field: value for name, value in values.items() if (field := OPTIONS[name].field)})
    clip = values.get("len", 0)
    try:
        pattern = unfold(lanes, Fraction(repr(options.gate)), clip, param)
    except ChronusError as error:
        raise _wrong(column + len(steps_text) - len(steps_text.lstrip()), error.message, code=error.code) from None
    steps_text = " ".join(steps_text.split("\t")).strip()
    text = steps_text + (f" len={clip}" if clip else "")
    columns = {name: place for name, (_, place) in given.items()}
    locks = () if ready else tuple(reader.locks[lock] for lock in locks_of(pattern))
    return TypedLane(text, steps_text, clip, pattern, options, columns, locks)


def read_steps(text: str, column: int) -> Lanes:
    """Reads what comes before the options."""
    return _Reader(text, column).lanes()


# ---------------------------------------------------------------- names for lines


def _stands_for(text: str, module: str, column: int) -> tuple[str, dict[str, Any]] | None:
    """Returns the plain steps, and the options, that `@dnb.two_step` or `euclid(7,16)` stands for; None where it is steps already."""
    if found := SPREAD.fullmatch(text):
        hits, places, turn = (int(part or 0) for part in found.groups())
        if not _is_spread(hits, places):
            raise ChronusError("E_VALUE", SPREADS, suggestions=("euclid(7,16)",), column=column, length=len(text))
        return "".join("x" if sounds else "." for sounds in euclid(hits, places, turn)), {}
    if not library.is_named(text):
        return None
    chosen = library.chosen(text, module, column)
    if chosen.line:
        return _plain(chosen.line)
    options: dict[str, Any] = {}
    lines: list[str] = []
    for drum, line in chosen.drums:
        steps, own = _plain(line)
        scale = own.pop("vel", 1.0)
        (items,) = read_steps(steps, 1)
        lines.append(written((tuple(_drummed(item, drum, scale) for item in items),)))
        options |= own
    return " , ".join(lines), options


def _plain(line: str) -> tuple[str, dict[str, Any]]:
    """Returns the steps of a line, and its options."""
    steps, found = _split_options(line)
    return steps.strip(), {name: _read(OPTIONS[name], *value) for name, value in _given_options(line, found, 1).items()}


def _drummed(item: Item, drum: str, scale: float) -> Item:
    """Returns a step of a grid as one of a kit's drum; a velocity between two tenths is the lower one: a ghost stays one."""
    if not isinstance(item.sound, Mark):
        return item
    velocity = VELOCITIES[item.sound.mark]
    accent = item.accent or item.sound.mark == "X"
    tenths = min(max(1, int(velocity * scale * 10 + 1e-9)), 10)
    usual = 10 if accent else 8
    return replace(item, sound=Drum(drum), accent=accent, velocity=0 if tenths in (usual, 10) else tenths)


def _wrong(
    column: int, message: str, *suggestions: str, code: str = "E_SYNTAX", length: int | None = None
) -> ChronusError:
    return ChronusError(code, message, suggestions=suggestions, column=column, length=length)


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
        if name not in OPTIONS:
            raise _no_option(name, text[option.end() : end].strip(), place, option.end() - option.start(1))
        if name in given:
            raise _wrong(place, f'"{name}" is given twice')
        value = text[option.end() : end].rstrip()
        if not value:
            raise _wrong(column + option.end(), f'expected a value after "{name}="')
        given[name] = value, column + option.end()
    return given


def _no_option(name: str, value: str, column: int, length: int) -> ChronusError:
    """`length` is that of the name and the `=`."""
    message = f'there is no option "{name[:24]}"; there are {", ".join(OPTIONS)}'
    whole = length + len(value)
    key = KEY.fullmatch(value)
    if name in ("key", "scale") and key and key[2].lower() in SCALES:
        return _wrong(column, message, f"root={key[1].lower()}3 scale={key[2].lower()}", length=whole)
    times = re.fullmatch(r"[1-8]", value)
    if name in ("speed", "fast", "slow") and times:
        parts = Fraction(16) * int(value) if name != "slow" else Fraction(16, int(value))
        if parts.denominator == 1 and parts <= SHORTEST:
            return _wrong(column, message, f"every=1/{parts}", length=whole)
    near = meant(name, OPTIONS, othernames.OPTIONS)
    if "/" in value and name in othernames.OPTIONS:
        near = ("every", *near)
    return _wrong(column, message, *near)


def _read(option: Option, text: str, column: int) -> Any:
    """Reads an option's value."""
    if option.form == "share":
        return _share(option, text, column)
    if option.form == "word":
        if text.lower() not in option.words:
            words = re.findall(r"[a-z_]+", text.lower())
            near = tuple(word for word in words if word in option.words) or nearest(text.lower(), option.words)
            key = KEY.fullmatch(text.strip("\"'"))
            if option.name == "scale" and key and key[2].lower() in option.words:
                near = (f"{key[2].lower()} root={key[1].lower()}3",)
            message = f"{option.name} is one of {', '.join(option.words)}"
            raise _wrong(column, message, *near, code="E_VALUE", length=len(text))
        return text.lower()
    if option.form in ("note", "chord"):
        if len(tone(text, column)) > 1 and option.form == "note":
            raise _wrong(column, f"{option.name} is one note, such as a2", "a2", code="E_VALUE")
        return text.lower()
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
    if (found[2] == "ms") != (option.form == "ms") and found[2]:
        raise _wrong(column + found.start(2), f'{option.name} takes no "{found[2]}"', code="E_VALUE")
    number = float(Fraction(found[1]) / (100 if found[2] == "%" and option.form != "percent" else 1))
    if option.form == "chance" and not found[2] and number > 1:
        number /= 100  # prob=80 is 80%
    if not option.low <= number <= option.high:
        between = f"{option.low:g}..{option.high:g}"
        percent = (f"{number * 100:g}",) if option.form == "percent" and number * 100 >= option.low else ()
        message = f"{option.name} is {between}; {text[:24]} is outside"
        raise _wrong(column, message, *percent, code="E_VALUE", length=len(text))
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
        below = (f"1/{share}",) if share.denominator == 1 and 1 / share >= option.low else ()
        raise _wrong(column, f"{name} is {between}; {text[:24]} is outside", *below, code="E_VALUE", length=len(text))
    return share.numerator, share.denominator


def _nothing_after(text: str, end: int, column: int) -> None:
    rest = text[end:]
    if rest.strip():
        place = column + end + len(rest) - len(rest.lstrip())
        raise _wrong(place, f'expected an option or the end of the line, not "{rest.split()[0][:24]}"')


# ---------------------------------------------------------------- steps


def _is_grid(text: str) -> bool:
    """Also where it is neither but looks more like a grid: then the error points at the letter that is no step."""
    if HEX.search(text):
        return True
    plain = SUFFIX.sub(" ", LOCK.sub(" ", text).replace("?fill", " ").replace("?nofill", " "))
    if NOT_GRID.search(plain):
        named = NOTE.search(plain) or not DRUMS.keys().isdisjoint(re.findall(r"\w+", plain.lower()))
        return not named and ":" not in plain and bool(LOOKS_LIKE_GRID.search(plain))
    if DEGREES.fullmatch(plain) and "0" in plain.split():
        return False
    return bool(SURE_GRID.search(plain)) or not re.search(r"[0-9]", plain)


class _Stop(NamedTuple):
    """Where a text stops to make sense, and as what it was read."""

    place: int
    start: str


def _parsed(text: str, start: str = "") -> tuple[Any, _Stop | None]:
    """Returns the parser's tree of the steps; or where they stop to make sense."""
    start = start or ("grid" if _is_grid(text) else "tokens")
    try:
        return parser("pattern", "grid", "tokens", "values").parse(text, start=start), None
    except UnexpectedInput as error:
        return None, _Stop(place_of(error, text), start)


def _is_spread(hits: int, steps: int) -> bool:
    return 1 <= steps <= MOST_STEPS and abs(hits) <= steps


MARKS = {mark: Item(Mark(mark)) for mark in VELOCITIES}
REST = Item(Rest())
MARKS |= dict.fromkeys(".-~", REST)


class _Reader:
    """Makes the tree of a text that stands at a column."""

    def __init__(self, text: str, column: int, param: str = "") -> None:
        self.text, self.column, self.param = text, column, param
        self.locks: dict[Lock, tuple[int, int]] = {}

    def lanes(self) -> Lanes:
        tree, wrong = _parsed(self.text, "values" if self.param else "")
        if wrong is not None:
            raise _explain(self.text, wrong, self.column) from None
        lanes = tuple(self.items(line) for line in tree.children)
        for line, items in zip(tree.children, lanes, strict=True):
            if not items:
                step = "a value such as 400, or ." if self.param else "a step: x . or a note such as a1"
                raise _wrong(self._at(line), f"expected {step}", "400" if self.param else "x", ".")
        return lanes

    def items(self, line: Any) -> tuple[Item, ...]:
        return self._items(line, 0)

    def _at(self, node: Any) -> int:
        while isinstance(node, Tree):
            node = node.children[0]
        return self.column + int(node.start_pos)

    def _items(self, tree: Any, depth: int) -> tuple[Item, ...]:
        items: list[Item] = []
        for child in tree.children:
            if isinstance(child, Tree):
                items.append(Item(self._group(child, depth + 1)))
            elif child.type in ("RUN", "INNER"):
                self._run(items, child)
            elif child.type == "HEX":
                bits = (bool(int(digit, 16) & bit) for digit in child[4:] for bit in (8, 4, 2, 1))
                items += [MARKS["x" if bit else "."] for bit in bits]
            elif child.type == "HOLD":
                self._hold(items, self._at(child))
            elif child.type == "BAR":
                continue
            elif child.type in SOUNDS:
                items.append(Item(self._sound(child)) if child.type != "REST" else REST)
            else:
                self._suffix(items, child, tree.data == "grid_line" or tree.data == "inner_line")
            if len(items) > MOST_STEPS:
                break
        if depth == 0:
            self._fits(items, tree)
        return tuple(items)

    def _fits(self, items: list[Item], tree: Any) -> None:
        """Points at the step with which a lane becomes too long."""
        width: Time = 0
        for count, item in enumerate(items, 1):
            width += item.width
            if width > MOST_STEPS:
                place = self._places(tree)
                raise _wrong(
                    place[min(count, len(place)) - 1], f"a lane has at most {MOST_STEPS:,} steps", code="E_LIMIT"
                )

    def _places(self, tree: Any) -> list[int]:
        """Returns the column of each step."""
        found = []
        for child in tree.children:
            if isinstance(child, Tree):
                found.append(self._at(child))
            elif child.type in ("RUN", "INNER"):
                found += [self._at(child) + k for k, mark in enumerate(child) if mark in MARKS]
            elif child.type == "HEX":
                found += [self._at(child) + 4 + k // 4 for k in range(4 * (len(child) - 4))]
            elif child.type in SOUNDS:
                found.append(self._at(child))
        return found

    def _run(self, items: list[Item], run: Token) -> None:
        for k, mark in enumerate(run):
            if mark in MARKS:
                items.append(MARKS[mark])
            elif mark == "_":
                self._hold(items, self._at(run) + k)
            elif mark == "^":
                if run[k - 1] in " \t|":
                    raise _wrong(self._at(run) + k, '"^" stands directly after a step')
                items[-1] = self._accented(items[-1], self._at(run) + k)

    def _accented(self, item: Item, column: int) -> Item:
        if isinstance(item.sound, Rest):
            raise _wrong(column, '"^" is an accent and belongs to a note')
        return replace(item, accent=True)

    def _hold(self, items: list[Item], column: int) -> None:
        if not items:
            does = "glides on from the value" if self.param else "holds the note"
            raise _wrong(column, f'"_" {does} before it, and there is none', ".")
        items[-1] = replace(items[-1], held=items[-1].held + 1)

    def _group(self, tree: Any, depth: int) -> Sound:
        if depth > DEEPEST:
            raise _wrong(self._at(tree), f"groups go {DEEPEST} deep at most", code="E_LIMIT")
        parts = tuple(self._items(part, depth) for part in tree.children if isinstance(part, Tree))
        match tree.data:
            case "turns":
                return Turns(parts[0])
            case "polymeter":
                token = tree.children[-1]
                steps = int(token[1:])
                if not 1 <= steps <= MOST_STEPS:
                    raise _wrong(
                        self._at(token), f'"%" takes a number of steps, 1..{MOST_STEPS}', "%4", length=len(token)
                    )
                return Polymeter(parts[0], steps)
            case _:
                return Group(parts, tree.data == "choice")

    def _sound(self, token: Token) -> Sound:
        match token.type:
            case "NOTE":
                return Tone(token.lower(), tone(token, self._at(token)))
            case "VALUE":
                value = _locked(token.lower(), self._at(token))
                self.locks.setdefault(Lock(self.param, value), (self._at(token), self._at(token)))
                return Level(token.lower(), value)
            case "DEGREE":
                number = token.rstrip("#b")
                sharps = token.count("#") - token.count("b")
                return Degree(int(number), sharps)
            case _:
                name, _, sample = token.lower().partition(":")
                return Drum(name, int(sample or 0))

    def _suffix(self, items: list[Item], token: Token, is_grid: bool) -> None:
        """Reads what is written directly after a step."""
        column = self._at(token)
        if not items:
            raise _wrong(column, f'"{token[0]}" stands directly after a step')
        item = items[-1]
        if isinstance(item.sound, Rest) and token.type not in ("LENGTH", "REPEAT"):
            whom = "value" if self.param else "note"
            raise _wrong(column, f'"{token}" is {SUFFIXES[token.type]} and belongs to a {whom}')
        items[-1] = replace(item, **self._said(item, token, column, is_grid))

    def _said(self, item: Item, token: Token, column: int, is_grid: bool) -> dict[str, Any]:
        match token.type:
            case "ACCENT":
                return {"accent": True}
            case "GLIDE":
                return {"glide": True}
            case "VELOCITY":
                return {"velocity": int(token[1:])}
            case "RATCHET":
                return {"ratchet": int(token[1:])}
            case "REPEAT":
                return {"repeat": _counted(token[1:], "!", column)}
            case "LENGTH":
                length = Fraction(token[1:])
                if not 0 < length <= MOST_STEPS or (is_grid and length.denominator != 1):
                    what = "a whole number" if is_grid else "a number"
                    raise _wrong(column, f'"@" takes {what} of steps, 1..{MOST_STEPS}', "@2", length=len(token))
                return {"length": int(length) if length.denominator == 1 else length.limit_denominator(96)}
            case "EUCLID":
                hits, steps, turn = ([int(part) for part in token[1:-1].split(",")] + [0])[:3]
                if not _is_spread(hits, steps):
                    better = f"({steps},{hits})" if 0 < steps <= hits <= MOST_STEPS else "(3,8)"
                    raise _wrong(column, SPREADS, better, code="E_VALUE", length=len(token))
                return {"euclid": (hits, steps, turn)}
            case "LOCK":
                locked = token[1:-1].strip()
                return {"locks": self._locks(token, column), "locked": locked}
            case _:
                return self._chance(item, token[1:].lower(), column)

    def _chance(self, item: Item, text: str, column: int) -> dict[str, Any]:
        if text in ("fill", "nofill"):
            return {"fill": text == "fill"}
        if ":" in text:
            place, among = map(int, text.split(":"))
            if not 1 <= place <= among:
                message = f'"?{text}" is the first of so many loops to the last: ?1:{among or 4}'
                raise _wrong(column, message, f"?1:{among or 4}", length=len(text) + 1)
            return {"cycle": (place, among)}
        chance = int(text or 50) / 100
        if not chance:
            raise _wrong(column, '"?00" never plays; a chance is ?01 to ?99', "?50", length=3)
        return {"chance": chance}

    def _locks(self, token: Token, column: int) -> tuple[Lock, ...]:
        """Reads `{cutoff=800, accent=1}`: values as `set` takes them, sweeps too."""
        found: dict[str, Lock] = {}
        place = 1
        for part in token[1:-1].split(","):
            setting = SETTING.fullmatch(part)
            if not setting or not setting[2] or "=" in setting[2]:
                message = "a lock is written {cutoff=800}, or {cutoff=400..2k}; several between commas"
                better = LOCK_MARK.sub("=", BETWEEN_LOCKS.sub(", ", part.strip()))
                good = all(SETTING.fullmatch(one) for one in better.split(","))
                raise _wrong(column + place, message, *[better] * good, length=len(part))
            name = setting[1].lower()
            if name in found:
                raise _wrong(column + place + setting.start(1), f'"{name}" is given twice')
            at = column + place + setting.start(2)
            found[name] = Lock(name, _locked(setting[2].lower(), at))
            self.locks.setdefault(found[name], (column + place + setting.start(1), at))
            place += len(part) + 1
        if len(found) > MOST_LOCKS:
            raise _wrong(column, f"a step has at most {MOST_LOCKS} locks", code="E_LIMIT")
        return tuple(found.values())


def _locked(text: str, column: int) -> Quantity | Word | Sweep:
    first, sweeps, last = text.partition("..")
    if sweeps:
        return _sweep(_end(first, column), _end(last, column + len(first) + 2))
    if re.fullmatch(r"[a-g][#b]?-?[0-9]", text):
        return Quantity(float(tone(text, column)[0]), "note")
    if text[0].isalpha():
        if not re.fullmatch(r"[a-z][a-z0-9_]*", text):
            raise _wrong(column, f'"{text[:24]}" is no value', code="E_VALUE")
        return Word(text)
    return read_quantity(text, column - 1)


def _end(text: str, column: int) -> Quantity:
    found = _locked(text.strip(), column + len(text) - len(text.lstrip())) if text.strip() else None
    if not isinstance(found, Quantity):
        raise _wrong(column, "a sweep goes from one number to another: 400..2k", code="E_VALUE")
    return found


def _sweep(first: Quantity, last: Quantity) -> Sweep:
    """400..2400hz: the unit belongs to both."""
    return Sweep(first if first.unit or last.unit == "note" else replace(first, unit=last.unit), last)


def _counted(text: str, mark: str, column: int) -> int:
    number = int(text)
    if not 1 <= number <= MOST_STEPS:
        raise _wrong(column, f'"{mark}" takes a whole number, 1..{MOST_STEPS}', f"{mark}2", length=len(text) + 1)
    return number


SOUNDS = ("NOTE", "DEGREE", "DRUM", "VALUE", "REST")
SUFFIXES = {
    "ACCENT": "an accent", "GLIDE": "a glide", "VELOCITY": "a velocity", "RATCHET": "a ratchet", "REPEAT": "a repeat",
    "LENGTH": "a length", "EUCLID": "a euclid", "CHANCE": "a chance", "LOCK": "a lock",
}  # fmt: skip

# ---------------------------------------------------------------- errors

MOST_MENDS, MOST_READ = 32, 4000
"""How often a wrong line is put right until it reads, and how many characters are read for that."""


def _explain(text: str, stop: _Stop, column: int) -> ChronusError:
    """Says what is wrong where the text stops to make sense. The suggestion makes a right line of it, or one that goes on further."""
    advice = explained(text, *stop)
    if stop.start == "values":  # what is said of these helps at once, or not at all
        better = None if advice.instead is None else _put(text, advice)
    else:
        better = _mended(text, advice)
    if better is None:
        return _wrong(column + advice.at, advice.message)
    same = 0  # of the ends of both
    most = min(len(text), len(better)) - advice.at
    while same < most and text[-1 - same] == better[-1 - same]:
        same += 1
    while same and not text[len(text) - same].isspace():  # whole words
        same -= 1
    typed, instead = text[advice.at : len(text) - same], better[advice.at : len(better) - same]
    if better[: advice.at] != text[: advice.at]:
        return _wrong(column + advice.at, advice.message)
    left_out = f'; leave out "{typed.strip()}"' if not instead else ""
    return _wrong(column + advice.at, advice.message + left_out, instead or " ", length=len(typed))


def _mended(text: str, advice: Advice) -> str | None:
    """Puts right what is known, one thing after another, until the line reads; else the first alone, if the line then goes on further."""
    if len(text) > MOST_READ or advice.instead is None:
        return None
    once, begun = _put(text, advice), len(text) - advice.at
    better = once
    for _ in range(min(MOST_MENDS, MOST_READ // max(1, len(text)))):
        try:
            stops = _stops(better)
        except ChronusError:
            break
        if stops is None:
            return better
        if better == once and len(once) - stops.place >= begun:
            return None
        advice = explained(_split_options(better)[0], *stops)
        if advice.instead is None:
            break
        better = _put(better, advice)
    return once


def _put(text: str, advice: Advice) -> str:
    return text[: advice.at] + (advice.instead or "") + text[advice.at + advice.length :]


def _stops(text: str) -> _Stop | None:
    """Returns where a text stops to make sense; None where all of it does."""
    steps = _split_options(text)[0]
    tree, stop = _parsed(steps)
    for line in tree.children if stop is None else ():
        _Reader(steps, 1).items(line)
    return stop
