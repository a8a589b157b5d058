"""Writes the manual page from the root parser: as roff for `man`, and as plain text where no formatter of roff is installed.

It is our own, because a generator of manual pages for argparse makes roff alone, and half of the page is not in a parser: exit codes,
environment variables, the places of files.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chronus import __version__
from chronus.command_line import forms
from chronus.command_line.parser import Parser

WIDTH = 78
FILE = "share/man/man1/chronus.1"
"""Where `man` looks for it, below the folder that Chronus is installed in."""

FILES = {
    "~/.local/share/chronus/patches/": "what `save` writes (CHRONUS_HOME names another folder than ~/.local/share/chronus)",
    "~/.local/share/chronus/journals/": "what each engine was told and when; `chronus render` plays a journal again",
    "~/.cache/chronus/": "compiled kernels, which can be made again",
}


class Heading(NamedTuple):
    text: str


class Subheading(NamedTuple):
    text: str


class Paragraph(NamedTuple):
    text: str


class Item(NamedTuple):
    """An option, a code, a variable, and what is said of it."""

    term: str
    text: str


class Lines(NamedTuple):
    """Shown as they are, such as examples."""

    lines: Sequence[str]


Block = Heading | Subheading | Paragraph | Item | Lines


def roff(parser: Parser) -> str:
    """The page as `man` reads it."""
    lines = [f'.TH CHRONUS 1 "" "chronus {__version__}" "User Commands"']
    for block in _page(parser):
        after_heading = lines[-1].startswith((".SH", ".SS"))
        lines += _roff(block)[1:] if after_heading and isinstance(block, Paragraph | Lines) else _roff(block)
    return "\n".join(lines) + "\n"


def text(parser: Parser) -> str:
    """The page as it is read."""
    page = "\n".join(line for block in _page(parser) for line in _text(block))
    return re.sub(r"\n{3,}", "\n\n", page).strip("\n") + "\n"


# ---------------------------------------------------------------- what it says


def _page(parser: Parser) -> Iterator[Block]:
    yield Heading("NAME")
    yield Paragraph(f"{forms.PROGRAM} - a modular synthesizer for the terminal, that never stops sounding")
    yield Heading("SYNOPSIS")
    yield Lines([f"{forms.PROGRAM} {words}" for words in forms.CALLED])
    yield Heading("DESCRIPTION")
    yield Paragraph(forms.MORE)
    yield Paragraph("What can be typed at its prompt, `help` tells there.")
    yield Heading("OPTIONS")
    yield from map(_item, _shown(parser))
    yield Heading("FORMS")
    for name, form in forms.FORMS.items():
        made, common = parser.forms()[name], {_item(action) for action in _shown(parser)}
        yield Subheading(f"{forms.PROGRAM} {name}{_arguments(made)}")
        yield Paragraph(form.does)
        yield from _described(form.more)
        own = sorted((_item(action) for action in _shown(made)), key=lambda item: item.term.startswith("-"))
        yield from (item for item in own if item not in common)
        if also := [item.term.split()[0] for item in own if item in common and not item.term.startswith("-h")]:
            yield Paragraph(f"As above: {', '.join(also)}.")
        yield Lines(form.examples)
    yield Heading("EXAMPLES")
    yield Lines(forms.EXAMPLES)
    yield Heading("EXIT STATUS")
    yield from (Item(str(code), meaning) for code, meaning in forms.EXIT_CODES.items())
    yield Heading("ENVIRONMENT")
    yield from (Item(variable, does) for variable, does in forms.ENVIRONMENT.items())
    yield Heading("FILES")
    yield from (Item(path, does) for path, does in FILES.items())


def _shown(parser: Parser) -> list[argparse.Action]:
    return [action for action in parser.shown() if not isinstance(action, argparse._SubParsersAction)]


def _item(action: argparse.Action) -> Item:
    return Item(_term(action), action.help or "")


def _term(action: argparse.Action) -> str:
    value = "" if action.nargs == 0 else f" {action.metavar}"
    return ", ".join(f"{name}{value}" for name in action.option_strings) or str(action.metavar)


def _arguments(parser: Parser) -> str:
    return "".join(
        f" [{action.metavar}]" if action.nargs == "?" else f" {action.metavar}"
        for action in parser.shown()
        if not action.option_strings
    )


def _described(more: str) -> Iterator[Block]:
    """A paragraph, or where lines are indented the lines as they are."""
    if "\n  " in more:
        yield Lines(more.splitlines())
    elif more:
        yield Paragraph(more)


# ---------------------------------------------------------------- how it is written


def _roff(block: Block) -> list[str]:
    match block:
        case Heading(words):
            return [f".SH {words}"]
        case Subheading(words):
            return [f'.SS "{_escaped(words)}"']
        case Paragraph(words):
            return [".PP", *_wrapped(words)]
        case Item(term, words):
            return [".TP", f"\\fB{_escaped(term)}\\fR", *_wrapped(words)]
        case Lines(lines):
            return [".PP", ".nf", ".RS 4", *(_escaped(line) for line in lines), ".RE", ".fi"]


ESCAPES = str.maketrans({"\\": "\\e", "-": "\\-", "`": "\\`", "'": "\\(aq", '"': "\\(dq"})
"""A backslash is no order, a hyphen and a quote stay what can be copied to a shell."""


def _escaped(line: str) -> str:
    """A line of which no character is an order; one that begins with a dot would be one."""
    plain = line.translate(ESCAPES)
    return f"\\&{plain}" if plain.startswith(".") else plain


def _wrapped(words: str) -> list[str]:
    """Lines that are easily read in the source, too."""
    lines = textwrap.wrap(" ".join(words.split()), WIDTH - 14, break_on_hyphens=False, break_long_words=False)
    return [_escaped(line) for line in lines]


def _text(block: Block) -> list[str]:
    match block:
        case Heading(words):
            return ["", words]
        case Subheading(words):
            return ["", f"  {words}"]
        case Paragraph(words):
            return [*_filled(words, 4), ""]
        case Item(term, words):
            return [f"    {term}", *_filled(words, 10)]
        case Lines(lines):
            return ["", *(f"      {line}" for line in lines), ""]


def _filled(words: str, indent: int) -> list[str]:
    margin = " " * indent
    return textwrap.wrap(
        " ".join(words.split()), WIDTH, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False
    )
