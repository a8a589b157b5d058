"""Keeps a typed statement while it is read: its words as typed, and where each field of the command stood."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lark import Token, Tree

from chronus import commands as c
from chronus.catalogue.whole import WHOLE, Text
from chronus.commands import RESERVED
from chronus.language.quantities import Node, quantity, read_quantity, start, wrong
from chronus.units import SILENCE, read_note

LONGEST_NAME = 32
PART = re.compile(r"[^,\s](?:[^,]*[^,\s])?")
NOTE = re.compile(r"[a-g][#b]?-?[0-9]")
WAVE = "lfo(sine, 1/2, 300..1200)"
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class Line:
    """Offsets count from 0. `spans` is where each field was typed."""

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

    def lane(self, token: Token, path: str) -> str:
        """The name of a lane: of a module, or of a parameter that has one."""
        return (
            ".".join(filter(None, self.dotted(token, path, f"{path}.param")))
            if "." in token
            else self.name(token, path)
        )

    def port(self, token: Token, path: str) -> c.Port:
        if "." not in token:
            return c.Port(self.name(token, f"{path}.name"))
        return c.Port(*self.dotted(token, f"{path}.name", f"{path}.port"))

    def text_or(self, token: Token) -> str | None:
        """The inside of a quoted token; None for any other."""
        return self.as_typed(token)[1:-1] if token.type == "STRING" else None

    def file(self, token: Token, path: str = "name") -> str:
        self.mark(path, token)
        quoted = self.text_or(token)
        name = self.as_typed(token) if quoted is None else quoted
        if not FILE_NAME.fullmatch(name):
            message = "a file name begins with a letter or digit and has at most 64 of A-Z a-z 0-9 _ . -"
            raise wrong(start(token), message, code="E_PATH")
        return name

    def kind(self, token: Token) -> str:
        """A kind of module, `_module` left out, or the path of an instrument."""
        self.mark("kind", token)
        if token.type == "KIND":
            return checked_name(str(token).removesuffix("_module") or str(token), start(token))
        quoted = self.text_or(token)
        kind = self.as_typed(token) if quoted is None else quoted
        if not kind:
            raise wrong(start(token), "expected a kind of module between the quotes")
        return kind

    def chain(self, nodes: Sequence[Node]) -> tuple[c.Port, ...]:
        return tuple(self.port(node.children[0], f"chain.{k}") for k, node in enumerate(nodes))

    def value(self, node: Node, path: str) -> c.Value:
        self.mark(path, node)
        match node.data, node.children:
            case "quantity", [number]:
                return quantity(number)
            case "wave", [words]:
                return self._wave(words, path)
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
                first, last = self._end(low), self._end(high)
                if not first.unit and last.unit != "note":  # 400..2400hz: the unit belongs to both
                    first = c.Quantity(first.number, last.unit)
                return c.Sweep(first, last)
        raise AssertionError(node)

    def _wave(self, words: Token, path: str) -> c.Wave:
        """Reads `lfo(sine, 1/2, 300..1200)`."""
        inside = words.index("(") + 1
        parts = list(PART.finditer(words.removesuffix(")"), inside))
        if not words.endswith(")") or len(parts) != 3 or words.count(",") != 2:
            raise wrong(start(words), f"a wave has a shape, a rate and its two ends: {WAVE}", WAVE, length=len(words))
        (shape, at), (rate, rate_at), (ends, ends_at) = ((part[0], start(words) + part.start()) for part in parts)
        first, sweeps, last = ends.partition("..")
        if not sweeps or not first.strip() or not last.strip():
            raise wrong(
                ends_at,
                f'a wave goes between two values, as in 300..1200, not "{ends}"',
                code="E_VALUE",
                length=len(ends),
            )
        last_at = ends_at + len(first) + 2 + len(last) - len(last.lstrip())
        self.spans |= {f"{path}.shape": at, f"{path}.rate": rate_at, f"{path}.start": ends_at, f"{path}.stop": last_at}
        low, high = end_of(first.strip(), ends_at), end_of(last.strip(), last_at)
        if not low.unit and high.unit != "note":
            low = c.Quantity(low.number, high.unit)
        return c.Wave(shape, read_quantity(rate, rate_at), low, high)

    def whole(self, name: str, node: Node, path: str) -> c.Value:
        """Reads a value of the whole. What is a setting in words may look like a number: 7/8."""
        given = self.value(node, path)
        if not isinstance(WHOLE.get(name), Text) or isinstance(given, c.Word):
            return given
        tokens = list(node.scan_values(lambda one: isinstance(one, Token))) if isinstance(node, Tree) else [node]
        return c.Word(self.typed[tokens[0].start_pos : tokens[-1].end_pos])

    def _end(self, token: Token) -> c.Quantity:
        """Reads an end of a sweep."""
        return end_of(token, start(token)) if token.type == "WORD" else quantity(token)

    def change(self, node: Tree[Token], path: str) -> c.Change:
        target, value = node.children
        module, param = self.dotted(target, f"{path}.module", f"{path}.param")  # type: ignore[arg-type]
        given = self.value(value, f"{path}.value") if module else self.whole(param, value, f"{path}.value")
        if isinstance(given, c.Word) and " " in given.text and value.children[-1].type == "MODE":  # type: ignore[union-attr]
            mode = value.children[-1]  # type: ignore[union-attr]
            row = WHOLE.get(param)
            if module or not isinstance(row, Text) or not row.fits(given.text):
                raise wrong(start(mode), f'expected "," or the end of the line, not "{mode}"', ",")
        return c.Change(module, param, given)


def end_of(text: str, offset: int) -> c.Quantity:
    """Reads an end of a sweep or of a wave."""
    if text == "off":
        return SILENCE
    if NOTE.fullmatch(text):
        return c.Quantity(float(read_note(text)), "note")
    if text[0].isalpha():
        raise wrong(offset, f'a sweep goes from a number to a number, or off, not "{text}"', code="E_VALUE")
    return read_quantity(text, offset)


def checked_name(name: str, offset: int) -> str:
    if name in RESERVED:
        raise wrong(offset, f'"{name}" cannot be a name')
    if len(name) > LONGEST_NAME:
        raise wrong(offset + LONGEST_NAME, f"a name has at most {LONGEST_NAME} characters")
    return name
