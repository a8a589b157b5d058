"""Makes what completes the words of `chronus` in a shell, from the root parser.

Of our own, because at the place of a form a script may stand, which generators of completion for argparse do not know; and so
the package is built with nothing but setuptools, and a checkout, where nothing is built, completes as well.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from chronus.command_line import bash, fish, zsh
from chronus.command_line.offers import Names
from chronus.command_line.parser import Parser

MAKERS: dict[str, Callable[[Parser, Names], str]] = {"bash": bash.script, "zsh": zsh.script, "fish": fish.script}

FILES = {
    "bash": "share/bash-completion/completions/chronus",
    "zsh": "share/zsh/site-functions/_chronus",
    "fish": "share/fish/vendor_completions.d/chronus.fish",
}
"""Where each shell looks for it, below the folder that Chronus is installed in."""


def script(parser: Parser, shell: str, patches: Path, modules: Path) -> str:
    """The text that the shell reads. What lies in the two folders came with Chronus, and is offered by its name."""
    scripts = sorted(file.stem for file in patches.glob("*.chronus"))
    kinds = sorted(file.stem for file in modules.glob("[!_]*.py"))
    return MAKERS[shell](parser, Names(tuple(scripts), tuple(kinds)))
