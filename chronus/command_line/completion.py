"""Writes the completion of `chronus` for a shell, from the root parser.

It is our own, because a script may stand where a form is expected, and generators of completion for argparse do not know that; also, the
package needs nothing but setuptools to be built, and a checkout, where nothing is built, completes too.
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
