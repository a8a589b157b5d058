"""Writes commands as text, in one form each, for the journal and saved patches. The parser makes the same command of that text."""

from __future__ import annotations

from chronus.commands import AnyCommand, Command
from chronus.language.rows import OF
from chronus.language.rows.written import format_length, format_when


def canonical(command: AnyCommand | Command) -> str:
    """Writes the command as text, its times last."""
    row = OF[type(command)]
    text = f"{row.word} {row.form.write(command)}".rstrip()
    if command.over is not None:
        text += f" over {format_length(command.over)}"
    if command.lasts is not None:
        text += f" for {format_length(command.lasts)}"
    if command.when is not None:
        text += f" {format_when(command.when)}"
    return text
