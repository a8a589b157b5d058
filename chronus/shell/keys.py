"""Tells which keys the prompt has, those of emacs or of vi, and binds the few that are our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.shell import choices

if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.key_binding.key_processor import KeyPressEvent

MODES = ("emacs", "vi")


def kept() -> str:
    """Returns what was chosen last; emacs where nothing was."""
    return choices.kept("keys", MODES) or MODES[0]


def bindings() -> KeyBindings:
    from prompt_toolkit.filters import is_searching
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.search import accept_search

    own = KeyBindings()

    @own.add("enter", filter=is_searching, eager=True)
    def _(event: KeyPressEvent) -> None:
        """Runs the line that a search has found, as a shell does: Enter is never swallowed."""
        accept_search()
        event.app.current_buffer.validate_and_handle()

    return own
