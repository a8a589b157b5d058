"""Reads the words of a form with argparse, and refuses in one line that suggests what was meant."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NoReturn

from chronus.errors import did_you_mean, nearest


class Misuse(Exception):
    """Words that the program cannot be called with. `program` is what was called, such as `chronus render`."""

    def __init__(self, program: str, message: str) -> None:
        super().__init__(f"{program}: {message}")
        self.program, self.message = program, message


class Parser(argparse.ArgumentParser):
    """One for the program, and one for each form."""

    def __init__(self, *given: Any, **more: Any) -> None:
        form = {"formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False}
        super().__init__(*given, **{**form, **more})

    def error(self, message: str) -> NoReturn:
        raise Misuse(self.prog, f"{message}; `{self.prog} --help` tells more")

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """What the words say; Misuse where they are not understood."""
        self._check_options(words)
        arguments, more = self.parse_known_args(words)
        if more:
            self.error(f"one word too many: {more[0]}")
        return arguments

    def _check_options(self, words: Sequence[str]) -> None:
        """An option that is mistyped is told first, and not what may be missing for want of it."""
        known = [name for action in self.all_actions() for name in action.option_strings]
        for place, word in walk(words, takers([self])):
            name = word.partition("=")[0]
            if word.startswith("-") and word not in ("-", "--") and name not in known and word[:2] not in known:
                near = nearest(name.lstrip("-"), (option[2:] for option in known if option.startswith("--")))
                self.error(f"no such option: {words[place]}{did_you_mean(f'--{option}' for option in near)}")

    def all_actions(self) -> Sequence[argparse.Action]:
        """Options and arguments in the order of `--help`, hidden ones too."""
        return self._actions

    def shown(self) -> list[argparse.Action]:
        """Those that a user is told of."""
        return [action for action in self._actions if action.help != argparse.SUPPRESS]

    def forms(self) -> dict[str, Parser]:
        """The parsers of the forms by their names; none where this is the parser of one."""
        found = (action.choices for action in self._actions if isinstance(action, argparse._SubParsersAction))
        return dict(next(found, {}))


def takers(parsers: Iterable[Parser]) -> set[str]:
    """The options that are followed by a value."""
    return {
        name
        for parser in parsers
        for action in parser.all_actions()
        if action.nargs != 0
        for name in action.option_strings
    }


def walk(words: Sequence[str], takers: set[str]) -> Iterator[tuple[int, str]]:
    """(place, word) of options and arguments, without the values of options; `--` is the last."""
    place = 0
    while place < len(words):
        yield place, words[place]
        if words[place] == "--":
            return
        place += 2 if words[place] in takers else 1


def number(low: float, high: float) -> Callable[[str], float]:
    """The type of an option that takes a number in a range."""

    def read(typed: str) -> float:
        try:
            value = float(typed)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            least = f"at least {low:g}" if low in (0, 1) else "more than 0"
            raise argparse.ArgumentTypeError(f"must be {least} and at most {high:g}, not {typed}")
        return value

    return read


def one_of(*choices: str) -> Callable[[str], str]:
    """The type of an argument that is one of a few words."""

    def read(typed: str) -> str:
        if typed not in choices:
            listed = ", ".join(choices)
            raise argparse.ArgumentTypeError(
                f"must be one of {listed}, not {typed}{did_you_mean(nearest(typed, choices))}"
            )
        return typed

    return read
