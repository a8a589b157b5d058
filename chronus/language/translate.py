"""From the tree of a line to its command: one function a rule.

Offsets count from 0 in the typed statement; a refusal carries `offset + 1` as its column, and the parser turns that
into a line and column of the source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, get_args

import msgspec
from lark import Token, Tree

from chronus import commands as c
from chronus.language import notation
from chronus.language.canonical import RESERVED
from chronus.language.quantities import Node, count, length, note_length, quantity, start, velocity, wrong
from chronus.language.quantities import pitch as read_pitch

LONGEST_NAME = 32
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
KEY_NOTE = re.compile(r"[a-g][#b]?")


class Line:
    """The typed statement while it is read: its words as typed, and where each field stood."""

    def __init__(self, typed: str) -> None:
        self.typed = typed
        self.spans: dict[str, int] = {}

    def mark(self, path: str, node: Node) -> None:
        self.spans[path] = start(node)

    def as_typed(self, token: Token) -> str:
        return self.typed[token.start_pos : token.end_pos]

    def name(self, token: Token, path: str) -> str:
        self.mark(path, token)
        return checked_name(str(token), start(token))

    def dotted(self, token: Token, first: str, second: str) -> tuple[str, str]:
        """Both halves of `bass.freq`; of `bpm` only the second."""
        module, dot, param = token.partition(".")
        self.mark(first, token)
        if not dot:
            return "", self.name(token, second)
        self.spans[second] = start(token) + len(module) + 1
        checked_name(module, start(token))
        if not param:
            raise wrong(self.spans[second], f'expected a word after "{module}."')
        return module, checked_name(param, self.spans[second])

    def port(self, token: Token, path: str) -> c.Port:
        if "." not in token:
            return c.Port(self.name(token, f"{path}.name"))
        return c.Port(*self.dotted(token, f"{path}.name", f"{path}.port"))

    def text_or(self, token: Token) -> str | None:
        """The inside of a quoted token; None for any other."""
        return self.as_typed(token)[1:-1] if token.type == "STRING" else None

    def file(self, token: Token) -> str:
        self.mark("name", token)
        quoted = self.text_or(token)
        name = self.as_typed(token) if quoted is None else quoted
        if not FILE_NAME.fullmatch(name):
            message = "a file name begins with a letter or digit and has at most 64 of A-Z a-z 0-9 _ . -"
            raise wrong(start(token), message, code="E_PATH")
        return name

    def value(self, node: Node, path: str) -> c.Value:
        self.mark(path, node)
        match node.data, node.children:
            case "quantity", [number]:
                return quantity(number)
            case "word", [word]:
                quoted = self.text_or(word)
                return c.Word(str(word) if quoted is None else quoted)
            case "word", [root, mode]:
                return c.Word(f"{root} {mode}")
            case "relative", [sign, number]:
                step = quantity(number)
                if step.number < 0:
                    raise wrong(start(number), f'one sign is enough: "{sign[0]}{number.lstrip("-")}"')
                return c.Relative(sign[0], step.number, step.unit)
            case _, [low, high]:
                first, last = quantity(low), quantity(high)
                if not first.unit and last.unit != "note":  # 400..2400hz: the unit belongs to both
                    first = c.Quantity(first.number, last.unit)
                return c.Sweep(first, last)
        raise AssertionError(node)

    def change(self, node: Tree[Token], path: str) -> c.Change:
        target, value = node.children
        module, param = self.dotted(target, f"{path}.module", f"{path}.param")  # type: ignore[arg-type]
        given = self.value(value, f"{path}.value")
        if isinstance(given, c.Word) and " " in given.text and value.children[-1].type == "MODE":  # type: ignore[union-attr]
            mode = value.children[-1]  # type: ignore[union-attr]
            if module or param != "key" or not KEY_NOTE.fullmatch(given.text.split()[0]):
                raise wrong(start(mode), f'expected "," or the end of the line, not "{mode}"', ",")
        return c.Change(module, param, given)


def checked_name(name: str, offset: int) -> str:
    if name in RESERVED:
        raise wrong(offset, f'"{name}" cannot be a name')
    if len(name) > LONGEST_NAME:
        raise wrong(offset + LONGEST_NAME, f"a name has at most {LONGEST_NAME} characters")
    return name


# ---------------------------------------------------------------- times


def _counted(kind: Literal["every", "in"], token: Token) -> c.When:
    given = quantity(token)
    if not given.unit:
        raise wrong(start(token) + len(token), f'expected bars or beats after "{token}"', " bars", " beats", length=0)
    if given.unit not in ("bars", "beats"):
        word = "in" if kind == "in" else "at"
        raise wrong(start(token), f'a time is "{word} 8 bars" or "{word} 2 beats"', "8 bars", "2 beats")
    if given.number != int(given.number) or not 1 <= given.number <= c.MOST_COUNTED:
        raise wrong(start(token), f"a time counts whole bars or beats, 1..{c.MOST_COUNTED}", code="E_VALUE")
    return c.When(kind, int(given.number), "bar" if given.unit == "bars" else "beat")


def _times(nodes: Iterable[Tree[Token]], line: Line) -> dict[str, Any]:
    """`when`, `over` and `lasts` of a line, each at most once."""
    given: dict[str, Any] = {}
    for node in nodes:
        field = str(node.data) if node.data in ("over", "lasts") else "when"
        word, *rest = node.children
        offset = start(word)
        if field in given:
            raise wrong(offset, "one time is enough" if field == "when" else "one length is enough")
        line.spans[field] = offset
        match node.data, rest:
            case "now", _:
                given[field] = c.When("now")
            case "at_next", [unit]:
                given[field] = c.When("next", 1, "bar" if unit.type == "BAR" else "beat")  # type: ignore[union-attr]
            case "at_every", [number]:
                given[field] = _counted("every", number)  # type: ignore[arg-type]
            case "in_bars", [number]:
                given[field] = _counted("in", number)  # type: ignore[arg-type]
            case "at_bar", [_, number]:
                given[field] = c.When("bar", count(number, 1, c.FURTHEST, "a bar"))  # type: ignore[arg-type]
                line.mark("when.count", number)
            case _, [number]:
                given[field] = length(number)  # type: ignore[arg-type]
    return given


# ---------------------------------------------------------------- one function a rule

Children = Sequence[Node]


def _kind(token: Token, line: Line) -> str:
    """A kind of module, `_module` left out, or the path of an instrument."""
    line.mark("kind", token)
    if token.type == "KIND":
        return checked_name(str(token).removesuffix("_module") or str(token), start(token))
    quoted = line.text_or(token)
    kind = line.as_typed(token) if quoted is None else quoted
    if not kind:
        raise wrong(start(token), "expected a kind of module between the quotes")
    return kind


def _load(children: Children, line: Line) -> c.Command:
    kind, *rest = children
    named = _kind(kind, line)
    names = [node for node in rest if node.data == "named"]
    rest = [node for node in rest if node.data != "named"]
    if len(names) > 1:
        raise wrong(start(names[1]), "one name is enough")
    name = line.name(names[0].children[1], "name") if names else ""
    params: dict[str, c.Change] = {}
    for k, (param, value) in enumerate(node.children for node in rest):
        word = line.name(param, f"params.{k}.param")
        if word in params:
            raise wrong(start(param), f'"{word}" is given twice')
        params[word] = c.Change("", word, line.value(value, f"params.{k}.value"))
    return c.Load(kind=named, name=name, params=tuple(params.values()))


def _unload(children: Children, line: Line) -> c.Command:
    return c.Unload(name=line.name(children[0], "name"))


def _chain(children: Children, line: Line) -> tuple[c.Port, ...]:
    return tuple(line.port(node.children[0], f"chain.{k}") for k, node in enumerate(children))


def _patch(children: Children, line: Line) -> c.Command:
    if isinstance(children[-1], Token):
        *ports, amount = children
        line.mark("amount", amount)
        return c.Patch(chain=_chain(ports, line), amount=quantity(amount))
    return c.Patch(chain=_chain(children, line))


def _unpatch(children: Children, line: Line) -> c.Command:
    return c.Unpatch(chain=_chain(children, line))


def _set(children: Children, line: Line) -> c.Command:
    return c.Set(changes=tuple(line.change(node, f"changes.{k}") for k, node in enumerate(children)))


def _whole(param: str) -> Callable[[Children, Line], c.Command]:
    """`bpm 174` is `set bpm 174`."""

    def rule(children: Children, line: Line) -> c.Command:
        line.spans |= {"changes.0.module": 0, "changes.0.param": 0}
        given = line.value(children[0], "changes.0.value")
        if isinstance(given, c.Word):
            raise wrong(start(children[0]), f'{param} is a number, not "{given.text}"', code="E_VALUE")
        return c.Set(changes=(c.Change("", param, given),))

    return rule


def _sequence(children: Children, line: Line) -> c.Command:
    name, body = children
    line.mark("pattern", body)
    lane = notation.read_lane(line.as_typed(body), start(body) + 1)
    line.spans |= {f"options.{option}": column - 1 for option, column in lane.columns.items()}
    return c.Sequence(name=line.name(name, "name"), text=lane.text, pattern=lane.pattern, options=lane.options)


def _clear(children: Children, line: Line) -> c.Command:
    return c.Clear(name=line.name(children[0], "name"))


def _names(make: Callable[..., c.Command]) -> Callable[[Children, Line], c.Command]:
    def rule(children: Children, line: Line) -> c.Command:
        words = children[0].children if children else ()
        return make(names=tuple(line.name(word, f"names.{k}") for k, word in enumerate(words)))

    return rule


def _gate(children: Children, line: Line) -> c.Command:
    name, state = children
    line.mark("on", state)
    return c.Gate(name=line.name(name, "name"), on=state.type == "ON")


def _note(children: Children, line: Line) -> c.Command:
    name, pitch, *options = children
    fields: dict[str, Any] = {"name": line.name(name, "name"), "pitch": read_pitch(pitch)}
    line.mark("pitch", pitch)
    for option, given in zip(options[::2], options[1::2], strict=True):
        field = "velocity" if option.type == "VEL" else "length"
        if field in fields:
            raise wrong(start(option), f'"{option}" is given twice')
        line.mark(field, given)
        value = quantity(given)
        if field == "velocity":
            fields[field] = velocity(value, start(given))
        else:
            fields[field], fields["length_unit"] = note_length(value, start(given))
    return c.Note(**fields)


def _open(children: Children, line: Line) -> c.Command:
    return c.Open(name=line.file(children[0]))


def _save(children: Children, line: Line) -> c.Command:
    return c.Save(name=line.file(children[0]))


def _steps(make: Callable[..., c.Command]) -> Callable[[Children, Line], c.Command]:
    def rule(children: Children, line: Line) -> c.Command:
        if not children:
            return make()
        line.mark("steps", children[0])
        return make(steps=count(children[0], 1, c.MOST_COUNTED, "the number of steps"))

    return rule


def _list(children: Children, line: Line) -> c.Command:
    return c.List(what=str(children[0]) if children else "")  # type: ignore[arg-type]


def _show(children: Children, line: Line) -> c.Command:
    words, loop = list(children), 0
    if len(words) > 1 and words[-1].type == "QUANTITY":
        loop = count(words.pop(), 0, c.FURTHEST, "a loop")
        words.pop()
    name = line.name(words[0], "name") if words and words[0].type != "PATCH" else ""
    return c.Show(name=name, loop=loop)


def _describe(children: Children, line: Line) -> c.Command:
    return c.Describe(kind=_kind(children[0], line))


def _help(children: Children, line: Line) -> c.Command:
    if not children:
        return c.Help()
    line.mark("word", children[0])
    return c.Help(word=str(children[0]))


def _wait(children: Children, line: Line) -> c.Command:
    line.mark("length", children[0])
    return c.Wait(length=length(children[0]))


def _wait_until(children: Children, line: Line) -> c.Command:
    line.mark("until_bar", children[0])
    return c.Wait(until_bar=count(children[0], 1, c.FURTHEST, "a bar"))


def _assert(children: Children, line: Line) -> c.Command:
    target, test, value = children
    line.mark("target", target)
    line.mark("test", test)
    if test not in ("==", "!=", "<", "<=", ">", ">="):
        raise wrong(start(test), f'"{test}" does not compare', "==")
    given = line.value(value, "value")
    assert isinstance(given, c.Quantity | c.Word)
    return c.Assert(target=line.port(target, "target"), test=str(test), value=given)  # type: ignore[arg-type]


def _crash(children: Children, line: Line) -> c.Command:
    line.mark("what", children[0])
    return c.Crash(what=str(children[0]))  # type: ignore[arg-type]


def _alone(make: Callable[[], c.Command]) -> Callable[[Children, Line], c.Command]:
    return lambda children, line: make()


WHOLE = ("bpm", "swing")
"""Parameters of the whole that are a command as well."""
SHORT = {"over": ("bpm",), "lasts": WHOLE}
"""Short forms of `set` that may end so."""

RULES: dict[str, Callable[[Children, Line], c.Command]] = {
    "load": _load, "unload": _unload, "patch": _patch, "unpatch": _unpatch,
    "set": _set, **{param: _whole(param) for param in WHOLE},
    "sequence": _sequence, "clear": _clear,
    "mute": _names(c.Mute), "unmute": _names(c.Unmute), "solo": _names(c.Solo), "unsolo": _names(c.Unsolo),
    "gate": _gate, "note": _note, "play": _alone(c.Play), "stop": _alone(c.Stop), "panic": _alone(c.Panic),
    "save": _save, "open": _open, "new": _alone(c.New), "undo": _steps(c.Undo), "redo": _steps(c.Redo),
    "list": _list, "show": _show, "describe": _describe, "help": _help, "status": _alone(c.Status),
    "wait": _wait, "wait_until": _wait_until, "sync": _alone(c.Sync), "assert": _assert, "crash": _crash,
    "quit": _alone(c.Quit),
}  # fmt: skip


def _check_lengths(command: c.Command, given: dict[str, Any], line: Line) -> None:
    """A length belongs to what can take it; each message is made of what is allowed, so that none contradicts another."""
    word = type(command).__name__.lower()
    for field, preposition, trait in (("over", "over", "may_move"), ("lasts", "for", "may_last")):
        if field not in given or getattr(command, trait):
            continue
        begins = ("in",) if given[field].unit in ("bars", "beats") else ()
        instead = ("for",) if command.may_last else begins
        how = f'{word} may end with "for"' if command.may_last else f'{word} may begin "in" so many bars'
        raise wrong(line.spans[field], f'"{preposition}" belongs to {_listed(trait, SHORT[field])}; {how}', *instead)


def _listed(trait: str, short: tuple[str, ...]) -> str:
    """The words of the commands that have a trait: of `set` these short forms as well."""
    words = [kind.__name__.lower() for kind in get_args(c.AnyCommand) if getattr(kind, trait)]
    words[words.index("set") + 1 : words.index("set") + 1] = short
    return f"{', '.join(words[:-1])} and {words[-1]}"


def translate(tree: Tree[Token], typed: str) -> tuple[c.Command, dict[str, int]]:
    """The command of a line's tree, and the offset of each of its fields."""
    line = Line(typed)
    body, *times = tree.children
    command = RULES[body.data](body.children, line)  # type: ignore[union-attr]
    given = _times(times, line)  # type: ignore[arg-type]
    sweeps = [k for k, change in enumerate(getattr(command, "changes", ())) if isinstance(change.value, c.Sweep)]
    _check_lengths(command, given, line)
    if sweeps and "over" not in given:
        raise wrong(len(typed), 'a sweep needs a length, as in "400..2400 over 8 bars"', " over 8 bars", length=0)
    return (msgspec.structs.replace(command, **given) if given else command), line.spans
